//! `RegisterTaskDefinition`: what is given, with ECS's defaults filled in, becomes the family's next revision.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::call::{Answer, Call, texts};
use crate::images;
use crate::services::ecs::task_definitions::{Definition, Status};
use crate::services::ecs::{container, fargate, tags, validation};
use crate::world::World;

/// The members that read back as they were given.
const KEPT: [&str; 10] = [
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "requiresCompatibilities",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
];

/// `RegisterTaskDefinition`: never idempotent, each call makes a revision.
pub(super) fn register(world: &mut World, call: &Call) -> Answer {
    validation::check(&call.input)?;
    let tags = tags::parse(&call.input)?;
    let name = call.text("family").unwrap_or_default().to_owned();
    let revision = world.ecs.families.get(&name).map_or(0, |family| family.last) + 1;
    let definition = Definition {
        arn: world.arn("ecs", &format!("task-definition/{name}:{revision}")),
        family: name.clone(),
        revision,
        status: Status::Active,
        body: body(&call.input),
        tags,
        registered_at: world.now,
        registered_by: format!("arn:aws:iam::{}:user/{}", world.account_id, call.access_key),
        deregistered_at: None,
        delete_requested_at: None,
    };
    let answer = json!({"taskDefinition": definition.view(), "tags": tags::view(&definition.tags)});
    let family = world.ecs.families.entry(name).or_default();
    family.last = revision;
    family.revisions.insert(revision, definition);
    Ok(answer)
}

/// The definition as it reads back.
fn body(input: &Value) -> Value {
    let mut body = json!({});
    for member in KEPT {
        if let Some(value) = input.get(member) {
            set(&mut body, member, value.clone());
        }
    }
    let network_mode = input.get("networkMode").and_then(Value::as_str).unwrap_or("bridge");
    let mut containers = input.get("containerDefinitions").cloned().unwrap_or(json!([]));
    for one in containers.as_array_mut().into_iter().flatten() {
        container::fill(one, network_mode);
    }
    let size = |member: &str, parse: fn(&str) -> Option<u32>| {
        let given = input.get(member).and_then(Value::as_str)?;
        Some(parse(given).map_or_else(|| given.to_owned(), |number| number.to_string()))
    };
    set(&mut body, "cpu", json!(size("cpu", fargate::cpu_units)));
    set(&mut body, "memory", json!(size("memory", fargate::mebibytes)));
    set(&mut body, "requiresAttributes", attributes(input, &containers));
    set(&mut body, "compatibilities", compatibilities(input));
    set(&mut body, "containerDefinitions", containers);
    for list in ["volumes", "placementConstraints"] {
        set(&mut body, list, input.get(list).cloned().unwrap_or(json!([])));
    }
    body
}

fn set(body: &mut Value, member: &str, value: Value) {
    if let Some(members) = body.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

/// The launch types that the definition was checked to fit: EC2 always, Fargate when it would pass Fargate's checks, and Managed
/// Instances where it asks for them (developer guide, "Architect for Amazon ECS Managed Instances", "Task definitions").
fn compatibilities(input: &Value) -> Value {
    let requires = texts(input.get("requiresCompatibilities"));
    let mut as_fargate = input.clone();
    set(&mut as_fargate, "requiresCompatibilities", json!(["FARGATE"]));
    let fits = requires.iter().any(|required| required == "FARGATE") || validation::check(&as_fargate).is_ok();
    let managed = requires.iter().any(|required| required == "MANAGED_INSTANCES");
    let all = [("EC2", true), ("FARGATE", fits), ("MANAGED_INSTANCES", managed)];
    all.into_iter().filter(|(_, fits)| *fits).map(|(name, _)| json!(name)).collect()
}

/// The agent capabilities that tasks of it need.
fn attributes(input: &Value, containers: &Value) -> Value {
    let mut names = BTreeSet::from(["com.amazonaws.ecs.capability.docker-remote-api.1.18"]);
    if input.get("networkMode").and_then(Value::as_str) == Some("awsvpc") {
        names.insert("ecs.capability.task-eni");
    }
    if input.get("taskRoleArn").is_some() {
        names.insert("com.amazonaws.ecs.capability.task-iam-role");
    }
    for one in containers.as_array().into_iter().flatten() {
        if container::awslogs(one).is_some() {
            names.insert("com.amazonaws.ecs.capability.logging-driver.awslogs");
            names.insert("ecs.capability.execution-role-awslogs");
        }
        if images::is_ecr(container::image(one)) {
            names.insert("com.amazonaws.ecs.capability.ecr-auth");
            names.insert("ecs.capability.execution-role-ecr-pull");
        }
        if !container::secrets(one).is_empty() {
            names.insert("ecs.capability.secrets.asm.environment-variables");
        }
        if one.get("healthCheck").is_some() {
            names.insert("ecs.capability.container-health-check");
        }
    }
    names.into_iter().map(|name| json!({"name": name})).collect()
}
