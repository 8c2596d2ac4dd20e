//! EventBridge Scheduler.

mod description;
pub(super) mod schedule;
mod target;
