//! Service Connect: names by which services reach each other.

use super::rules;
use crate::{rules::Rules, task_definition::LogConfiguration, words::words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names by which services reach each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::CONNECT_ACCESS_LOG]))]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectConfiguration {
    /// Whether it is on.
    pub enabled: bool,
    /// Cloud Map namespace; left out: the cluster's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub namespace: Option<String>,
    /// What this service offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["portName"]))]
    pub services: Vec<ServiceConnectService>,
    /// Where the proxy's output goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// The proxy's access log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log_configuration: Option<ServiceConnectAccessLog>,
    /// Settings of the proxy's container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub container_configurations: Vec<ServiceConnectContainer>,
}

/// A port that other services can reach by a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(rules::CONNECT_SERVICE))]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectService {
    /// Name of a port mapping.
    #[schemars(length(min = 1, max = 64))]
    pub port_name: String,
    /// Name in Cloud Map; left out: portName.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub discovery_name: Option<String>,
    /// The name and port for clients; required.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1), extend("x-kubernetes-list-type" = "atomic"))]
    pub client_aliases: Vec<ServiceConnectClientAlias>,
    /// Port on which the proxy listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65535))]
    pub ingress_port_override: Option<i32>,
    /// When connections are given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<ServiceConnectTimeout>,
    /// Encryption between proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServiceConnectTls>,
}

/// A name and port for clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectClientAlias {
    /// Port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Name; left out: discoveryName.namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub dns_name: Option<String>,
    /// Which requests are test traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_traffic_rules: Option<ServiceConnectTestTrafficRules>,
}

/// Which requests are test traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectTestTrafficRules {
    /// A header that marks them.
    pub header: TestTrafficHeader,
}

/// A header that marks test traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestTrafficHeader {
    /// Name of the header.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Its value; left out: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<TestTrafficHeaderValue>,
}

/// Value of a header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestTrafficHeaderValue {
    /// Exactly this.
    #[schemars(length(max = 255))]
    pub exact: String,
}

/// When connections are given up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectTimeout {
    /// Seconds without traffic; 0: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub idle_timeout_seconds: Option<i32>,
    /// Seconds for a request; 0: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub per_request_timeout_seconds: Option<i32>,
}

/// Encryption between proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectTls {
    /// Who signs.
    pub issuer_certificate_authority: ServiceConnectCertificateAuthority,
    /// Key that encrypts the private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub kms_key: Option<String>,
    /// Role with which ECS asks for certificates; left out: one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub role_arn: Option<String>,
}

/// Who signs certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectCertificateAuthority {
    /// ARN of the private CA; required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub aws_pca_authority_arn: Option<String>,
}

/// The proxy's access log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectAccessLog {
    /// Form of a line.
    pub format: AccessLogFormat,
    /// Left out: DISABLED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_query_parameters: Option<crate::task_definition::Switch>,
}

words! {
    /// Form of a line of an access log.
    pub enum AccessLogFormat { Text = "TEXT", Json = "JSON" }
}
/// Settings of the proxy's container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectContainer {
    /// How much it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<ProxyLogLevel>,
}

words! {
    /// How much a proxy says.
    pub enum ProxyLogLevel { Debug = "debug", Info = "info" }
}
