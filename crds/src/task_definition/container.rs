//! A container definition, with all of its members.

use super::rules;
use super::{
    ContainerDependency, ContainerHealthCheck, ContainerRestartPolicy, EnvironmentFile, FirelensConfiguration,
    HostEntry, KeyValuePair, LinuxParameters, LogConfiguration, MountPoint, PortMapping, ResourceRequirement, Secret,
    SystemControl, Ulimit, VersionConsistency, VolumeFrom,
};
use crate::rules::Rules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One container of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[rules::CONTAINER_MEMORY, rules::VARIABLE_TWICE, rules::ROUTER_USER]))]
#[serde(rename_all = "camelCase")]
pub struct ContainerDefinition {
    /// Unique in the task.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"))]
    pub name: String,
    /// Repository with tag or digest.
    #[schemars(length(min = 1, max = 1024))]
    pub image: String,
    /// Secret for a private registry outside ECR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_credentials: Option<RepositoryCredentials>,
    /// CPU units that the container is guaranteed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 196_608))]
    pub cpu: Option<i32>,
    /// MiB at which the container is killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub memory: Option<i32>,
    /// MiB kept for the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub memory_reservation: Option<i32>,
    /// Other containers, by name (bridge mode only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 512)), extend("x-kubernetes-list-type" = "atomic"))]
    pub links: Vec<String>,
    /// Ports that the container listens on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub port_mappings: Vec<PortMapping>,
    /// Whether the task ends with it; left out: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub essential: Option<bool>,
    /// Restarts the container inside its task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<ContainerRestartPolicy>,
    /// Overrides the image's entry point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub entry_point: Vec<String>,
    /// Overrides the image's command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub command: Vec<String>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 300), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub environment: Vec<KeyValuePair>,
    /// Files of environment variables, in S3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub environment_files: Vec<EnvironmentFile>,
    /// Where the task's volumes are mounted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["containerPath"]))]
    pub mount_points: Vec<MountPoint>,
    /// Volumes of other containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["sourceContainer"]))]
    pub volumes_from: Vec<VolumeFrom>,
    /// Linux settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux_parameters: Option<LinuxParameters>,
    /// Environment variables from Secrets Manager or Parameter Store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub secrets: Vec<Secret>,
    /// Containers that must be there first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["containerName"]))]
    pub depends_on: Vec<ContainerDependency>,
    /// Seconds in which the containers it depends on must be ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub start_timeout: Option<i32>,
    /// Seconds between SIGTERM and SIGKILL; Fargate: at most 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub stop_timeout: Option<i32>,
    /// Whether the tag is resolved to a digest; left out: enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_consistency: Option<VersionConsistency>,
    /// Host name (not with awsvpc).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub hostname: Option<String>,
    /// User that runs in the container: name, uid, user:group, uid:gid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub user: Option<String>,
    /// Directory that commands run in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub working_directory: Option<String>,
    /// Whether the container has no network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_networking: Option<bool>,
    /// Whether the container is root on its host (not on Fargate).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Whether the root file system can't be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readonly_root_filesystem: Option<bool>,
    /// DNS servers (not with awsvpc).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 255)), extend("x-kubernetes-list-type" = "atomic"))]
    pub dns_servers: Vec<String>,
    /// DNS search domains (not with awsvpc).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 255)), extend("x-kubernetes-list-type" = "atomic"))]
    pub dns_search_domains: Vec<String>,
    /// Lines for /etc/hosts (not with awsvpc).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub extra_hosts: Vec<HostEntry>,
    /// Options of `SELinux`, `AppArmor` or credential specs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub docker_security_options: Vec<String>,
    /// Whether standard input stays open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interactive: Option<bool>,
    /// Whether it has a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pseudo_terminal: Option<bool>,
    /// Labels of the container.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 100))]
    pub docker_labels: BTreeMap<String, String>,
    /// Process limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 15), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub ulimits: Vec<Ulimit>,
    /// Where output goes; left out: a log group of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// How ECS asks whether the container is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<ContainerHealthCheck>,
    /// Kernel parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["namespace"]))]
    pub system_controls: Vec<SystemControl>,
    /// GPUs and Neuron devices (EC2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub resource_requirements: Vec<ResourceRequirement>,
    /// Makes the container a log router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firelens_configuration: Option<FirelensConfiguration>,
    /// Active Directory credential specs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub credential_specs: Vec<String>,
}

/// Credentials for a private registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryCredentials {
    /// ARN or name of the secret.
    #[schemars(length(min = 1, max = 2048))]
    pub credentials_parameter: String,
}
