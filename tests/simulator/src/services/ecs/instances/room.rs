//! What a task takes of an instance, and what an instance has left.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::{ContainerInstance, INSTANCE_TYPE, ZONE, tasks};
use crate::services::ec2;
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::tasks::Task;
use crate::services::ecs::{container, fargate};
use crate::world::World;

/// What a task takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    /// CPU units.
    pub(super) cpu: i64,
    /// MiB.
    pub(super) memory: i64,
    /// Ports of the host that are named.
    pub(super) ports: BTreeSet<i64>,
    pub(super) udp_ports: BTreeSet<i64>,
    /// Whether it has a network interface of its own.
    pub(super) interface: bool,
    /// GPUs of its own.
    pub(super) gpus: usize,
}

/// What is left of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) cpu: i64,
    pub(super) memory: i64,
    /// Taken.
    pub(super) ports: BTreeSet<i64>,
    pub(super) udp_ports: BTreeSet<i64>,
    /// Network interfaces; `None`: the type is not known. One is the instance's own, each awsvpc task takes another; trunking,
    /// an account setting that allows more, is taken to be off (developer guide, "Allocate a network interface for an Amazon ECS
    /// task"); Managed Instances have it, so that there is no telling how many there are ("AWSVPC network mode").
    pub(super) interfaces: Option<usize>,
    /// Free ones.
    pub(super) gpus: usize,
}

/// A task's size, else what its containers ask for: of memory the reservation, where there is one (API reference,
/// `ContainerDefinition.memoryReservation`: "it's subtracted from the available memory resources for the container
/// instance where the container is placed; otherwise, the value of memory is used").
pub(super) fn share(definition: &Definition, overrides: &Value) -> Share {
    let text = |member: &str| overrides.get(member).and_then(Value::as_str).or(definition.text(member));
    let number = |one: &Value, member: &str| one.get(member).and_then(Value::as_i64);
    let total = |of: &dyn Fn(&Value) -> i64| definition.containers().iter().map(of).sum();
    let cpu = text("cpu").and_then(fargate::cpu_units).map(i64::from);
    let memory = text("memory").and_then(fargate::mebibytes).map(i64::from);
    let reserved = |one: &Value| number(one, "memoryReservation").or(number(one, "memory")).unwrap_or_default();
    let mode = definition.text("networkMode").unwrap_or("bridge");
    let ports = |protocol: &str| {
        let mappings = definition.containers().iter().flat_map(container::mappings);
        let of_protocol = mappings.filter(|one| container::protocol(one) == protocol);
        let named = of_protocol.filter_map(|one| number(one, "hostPort")).filter(|port| *port != 0);
        named.filter(|_| mode != "awsvpc").collect()
    };
    Share {
        cpu: cpu.unwrap_or_else(|| total(&|one| number(one, "cpu").unwrap_or_default())),
        memory: memory.unwrap_or_else(|| total(&reserved)),
        ports: ports("tcp"),
        udp_ports: ports("udp"),
        interface: mode == "awsvpc",
        gpus: definition.containers().iter().map(gpus).sum(),
    }
}

/// API reference, `ResourceRequirement`: of the type GPU "the number of physical GPUs the Amazon ECS container agent reserves for
/// the container".
fn gpus(container: &Value) -> usize {
    let text = |one: &Value, member: &str| one.get(member).and_then(Value::as_str).map(str::to_owned);
    let all = container.get("resourceRequirements").and_then(Value::as_array).into_iter().flatten();
    let of_type = all.filter(|one| text(one, "type").as_deref() == Some("GPU"));
    of_type.filter_map(|one| text(one, "value")?.parse::<usize>().ok()).sum()
}

fn share_of(world: &World, task: &Task) -> Share {
    task_definitions::find(world, &task.definition).map(|found| share(found, &task.overrides)).unwrap_or_default()
}

