//! Where a service's tasks are attached, and what they may reach.

use super::rules;
use crate::rules::Rules;
use crate::{
    reference::{ObjectRef, SecurityGroupRef},
    task_definition::{Switch, TransportProtocol},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Network of the tasks; left out: private subnets, a group of its own, no public IP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkConfiguration {
    /// Subnets, groups, public IP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awsvpc_configuration: Option<AwsVpcConfiguration>,
    /// Foreign security groups that Longshore opens for the service's tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub access: Vec<Access>,
    /// Who may reach the service's tasks beside its load balancers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30), extend("x-kubernetes-list-type" = "atomic"))]
    pub allow_from: Vec<AllowFrom>,
}

/// Network of tasks that have an interface each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsVpcConfiguration {
    /// Subnet ids; left out: the environment's private (with a public IP: public) subnets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub subnets: Vec<String>,
    /// Further groups, beside the service's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub security_groups: Vec<String>,
    /// Left out: DISABLED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign_public_ip: Option<Switch>,
}

/// A port of a foreign security group that is opened for this service's tasks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::ACCESS_PORTS]))]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// The foreign group.
    pub security_group: SecurityGroupRef,
    /// First, or only, port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Last port, for a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub to_port: Option<i32>,
    /// Left out: tcp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<TransportProtocol>,
}

/// A port of this service's tasks that is opened for others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::ONE_PEER, rules::ACCESS_PORTS]))]
#[serde(rename_all = "camelCase")]
pub struct AllowFrom {
    /// The tasks of another EcsService.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ObjectRef>,
    /// What is in a security group that Longshore does not own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group: Option<SecurityGroupRef>,
    /// An address range, as of a Network Load Balancer's clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 43), regex(pattern = r"^[0-9a-fA-F:.]+/[0-9]{1,3}$"))]
    pub cidr: Option<String>,
    /// First, or only, port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Last port, for a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub to_port: Option<i32>,
    /// Left out: tcp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<TransportProtocol>,
}
