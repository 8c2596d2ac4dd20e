//! One file or folder per Kubernetes object kind: spec, references, facts and memory in, a graph out.
//!
//! What is missing is returned as an [`Obstacle`]: the shell fetches facts and calls again, or tells the object why
//! there is nothing to do.

mod ecs_cluster;
mod ecs_service;
pub mod environment;
mod grants;
mod labels;
mod memory;
mod obstacle;
mod scope;

pub use ecs_cluster::ecs_cluster;
pub use ecs_service::{SERVICE_KEY, TASK_KEY, ecs_service};
pub use grants::authorise;
pub use labels::matches as labels_match;
pub use memory::{LastGood, Memory, Rejected, learn};
pub use obstacle::{ClusterReference, Desired, Fact, Facts, Need, Obstacle, Reference, Refusal, Warning};
pub use scope::Scope;
