//! `EcsTask`: a task that runs to its end, as a Job does.

mod overrides;
pub(crate) mod rules;
mod status;
mod task_from;

pub use overrides::*;
pub use status::*;
pub use task_from::*;

use crate::{
    ecs_service::{
        CapacityProviderStrategyItem, ExecutionRole, ImageResolution, LaunchType, Logs, NetworkConfiguration,
        PlacementConstraint, PlacementStrategy, TaskRole,
    },
    lifecycle::{Adoption, DeletionPolicy, Mode, managed},
    reference::ClusterRef,
    rules::{Rules, RulesWith},
    tag::{PropagateTags, Tag},
    task_definition::TaskDefinition,
};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A one-off task: RunTask's members, and what Longshore does about it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, CustomResource, JsonSchema)]
#[kube(
    group = "ecs.longshore.dev",
    version = "v1alpha1",
    kind = "EcsTask",
    plural = "ecstasks",
    shortname = "ecstask",
    category = "longshore",
    namespaced,
    status = "EcsTaskStatus",
    derive = "PartialEq",
    cel,
    doc = "A task of ECS that runs to its end, and is never run twice unless backoffLimit says so.",
    validation = crate::rules::NAME,
    validation = rules::TASK_FIXED,
    validation = rules::TASK_FROM_FIXED,
    validation = rules::OVERRIDES_FIXED,
    validation = rules::COUNT_FIXED,
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Attempt", type_ = "integer", json_path = ".status.attempt"),
    printcolumn(name = "Started", type_ = "date", json_path = ".status.startTime"),
    printcolumn(name = "Completed", type_ = "date", json_path = ".status.completionTime"),
    printcolumn(name = "Revision", type_ = "string", json_path = ".status.taskDefinitionArn", priority = 1),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[schemars(transform = Rules(rules::TASK), transform = RulesWith(rules::HAS_TASK, rules::TEMPLATE))]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct EcsTaskSpec {
    /// The AwsEnvironment; left out: the namespace's. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub aws_environment: Option<String>,
    /// The cluster. Can't be changed.
    pub cluster: ClusterRef,
    /// What is run: RegisterTaskDefinition's members; or taskFrom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskDefinition>,
    /// A service whose task definition and network are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_from: Option<TaskFrom>,
    /// A role for the application, made for this task alone; or task.taskRoleArn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role: Option<TaskRole>,
    /// Further rights of the execution role that is made; or task.executionRoleArn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role: Option<ExecutionRole>,
    /// Log groups of containers without a logConfiguration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<Logs>,
    /// Whether images of ECR are run by tag or by digest; left out: Tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_resolution: Option<ImageResolution>,
    /// What is other than in the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<TaskOverride>,
    /// Copies that run at once; left out: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub count: Option<i32>,
    /// Left out, with capacityProviderStrategy too: the cluster's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// Capacity providers; in place of launchType.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["capacityProvider"]))]
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Fargate's; left out: LATEST.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub platform_version: Option<String>,
    /// Left out: with taskFrom the service's; else private subnets, a security group of its own, no public IP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// Conditions on instances (EC2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub placement_constraints: Vec<PlacementConstraint>,
    /// How tasks are spread over instances (EC2); the order matters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"))]
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Group of tasks in ECS; left out: the family's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub group: Option<String>,
    /// ECS's referenceId, which events repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub reference_id: Option<String>,
    /// Whether ECS tags the task with its cluster.
    #[serde(rename = "enableECSManagedTags", skip_serializing_if = "Option::is_none")]
    pub enable_ecs_managed_tags: Option<bool>,
    /// Whether the task takes over the tags of its task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
    /// Whether commands can be run in its containers; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// Tags of the task and of what is made for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
    /// How often it is tried again after it failed; left out: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub backoff_limit: Option<i32>,
    /// Seconds after the first start when it is stopped, and has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub active_deadline_seconds: Option<i64>,
    /// Seconds after its end when the object is deleted; refused on what Argo CD or Flux would make again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub ttl_seconds_after_finished: Option<i64>,
    /// Left out: Manage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Left out: Never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
    /// Left out: Delete, which stops what runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

managed!(EcsTaskSpec);
