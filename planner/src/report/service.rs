//! What the status of a service and of a cluster tells beside the conditions.

use std::collections::BTreeSet;

use longshore_crds::EcsServiceStatus;
use longshore_crds::ecs_service::{DeploymentStatus, FailedContainer, FailedTask, TemplateStatus};
use longshore_crds::task_definition::Switch;
use serde::Deserialize;

use super::RolledBack;
use super::progress::{Pace, follow};
use crate::desired::{SERVICE_KEY, TASK_KEY};
use crate::engine::{Graph, Id, Kind, Seen, Text, World, known_as, resolved};
use crate::kinds::application_autoscaling::scalable_target::{ScalableTarget, ScalableTargetDetail};
use crate::kinds::ecs::service::{
    Deployment, Network, RolloutState, Service, ServiceDetail, ServiceEvent, Traffic, complete, outcome,
};
use crate::kinds::ecs::task_definition::TaskDefinition;

/// How many failed tasks and events a status tells.
const MOST: usize = 3;

/// Fills in what AWS says of a service. A service that is not there leaves no counts behind; of one that could not be
/// read, what was told before stays.
pub fn fill_service(
    status: &mut EcsServiceStatus,
    graph: &Graph,
    world: &World,
    rolled_back: Option<&RolledBack>,
    pace: Pace,
) {
    let template = template(graph, world);
    if template.is_some() || world.unknown.is_empty() || !tells_of_wanted(status, graph) {
        status.template = template;
    }
    if service_id(graph).is_some_and(|id| world.unknown.contains_key(id)) {
        return;
    }
    let seen = seen_service(graph, world);
    let detail = seen.as_ref().and_then(Seen::detail::<ServiceDetail>);
    status.service_arn = seen.as_ref().and_then(|seen| seen.outputs.get("arn").cloned());
    status.security_group_id = super::load_balancer::own_group(graph, world);
    status.security_group_ids = security_groups(status, seen.as_ref(), detail.as_ref());
    status.cluster_arn = seen.as_ref().and_then(|seen| seen.value.cluster.known().map(ToOwned::to_owned));
    status.desired_count = detail.as_ref().map(|detail| detail.desired);
    status.running_count = detail.as_ref().map(|detail| detail.running);
    status.pending_count = detail.as_ref().map(|detail| detail.pending);
    status.selector = seen.as_ref().map(|seen| format!("ecs.longshore.dev/service={}", seen.value.name));
    if let Some(detail) = scaling(graph, world) {
        status.scaling_policy_arns = detail.policy_arns;
    }
    let before = status.deployment.take();
    status.deployment = detail.as_ref().and_then(|detail| {
        let primary = detail.primary()?;
        let mut told = deployment(primary, detail, rolled_back);
        follow(&mut told, before.as_ref(), (primary, detail), pace);
        Some(told)
    });
}

/// Whether the template that is told is of the revision that is wanted, by the inventory. Another is not told while something
/// cannot be read: a one-off task would run it for the new one.
fn tells_of_wanted(status: &EcsServiceStatus, graph: &Graph) -> bool {
    let wanted = graph.iter().map(|(id, _)| id).find(|id| id.kind == TaskDefinition::NAME && id.key == TASK_KEY);
    let known = wanted.and_then(|id| status.resources.get(&id.to_string())?.physical.as_ref());
    known.is_some() && known == status.template.as_ref().map(|template| &template.task_definition_arn)
}

/// What a task of the wanted revision is run with, once all of it is there.
fn template(graph: &Graph, world: &World) -> Option<TemplateStatus> {
    let (_, service) = graph.iter().find(|(id, _)| id.kind == Service::NAME && id.key == SERVICE_KEY)?;
    let (task, _) = graph.iter().find(|(id, _)| id.kind == TaskDefinition::NAME && id.key == TASK_KEY)?;
    let known_as = known_as(graph, world);
    let revision = world.get(known_as.get(task).unwrap_or(task))?.outputs.get("arn")?;
    let task_definition_arn = revision.clone();
    let Some(network) = service.want.get("network") else {
        return Some(TemplateStatus { task_definition_arn, ..TemplateStatus::default() });
    };
    let network = resolved(network, world);
    let network: Network = Network::deserialize(&network.value).ok().filter(|_| network.open.is_empty())?;
    Some(TemplateStatus {
        task_definition_arn,
        subnets: network.subnets,
        security_groups: network.security_groups.iter().filter_map(Text::known).map(ToOwned::to_owned).collect(),
        public_ip: network.assign_public_ip == Switch::Enabled,
    })
}

/// What is told of its scaling: nothing where that was not read this time, and no policies where it does not scale.
fn scaling(graph: &Graph, world: &World) -> Option<ScalableTargetDetail> {
    let Some(id) = graph.iter().map(|(id, _)| id).find(|id| id.kind == ScalableTarget::NAME) else {
        return Some(ScalableTargetDetail::default());
    };
    world.seen::<ScalableTarget>(id)?.detail()
}

