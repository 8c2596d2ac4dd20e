//! What a container is given and what it waits for: variables, files, secrets, dependencies, restarts.

use super::rules;
use crate::rules::Rules;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyValuePair {
    /// Its name.
    #[schemars(length(min = 1, max = 512))]
    pub name: String,
    /// Its value; left out: empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A file of variables.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentFile {
    /// ARN of the S3 object.
    #[schemars(length(min = 1, max = 2048))]
    pub value: String,
    /// Only s3.
    pub type_: EnvironmentFileType,
}

words! {
    /// Where an environment file is.
    pub enum EnvironmentFileType { S3 = "s3" }
}
/// A variable, or a log option, whose value ECS reads when the task starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::SECRET_VALUE_FROM]))]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// Name of the variable or option.
    #[schemars(length(min = 1, max = 512))]
    pub name: String,
    /// ARN of a secret or parameter, or a parameter's name in the same region.
    #[schemars(length(min = 1, max = 1024))]
    pub value_from: String,
}

/// Another container, and what must be true of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerDependency {
    /// The other container.
    #[schemars(length(min = 1, max = 255))]
    pub container_name: String,
    /// What must be true of it.
    pub condition: ContainerCondition,
}

words! {
    /// What must be true of a container that another depends on.
    pub enum ContainerCondition { Start = "START", Complete = "COMPLETE", Success = "SUCCESS", Healthy = "HEALTHY" }
}
/// Restarts one container without replacing the task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerRestartPolicy {
    /// Whether it is restarted.
    pub enabled: bool,
    /// Exit codes that are no reason to restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "set"))]
    pub ignored_exit_codes: Vec<i32>,
    /// Seconds it must have run before a restart; left out: 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 1800))]
    pub restart_attempt_period: Option<i32>,
}

words! {
    /// Whether an image tag is resolved to a digest once per deployment.
    pub enum VersionConsistency { Enabled = "enabled", Disabled = "disabled" }
}
