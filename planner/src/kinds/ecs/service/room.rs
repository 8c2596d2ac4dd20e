//! Why tasks find no room on container instances: what one asks for, beside what there is.

use std::collections::BTreeSet;

use longshore_crds::ecs_service::{PlacementConstraint, PlacementConstraintType};
use longshore_crds::task_definition::{self as api, ContainerDefinition, NetworkMode, ResourceType, TransportProtocol};
use serde::{Deserialize, Serialize};

/// What one task takes of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNeeds {
    /// CPU units.
    pub cpu: i64,
    /// MiB.
    pub memory: i64,
    /// Ports of the instance that it names.
    pub ports: BTreeSet<Port>,
    /// GPUs.
    pub gpus: usize,
    /// Whether it has a network interface of its own.
    pub interface: bool,
    /// Expressions that its instance must match.
    pub constraints: Vec<String>,
    /// Whether no other task of the service may be on its instance.
    pub distinct: bool,
}

/// A port of an instance: its number, and whether it is one of UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port(pub i32, pub bool);

/// A container instance, by what is left of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRoom {
    /// ECS's id.
    pub id: String,
    /// EC2's id.
    pub ec2_instance: String,
    /// Such as `m7g.large`.
    pub instance_type: String,
    /// Whether tasks are placed on it: it is neither drained nor out of reach.
    pub takes_tasks: bool,
    /// CPU units.
    pub cpu: i64,
    /// MiB.
    pub memory: i64,
    /// Taken.
    pub ports: BTreeSet<Port>,
    /// Free ones.
    pub gpus: usize,
    /// All of them.
    pub registered_gpus: usize,
    /// Whether it has the trunk interface that many tasks share (developer guide, "Increasing Amazon ECS Linux container
    /// instance network interfaces": the attribute `ecs.awsvpc-trunk-id`).
    pub trunk: bool,
    /// Tasks that run there.
    pub tasks: i32,
}

/// What was asked beside the instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Who has a port that the task names: the instance by ECS's id, the port and whose task it is.
    pub holders: Vec<(String, Port, String)>,
    /// Expressions that no instance matches.
    pub unmatched: Vec<String>,
}

/// What an instance has too little of, in the order in which ECS looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// MiB.
    Memory,
    /// CPU units.
    Cpu,
    /// These ports are taken.
    Ports(BTreeSet<Port>),
    /// GPUs.
    Gpus,
}

impl TaskNeeds {
    /// A task's size, else what its containers ask for: of memory the reservation, where there is one (API reference,
    /// `ContainerDefinition.memoryReservation`).
    pub fn of(definition: &api::TaskDefinition, constraints: &[PlacementConstraint]) -> Self {
        let all = &definition.container_definitions;
        let total = |of: &dyn Fn(&ContainerDefinition) -> Option<i32>| -> i64 {
            all.iter().map(|one| i64::from(of(one).unwrap_or_default())).sum()
        };
        let cpu = definition.cpu.as_ref().and_then(|size| size.cpu_units().ok());
        let memory = definition.memory.as_ref().and_then(|size| size.mib().ok());
        let interface = definition.network_mode == Some(NetworkMode::Awsvpc);
        let of_definition = definition.placement_constraints.iter().filter_map(|it| it.expression.clone());
        let of_service = constraints.iter().filter_map(|it| it.expression.clone());
        Self {
            cpu: cpu.map_or_else(|| total(&|one| one.cpu), i64::from),
            memory: memory.map_or_else(|| total(&|one| one.memory_reservation.or(one.memory)), i64::from),
            ports: if interface { BTreeSet::new() } else { all.iter().flat_map(ports).collect() },
            gpus: all.iter().map(gpus).sum(),
            interface,
            constraints: of_service.chain(of_definition).collect(),
            distinct: constraints.iter().any(|it| it.type_ == PlacementConstraintType::DistinctInstance),
        }
    }

    /// What an instance has too little of, if that can be seen.
    pub fn lacks(&self, instance: &InstanceRoom) -> Option<Lack> {
        let taken: BTreeSet<Port> = self.ports.intersection(&instance.ports).copied().collect();
        if self.memory > instance.memory {
            Some(Lack::Memory)
        } else if self.cpu > instance.cpu {
            Some(Lack::Cpu)
        } else if !taken.is_empty() {
            Some(Lack::Ports(taken))
        } else if self.gpus > instance.gpus {
            Some(Lack::Gpus)
        } else {
            None
        }
    }
}

fn ports(container: &ContainerDefinition) -> impl Iterator<Item = Port> {
    container.port_mappings.iter().filter_map(|mapping| {
        let port = mapping.host_port.filter(|port| *port != 0)?;
        Some(Port(port, mapping.protocol == Some(TransportProtocol::Udp)))
    })
}

fn gpus(container: &ContainerDefinition) -> usize {
    let of_type = container.resource_requirements.iter().filter(|it| it.type_ == ResourceType::Gpu);
    of_type.filter_map(|it| it.value.as_ref()?.parse::<usize>().ok()).sum()
}

