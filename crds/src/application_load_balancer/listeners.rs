//! The ports of a load balancer, and who may claim what is asked for there.

use super::rules;
use crate::{lifecycle::AllowedNamespaces, rules::Rules, words::words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A port on which a load balancer listens.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(rules::LISTENER))]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// What services name.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// The port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// What clients speak.
    pub protocol: ListenerProtocol,
    /// Certificates of ACM or IAM, the default first; left out: found in ACM for the patterns of hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 25), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub certificate_arns: Vec<String>,
    /// Versions and ciphers of TLS; left out: ELBSecurityPolicy-TLS13-1-2-2021-06.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub ssl_policy: Option<String>,
    /// Certificates of clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutual_authentication: Option<MutualAuthentication>,
    /// Where requests are sent that no rule takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<Redirect>,
    /// What is answered to requests that no rule takes; with redirect left out too: 404.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_response: Option<FixedResponse>,
    /// Which namespaces may claim which hosts; left out: any of allowedNamespaces any host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["pattern"]))]
    pub hosts: Vec<HostClaim>,
}

words! {
    /// What clients, and redirects, speak.
    pub enum ListenerProtocol { Http = "HTTP", Https = "HTTPS" }
}
/// Who may claim which hosts. Of two services that claim the same, the older has it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostClaim {
    /// A host name; * and ? are wildcards.
    #[schemars(length(min = 1, max = 128))]
    pub pattern: String,
    /// Left out: all of allowedNamespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<AllowedNamespaces>,
}

/// Certificates of clients; left out: none are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::TRUST_STORE]))]
#[serde(rename_all = "camelCase")]
pub struct MutualAuthentication {
    /// Whether they are verified, or passed on to the application in a header.
    pub mode: MutualAuthenticationMode,
    /// ARN of the trust store, with mode: verify.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub trust_store_arn: Option<String>,
    /// Whether expired ones are taken; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_client_certificate_expiry: Option<bool>,
    /// Whether clients are told the names of the authorities; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise_trust_store_ca_names: Option<bool>,
}

words! {
    /// What is done with certificates of clients.
    pub enum MutualAuthenticationMode { Passthrough = "passthrough", Verify = "verify" }
}
/// Where a request is sent. What is left out stays as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Redirect {
    /// HTTP or HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ListenerProtocol>,
    /// The port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// The host; may contain #{host}.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub host: Option<String>,
    /// The path, with its leading /; may contain #{host}, #{path} and #{port}.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^/"))]
    pub path: Option<String>,
    /// The query, without the leading ?.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub query: Option<String>,
    /// Permanent or for now.
    pub status_code: RedirectStatusCode,
}

words! {
    /// Permanent or for now.
    pub enum RedirectStatusCode { Permanent = "HTTP_301", Found = "HTTP_302" }
}
/// An answer without a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixedResponse {
    /// 2xx, 4xx or 5xx, in quotes.
    #[schemars(length(max = 3), regex(pattern = r"^[245][0-9][0-9]$"))]
    pub status_code: String,
    /// Left out: text/plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<ContentType>,
    /// What is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message_body: Option<String>,
}

words! {
    /// What an answer is.
    pub enum ContentType {
        Plain = "text/plain",
        Css = "text/css",
        Html = "text/html",
        Javascript = "application/javascript",
        Json = "application/json",
    }
}
