//! Kernel and host settings of a container.

use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Linux settings of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinuxParameters {
    /// Kernel capabilities to add or drop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<KernelCapabilities>,
    /// Host devices (EC2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub devices: Vec<Device>,
    /// Whether an init process forwards signals and reaps children.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_process_enabled: Option<bool>,
    /// MiB of /dev/shm (EC2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub shared_memory_size: Option<i32>,
    /// In-memory file systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["containerPath"]))]
    pub tmpfs: Vec<Tmpfs>,
    /// MiB of swap (EC2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_swap: Option<i32>,
    /// 0 to 100 (EC2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub swappiness: Option<i32>,
}

/// Capabilities beside Docker's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KernelCapabilities {
    /// Added; Fargate takes `SYS_PTRACE` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub add: Vec<String>,
    /// Dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub drop: Vec<String>,
}

/// A host device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Path on the host.
    #[schemars(length(max = 4096))]
    pub host_path: String,
    /// Path in the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub container_path: Option<String>,
    /// What the container may do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3), extend("x-kubernetes-list-type" = "set"))]
    pub permissions: Vec<DevicePermission>,
}

words! {
    /// What a container may do with a device.
    pub enum DevicePermission { Read = "read", Write = "write", Mknod = "mknod" }
}
/// An in-memory file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tmpfs {
    /// Where it is mounted.
    #[schemars(length(max = 4096))]
    pub container_path: String,
    /// MiB.
    #[schemars(range(min = 1))]
    pub size: i32,
    /// Mount options.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 64)), extend("x-kubernetes-list-type" = "atomic"))]
    pub mount_options: Vec<String>,
}

/// A line of /etc/hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostEntry {
    /// Host name.
    #[schemars(length(max = 255))]
    pub hostname: String,
    /// Address.
    #[schemars(length(max = 64))]
    pub ip_address: String,
}

/// A process limit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ulimit {
    /// Which limit.
    pub name: UlimitName,
    /// Soft limit; -1: unlimited.
    #[schemars(range(min = -1))]
    pub soft_limit: i32,
    /// Hard limit; -1: unlimited.
    #[schemars(range(min = -1))]
    pub hard_limit: i32,
}

words! {
    /// Process limits that can be set.
    pub enum UlimitName {
        Core = "core",
        Cpu = "cpu",
        Data = "data",
        Fsize = "fsize",
        Locks = "locks",
        Memlock = "memlock",
        Msgqueue = "msgqueue",
        Nice = "nice",
        Nofile = "nofile",
        Nproc = "nproc",
        Rss = "rss",
        Rtprio = "rtprio",
        Rttime = "rttime",
        Sigpending = "sigpending",
        Stack = "stack",
    }
}
/// A kernel parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemControl {
    /// Name of the parameter.
    #[schemars(length(min = 1, max = 255))]
    pub namespace: String,
    /// Its value.
    #[schemars(length(max = 255))]
    pub value: String,
}

/// A device that the container needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRequirement {
    /// How many, or which.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub value: Option<String>,
    /// Kind of device.
    pub type_: ResourceType,
    /// How a GPU is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharing_strategy: Option<SharingStrategy>,
}

words! {
    /// Kinds of devices.
    pub enum ResourceType { Gpu = "GPU", NeuronDevice = "NeuronDevice" }
}
/// How a GPU is shared between containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharingStrategy {
    /// By NVIDIA's Multi-Process Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvidia_mps: Option<NvidiaMpsAllocation>,
}

/// A container's part of a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NvidiaMpsAllocation {
    /// MiB of GPU memory.
    #[schemars(range(min = 1))]
    pub memory: i32,
    /// Upper bound of its share of compute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_compute_percent: Option<i32>,
}
