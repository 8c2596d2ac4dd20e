//! The scaling policies of a scalable target.

use std::collections::BTreeMap;
use std::mem::discriminant;

use aws_sdk_applicationautoscaling::operation::delete_scaling_policy::builders::DeleteScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::operation::describe_scaling_policies::builders::DescribeScalingPoliciesInputBuilder;
use aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::types::{PolicyType, ScalingPolicy as Described, ServiceNamespace};
use longshore_planner::kinds::application_autoscaling::scaling_policy::ScalingPolicy;

use super::{GONE, dimension, forecasts, steps, tracking};
use crate::access::{Aws, Read, Write};
use crate::fault::{Absent, Fault};

/// The operation that makes and changes policies.
pub(super) const PUT: &str = "application-autoscaling:PutScalingPolicy";

/// What a target has.
#[derive(Debug, Default)]
pub(super) struct Policies {
    /// By name.
    pub(super) policies: BTreeMap<String, ScalingPolicy>,
    /// By name.
    pub(super) arns: BTreeMap<String, String>,
}

/// All of one target.
pub(super) async fn read(aws: &Aws<Read>, resource_id: &str) -> Result<Policies, Fault> {
    let request = DescribeScalingPoliciesInputBuilder::default()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(resource_id)
        .scalable_dimension(dimension());
    let mut found = Policies::default();
    let mut token = None;
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        for policy in page.scaling_policies.unwrap_or_default() {
            found.arns.insert(policy.policy_name().to_owned(), policy.policy_arn().to_owned());
            found.policies.insert(policy.policy_name().to_owned(), seen(&policy));
        }
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Puts what differs, and then takes away what is not wanted, so that something always holds the count.
pub(super) async fn set(
    aws: &Aws<Write>,
    resource_id: &str,
    want: &BTreeMap<String, ScalingPolicy>,
    seen: &BTreeMap<String, ScalingPolicy>,
) -> Result<(), Fault> {
    for (name, policy) in want.iter().filter(|(name, policy)| seen.get(*name) != Some(policy)) {
        // A policy's type cannot be changed.
        if seen.get(name).is_some_and(|seen| discriminant(seen) != discriminant(policy)) {
            delete(aws, resource_id, name).await?;
        }
        put(aws, resource_id, name, policy).await?;
    }
    for name in seen.keys().filter(|name| !want.contains_key(*name)) {
        delete(aws, resource_id, name).await?;
    }
    Ok(())
}

async fn put(aws: &Aws<Write>, resource_id: &str, name: &str, policy: &ScalingPolicy) -> Result<(), Fault> {
    let request = PutScalingPolicyInputBuilder::default()
        .policy_name(name)
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(resource_id)
        .scalable_dimension(dimension());
    let request = match policy {
        ScalingPolicy::TargetTracking(policy) => request
            .policy_type(PolicyType::TargetTrackingScaling)
            .target_tracking_scaling_policy_configuration(tracking::sent(policy)?),
        ScalingPolicy::Step(policy) => {
            request.policy_type(PolicyType::StepScaling).step_scaling_policy_configuration(steps::sent(policy)?)
        }
        ScalingPolicy::Predictive(policy) => request
            .policy_type(PolicyType::PredictiveScaling)
            .predictive_scaling_policy_configuration(forecasts::sent(policy)?),
        ScalingPolicy::Other { .. } => return Err(Fault::unexpected(PUT, "PolicyType")),
    };
    aws.write(request).await.map(drop)
}

async fn delete(aws: &Aws<Write>, resource_id: &str, name: &str) -> Result<(), Fault> {
    let request = DeleteScalingPolicyInputBuilder::default()
        .policy_name(name)
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(resource_id)
        .scalable_dimension(dimension());
    aws.write(request).await.absent_if(GONE).map(drop)
}

/// What Longshore has no words for is told as AWS's sort of policy.
fn seen(policy: &Described) -> ScalingPolicy {
    let tracked = || tracking::seen(policy.target_tracking_scaling_policy_configuration()?);
    let step = || steps::seen(policy.step_scaling_policy_configuration()?);
    let forecast = || forecasts::seen(policy.predictive_scaling_policy_configuration()?);
    tracked()
        .map(ScalingPolicy::TargetTracking)
        .or_else(|| step().map(ScalingPolicy::Step))
        .or_else(|| forecast().map(ScalingPolicy::Predictive))
        .unwrap_or_else(|| ScalingPolicy::Other { what: policy.policy_type().as_str().to_owned() })
}
