//! Which instance a task goes to (developer guide, "How Amazon ECS places tasks on container instances"): those with the
//! room, of these those that the constraints allow, of these the one that the strategies prefer.

use serde::Serialize;
use serde_json::Value;

use super::query::{self, Expression};
use super::room::{Host, Room, Share, host, room, share};
use super::{ContainerInstance, ZONE, active, tasks};
use crate::services::ec2;
use crate::services::ecs::launch::Order;
use crate::services::ecs::network;
use crate::services::ecs::task_definitions::Definition;
use crate::world::World;

/// What the caller says of where its tasks go: `placementConstraints` and `placementStrategy`, as the API has them.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::services::ecs) struct Placement {
    pub(in crate::services::ecs) constraints: Vec<Value>,
    pub(in crate::services::ecs) strategies: Vec<Value>,
    /// A daemon: one task an instance.
    pub(in crate::services::ecs) one_each: bool,
}

impl Placement {
    /// Of an input, or of what a service was made with.
    pub(in crate::services::ecs) fn of(members: impl Fn(&str) -> Option<Value>) -> Self {
        let list = |member: &str| members(member).and_then(|value| value.as_array().cloned()).unwrap_or_default();
        Self { constraints: list("placementConstraints"), strategies: list("placementStrategy"), one_each: false }
    }
}

/// Why no instance takes a task; the closest one comes with it, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::services::ecs) enum Shortfall {
    NoInstances,
    Memory(String),
    Cpu(String),
    Ports(String),
    Interfaces(String),
    Gpus(String),
    /// No subnet of the task is in its zone, or a constraint excludes it.
    Constraint(String),
    Distinct(String),
}

impl Shortfall {
    /// In a service's event (developer guide, "Amazon ECS service event messages").
    pub(in crate::services::ecs) fn event(&self) -> String {
        let closest = |id: &String, what: &str| {
            format!(
                "was unable to place a task because no container instance met all of its requirements. The closest matching \
                 (container-instance {id}) {what}."
            )
        };
        match self {
            Self::NoInstances => "was unable to place a task because no container instance met all of its requirements. Reason: No Container \
                                  Instances were found in your cluster."
                .to_owned(),
            Self::Memory(id) => closest(id, "has insufficient memory available"),
            Self::Cpu(id) => closest(id, "has insufficient CPU units available"),
            Self::Ports(id) => closest(id, "is already using a port required by your task"),
            Self::Interfaces(id) => closest(id, "encountered error \"RESOURCE:ENI\""),
            Self::Gpus(id) => closest(id, "encountered error \"RESOURCE:GPU\""),
            Self::Constraint(id) => closest(id, "encountered error \"MemberOf placement constraint unsatisfied.\""),
            Self::Distinct(id) => closest(id, "encountered error \"DistinctInstance placement constraint unsatisfied.\""),
        }
    }

    /// Of a failure of `RunTask`: the instance and the reason (developer guide, "Amazon ECS API failure reasons").
    pub(in crate::services::ecs) fn failure(&self) -> Option<(&String, &'static str)> {
        match self {
            Self::NoInstances => None,
            Self::Memory(id) => Some((id, "RESOURCE:MEMORY")),
            Self::Cpu(id) => Some((id, "RESOURCE:CPU")),
            Self::Ports(id) => Some((id, "RESOURCE:PORTS")),
            Self::Interfaces(id) => Some((id, "RESOURCE:ENI")),
            Self::Gpus(id) => Some((id, "RESOURCE:GPU")),
            Self::Constraint(id) => Some((id, "MemberOf placement constraint unsatisfied.")),
            Self::Distinct(id) => Some((id, "DistinctInstance placement constraint unsatisfied.")),
        }
    }

    /// How far an instance came: the further, the closer.
    fn stage(&self) -> u8 {
        match self {
            Self::NoInstances => 0,
            Self::Memory(_) => 1,
            Self::Cpu(_) => 2,
            Self::Ports(_) => 3,
            Self::Interfaces(_) => 4,
            Self::Gpus(_) => 5,
            Self::Constraint(_) => 6,
            Self::Distinct(_) => 7,
        }
    }
}

/// An instance that would take the task.
struct Candidate<'a> {
    instance: &'a ContainerInstance,
    room: Room,
}

/// The instance for one more task.
pub(in crate::services::ecs) fn place(
    world: &World,
    order: &Order,
    definition: &Definition,
) -> Result<Host, Shortfall> {
    let share = share(definition, &order.overrides);
    let (mut candidates, mut closest) = (Vec::new(), Shortfall::NoInstances);
    // What ECS manages takes the tasks of its provider alone.
    let of_provider = |instance: &&ContainerInstance| match &order.capacity_provider {
        None => !instance.is_managed(world),
        provider => *provider == instance.provider,
    };
    for instance in active(world, &order.cluster).filter(of_provider) {
        let room = room(world, instance);
        match obstacle(world, order, definition, (&share, &room), instance) {
            None => candidates.push(Candidate { instance, room }),
            Some(shortfall) if shortfall.stage() > closest.stage() => closest = shortfall,
            Some(_) => {}
        }
    }
    prefer(world, order, candidates).map(|instance| host(world, instance, definition)).ok_or(closest)
}

