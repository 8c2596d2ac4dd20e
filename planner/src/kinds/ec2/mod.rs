//! The network part of EC2.

pub mod launch_template;
pub mod security_group;
pub mod security_group_rule;
