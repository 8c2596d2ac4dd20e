//! How a service's rollout goes, and why tasks of it failed.

use aws_sdk_ecs::operation::describe_service_revisions::builders::DescribeServiceRevisionsInputBuilder;
use aws_sdk_ecs::operation::list_service_deployments::builders::ListServiceDeploymentsInputBuilder;
use aws_sdk_ecs::operation::list_tasks::builders::ListTasksInputBuilder;
use aws_sdk_ecs::types as api;
use aws_smithy_types::date_time::{DateTime, Format};
use longshore_planner::desired::is_fargate_provider;
use longshore_planner::kinds::ecs::service as kinds;
use longshore_planner::kinds::ecs::service::{FailedContainer, FailedTask, RolloutState, ServiceDetail, ServiceEvent};

use super::traffic;
use crate::access::{Aws, Read};
use crate::drivers::ecs::container_instances::described_tasks;
use crate::fault::Fault;

/// How many events and failed tasks are told.
const TOLD: usize = 5;

/// What `DescribeServices` says by itself: all that a plan depends on.
pub(super) fn described(service: &api::Service) -> ServiceDetail {
    ServiceDetail {
        deployments: deployments(service),
        running: service.running_count(),
        pending: service.pending_count(),
        waiting: 0,
        desired: service.desired_count(),
        events: service.events().iter().take(TOLD).map(event).collect(),
        failed_tasks: vec![],
        service_deployment: None,
        live: vec![],
        no_room: None,
    }
}

/// What `DescribeServices` says; only while a rollout goes badly, the tasks that failed and how the last deployment ended;
/// where traffic is shifted, how far the last deployment is; and where a capacity provider has to launch instances, how many
/// tasks wait for that.
pub(super) async fn read(aws: &Aws<Read>, cluster: &str, service: &api::Service) -> Result<ServiceDetail, Fault> {
    let mut detail = described(service);
    if service.status() != Some("ACTIVE") {
        return Ok(detail);
    }
    let ended_badly = ended_badly(&detail, service);
    // After a rollback, too: the deployment that failed is gone from the answer by then, and its tasks say why.
    if fails(&detail) || ended_badly {
        detail.failed_tasks = failed_tasks(aws, cluster, service).await?;
    }
    if shifts_traffic(service) {
        (detail.service_deployment, detail.live) = traffic::read(aws, cluster, service).await?;
    } else if ended_badly {
        detail.service_deployment = last_deployment(aws, cluster, service).await?;
    }
    if detail.pending > 0 && launches_instances(service) {
        detail.waiting = waiting(aws, cluster, service).await?;
    }
    Ok(detail)
}

fn launches_instances(service: &api::Service) -> bool {
    service.capacity_provider_strategy().iter().any(|item| !is_fargate_provider(item.capacity_provider()))
}

/// Tasks that stay PROVISIONING until there is an instance for them (developer guide, "Amazon ECS standalone tasks",
/// "Task workflow"). The first hundred tasks are looked at.
async fn waiting(aws: &Aws<Read>, cluster: &str, service: &api::Service) -> Result<i32, Fault> {
    let tasks = tasks(aws, cluster, service, api::DesiredStatus::Running).await?;
    let waits = |task: &&api::Task| {
        task.last_status() == Some("PROVISIONING")
            && task.container_instance_arn().is_none()
            && task.launch_type() != Some(&api::LaunchType::Fargate)
    };
    Ok(i32::try_from(tasks.iter().filter(waits).count()).unwrap_or(i32::MAX))
}

fn shifts_traffic(service: &api::Service) -> bool {
    let strategy = service.deployment_configuration().and_then(api::DeploymentConfiguration::strategy);
    strategy.is_some_and(|strategy| *strategy != api::DeploymentStrategy::Rolling)
}

fn fails(detail: &ServiceDetail) -> bool {
    detail
        .deployments
        .iter()
        .any(|deployment| deployment.failed_tasks > 0 || deployment.rollout_state == Some(RolloutState::Failed))
}

/// A deployment failed, or the primary is one that ECS went back to: its events name it as such as long as they
/// last (a hundred events).
fn ended_badly(detail: &ServiceDetail, service: &api::Service) -> bool {
    let Some(primary) = detail.primary() else { return false };
    let rolled_back = format!("rolling back to deployment {}", primary.id);
    detail.failed().is_some()
        || service.events().iter().any(|event| event.message().is_some_and(|message| message.contains(&rolled_back)))
}

fn deployments(service: &api::Service) -> Vec<kinds::Deployment> {
    let mut deployments: Vec<_> = service.deployments().iter().map(deployment).collect();
    deployments.sort_by_key(|deployment| deployment.status != "PRIMARY");
    deployments
}

