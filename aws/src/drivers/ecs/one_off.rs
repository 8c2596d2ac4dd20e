//! Tasks that run to their end. They are no kind of resource: nothing is made to match anything, and what is made once is
//! never made again (`longshore_planner::one_off`).

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::deregister_task_definition::builders::DeregisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::operation::describe_task_definition::builders::DescribeTaskDefinitionInputBuilder;
use aws_sdk_ecs::operation::describe_tasks::builders::DescribeTasksInputBuilder;
use aws_sdk_ecs::operation::list_task_definitions::builders::ListTaskDefinitionsInputBuilder;
use aws_sdk_ecs::operation::list_tasks::builders::ListTasksInputBuilder;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::operation::run_task::RunTaskInput;
use aws_sdk_ecs::operation::run_task::builders::RunTaskInputBuilder;
use aws_sdk_ecs::operation::stop_task::builders::StopTaskInputBuilder;
use aws_sdk_ecs::types::{
    Container, ContainerDefinition, DesiredStatus, Failure, SortOrder, Task, TaskDefinitionField, TaskDefinitionStatus,
    TaskField, TaskStopCode,
};
use aws_smithy_types::date_time::{DateTime, Format};
use jiff::Timestamp;
use longshore_crds::ecs_task::{ContainerStatus, Phase, RunStatus};
use longshore_planner::engine::{Owner, Ownership, TAG_RESOURCE};
use longshore_planner::one_off::{Sight, Trace, mark, mark_of};
use serde_json::Value;

use super::document::structure;
use super::{tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::only_missing;
use crate::fault::{Absent, Fault};
use crate::tags::Tags;

const RUN: &str = "ecs:RunTask";
const REGISTER: &str = "ecs:RegisterTaskDefinition";
/// API reference, `DescribeTasks`: "A list of up to 100 task IDs or full ARN entries".
pub(super) const DESCRIBED: usize = 100;

/// What came of `RunTask`.
#[derive(Debug)]
pub struct Started {
    /// How many tasks were started.
    pub count: usize,
    /// Those of them that show whose they are already.
    pub tasks: Vec<Sight>,
    /// Why others were not, in ECS's words.
    pub failures: Vec<String>,
}

/// An object's tasks in a cluster: those that carry its tags among those that `started_by` finds, and those of `known`, by
/// ARN. One that is neither is forgotten by ECS, or not known everywhere yet.
pub async fn one_off_tasks(
    aws: &Aws<Read>,
    ownership: &Ownership,
    cluster: &str,
    started_by: &str,
    known: &[String],
) -> Result<Vec<Sight>, Fault> {
    let mut arns: BTreeSet<String> = known.iter().cloned().collect();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let request = ListTasksInputBuilder::default().cluster(cluster).started_by(started_by).desired_status(status);
        arns.extend(listed(aws, request).await?);
    }
    let arns: Vec<String> = arns.into_iter().collect();
    let mut found = vec![];
    for chunk in arns.chunks(DESCRIBED) {
        let request = DescribeTasksInputBuilder::default()
            .cluster(cluster)
            .set_tasks(Some(chunk.to_vec()))
            .include(TaskField::Tags);
        let Some(answer) = aws.read(request).await.absent_if(&[NO_CLUSTER])? else { continue };
        only_missing("ecs:DescribeTasks", answer.failures())?;
        found.extend(answer.tasks().iter().filter_map(|task| sight(task, ownership)));
    }
    Ok(found)
}

/// Its tasks went with it.
pub(super) const NO_CLUSTER: &str = "ClusterNotFoundException";

/// Every page of a list of tasks, by their ARNs.
pub(super) async fn listed(aws: &Aws<Read>, request: ListTasksInputBuilder) -> Result<Vec<String>, Fault> {
    let (mut arns, mut token) = (vec![], None);
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await.absent_if(&[NO_CLUSTER])?;
        let Some(page) = page else { return Ok(arns) };
        arns.extend(page.task_arns.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(arns);
        }
    }
}

