//! Container instances: what an agent registers, what is left of it, and where a task goes.

mod agents;
mod api;
mod placement;
mod query;
mod room;

pub(super) use agents::{
    Size, drained, is_registered, join_providers, of_provider, task_has_stopped, waiting, waiting_of,
};
pub use agents::{drain_by_agent, drain_instance, instance_is_gone, register_agent};
pub(super) use api::{deregister, describe, list, register, update_state};
pub(super) use placement::{Placement, Shortfall, daemons, place};
pub(super) use room::Host;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::services::ecs::capacity_providers;
use crate::services::ecs::tags::Tags;
use crate::services::ecs::tasks::Task;
use crate::world::World;

/// The attribute that ECS gives an instance for its Availability Zone.
pub(super) const ZONE: &str = "ecs.availability-zone";
/// The attribute that ECS gives an instance for its type.
pub(super) const INSTANCE_TYPE: &str = "ecs.instance-type";

/// An instance of a cluster.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ContainerInstance {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) cluster: String,
    pub(super) ec2_instance: String,
    /// With values, where they have any.
    pub(super) attributes: BTreeMap<String, Option<String>>,
    /// CPU units.
    pub(super) cpu: i64,
    /// MiB.
    pub(super) memory: i64,
    /// Ports that the instance itself has taken.
    pub(super) ports: BTreeSet<i64>,
    pub(super) udp_ports: BTreeSet<i64>,
    /// GPUs.
    pub(super) gpus: usize,
    pub(super) registered_at: i64,
    /// Deregistered, and still described.
    pub(super) inactive: bool,
    /// No task is placed on it any more, and those of services are moved.
    pub(super) draining: bool,
    /// The capacity provider that its group belongs to, by name.
    pub(super) provider: Option<String>,
    pub(super) version_info: serde_json::Value,
    pub(super) tags: Tags,
}

impl ContainerInstance {
    /// The value of an attribute that has one.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_deref()
    }

    /// Whether it is one of ECS Managed Instances.
    pub(super) fn is_managed(&self, world: &World) -> bool {
        self.provider.as_ref().is_some_and(|provider| capacity_providers::is_managed(world, provider))
    }
}

/// The instances of a cluster, by id.
fn registered<'a>(world: &'a World, cluster: &str) -> impl Iterator<Item = &'a ContainerInstance> {
    world.ecs.instances.values().filter(move |instance| instance.cluster == cluster && !instance.inactive)
}

/// The instances of a cluster that tasks can be placed on, by id.
fn active<'a>(world: &'a World, cluster: &str) -> impl Iterator<Item = &'a ContainerInstance> {
    registered(world, cluster).filter(|instance| !instance.draining)
}

fn is_on(task: &Task, instance: &str) -> bool {
    task.host.as_ref().is_some_and(|host| host.instance == instance)
}

/// The tasks on an instance that have not stopped.
fn tasks<'a>(world: &'a World, instance: &str) -> impl Iterator<Item = &'a Task> {
    world.ecs.tasks.values().filter(move |task| is_on(task, instance) && task.is_live())
}

/// How many instances a cluster has.
pub(super) fn count(world: &World, cluster: &str) -> usize {
    registered(world, cluster).count()
}

/// Whether a task is on an instance that is drained.
pub(super) fn is_leaving(world: &World, task: &Task) -> bool {
    let instance = task.host.as_ref().and_then(|host| world.ecs.instances.get(&host.instance));
    instance.is_some_and(|instance| instance.draining)
}
