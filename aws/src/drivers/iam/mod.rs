//! IAM.

pub(super) mod role;
