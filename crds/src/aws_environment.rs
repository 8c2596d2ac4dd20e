//! `AwsEnvironment`: an account and region, and what namespaces may do there.

use crate::{
    lifecycle::AllowedNamespaces,
    policy_document::PolicyDocument,
    rules::{self, RuleText, Rules},
    status::{ResourceStatus, conditioned_status},
    task_definition::TransportProtocol,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector, Time};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const ACCOUNT_FIXED: RuleText = (
    "self.accountId == oldSelf.accountId",
    "accountId can't be changed: make another AwsEnvironment, and name it in new objects",
);

const REGION_FIXED: RuleText = (
    "self.region == oldSelf.region",
    "region can't be changed: make another AwsEnvironment, and name it in new objects",
);

const VPC_FIXED: RuleText = (
    "self.network.vpcId == oldSelf.network.vpcId",
    "network.vpcId can't be changed: make another AwsEnvironment, and name it in new objects",
);

const NO_SAME: RuleText = (
    "!has(self.allowedNamespaces) || self.allowedNamespaces.from != 'Same'",
    "allowedNamespaces.from: an AwsEnvironment has no namespace: write All, or Selector with a selector",
);

const SUBNETS: RuleText = ("has(self.ids) != has(self.tags)", "exactly one of ids and tags");

/// Without a boundary a tenant could give a generated role more than its grant says, by the actions of a wildcard.
const BOUNDARY: RuleText = (
    "has(self.permissionsBoundaryArn) || !has(self.grants) || self.grants.all(g, \
     (!has(g.managedPolicyArns) || g.managedPolicyArns.size() == 0) && (!has(g.actions) || g.actions.size() == 0))",
    "iam.permissionsBoundaryArn is required once a grant has managedPolicyArns or actions: name the policy that bounds \
     every generated role",
);

const OWN_ROLE: RuleText = (
    "!has(self.roleArn) || (!has(self.policy) && (!has(self.managedPolicyArns) || self.managedPolicyArns.size() == 0))",
    "iam.executionRole.roleArn names a role of yours, which has the rights that it has: take policy and \
     managedPolicyArns away",
);

/// An account and region: credentials, network, grants, tags.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, CustomResource, JsonSchema)]
#[kube(
    group = "ecs.longshore.dev",
    version = "v1alpha1",
    kind = "AwsEnvironment",
    plural = "awsenvironments",
    shortname = "awsenv",
    category = "longshore",
    status = "AwsEnvironmentStatus",
    derive = "PartialEq",
    cel,
    doc = "An account and region of AWS: credentials, network, and what namespaces may name there.",
    validation = rules::NAME,
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.accountId"),
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.region"),
    printcolumn(name = "VPC", type_ = "string", json_path = ".spec.network.vpcId", priority = 1),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[schemars(transform = Rules(&[ACCOUNT_FIXED, REGION_FIXED, VPC_FIXED, NO_SAME]))]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct AwsEnvironmentSpec {
    /// The account: twelve digits, in quotes. Can't be changed.
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub account_id: String,
    /// The region. Can't be changed.
    #[schemars(length(max = 32), regex(pattern = r"^[a-z]{2,4}(-[a-z]+)+-[0-9]+$"))]
    pub region: String,
    /// Left out, or empty: the controller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// Which namespaces may use it; left out: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
    /// The VPC, and its subnets.
    pub network: Network,
    /// Roles that Longshore makes, and what namespaces may name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam: Option<Iam>,
    /// Tags of everything that is made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 40))]
    pub tags: BTreeMap<String, String>,
    /// How fast changes from outside the specs reach services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollouts: Option<Rollouts>,
}

/// What is known of an environment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null, extend("default" = { "observedGeneration": -1 }))]
pub struct AwsEnvironmentStatus {
    /// Generation of the spec that this speaks of; -1: none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Stalled, Ready, Reconciling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The ARN that AWS says the credentials belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_arn: Option<String>,
    /// Private subnets, resolved once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private_subnet_ids: Vec<String>,
    /// Public subnets, resolved once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_subnet_ids: Vec<String>,
    /// Objects that were deleted lately.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletions: Option<DeletionsStatus>,
    /// Objects that deploy what their specs did not ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollouts: Vec<RolloutStatus>,
    /// Ports of foreign security groups that are open for services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<AccessStatus>,
    /// What the object owns in AWS, by identity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, ResourceStatus>,
}

/// A port of a foreign security group that is open for services.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct AccessStatus {
    /// The foreign group.
    pub security_group_id: String,
    /// tcp or udp.
    pub protocol: TransportProtocol,
    /// First port.
    pub from_port: i32,
    /// Last port.
    pub to_port: i32,
    /// The group that is let in, once it is: tasks join it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients_security_group_id: Option<String>,
    /// Since when no service uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_since: Option<Time>,
    /// Why AWS does not open it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Objects that were deleted lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct DeletionsStatus {
    /// Those that may go, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admitted: Vec<AdmittedDeletion>,
    /// Since when nothing more may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<Time>,
}

