//! What a task has other than its task definition says: `TaskOverride`'s members.

use crate::{
    size::Size,
    task_definition::{EnvironmentFile, EphemeralStorage, KeyValuePair, ResourceRequirement},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is other than in the task definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskOverride {
    /// Role of the application; what the environment grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub task_role_arn: Option<String>,
    /// Role that pulls images, reads secrets and writes logs; what the environment grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub execution_role_arn: Option<String>,
    /// CPU units (1024), or vCPUs as "1 vCPU".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^([0-9]+|([0-9]+|[0-9]*\.[0-9]+) ?[vV][cC][pP][uU])$"))]
    pub cpu: Option<Size>,
    /// MiB (2048), or GB as "2 GB".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^([0-9]+|([0-9]+|[0-9]*\.[0-9]+) ?[gG][bB])$"))]
    pub memory: Option<Size>,
    /// Disk of a Fargate task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Of single containers; those decide whether the task succeeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub container_overrides: Vec<ContainerOverride>,
}

/// What a container has other than its definition says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerOverride {
    /// Name of the container.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// In place of its command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 8192)), extend("x-kubernetes-list-type" = "atomic"))]
    pub command: Vec<String>,
    /// Added to its environment, or in place of a variable of that name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub environment: Vec<KeyValuePair>,
    /// In place of its files of variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub environment_files: Vec<EnvironmentFile>,
    /// CPU units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub cpu: Option<i32>,
    /// MiB at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 4))]
    pub memory: Option<i32>,
    /// MiB that are kept for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 4))]
    pub memory_reservation: Option<i32>,
    /// GPUs (EC2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub resource_requirements: Vec<ResourceRequirement>,
}
