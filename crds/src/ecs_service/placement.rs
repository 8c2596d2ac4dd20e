//! Where tasks are placed: capacity providers, constraints, strategies, metrics.

use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words! {
    /// What tasks run on, where no capacity provider is named.
    pub enum LaunchType { Ec2 = "EC2", Fargate = "FARGATE", External = "EXTERNAL" }
}
words! {
    /// How many tasks there are: as many as desired, or one an instance.
    pub enum SchedulingStrategy { Replica = "REPLICA", Daemon = "DAEMON" }
}
/// A capacity provider's part of the tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityProviderStrategyItem {
    /// Its name.
    #[schemars(length(min = 1, max = 255))]
    pub capacity_provider: String,
    /// Its part of the tasks beyond base.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub weight: Option<i32>,
    /// Tasks that it has at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub base: Option<i32>,
}

/// A condition on the instance of a task (EC2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlacementConstraint {
    /// Kind.
    pub type_: PlacementConstraintType,
    /// In the cluster query language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000))]
    pub expression: Option<String>,
}

words! {
    /// Kinds of placement constraints.
    pub enum PlacementConstraintType { DistinctInstance = "distinctInstance", MemberOf = "memberOf" }
}
/// How tasks are spread over instances (EC2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlacementStrategy {
    /// Kind.
    pub type_: PlacementStrategyType,
    /// What is spread over, or packed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub field: Option<String>,
}

words! {
    /// Kinds of placement strategies.
    pub enum PlacementStrategyType { Random = "random", Spread = "spread", Binpack = "binpack" }
}
/// Metrics in finer steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonitoringConfiguration {
    /// Which, and how fine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub metric_configurations: Vec<MetricConfiguration>,
}

/// Metrics in one resolution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricConfiguration {
    /// Names of the metrics.
    #[schemars(length(min = 1, max = 20), inner(length(max = 255)), extend("x-kubernetes-list-type" = "set"))]
    pub metric_names: Vec<String>,
    /// Seconds between two values: 20 or 60.
    #[schemars(extend("enum" = [20, 60]))]
    pub resolution_seconds: i32,
}
