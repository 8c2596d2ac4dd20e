//! CloudWatch Logs.

mod listing;
pub(super) mod log_group;
