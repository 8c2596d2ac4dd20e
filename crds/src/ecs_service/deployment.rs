//! How a service goes from one revision to the next.

use super::rules;
use crate::rules::Rules;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a deployment goes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::LINEAR_ONLY, rules::CANARY_ONLY, rules::SHIFTING_ONLY]))]
#[serde(rename_all = "camelCase")]
pub struct DeploymentConfiguration {
    /// Ends a deployment that can't succeed; left out: on, with rollback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_circuit_breaker: Option<DeploymentCircuitBreaker>,
    /// Most tasks while deploying, in percent of desired; left out: 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub maximum_percent: Option<i32>,
    /// Fewest healthy tasks while deploying; left out: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub minimum_healthy_percent: Option<i32>,
    /// CloudWatch alarms that end a deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<DeploymentAlarms>,
    /// Left out: ROLLING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<DeploymentStrategy>,
    /// Minutes that both revisions run after the shift; left out: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1440))]
    pub bake_time_in_minutes: Option<i32>,
    /// Functions and pauses at stages of the deployment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub lifecycle_hooks: Vec<DeploymentLifecycleHook>,
    /// Steps of strategy LINEAR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear_configuration: Option<LinearConfiguration>,
    /// Steps of strategy CANARY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_configuration: Option<CanaryConfiguration>,
    /// When a deployment counts as done before the old tasks are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_success_criteria: Option<DeploymentEarlySuccessCriteria>,
}

words! {
    /// By tag; by the digest that the tag had when it was first seen; or by the one that it has, when that changes.
    pub enum ImageResolution { Tag = "Tag", Digest = "Digest", FollowTag = "FollowTag" }
}
/// A field of a container that others than the spec decide on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IgnoredChange {
    /// The container.
    #[schemars(length(min = 1, max = 255))]
    pub container_name: String,
    /// Its field. The spec's counts until the service is there.
    pub field: IgnoredField,
}

words! {
    /// A field of a container.
    pub enum IgnoredField { Image = "image" }
}
words! {
    /// How traffic goes from one revision to the next.
    pub enum DeploymentStrategy { Rolling = "ROLLING", BlueGreen = "BLUE_GREEN", Linear = "LINEAR", Canary = "CANARY" }
}
/// Ends a deployment whose tasks keep failing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentCircuitBreaker {
    /// Whether it is on.
    pub enable: bool,
    /// Whether the last good revision comes back.
    pub rollback: bool,
    /// Whether a healthy task sets the count of failures to 0; left out: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_on_healthy_task: Option<bool>,
    /// Failures that end it; left out: half of desired, 3 to 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_configuration: Option<ThresholdConfiguration>,
}

/// How many failed tasks end a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdConfiguration {
    /// How value is meant.
    pub type_: ThresholdType,
    /// Tasks, or percent of desired.
    #[schemars(range(min = 1))]
    pub value: i32,
}

words! {
    /// How a threshold is meant.
    pub enum ThresholdType { Count = "COUNT", BoundedPercent = "BOUNDED_PERCENT", UnboundedPercent = "UNBOUNDED_PERCENT" }
}
/// CloudWatch alarms that end a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentAlarms {
    /// Names of the alarms.
    #[schemars(length(max = 100), inner(length(max = 255)), extend("x-kubernetes-list-type" = "set"))]
    pub alarm_names: Vec<String>,
    /// Whether the last good revision comes back.
    pub rollback: bool,
    /// Whether they are watched.
    pub enable: bool,
}

/// A function or a pause at stages of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::LAMBDA_HOOK, rules::HOOK_STAGES, rules::PAUSE_STAGES]))]
#[serde(rename_all = "camelCase")]
pub struct DeploymentLifecycleHook {
    /// Left out: `AWS_LAMBDA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_type: Option<LifecycleHookTarget>,
    /// ARN of the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub hook_target_arn: Option<String>,
    /// Role with which ECS calls it; left out: one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub role_arn: Option<String>,
    /// When it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "set"))]
    pub lifecycle_stages: Vec<LifecycleStage>,
    /// Handed to the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_details: Option<HookDetails>,
    /// How long it is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_configuration: Option<LifecycleHookTimeout>,
}

words! {
    /// What a lifecycle hook does.
    pub enum LifecycleHookTarget { Lambda = "AWS_LAMBDA", Pause = "PAUSE" }
}
words! {
    /// Stages of a deployment.
    pub enum LifecycleStage {
        ReconcileService = "RECONCILE_SERVICE",
        PreScaleUp = "PRE_SCALE_UP",
        PostScaleUp = "POST_SCALE_UP",
        TestTrafficShift = "TEST_TRAFFIC_SHIFT",
        PostTestTrafficShift = "POST_TEST_TRAFFIC_SHIFT",
        PreProductionTrafficShift = "PRE_PRODUCTION_TRAFFIC_SHIFT",
        ProductionTrafficShift = "PRODUCTION_TRAFFIC_SHIFT",
        PostProductionTrafficShift = "POST_PRODUCTION_TRAFFIC_SHIFT",
    }
}
/// How long a hook is waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleHookTimeout {
    /// Minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub timeout_in_minutes: Option<i32>,
    /// What happens then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<LifecycleHookTimeoutAction>,
}

words! {
    /// What happens when a hook takes too long.
    pub enum LifecycleHookTimeoutAction { Rollback = "ROLLBACK", Continue = "CONTINUE" }
}
/// Equal steps.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinearConfiguration {
    /// Percent of the traffic in each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3.0, max = 100.0))]
    pub step_percent: Option<f64>,
    /// Minutes between steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1440))]
    pub step_bake_time_in_minutes: Option<i32>,
}

/// A small part first, then the rest.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryConfiguration {
    /// Percent of the traffic in the first step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 100.0))]
    pub canary_percent: Option<f64>,
    /// Minutes before the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1440))]
    pub canary_bake_time_in_minutes: Option<i32>,
}

/// When a deployment counts as done early.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentEarlySuccessCriteria {
    /// Whether it may.
    pub enable: bool,
    /// Healthy tasks of the new revision, in percent of desired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub healthy_percent: Option<i32>,
    /// When the old tasks go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_service_revision_cleanup: Option<RevisionCleanup>,
}

words! {
    /// When tasks of the old revision go.
    pub enum RevisionCleanup { Blocking = "BLOCKING", Deferred = "DEFERRED" }
}
/// Who runs deployments.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentController {
    /// `ECS`; `CODE_DEPLOY` and `EXTERNAL` only with mode Observe.
    pub type_: DeploymentControllerType,
}

words! {
    /// Who runs deployments.
    pub enum DeploymentControllerType { Ecs = "ECS", CodeDeploy = "CODE_DEPLOY", External = "EXTERNAL" }
}

/// What is handed to a function, kept as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct HookDetails(pub serde_json::Map<String, serde_json::Value>);

impl JsonSchema for HookDetails {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HookDetails".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
    }
}
