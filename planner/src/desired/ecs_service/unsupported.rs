//! What is in the API and not built yet: said aloud, never ignored.

use longshore_crds::EcsServiceSpec;
use longshore_crds::ecs_service::DeploymentStrategy;
use longshore_crds::task_definition::{NetworkMode, Volume};

use super::is_fargate;
use crate::desired::obstacle::Refusal;

/// One refusal for each field that asks for something that is not built yet.
pub(super) fn refusals(spec: &EcsServiceSpec) -> Vec<Refusal> {
    let deployment = spec.deployment_configuration.as_ref();
    let strategy = deployment.and_then(|deployment| deployment.strategy);
    let hooks = deployment.is_some_and(|deployment| !deployment.lifecycle_hooks.is_empty());
    let shifting = strategy.is_some_and(|strategy| strategy != DeploymentStrategy::Rolling);
    let shifted = spec.load_balancers.iter().any(|entry| entry.advanced_configuration.is_some());
    let mode = spec.task.network_mode;
    let fields = [
        ("spec.launchType", !is_fargate(spec), "tasks on EC2 or external instances"),
        (
            "spec.task.networkMode",
            mode.is_some_and(|mode| mode != NetworkMode::Awsvpc),
            "network modes other than awsvpc",
        ),
        ("spec.placementConstraints", !spec.placement_constraints.is_empty(), "placement on instances"),
        ("spec.placementStrategy", !spec.placement_strategy.is_empty(), "placement on instances"),
        ("spec.loadBalancers", shifted, "advancedConfiguration, a second target group to shift traffic to"),
        ("spec.deploymentConfiguration.strategy", shifting, "a strategy other than ROLLING"),
        ("spec.deploymentConfiguration.lifecycleHooks", hooks, "lifecycle hooks"),
        ("spec.deploymentController", spec.deployment_controller.is_some(), "a deployment controller"),
        ("spec.serviceConnectConfiguration", spec.service_connect_configuration.is_some(), "Service Connect"),
        ("spec.serviceRegistries", !spec.service_registries.is_empty(), "Cloud Map registration"),
        ("spec.volumeConfigurations", !spec.volume_configurations.is_empty(), "EBS volumes"),
        ("spec.vpcLatticeConfigurations", !spec.vpc_lattice_configurations.is_empty(), "VPC Lattice"),
        ("spec.gatewayConnectors", !spec.gateway_connectors.is_empty(), "gateway connectors"),
        ("spec.monitoring", spec.monitoring.is_some(), "monitoring"),
        ("spec.role", spec.role.is_some(), "a role for classic load balancers"),
        (
            "spec.task.trustedExecutionConfiguration",
            spec.task.trusted_execution_configuration.is_some(),
            "isolation of tasks from their host",
        ),
        (
            "spec.task.volumes",
            spec.task.volumes.iter().any(needs_storage),
            "volumes other than EFS file systems and a task's own scratch space",
        ),
    ];
    fields
        .into_iter()
        .filter(|(_, asked, _)| *asked)
        .map(|(at, _, what)| {
            let message = format!("{what}: this version of Longshore cannot do that yet; take the field out");
            Refusal::new("NotSupportedYet", at, message)
        })
        .collect()
}

fn needs_storage(volume: &Volume) -> bool {
    volume.docker_volume_configuration.is_some()
        || volume.s3files_volume_configuration.is_some()
        || volume.fsx_windows_file_server_volume_configuration.is_some()
        || volume.configured_at_launch == Some(true)
        || volume.host.as_ref().is_some_and(|host| host.source_path.is_some())
}
