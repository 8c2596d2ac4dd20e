//! Health check settings of target groups.
//!
//! API reference, `CreateTargetGroup` and `ModifyTargetGroup`: bounds and defaults by protocol.

use serde::Serialize;
use serde_json::{Value, json};

use super::{bounded, invalid};
use crate::call::Fault;
use crate::protocol::query;

/// How the health of a group's targets is checked; times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct HealthCheck {
    protocol: String,
    /// `traffic-port`, or a port's number.
    port: String,
    path: Option<String>,
    pub(super) interval: i64,
    pub(super) timeout: i64,
    pub(super) healthy_threshold: i64,
    pub(super) unhealthy_threshold: i64,
    /// HTTP status codes such as `200` or `200-299,301`; of gRPC groups, gRPC codes.
    matcher: String,
    grpc: bool,
}

impl HealthCheck {
    /// What a group of this protocol has unless told otherwise.
    fn defaults(protocol: &str, version: Option<&str>) -> Self {
        let (http, grpc) = (["HTTP", "HTTPS"].contains(&protocol), version == Some("GRPC"));
        let path = if grpc { "/AWS.ALB/healthcheck" } else { "/" };
        Self {
            protocol: if http { "HTTP" } else { "TCP" }.to_owned(),
            port: "traffic-port".to_owned(),
            path: http.then(|| path.to_owned()),
            interval: 30,
            // "For target groups with a protocol of HTTP, the default is 6 seconds", else 10; the guide for
            // Application Load Balancers says 5, and so do real ones.
            timeout: if http { 5 } else { 10 },
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            matcher: if grpc { "12" } else { "200" }.to_owned(),
            grpc,
        }
    }

    /// Of a new target group.
    pub(super) fn read(input: &Value, protocol: &str, version: Option<&str>) -> Result<Self, Fault> {
        Self::defaults(protocol, version).changed(input, protocol)
    }

    /// With what an input gives in place of what was.
    pub(super) fn changed(&self, input: &Value, group_protocol: &str) -> Result<Self, Fault> {
        let mut check = self.clone();
        // "If the target type is instance, ip, or alb, health checks are always enabled and can't be disabled."
        if query::flag(input, "HealthCheckEnabled") == Some(false) {
            return Err(invalid("Health checks cannot be disabled for target groups of this target type"));
        }
        if let Some(protocol) = query::text(input, "HealthCheckProtocol") {
            if !["HTTP", "HTTPS", "TCP"].contains(&protocol) {
                return Err(invalid(format!("Health check protocol '{protocol}' must be one of 'HTTP, HTTPS, TCP'")));
            }
            if protocol == "TCP" && ["HTTP", "HTTPS"].contains(&group_protocol) {
                return Err(invalid(
                    "Health check protocol 'TCP' is not supported for target groups of HTTP and HTTPS",
                ));
            }
            protocol.clone_into(&mut check.protocol);
            if protocol != "TCP" {
                check.path.get_or_insert_with(|| "/".to_owned());
            }
        }
        if let Some(port) = query::text(input, "HealthCheckPort") {
            if port != "traffic-port" && !port.parse::<u16>().is_ok_and(|port| port > 0) {
                return Err(invalid(format!("Health check port '{port}' must be 'traffic-port' or from 1 to 65535")));
            }
            port.clone_into(&mut check.port);
        }
        if let Some(path) = query::text(input, "HealthCheckPath") {
            if !path.starts_with('/') || path.chars().count() > 1024 {
                return Err(invalid(format!(
                    "Health check path '{path}' must begin with a '/' and have at most 1024 characters"
                )));
            }
            check.path = Some(path.to_owned());
        }
        let number =
            |member: &str, least, most, was| bounded(input, member, least..=most).map(|given| given.unwrap_or(was));
        check.interval = number("HealthCheckIntervalSeconds", 5, 300, check.interval)?;
        check.timeout = number("HealthCheckTimeoutSeconds", 2, 120, check.timeout)?;
        check.healthy_threshold = number("HealthyThresholdCount", 2, 10, check.healthy_threshold)?;
        check.unhealthy_threshold = number("UnhealthyThresholdCount", 2, 10, check.unhealthy_threshold)?;
        if check.timeout >= check.interval {
            let message = format!(
                "Health check timeout '{}' must be smaller than the interval '{}'",
                check.timeout, check.interval
            );
            return Err(invalid(message));
        }
        if let Some(matcher) = input.get("Matcher") {
            check.matcher = check.checked_matcher(matcher)?;
        }
        Ok(check)
    }