/// Starts what `request` says, by `RunTask`'s own members. With a client token that was used before AWS answers what it
/// started then.
pub async fn run_task(aws: &Aws<Write>, ownership: &Ownership, request: &Value) -> Result<Started, Fault> {
    let input = structure(RUN, request, RunTaskInput::deserialize)?;
    let request = RunTaskInputBuilder::default()
        .set_capacity_provider_strategy(input.capacity_provider_strategy)
        .set_cluster(input.cluster)
        .set_count(input.count)
        .set_enable_ecs_managed_tags(input.enable_ecs_managed_tags)
        .set_enable_execute_command(input.enable_execute_command)
        .set_group(input.group)
        .set_launch_type(input.launch_type)
        .set_network_configuration(input.network_configuration)
        .set_overrides(input.overrides)
        .set_placement_constraints(input.placement_constraints)
        .set_placement_strategy(input.placement_strategy)
        .set_platform_version(input.platform_version)
        .set_propagate_tags(input.propagate_tags)
        .set_reference_id(input.reference_id)
        .set_started_by(input.started_by)
        .set_tags(input.tags)
        .set_task_definition(input.task_definition)
        .set_client_token(input.client_token);
    let answer = aws.write(request).await?;
    let why =
        |failure: &Failure| [failure.reason(), failure.detail()].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Ok(Started {
        count: answer.tasks().len(),
        tasks: answer.tasks().iter().filter_map(|task| sight(task, ownership)).collect(),
        failures: answer.failures().iter().map(why).collect(),
    })
}

/// Stops a task; one that ECS knows no more has stopped.
pub async fn stop_task(aws: &Aws<Write>, cluster: &str, task: &str, why: &str) -> Result<(), Fault> {
    // API reference, `StopTask`: a reason has at most 255 characters ("Stopped task error messages").
    let why: String = why.chars().take(255).collect();
    let request = StopTaskInputBuilder::default().cluster(cluster).task(task).reason(why);
    match aws.write(request).await {
        Err(fault) if fault.is("InvalidParameterException") && fault.message.contains("not found") => Ok(()),
        Err(fault) if fault.is(NO_CLUSTER) => Ok(()),
        answer => answer.map(drop),
    }
}

/// A task that carries the object's tags.
fn sight(task: &Task, ownership: &Ownership) -> Option<Sight> {
    let tags = tags_of(task.tags());
    if ownership.judge(&tags) != Owner::This {
        return None;
    }
    let (attempt, content) = mark_of(tags.get(TAG_RESOURCE)?)?;
    Some(Sight {
        record: record(task, attempt)?,
        content,
        created_at: time(task.created_at()).and_then(|time| time.parse::<Timestamp>().ok()).unwrap_or_default(),
        task_definition: task.task_definition_arn().map(str::to_owned),
    })
}

/// As the status tells it.
pub(super) fn record(task: &Task, attempt: u32) -> Option<RunStatus> {
    Some(RunStatus {
        task_arn: task.task_arn()?.to_owned(),
        attempt,
        last_status: task.last_status().unwrap_or_default().to_owned(),
        started_at: time(task.started_at()),
        stopped_at: time(task.stopped_at()),
        stop_code: task.stop_code().map(TaskStopCode::as_str).map(str::to_owned),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        containers: task.containers().iter().map(container).collect(),
    })
}

/// RFC 3339.
pub(super) fn time(time: Option<&DateTime>) -> Option<String> {
    time.and_then(|time| time.fmt(Format::DateTime).ok())
}

fn container(container: &Container) -> ContainerStatus {
    ContainerStatus {
        name: container.name().unwrap_or_default().to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
        log_group: None,
        log_stream: None,
    }
}

const TAG_UID: &str = "longshore.dev/run-uid";
const TAG_AT: &str = "longshore.dev/run-at";
const TAG_OUTCOME: &str = "longshore.dev/run-outcome";
/// How many of an object's newest traces are looked at: each attempt leaves one at its beginning and one at its end.
const TRACES: i32 = 20;

