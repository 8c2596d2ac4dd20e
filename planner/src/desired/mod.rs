//! One file or folder per Kubernetes object kind: spec, references, facts and memory in, a graph out.
//!
//! What is missing is returned as an [`Obstacle`]: the shell fetches facts and calls again, or tells the object why
//! there is nothing to do.

mod access;
mod application_load_balancer;
mod balancer_access;
mod claims;
mod ecs_cluster;
mod ecs_service;
mod ecs_task;
mod ecs_task_trigger;
mod efs_file_system;
pub mod environment;
mod grants;
mod labels;
mod memory;
mod mount_access;
mod obstacle;
mod priorities;
mod said;
mod scope;
mod subnets;

pub use access::{
    Demand, GRACE, Opening, access_graph, clients_group, entries as access_entries, is_due, opened, openings,
    refused_openings,
};
pub use application_load_balancer::{LOAD_BALANCER_KEY, application_load_balancer};
pub use balancer_access::{BalancerAccess, balancer_rules, let_balancers_in};
pub use claims::{ALREADY_CLAIMED, Claim, ListenerName, allows, claimable, claims, counting, load_balancer_admits};
pub use ecs_cluster::ecs_cluster;
pub use ecs_service::{
    SECURITY_GROUP_KEY, SERVICE_KEY, TASK_KEY, ecs_service, instance_access, instance_mounts, is_fargate_provider,
    records_of_gone, refused_balancers, retained_by,
};
pub use ecs_task::{as_service, ecs_task, task_policy, tracked_by};
pub use ecs_task_trigger::{SCHEDULE_KEY, Times, as_task, ecs_task_trigger};
pub use efs_file_system::{CLIENTS_KEY, efs_file_system};
pub use grants::authorise;
pub use labels::matches as labels_match;
pub use memory::{LastGood, Memory, Rejected, learn};
pub use mount_access::{MountAccess, let_instances_mount, mounts_in_aws};
pub use obstacle::{
    Address, CloudMapNamespace, ClusterReference, DeployedRevision, Desired, Fact, Facts, FileSystemReference, Held,
    ListenerReference, Need, Obstacle, Reference, References, Refusal, RevisionRoles, ServiceReference, StoredFact,
    TaskReference, TaskSource, Warning,
};
pub use priorities::{TakenPriority, choose, class};
pub use said::{CONTINUE, ROLL_BACK, Said};
pub use scope::Scope;
