//! `ecs/service`.

mod connect;
mod detail;
mod readiness;
mod registration;
mod room;
mod strategy;
mod volume;

pub use connect::{ConnectService, ConnectTls, ServiceConnect};
pub use detail::{
    Deployment, FailedContainer, FailedTask, LifecycleHook, RolloutState, ServiceDeployment, ServiceDetail,
    ServiceEvent, Traffic,
};
pub use readiness::{complete, outcome};
pub use registration::Registration;
pub use room::{Asked, InstanceRoom, Lack, Port, TaskNeeds, no_room};
pub use volume::{ServiceEbsVolume, ServiceVolume};

use longshore_crds::PropagateTags;
use longshore_crds::ecs_service::{
    CapacityProviderStrategyItem, DeploymentConfiguration, LaunchType, PlacementConstraint, PlacementStrategy,
    SchedulingStrategy, VpcLatticeConfiguration,
};
use longshore_crds::task_definition::Switch;
use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Replacement, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A service: the members of `CreateService` and `UpdateService`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// ARN of the cluster.
    pub cluster: Text,
    /// At most 255 letters, digits, `_` and `-`.
    pub name: String,
    /// ARN of the revision.
    pub task_definition: Text,
    /// ECS went back to this revision, and to what was attached beside load balancers: its volumes, Service Connect and
    /// registries fit it, and stay as ECS has them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reverted: bool,
    /// The revision that it ran when it was last asked, where somebody else may deploy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<String>,
    /// How many tasks. `None`: one at creation, and nobody's business afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_count: Option<i32>,
    /// How many tasks a new service gets where the count is nobody's business afterwards. `None`: one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_count: Option<i32>,
    /// Mutually exclusive with a capacity provider strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// Mutually exclusive with a launch type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// `LATEST`, or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// Cannot be changed.
    pub scheduling_strategy: SchedulingStrategy,
    /// How a revision replaces another.
    pub deployment_configuration: DeploymentConfiguration,
    /// ARN of the role of hooks that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_role: Option<Text>,
    /// A pause of its deployment that is over. Never seen: who is told so once is not told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proceed: Option<Continuation>,
    /// For awsvpc tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Target groups in which tasks are registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load_balancers: Vec<ServiceTarget>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_grace_period_seconds: Option<i32>,
    /// Cloud Map registrations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_registries: Vec<Registration>,
    /// Service Connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_connect: Option<ServiceConnect>,
    /// EBS volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volume_configurations: Vec<ServiceVolume>,
    /// VPC Lattice target groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpc_lattice_configurations: Vec<VpcLatticeConfiguration>,
    /// Order has no meaning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_constraints: Vec<PlacementConstraint>,
    /// Order has meaning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Always said: `CreateService` takes `ENABLED` where it is left out, `UpdateService` keeps what there is.
    pub availability_zone_rebalancing: Switch,
    /// Tags tasks with the cluster's and service's names.
    #[serde(default)]
    pub enable_ecs_managed_tags: bool,
    /// What tasks' tags are taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
    /// ECS Exec.
    #[serde(default)]
    pub enable_execute_command: bool,
    /// A change starts a deployment of the same revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarted_at: Option<String>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// A pause of a deployment that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Continuation {
    /// ARN of the service deployment.
    pub deployment: String,
    /// Id of the lifecycle hook.
    pub hook: String,
}

/// A container's port in a target group: ECS's `LoadBalancer`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceTarget {
    /// ARN of the target group.
    pub target_group_arn: Text,
    /// The container.
    pub container_name: String,
    /// Its port.
    pub container_port: i32,
    /// What ECS shifts traffic with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<TrafficShift>,
}

/// What ECS shifts traffic with: its `AdvancedConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrafficShift {
    /// ARN of the second target group.
    pub alternate_target_group_arn: Text,
    /// ARN of the listener rule for production traffic.
    pub production_listener_rule: Text,
    /// ARN of the listener rule for test traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_listener_rule: Option<Text>,
    /// ARN of the role with which ECS changes the rules.
    pub role_arn: Text,
}

/// Where the tasks' interfaces are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// At most 16.
    pub subnets: Vec<String>,
    /// At most 5.
    pub security_groups: Vec<Text>,
    /// Whether the interfaces get public addresses.
    pub assign_public_ip: Switch,
}

outputs! {
    /// What others refer to.
    ServiceOutput {
        /// The ARN.
        Arn = "arn",
        /// The name.
        Name = "name",
    }
}