/// What an object's runs left in AWS, the newest first.
pub async fn traces(aws: &Aws<Read>, ownership: &Ownership, family: &str) -> Result<Vec<Trace>, Fault> {
    let mut found = vec![];
    for status in [TaskDefinitionStatus::Active, TaskDefinitionStatus::Inactive] {
        found.extend(revisions(aws, ownership, family, status).await?.into_iter().map(|(_, trace)| trace));
    }
    Ok(found)
}

/// The revisions that are traces of an object's runs, the newest first.
async fn revisions(
    aws: &Aws<Read>,
    ownership: &Ownership,
    family: &str,
    status: TaskDefinitionStatus,
) -> Result<Vec<(String, Trace)>, Fault> {
    let request = ListTaskDefinitionsInputBuilder::default()
        .family_prefix(family)
        .status(status)
        .sort(SortOrder::Desc)
        .max_results(TRACES);
    let mut found = vec![];
    for arn in aws.read(request).await?.task_definition_arns.unwrap_or_default() {
        let request =
            DescribeTaskDefinitionInputBuilder::default().task_definition(&arn).include(TaskDefinitionField::Tags);
        let tags = tags_of(aws.read(request).await?.tags());
        found.extend(trace_of(&tags).filter(|_| ownership.judge(&tags) == Owner::This).map(|trace| (arn, trace)));
    }
    Ok(found)
}

fn trace_of(tags: &Tags) -> Option<Trace> {
    let (attempt, content) = mark_of(tags.get(TAG_RESOURCE)?)?;
    let outcome = tags.get(TAG_OUTCOME).and_then(|word| Phase::ALL.iter().find(|phase| phase.as_str() == word));
    Some(Trace {
        uid: tags.get(TAG_UID)?.clone(),
        attempt,
        content,
        at: tags.get(TAG_AT)?.parse().ok()?,
        outcome: outcome.copied(),
    })
}

/// Leaves a trace, or finishes leaving it.
pub async fn leave_trace(aws: &Aws<Write>, ownership: &Ownership, family: &str, trace: &Trace) -> Result<(), Fault> {
    let begun = revisions(&aws.reader(), ownership, family, TaskDefinitionStatus::Active).await?;
    let same = |other: &Trace| Trace { at: trace.at, ..other.clone() } == *trace;
    let revision = match begun.into_iter().find(|(_, other)| same(other)) {
        Some((revision, _)) => revision,
        None => register(aws, ownership, family, trace).await?,
    };
    deregister(aws, revision).await
}

/// Finishes leaving what traces an object has begun to leave: it goes, and they are to stay.
pub async fn settle_traces(aws: &Aws<Write>, ownership: &Ownership, family: &str) -> Result<(), Fault> {
    for (revision, _) in revisions(&aws.reader(), ownership, family, TaskDefinitionStatus::Active).await? {
        deregister(aws, revision).await?;
    }
    Ok(())
}

async fn register(aws: &Aws<Write>, ownership: &Ownership, family: &str, trace: &Trace) -> Result<String, Fault> {
    let mut tags = ownership.tags(&mark(trace.attempt, &trace.content));
    tags.extend([(TAG_UID.to_owned(), trace.uid.clone()), (TAG_AT.to_owned(), trace.at.to_string())]);
    tags.extend(trace.outcome.map(|outcome| (TAG_OUTCOME.to_owned(), outcome.to_string())));
    // The least that ECS takes for a task definition.
    let container = ContainerDefinition::builder().name("none").image("none").memory(4).build();
    let request = RegisterTaskDefinitionInputBuilder::default()
        .family(family)
        .container_definitions(container)
        .set_tags(Some(tag_list(tags)));
    let revision = aws.write(request).await?.task_definition.and_then(|revision| revision.task_definition_arn);
    revision.ok_or_else(|| Fault::unexpected(REGISTER, "taskDefinitionArn"))
}

async fn deregister(aws: &Aws<Write>, revision: String) -> Result<(), Fault> {
    aws.write(DeregisterTaskDefinitionInputBuilder::default().task_definition(revision)).await.map(drop)
}