/// The groups of its tasks. Those of a deployment before may still run, or be gone back to, until the new one is done.
fn security_groups(
    status: &EcsServiceStatus,
    seen: Option<&Seen<Service>>,
    detail: Option<&ServiceDetail>,
) -> Vec<String> {
    let network = seen.and_then(|seen| seen.value.network.as_ref());
    let now = network.iter().flat_map(|network| &network.security_groups).filter_map(Text::known);
    let mut all: BTreeSet<String> = now.map(ToOwned::to_owned).collect();
    let done = |detail: &ServiceDetail| {
        let primary = detail.primary().and_then(|primary| primary.rollout_state);
        primary == Some(RolloutState::Completed) && detail.deployments.len() == 1
    };
    if seen.is_some() && !detail.is_some_and(done) {
        all.extend(status.security_group_ids.iter().cloned());
    }
    all.into_iter().collect()
}

/// The running deployment in one line: what a condition's message tells; empty where there is none.
pub fn deployment_line(graph: &Graph, world: &World) -> String {
    let detail = seen_service(graph, world).and_then(|seen| seen.detail::<ServiceDetail>());
    let line = |detail: &ServiceDetail| {
        let primary = detail.primary()?;
        Some(format!("{}: {}", short(&primary.task_definition), outcome(primary, detail)))
    };
    detail.as_ref().and_then(line).unwrap_or_default()
}

pub(super) fn seen_service(graph: &Graph, world: &World) -> Option<Seen<Service>> {
    world.seen::<Service>(service_id(graph)?)
}

/// The service of an `EcsService`.
pub fn service_id(graph: &Graph) -> Option<&Id> {
    graph.iter().map(|(id, _)| id).find(|id| id.kind == Service::NAME && id.key == SERVICE_KEY)
}

fn deployment(primary: &Deployment, detail: &ServiceDetail, rolled_back: Option<&RolledBack>) -> DeploymentStatus {
    let state = if rolled_back.is_some() { Some("ROLLED_BACK") } else { primary.rollout_state.map(state) };
    let reason = rolled_back.map_or(&primary.rollout_state_reason, |rolled_back| &rolled_back.why);
    DeploymentStatus {
        id: Some(primary.id.clone()),
        task_definition: Some(primary.task_definition.clone()),
        revision: Some(short(&primary.task_definition).to_owned()),
        desired: Some(primary.desired),
        running: Some(primary.running),
        pending: Some(primary.pending),
        failed_tasks: Some(primary.failed_tasks),
        rollout_state: state.map(ToOwned::to_owned),
        reason: Some(reason.clone()).filter(|text| !text.is_empty()),
        started_at: Some(primary.created_at.clone()).filter(|text| !text.is_empty()),
        tasks: detail.failed_tasks.iter().take(MOST).map(failed_task).collect(),
        events: told_events(primary, detail).take(MOST).map(|event| event.message.clone()).collect(),
        ..shifting(detail)
    }
}

/// How far the traffic is shifted, and nothing else.
pub(super) fn shifting(detail: &ServiceDetail) -> DeploymentStatus {
    let shifting = detail.service_deployment.as_ref().filter(|one| one.is_open() && !one.stage.is_empty());
    DeploymentStatus {
        stage: shifting.map(|one| one.stage.clone()),
        traffic: shifting.and_then(|one| one.traffic.as_ref()).map(traffic),
        service_deployment: shifting.map(|one| one.id().to_owned()),
        ..DeploymentStatus::default()
    }
}

/// Who looks at it before everybody does is told of where there is such traffic.
fn traffic(traffic: &Traffic) -> String {
    let test = Some(&traffic.test).filter(|test| *test != &traffic.production);
    let test = test.map(|test| format!(", {test} % of test traffic")).unwrap_or_default();
    format!("{} % of production{test}", traffic.production)
}

/// Events of a calm service ("has reached a steady state" every six hours) are no news and would be a write each. One that
/// has not all its tasks is not calm, though its deployment has completed long ago.
fn told_events<'a>(primary: &Deployment, detail: &'a ServiceDetail) -> impl Iterator<Item = &'a ServiceEvent> {
    let calm =
        primary.rollout_state == Some(RolloutState::Completed) && detail.deployments.len() == 1 && complete(primary);
    detail.events.iter().filter(move |_| !calm)
}

fn failed_task(task: &crate::kinds::ecs::service::FailedTask) -> FailedTask {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    FailedTask {
        task_id: task.task.clone(),
        stopped_reason: some(&task.stopped_reason),
        stop_code: some(&task.stop_code),
        containers: task
            .containers
            .iter()
            .map(|container| FailedContainer {
                name: container.name.clone(),
                image: some(&container.image),
                exit_code: container.exit_code,
                reason: some(&container.reason),
            })
            .collect(),
    }
}

fn state(state: RolloutState) -> &'static str {
    match state {
        RolloutState::InProgress => "IN_PROGRESS",
        RolloutState::Completed => "COMPLETED",
        RolloutState::Failed => "FAILED",
    }
}

/// `hello:4` of an ARN.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
