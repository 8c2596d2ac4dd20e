//! Kinds of Application Auto Scaling.

pub mod scalable_target;
