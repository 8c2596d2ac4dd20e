//! Where tasks are registered in Cloud Map.

use serde::{Deserialize, Serialize};

use crate::engine::Text;

/// ECS's `ServiceRegistry`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// ARN of the Cloud Map service.
    pub registry_arn: Text,
    /// Port of an SRV record, for awsvpc tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// The container whose port it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// Its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_port: Option<i32>,
}
