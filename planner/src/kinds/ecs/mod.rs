//! ECS.

pub mod cluster;
pub mod service;
pub mod task_definition;
