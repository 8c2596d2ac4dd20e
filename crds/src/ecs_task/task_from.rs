//! Whose task definition is run.

use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service whose task definition and network are taken.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskFrom {
    /// The service, in the same namespace.
    pub service: ServiceName,
    /// Its last revision that succeeded, or the one that its spec asks for; left out: Deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<RevisionOf>,
}

/// An `EcsService` of the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceName {
    /// Its name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
}

words! {
    /// Which revision of a service.
    pub enum RevisionOf { Deployed = "Deployed", Spec = "Spec" }
}
