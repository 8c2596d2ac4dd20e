//! ECS.

pub mod capacity_provider;
pub mod cluster;
pub mod cluster_capacity_providers;
pub mod service;
pub mod task_definition;
