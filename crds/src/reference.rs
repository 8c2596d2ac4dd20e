//! References: `{name, namespace?}` of an object here, or the ARN or id of a thing that Longshore does not own.

use crate::rules::{RuleText, Rules};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const CLUSTER: RuleText = (
    "has(self.name) != has(self.arn)",
    "exactly one of name and arn: name of an EcsCluster here, or arn of a cluster that Longshore does not own",
);
const NAMESPACE: RuleText =
    ("!has(self.__namespace__) || has(self.name)", "namespace belongs to name: write name, or take namespace away");
const LOAD_BALANCER: RuleText = (
    "has(self.name) != has(self.listenerArn)",
    "exactly one of name and listenerArn: name of an ApplicationLoadBalancer here, or \
                                     listenerArn (with securityGroupId) of one that Longshore does not own",
);
const LISTENER_GROUP: RuleText = (
    "has(self.securityGroupId) == has(self.listenerArn)",
    "securityGroupId belongs to listenerArn, which needs it: the group of an ApplicationLoadBalancer named here is known",
);

/// An object in this cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// Name of the object.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// Its namespace; left out: the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// An ECS cluster: an `EcsCluster`, or one that Longshore does not own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[CLUSTER, NAMESPACE]))]
#[serde(rename_all = "camelCase")]
pub struct ClusterRef {
    /// Name of an `EcsCluster`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub name: Option<String>,
    /// Its namespace; left out: the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// ARN of a cluster that Longshore does not own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9_-]+$"))]
    pub arn: Option<String>,
}

/// A security group that Longshore does not own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroupRef {
    /// Id of the group.
    #[schemars(length(max = 64), regex(pattern = r"^sg-[0-9a-z]+$"))]
    pub id: String,
}

/// A load balancer: an `ApplicationLoadBalancer`, or a listener that Longshore does not own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[LOAD_BALANCER, NAMESPACE, LISTENER_GROUP]))]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancerRef {
    /// Name of an `ApplicationLoadBalancer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub name: Option<String>,
    /// Its namespace; left out: the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// ARN of a listener that Longshore does not own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub listener_arn: Option<String>,
    /// Security group of that listener's load balancer, which is let in on the container's port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^sg-[0-9a-z]+$"))]
    pub security_group_id: Option<String>,
}
