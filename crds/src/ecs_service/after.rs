//! What a new revision waits for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What must have succeeded before a new revision is rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct After {
    /// A one-off task that runs the revision that the spec asks for.
    pub task: TaskName,
}

/// An `EcsTask` of the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskName {
    /// Its name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
}
