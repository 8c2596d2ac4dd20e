//! What is sent to make or change a service: the whole wanted value, with explicit empties.

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::create_service::CreateServiceInput;
use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_ecs::operation::update_service::UpdateServiceInput;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use longshore_crds::ecs_service::SchedulingStrategy;
use longshore_planner::engine::Kind;
use longshore_planner::kinds::ecs::service::Service;
use serde_json::{Map, Value, json};

use crate::drivers::ecs::document::{structure, written};
use crate::fault::Fault;

const CREATE: &str = "ecs:CreateService";
const UPDATE: &str = "ecs:UpdateService";

pub(super) fn create(want: &Service) -> Result<CreateServiceInputBuilder, Fault> {
    let mut document = as_request(CREATE, want)?;
    document.insert("serviceName".to_owned(), want.name.clone().into());
    if want.scheduling_strategy == SchedulingStrategy::Daemon {
        document.remove("desiredCount");
    } else {
        document.entry("desiredCount").or_insert_with(|| want.initial_count.unwrap_or(1).into());
    }
    let input = structure(CREATE, &Value::Object(document), CreateServiceInput::deserialize)?;
    Ok(CreateServiceInputBuilder::default()
        .set_cluster(input.cluster)
        .set_service_name(input.service_name)
        .set_task_definition(input.task_definition)
        .set_availability_zone_rebalancing(input.availability_zone_rebalancing)
        .set_load_balancers(input.load_balancers)
        .set_service_registries(input.service_registries)
        .set_desired_count(input.desired_count)
        .set_launch_type(input.launch_type)
        .set_capacity_provider_strategy(input.capacity_provider_strategy)
        .set_platform_version(input.platform_version)
        .set_deployment_configuration(input.deployment_configuration)
        .set_placement_constraints(input.placement_constraints)
        .set_placement_strategy(input.placement_strategy)
        .set_network_configuration(input.network_configuration)
        .set_health_check_grace_period_seconds(input.health_check_grace_period_seconds)
        .set_scheduling_strategy(input.scheduling_strategy)
        .set_enable_ecs_managed_tags(input.enable_ecs_managed_tags)
        .set_propagate_tags(input.propagate_tags)
        .set_enable_execute_command(input.enable_execute_command)
        .set_service_connect_configuration(input.service_connect_configuration)
        .set_volume_configurations(input.volume_configurations)
        .set_vpc_lattice_configurations(input.vpc_lattice_configurations))
}

pub(super) fn update(want: &Service, seen: &Service) -> Result<UpdateServiceInputBuilder, Fault> {
    let mut document = as_request(UPDATE, want)?;
    document.insert("service".to_owned(), want.name.clone().into());
    if want.scheduling_strategy == SchedulingStrategy::Daemon {
        document.remove("desiredCount");
    }
    // Absent means unchanged to ECS: what is no longer wanted must be said to be empty. What was ECS's to choose stays.
    let mut ours = seen.clone();
    want.disown(&mut ours);
    let mut seen_document = as_request(UPDATE, &ours)?;
    if want.reverted {
        for stays in ["serviceRegistries", "serviceConnectConfiguration", "volumeConfigurations"] {
            document.remove(stays);
            seen_document.remove(stays);
        }
    }
    if want.was_deployed_meanwhile(seen) {
        document.remove("taskDefinition");
    }
    // Which of an entry's two target groups comes first may be ECS's by now: what is as it should be is not said again.
    if has_same_targets(want, seen) {
        document.remove("loadBalancers");
        seen_document.remove("loadBalancers");
    }
    empty_what_goes(&mut document, &seen_document);
    let input = structure(UPDATE, &Value::Object(document), UpdateServiceInput::deserialize)?;
    Ok(UpdateServiceInputBuilder::default()
        .set_cluster(input.cluster)
        .set_service(input.service)
        .set_task_definition(input.task_definition)
        .set_availability_zone_rebalancing(input.availability_zone_rebalancing)
        .set_load_balancers(input.load_balancers)
        .set_service_registries(input.service_registries)
        .set_desired_count(input.desired_count)
        .set_capacity_provider_strategy(input.capacity_provider_strategy)
        .set_platform_version(input.platform_version)
        .set_deployment_configuration(input.deployment_configuration)
        .set_placement_constraints(input.placement_constraints)
        .set_placement_strategy(input.placement_strategy)
        .set_network_configuration(input.network_configuration)
        .set_health_check_grace_period_seconds(input.health_check_grace_period_seconds)
        .set_enable_ecs_managed_tags(input.enable_ecs_managed_tags)
        .set_propagate_tags(input.propagate_tags)
        .set_enable_execute_command(input.enable_execute_command)
        .set_service_connect_configuration(input.service_connect_configuration)
        .set_volume_configurations(input.volume_configurations)
        .set_vpc_lattice_configurations(input.vpc_lattice_configurations)
        .set_force_new_deployment(restarts(want, &ours).then_some(true)))
}

