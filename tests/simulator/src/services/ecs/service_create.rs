//! `CreateService`

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Fault};
use crate::services::ecs::events::Events;
use crate::services::ecs::service_config::{ATTACHED, DeploymentConfiguration, Revision, check_definition, on_fargate};
use crate::services::ecs::services::{self, Service, Status};
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::{clusters, connect, deployments, ebs, exec, invalid, load_balancing, names, network, tags};
use crate::world::World;

/// `CreateService`: the same input for a service that is there answers it; another input is an error.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    let cluster_arn = clusters::active(world, &cluster)?.arn.clone();
    let name = call.text("serviceName").ok_or_else(|| invalid("Service name can not be blank."))?.to_owned();
    if !names::is_plain(&name) {
        return Err(invalid(
            "Service name contains invalid characters: up to 255 letters, digits, hyphens and underscores are allowed.",
        ));
    }
    let key = format!("{cluster}/{name}");
    match world.ecs.services.get(&key).map(|service| (service.status, service.creation == call.input)) {
        Some((Status::Draining, _)) => return Err(invalid("Unable to Start a service that is still Draining.")),
        Some((Status::Active, true)) => return Ok(json!({"service": services::view(world, &key, true)})),
        Some((Status::Active, false)) => return Err(invalid("Creation of service was not idempotent.")),
        Some((Status::Inactive, _)) | None => {}
    }
    let daemon = scheduling(call)?;
    // Seen of the real one (aws/containers-roadmap#692).
    if daemon && call.input.get("capacityProviderStrategy").is_some_and(|given| !is_empty(given)) {
        let message = "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.";
        return Err(invalid(message));
    }
    let desired = desired(call, daemon)?;
    let revision = revision(world, call, &cluster, &key)?;
    if daemon && revision.on_fargate() {
        return Err(invalid("The daemon scheduling strategy is not supported for services using Fargate."));
    }
    controller(call)?;
    let configuration = DeploymentConfiguration::defaults(daemon).merged(call.input.get("deploymentConfiguration"))?;
    load_balancing::check_shifting(world, &revision.attached, configuration.shifts())?;
    check_exec(world, call, &revision)?;
    let service = Service {
        arn: world.arn("ecs", &format!("service/{key}")),
        name,
        cluster,
        cluster_arn,
        status: Status::Active,
        desired,
        configuration,
        revision,
        plain: plain(call, daemon),
        daemon,
        enable_managed_tags: flag(call, "enableECSManagedTags"),
        propagate_tags: call.text("propagateTags").unwrap_or("NONE").to_owned(),
        enable_execute_command: flag(call, "enableExecuteCommand"),
        created_at: world.now,
        created_by: format!("arn:aws:iam::{}:user/{}", world.account_id, call.access_key),
        tags: tags::parse(&call.input)?,
        events: Events::default(),
        deployments: Vec::new(),
        last_completed: None,
        records: Vec::new(),
        revisions: Vec::new(),
        tasks: BTreeSet::new(),
        creation: call.input.clone(),
        wake_at: None,
        launch_after: world.now,
        failed_rounds: 0,
        steady: false,
    };
    world.ecs.services.insert(key.clone(), service);
    deployments::start(world, &key);
    Ok(json!({"service": services::view(world, &key, true)}))
}

fn check_exec(world: &World, call: &Call, revision: &Revision) -> Result<(), Fault> {
    let definition = task_definitions::runnable(world, Some(&revision.task_definition))?;
    exec::check_service(flag(call, "enableExecuteCommand"), definition, "created")
}

fn flag(call: &Call, member: &str) -> bool {
    call.input.get(member).and_then(Value::as_bool).unwrap_or_default()
}

fn scheduling(call: &Call) -> Result<bool, Fault> {
    match call.text("schedulingStrategy") {
        None | Some("REPLICA") => Ok(false),
        Some("DAEMON") => Ok(true),
        Some(other) => Err(invalid(format!("Invalid scheduling strategy: {other}"))),
    }
}

/// The simulator deploys with the ECS controller only.
fn controller(call: &Call) -> Result<(), Fault> {
    match call.input.pointer("/deploymentController/type").and_then(Value::as_str) {
        None | Some("ECS") => Ok(()),
        Some(other) => Err(invalid(format!("The simulator has the deployment controller ECS only, not {other}."))),
    }
}

