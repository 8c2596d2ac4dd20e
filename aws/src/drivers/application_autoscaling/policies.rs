//! The scaling policies of a scalable target.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::operation::delete_scaling_policy::builders::DeleteScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::operation::describe_scaling_policies::builders::DescribeScalingPoliciesInputBuilder;
use aws_sdk_applicationautoscaling::operation::put_scaling_policy::builders::PutScalingPolicyInputBuilder;
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalingPolicy as Described, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};
use longshore_planner::kinds::application_autoscaling::scalable_target::ScalingPolicy;

use super::{GONE, dimension};
use crate::access::{Aws, Read, Write};
use crate::fault::{Absent, Fault};

/// All of one target, by name.
pub(super) async fn read(aws: &Aws<Read>, resource_id: &str) -> Result<BTreeMap<String, ScalingPolicy>, Fault> {
    let request = DescribeScalingPoliciesInputBuilder::default()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(resource_id)
        .scalable_dimension(dimension());
    let mut policies = BTreeMap::new();
    let mut token = None;
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        let described = page.scaling_policies.unwrap_or_default();
        policies.extend(described.iter().map(|policy| (policy.policy_name().to_owned(), seen(policy))));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(policies);
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
        if matches!(seen.get(name), Some(ScalingPolicy::Other { .. })) {
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
    const OPERATION: &str = "application-autoscaling:PutScalingPolicy";
    let ScalingPolicy::TargetTracking {
        metric,
        resource_label,
        target_value,
        scale_in_cooldown,
        scale_out_cooldown,
        disable_scale_in,
    } = policy
    else {
        return Err(Fault::unexpected(OPERATION, "PolicyType"));
    };
    let metric = PredefinedMetricSpecification::builder()
        .predefined_metric_type(MetricType::from(metric.as_str()))
        .set_resource_label(resource_label.as_ref().map(ToString::to_string))
        .build()
        .map_err(|_| Fault::unexpected(OPERATION, "PredefinedMetricSpecification"))?;
    let tracking = TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(*target_value)
        .predefined_metric_specification(metric)
        .set_scale_in_cooldown(*scale_in_cooldown)
        .set_scale_out_cooldown(*scale_out_cooldown)
        .disable_scale_in(*disable_scale_in)
        .build()
        .map_err(|_| Fault::unexpected(OPERATION, "TargetTrackingScalingPolicyConfiguration"))?;
    let request = PutScalingPolicyInputBuilder::default()
        .policy_name(name)
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(resource_id)
        .scalable_dimension(dimension())
        .policy_type(PolicyType::TargetTrackingScaling)
        .target_tracking_scaling_policy_configuration(tracking);
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

/// What Longshore has no words for is told as AWS's sort of policy and metric.
fn seen(policy: &Described) -> ScalingPolicy {
    tracking(policy).unwrap_or_else(|| ScalingPolicy::Other { what: policy.policy_type().as_str().to_owned() })
}

fn tracking(policy: &Described) -> Option<ScalingPolicy> {
    let tracking = policy.target_tracking_scaling_policy_configuration()?;
    let metric = tracking.predefined_metric_specification()?;
    Some(ScalingPolicy::TargetTracking {
        metric: serde_json::from_value(metric.predefined_metric_type().as_str().into()).ok()?,
        resource_label: metric.resource_label().map(Into::into),
        target_value: tracking.target_value(),
        scale_in_cooldown: tracking.scale_in_cooldown(),
        scale_out_cooldown: tracking.scale_out_cooldown(),
        disable_scale_in: tracking.disable_scale_in().unwrap_or(false),
    })
}
