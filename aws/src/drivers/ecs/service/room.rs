//! Why a service's tasks find no room on its cluster's instances.

use std::collections::BTreeSet;

use aws_sdk_ecs::types as api;
use longshore_crds::ecs_service::PlacementConstraint;
use longshore_planner::kinds::ecs::service::{Asked, InstanceRoom, Lack, Port, Service, TaskNeeds, no_room};

use super::detail::text;
use crate::access::{Aws, Read};
use crate::classes::Class;
use crate::drivers::ecs::container_instances::{any_matches, of_cluster, tasks_on, whose};
use crate::drivers::ecs::task_definition;
use crate::fault::Fault;

/// How many instances are asked whose a port is there.
const ASKED: usize = 3;

/// In words. They are no more than words: where Longshore may not ask, they say so, and the turn goes on.
pub(super) async fn read(
    aws: &Aws<Read>,
    cluster: &str,
    service: &api::Service,
    want: &Service,
    (definition, why): (&str, &str),
) -> Result<Option<String>, Fault> {
    match words(aws, cluster, service, want, (definition, why)).await {
        Err(fault) if fault.class == Class::Fix => Ok(Some(format!("what the instances lack is not known: {fault}"))),
        told => told,
    }
}

async fn words(
    aws: &Aws<Read>,
    cluster: &str,
    service: &api::Service,
    want: &Service,
    (definition, why): (&str, &str),
) -> Result<Option<String>, Fault> {
    let Some(definition) = task_definition::content(aws, definition).await? else { return Ok(None) };
    let constraints: &[PlacementConstraint] = &want.placement_constraints;
    let needs = TaskNeeds::of(&definition, constraints);
    let strategy = service.capacity_provider_strategy();
    let of_strategy = |instance: &api::ContainerInstance| {
        let provider = instance.capacity_provider_name();
        strategy.is_empty() || strategy.iter().any(|item| provider == Some(item.capacity_provider()))
    };
    let found = of_cluster(aws, cluster).await?;
    let instances: Vec<InstanceRoom> = found.iter().filter(|it| of_strategy(it)).map(room).collect();
    let asked = Asked {
        holders: holders(aws, cluster, &needs, &instances).await?,
        unmatched: unmatched(aws, cluster, &needs, &instances).await?,
    };
    Ok(no_room(&needs, &instances, &asked, why))
}

/// Who has a port that the task names, on some of the instances that lack nothing else.
async fn holders(
    aws: &Aws<Read>,
    cluster: &str,
    needs: &TaskNeeds,
    instances: &[InstanceRoom],
) -> Result<Vec<(String, Port, String)>, Fault> {
    let lacking = instances.iter().filter(|instance| instance.takes_tasks);
    let lacking = lacking.filter_map(|instance| match needs.lacks(instance) {
        Some(Lack::Ports(ports)) => Some((instance, ports)),
        _ => None,
    });
    let mut found = vec![];
    for (instance, ports) in lacking.take(ASKED) {
        for task in tasks_on(aws, cluster, &instance.id).await? {
            let bound: BTreeSet<Port> = task.containers().iter().flat_map(bindings).collect();
            let taken = bound.intersection(&ports).map(|port| (instance.id.clone(), *port, whose(&task)));
            found.extend(taken);
        }
    }
    Ok(found)
}

fn bindings(container: &api::Container) -> impl Iterator<Item = Port> {
    let bound = container.network_bindings().iter();
    bound.filter_map(|bound| Some(Port(bound.host_port()?, bound.protocol() == Some(&api::TransportProtocol::Udp))))
}

/// The constraints that nothing matches. Asked where an instance has the room: else that is what is missing.
async fn unmatched(
    aws: &Aws<Read>,
    cluster: &str,
    needs: &TaskNeeds,
    instances: &[InstanceRoom],
) -> Result<Vec<String>, Fault> {
    let has_room = instances.iter().any(|instance| instance.takes_tasks && needs.lacks(instance).is_none());
    let mut found = vec![];
    for expression in needs.constraints.iter().filter(|_| has_room) {
        if !any_matches(aws, cluster, expression).await? {
            found.push(expression.clone());
        }
    }
    Ok(found)
}

fn room(instance: &api::ContainerInstance) -> InstanceRoom {
    let arn = instance.container_instance_arn().unwrap_or_default();
    let attribute = |name: &str| instance.attributes().iter().find(|it| it.name() == name);
    let remaining = |name: &str| instance.remaining_resources().iter().find(|it| it.name() == Some(name));
    let registered = |name: &str| instance.registered_resources().iter().find(|it| it.name() == Some(name));
    let number = |name: &str| remaining(name).map(|it| i64::from(it.integer_value())).unwrap_or_default();
    let ports = |name: &str, udp: bool| {
        let taken = remaining(name).map(api::Resource::string_set_value).unwrap_or_default();
        taken.iter().filter_map(|port| port.parse().ok()).map(move |port| Port(port, udp)).collect::<Vec<_>>()
    };
    let gpus = |of: Option<&api::Resource>| of.map_or(0, |it| it.string_set_value().len());
    InstanceRoom {
        id: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        ec2_instance: text(instance.ec2_instance_id()),
        instance_type: text(attribute("ecs.instance-type").and_then(api::Attribute::value)),
        takes_tasks: instance.status() == Some("ACTIVE") && instance.agent_connected(),
        cpu: number("CPU"),
        memory: number("MEMORY"),
        ports: ports("PORTS", false).into_iter().chain(ports("PORTS_UDP", true)).collect(),
        gpus: gpus(remaining("GPU")),
        registered_gpus: gpus(registered("GPU")),
        trunk: attribute("ecs.awsvpc-trunk-id").is_some(),
        tasks: instance.running_tasks_count(),
    }
}
