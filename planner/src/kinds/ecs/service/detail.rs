//! What the object's status tells of a service, and rollouts are judged by.

use serde::{Deserialize, Serialize};

use crate::desired::{CONTINUE, ROLL_BACK};

/// Everything that was observed of a service beside its value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDetail {
    /// The primary first.
    pub deployments: Vec<Deployment>,
    /// Tasks that run, over all deployments.
    pub running: i32,
    /// Tasks that are being started.
    pub pending: i32,
    /// Those among them that wait until their capacity provider has launched an instance; looked for only where tasks are
    /// started by a provider of instances.
    pub waiting: i32,
    /// Tasks that ECS is asked for, by whoever asked last.
    pub desired: i32,
    /// The newest five.
    pub events: Vec<ServiceEvent>,
    /// Tasks that stopped and should not have, the newest first; looked for only while a rollout is under way.
    pub failed_tasks: Vec<FailedTask>,
    /// The newest deployment; asked for only where traffic is shifted, or the service's events speak of a rollback.
    pub service_deployment: Option<ServiceDeployment>,
    /// ARNs of the target groups that traffic goes to, where it is shifted and no deployment is under way.
    pub live: Vec<String>,
    /// What its container instances lack, in words; looked for only while a task finds no room on them.
    pub no_room: Option<String>,
}

/// One of `DescribeServices`' deployments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// `ecs-svc/...`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// ARN of the revision.
    pub task_definition: String,
    /// Tasks wanted of it.
    pub desired: i32,
    /// Tasks of it that run.
    pub running: i32,
    /// Tasks of it that are being started.
    pub pending: i32,
    /// Tasks of it that failed, since the last healthy one.
    pub failed_tasks: i32,
    /// How far it is; `None` where ECS doesn't say (the external controller).
    pub rollout_state: Option<RolloutState>,
    /// ECS's words.
    pub rollout_state_reason: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RolloutState {
    /// Under way.
    InProgress,
    /// All its tasks run.
    Completed,
    /// The circuit breaker or an alarm ended it.
    Failed,
}

/// A message of ECS about a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEvent {
    /// RFC 3339.
    pub at: String,
    /// ECS's words.
    pub message: String,
}

/// A task that stopped and should not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FailedTask {
    /// Its id, without the ARN around it.
    pub task: String,
    /// ARN of the revision.
    pub task_definition: String,
    /// Such as `TaskFailedToStart`.
    pub stop_code: String,
    /// ECS's words.
    pub stopped_reason: String,
    /// RFC 3339.
    pub stopped_at: String,
    /// Its containers.
    pub containers: Vec<FailedContainer>,
}

/// A container of a task that stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FailedContainer {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its exit code, if it ran.
    pub exit_code: Option<i32>,
    /// ECS's words, such as `CannotPullContainerError: ...`.
    pub reason: String,
}

/// One of `ListServiceDeployments`'.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: String,
    /// Such as `ROLLBACK_SUCCESSFUL`.
    pub status: String,
    /// ECS's words.
    pub status_reason: String,
    /// ARN of the revision that it was to bring (`DescribeServiceRevisions` of its target).
    pub task_definition: String,
    /// When it began; RFC 3339.
    pub created_at: String,
    /// How far it is, where it shifts traffic: such as `BAKE_TIME`.
    pub stage: String,
    /// What the new revision gets of the traffic.
    pub traffic: Option<Traffic>,
    /// Its hooks at this stage.
    pub hooks: Vec<LifecycleHook>,
}

/// What a revision gets of the traffic, in words, since a percent may have a fraction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Traffic {
    /// In percent.
    pub production: String,
    /// In percent.
    pub test: String,
}

/// A lifecycle hook of a deployment under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LifecycleHook {
    /// ECS's.
    pub id: String,
    /// The function, of one that is called.
    pub function: Option<String>,
    /// Such as `AWAITING_ACTION`.
    pub status: String,
    /// RFC 3339.
    pub expires_at: String,
    /// `ROLLBACK` or `CONTINUE`.
    pub timeout_action: String,
}

