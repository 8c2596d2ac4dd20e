//! Lifecycle hooks of deployments: functions that answer as tests have it, and pauses that wait for somebody.
//!
//! Developer guide, "Lifecycle hooks for Amazon ECS service deployments", "Lambda hooks" and "Pause hooks".

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault, texts};
use crate::clock::wire_time;
use crate::services::ecs::shifting::Stage;
use crate::services::ecs::{circuit_breaker, deployments, invalid, service_deployments};
use crate::services::iam::{self, Access};
use crate::world::World;

/// How long a function takes to answer, in milliseconds.
const TAKES: i64 = 2_000;

/// After how long one that is not done is called again (developer guide: "By default, the delay is 30 seconds").
const AGAIN: i64 = 30_000;

const MINUTE: i64 = 60_000;

/// How a hook stands (API reference, `DeploymentLifecycleHookStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    AwaitingAction,
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
}

/// A hook at the stage that a deployment is in.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Hook {
    pub(super) id: String,
    /// The function; `None` of a pause.
    function: Option<String>,
    role: Option<String>,
    pub(super) status: Status,
    /// When the function is done, or asked again.
    asks_at: i64,
    expires_at: i64,
    rolls_back: bool,
}

/// What the hooks of a stage let a deployment do.
pub(super) enum Verdict {
    GoOn,
    /// Until that time at most.
    Wait(i64),
    RollBack,
}

/// The hooks that a configuration has at a stage.
pub(super) fn begin(world: &mut World, configuration: &Value, stage: Stage) -> Vec<Hook> {
    let named = json!(stage);
    let configured = configuration["lifecycleHooks"].as_array().cloned().unwrap_or_default();
    let here = |hook: &&Value| texts(hook.get("lifecycleStages")).iter().any(|one| named == json!(one));
    let text = |hook: &Value, member: &str| hook.get(member).and_then(Value::as_str).map(str::to_owned);
    let mut hooks = vec![];
    for hook in configured.iter().filter(here) {
        let function = text(hook, "hookTargetArn");
        let kind = if function.is_some() { "lambda" } else { "pause" };
        let minutes = hook.pointer("/timeoutConfiguration/timeoutInMinutes").and_then(Value::as_i64).unwrap_or(1440);
        let action = hook.pointer("/timeoutConfiguration/action").and_then(Value::as_str);
        hooks.push(Hook {
            id: format!("ecs-{kind}-{}", world.ids.hex(32)),
            status: if function.is_some() { Status::InProgress } else { Status::AwaitingAction },
            function,
            role: text(hook, "roleArn"),
            asks_at: world.now + TAKES,
            expires_at: world.now + minutes * MINUTE,
            rolls_back: action != Some("CONTINUE"),
        });
    }
    hooks
}

/// Lets functions answer that are due, and says what that means.
pub(super) fn judge(world: &World, hooks: &mut [Hook]) -> Verdict {
    let now = world.now;
    for hook in hooks.iter_mut() {
        let open = matches!(hook.status, Status::InProgress | Status::AwaitingAction);
        if open && now >= hook.expires_at {
            hook.status = Status::TimedOut;
        } else if hook.status == Status::InProgress && now >= hook.asks_at {
            hook.status = answer(world, hook);
            hook.asks_at = now + AGAIN;
        }
    }
    let rolls_back = |hook: &Hook| match hook.status {
        Status::Failed => true,
        Status::TimedOut => hook.rolls_back,
        _ => false,
    };
    if hooks.iter().any(rolls_back) {
        return Verdict::RollBack;
    }
    let open = hooks.iter().filter_map(|hook| match hook.status {
        Status::InProgress => Some(hook.asks_at.min(hook.expires_at)),
        Status::AwaitingAction => Some(hook.expires_at),
        _ => None,
    });
    open.min().map_or(Verdict::GoOn, Verdict::Wait)
}

/// What a function answers: success, unless a test has it otherwise, or ECS may not call it.
fn answer(world: &World, hook: &Hook) -> Status {
    let (Some(function), Some(role)) = (&hook.function, &hook.role) else { return Status::Failed };
    let action = "lambda:InvokeFunction";
    let access = Access { role: Some(role), action, resource: function, context: BTreeMap::new() };
    let may =
        iam::assumable(world, role, super::ebs::PRINCIPAL, world.now).is_ok() && iam::allowed(world, &access, None);
    match world.ecs.hook_answers.get(function).map(String::as_str) {
        _ if !may => Status::Failed,
        None | Some("SUCCEEDED") => Status::Succeeded,
        Some("IN_PROGRESS") => Status::InProgress,
        Some(_) => Status::Failed,
    }
}

/// As `DescribeServiceDeployments` shows them.
pub(super) fn view(hooks: &[Hook]) -> Value {
    let one = |hook: &Hook| {
        json!({
            "hookId": hook.id,
            "targetType": if hook.function.is_some() { "AWS_LAMBDA" } else { "PAUSE" },
            "targetArn": hook.function,
            "status": hook.status,
            "expiresAt": wire_time(hook.expires_at),
            "timeoutAction": if hook.rolls_back { "ROLLBACK" } else { "CONTINUE" },
        })
    };
    hooks.iter().map(one).collect()
}

/// What a function answers from now on: `SUCCEEDED`, `FAILED` or `IN_PROGRESS`.
pub fn set_hook_answer(world: &mut World, function: &str, answer: &str) {
    world.ecs.hook_answers.insert(function.to_owned(), answer.to_owned());
}

/// `ContinueServiceDeployment`: developer guide, "Continuing service deployments".
pub(super) fn proceed(world: &mut World, call: &Call) -> Answer {
    let arn = call.text("serviceDeploymentArn").unwrap_or_default().to_owned();
    let missing = || Fault::bad_request("ServiceDeploymentNotFoundException", "Service deployment not found.");
    let key = service_deployments::owner(world, &arn, "service-deployment").ok_or_else(missing)?;
    let service = world.ecs.services.get_mut(&key).ok_or_else(missing)?;
    if !service.records.last().is_some_and(|record| record.arn == arn && record.is_in_progress()) {
        return Err(invalid("The service deployment is not in progress."));
    }
    let id = call.text("hookId").unwrap_or_default();
    let shift = service.deployments.first_mut().and_then(|primary| primary.shift.as_mut());
    let hook = shift.and_then(|shift| shift.hooks.iter_mut().find(|hook| hook.id == id));
    let hook = hook.filter(|hook| hook.status == Status::AwaitingAction);
    let hook = hook.ok_or_else(|| invalid(format!("The lifecycle hook {id} is not awaiting an action.")))?;
    match call.text("action").unwrap_or("CONTINUE") {
        "CONTINUE" => hook.status = Status::Succeeded,
        "ROLLBACK" => {
            hook.status = Status::Failed;
            circuit_breaker::stopped_by_user(world, &key);
        }
        other => return Err(invalid(format!("Invalid action: {other}"))),
    }
    deployments::look_soon(world, &key);
    Ok(json!({"serviceDeploymentArn": arn}))
}
