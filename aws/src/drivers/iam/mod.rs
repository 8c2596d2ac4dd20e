//! IAM.

mod listing;
pub(super) mod role;
