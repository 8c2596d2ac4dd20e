//! `ApplicationLoadBalancer`: a load balancer, its security group, and its listeners.

mod listeners;
mod rules;
mod status;

pub use listeners::*;
pub use status::*;

use crate::{
    lifecycle::{Adoption, AllowedNamespaces, DeletionPolicy, Mode, managed},
    rules::Rules,
    tag::Tag,
    words::words,
};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A load balancer of Elastic Load Balancing, for HTTP and HTTPS.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, CustomResource, JsonSchema)]
#[kube(
    group = "ecs.longshore.dev",
    version = "v1alpha1",
    kind = "ApplicationLoadBalancer",
    plural = "applicationloadbalancers",
    shortname = "alb",
    category = "longshore",
    namespaced,
    status = "ApplicationLoadBalancerStatus",
    derive = "PartialEq",
    cel,
    doc = "A load balancer for HTTP and HTTPS, with its security group and listeners.",
    validation = crate::rules::NAME,
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Scheme", type_ = "string", json_path = ".spec.scheme"),
    printcolumn(name = "DNS name", type_ = "string", json_path = ".status.dnsName"),
    printcolumn(name = "Services", type_ = "string", json_path = ".status.services", priority = 1),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[schemars(transform = Rules(rules::LOAD_BALANCER))]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct ApplicationLoadBalancerSpec {
    /// The AwsEnvironment; left out: the namespace's. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub aws_environment: Option<String>,
    /// Name in AWS; left out: made from namespace and name. Can't be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$"))]
    pub load_balancer_name: Option<String>,
    /// Who can reach it: the internet, or only the VPC and what is connected to it.
    pub scheme: Scheme,
    /// Left out: ipv4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<IpAddressType>,
    /// Subnet ids, in at least two zones; left out: the environment's public subnets, for scheme internal the private.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub subnets: Vec<String>,
    /// Address ranges that may reach the listeners' ports; with ingressPrefixListIds left out too: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 43), regex(pattern = r"^[0-9a-fA-F:.]+/[0-9]{1,3}$")), extend("x-kubernetes-list-type" = "set"))]
    pub ingress_cidrs: Vec<String>,
    /// Prefix lists that may reach them, as `CloudFront`'s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 64), regex(pattern = r"^pl-[0-9a-z]+$")), extend("x-kubernetes-list-type" = "set"))]
    pub ingress_prefix_list_ids: Vec<String>,
    /// Ports on which it listens.
    #[schemars(length(min = 1, max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub listeners: Vec<Listener>,
    /// Seconds without traffic after which a connection is closed; left out: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4000))]
    pub idle_timeout_seconds: Option<i32>,
    /// Whether AWS refuses to delete it; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,
    /// Where requests are recorded; left out: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_logs: Option<AccessLogs>,
    /// ARN of a web ACL of WAF that requests must pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z-]+:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/.+$"))]
    pub web_acl_arn: Option<String>,
    /// Whose services may be behind it; left out: those of the same namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
    /// Tags of all that is made for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
    /// Left out: Manage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Left out: Never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
    /// Left out: Delete, which waits until no service is behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

managed!(ApplicationLoadBalancerSpec);

words! {
    /// Who can reach a load balancer.
    pub enum Scheme { InternetFacing = "internet-facing", Internal = "internal" }
}
words! {
    /// Which addresses a load balancer has.
    pub enum IpAddressType {
        Ipv4 = "ipv4",
        Dualstack = "dualstack",
        DualstackWithoutPublicIpv4 = "dualstack-without-public-ipv4",
    }
}
/// Where requests are recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessLogs {
    /// A bucket whose policy lets Elastic Load Balancing write.
    #[schemars(length(min = 3, max = 63))]
    pub bucket: String,
    /// Prefix of the objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub prefix: Option<String>,
}
