//! How a load balancer deals with a service's tasks.

use super::rules;
use crate::{rules::Rules, words::words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A load balancer's health check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::CHECK_TIMEOUT]))]
#[serde(rename_all = "camelCase")]
pub struct TargetHealthCheck {
    /// Path that is asked; left out: /.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub path: Option<String>,
    /// Port, or traffic-port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^(traffic-port|[0-9]{1,5})$"))]
    pub port: Option<String>,
    /// Left out: the protocol of the tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<TargetProtocol>,
    /// Seconds between checks; left out: 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 300))]
    pub interval_seconds: Option<i32>,
    /// Seconds that one check may take; left out: 5, or less where checks are closer together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 120))]
    pub timeout_seconds: Option<i32>,
    /// Successes in a row that make a task healthy; left out: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold_count: Option<i32>,
    /// Failures in a row that make it unhealthy; left out: 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold_count: Option<i32>,
    /// Codes that count as success, as 200,201 or 200-299; left out: 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub http_codes: Option<String>,
    /// The same of gRPC, as 0 or 0-99; left out: 12.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub grpc_codes: Option<String>,
}

words! {
    /// What a load balancer speaks to tasks.
    pub enum TargetProtocol { Http = "HTTP", Https = "HTTPS" }
}
words! {
    /// Which version of HTTP it speaks to them.
    pub enum ProtocolVersion { Http1 = "HTTP1", Http2 = "HTTP2", Grpc = "GRPC" }
}
/// How a client stays with one task.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::APP_COOKIE]))]
#[serde(rename_all = "camelCase")]
pub struct Stickiness {
    /// By the load balancer's cookie, or beside the application's.
    #[serde(rename = "type")]
    pub type_: StickinessType,
    /// Seconds; left out: 86400, a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 604_800))]
    pub duration_seconds: Option<i32>,
    /// The application's cookie, with type: `app_cookie`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub cookie_name: Option<String>,
}

words! {
    /// Whose cookie.
    pub enum StickinessType { LbCookie = "lb_cookie", AppCookie = "app_cookie" }
}
