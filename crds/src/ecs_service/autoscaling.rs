//! How many tasks a service has, where that follows a metric.

use super::rules;
use crate::rules::Rules;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The count of tasks follows metrics; desiredCount is then not Longshore's business.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::CAPACITY_ORDER]))]
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
}

/// A metric that is held near a value.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::REQUEST_METRIC]))]
#[serde(rename_all = "camelCase")]
pub struct TargetTracking {
    /// Names the scaling policy.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// The metric.
    pub predefined_metric_type: PredefinedMetric,
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
