//! The target group of an entry of `loadBalancers`.

use longshore_crds::ecs_service::{
    ProtocolVersion, ServiceLoadBalancer, Stickiness, StickinessType, TargetHealthCheck, TargetProtocol,
};
use serde_json::{Value, json};

use super::Builder;
use super::shifting::ALTERNATE;
use crate::engine::{FieldPath, Graph, GraphError, Handle};
use crate::kinds::elbv2::Attributes;
use crate::kinds::elbv2::target_group::{HealthCheck, TargetGroup, TargetType};
use crate::names;

/// What requests usually take at most; AWS's own 300 seconds hold up every rollout.
const DEREGISTRATION_DELAY_SECONDS: i32 = 60;
const INTERVAL_SECONDS: i32 = 30;
const TIMEOUT_SECONDS: i32 = 5;
const HEALTHY_THRESHOLD: i32 = 5;
const UNHEALTHY_THRESHOLD: i32 = 2;
/// API reference, `TargetGroupAttribute`: a day.
const STICKY_SECONDS: i32 = 86_400;

impl Builder<'_> {
    pub(super) fn target_group(
        &self,
        graph: &mut Graph,
        entry: &ServiceLoadBalancer,
        at: &FieldPath,
    ) -> Result<Handle<TargetGroup>, GraphError> {
        graph.add(&entry.name, self.group(entry, ""), at.clone(), &[])
    }

    /// The one that traffic is shifted to and back: like the first in everything.
    pub(super) fn alternate_target_group(
        &self,
        graph: &mut Graph,
        entry: &ServiceLoadBalancer,
        at: &FieldPath,
    ) -> Result<Handle<TargetGroup>, GraphError> {
        graph.add(&format!("{}{ALTERNATE}", entry.name), self.group(entry, ALTERNATE), at.clone(), &[])
    }

    fn group(&self, entry: &ServiceLoadBalancer, which: &str) -> TargetGroup {
        let protocol = entry.protocol.unwrap_or(TargetProtocol::Http);
        let protocol_version = entry.protocol_version.unwrap_or(ProtocolVersion::Http1);
        let vpc_id = self.scope.environment.network.vpc_id.clone();
        // Developer guide, "Use an Application Load Balancer for Amazon ECS": `ip` for awsvpc, `instance` for bridge and host.
        let target_type = if self.has_interfaces() { TargetType::Ip } else { TargetType::Instance };
        // ECS registers each task with its container's port, or its instance with the port that it has there, so that this
        // one is never used, and another container port needs no other target group.
        let port = if protocol == TargetProtocol::Http { 80 } else { 443 };
        let mut fixed = vec![json!(self.base), json!(entry.name), json!(protocol), json!(protocol_version)];
        fixed.extend([json!(port), json!(vpc_id), json!(target_type)]);
        fixed.extend((!which.is_empty()).then(|| json!(which)));
        let fixed = Value::Array(fixed);
        TargetGroup {
            name: names::short(&format!("{}-{}", self.scope.name, entry.name), &fixed),
            protocol,
            protocol_version,
            port,
            vpc_id,
            target_type,
            health_check: health_check(entry.health_check.as_ref(), protocol, protocol_version),
            attributes: attributes(entry),
            tags: self.scope.tags(&self.spec.tags),
        }
    }
}

/// Everything is said: what AWS would take for the default depends on the protocol, and has changed over the years.
fn health_check(spec: Option<&TargetHealthCheck>, protocol: TargetProtocol, version: ProtocolVersion) -> HealthCheck {
    let spec = spec.cloned().unwrap_or_default();
    let grpc = version == ProtocolVersion::Grpc;
    let interval_seconds = spec.interval_seconds.unwrap_or(INTERVAL_SECONDS);
    // API reference, `CreateTargetGroup`: the path and the code that gRPC's own health check answers.
    let (path, codes) = if grpc { ("/AWS.ALB/healthcheck", "12") } else { ("/", "200") };
    let asked = if grpc { spec.grpc_codes } else { spec.http_codes };
    HealthCheck {
        protocol: spec.protocol.unwrap_or(protocol),
        port: spec.port.unwrap_or_else(|| "traffic-port".to_owned()),
        path: spec.path.unwrap_or_else(|| path.to_owned()),
        interval_seconds,
        timeout_seconds: spec.timeout_seconds.unwrap_or(TIMEOUT_SECONDS.min(interval_seconds - 1)),
        healthy_threshold_count: spec.healthy_threshold_count.unwrap_or(HEALTHY_THRESHOLD),
        unhealthy_threshold_count: spec.unhealthy_threshold_count.unwrap_or(UNHEALTHY_THRESHOLD),
        codes: asked.unwrap_or_else(|| codes.to_owned()),
    }
}

fn attributes(entry: &ServiceLoadBalancer) -> Attributes {
    let delay = entry.deregistration_delay_seconds.unwrap_or(DEREGISTRATION_DELAY_SECONDS);
    let plain = [
        ("deregistration_delay.timeout_seconds", delay.to_string()),
        ("slow_start.duration_seconds", entry.slow_start_seconds.unwrap_or(0).to_string()),
        ("stickiness.enabled", entry.stickiness.is_some().to_string()),
    ];
    plain
        .into_iter()
        .chain(entry.stickiness.iter().flat_map(sticky))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn sticky(stickiness: &Stickiness) -> Vec<(&'static str, String)> {
    let seconds = stickiness.duration_seconds.unwrap_or(STICKY_SECONDS).to_string();
    let kind = ("stickiness.type", stickiness.type_.to_string());
    match stickiness.type_ {
        StickinessType::LbCookie => vec![kind, ("stickiness.lb_cookie.duration_seconds", seconds)],
        StickinessType::AppCookie => vec![
            kind,
            ("stickiness.app_cookie.duration_seconds", seconds),
            ("stickiness.app_cookie.cookie_name", stickiness.cookie_name.clone().unwrap_or_default()),
        ],
    }
}
