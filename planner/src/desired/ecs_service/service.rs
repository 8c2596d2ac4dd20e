//! The service itself.

use longshore_crds::ecs_service::{
    DeploymentCircuitBreaker, DeploymentConfiguration, LaunchType, PlacementStrategyType, SchedulingStrategy,
};
use longshore_crds::task_definition::Switch;
use longshore_crds::{EcsServiceSpec, PropagateTags};

use super::load_balancers::Attached;
use super::network::ServiceNetwork;
use super::{Builder, SERVICE_KEY};
use crate::desired::memory::LastGood;
use crate::desired::obstacle::ClusterReference;
use crate::engine::{Graph, GraphError, Id, Text};
use crate::kinds::ecs::service::{Registration, Service, ServiceConnect, ServiceVolume};

/// The minimum healthy and the maximum percentage of a service: what it says, else what ECS takes for its scheduling
/// strategy (API reference, `DeploymentConfiguration`). A daemon's old task goes before its new one comes, since an instance
/// has one of them.
pub(super) fn percentages(spec: &EcsServiceSpec) -> (i32, i32) {
    let (minimum, maximum) =
        if spec.scheduling_strategy == Some(SchedulingStrategy::Daemon) { (0, 100) } else { (100, 200) };
    let configuration = spec.deployment_configuration.as_ref();
    (
        configuration.and_then(|configuration| configuration.minimum_healthy_percent).unwrap_or(minimum),
        configuration.and_then(|configuration| configuration.maximum_percent).unwrap_or(maximum),
    )
}

/// Long enough to see what the new revision does under all of the traffic. ECS wants one to be given for blue/green.
const BAKE_MINUTES: i32 = 5;

/// What a start usually takes at most.
const GRACE_PERIOD_SECONDS: i32 = 60;

/// What a service is put together from, beside its spec.
pub(super) struct Parts<'a> {
    pub(super) cluster: &'a ClusterReference,
    pub(super) task_definition: Text,
    /// The revision that ECS went back to.
    pub(super) reverted: Option<&'a LastGood>,
    pub(super) network: ServiceNetwork,
    pub(super) attached: &'a Attached,
    pub(super) registrations: Vec<Registration>,
    pub(super) connect: Option<ServiceConnect>,
    pub(super) volumes: Vec<ServiceVolume>,
    pub(super) hook_role: Option<Text>,
}

impl Builder<'_> {
    pub(super) fn service(&self, graph: &mut Graph, parts: Parts<'_>) -> Result<Id, GraphError> {
        let (spec, network, attached) = (self.spec, parts.network, parts.attached);
        let service = Service {
            cluster: parts.cluster.arn.as_str().into(),
            name: self.service_name(),
            task_definition: parts.task_definition,
            reverted: parts.reverted.is_some(),
            deployed: self.deployed.clone(),
            // Where it follows metrics it is Application Auto Scaling's, and this would be sent against that.
            desired_count: spec.desired_count.filter(|_| spec.autoscaling.is_none()),
            initial_count: spec.autoscaling.as_ref().map(|scaling| scaling.min_capacity),
            launch_type: self.launch_type(),
            capacity_provider_strategy: parts.cluster.strategy(&spec.capacity_provider_strategy),
            platform_version: spec.platform_version.clone(),
            scheduling_strategy: spec.scheduling_strategy.unwrap_or(SchedulingStrategy::Replica),
            deployment_configuration: self.deployment_configuration(),
            hook_role: parts.hook_role,
            proceed: self.memory.proceed.clone(),
            network: network.interfaces.map(|interfaces| interfaces.network),
            load_balancers: attached.targets.clone(),
            health_check_grace_period_seconds: self.grace_period(),
            service_registries: parts.registrations,
            service_connect: parts.connect,
            volume_configurations: parts.volumes,
            vpc_lattice_configurations: vec![],
            placement_constraints: spec.placement_constraints.clone(),
            placement_strategy: spec.placement_strategy.clone(),
            availability_zone_rebalancing: self.zone_rebalancing(),
            enable_ecs_managed_tags: spec.enable_ecs_managed_tags.unwrap_or(false),
            propagate_tags: Some(spec.propagate_tags.unwrap_or(PropagateTags::Service)),
            // ECS refuses any change of a service that runs commands and whose tasks have no role.
            enable_execute_command: self.executes_commands() && !parts.reverted.is_some_and(|good| good.roleless),
            restarted_at: spec.restarted_at.clone(),
            tags: self.scope.tags(&spec.tags),
        };
        // ECS refuses a target group that no load balancer uses yet, and a task is healthy only if its port is open.
        let after: Vec<&Id> = network.rules.iter().chain(&attached.rules).collect();
        Ok(graph.add(SERVICE_KEY, service, "spec", &after)?.id)
    }

    /// Its name in ECS.
    pub(super) fn service_name(&self) -> String {
        self.spec.service_name.clone().unwrap_or_else(|| self.base.clone())
    }

    /// Behind a load balancer a task gets a while to become healthy, unless the spec says otherwise.
    fn grace_period(&self) -> Option<i32> {
        let behind = !self.spec.load_balancers.is_empty();
        self.spec.health_check_grace_period_seconds.or(behind.then_some(GRACE_PERIOD_SECONDS))
    }

    /// None where the cluster's default strategy is to decide.
    fn launch_type(&self) -> Option<LaunchType> {
        self.spec.launch_type
    }

    fn deployment_configuration(&self) -> DeploymentConfiguration {
        let mut configuration = self.spec.deployment_configuration.clone().unwrap_or_default();
        let (minimum, maximum) = percentages(self.spec);
        configuration.minimum_healthy_percent = Some(minimum);
        configuration.maximum_percent = Some(maximum);
        if self.shifts_traffic() {
            configuration.bake_time_in_minutes.get_or_insert(BAKE_MINUTES);
        }
        // A rollout that fails ends, and goes back, unless the spec says otherwise.
        configuration.deployment_circuit_breaker.get_or_insert(DeploymentCircuitBreaker {
            enable: true,
            rollback: true,
            reset_on_healthy_task: None,
            threshold_configuration: None,
        });
        configuration
    }

    /// On where ECS allows it (developer guide, "Balancing an Amazon ECS service across Availability Zones": replica
    /// services, more than 100 % allowed, spread by zone first or not at all).
    fn zone_rebalancing(&self) -> Switch {
        if let Some(asked) = self.spec.availability_zone_rebalancing {
            return asked;
        }
        let configuration = self.deployment_configuration();
        let replica = self.spec.scheduling_strategy.is_none_or(|strategy| strategy == SchedulingStrategy::Replica);
        let room = configuration.maximum_percent.is_some_and(|percent| percent > 100);
        let spread = self.spec.placement_strategy.first().is_none_or(|strategy| {
            strategy.type_ == PlacementStrategyType::Spread
                && strategy.field.as_deref() == Some("attribute:ecs.availability-zone")
        });
        if replica && room && spread { Switch::Enabled } else { Switch::Disabled }
    }
}
