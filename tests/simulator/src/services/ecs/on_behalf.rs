//! `RunTask` that another service of AWS asks for, by a role that trusts it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{names, run_task, task_definitions};
use crate::call::{Answer, Call, Fault, Service};
use crate::services::iam::{self, Access};
use crate::world::World;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Behalf {
    /// The service, as roles trust it.
    pub service: &'static str,
    /// The ARN of what it acts for.
    pub source: String,
}

/// Runs a task as a service such as `scheduler.amazonaws.com`: its role must trust the service and allow `ecs:RunTask`, to
/// pass the roles of the task, and to tag it where it gets tags (developer guide, "Amazon ECS EventBridge IAM Role").
pub fn run_on_behalf(world: &mut World, behalf: &Behalf, role: &str, input: &Value) -> Answer {
    iam::assumable_for(world, role, behalf.service, &behalf.source, world.now).map_err(denied)?;
    let definition = task_definitions::runnable(world, input.get("taskDefinition").and_then(Value::as_str))?;
    let (arn, own) = (definition.arn.clone(), ["taskRoleArn", "executionRoleArn"].map(|it| definition.text(it)));
    let passed = ["taskRoleArn", "executionRoleArn"].into_iter().zip(own).filter_map(|(member, own)| {
        let overrides = input.get("overrides").and_then(|overrides| overrides.get(member)?.as_str());
        overrides.or(own).map(str::to_owned)
    });
    let passed: Vec<String> = passed.collect();
    let call = Call {
        service: Service::Ecs,
        operation: "RunTask".to_owned(),
        input: input.clone(),
        region: world.region.clone(),
        access_key: String::new(),
        account_id: world.account_id.clone(),
        time: world.now,
    };
    let cluster = names::cluster_name(world, &call)?;
    let on_cluster = [("ecs:cluster".to_owned(), world.arn("ecs", &format!("cluster/{cluster}")))];
    allow(world, role, "ecs:RunTask", &arn, on_cluster.into())?;
    for one in &passed {
        let to_tasks = [("iam:passedtoservice".to_owned(), "ecs-tasks.amazonaws.com".to_owned())];
        allow(world, role, "iam:PassRole", one, to_tasks.into())?;
    }
    if gets_tags(input) {
        let tasks = world.arn("ecs", &format!("task/{cluster}/new"));
        let on_creation = [("ecs:createaction".to_owned(), "RunTask".to_owned())];
        allow(world, role, "ecs:TagResource", &tasks, on_creation.into())?;
    }
    let answer = run_task::run(world, &call)?;
    let mut failures = answer.get("failures").and_then(Value::as_array).into_iter().flatten();
    match failures.find_map(|failure| failure.get("reason")?.as_str()) {
        Some(reason) => Err(Fault::bad_request("InternalFailure", reason)),
        None => Ok(answer),
    }
}

/// Developer guide, "Tagging authorization".
fn gets_tags(input: &Value) -> bool {
    let tags = input.get("tags").and_then(Value::as_array).is_some_and(|tags| !tags.is_empty());
    tags || input.get("propagateTags").is_some_and(|tags| tags == "TASK_DEFINITION")
        || input.get("enableECSManagedTags").is_some_and(|managed| managed == true)
}

fn allow(
    world: &World,
    role: &str,
    action: &str,
    resource: &str,
    context: BTreeMap<String, String>,
) -> Result<(), Fault> {
    if iam::allowed(world, &Access { role: Some(role), action, resource, context }, None) {
        return Ok(());
    }
    Err(denied(format!("{role} is not authorized to perform: {action} on resource: {resource}")))
}

fn denied(why: String) -> Fault {
    Fault::bad_request("AccessDeniedException", why)
}