fn obstacle(
    world: &World,
    order: &Order,
    definition: &Definition,
    (share, room): (&Share, &Room),
    instance: &ContainerInstance,
) -> Option<Shortfall> {
    let id = || instance.id.clone();
    if share.memory > room.memory {
        return Some(Shortfall::Memory(id()));
    }
    if share.cpu > room.cpu {
        return Some(Shortfall::Cpu(id()));
    }
    if !share.ports.is_disjoint(&room.ports) || !share.udp_ports.is_disjoint(&room.udp_ports) {
        return Some(Shortfall::Ports(id()));
    }
    if share.interface && room.interfaces == Some(0) {
        return Some(Shortfall::Interfaces(id()));
    }
    if share.gpus > room.gpus {
        return Some(Shortfall::Gpus(id()));
    }
    if !in_reach(world, order, instance) {
        return Some(Shortfall::Constraint(id()));
    }
    constrained(world, order, definition, instance)
}

/// A task with an interface of its own goes where one of its subnets is.
fn in_reach(world: &World, order: &Order, instance: &ContainerInstance) -> bool {
    let zone = instance.attribute(ZONE);
    order.network.as_ref().is_none_or(|configuration| {
        let subnets = network::subnets(configuration);
        let zones = subnets.iter().filter_map(|id| ec2::subnet(world, id)).map(|subnet| subnet.availability_zone);
        zones.into_iter().any(|other| Some(other.as_str()) == zone)
    })
}

/// The constraints of the call, and those of the task definition, which has no `distinctInstance`.
fn constrained(
    world: &World,
    order: &Order,
    definition: &Definition,
    instance: &ContainerInstance,
) -> Option<Shortfall> {
    let all = || order.placement.constraints.iter().chain(of_definition(definition));
    if !all().all(|constraint| is_member(world, instance, constraint)) {
        return Some(Shortfall::Constraint(instance.id.clone()));
    }
    let distinct = order.placement.one_each
        || all().any(|constraint| constraint.get("type") == Some(&Value::from("distinctInstance")));
    let taken = || tasks(world, &instance.id).any(|task| task.group == order.group && !task.stopping);
    (distinct && taken()).then(|| Shortfall::Distinct(instance.id.clone()))
}

/// Each strategy in turn keeps the best of what the one before left; then the first by id. A service without any spreads
/// over zones (API reference, `CreateService.schedulingStrategy`, REPLICA).
fn prefer<'a>(world: &World, order: &Order, mut candidates: Vec<Candidate<'a>>) -> Option<&'a ContainerInstance> {
    let by_zone = serde_json::json!({"type": "spread", "field": format!("attribute:{ZONE}")});
    let spread = (order.service.is_some() && order.placement.strategies.is_empty()).then_some(by_zone);
    for strategy in order.placement.strategies.iter().chain(&spread) {
        let text = |member: &str| strategy.get(member).and_then(Value::as_str).unwrap_or_default();
        let scores: Vec<i64> = match (text("type"), text("field")) {
            ("binpack", field) if field.eq_ignore_ascii_case("cpu") => {
                candidates.iter().map(|it| it.room.cpu).collect()
            }
            ("binpack", _) => candidates.iter().map(|it| it.room.memory).collect(),
            ("spread", field) => spread_scores(world, order, &candidates, field),
            _ => continue,
        };
        let best = scores.iter().min().copied();
        let kept = candidates.into_iter().zip(scores).filter(|(_, score)| Some(*score) == best);
        candidates = kept.map(|(candidate, _)| candidate).collect();
    }
    candidates.first().map(|candidate| candidate.instance)
}

/// How many tasks a daemon service has: one on each instance that its constraints allow.
pub(in crate::services::ecs) fn daemons(
    world: &World,
    cluster: &str,
    placement: &Placement,
    definition: &Definition,
) -> u32 {
    let allowed = active(world, cluster).filter(|instance| !instance.is_managed(world)).filter(|instance| {
        let of_call = placement.constraints.iter();
        of_call.chain(of_definition(definition)).all(|constraint| is_member(world, instance, constraint))
    });
    u32::try_from(allowed.count()).unwrap_or(u32::MAX)
}

fn of_definition(definition: &Definition) -> impl Iterator<Item = &Value> {
    definition.body.get("placementConstraints").and_then(Value::as_array).into_iter().flatten()
}

/// Whether an instance is so as a `memberOf` says; any other constraint lets it be.
fn is_member(world: &World, instance: &ContainerInstance, constraint: &Value) -> bool {
    let text = |member: &str| constraint.get(member).and_then(Value::as_str).unwrap_or_default();
    text("type") != "memberOf" || query::parse(text("expression")).is_ok_and(|it: Expression| it.holds(world, instance))
}

/// How many tasks of the group are where each candidate is, by an attribute or by instance.
fn spread_scores(world: &World, order: &Order, candidates: &[Candidate<'_>], field: &str) -> Vec<i64> {
    let place = |instance: &ContainerInstance| match field.strip_prefix("attribute:") {
        Some(name) => instance.attribute(name).unwrap_or_default().to_owned(),
        None => instance.id.clone(),
    };
    let of_group = |task: &&crate::services::ecs::tasks::Task| {
        task.cluster == order.cluster && task.group == order.group && task.is_live() && !task.stopping
    };
    let siblings = world.ecs.tasks.values().filter(of_group).filter_map(|task| task.host.as_ref());
    let places: Vec<String> = siblings.filter_map(|host| world.ecs.instances.get(&host.instance)).map(place).collect();
    let count = |it: &Candidate<'_>| places.iter().filter(|other| **other == place(it.instance)).count();
    candidates.iter().map(|it| i64::try_from(count(it)).unwrap_or(i64::MAX)).collect()
}
