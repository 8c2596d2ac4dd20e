//! EventBridge Scheduler.

mod description;
mod document;
pub(super) mod schedule;
