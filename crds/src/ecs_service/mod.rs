//! `EcsService`: a service and all that is its own.

mod after;
mod autoscaling;
mod connectors;
mod deployment;
mod listener_rules;
mod load_balancers;
mod network;
mod placement;
mod roles;
pub(crate) mod rules;
mod service_connect;
mod status;
mod target_groups;
mod volume_configurations;

pub use after::*;
pub use autoscaling::*;
pub use connectors::*;
pub use deployment::*;
pub use listener_rules::*;
pub use load_balancers::*;
pub use network::*;
pub use placement::*;
pub use roles::*;
pub use service_connect::*;
pub use status::*;
pub use target_groups::*;
pub use volume_configurations::*;

use crate::{
    lifecycle::{Adoption, DeletionPolicy, Mode, managed},
    reference::ClusterRef,
    rules::Rules,
    tag::{PropagateTags, Tag},
    task_definition::{Switch, TaskDefinition},
};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service: CreateService's members, and what Longshore makes beside it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, CustomResource, JsonSchema)]
#[kube(
    group = "ecs.longshore.dev",
    version = "v1alpha1",
    kind = "EcsService",
    plural = "ecsservices",
    shortname = "ecssvc",
    category = "longshore",
    namespaced,
    status = "EcsServiceStatus",
    derive = "PartialEq",
    cel,
    doc = "A service of ECS, with its roles, log groups, security group and task definitions.",
    validation = crate::rules::NAME,
    scale(
        spec_replicas_path = ".spec.desiredCount",
        status_replicas_path = ".status.runningCount",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Desired", type_ = "integer", json_path = ".status.desiredCount"),
    printcolumn(name = "Running", type_ = "integer", json_path = ".status.runningCount"),
    printcolumn(name = "Revision", type_ = "string", json_path = ".status.deployment.revision"),
    printcolumn(name = "Rollout", type_ = "string", json_path = ".status.deployment.rolloutState"),
    printcolumn(name = "Progress", type_ = "string", json_path = ".status.deployment.progress"),
    printcolumn(name = "Cluster", type_ = "string", json_path = ".status.clusterArn", priority = 1),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[schemars(transform = Rules(rules::SERVICE))]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct EcsServiceSpec {
    /// The AwsEnvironment; left out: the namespace's. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub aws_environment: Option<String>,
    /// The cluster. Can't be changed.
    pub cluster: ClusterRef,
    /// Name in ECS; left out: made from namespace and name. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    pub service_name: Option<String>,
    /// What the tasks are made of: RegisterTaskDefinition's members.
    pub task: TaskDefinition,
    /// A role for the application, made for this service alone; or task.taskRoleArn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role: Option<TaskRole>,
    /// Further rights of the execution role that is made; or task.executionRoleArn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role: Option<ExecutionRole>,
    /// Log groups of containers without a logConfiguration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<Logs>,
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
    /// Tasks; left out: 1 at first, then whatever was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub desired_count: Option<i32>,
    /// Left out: REPLICA. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_strategy: Option<SchedulingStrategy>,
    /// One-off tasks of the revision that the spec asks for; it is rolled out once they have succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"))]
    pub after: Vec<After>,
    /// How a deployment goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_configuration: Option<DeploymentConfiguration>,
    /// Seconds without progress after which a deployment counts as stalled; left out: 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub progress_deadline_seconds: Option<i32>,
    /// Left out: ECS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_controller: Option<DeploymentController>,
    /// Left out: private subnets, a security group of its own, no public IP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// How traffic reaches the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub load_balancers: Vec<ServiceLoadBalancer>,
    /// Seconds after a task's start in which the load balancer's checks don't count; left out: 60 behind a load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub health_check_grace_period_seconds: Option<i32>,
    /// The count of tasks follows metrics; then leave desiredCount out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// Cloud Map services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1), extend("x-kubernetes-list-type" = "atomic"))]
    pub service_registries: Vec<ServiceRegistry>,
    /// Names by which services reach each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_connect_configuration: Option<ServiceConnectConfiguration>,
    /// EBS volumes made for each task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub volume_configurations: Vec<ServiceVolumeConfiguration>,
    /// VPC Lattice target groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub vpc_lattice_configurations: Vec<VpcLatticeConfiguration>,
    /// Ports behind the cluster's gateway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["portName"]))]
    pub gateway_connectors: Vec<GatewayConnector>,
    /// Conditions on instances (EC2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub placement_constraints: Vec<PlacementConstraint>,
    /// How tasks are spread over instances (EC2); the order matters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"))]
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Left out: ENABLED where ECS allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone_rebalancing: Option<Switch>,
    /// Metrics in finer steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<MonitoringConfiguration>,
    /// Refused: the role of a classic load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub role: Option<String>,
    /// Whether ECS tags tasks with cluster and service.
    #[serde(rename = "enableECSManagedTags", skip_serializing_if = "Option::is_none")]
    pub enable_ecs_managed_tags: Option<bool>,
    /// Whose tags tasks take over; left out: SERVICE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
    /// Whether commands can be run in its containers; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// Tags of the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
    /// Whether images of ECR are run by tag or by digest; left out: Tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_resolution: Option<ImageResolution>,
    /// What others than this spec decide on: images that a pipeline deploys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["containerName", "field"]))]
    pub ignore_changes: Vec<IgnoredChange>,
    /// Whether tasks start anew when a secret or parameter has a new value; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_on_secret_change: Option<bool>,
    /// A new value starts all tasks anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub restarted_at: Option<String>,
    /// Left out: Manage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Left out: Never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
    /// Left out: Delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

managed!(EcsServiceSpec);
