//! `UpdateService`: what is absent stays as it is; some changes start a deployment, others don't.

use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::services::ecs::service_config::{ATTACHED, Revision};
use crate::services::ecs::service_create::{attached, check_attached, is_empty, parse_desired};
use crate::services::ecs::services::{self, Service};
use crate::services::ecs::task_definitions;
use crate::services::ecs::{clusters, deployments, exec, invalid, load_balancing, names, network};
use crate::world::World;

/// `UpdateService`
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let key = services::named_active(world, call, "service")?;
    let before = world.ecs.services.get(&key).ok_or_else(names::service_not_found)?;
    let mut after = before.clone();
    change_plain(call, &mut after)?;
    change_revision(world, call, &key, &mut after)?;
    let forced = call.input.get("forceNewDeployment").and_then(Value::as_bool).unwrap_or_default();
    let deploys = forced || starts_deployment(&before.revision, &after.revision);
    world.ecs.services.insert(key.clone(), after);
    if deploys {
        deployments::start(world, &key);
    } else {
        deployments::touch(world, &key);
    }
    Ok(json!({"service": services::view(world, &key, true)}))
}

/// What starts no deployment (API reference, `UpdateService`).
fn change_plain(call: &Call, service: &mut Service) -> Result<(), Fault> {
    let given = |member: &str| call.input.get(member).filter(|value| !value.is_null());
    let flag = |member: &str| given(member).and_then(Value::as_bool);
    if let Some(count) = given("desiredCount") {
        service.desired = parse_desired(count)?;
    }
    service.configuration = service.configuration.merged(given("deploymentConfiguration"))?;
    for member in
        ["placementConstraints", "placementStrategy", "healthCheckGracePeriodSeconds", "availabilityZoneRebalancing"]
    {
        if let Some(value) = given(member) {
            service.plain.insert(member.to_owned(), value.clone());
        }
    }
    service.enable_execute_command = flag("enableExecuteCommand").unwrap_or(service.enable_execute_command);
    service.enable_managed_tags = flag("enableECSManagedTags").unwrap_or(service.enable_managed_tags);
    if let Some(propagate) = call.text("propagateTags") {
        propagate.clone_into(&mut service.propagate_tags);
    }
    Ok(())
}

fn is_given(call: &Call, member: &str) -> bool {
    call.input.get(member).is_some_and(|given| !given.is_null())
}

fn change_revision(world: &World, call: &Call, key: &str, service: &mut Service) -> Result<(), Fault> {
    let revision = &mut service.revision;
    if let Some(given) = call.text("taskDefinition") {
        let definition = task_definitions::runnable(world, Some(given))?;
        if !is_given(call, "capacityProviderStrategy") {
            revision.check_definition(world, definition)?;
        }
        revision.task_definition.clone_from(&definition.arn);
    }
    let network = call.input.get("networkConfiguration").filter(|given| !is_empty(given));
    if let Some(given) = network {
        revision.network = Some(network::resolve(world, given)?);
    }
    if let Some(version) = call.text("platformVersion") {
        revision.platform_version = Some(version.to_owned());
    }
    if let Some(given) = call.input.get("capacityProviderStrategy").filter(|given| !given.is_null()) {
        let attached = &clusters::active(world, &service.cluster)?.capacity_providers;
        let usable = clusters::usable(world, &service.cluster, attached);
        revision.strategy = clusters::strategy(world, call, "capacityProviderStrategy", &usable)?;
        // An empty list goes back to the launch type.
        let definition = task_definitions::find(world, &revision.task_definition);
        let launch_type = if definition.is_some_and(|it| it.supports("FARGATE")) { "FARGATE" } else { "EC2" };
        revision.launch_type = is_empty(given).then(|| launch_type.to_owned());
    }
    let definition = task_definitions::find(world, &revision.task_definition);
    let definition = definition.ok_or_else(|| invalid("TaskDefinition not found."))?;
    // What was given before stays, also where the new revision's tasks have no use for it.
    network::check(definition, network.is_some() || (network::is_awsvpc(definition) && revision.network.is_some()))?;
    if is_given(call, "capacityProviderStrategy") {
        revision.check_definition(world, definition)?;
    }
    let changed = attached(call);
    for member in ATTACHED {
        if let Some(value) = call.input.get(member) {
            revision.attached.remove(member);
            if !is_empty(value) {
                revision.attached.extend(changed.get(member).map(|value| (member.to_owned(), value.clone())));
            }
        }
    }
    // A new task definition must have what the load balancers and the like ask for, given anew or not.
    check_attached(world, &revision.attached, definition, key)?;
    load_balancing::check_shifting(world, &revision.attached, service.configuration.shifts())?;
    exec::check_service(service.enable_execute_command, definition, "updated")
}

/// Whether going from one revision to the other starts a deployment by itself; a capacity provider strategy doesn't.
fn starts_deployment(before: &Revision, after: &Revision) -> bool {
    let network = match (&before.network, &after.network) {
        (Some(before), Some(after)) => !network::same(before, after),
        (before, after) => before != after,
    };
    network
        || before.task_definition != after.task_definition
        || before.platform_version != after.platform_version
        || before.attached != after.attached
}