/// An object that may go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdmittedDeletion {
    /// Kind/namespace/name.
    pub object: String,
    /// Since when.
    pub at: Time,
}

/// An object that deploys what its spec did not ask for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::absent_not_null)]
pub struct RolloutStatus {
    /// Kind/namespace/name.
    pub object: String,
    /// Its generation.
    pub generation: i64,
    /// Since when.
    pub since: Time,
    /// The revision that ECS had rolled back before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
    /// Why it failed: no further object begins then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

conditioned_status!(AwsEnvironmentStatus);

/// Whose rights are used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// A role that is assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assume_role: Option<AssumeRole>,
}

/// A role that is assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssumeRole {
    /// Its ARN.
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z-]+:iam::[0-9]{12}:role/.+$"))]
    pub role_arn: String,
    /// External id that its trust policy asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 1224))]
    pub external_id: Option<String>,
}

/// The VPC, and its subnets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// The VPC. Can't be changed.
    #[schemars(length(max = 64), regex(pattern = r"^vpc-[0-9a-z]+$"))]
    pub vpc_id: String,
    /// For tasks without a public IP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_subnets: Option<Subnets>,
    /// For tasks with a public IP, and load balancers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_subnets: Option<Subnets>,
}

/// Subnets, by id or by tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[SUBNETS]))]
#[serde(rename_all = "camelCase")]
pub struct Subnets {
    /// Ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub ids: Vec<String>,
    /// Tags that they have; resolved once, and kept in status.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 10))]
    pub tags: BTreeMap<String, String>,
}

/// Roles that Longshore makes, and what namespaces may name.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[BOUNDARY]))]
#[serde(rename_all = "camelCase")]
pub struct Iam {
    /// Path of the roles; left out: /longshore/.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512), regex(pattern = r"^/([!-.0-~]+/)*$"))]
    pub path: Option<String>,
    /// Boundary of the roles; required once a grant has managedPolicyArns or actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$"))]
    pub permissions_boundary_arn: Option<String>,
    /// The execution roles of services that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role: Option<EnvironmentExecutionRole>,
    /// What namespaces may name; what no grant covers is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub grants: Vec<Grant>,
}

/// The execution roles of services that name none: further rights of those that are made, or one of yours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[OWN_ROLE]))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentExecutionRole {
    /// A role of yours in place of one for each service; ${namespace} is the object's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z-]+:iam::[0-9]{12}:role/.+$"))]
    pub role_arn: Option<String>,
    /// Managed policies that are attached, as for GuardDuty's agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub managed_policy_arns: Vec<String>,
    /// An IAM policy document, as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,
}

/// What some namespaces may name. * and ? are wildcards; ${namespace} is the object's namespace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Which namespaces, by label.
    pub namespaces: LabelSelector,
    /// Roles that tasks may run under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub role_arns: Vec<String>,
    /// Managed policies for generated roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub managed_policy_arns: Vec<String>,
    /// Actions for the inline policies of generated roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), inner(length(max = 256)), extend("x-kubernetes-list-type" = "set"))]
    pub actions: Vec<String>,
    /// Secrets of Secrets Manager.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub secret_arns: Vec<String>,
    /// Parameters of Parameter Store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub parameter_arns: Vec<String>,
    /// KMS keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub key_arns: Vec<String>,
    /// File systems that Longshore does not own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub file_system_arns: Vec<String>,
    /// Snapshots that EBS volumes may be made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub snapshot_ids: Vec<String>,
    /// Listeners that Longshore does not own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub listener_arns: Vec<String>,
    /// Target groups that Longshore does not own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub target_group_arns: Vec<String>,
    /// Cloud Map namespaces for Service Connect and registries, by name or ARN as specs write them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub cloud_map_namespaces: Vec<String>,
    /// Cloud Map services that tasks may be registered in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub registry_arns: Vec<String>,
    /// Capacity providers of Auto Scaling groups that clusters may have, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 255)), extend("x-kubernetes-list-type" = "set"))]
    pub capacity_providers: Vec<String>,
    /// Auto Scaling groups that clusters may scale as their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub auto_scaling_group_arns: Vec<String>,
    /// Hosted zones of Route 53 that get records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 32)), extend("x-kubernetes-list-type" = "set"))]
    pub hosted_zone_ids: Vec<String>,
    /// Private certificate authorities for Service Connect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "set"))]
    pub certificate_authority_arns: Vec<String>,
    /// Directories of instances that tasks may mount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 4096)), extend("x-kubernetes-list-type" = "set"))]
    pub host_paths: Vec<String>,
    /// Whether tasks may have privileged containers, devices of the instance and capabilities beyond Docker's; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_privileged: Option<bool>,
    /// Whether tasks may share the network, processes and IPC of the instance; left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_host_namespaces: Option<bool>,
    /// Security groups that Longshore does not own; left out: those of the environment's VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub security_group_ids: Option<Vec<String>>,
}

/// How fast changes from outside the specs reach services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollouts {
    /// Services that deploy at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_concurrent: Option<i32>,
}
