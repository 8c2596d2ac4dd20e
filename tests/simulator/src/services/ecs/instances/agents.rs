//! Instances come and go: by their agents, by Auto Scaling, and as they are drained.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::room::share;
use super::{ContainerInstance, INSTANCE_TYPE, ZONE, registered, tasks};
use crate::services::ecs::task_definitions::Definition;
use crate::services::ecs::tasks::{StopCode, Task};
use crate::services::ecs::{capacity_providers, deployments, launch, lifecycle, task_definitions};
use crate::services::{ec2, ec2_auto_scaling};
use crate::world::World;

/// CPU units, MiB and GPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::services::ecs) struct Size {
    pub(in crate::services::ecs) cpu: i64,
    pub(in crate::services::ecs) memory: i64,
    pub(in crate::services::ecs) gpus: usize,
}

/// The ports that the agent, Docker and SSH have (developer guide, `PortMapping.hostPort`).
const TAKEN: [i64; 5] = [22, 2375, 2376, 51678, 51679];

/// The agent of an EC2 instance registers with a cluster what its type has.
pub fn register_agent(world: &mut World, cluster: &str, of: &ec2::Instance, has: &ec2::InstanceType) {
    let id = world.ids.hex(32);
    let attributes = [
        (INSTANCE_TYPE, of.instance_type.clone()),
        (ZONE, of.zone.clone()),
        ("ecs.os-type", "linux".to_owned()),
        ("ecs.instance-id", of.id.clone()),
    ];
    let instance = ContainerInstance {
        arn: world.arn("ecs", &format!("container-instance/{cluster}/{id}")),
        id,
        cluster: cluster.to_owned(),
        ec2_instance: of.id.clone(),
        attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect(),
        cpu: has.cpu,
        memory: has.left(),
        gpus: has.gpus,
        ports: TAKEN.into(),
        udp_ports: BTreeSet::new(),
        registered_at: world.now,
        inactive: false,
        draining: false,
        provider: None,
        version_info: json!({"agentVersion": "1.100.0", "dockerVersion": "DockerVersion: 25.0.8"}),
        tags: BTreeMap::new(),
    };
    add(world, instance);
}

/// A new instance: daemons get a task here, and what found no room is tried again.
pub(super) fn add(world: &mut World, mut instance: ContainerInstance) {
    instance.provider = capacity_providers::of_instance(world, &instance.cluster, &instance.ec2_instance);
    let cluster = instance.cluster.clone();
    world.ecs.instances.insert(instance.id.clone(), instance);
    room_is_free(world, &cluster);
}

/// Tasks that wait for room are placed, and services look.
pub(in crate::services::ecs) fn room_is_free(world: &mut World, cluster: &str) {
    launch::place_waiting(world, cluster);
    let keys: Vec<String> =
        world.ecs.services.iter().filter(|(_, it)| it.cluster == cluster).map(|(key, _)| key.clone()).collect();
    for key in &keys {
        deployments::look_soon(world, key);
    }
}

/// A cluster has other providers now: its instances belong to them.
pub(in crate::services::ecs) fn join_providers(world: &mut World, cluster: &str) {
    let ids: Vec<(String, String)> =
        registered(world, cluster).map(|instance| (instance.id.clone(), instance.ec2_instance.clone())).collect();
    for (id, ec2_instance) in ids {
        let provider = capacity_providers::of_instance(world, cluster, &ec2_instance);
        if let Some(instance) = world.ecs.instances.get_mut(&id) {
            instance.provider = provider;
        }
    }
}

/// An instance is gone, and its tasks with it (developer guide, "Stopped task error messages").
pub(super) fn remove(world: &mut World, id: &str) {
    let Some(instance) = world.ecs.instances.get_mut(id) else { return };
    instance.inactive = true;
    let reason = format!("Host EC2 (instance {}) terminated.", instance.ec2_instance);
    let on_it: Vec<String> = tasks(world, id).map(|task| task.id.clone()).collect();
    for task in on_it {
        lifecycle::lose(world, &task, StopCode::TerminationNotice, &reason);
    }
}

/// EC2 has ended an instance.
pub fn instance_is_gone(world: &mut World, ec2_instance: &str) {
    if let Some(id) = of_ec2(world, ec2_instance) {
        remove(world, &id);
    }
}

fn of_ec2(world: &World, ec2_instance: &str) -> Option<String> {
    let is = |instance: &&ContainerInstance| instance.ec2_instance == ec2_instance && !instance.inactive;
    world.ecs.instances.values().find(is).map(|instance| instance.id.clone())
}

