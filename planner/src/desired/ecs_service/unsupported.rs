//! What is in the API and not built yet, or not to be had at all or on Fargate: said aloud, never ignored.

use longshore_crds::EcsServiceSpec;
use longshore_crds::ecs_service::{DeploymentStrategy, SchedulingStrategy};
use longshore_crds::task_definition::{ContainerDefinition, NetworkMode, Volume};

use super::is_fargate;
use super::service::{MAXIMUM_PERCENT, MINIMUM_HEALTHY_PERCENT};
use crate::desired::obstacle::Refusal;
use crate::engine::FieldPath;

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
        ("spec.vpcLatticeConfigurations", !spec.vpc_lattice_configurations.is_empty(), "VPC Lattice"),
        ("spec.gatewayConnectors", !spec.gateway_connectors.is_empty(), "gateway connectors"),
        ("spec.monitoring", spec.monitoring.is_some(), "monitoring"),
        ("spec.role", spec.role.is_some(), "a role for classic load balancers"),
        (
            "spec.task.trustedExecutionConfiguration",
            spec.task.trusted_execution_configuration.is_some(),
            "isolation of tasks from their host",
        ),
    ];
    let unbuilt = fields.into_iter().filter(|(_, asked, _)| *asked).map(|(at, _, what)| {
        let message = format!("{what}: this version of Longshore cannot do that yet; take the field out");
        Refusal::new("NotSupportedYet", at, message)
    });
    let on_fargate = is_fargate(spec).then(|| not_on_fargate(spec));
    unbuilt.chain(on_fargate.into_iter().flatten()).chain(cannot_move(spec)).collect()
}

/// ECS: "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments." The API server refuses
/// it too, of what is applied from now on.
fn cannot_move(spec: &EcsServiceSpec) -> Option<Refusal> {
    let configuration = spec.deployment_configuration.as_ref()?;
    let minimum = configuration.minimum_healthy_percent.unwrap_or(MINIMUM_HEALTHY_PERCENT);
    let maximum = configuration.maximum_percent.unwrap_or(MAXIMUM_PERCENT);
    let message = "with maximumPercent and minimumHealthyPercent both 100 ECS could neither start a new task nor stop an old one, \
                   and takes no such service: raise maximumPercent, or lower minimumHealthyPercent";
    let refusal = || Refusal::new("RolloutCannotMove", "spec.deploymentConfiguration", message);
    (minimum == 100 && maximum == 100).then(refusal)
}

/// What the API server refuses where the spec says Fargate, of a service that leaves it to its cluster.
fn not_on_fargate(spec: &EcsServiceSpec) -> Vec<Refusal> {
    let at = FieldPath::from("spec.task");
    let volumes = spec.task.volumes.iter().filter(|volume| needs_instance(volume)).map(|volume| {
        let message = "Fargate mounts no directory of a host, no Docker volume and no FSx: use efsVolumeConfiguration, \
                       configuredAtLaunch (EBS), or a volume with nothing but a name";
        Refusal::new("NotOnFargate", at.member("volumes").item(&volume.name), message)
    });
    let routers = spec.task.container_definitions.iter().filter(|container| is_configured_from_s3(container));
    let routers = routers.map(|container| {
        let message = "a log router on Fargate takes its configuration from a file of its image: write config-file-type: \
                       file, or use an init image of aws-for-fluent-bit, which fetches it by the task role";
        let at = at.member("containerDefinitions").item(&container.name).member("firelensConfiguration.options");
        Refusal::new("NotOnFargate", at, message)
    });
    let daemon = (spec.scheduling_strategy == Some(SchedulingStrategy::Daemon)).then(|| {
        let message = "Fargate runs no daemons, since it has no instances to run one task on each of; make another object \
                       with REPLICA and a desiredCount, or run on a cluster of instances";
        Refusal::new("NotOnFargate", "spec.schedulingStrategy", message)
    });
    volumes.chain(routers).chain(daemon).collect()
}

/// Developer guide, "Storage options for Amazon ECS tasks".
fn needs_instance(volume: &Volume) -> bool {
    volume.docker_volume_configuration.is_some()
        || volume.fsx_windows_file_server_volume_configuration.is_some()
        || volume.host.as_ref().is_some_and(|host| host.source_path.is_some())
}

/// API reference, `FirelensConfiguration.options`: "Tasks hosted on Fargate only support the file configuration file type".
fn is_configured_from_s3(container: &ContainerDefinition) -> bool {
    let router = container.firelens_configuration.as_ref();
    router.is_some_and(|router| router.options.get("config-file-type").is_some_and(|kind| kind == "s3"))
}
