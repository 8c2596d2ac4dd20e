//! ECS.

pub mod capacity_provider;
pub mod cluster;
pub mod cluster_capacity_providers;
pub mod managed_capacity_provider;
pub mod service;
pub mod task_definition;