/// What is missing where, in words; `why` are ECS's. `None`: nothing can be said that ECS does not say.
pub fn no_room(needs: &TaskNeeds, instances: &[InstanceRoom], asked: &Asked, why: &str) -> Option<String> {
    let open: Vec<&InstanceRoom> = instances.iter().filter(|instance| instance.takes_tasks).collect();
    if open.is_empty() {
        let draining = match instances.len() {
            0 => "there are none".to_owned(),
            count => format!("none of {count} takes tasks: they are drained, or their agents are not connected"),
        };
        return Some(format!("of the instances that the task may be on, {draining}"));
    }
    let lacks: Vec<(&InstanceRoom, Option<Lack>)> = open.iter().map(|it| (*it, needs.lacks(it))).collect();
    let said: Vec<String> = [
        memory(needs, &lacks),
        cpu(needs, &lacks),
        ports_taken(&lacks, asked),
        no_gpus(needs, &lacks),
        interfaces(needs, &lacks, why),
        unmatched(&open, asked),
        distinct(needs, &lacks, asked, why),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!said.is_empty()).then(|| said.join("; "))
}

type Lacks<'a> = [(&'a InstanceRoom, Option<Lack>)];

fn of_all(lacks: &Lacks<'_>, is: impl Fn(&Lack) -> bool) -> Option<String> {
    let count = lacks.iter().filter(|(_, lack)| lack.as_ref().is_some_and(&is)).count();
    (count > 0).then(|| format!("{count} of {} instances", lacks.len()))
}

fn named(instance: &InstanceRoom) -> String {
    format!("{} ({})", instance.ec2_instance, instance.instance_type)
}

fn memory(needs: &TaskNeeds, lacks: &Lacks<'_>) -> Option<String> {
    let count = of_all(lacks, |lack| *lack == Lack::Memory)?;
    let (most, _) = lacks.iter().max_by_key(|(instance, _)| instance.memory)?;
    Some(format!(
        "{count} have too little memory: a task asks for {} MiB, and the most that is free is {} MiB, on {}",
        needs.memory,
        most.memory,
        named(most)
    ))
}

fn cpu(needs: &TaskNeeds, lacks: &Lacks<'_>) -> Option<String> {
    let count = of_all(lacks, |lack| *lack == Lack::Cpu)?;
    let (most, _) = lacks.iter().max_by_key(|(instance, _)| instance.cpu)?;
    Some(format!(
        "{count} have too little CPU: a task asks for {} units, and the most that is free is {}, on {}",
        needs.cpu,
        most.cpu,
        named(most)
    ))
}

fn ports_taken(lacks: &Lacks<'_>, asked: &Asked) -> Option<String> {
    let count = of_all(lacks, |lack| matches!(lack, Lack::Ports(_)))?;
    let taken = lacks.iter().filter_map(|(_, lack)| match lack {
        Some(Lack::Ports(ports)) => Some(ports),
        _ => None,
    });
    let ports: BTreeSet<Port> = taken.flatten().copied().collect();
    let protocol = |udp: bool| if udp { " (UDP)" } else { "" };
    let ports: Vec<String> = ports.into_iter().map(|Port(port, udp)| format!("port {port}{}", protocol(udp))).collect();
    let on = |id: &str| lacks.iter().find(|(instance, _)| instance.id == id).map(|(instance, _)| named(instance));
    let holders = asked
        .holders
        .iter()
        .filter_map(|(id, Port(port, _), whose)| Some(format!("on {} {port} is {whose}'s", on(id)?)));
    let holders: Vec<String> = holders.collect();
    let holders = if holders.is_empty() { String::new() } else { format!(": {}", holders.join(", ")) };
    Some(format!(
        "on {count} {} of the host is taken, which a task has once on an instance{holders}",
        ports.join(" or ")
    ))
}

fn no_gpus(needs: &TaskNeeds, lacks: &Lacks<'_>) -> Option<String> {
    let count = of_all(lacks, |lack| *lack == Lack::Gpus)?;
    let most = lacks.iter().map(|(instance, _)| instance.gpus).max()?;
    if lacks.iter().all(|(instance, _)| instance.registered_gpus == 0) {
        return Some(format!("no instance has a GPU, and a task asks for {}", needs.gpus));
    }
    Some(format!("{count} have too few GPUs: a task asks for {}, and the most that are free are {most}", needs.gpus))
}

/// Which instances have no interface left ECS says of one alone, and nobody tells how many each has.
fn interfaces(needs: &TaskNeeds, lacks: &Lacks<'_>, why: &str) -> Option<String> {
    if !needs.interface || !why.contains("RESOURCE:ENI") {
        return None;
    }
    let full = lacks.iter().filter(|(_, lack)| lack.is_none());
    let full = full.map(|(instance, _)| format!("{} runs {} tasks", named(instance), instance.tasks));
    let trunks = lacks.iter().all(|(instance, _)| instance.trunk);
    let trunking = if trunks {
        ""
    } else {
        "; more fit with ENI trunking, an account setting (awsvpcTrunking) that instances take up when they are launched and \
         that is not on for them"
    };
    Some(format!(
        "each task takes a network interface of its instance (networkMode awsvpc), and a type has only so many: {}{trunking}",
        full.collect::<Vec<_>>().join(", ")
    ))
}

fn unmatched(open: &[&InstanceRoom], asked: &Asked) -> Option<String> {
    let all = asked.unmatched.iter().map(|it| format!("none of {} instances matches {it}", open.len()));
    let all: Vec<String> = all.collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn distinct(needs: &TaskNeeds, lacks: &Lacks<'_>, asked: &Asked, why: &str) -> Option<String> {
    let by_it = needs.distinct && asked.unmatched.is_empty() && why.contains("DistinctInstance");
    by_it
        .then(|| format!("with distinctInstance each task takes an instance of its own, and there are {}", lacks.len()))
}
