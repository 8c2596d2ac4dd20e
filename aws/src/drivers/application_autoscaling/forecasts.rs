//! Predictive scaling policies.

use aws_sdk_applicationautoscaling::types as api;
use longshore_planner::kinds::application_autoscaling::scaling_policy::{
    Predefined, PredictiveMetric, PredictiveScaling,
};

use super::policies::PUT;
use super::word;
use crate::fault::Fault;

pub(super) fn sent(policy: &PredictiveScaling) -> Result<api::PredictiveScalingPolicyConfiguration, Fault> {
    let metrics = policy.metric_specifications.iter().map(|metric| {
        let pair = metric.predefined_metric_pair_specification.as_ref().map(pair).transpose()?;
        api::PredictiveScalingMetricSpecification::builder()
            .target_value(metric.target_value)
            .set_predefined_metric_pair_specification(pair)
            .build()
            .map_err(|_| Fault::unexpected(PUT, "PredictiveScalingMetricSpecification"))
    });
    let breach = |word: longshore_crds::ecs_service::MaxCapacityBreach| {
        api::PredictiveScalingMaxCapacityBreachBehavior::from(word.as_str())
    };
    api::PredictiveScalingPolicyConfiguration::builder()
        .set_metric_specifications(Some(metrics.collect::<Result<_, Fault>>()?))
        .set_mode(policy.mode.map(|mode| api::PredictiveScalingMode::from(mode.as_str())))
        .set_scheduling_buffer_time(policy.scheduling_buffer_time)
        .set_max_capacity_breach_behavior(policy.max_capacity_breach_behavior.map(breach))
        .set_max_capacity_buffer(policy.max_capacity_buffer)
        .build()
        .map_err(|_| Fault::unexpected(PUT, "PredictiveScalingPolicyConfiguration"))
}

fn pair(pair: &Predefined<String>) -> Result<api::PredictiveScalingPredefinedMetricPairSpecification, Fault> {
    api::PredictiveScalingPredefinedMetricPairSpecification::builder()
        .predefined_metric_type(&pair.predefined_metric_type)
        .set_resource_label(pair.resource_label.as_ref().map(ToString::to_string))
        .build()
        .map_err(|_| Fault::unexpected(PUT, "PredefinedMetricPairSpecification"))
}

/// `None`: of metrics of somebody's own, which Longshore does not ask for.
pub(super) fn seen(policy: &api::PredictiveScalingPolicyConfiguration) -> Option<PredictiveScaling> {
    let metric = |metric: &api::PredictiveScalingMetricSpecification| {
        let pair = metric.predefined_metric_pair_specification()?;
        Some(PredictiveMetric {
            target_value: metric.target_value(),
            predefined_metric_pair_specification: Some(Predefined {
                predefined_metric_type: pair.predefined_metric_type().to_owned(),
                resource_label: pair.resource_label().map(Into::into),
            }),
        })
    };
    Some(PredictiveScaling {
        metric_specifications: policy.metric_specifications().iter().map(metric).collect::<Option<_>>()?,
        mode: policy.mode().and_then(|mode| word(mode.as_str())),
        scheduling_buffer_time: policy.scheduling_buffer_time(),
        max_capacity_breach_behavior: policy.max_capacity_breach_behavior().and_then(|breach| word(breach.as_str())),
        max_capacity_buffer: policy.max_capacity_buffer(),
    })
}
