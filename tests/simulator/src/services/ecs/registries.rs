//! Tasks in Cloud Map, by `serviceRegistries`.
//!
//! Developer guide, "Use service discovery to connect Amazon ECS services with DNS names", considerations; API reference,
//! `ServiceRegistry`. The words of what is refused are the simulator's own.

use serde_json::{Map, Value};

use crate::call::Fault;
use crate::services::ec2;
use crate::services::ecs::task_definitions::Definition;
use crate::services::ecs::tasks::Task;
use crate::services::ecs::{container, invalid};
use crate::services::servicediscovery::{self, Instance};
use crate::world::World;

fn registries(attached: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    attached.get("serviceRegistries").and_then(Value::as_array).into_iter().flatten()
}

fn arn(registry: &Value) -> &str {
    registry.get("registryArn").and_then(Value::as_str).unwrap_or_default()
}

fn number(registry: &Value, member: &str) -> Option<i64> {
    registry.get(member).and_then(Value::as_i64)
}

fn container_name(registry: &Value) -> Option<&str> {
    registry.get("containerName").and_then(Value::as_str)
}

/// Checks where a service is registered against its task definition and what Cloud Map has.
pub(super) fn check(world: &World, attached: &Map<String, Value>, definition: &Definition) -> Result<(), Fault> {
    let mode = definition.text("networkMode").unwrap_or("bridge");
    registries(attached).try_for_each(|registry| check_one(world, registry, definition, mode))
}

fn check_one(world: &World, registry: &Value, definition: &Definition, mode: &str) -> Result<(), Fault> {
    let arn = arn(registry);
    let types = servicediscovery::record_types(world, arn)
        .ok_or_else(|| invalid(format!("The service registry {arn} does not exist.")))?;
    let named = container_name(registry).zip(number(registry, "containerPort"));
    let mapped = |(name, port)| {
        let mut of_name = definition.containers().iter().filter(|one| container::name(one) == name);
        of_name.any(|one| container::ports(one).contains(&port))
    };
    if named.is_some_and(|named| !mapped(named)) {
        return Err(invalid(format!("The container and port of the service registry {arn} are not mapped.")));
    }
    match mode {
        "none" => Err(invalid("Service discovery is not supported with the network mode none.")),
        "awsvpc" if types.contains(&"SRV") && named.is_none() && number(registry, "port").is_none() => {
            Err(invalid(format!("The service registry {arn} has SRV records: a port must be specified.")))
        }
        "awsvpc" => Ok(()),
        _ if named.is_none() => {
            Err(invalid(format!("With the network mode {mode} containerName and containerPort must be specified.")))
        }
        _ if types.iter().any(|kind| *kind != "SRV") => {
            Err(invalid(format!("With the network mode {mode} the SRV record is the only one that is supported.")))
        }
        _ => Ok(()),
    }
}

/// Where a task is found: at its own interface, or at its instance by the port that it has there.
pub(super) fn places(world: &World, task: &Task, attached: &Map<String, Value>) -> Vec<(String, Instance)> {
    let place = |registry: &Value| Some((arn(registry).to_owned(), instance(world, task, registry)?));
    registries(attached).filter_map(place).collect()
}

fn instance(world: &World, task: &Task, registry: &Value) -> Option<Instance> {
    let port = number(registry, "containerPort");
    if let Some(eni) = task.attachment.as_ref().and_then(|attachment| attachment.eni.as_ref()) {
        return Some(Instance { address: eni.private_ip.clone(), port: number(registry, "port").or(port) });
    }
    let host = task.host.as_ref()?;
    let address = ec2::instance(world, &host.ec2_instance)?.eni.as_ref()?.private_ip.clone();
    let is_it = |name: &str, of: i64| Some(name) == container_name(registry) && Some(of) == port;
    let bound = host.bindings.iter().find(|bound| is_it(&bound.container, bound.port))?;
    Some(Instance { address, port: Some(bound.host) })
}
