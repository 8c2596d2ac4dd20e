//! ECS Exec: commands in containers, by an agent that ECS puts into each of them.
//!
//! Source: developer guide, "Monitor Amazon ECS containers with ECS Exec"; API reference, `ExecuteCommand`,
//! `ManagedAgent`. The agent talks to Systems Manager under the task's role; without one ECS refuses the service or task.

use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::tasks::{Container, ContainerStatus, Task};
use crate::services::ecs::{invalid, names, reach};
use crate::services::iam;
use crate::world::World;

/// What the agent does as soon as somebody runs a command.
const ACTIONS: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

/// A service in whose containers commands are to be run needs a task role. `done`: `created` or `updated`.
pub(super) fn check_service(enabled: bool, definition: &Definition, done: &str) -> Result<(), Fault> {
    if !enabled || definition.text("taskRoleArn").is_some() {
        return Ok(());
    }
    Err(invalid(format!(
        "The service couldn't be {done} because a valid taskRoleArn is not being used. Specify a valid task role in your task \
         definition and try again."
    )))
}

/// So does a task, by its definition or an override.
pub(super) fn check_task(enabled: bool, definition: &Definition, overrides: &Value) -> Result<(), Fault> {
    if !enabled || definition.text("taskRoleArn").is_some() || overrides.get("taskRoleArn").is_some() {
        return Ok(());
    }
    Err(invalid(
        "The execute command failed because a valid task role is not being used. Specify a valid task role in your task \
         definition or as a task override and try again.",
    ))
}

/// The agents in a container, as `DescribeTasks` shows them: it runs with its container.
pub(super) fn agents(task: &Task, container: &Container) -> Value {
    if !task.enable_execute_command {
        return Value::Null;
    }
    json!([{"name": "ExecuteCommandAgent", "lastStatus": container.status}])
}

/// `ExecuteCommand`
pub(super) fn execute(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    let id = names::task_id(call.text("task").unwrap_or_default()).to_owned();
    let task = world.ecs.tasks.get(&id).filter(|task| task.cluster == cluster);
    let task = task.ok_or_else(|| invalid("The referenced task was not found."))?.clone();
    let wanted = call.text("container");
    let container = match wanted {
        None if task.containers.len() > 1 => {
            return Err(invalid("Container name must be specified when there is more than one container in the task."));
        }
        _ => task.containers.iter().find(|container| wanted.is_none_or(|name| name == container.name)),
    };
    let container = container.ok_or_else(|| invalid("The container could not be found in the task."))?;
    if !task.enable_execute_command || container.status != ContainerStatus::Running {
        return Err(invalid(
            "The execute command failed because execute command was not enabled when the task was run or the execute \
             command agent isn't running. Wait and try again or run a new task with execute command enabled and try again.",
        ));
    }
    if !is_connected(world, &task) {
        return Err(Fault::bad_request(
            "TargetNotConnectedException",
            "The execute command failed due to an internal error. Try again later.",
        ));
    }
    let session = format!("ecs-execute-command-{}", world.ids.hex(17));
    Ok(json!({
        "clusterArn": task.cluster_arn,
        "taskArn": task.arn,
        "containerArn": container.arn,
        "containerName": container.name,
        "interactive": call.input.get("interactive").and_then(Value::as_bool).unwrap_or_default(),
        "session": {
            "sessionId": session,
            "streamUrl": format!("wss://ssmmessages.{}.amazonaws.com/v1/data-channel/{session}", world.region),
            "tokenValue": world.ids.hex(64),
        },
    }))
}

/// Whether the agent reaches Systems Manager (API reference, `TargetNotConnectedException`: the role's rights, the way
/// there).
fn is_connected(world: &World, task: &Task) -> bool {
    let gets_out = reach::gets_out(world, task);
    let definition = task_definitions::find(world, &task.definition);
    let overridden = task.overrides.get("taskRoleArn").and_then(Value::as_str);
    let role = overridden.or_else(|| definition.and_then(|definition| definition.text("taskRoleArn")));
    gets_out && role.is_some_and(|role| ACTIONS.iter().all(|action| iam::allows(world, role, action, "*")))
}
