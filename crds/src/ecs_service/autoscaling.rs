//! How many tasks a service has, where that follows a metric.

use super::rules;
use crate::rules::Rules;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The count of tasks follows metrics; desiredCount is then not Longshore's business.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::CAPACITY_ORDER, rules::POLICY_NAMES]))]
#[serde(rename_all = "camelCase")]
pub struct Autoscaling {
    /// Fewest tasks.
    #[schemars(range(min = 0))]
    pub min_capacity: i32,
    /// Most tasks.
    #[schemars(range(min = 0))]
    pub max_capacity: i32,
    /// Metrics that are held near a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub target_tracking: Vec<TargetTracking>,
    /// Policies for alarms of CloudWatch that are made elsewhere and name them by their ARNs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub step_scaling: Vec<StepScaling>,
    /// Forecasts from the days before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub predictive_scaling: Vec<PredictiveScaling>,
    /// Other bounds at certain times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub scheduled_actions: Vec<ScheduledAction>,
    /// What does not scale for the time being.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_state: Option<SuspendedState>,
}

/// A metric that is held near a value.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::ONE_METRIC, rules::REQUEST_METRIC]))]
#[serde(rename_all = "camelCase")]
pub struct TargetTracking {
    /// Names the scaling policy.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// The metric, or customizedMetricSpecification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predefined_metric_type: Option<PredefinedMetric>,
    /// A metric of CloudWatch, which must fall as tasks are added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_metric_specification: Option<CustomizedMetric>,
    /// Entry of loadBalancers whose requests are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub load_balancer: Option<String>,
    /// The value.
    pub target_value: f64,
    /// Seconds between two reductions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub scale_in_cooldown: Option<i32>,
    /// Seconds between two increases.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub scale_out_cooldown: Option<i32>,
    /// Whether it only ever adds tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_scale_in: Option<bool>,
}

words! {
    /// Metrics that Application Auto Scaling knows for ECS.
    pub enum PredefinedMetric {
        Cpu = "ECSServiceAverageCPUUtilization",
        Memory = "ECSServiceAverageMemoryUtilization",
        Requests = "ALBRequestCountPerTarget",
    }
}

/// A metric of CloudWatch, or an expression over several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomizedMetric {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub metric_name: Option<String>,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub namespace: Option<String>,
    /// Of which thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub dimensions: Vec<MetricDimension>,
    /// How its values are taken together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<MetricStatistic>,
    /// Its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub unit: Option<String>,
    /// In place of all the others: metrics, and expressions over them, of which one is returned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"]))]
    pub metrics: Vec<MetricDataQuery>,
}

words! {
    /// How a metric's values are taken together.
    pub enum MetricStatistic { Average = "Average", Minimum = "Minimum", Maximum = "Maximum", SampleCount = "SampleCount", Sum = "Sum" }
}

/// Of which thing a metric is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricDimension {
    /// Its name.
    #[schemars(length(max = 255))]
    pub name: String,
    /// Its value.
    #[schemars(length(max = 1024))]
    pub value: String,
}

/// A metric, or an expression over others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricDataQuery {
    /// How expressions call it.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// An expression over the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub expression: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2047))]
    pub label: Option<String>,
    /// A metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStat>,
    /// Whether it is the one that is returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_data: Option<bool>,
}

/// A metric and how its values are taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricStat {
    /// The metric.
    pub metric: MetricOf,
    /// How its values are taken together.
    #[schemars(length(min = 1, max = 100))]
    pub stat: String,
    /// Its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub unit: Option<String>,
}

/// A metric of CloudWatch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricOf {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub metric_name: Option<String>,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub namespace: Option<String>,
    /// Of which thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub dimensions: Vec<MetricDimension>,
}

/// What an alarm of CloudWatch that is made elsewhere does to the count.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepScaling {
    /// Names the scaling policy.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// How scalingAdjustment is meant.
    pub adjustment_type: AdjustmentType,
    /// By how far the alarm's threshold is passed.
    #[schemars(length(min = 1, max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub step_adjustments: Vec<StepAdjustment>,
    /// Fewest tasks that are added or taken away, of a percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_adjustment_magnitude: Option<i32>,
    /// Seconds after which it acts again; left out: 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub cooldown: Option<i32>,
    /// How the metric's values are taken together; left out: Average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_aggregation_type: Option<MetricAggregation>,
}

words! {
    /// How an adjustment is meant.
    pub enum AdjustmentType {
        Change = "ChangeInCapacity",
        Percent = "PercentChangeInCapacity",
        Exact = "ExactCapacity",
    }
}
words! {
    /// How a metric's values are taken together.
    pub enum MetricAggregation { Average = "Average", Minimum = "Minimum", Maximum = "Maximum" }
}

/// What is done where the threshold is passed so far.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepAdjustment {
    /// From so far; left out: without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_interval_lower_bound: Option<f64>,
    /// To so far; left out: without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_interval_upper_bound: Option<f64>,
    /// By so much, or to so much.
    pub scaling_adjustment: i32,
}

/// A forecast from the days before.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictiveScaling {
    /// Names the scaling policy.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// AWS's word for the pair of metrics, as `ECSServiceCPUUtilization`.
    #[schemars(length(min = 1, max = 128))]
    pub predefined_metric_type: String,
    /// Entry of loadBalancers whose requests are counted, by a pair that counts requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub load_balancer: Option<String>,
    /// The value that the metric is held near.
    pub target_value: f64,
    /// Left out: it only tells what it would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<PredictiveMode>,
    /// Seconds that tasks start ahead; left out: 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub scheduling_buffer_time: Option<i32>,
    /// Whether a forecast may go beyond maxCapacity; left out: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_capacity_breach_behavior: Option<MaxCapacityBreach>,
    /// By how many percent of the forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_capacity_buffer: Option<i32>,
}

words! {
    /// Whether a forecast is acted on.
    pub enum PredictiveMode { ForecastOnly = "ForecastOnly", ForecastAndScale = "ForecastAndScale" }
}
words! {
    /// Whether a forecast may go beyond the most tasks.
    pub enum MaxCapacityBreach { Honor = "HonorMaxCapacity", Increase = "IncreaseMaxCapacity" }
}

/// Other bounds from a time on, until another action changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::SCHEDULED_BOUNDS]))]
#[serde(rename_all = "camelCase")]
pub struct ScheduledAction {
    /// Names it.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// As `cron(0 8 ? * MON-FRI *)`, `rate(1 day)` or `at(2027-01-01T00:00:00)`.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^(cron|rate|at)\(.+\)$"))]
    pub schedule: String,
    /// IANA's name, as Europe/Stockholm; left out: UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub timezone: Option<String>,
    /// Not before this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub start_time: Option<String>,
    /// Not after this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub end_time: Option<String>,
    /// Fewest tasks from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min_capacity: Option<i32>,
    /// Most tasks from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_capacity: Option<i32>,
}

/// What does not scale for the time being.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuspendedState {
    /// No tasks are taken away by policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_scaling_in_suspended: Option<bool>,
    /// No tasks are added by policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_scaling_out_suspended: Option<bool>,
    /// Scheduled actions do nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_scaling_suspended: Option<bool>,
}
