//! Roles and log groups that are made for one service alone.

use super::rules;
use crate::lifecycle::DeletionPolicy;
use crate::policy_document::PolicyDocument;
use crate::rules::Rules;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role for the application, made for this service alone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRole {
    /// Managed policies that are attached; what the environment grants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub managed_policy_arns: Vec<String>,
    /// An IAM policy document, as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,
    /// Seconds that a session may last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3600, max = 43200))]
    pub max_session_duration: Option<i32>,
}

/// Beyond what images, secrets and logs need.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionRole {
    /// Managed policies that are attached; what the environment grants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub managed_policy_arns: Vec<String>,
    /// An IAM policy document, as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,
}

/// The log groups of containers without a logConfiguration of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::BUFFER]))]
#[serde(rename_all = "camelCase")]
pub struct Logs {
    /// Days that logs are kept; left out: 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
    ]))]
    pub retention_in_days: Option<i32>,
    /// ARN of the key that encrypts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub kms_key_id: Option<String>,
    /// Whether a container waits until its output is taken; left out: ECS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<LogMode>,
    /// How much a container that does not wait may be ahead, as 25m; what is more is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[1-9][0-9]*[bkmgBKMG]?$"))]
    pub max_buffer_size: Option<String>,
    /// What becomes of them when the service is deleted, or no container writes there any more; left out: Delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

words! {
    /// What a container does whose output is not taken at once.
    pub enum LogMode { Blocking = "blocking", NonBlocking = "non-blocking" }
}