fn has_same_targets(want: &Service, seen: &Service) -> bool {
    let mut seen = seen.clone().normalise();
    want.disown(&mut seen);
    want.clone().normalise().load_balancers == seen.load_balancers
}

/// For another strategy, also between launch type and capacity providers, and for a restart, ECS starts no deployment by
/// itself (`UpdateService` in the API reference, `forceNewDeployment`): tasks would stay with the providers that they have.
fn restarts(want: &Service, seen: &Service) -> bool {
    strategy(want) != strategy(seen) || (want.restarted_at.is_some() && want.restarted_at != seen.restarted_at)
}

/// Each provider, with its base and weight: 0 where they are left out.
fn strategy(service: &Service) -> BTreeSet<(&str, i32, i32)> {
    let items = service.capacity_provider_strategy.iter();
    items
        .map(|it| (it.capacity_provider.as_str(), it.base.unwrap_or_default(), it.weight.unwrap_or_default()))
        .collect()
}

/// The kind's members as `CreateService` and `UpdateService` spell them.
fn as_request(operation: &str, service: &Service) -> Result<Map<String, Value>, Fault> {
    let Value::Object(mut members) = written(operation, service)? else {
        return Err(Fault::unexpected(operation, "members"));
    };
    let hook_role = members.remove("hookRole");
    let hooks = members.get_mut("deploymentConfiguration").and_then(|one| one.get_mut("lifecycleHooks"));
    for hook in hooks.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        let role = hook_role.as_ref().filter(|_| hook.contains_key("hookTargetArn"));
        if let Some(role) = role {
            hook.entry("roleArn").or_insert_with(|| role.clone());
        }
    }
    for gone in ["name", "initialCount", "restartedAt", "reverted", "proceed", "tags"] {
        members.remove(gone);
    }
    if let Some(network) = members.remove("network") {
        members.insert("networkConfiguration".to_owned(), json!({ "awsvpcConfiguration": network }));
    }
    for (ours, theirs) in
        [("serviceConnect", "serviceConnectConfiguration"), ("enableEcsManagedTags", "enableECSManagedTags")]
    {
        if let Some(value) = members.remove(ours) {
            members.insert(theirs.to_owned(), value);
        }
    }
    Ok(members)
}

/// A member, and what it is when nothing is wanted of it.
type Empty = (&'static str, fn() -> Value);

/// What each member must be said to be when it is no longer wanted. A launch type is not sent by an update: an
/// empty strategy goes back to it.
const EMPTIES: &[Empty] = &[
    ("capacityProviderStrategy", || json!([])),
    ("loadBalancers", || json!([])),
    ("serviceRegistries", || json!([])),
    ("volumeConfigurations", || json!([])),
    ("vpcLatticeConfigurations", || json!([])),
    ("placementConstraints", || json!([])),
    ("placementStrategy", || json!([])),
    ("propagateTags", || json!("NONE")),
    ("serviceConnectConfiguration", || json!({ "enabled": false })),
];

/// The same within `deploymentConfiguration`.
const DEPLOYMENT_EMPTIES: &[Empty] = &[
    ("deploymentCircuitBreaker", || json!({ "enable": false, "rollback": false })),
    ("alarms", || json!({ "alarmNames": [], "enable": false, "rollback": false })),
    ("strategy", || json!("ROLLING")),
    ("bakeTimeInMinutes", || json!(0)),
    ("lifecycleHooks", || json!([])),
];

fn empty_what_goes(want: &mut Map<String, Value>, seen: &Map<String, Value>) {
    fill(want, seen, EMPTIES);
    let deployment = want.entry("deploymentConfiguration").or_insert_with(|| json!({}));
    let seen = seen.get("deploymentConfiguration").and_then(Value::as_object);
    if let (Some(deployment), Some(seen)) = (deployment.as_object_mut(), seen) {
        fill(deployment, seen, DEPLOYMENT_EMPTIES);
    }
}

fn fill(want: &mut Map<String, Value>, seen: &Map<String, Value>, empties: &[Empty]) {
    for (member, empty) in empties {
        if !want.contains_key(*member) && seen.contains_key(*member) {
            want.insert((*member).to_owned(), empty());
        }
    }
}
