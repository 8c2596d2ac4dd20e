//! How far a deployment is that shifts traffic, and behind which target groups the tasks are.

use aws_sdk_ecs::operation::describe_service_deployments::builders::DescribeServiceDeploymentsInputBuilder;
use aws_sdk_ecs::operation::describe_service_revisions::builders::DescribeServiceRevisionsInputBuilder;
use aws_sdk_ecs::types as api;
use longshore_planner::kinds::ecs::service as kinds;

use super::detail::{newest_deployment, text, time};
use crate::access::{Aws, Read};
use crate::fault::Fault;

/// The newest deployment, and once it has ended the target groups of the revision that it left: those that the traffic
/// goes to, whatever the weights of rules say meanwhile.
pub(super) async fn read(
    aws: &Aws<Read>,
    cluster: &str,
    service: &api::Service,
) -> Result<(Option<kinds::ServiceDeployment>, Vec<String>), Fault> {
    let Some(newest) = newest_deployment(aws, cluster, service).await? else { return Ok((None, vec![])) };
    let arn = text(newest.service_deployment_arn());
    let request = DescribeServiceDeploymentsInputBuilder::default().service_deployment_arns(&arn);
    let described = aws.read(request).await?.service_deployments.unwrap_or_default().into_iter().next();
    let Some(described) = described else { return Ok((None, vec![])) };
    let target = described.target_service_revision().and_then(|summary| summary.arn());
    let back = described.rollback().and_then(|rollback| rollback.service_revision_arn());
    let revisions = revisions(aws, target.into_iter().chain(back)).await?;
    let of = |arn: Option<&str>| revisions.iter().find(|one| arn.is_some() && one.service_revision_arn() == arn);
    let left = match described.status() {
        Some(api::ServiceDeploymentStatus::Successful) => of(target),
        Some(api::ServiceDeploymentStatus::RollbackSuccessful) => of(back),
        _ => None,
    };
    let live = left.map(live).unwrap_or_default();
    let definition = text(of(target).and_then(api::ServiceRevision::task_definition));
    Ok((Some(deployment(arn, &described, definition)), live))
}

async fn revisions<'a>(
    aws: &Aws<Read>,
    arns: impl Iterator<Item = &'a str>,
) -> Result<Vec<api::ServiceRevision>, Fault> {
    let arns: Vec<String> = arns.map(ToOwned::to_owned).collect();
    if arns.is_empty() {
        return Ok(vec![]);
    }
    let request = DescribeServiceRevisionsInputBuilder::default().set_service_revision_arns(Some(arns));
    Ok(aws.read(request).await?.service_revisions.unwrap_or_default())
}

fn live(revision: &api::ServiceRevision) -> Vec<String> {
    let resolved = revision.resolved_configuration().map(api::ResolvedConfiguration::load_balancers);
    resolved.unwrap_or_default().iter().map(|one| text(one.target_group_arn())).collect()
}

fn deployment(arn: String, described: &api::ServiceDeployment, task_definition: String) -> kinds::ServiceDeployment {
    let target = described.target_service_revision();
    kinds::ServiceDeployment {
        arn,
        status: text(described.status().map(api::ServiceDeploymentStatus::as_str)),
        status_reason: text(described.status_reason()),
        task_definition,
        created_at: time(described.created_at()),
        stage: text(described.lifecycle_stage().map(api::ServiceDeploymentLifecycleStage::as_str)),
        traffic: target.map(|target| kinds::Traffic {
            production: target.requested_production_traffic_weight().unwrap_or_default().to_string(),
            test: target.requested_test_traffic_weight().unwrap_or_default().to_string(),
        }),
        hooks: described.lifecycle_hook_details().iter().map(hook).collect(),
    }
}

fn hook(hook: &api::DeploymentLifecycleHookDetail) -> kinds::LifecycleHook {
    kinds::LifecycleHook {
        id: text(hook.hook_id()),
        function: hook.target_arn().map(ToOwned::to_owned),
        status: text(hook.status().map(api::DeploymentLifecycleHookStatus::as_str)),
        expires_at: time(hook.expires_at()),
        timeout_action: text(hook.timeout_action().map(api::DeploymentLifecycleHookAction::as_str)),
    }
}