fn deployment(deployment: &api::Deployment) -> kinds::Deployment {
    kinds::Deployment {
        id: text(deployment.id()),
        status: text(deployment.status()),
        task_definition: text(deployment.task_definition()),
        desired: deployment.desired_count(),
        running: deployment.running_count(),
        pending: deployment.pending_count(),
        failed_tasks: deployment.failed_tasks(),
        rollout_state: deployment.rollout_state().and_then(rollout_state),
        rollout_state_reason: text(deployment.rollout_state_reason()),
        created_at: time(deployment.created_at()),
        updated_at: time(deployment.updated_at()),
    }
}

fn rollout_state(state: &api::DeploymentRolloutState) -> Option<RolloutState> {
    match state {
        api::DeploymentRolloutState::Completed => Some(RolloutState::Completed),
        api::DeploymentRolloutState::Failed => Some(RolloutState::Failed),
        api::DeploymentRolloutState::InProgress => Some(RolloutState::InProgress),
        _ => None,
    }
}

fn event(event: &api::ServiceEvent) -> ServiceEvent {
    ServiceEvent { at: time(event.created_at()), message: text(event.message()) }
}

/// The newest tasks that stopped and should not have. ECS tells of stopped tasks for an hour.
async fn failed_tasks(aws: &Aws<Read>, cluster: &str, service: &api::Service) -> Result<Vec<FailedTask>, Fault> {
    let stopped = tasks(aws, cluster, service, api::DesiredStatus::Stopped).await?;
    let mut failed: Vec<&api::Task> = stopped.iter().filter(|task| failed(task)).collect();
    failed.sort_by_key(|task| std::cmp::Reverse(task.stopped_at().or(task.stopping_at()).map(DateTime::as_nanos)));
    Ok(failed.into_iter().take(TOLD).map(failed_task).collect())
}

/// A page of the service's tasks: a hundred at most.
async fn tasks(
    aws: &Aws<Read>,
    cluster: &str,
    service: &api::Service,
    status: api::DesiredStatus,
) -> Result<Vec<api::Task>, Fault> {
    let list = ListTasksInputBuilder::default().set_service_name(service.service_name.clone()).desired_status(status);
    described_tasks(aws, cluster, list).await
}

/// Stopped by itself, by AWS, or by the scheduler for its health; not because it was scaled in, replaced or
/// stopped by a person.
fn failed(task: &api::Task) -> bool {
    match task.stop_code() {
        Some(api::TaskStopCode::ServiceSchedulerInitiated) => {
            task.stopped_reason().is_some_and(|reason| reason.contains("health check"))
        }
        Some(api::TaskStopCode::UserInitiated) => false,
        _ => true,
    }
}

fn failed_task(task: &api::Task) -> FailedTask {
    let arn = task.task_arn().unwrap_or_default();
    FailedTask {
        task: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        task_definition: text(task.task_definition_arn()),
        stop_code: text(task.stop_code().map(api::TaskStopCode::as_str)),
        stopped_reason: text(task.stopped_reason()),
        stopped_at: time(task.stopped_at()),
        containers: task.containers().iter().map(failed_container).collect(),
    }
}

fn failed_container(container: &api::Container) -> FailedContainer {
    FailedContainer {
        name: text(container.name()),
        image: text(container.image()),
        exit_code: container.exit_code(),
        reason: text(container.reason()),
    }
}

/// The newest service deployment, and the revision that it was to bring.
async fn last_deployment(
    aws: &Aws<Read>,
    cluster: &str,
    service: &api::Service,
) -> Result<Option<kinds::ServiceDeployment>, Fault> {
    let Some(newest) = newest_deployment(aws, cluster, service).await? else { return Ok(None) };
    Ok(Some(kinds::ServiceDeployment {
        arn: text(newest.service_deployment_arn()),
        status: text(newest.status().map(api::ServiceDeploymentStatus::as_str)),
        status_reason: text(newest.status_reason()),
        task_definition: target(aws, &newest).await?,
        created_at: time(newest.created_at()),
        ..kinds::ServiceDeployment::default()
    }))
}

pub(super) async fn newest_deployment(
    aws: &Aws<Read>,
    cluster: &str,
    service: &api::Service,
) -> Result<Option<api::ServiceDeploymentBrief>, Fault> {
    let request =
        ListServiceDeploymentsInputBuilder::default().cluster(cluster).set_service(service.service_name.clone());
    let all = aws.read(request).await?.service_deployments.unwrap_or_default();
    Ok(all.into_iter().max_by_key(|one| one.created_at().map(DateTime::as_nanos)))
}

/// The task definition of a service deployment; empty if ECS no longer tells of its service revision.
async fn target(aws: &Aws<Read>, deployment: &api::ServiceDeploymentBrief) -> Result<String, Fault> {
    let Some(revision) = deployment.target_service_revision_arn() else { return Ok(String::new()) };
    let request = DescribeServiceRevisionsInputBuilder::default().service_revision_arns(revision);
    let answer = aws.read(request).await?;
    Ok(text(answer.service_revisions().iter().find_map(api::ServiceRevision::task_definition)))
}

pub(super) fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

pub(super) fn time(time: Option<&DateTime>) -> String {
    time.and_then(|time| time.fmt(Format::DateTime).ok()).unwrap_or_default()
}
