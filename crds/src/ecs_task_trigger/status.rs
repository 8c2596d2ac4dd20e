//! What is known of a trigger.

use crate::ecs_task::{ContainerStatus, Phase};
use crate::status::{Memory, PendingStep, ResourceStatus, owner_status};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a trigger.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null, extend("default" = { "observedGeneration": -1 }))]
pub struct EcsTaskTriggerStatus {
    /// Generation of the spec that this speaks of; -1: none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Stalled, Ready, Reconciling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// When the next task is due (RFC 3339); absent: never, suspended, or started on events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_run: Option<String>,
    /// The tasks that it started last, the newest first, as far as ECS still knew them when it was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["taskArn"]))]
    pub last_runs: Vec<TriggeredRun>,
    /// The revision that is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition_arn: Option<String>,
    /// ARN of the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_arn: Option<String>,
    /// ARN of the rule of `EventBridge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_arn: Option<String>,
    /// What the object owns in AWS, by identity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, ResourceStatus>,
    /// The plan in brief.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingStep>,
    /// What was decided or learnt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

owner_status!(EcsTaskTriggerStatus);

/// A task that was started, as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggeredRun {
    /// Its ARN.
    pub task_arn: String,
    /// How far it is.
    pub phase: Phase,
    /// When ECS took it on (RFC 3339).
    pub created_at: String,
    /// When it had stopped (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
    /// ECS's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// Its containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerStatus>,
}
