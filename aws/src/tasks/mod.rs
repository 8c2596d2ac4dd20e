//! The tasks of a service, for people at the command line: which there are, what their containers write, and commands
//! that run in them.

mod execute;
mod logs;

use aws_sdk_ecs::operation::describe_tasks::builders::DescribeTasksInputBuilder;
use aws_sdk_ecs::operation::list_tasks::builders::ListTasksInputBuilder;
use aws_sdk_ecs::types as api;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Serialize;

use crate::access::{Aws, Read};
use crate::drivers::only_missing;
use crate::fault::Fault;

pub use execute::{CommandSession, execute_command};
pub use logs::{LogDestination, LogEvent, LogSource, Tail, log_sources};

/// `DescribeTasks` takes 100 tasks (API reference).
const MOST: usize = 100;

/// A task, as ECS tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// What stands behind the last slash of its ARN.
    pub id: String,
    /// ARN of its revision.
    pub task_definition: String,
    /// Such as `RUNNING`.
    pub last_status: String,
    /// `RUNNING`, or `STOPPED` once it is to stop.
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: String,
    /// Such as `eu-west-1a`.
    pub zone: String,
    /// When it was asked for (RFC 3339).
    pub created_at: String,
    /// When its containers ran (RFC 3339); empty before.
    pub started_at: String,
    /// When it had stopped (RFC 3339); empty before.
    pub stopped_at: String,
    /// ECS's words on why it stops.
    pub stopped_reason: String,
    /// Whether commands may be run in it.
    pub enable_execute_command: bool,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Its name in the task definition.
    pub name: String,
    /// Such as `RUNNING`.
    pub last_status: String,
    /// By its health check; `UNKNOWN` without one.
    pub health: String,
    /// Its exit code, if it ran and ended.
    pub exit_code: Option<i32>,
    /// ECS's words, such as `CannotPullContainerError: ...`.
    pub reason: String,
    /// What Systems Manager calls it.
    pub runtime_id: String,
    /// The agent that runs commands; `None` where there is none.
    pub agent: Option<Agent>,
}

/// The agent of ECS Exec in a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// `PENDING`, `RUNNING` or `STOPPED`.
    pub status: String,
    /// Why it is not running.
    pub reason: String,
}

/// The tasks of a service: those that are to run and those that are to stop, for as long as ECS tells of them, which is
/// an hour at least (API reference, `DescribeTasks`). The newest first.
pub async fn tasks(aws: &Aws<Read>, cluster: &str, service: &str) -> Result<Vec<Task>, Fault> {
    let mut arns = vec![];
    for desired in [api::DesiredStatus::Running, api::DesiredStatus::Stopped] {
        arns.extend(list(aws, cluster, service, desired).await?);
    }
    let mut tasks = vec![];
    for some in arns.chunks(MOST) {
        let request = DescribeTasksInputBuilder::default().cluster(cluster).set_tasks(Some(some.to_vec()));
        let answer = aws.read(request).await?;
        only_missing("ecs:DescribeTasks", answer.failures())?;
        tasks.extend(answer.tasks.unwrap_or_default().iter().map(task));
    }
    tasks.sort_by(|a, b| (&b.created_at, &a.id).cmp(&(&a.created_at, &b.id)));
    Ok(tasks)
}

async fn list(
    aws: &Aws<Read>,
    cluster: &str,
    service: &str,
    desired: api::DesiredStatus,
) -> Result<Vec<String>, Fault> {
    let request = ListTasksInputBuilder::default().cluster(cluster).service_name(service).desired_status(desired);
    let (mut arns, mut token) = (vec![], None);
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        arns.extend(page.task_arns.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(arns);
        }
    }
}

fn task(task: &api::Task) -> Task {
    let arn = task.task_arn().unwrap_or_default();
    Task {
        id: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        task_definition: text(task.task_definition_arn()),
        last_status: text(task.last_status()),
        desired_status: text(task.desired_status()),
        health: text(task.health_status().map(api::HealthStatus::as_str)),
        zone: text(task.availability_zone()),
        created_at: time(task.created_at()),
        started_at: time(task.started_at()),
        stopped_at: time(task.stopped_at()),
        stopped_reason: text(task.stopped_reason()),
        enable_execute_command: task.enable_execute_command(),
        containers: task.containers().iter().map(container).collect(),
    }
}

fn container(container: &api::Container) -> Container {
    let mut agents = container.managed_agents().iter();
    let agent = agents.find(|agent| agent.name() == Some(&api::ManagedAgentName::ExecuteCommandAgent));
    Container {
        name: text(container.name()),
        last_status: text(container.last_status()),
        health: text(container.health_status().map(api::HealthStatus::as_str)),
        exit_code: container.exit_code(),
        reason: text(container.reason()),
        runtime_id: text(container.runtime_id()),
        agent: agent.map(|agent| Agent { status: text(agent.last_status()), reason: text(agent.reason()) }),
    }
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn time(time: Option<&DateTime>) -> String {
    time.and_then(|time| time.fmt(Format::DateTime).ok()).unwrap_or_default()
}