impl Kind for Service {
    const NAME: &'static str = "ecs/service";
    const TEARDOWN: u8 = teardown::SERVICE;
    // The create-only members of the API (the launch type is not one: an empty strategy list goes back to it).
    const FIXED: &'static [&'static str] = &["cluster", "name", "schedulingStrategy"];
    const ADDRESS: &'static [&'static str] = &["cluster", "name"];
    const REPLACEMENT: Replacement = Replacement::OnConsent;
    // Developer guide, "Updating an Amazon ECS service", and API reference, UpdateService: which parameters start one. A
    // change of launch type or strategy, and a restart, are sent with forceNewDeployment.
    const DEPLOYS: &'static [&'static str] = &[
        "taskDefinition",
        "loadBalancers",
        "network",
        "platformVersion",
        "serviceRegistries",
        "serviceConnect",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
        "launchType",
        "capacityProviderStrategy",
        "restartedAt",
    ];
    const CHANGED_BY: &'static [&'static str] = &["UpdateService", "TagResource", "UntagResource", "DeleteService"];
    type Output = ServiceOutput;

    fn normalise(mut self) -> Self {
        if let Some(network) = &mut self.network {
            network.subnets.sort();
            network.security_groups.sort();
        }
        self.capacity_provider_strategy = normal_strategy(self.capacity_provider_strategy);
        if !self.capacity_provider_strategy.is_empty() {
            self.launch_type = None;
        }
        self.placement_constraints.sort_by_key(|c| (c.type_.as_str(), c.expression.clone()));
        self.load_balancers.sort();
        self.volume_configurations.iter_mut().for_each(ServiceVolume::normalise);
        self.service_registries.sort();
        self.service_connect = self.service_connect.filter(|connect| connect.enabled);
        if let Some(connect) = &mut self.service_connect {
            connect.normalise();
        }
        self.propagate_tags = self.propagate_tags.filter(|source| *source != PropagateTags::None);
        let deployment = &mut self.deployment_configuration;
        strategy::normalise(deployment);
        // One that is off reads back where none was given.
        deployment.deployment_circuit_breaker =
            deployment.deployment_circuit_breaker.take().filter(|breaker| breaker.enable);
        deployment.alarms = deployment.alarms.take().filter(|alarms| alarms.enable || !alarms.alarm_names.is_empty());
        if let Some(alarms) = &mut deployment.alarms {
            alarms.alarm_names.sort();
        }
        self
    }

    fn disown(&self, seen: &mut Self) {
        if self.desired_count.is_none() {
            seen.desired_count = None;
        }
        // It was asked for once, and AWS does not tell.
        seen.initial_count = self.initial_count;
        // With neither, the cluster's default strategy decides at creation, and ECS reports what it decided. What was
        // decided then stays, also where the spec named it and no longer does: ECS cannot be asked to decide again.
        if self.launch_type.is_none() && self.capacity_provider_strategy.is_empty() {
            seen.launch_type = None;
            seen.capacity_provider_strategy.clear();
        }
        // LATEST reads back as a number, and what is left out is LATEST.
        if self.platform_version.as_deref().is_none_or(|version| version == "LATEST") {
            seen.platform_version.clone_from(&self.platform_version);
        }
        seen.reverted = self.reverted;
        if self.was_deployed_meanwhile(seen) {
            seen.task_definition.clone_from(&self.task_definition);
        }
        seen.deployed.clone_from(&self.deployed);
        seen.hook_role.clone_from(&self.hook_role);
        if self.reverted {
            seen.service_registries.clone_from(&self.service_registries);
            seen.service_connect.clone_from(&self.service_connect);
            seen.volume_configurations.clone_from(&self.volume_configurations);
        }
        for want in &self.volume_configurations {
            seen.volume_configurations.iter_mut().filter(|seen| seen.name == want.name).for_each(|s| want.disown(s));
        }
        if let (Some(want), Some(seen)) = (&self.service_connect, &mut seen.service_connect) {
            want.disown(seen);
        }
        // Tasks without interfaces of their own have no use for it, and ECS keeps what there was before.
        if self.network.is_none() {
            seen.network = None;
        }
        if self.health_check_grace_period_seconds.is_none() {
            seen.health_check_grace_period_seconds = None;
        }
        strategy::disown_targets(&self.load_balancers, &mut seen.load_balancers);
        let (want, seen) = (&self.deployment_configuration, &mut seen.deployment_configuration);
        // AWS fills in the breaker's newer members; what the spec leaves out is AWS's to choose.
        if let (Some(want), Some(seen)) = (&want.deployment_circuit_breaker, &mut seen.deployment_circuit_breaker) {
            if want.reset_on_healthy_task.is_none() {
                seen.reset_on_healthy_task = None;
            }
            if want.threshold_configuration.is_none() {
                seen.threshold_configuration.clone_from(&want.threshold_configuration);
            }
        }
        if want.early_success_criteria.is_none() {
            seen.early_success_criteria = None;
        }
        strategy::disown_hooks(&want.lifecycle_hooks, self.hook_role.as_ref(), &mut seen.lifecycle_hooks);
    }

    fn deploying(seen: &Seen<Self>) -> bool {
        let detail = seen.detail::<ServiceDetail>().unwrap_or_default();
        detail.primary().is_some_and(|primary| primary.rollout_state == Some(RolloutState::InProgress))
    }

    fn ready(&self, seen: &Seen<Self>) -> Ready {
        readiness::ready(self, seen)
    }
}

impl Service {
    /// Whether somebody deployed since it was asked what it runs: the next look tells what is wanted now, and what is
    /// there stays until then.
    pub fn was_deployed_meanwhile(&self, seen: &Self) -> bool {
        let known = |deployed: &String| seen.task_definition.known() == Some(deployed);
        self.deployed.as_ref().is_some_and(|deployed| !known(deployed)) && seen.task_definition != self.task_definition
    }
}

/// A strategy without its defaults (API reference, `CapacityProviderStrategyItem`: weight and base default to 0),
/// sorted, since the order of providers has no meaning.
pub(super) fn normal_strategy(mut strategy: Vec<CapacityProviderStrategyItem>) -> Vec<CapacityProviderStrategyItem> {
    for item in &mut strategy {
        item.weight = item.weight.filter(|weight| *weight != 0);
        item.base = item.base.filter(|base| *base != 0);
    }
    strategy.sort_by(|a, b| a.capacity_provider.cmp(&b.capacity_provider));
    strategy
}
