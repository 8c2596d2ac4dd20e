//! `spec.task`: the members of RegisterTaskDefinition, as ECS spells them, and Longshore's references beside the ids.

mod container;
mod environment;
mod health_check;
mod linux;
mod logging;
mod ports;
pub(crate) mod rules;
mod volumes;

pub use container::*;
pub use environment::*;
pub use health_check::*;
pub use linux::*;
pub use logging::*;
pub use ports::*;
pub use volumes::*;

use crate::{rules::Rules, size::Size, tag::Tag, words::words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a task is made of: RegisterTaskDefinition's members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(rules::TASK_DEFINITION))]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// Name of the family; left out: made from namespace and name. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    pub family: Option<String>,
    /// Role of the application; or taskRole, for a role made for this service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub task_role_arn: Option<String>,
    /// Role that pulls images, reads secrets and writes logs; left out: made to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub execution_role_arn: Option<String>,
    /// Left out: awsvpc.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<NetworkMode>,
    /// The containers, at least one of them essential.
    #[schemars(length(min = 1, max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub container_definitions: Vec<ContainerDefinition>,
    /// What the containers' mountPoints name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub volumes: Vec<Volume>,
    /// Instances that a task may run on (EC2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub placement_constraints: Vec<TaskDefinitionPlacementConstraint>,
    /// Left out: follows from how the service is launched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub requires_compatibilities: Vec<Compatibility>,
    /// CPU units (1024), or vCPUs as "1 vCPU".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^([0-9]+|([0-9]+|[0-9]*\.[0-9]+) ?[vV][cC][pP][uU])$"))]
    pub cpu: Option<Size>,
    /// MiB (2048), or GB as "2 GB".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^([0-9]+|([0-9]+|[0-9]*\.[0-9]+) ?[gG][bB])$"))]
    pub memory: Option<Size>,
    /// Tags of each revision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
    /// Process namespace that the containers share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<PidMode>,
    /// IPC namespace that the containers share (EC2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipc_mode: Option<IpcMode>,
    /// App Mesh proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_configuration: Option<ProxyConfiguration>,
    /// Refused: Elastic Inference has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1), extend("x-kubernetes-list-type" = "atomic"))]
    pub inference_accelerators: Vec<InferenceAccelerator>,
    /// Disk of a Fargate task beyond 20 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// CPU architecture and operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_platform: Option<RuntimePlatform>,
    /// Lets AWS Fault Injection Service act on the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_fault_injection: Option<bool>,
    /// Isolation of the task from the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_execution_configuration: Option<TrustedExecutionConfiguration>,
}

/// A constraint on the instances of every task of the family.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinitionPlacementConstraint {
    /// Only memberOf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_: Option<TaskPlacementConstraintType>,
    /// In the cluster query language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000))]
    pub expression: Option<String>,
}

/// The container that proxies for the others (App Mesh).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyConfiguration {
    /// Only APPMESH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_: Option<ProxyType>,
    /// The proxy's container.
    #[schemars(length(max = 255))]
    pub container_name: String,
    /// The proxy's settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40), extend("x-kubernetes-list-type" = "atomic"))]
    pub properties: Vec<KeyValuePair>,
}

/// An Elastic Inference device; kept only to refuse it with words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InferenceAccelerator {
    /// Name of the device.
    #[schemars(length(max = 255))]
    pub device_name: String,
    /// Type of the device.
    #[schemars(length(max = 255))]
    pub device_type: String,
}

/// A Fargate task's disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EphemeralStorage {
    /// 21 to 200.
    #[serde(rename = "sizeInGiB")]
    #[schemars(range(min = 21, max = 200))]
    pub size_in_gib: i32,
}

/// What the images are built for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuntimePlatform {
    /// Left out: `X86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_architecture: Option<CpuArchitecture>,
    /// Left out: LINUX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system_family: Option<OperatingSystemFamily>,
}

/// How far the task is isolated from its host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustedExecutionConfiguration {
    /// Kind of isolation.
    pub isolation_mode: IsolationMode,
    /// Attestation policy, in base64; needed for `CONFIDENTIAL_SANDBOX`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestation_policy: Option<String>,
}

words! {
    /// How containers are networked.
    pub enum NetworkMode { Bridge = "bridge", Host = "host", Awsvpc = "awsvpc", None = "none" }
}
words! {
    /// What a task definition is checked for.
    pub enum Compatibility { Ec2 = "EC2", Fargate = "FARGATE", External = "EXTERNAL", ManagedInstances = "MANAGED_INSTANCES" }
}
words! {
    /// Which processes containers see.
    pub enum PidMode { Host = "host", Task = "task" }
}
words! {
    /// Which IPC resources containers see.
    pub enum IpcMode { Host = "host", Task = "task", None = "none" }
}
words! {
    /// Kind of a task definition's placement constraint.
    pub enum TaskPlacementConstraintType { MemberOf = "memberOf" }
}
words! {
    /// Kind of proxy.
    pub enum ProxyType { AppMesh = "APPMESH" }
}
words! {
    /// Instruction set of the images.
    pub enum CpuArchitecture { X8664 = "X86_64", Arm64 = "ARM64" }
}
words! {
    /// Operating system of the images.
    pub enum OperatingSystemFamily {
        Linux = "LINUX",
        WindowsServer2016Full = "WINDOWS_SERVER_2016_FULL",
        WindowsServer2004Core = "WINDOWS_SERVER_2004_CORE",
        WindowsServer2019Full = "WINDOWS_SERVER_2019_FULL",
        WindowsServer2019Core = "WINDOWS_SERVER_2019_CORE",
        WindowsServer20H2Core = "WINDOWS_SERVER_20H2_CORE",
        WindowsServer2022Core = "WINDOWS_SERVER_2022_CORE",
        WindowsServer2022Full = "WINDOWS_SERVER_2022_FULL",
        WindowsServer2025Core = "WINDOWS_SERVER_2025_CORE",
        WindowsServer2025Full = "WINDOWS_SERVER_2025_FULL",
    }
}
words! {
    /// Kind of isolation of a task from its host.
    pub enum IsolationMode { Shared = "SHARED", IsolatedSandbox = "ISOLATED_SANDBOX", ConfidentialSandbox = "CONFIDENTIAL_SANDBOX" }
}
