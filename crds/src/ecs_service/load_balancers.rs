//! How traffic reaches a service.

use super::rules;
use super::{ListenerRule, ProtocolVersion, Stickiness, TargetHealthCheck, TargetProtocol};
use crate::reference::LoadBalancerRef;
use crate::rules::Rules;
use crate::words::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A container's port behind a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::ONE_TARGET, rules::CLASSIC, rules::LISTENER_OF_REF, rules::RULES_OF_OURS, rules::DNS_OF_OURS, rules::SLOW_START, rules::ADVANCED_OF_OURS, rules::TEST_OF_OURS, rules::TEST_LISTENER]))]
#[serde(rename_all = "camelCase")]
pub struct ServiceLoadBalancer {
    /// Names the target group and rules that are made for it.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// A target group that Longshore does not own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub target_group_arn: Option<String>,
    /// An ApplicationLoadBalancer, or a listener that Longshore does not own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<LoadBalancerRef>,
    /// Name of a listener of that ApplicationLoadBalancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub listener: Option<String>,
    /// Refused: classic load balancers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub load_balancer_name: Option<String>,
    /// The container.
    #[schemars(length(min = 1, max = 255))]
    pub container_name: String,
    /// Its port.
    #[schemars(range(min = 1, max = 65535))]
    pub container_port: i32,
    /// What is sent to this service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub rules: Vec<ListenerRule>,
    /// What the load balancer speaks to tasks; left out: HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<TargetProtocol>,
    /// Left out: HTTP1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<ProtocolVersion>,
    /// How the load balancer asks whether a task is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<TargetHealthCheck>,
    /// Seconds that a leaving task may finish its requests; left out: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub deregistration_delay_seconds: Option<i32>,
    /// Whether a client stays with one task; left out: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stickiness: Option<Stickiness>,
    /// Seconds over which a new task's share of the requests grows; left out: 0, at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 900))]
    pub slow_start_seconds: Option<i32>,
    /// Records that lead the hosts of rules to the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<Dns>,
    /// Which requests reach the new revision before others do: blue/green, linear and canary only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_rule: Option<ListenerRule>,
    /// Name of the listener of that ApplicationLoadBalancer that testRule is on; left out: listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub test_listener: Option<String>,
    /// Second target group and rules of blue/green, linear and canary; those of loadBalancer are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<AdvancedConfiguration>,
}

/// Records that lead hosts to the load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::ONE_DNS]))]
#[serde(rename_all = "camelCase")]
pub struct Dns {
    /// Which hosts; left out: all that the rules name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub hosts: Vec<String>,
    /// The hosted zone of Route 53 that gets alias records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), regex(pattern = r"^Z[0-9A-Z]+$"))]
    pub hosted_zone_id: Option<String>,
    /// Whether external-dns makes the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_endpoint: Option<bool>,
}

/// What ECS moves between two target groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdvancedConfiguration {
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
    /// Role with which ECS changes them; left out: one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub role_arn: Option<String>,
}

/// A Cloud Map service that tasks are registered in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::ONE_REGISTRY, rules::REGISTRY_PORT, rules::SRV_PORT]))]
#[serde(rename_all = "camelCase")]
pub struct ServiceRegistry {
    /// One that Longshore makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
    /// ARN of one that Longshore does not own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub registry_arn: Option<String>,
    /// Port of an SRV record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65535))]
    pub port: Option<i32>,
    /// The container.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub container_name: Option<String>,
    /// Its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65535))]
    pub container_port: Option<i32>,
}

/// A Cloud Map service that Longshore makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::RECORD_TYPES]))]
#[serde(rename_all = "camelCase")]
pub struct Registry {
    /// Cloud Map namespace, by name or ARN.
    #[schemars(length(min = 1, max = 1024))]
    pub namespace: String,
    /// Name in it: tasks are found under name.namespace.
    #[schemars(
        length(min = 1, max = 127),
        regex(pattern = r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$")
    )]
    pub name: String,
    /// Records of each task; left out: SRV with a port, else A; an HTTP namespace has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 2), inner(length(max = 4)), extend("x-kubernetes-list-type" = "set"))]
    pub record_types: Vec<RegistryRecordType>,
    /// Seconds that resolvers may keep an answer; left out: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub ttl_seconds: Option<i32>,
}

words! {
    /// A record of a task in DNS.
    pub enum RegistryRecordType { A = "A", Aaaa = "AAAA", Srv = "SRV" }
}
