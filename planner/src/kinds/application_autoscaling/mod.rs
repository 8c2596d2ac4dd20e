//! Kinds of Application Auto Scaling.

pub mod scalable_target;
pub mod scaling_policy;
pub mod scheduled_action;
