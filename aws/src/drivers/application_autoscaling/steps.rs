//! Step scaling policies.

use aws_sdk_applicationautoscaling::types as api;
use longshore_crds::ecs_service::StepAdjustment;
use longshore_planner::kinds::application_autoscaling::scaling_policy::StepScaling;

use super::policies::PUT;
use super::word;
use crate::fault::Fault;

pub(super) fn sent(policy: &StepScaling) -> Result<api::StepScalingPolicyConfiguration, Fault> {
    let steps = policy.step_adjustments.iter().map(|step| {
        api::StepAdjustment::builder()
            .set_metric_interval_lower_bound(step.metric_interval_lower_bound)
            .set_metric_interval_upper_bound(step.metric_interval_upper_bound)
            .scaling_adjustment(step.scaling_adjustment)
            .build()
            .map_err(|_| Fault::unexpected(PUT, "StepAdjustment"))
    });
    let aggregation = policy.metric_aggregation_type.map(|word| api::MetricAggregationType::from(word.as_str()));
    Ok(api::StepScalingPolicyConfiguration::builder()
        .adjustment_type(api::AdjustmentType::from(policy.adjustment_type.as_str()))
        .set_step_adjustments(Some(steps.collect::<Result<_, _>>()?))
        .set_min_adjustment_magnitude(policy.min_adjustment_magnitude)
        .set_cooldown(policy.cooldown)
        .set_metric_aggregation_type(aggregation)
        .build())
}

/// `None`: of a type that Longshore has no word for.
pub(super) fn seen(policy: &api::StepScalingPolicyConfiguration) -> Option<StepScaling> {
    let step = |step: &api::StepAdjustment| StepAdjustment {
        metric_interval_lower_bound: step.metric_interval_lower_bound(),
        metric_interval_upper_bound: step.metric_interval_upper_bound(),
        scaling_adjustment: step.scaling_adjustment(),
    };
    Some(StepScaling {
        adjustment_type: word(policy.adjustment_type()?.as_str())?,
        step_adjustments: policy.step_adjustments().iter().map(step).collect(),
        min_adjustment_magnitude: policy.min_adjustment_magnitude(),
        cooldown: policy.cooldown(),
        metric_aggregation_type: policy.metric_aggregation_type().and_then(|kind| word(kind.as_str())),
    })
}
