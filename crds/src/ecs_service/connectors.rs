//! VPC Lattice target groups and gateway connectors.

use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A port behind a VPC Lattice target group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VpcLatticeConfiguration {
    /// Role with which ECS registers tasks.
    #[schemars(length(min = 1, max = 2048))]
    pub role_arn: String,
    /// ARN of the target group.
    #[schemars(length(min = 1, max = 2048))]
    pub target_group_arn: String,
    /// Name of a port mapping.
    #[schemars(length(min = 1, max = 64))]
    pub port_name: String,
    /// Second target group and rules of blue/green, linear and canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<VpcLatticeAdvancedConfiguration>,
}

/// What ECS moves between two target groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VpcLatticeAdvancedConfiguration {
    /// The second target group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub alternate_target_group_arn: Option<String>,
    /// ARN of the rule for production traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub production_listener_rule: Option<String>,
    /// ARN of the rule for test traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub test_listener_rule: Option<String>,
}

/// A port behind the cluster's gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayConnector {
    /// Name of a port mapping.
    #[schemars(length(min = 1, max = 64))]
    pub port_name: String,
    /// How the gateway asks whether a task is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<GatewayHealthCheck>,
    /// Who may reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<GatewayFilters>,
    /// How long a leaving task may finish its requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deregistration_delay: Option<GatewayDeregistrationDelay>,
}

/// A gateway's health check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayHealthCheck {
    /// Protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_protocol: Option<GatewayHealthCheckProtocol>,
    /// Port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub health_check_port: Option<i32>,
    /// Path that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub health_check_path: Option<String>,
    /// Seconds that one check may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub health_check_timeout_seconds: Option<i32>,
    /// Seconds between checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub health_check_interval_seconds: Option<i32>,
    /// Successes in a row that make a task healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub healthy_threshold_count: Option<i32>,
    /// Failures in a row that make it unhealthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub unhealthy_threshold_count: Option<i32>,
    /// Codes that count as success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<GatewayHealthCheckMatcher>,
}

words! {
    /// Protocol of a gateway's health check.
    pub enum GatewayHealthCheckProtocol { Http = "HTTP", Https = "HTTPS" }
}
/// Codes that count as success.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayHealthCheckMatcher {
    /// HTTP codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub http_code: Option<String>,
    /// gRPC codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub grpc_code: Option<String>,
}

/// Who may reach a connector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayFilters {
    /// From where.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), extend("x-kubernetes-list-type" = "set"))]
    pub access_types: Vec<GatewayAccess>,
}

words! {
    /// From where a connector is reached.
    pub enum GatewayAccess { Public = "PUBLIC", Private = "PRIVATE" }
}
/// How long a leaving task may finish its requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayDeregistrationDelay {
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub timeout_seconds: Option<i32>,
}
