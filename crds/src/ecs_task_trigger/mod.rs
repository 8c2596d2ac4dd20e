//! `EcsTaskTrigger`: tasks that AWS starts by itself, at certain times or on certain events.

mod event;
mod rules;
mod schedule;
mod status;

pub use event::*;
pub use schedule::*;
pub use status::*;

use crate::{
    ecs_service::{
        CapacityProviderStrategyItem, ExecutionRole, ImageResolution, LaunchType, Logs, NetworkConfiguration,
        PlacementConstraint, PlacementStrategy, TaskRole,
    },
    ecs_task::{ServiceName, TaskOverride, rules as task},
    lifecycle::{Adoption, DeletionPolicy, Mode, managed},
    reference::ClusterRef,
    rules::{Rules, RulesWith},
    tag::{PropagateTags, Tag},
    task_definition::TaskDefinition,
};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When, or on what, tasks are started, and what is run then: RunTask's members as far as EventBridge knows them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, CustomResource, JsonSchema)]
#[kube(
    group = "ecs.longshore.dev",
    version = "v1alpha1",
    kind = "EcsTaskTrigger",
    plural = "ecstasktriggers",
    shortname = "ecstrig",
    category = "longshore",
    namespaced,
    status = "EcsTaskTriggerStatus",
    derive = "PartialEq",
    cel,
    doc = "Tasks of ECS that EventBridge starts at its times or on events, whether or not Longshore runs.",
    validation = crate::rules::NAME,
    printcolumn(name = "Schedule", type_ = "string", json_path = ".spec.schedule.expression"),
    printcolumn(name = "Timezone", type_ = "string", json_path = ".spec.schedule.timezone"),
    printcolumn(name = "Events", type_ = "string", json_path = ".spec.event.eventPattern.source"),
    printcolumn(name = "Suspend", type_ = "boolean", json_path = ".spec.suspend"),
    printcolumn(name = "Next", type_ = "string", json_path = ".status.nextRun"),
    printcolumn(name = "Last", type_ = "string", json_path = ".status.lastRuns[0].phase"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Revision", type_ = "string", json_path = ".status.taskDefinitionArn", priority = 1),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[schemars(transform = Rules(rules::TRIGGER), transform = RulesWith(task::HAS_TASK, task::TEMPLATE))]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct EcsTaskTriggerSpec {
    /// The AwsEnvironment; left out: the namespace's. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub aws_environment: Option<String>,
    /// The cluster. Can't be changed.
    pub cluster: ClusterRef,
    /// The times at which it starts a task; or event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<TriggerSchedule>,
    /// The events on which it starts a task; or schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<TriggerEvent>,
    /// Whether it starts none for now; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// What is run: RegisterTaskDefinition's members; or taskFrom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskDefinition>,
    /// A service whose last successful revision is run, in its network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_from: Option<TriggerFrom>,
    /// A role for the application, made for these tasks alone; or task.taskRoleArn.
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
    /// What is other than in the task definition; at most 8192 bytes as JSON.
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
    #[schemars(length(max = 6), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["capacityProvider"]))]
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
    /// ECS's referenceId, which events repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub reference_id: Option<String>,
    /// Whether ECS tags the tasks with their cluster.
    #[serde(rename = "enableECSManagedTags", skip_serializing_if = "Option::is_none")]
    pub enable_ecs_managed_tags: Option<bool>,
    /// Whether the tasks take over the tags of their task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
    /// Whether commands can be run in their containers; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// Tags of what is made for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
    /// How long, and how often, a start that ECS refuses is tried again; left out: for a day, 185 times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    /// The queue of SQS that is told of a start that was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetterConfig>,
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

managed!(EcsTaskTriggerSpec);

/// A service whose last successful revision is run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerFrom {
    /// The service, in the same namespace.
    pub service: ServiceName,
}
