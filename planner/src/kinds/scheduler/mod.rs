//! Kinds of EventBridge Scheduler.

pub mod schedule;