/// How many tasks are wanted; daemons take none.
fn desired(call: &Call, daemon: bool) -> Result<u32, Fault> {
    match call.input.get("desiredCount").filter(|count| !count.is_null()) {
        None if daemon => Ok(0),
        None => Err(invalid("The desiredCount must be specified for a service with the REPLICA scheduling strategy.")),
        Some(count) => parse_desired(count),
    }
}

/// A desired count from the input.
pub(super) fn parse_desired(count: &Value) -> Result<u32, Fault> {
    let count = count.as_u64().and_then(|count| u32::try_from(count).ok());
    count.ok_or_else(|| invalid("Desired count can not be negative."))
}

/// The first revision that the input asks for.
fn revision(world: &World, call: &Call, cluster: &str, key: &str) -> Result<Revision, Fault> {
    let definition = task_definitions::runnable(world, call.text("taskDefinition"))?;
    let (launch_type, strategy) = capacity(world, call, cluster)?;
    let on_fargate = on_fargate(launch_type.as_deref(), &strategy);
    check_definition(world, launch_type.as_deref(), &strategy, definition)?;
    let attached = attached(call);
    check_attached(world, &attached, definition, key)?;
    let network = network::asked(world, call, definition)?;
    Ok(Revision {
        task_definition: definition.arn.clone(),
        launch_type,
        strategy,
        platform_version: on_fargate.then(|| call.text("platformVersion").unwrap_or("LATEST").to_owned()),
        network,
        attached,
    })
}

/// The launch type or the strategy: what is given, else the cluster's default strategy, else EC2.
pub(super) fn capacity(world: &World, call: &Call, cluster: &str) -> Result<(Option<String>, Vec<Value>), Fault> {
    let cluster = clusters::active(world, cluster)?;
    let usable = clusters::usable(world, &cluster.name, &cluster.capacity_providers);
    let strategy = clusters::strategy(world, call, "capacityProviderStrategy", &usable)?;
    match (call.text("launchType"), strategy.is_empty()) {
        (Some(_), false) => {
            let message = "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.";
            Err(invalid(message))
        }
        (Some(launch_type @ ("FARGATE" | "EC2" | "EXTERNAL")), true) => Ok((Some(launch_type.to_owned()), Vec::new())),
        (Some(other), true) => Err(invalid(format!("Invalid launch type: {other}"))),
        (None, false) => Ok((None, strategy)),
        (None, true) if !cluster.default_strategy.is_empty() => Ok((None, cluster.default_strategy.clone())),
        (None, true) => Ok((Some("EC2".to_owned()), Vec::new())),
    }
}

/// What is attached must fit the task definition, and be there.
pub(super) fn check_attached(
    world: &World,
    attached: &Map<String, Value>,
    definition: &Definition,
    key: &str,
) -> Result<(), Fault> {
    load_balancing::check(world, attached, definition)?;
    connect::check(world, attached, definition, key)?;
    ebs::check(attached, definition)
}

/// Load balancers, registries, Service Connect and volumes, as given.
pub(super) fn attached(call: &Call) -> Map<String, Value> {
    let mut attached = Map::new();
    for member in ATTACHED {
        if let Some(value) = call.input.get(member).filter(|value| !is_empty(value)) {
            attached.insert(member.to_owned(), value.clone());
        }
    }
    attached
}

/// An empty list or object clears what it names.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// What the simulator keeps without acting by it, with the defaults that read back.
fn plain(call: &Call, daemon: bool) -> Map<String, Value> {
    let mut plain = Map::new();
    for list in ["placementConstraints", "placementStrategy"] {
        plain.insert(list.to_owned(), call.input.get(list).cloned().unwrap_or(json!([])));
    }
    let grace = call.input.get("healthCheckGracePeriodSeconds").cloned();
    plain.insert("healthCheckGracePeriodSeconds".to_owned(), grace.unwrap_or(json!(0)));
    // Left out at creation it is on (API reference, CreateService); daemons have none.
    let rebalancing = call.text("availabilityZoneRebalancing").unwrap_or(if daemon { "DISABLED" } else { "ENABLED" });
    plain.insert("availabilityZoneRebalancing".to_owned(), json!(rebalancing));
    plain
}