/// What an instance has left.
pub(super) fn room(world: &World, instance: &ContainerInstance) -> Room {
    let known = instance.attribute(INSTANCE_TYPE).and_then(ec2::instance_type);
    let mut room = Room {
        cpu: instance.cpu,
        memory: instance.memory,
        ports: instance.ports.clone(),
        udp_ports: instance.udp_ports.clone(),
        interfaces: known.filter(|_| !instance.is_managed(world)).map(|known| known.interfaces.saturating_sub(1)),
        gpus: instance.gpus,
    };
    for task in tasks(world, &instance.id) {
        let share = share_of(world, task);
        room.cpu -= share.cpu;
        room.memory -= share.memory;
        room.gpus = room.gpus.saturating_sub(share.gpus);
        room.ports.extend(share.ports);
        room.udp_ports.extend(share.udp_ports);
        for bound in task.host.iter().flat_map(|host| &host.bindings) {
            let ports = if bound.protocol == "udp" { &mut room.udp_ports } else { &mut room.ports };
            ports.insert(bound.host);
        }
        room.interfaces = room.interfaces.map(|left| left.saturating_sub(usize::from(share.interface)));
    }
    room
}

/// The resources of an instance as answers list them.
/// GPUs are listed of an instance that has any, by their ids.
pub(super) fn view((cpu, memory): (i64, i64), ports: [&BTreeSet<i64>; 2], gpus: Option<(&str, usize)>) -> Value {
    let integer = |name: &str, value: i64| json!({"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": value});
    let texts = |values: &BTreeSet<i64>| values.iter().map(ToString::to_string).collect::<Vec<String>>();
    let set = |name: &str, values: &[String]| json!({"name": name, "type": "STRINGSET", "doubleValue": 0.0, "longValue": 0, "integerValue": 0, "stringSetValue": values});
    let [ports, udp_ports] = ports;
    let mut all = vec![
        integer("CPU", cpu),
        integer("MEMORY", memory),
        set("PORTS", &texts(ports)),
        set("PORTS_UDP", &texts(udp_ports)),
    ];
    all.extend(gpus.map(|(id, count)| set("GPU", &(0..count).map(|at| format!("GPU-{id}-{at}")).collect::<Vec<_>>())));
    Value::Array(all)
}

/// Where Docker begins to give ports of its own (developer guide, `PortMapping.hostPort`: the default ephemeral range is
/// the kernel's, from 32768, in what the ECS-optimised image has).
const EPHEMERAL: std::ops::RangeInclusive<i64> = 32_768..=65_535;

/// A container's port on its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::services::ecs) struct Binding {
    pub(in crate::services::ecs) container: String,
    pub(in crate::services::ecs) port: i64,
    pub(in crate::services::ecs) host: i64,
    pub(in crate::services::ecs) protocol: String,
}

/// Where a task is, and the ports that it has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::services::ecs) struct Host {
    /// The container instance, by id.
    pub(in crate::services::ecs) instance: String,
    pub(in crate::services::ecs) arn: String,
    /// EC2's id of it.
    pub(in crate::services::ecs) ec2_instance: String,
    pub(in crate::services::ecs) zone: Option<String>,
    pub(in crate::services::ecs) bindings: Vec<Binding>,
}

/// A place for one more task on an instance that has room for it.
pub(super) fn host(world: &World, instance: &ContainerInstance, definition: &Definition) -> Host {
    Host {
        instance: instance.id.clone(),
        arn: instance.arn.clone(),
        ec2_instance: instance.ec2_instance.clone(),
        zone: instance.attribute(ZONE).map(str::to_owned),
        bindings: bindings(room(world, instance), definition),
    }
}

/// The ports that a task's containers get: those that are named, and free ones for the rest. Tasks with a network interface
/// of their own need none.
fn bindings(mut taken: Room, definition: &Definition) -> Vec<Binding> {
    let mode = definition.text("networkMode").unwrap_or("bridge");
    let mut bound = Vec::new();
    let shares = !["awsvpc", "none"].contains(&mode);
    let mapped = definition.containers().iter().filter(|_| shares);
    for (one, mapping) in mapped.flat_map(|one| container::mappings(one).map(move |mapping| (one, mapping))) {
        let number = |member: &str| mapping.get(member).and_then(Value::as_i64).filter(|port| *port != 0);
        let Some(port) = number("containerPort") else { continue };
        let protocol = container::protocol(mapping).to_owned();
        let ports = if protocol == "udp" { &mut taken.udp_ports } else { &mut taken.ports };
        let free = || EPHEMERAL.into_iter().find(|port| !ports.contains(port)).unwrap_or_default();
        let host = number("hostPort").unwrap_or_else(free);
        ports.insert(host);
        bound.push(Binding { container: container::name(one).to_owned(), port, host, protocol });
    }
    bound
}
