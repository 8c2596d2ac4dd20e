//! `EcsCluster`: a cluster and its capacity providers.

mod capacity;
mod managed_instances;

pub use capacity::*;
pub use managed_instances::*;

use crate::{
    ecs_service::CapacityProviderStrategyItem,
    lifecycle::{Adoption, AllowedNamespaces, DeletionPolicy, Mode, managed},
    rules::{self, RuleText, Rules},
    status::{Memory, PendingStep, ResourceStatus, owner_status},
    tag::Tag,
    words::words,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NAME_FIXED: RuleText = (
    "has(self.clusterName) == has(oldSelf.clusterName) && \
     (!has(self.clusterName) || self.clusterName == oldSelf.clusterName)",
    "clusterName can't be changed: make another object, and delete this one when the other is ready",
);

/// API reference, CreateCluster: a provider must be associated with the cluster before a strategy may name it.
const STRATEGY_OF: RuleText = (
    "!has(self.defaultCapacityProviderStrategy) || self.defaultCapacityProviderStrategy.all(p, \
     (has(self.capacityProviders) && p.capacityProvider in self.capacityProviders) || \
     (has(self.ec2Capacity) && self.ec2Capacity.exists(c, c.name == p.capacityProvider)))",
    "defaultCapacityProviderStrategy[].capacityProvider must be one of capacityProviders, or the name of an entry of \
     ec2Capacity: add it there",
);

/// API reference, `PutClusterCapacityProviders`: a cluster has at most 20.
const PROVIDERS: RuleText = (
    "(has(self.capacityProviders) ? self.capacityProviders.size() : 0) + \
     (has(self.ec2Capacity) ? self.ec2Capacity.size() : 0) <= 20",
    "a cluster has at most 20 capacity providers, those of ec2Capacity among them",
);

/// API reference, ExecuteCommandConfiguration.logging.
const OVERRIDE: RuleText = (
    "(has(self.logging) && self.logging == 'OVERRIDE') == has(self.logConfiguration)",
    "logConfiguration belongs to logging: OVERRIDE: write both, or neither",
);

/// A cluster: CreateCluster's members.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, CustomResource, JsonSchema)]
#[kube(
    group = "ecs.longshore.dev",
    version = "v1alpha1",
    kind = "EcsCluster",
    plural = "ecsclusters",
    shortname = "ecscl",
    category = "longshore",
    namespaced,
    status = "EcsClusterStatus",
    derive = "PartialEq",
    cel,
    doc = "A cluster of ECS, with its capacity providers.",
    validation = rules::NAME,
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Services", type_ = "integer", json_path = ".status.activeServicesCount"),
    printcolumn(name = "Running", type_ = "integer", json_path = ".status.runningTasksCount"),
    printcolumn(name = "Pending", type_ = "integer", json_path = ".status.pendingTasksCount"),
    printcolumn(name = "ARN", type_ = "string", json_path = ".status.clusterArn", priority = 1),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[schemars(transform = Rules(&[rules::ENVIRONMENT_FIXED, NAME_FIXED, STRATEGY_OF, PROVIDERS, rules::DEFAULT_STRATEGY_WEIGHTS, rules::DEFAULT_STRATEGY_MIX]))]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct EcsClusterSpec {
    /// The AwsEnvironment; left out: the namespace's. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub aws_environment: Option<String>,
    /// Name in ECS; left out: made from namespace and name. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    pub cluster_name: Option<String>,
    /// Capacity providers: FARGATE, FARGATE_SPOT, or names of providers in the account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 255)), extend("x-kubernetes-list-type" = "set"))]
    pub capacity_providers: Vec<String>,
    /// Instances of its own: each entry is a capacity provider, and its Auto Scaling group with what that launches, or
    /// instances that ECS manages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub ec2_capacity: Vec<Ec2Capacity>,
    /// For services that say neither launchType nor strategy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["capacityProvider"]))]
    pub default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Container Insights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub settings: Vec<ClusterSetting>,
    /// Logging of executed commands, and keys of managed storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ClusterConfiguration>,
    /// Namespace of services that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_connect_defaults: Option<ServiceConnectDefaults>,
    /// Tags of the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
    /// Whose services may run here; left out: those of the same namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
    /// Left out: Manage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Left out: Never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
    /// Left out: Delete, which waits until nothing runs in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

managed!(EcsClusterSpec);

/// What is known of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null, extend("default" = { "observedGeneration": -1 }))]
pub struct EcsClusterStatus {
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
    /// ECS's word for its state: ACTIVE, PROVISIONING, DEPROVISIONING, FAILED, INACTIVE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_status: Option<String>,
    /// Services that are active in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_services_count: Option<i32>,
    /// Tasks that run in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_tasks_count: Option<i32>,
    /// Tasks that are being started in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_tasks_count: Option<i32>,
    /// Instances of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub ec2_capacity: Vec<Ec2CapacityStatus>,
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

owner_status!(EcsClusterStatus);

/// A setting of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSetting {
    /// Only containerInsights.
    pub name: ClusterSettingName,
    /// How much is recorded.
    pub value: ContainerInsights,
}

words! {
    /// Settings of a cluster.
    pub enum ClusterSettingName { ContainerInsights = "containerInsights" }
}
words! {
    /// How much Container Insights records.
    pub enum ContainerInsights { Enabled = "enabled", Enhanced = "enhanced", Disabled = "disabled" }
}
/// Logging of executed commands, and keys of managed storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterConfiguration {
    /// What is recorded of commands run in containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execute_command_configuration: Option<ExecuteCommandConfiguration>,
    /// Keys of managed storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_storage_configuration: Option<ManagedStorageConfiguration>,
}

/// What is recorded of commands run in containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[OVERRIDE]))]
#[serde(rename_all = "camelCase")]
pub struct ExecuteCommandConfiguration {
    /// Key that encrypts the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub kms_key_id: Option<String>,
    /// Left out: DEFAULT, the task's own log configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<ExecuteCommandLogging>,
    /// Where, with logging: OVERRIDE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<ExecuteCommandLogs>,
}

words! {
    /// Where executed commands are recorded.
    pub enum ExecuteCommandLogging { None = "NONE", Default = "DEFAULT", Override = "OVERRIDE" }
}
/// Where executed commands are recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteCommandLogs {
    /// A log group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub cloud_watch_log_group_name: Option<String>,
    /// Whether it is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_encryption_enabled: Option<bool>,
    /// A bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub s3_bucket_name: Option<String>,
    /// Whether it is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_encryption_enabled: Option<bool>,
    /// Prefix of the objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub s3_key_prefix: Option<String>,
}

/// Keys of managed storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedStorageConfiguration {
    /// Key of EBS volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub kms_key_id: Option<String>,
    /// Key of Fargate's disks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub fargate_ephemeral_storage_kms_key_id: Option<String>,
}

/// Namespace of services that name none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectDefaults {
    /// Name or ARN of a Cloud Map namespace.
    #[schemars(length(min = 1, max = 1024))]
    pub namespace: String,
}
