//! `RunTask` and `StopTask`: tasks that belong to no service.

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::services::ecs::instances::{Placement, Shortfall};
use crate::services::ecs::launch::{self, Order, Refusal};
use crate::services::ecs::service_config::Revision;
use crate::services::ecs::service_create::capacity;
use crate::services::ecs::tags::{self, Tags};
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::tasks::StopCode;
use crate::services::ecs::{client, clusters, exec, invalid, lifecycle, names, network};
use crate::world::World;

/// The most tasks of one call (API reference, `RunTask`).
const MOST: u64 = 10;

/// How long a client token is remembered at most, in milliseconds (API reference, "Ensuring idempotency").
const TOKEN_LIFE: i64 = 24 * 3_600_000;

/// What a client token stands for.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunToken {
    input: Value,
    at: i64,
    tasks: Vec<String>,
}

/// `RunTask`: a client token that was used before answers the same tasks.
pub(super) fn run(world: &mut World, call: &Call) -> Answer {
    if let Some(answer) = remembered(world, call)? {
        return Ok(answer);
    }
    let count = call.input.get("count").and_then(Value::as_u64).unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        return Err(invalid("Count should be between 1 and 10."));
    }
    if call.text("propagateTags") == Some("SERVICE") {
        return Err(invalid("Invalid value for propagateTags: SERVICE is not supported by RunTask."));
    }
    let (mut order, revision) = order(world, call)?;
    let (mut started, mut failures) = (Vec::new(), Vec::new());
    let mut placed: Vec<String> = Vec::new();
    for _ in 0..count {
        let running =
            |provider: &str| u32::try_from(placed.iter().filter(|name| *name == provider).count()).unwrap_or(u32::MAX);
        order.capacity_provider = revision.next_provider(running);
        match launch::launch(world, &order) {
            Ok(id) => {
                placed.extend(order.capacity_provider.clone());
                started.push(id);
            }
            Err(Refusal::Role(reason)) => return Err(client(reason)),
            Err(Refusal::Capacity) => {
                let reason =
                    "Capacity is unavailable at this time. Please try again later or in a different availability zone";
                failures.push(json!({"reason": reason}));
            }
            Err(Refusal::Unplaced(shortfall)) => match unplaced(world, &order.cluster, &shortfall) {
                Some(failure) => failures.push(failure),
                None => return Err(invalid("No Container Instances were found in your cluster.")),
            },
        }
    }
    if let Some(token) = call.text("clientToken") {
        let remembered = RunToken { input: call.input.clone(), at: world.now, tasks: started.clone() };
        world.ecs.run_tokens.insert(token.to_owned(), remembered);
    }
    Ok(answer(world, &started, &failures))
}

fn unplaced(world: &World, cluster: &str, shortfall: &Shortfall) -> Option<Value> {
    let (instance, reason) = shortfall.failure()?;
    Some(json!({"arn": world.arn("ecs", &format!("container-instance/{cluster}/{instance}")), "reason": reason}))
}

fn answer(world: &World, ids: &[String], failures: &[Value]) -> Value {
    let tasks: Vec<Value> = ids.iter().filter_map(|id| world.ecs.tasks.get(id)).map(|task| task.view(true)).collect();
    json!({"tasks": tasks, "failures": failures})
}

/// The answer that a client token was given before; with other parameters it is a conflict.
fn remembered(world: &World, call: &Call) -> Result<Option<Value>, Fault> {
    let token = call.text("clientToken").and_then(|token| world.ecs.run_tokens.get(token));
    let alive = |token: &&RunToken| {
        world.now - token.at < TOKEN_LIFE && token.tasks.iter().any(|id| world.ecs.tasks.contains_key(id))
    };
    match token.filter(alive) {
        None => Ok(None),
        Some(token) if token.input == call.input => Ok(Some(answer(world, &token.tasks, &[]))),
        Some(_) => Err(Fault::bad_request("ConflictException", "The clientToken was used with other parameters.")),
    }
}

fn order(world: &World, call: &Call) -> Result<(Order, Revision), Fault> {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let definition = task_definitions::runnable(world, call.text("taskDefinition"))?;
    let (launch_type, strategy) = capacity(world, call, &cluster)?;
    let revision = Revision {
        task_definition: definition.arn.clone(),
        launch_type,
        strategy,
        platform_version: None,
        network: network::asked(world, call, definition)?,
        attached: serde_json::Map::new(),
    };
    revision.check_definition(world, definition)?;
    check_overrides(call, definition)?;
    let enable_execute_command = call.input.get("enableExecuteCommand").and_then(Value::as_bool).unwrap_or_default();
    let overrides = call.input.get("overrides").cloned().unwrap_or(json!({}));
    exec::check_task(enable_execute_command, definition, &overrides)?;
    let order = Order {
        group: call.text("group").map_or_else(|| format!("family:{}", definition.family), str::to_owned),
        definition: definition.arn.clone(),
        service: None,
        deployment: None,
        started_by: call.text("startedBy").map(str::to_owned),
        launch_type: revision.launch_type_of_tasks(world),
        capacity_provider: None,
        network: revision.network.clone(),
        placement: Placement::of(|member| call.input.get(member).cloned()),
        overrides,
        enable_execute_command,
        tags: task_tags(call, definition, &cluster)?,
        cluster,
    };
    Ok((order, revision))
}

fn task_tags(call: &Call, definition: &Definition, cluster: &str) -> Result<Tags, Fault> {
    let mut all = Tags::new();
    if call.text("propagateTags") == Some("TASK_DEFINITION") {
        all.extend(definition.tags.clone());
    }
    all.extend(tags::parse(&call.input)?);
    if call.input.get("enableECSManagedTags").and_then(Value::as_bool) == Some(true) {
        all.insert("aws:ecs:clusterName".to_owned(), cluster.to_owned());
    }
    Ok(all)
}

/// An override must name a container that is there.
fn check_overrides(call: &Call, definition: &Definition) -> Result<(), Fault> {
    let overrides = call.input.pointer("/overrides/containerOverrides").and_then(Value::as_array).into_iter().flatten();
    for name in overrides.filter_map(|one| one.get("name").and_then(Value::as_str)) {
        if !definition.containers().iter().any(|one| crate::services::ecs::container::name(one) == name) {
            return Err(invalid(format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
    }
    Ok(())
}

/// `StopTask`
pub(super) fn stop(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let id = names::task_id(call.text("task").unwrap_or_default()).to_owned();
    if world.ecs.tasks.get(&id).is_none_or(|task| task.cluster != cluster) {
        return Err(invalid("The referenced task was not found."));
    }
    lifecycle::stop(world, &id, StopCode::UserInitiated, call.text("reason").unwrap_or("Task stopped by user"));
    Ok(json!({"task": world.ecs.tasks.get(&id).map(|task| task.view(true))}))
}