    fn checked_matcher(&self, matcher: &Value) -> Result<String, Fault> {
        let (member, bounds) = if self.grpc { ("GrpcCode", 0..=99) } else { ("HttpCode", 200..=499) };
        let codes = query::text(matcher, member)
            .ok_or_else(|| invalid(format!("{member} must be specified for the matcher")))?;
        let fits = ranges(codes).is_some_and(|ranges| {
            ranges.iter().all(|(first, last)| first <= last && bounds.contains(first) && bounds.contains(last))
        });
        if fits {
            return Ok(codes.to_owned());
        }
        Err(invalid(format!(
            "Health check matcher '{codes}' must be codes between '{}' and '{}'",
            bounds.start(),
            bounds.end()
        )))
    }

    /// The port that is asked on a target that listens on `traffic`.
    pub(super) fn port_of(&self, traffic: i64) -> i64 {
        self.port.parse().unwrap_or(traffic)
    }

    /// Whether what is healthy in itself answers so that the check passes. Over HTTP that is 200. A gRPC service
    /// answers the default path, which it doesn't have, with 12, and one of its own with 0.
    pub(super) fn passes_well(&self) -> bool {
        if self.protocol == "TCP" {
            return true;
        }
        let code = match (self.grpc, self.path.as_deref()) {
            (true, Some("/AWS.ALB/healthcheck")) => 12,
            (true, _) => 0,
            (false, _) => 200,
        };
        ranges(&self.matcher).is_some_and(|ranges| ranges.iter().any(|(first, last)| (*first..=*last).contains(&code)))
    }

    /// Whether the check asks for more than a connection.
    pub(super) fn looks_at_answers(&self) -> bool {
        self.protocol != "TCP"
    }

    /// Its members, as a target group shows them.
    pub(super) fn view(&self) -> Value {
        let codes = if self.grpc { json!({"GrpcCode": self.matcher}) } else { json!({"HttpCode": self.matcher}) };
        json!({
            "HealthCheckEnabled": true,
            "HealthCheckProtocol": self.protocol,
            "HealthCheckPort": self.port,
            "HealthCheckPath": self.path,
            "HealthCheckIntervalSeconds": self.interval,
            "HealthCheckTimeoutSeconds": self.timeout,
            "HealthyThresholdCount": self.healthy_threshold,
            "UnhealthyThresholdCount": self.unhealthy_threshold,
            "Matcher": self.looks_at_answers().then_some(codes),
        })
    }
}

/// `200,300-399` taken apart.
fn ranges(codes: &str) -> Option<Vec<(u16, u16)>> {
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
    };
    codes.split(',').map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_bounds_and_hang_together() {
        let cases = [
            (json!({}), true),
            (json!({"HealthCheckIntervalSeconds": "5", "HealthCheckTimeoutSeconds": "4"}), true),
            (json!({"HealthCheckIntervalSeconds": "4"}), false),
            (json!({"HealthCheckTimeoutSeconds": "30"}), false),
            (json!({"HealthyThresholdCount": "1"}), false),
            (json!({"UnhealthyThresholdCount": "11"}), false),
            (json!({"HealthCheckPath": "health"}), false),
            (json!({"HealthCheckPort": "0"}), false),
            (json!({"HealthCheckPort": "8081"}), true),
            (json!({"HealthCheckProtocol": "TCP"}), false),
            (json!({"HealthCheckEnabled": "false"}), false),
            (json!({"Matcher": {"HttpCode": "200-299,301"}}), true),
            (json!({"Matcher": {"HttpCode": "500"}}), false),
            (json!({"Matcher": {"HttpCode": "299-200"}}), false),
            (json!({"Matcher": {"GrpcCode": "0"}}), false),
        ];
        for (input, fits) in cases {
            assert_eq!(HealthCheck::read(&input, "HTTP", None).is_ok(), fits, "{input}");
        }
    }

    #[test]
    fn what_a_healthy_target_answers_must_be_among_the_codes() {
        let passes = |input: &Value, version| HealthCheck::read(input, "HTTP", version).unwrap().passes_well();
        assert!(passes(&json!({}), None));
        assert!(passes(&json!({"Matcher": {"HttpCode": "200-399"}}), None));
        assert!(!passes(&json!({"Matcher": {"HttpCode": "204"}}), None));
        assert!(passes(&json!({}), Some("GRPC")));
        assert!(!passes(&json!({"HealthCheckPath": "/a.B/check"}), Some("GRPC")));
    }
}
