//! Ports that a container listens on.

use super::rules;
use crate::rules::Rules;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A port, or a range of ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::PORT_OR_RANGE]))]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    /// Port in the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub container_port: Option<i32>,
    /// Port on the host; awsvpc: the same as containerPort.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65535))]
    pub host_port: Option<i32>,
    /// Left out: tcp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<TransportProtocol>,
    /// Name for Service Connect and VPC Lattice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub name: Option<String>,
    /// What is spoken on it (Service Connect).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<ApplicationProtocol>,
    /// FIRST-LAST, in place of containerPort.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 11), regex(pattern = r"^[0-9]{1,5}-[0-9]{1,5}$"))]
    pub container_port_range: Option<String>,
}

words! {
    /// Protocol of a port.
    pub enum TransportProtocol { Tcp = "tcp", Udp = "udp" }
}
words! {
    /// What is spoken on a port.
    pub enum ApplicationProtocol { Http = "http", Http2 = "http2", Grpc = "grpc" }
}