/// An instance is to end: whether ECS moves its tasks first, and says when it has.
pub fn drain_instance(world: &mut World, ec2_instance: &str) -> bool {
    let Some(id) = of_ec2(world, ec2_instance) else { return false };
    let provider = world.ecs.instances.get(&id).and_then(|instance| instance.provider.clone());
    if !provider.is_some_and(|name| capacity_providers::drains(world, &name)) || stays(world, &id) == 0 {
        return false;
    }
    drain(world, &id, true);
    true
}

/// The agent of an EC2 instance has its instance drained.
pub fn drain_by_agent(world: &mut World, ec2_instance: &str) {
    if let Some(id) = of_ec2(world, ec2_instance) {
        drain(world, &id, true);
    }
}

/// How many tasks keep an instance: those of daemons do not.
fn stays(world: &World, id: &str) -> usize {
    tasks(world, id).filter(|task| !is_daemon(world, task)).count()
}

fn is_daemon(world: &World, task: &Task) -> bool {
    task.service.as_ref().and_then(|key| world.ecs.services.get(key)).is_some_and(|service| service.daemon)
}

/// From now on no task is placed on an instance, or some are again. Tasks of services that have not begun are stopped at
/// once (developer guide, "Draining Amazon ECS container instances").
pub(super) fn drain(world: &mut World, id: &str, draining: bool) {
    let Some(instance) = world.ecs.instances.get_mut(id) else { return };
    instance.draining = draining;
    let cluster = instance.cluster.clone();
    if draining {
        let pending = tasks(world, id).filter(|task| task.service.is_some() && task.is_pending() && !task.stopping);
        let pending: Vec<String> = pending.map(|task| task.id.clone()).collect();
        for task in pending {
            let reason = "Task stopped: its container instance is draining.";
            lifecycle::stop(world, &task, StopCode::ServiceSchedulerInitiated, reason);
        }
    }
    room_is_free(world, &cluster);
}

/// A task has stopped: its instance may be free of tasks, and others may find room.
pub(in crate::services::ecs) fn task_has_stopped(world: &mut World, instance: &str) {
    let Some(found) = world.ecs.instances.get(instance) else { return };
    let (cluster, ec2_instance, draining) = (found.cluster.clone(), found.ec2_instance.clone(), found.draining);
    if draining && stays(world, instance) == 0 {
        ec2_auto_scaling::has_drained(world, &ec2_instance);
    }
    launch::place_waiting(world, &cluster);
}

/// The instances of a provider in a cluster, by EC2's id, and whether each has tasks other than daemons'.
pub(in crate::services::ecs) fn of_provider(world: &World, cluster: &str, provider: &str) -> Vec<(String, bool)> {
    let own = registered(world, cluster)
        .filter(|instance| instance.provider.as_deref() == Some(provider) && !instance.draining);
    own.map(|instance| (instance.ec2_instance.clone(), stays(world, &instance.id) > 0)).collect()
}

/// The instances of a provider, by EC2's ids, that are drained and have no task any more.
pub(in crate::services::ecs) fn drained(world: &World, cluster: &str, provider: &str) -> Vec<String> {
    let own = registered(world, cluster)
        .filter(|instance| instance.provider.as_deref() == Some(provider) && instance.draining);
    own.filter(|it| tasks(world, &it.id).next().is_none()).map(|it| it.ec2_instance.clone()).collect()
}

/// Whether the agent of an EC2 instance has registered it.
pub(in crate::services::ecs) fn is_registered(world: &World, ec2_instance: &str) -> bool {
    of_ec2(world, ec2_instance).is_some()
}

/// What the tasks take that wait for an instance of a provider.
pub(in crate::services::ecs) fn waiting(world: &World, cluster: &str, provider: &str) -> Vec<Size> {
    waiting_of(world, cluster, provider, |_| true)
}

/// The same of tasks whose definitions are so.
pub(in crate::services::ecs) fn waiting_of(
    world: &World,
    cluster: &str,
    provider: &str,
    is_so: impl Fn(&Definition) -> bool,
) -> Vec<Size> {
    let own = world.ecs.tasks.values().filter(|task| {
        task.cluster == cluster
            && task.waits.is_some()
            && !task.stopping
            && task.capacity_provider.as_deref() == Some(provider)
    });
    own.filter_map(|task| {
        let definition = task_definitions::find(world, &task.definition).filter(|it| is_so(it))?;
        let share = share(definition, &task.overrides);
        Some(Size { cpu: share.cpu, memory: share.memory, gpus: share.gpus })
    })
    .collect()
}
