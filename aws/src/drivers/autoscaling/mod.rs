//! Amazon EC2 Auto Scaling.

pub(super) mod auto_scaling_group;
mod instance_refresh;
mod mixed;
mod tags;