impl LifecycleHook {
    /// Whether somebody must say that it goes on.
    pub fn awaits_action(&self) -> bool {
        self.status == "AWAITING_ACTION"
    }
}

impl ServiceDeployment {
    /// What annotations name it by: the end of its ARN.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }

    /// Whether it is under way, or being rolled back.
    pub fn is_open(&self) -> bool {
        ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"]
            .contains(&self.status.as_str())
    }

    /// In words, where it shifts traffic: the stage, what the new revision gets, and what is waited for.
    pub fn words(&self) -> Option<String> {
        if self.stage.is_empty() || !self.is_open() {
            return None;
        }
        let traffic = self.traffic.as_ref().map(|traffic| format!(", {} % of the traffic", traffic.production));
        let waits = self.hooks.iter().find(|hook| hook.awaits_action()).map(|hook| {
            let then = if hook.timeout_action == "CONTINUE" { "goes on" } else { "goes back" };
            format!(
                "; it is paused, and {then} by itself at {}: annotate {CONTINUE}={} to go on, or {ROLL_BACK}={} to go back",
                hook.expires_at,
                self.id(),
                self.task_definition.rsplit('/').next().unwrap_or_default()
            )
        });
        let called =
            self.hooks.iter().filter(|hook| hook.status == "IN_PROGRESS").find_map(|hook| hook.function.as_ref());
        let called = called.map(|function| format!("; {function} has not answered yet"));
        Some(format!("{}{}{}", self.stage, traffic.unwrap_or_default(), waits.or(called).unwrap_or_default()))
    }
}

/// What events begin with, after the service's name, that say why a task was not started.
const NOT_PLACED: [&str; 2] = ["was unable to place a task", "failed to launch a task"];

impl ServiceDetail {
    /// The deployment that ECS works towards.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.status == "PRIMARY")
    }

    /// The deployment of a revision that failed, if there is one.
    pub fn failed(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.rollout_state == Some(RolloutState::Failed))
    }

    /// Why no container instance takes a task that is missing, in ECS's words (developer guide, "Amazon ECS service event
    /// messages"), which has none for a task that waits for its capacity provider; `None` where none is missing, or
    /// something else is in its way.
    pub fn lacks_room(&self) -> Option<&str> {
        let missing = self.primary().is_some_and(|primary| primary.running + primary.pending < primary.desired);
        let refused =
            self.not_placed().filter(|why| missing && why.to_ascii_lowercase().contains("container instance"));
        refused.or((self.waiting > 0).then_some(""))
    }

    /// Why ECS cannot start a task, in its words, unless it has started one since (developer guide, "Amazon ECS service event
    /// messages").
    pub fn not_placed(&self) -> Option<&str> {
        let tells = |event: &&ServiceEvent| {
            NOT_PLACED.iter().any(|words| event.message.contains(words)) || event.message.contains(") has started ")
        };
        let message = &self.events.iter().find(tells)?.message;
        let begin = NOT_PLACED.iter().find_map(|words| message.find(words))?;
        let words = message.get(begin..)?;
        Some(words.split(" For more information").next().unwrap_or(words).trim_end_matches('.'))
    }
}

impl FailedTask {
    /// The reason in one line: the container and image that failed, its exit code, and ECS's words.
    pub fn words(&self) -> String {
        let mut said = vec![format!("task {}", self.task)];
        if !self.stopped_reason.is_empty() {
            said.push(self.stopped_reason.clone());
        }
        let telling =
            self.containers.iter().filter(|c| !c.reason.is_empty() || c.exit_code.is_some_and(|code| code != 0));
        for container in telling {
            let exit = container.exit_code.map(|code| format!(" exited with {code}")).unwrap_or_default();
            let reason = Some(&container.reason).filter(|r| !r.is_empty() && !self.stopped_reason.contains(*r));
            let reason = reason.map(|words| format!(": {words}")).unwrap_or_default();
            said.push(format!("container {} (image {}){exit}{reason}", container.name, container.image));
        }
        said.join(": ")
    }
}
