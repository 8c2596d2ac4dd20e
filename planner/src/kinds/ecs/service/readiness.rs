//! Whether a rollout is done, in the words that the object tells.

use super::{Deployment, RolloutState, Service, ServiceDetail};
use crate::engine::{Ready, Seen};

/// Ready only when the deployment that completed is the one that was asked for, and it is the only one left.
pub(super) fn ready(want: &Service, seen: &Seen<Service>) -> Ready {
    let Some(detail) = seen.detail::<ServiceDetail>() else {
        return Ready::Wait("its deployments are not known yet".to_owned());
    };
    let Some(primary) = detail.primary() else {
        return Ready::Wait("ECS has not started a deployment yet".to_owned());
    };
    if want.task_definition.known() != Some(primary.task_definition.as_str()) {
        return Ready::Wait(format!(
            "ECS is deploying {}, which is not the revision asked for",
            primary.task_definition
        ));
    }
    match primary.rollout_state {
        Some(RolloutState::Failed) => Ready::Broken(format!("DeploymentFailed: {}", outcome(primary, &detail))),
        Some(RolloutState::Completed) | None if detail.deployments.len() == 1 && complete(primary) => Ready::Ready,
        _ => Ready::Wait(outcome(primary, &detail)),
    }
}

/// Whether all tasks that are wanted of it run.
pub fn complete(deployment: &Deployment) -> bool {
    deployment.running == deployment.desired && deployment.pending == 0
}

/// How far a deployment is and what is in its way, in one line.
pub fn outcome(deployment: &Deployment, detail: &ServiceDetail) -> String {
    let mut said = vec![format!("{} of {} tasks running", deployment.running, deployment.desired)];
    let waiting = detail.waiting.min(deployment.pending);
    if deployment.pending > waiting {
        said.push(format!("{} starting", deployment.pending - waiting));
    }
    if waiting > 0 {
        said.push(format!("{waiting} waiting for an instance of their capacity provider"));
    }
    let others: i32 =
        detail.deployments.iter().filter(|other| other.id != deployment.id).map(|other| other.running).sum();
    if others > 0 {
        said.push(format!("{others} of the revision before still running"));
    }
    if deployment.failed_tasks > 0 {
        said.push(format!("{} failed", deployment.failed_tasks));
    }
    said.extend(detail.service_deployment.as_ref().and_then(super::ServiceDeployment::words));
    let mut line = said.join(", ");
    if let Some(task) = detail.failed_tasks.iter().find(|task| task.task_definition == deployment.task_definition) {
        line = format!("{line}; {}", task.words());
    }
    let missing = deployment.running + deployment.pending < deployment.desired;
    let lacking = detail.no_room.as_ref();
    if let Some(why) = detail.not_placed().filter(|_| missing) {
        let lacking = lacking.map(|words| format!(": {words}")).unwrap_or_default();
        line = format!("{line}; ECS {why}{lacking}");
    } else if let Some(words) = lacking.filter(|_| waiting > 0) {
        line = format!("{line}; {words}");
    }
    if deployment.rollout_state == Some(RolloutState::Failed) && !deployment.rollout_state_reason.is_empty() {
        line = format!("{line} ({})", deployment.rollout_state_reason);
    }
    line
}
