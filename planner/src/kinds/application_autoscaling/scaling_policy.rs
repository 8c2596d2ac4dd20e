//! A scaling policy of a scalable target, with the members and words of Application Auto Scaling's API.

use longshore_crds::ecs_service::{
    AdjustmentType, CustomizedMetric, MaxCapacityBreach, MetricAggregation, PredefinedMetric, PredictiveMode,
    StepAdjustment,
};
use serde::{Deserialize, Serialize};

use crate::engine::Text;

/// Seconds between two scalings in one direction, of an ECS service (API reference,
/// `TargetTrackingScalingPolicyConfiguration` and `StepScalingPolicyConfiguration`).
pub const COOLDOWN_SECONDS: i32 = 300;
/// Seconds that predicted tasks start ahead (API reference, `PredictiveScalingPolicyConfiguration`).
const BUFFER_SECONDS: i32 = 300;

/// A scaling policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ScalingPolicy {
    /// A metric is held near a value.
    #[serde(rename = "TargetTrackingScaling")]
    TargetTracking(TargetTracking),
    /// What an alarm does.
    #[serde(rename = "StepScaling")]
    Step(StepScaling),
    /// A forecast.
    #[serde(rename = "PredictiveScaling")]
    Predictive(PredictiveScaling),
    /// What Longshore never asks for: only ever seen.
    Other {
        /// AWS's word for what sort it is.
        what: String,
    },
}

/// `TargetTrackingScalingPolicyConfiguration` of the API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetTracking {
    /// One of AWS's metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predefined_metric_specification: Option<Predefined<PredefinedMetric>>,
    /// One of CloudWatch's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customized_metric_specification: Option<CustomizedMetric>,
    /// The value.
    pub target_value: f64,
    /// Seconds after a reduction before the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_in_cooldown: Option<i32>,
    /// Seconds after an increase before the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_out_cooldown: Option<i32>,
    /// Whether it only ever adds tasks.
    #[serde(default)]
    pub disable_scale_in: bool,
}

/// A metric of AWS, and for one that counts requests the ends of the load balancer's and the target group's ARNs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predefined<M> {
    /// Which metric, or pair of metrics.
    pub predefined_metric_type: M,
    /// Whose requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_label: Option<Text>,
}

/// `StepScalingPolicyConfiguration` of the API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepScaling {
    /// How an adjustment is meant.
    pub adjustment_type: AdjustmentType,
    /// In the order of their bounds.
    pub step_adjustments: Vec<StepAdjustment>,
    /// Fewest tasks that are added or taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_adjustment_magnitude: Option<i32>,
    /// Seconds after which it acts again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<i32>,
    /// How the metric's values are taken together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_aggregation_type: Option<MetricAggregation>,
}

/// `PredictiveScalingPolicyConfiguration` of the API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PredictiveScaling {
    /// Exactly one.
    pub metric_specifications: Vec<PredictiveMetric>,
    /// Whether it acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<PredictiveMode>,
    /// Seconds that tasks start ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_buffer_time: Option<i32>,
    /// Whether it may go beyond the most tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_capacity_breach_behavior: Option<MaxCapacityBreach>,
    /// By how many percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_capacity_buffer: Option<i32>,
}

/// `PredictiveScalingMetricSpecification` of the API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PredictiveMetric {
    /// The value.
    pub target_value: f64,
    /// The load and what it does to one task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predefined_metric_pair_specification: Option<Predefined<String>>,
}

impl ScalingPolicy {
    /// With AWS's defaults, and without what has no order.
    pub(super) fn normalise(mut self) -> Self {
        match &mut self {
            Self::TargetTracking(policy) => {
                policy.scale_in_cooldown.get_or_insert(COOLDOWN_SECONDS);
                policy.scale_out_cooldown.get_or_insert(COOLDOWN_SECONDS);
                if let Some(metric) = &mut policy.customized_metric_specification {
                    metric.dimensions.sort();
                    metric.metrics.sort_by(|one, other| one.id.cmp(&other.id));
                    let stats = metric.metrics.iter_mut().filter_map(|query| query.metric_stat.as_mut());
                    stats.for_each(|stat| stat.metric.dimensions.sort());
                }
            }
            Self::Step(policy) => {
                policy.cooldown.get_or_insert(COOLDOWN_SECONDS);
                policy.metric_aggregation_type.get_or_insert(MetricAggregation::Average);
                let bound = |step: &StepAdjustment| step.metric_interval_lower_bound.unwrap_or(f64::NEG_INFINITY);
                policy.step_adjustments.sort_by(|one, other| bound(one).total_cmp(&bound(other)));
            }
            Self::Predictive(policy) => {
                policy.mode.get_or_insert(PredictiveMode::ForecastOnly);
                policy.scheduling_buffer_time.get_or_insert(BUFFER_SECONDS);
                policy.max_capacity_breach_behavior.get_or_insert(MaxCapacityBreach::Honor);
            }
            Self::Other { .. } => {}
        }
        self
    }
}
