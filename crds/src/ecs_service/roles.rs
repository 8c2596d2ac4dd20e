//! Roles and log groups that are made for one service alone.

use crate::policy_document::PolicyDocument;
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
}
