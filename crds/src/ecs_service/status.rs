//! What is known of a service.

use crate::status::{Memory, PendingStep, ResourceStatus, owner_status};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null, extend("default" = { "observedGeneration": -1 }))]
pub struct EcsServiceStatus {
    /// Generation of the spec that this speaks of; -1: none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Stalled, Ready, Reconciling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// ARN of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_arn: Option<String>,
    /// ARN of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_arn: Option<String>,
    /// The service's own security group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_id: Option<String>,
    /// All groups of its tasks; until a deployment is done, those of the tasks before it, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<String>,
    /// Tasks that ECS is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_count: Option<i32>,
    /// Tasks that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_count: Option<i32>,
    /// Tasks that are being started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_count: Option<i32>,
    /// For the scale subresource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// ARNs of the scaling policies, by name: alarms of CloudWatch name those of step scaling.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scaling_policy_arns: BTreeMap<String, String>,
    /// The rollout of the revision that the spec asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentStatus>,
    /// What a task of the revision that the spec asks for is run with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateStatus>,
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

owner_status!(EcsServiceStatus);

/// What a task of the revision that the spec asks for is run with: for one-off tasks that take it from the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateStatus {
    /// ARN of the revision.
    pub task_definition_arn: String,
    /// Its subnets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// Its groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
    /// Whether it has a public address.
    #[serde(default)]
    pub public_ip: bool,
}

/// A rollout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentStatus {
    /// ECS's id of the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// ARN of the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// FAMILY:REVISION of the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Tasks of this revision that are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<i32>,
    /// Tasks of this revision that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<i32>,
    /// Tasks of this revision that are being started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<i32>,
    /// Tasks of this revision that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_tasks: Option<i32>,
    /// Tasks of the revisions before that still run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<i32>,
    /// While it is under way: new tasks of those wanted, old ones, and the new ones' share of all that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// Most tasks of this revision that ran at once: what starts, fails and starts again is no progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub furthest: Option<i32>,
    /// While it is under way: when it last came further (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progressed_at: Option<String>,
    /// While it is under way: when it counts as stalled, unless it comes further (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_deadline: Option<String>,
    /// While traffic is shifted: ECS's stage of the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// While traffic is shifted: what this revision gets of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<String>,
    /// While traffic is shifted: id of the service deployment, which annotations name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_deployment: Option<String>,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`, `ROLLED_BACK`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_state: Option<String>,
    /// ECS's words for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it began (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// Tasks that failed, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<FailedTask>,
    /// The service's last events, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
}

/// A task that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedTask {
    /// Id of the task.
    pub task_id: String,
    /// ECS's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// ECS's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<String>,
    /// Its containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<FailedContainer>,
}

/// A container of a task that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedContainer {
    /// Its name.
    pub name: String,
    /// Its image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// ECS's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
