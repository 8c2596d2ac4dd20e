//! What is in the API and not built yet, or not to be had at all or on Fargate: said aloud, never ignored.

use longshore_crds::EcsServiceSpec;
use longshore_crds::ecs_service::{LaunchType, SchedulingStrategy};
use longshore_crds::task_definition::{ContainerDefinition, NetworkMode, Volume};

use super::service::percentages;
use super::{Capacity, has_interfaces, instance_ports, managed};
use crate::desired::obstacle::{ClusterReference, Refusal};
use crate::engine::FieldPath;

/// One refusal for each field that asks for something that is not built yet.
pub(super) fn refusals(spec: &EcsServiceSpec, capacity: Capacity, cluster: Option<&ClusterReference>) -> Vec<Refusal> {
    let fields = [
        ("spec.launchType", spec.launch_type == Some(LaunchType::External), "tasks on external instances"),
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
    let of_capacity = match capacity {
        Capacity::Fargate => not_on_fargate(spec),
        Capacity::Instances => not_on_instances(spec, capacity),
        Capacity::Managed => not_on_instances(spec, capacity).into_iter().chain(managed::refusals(spec)).collect(),
    };
    let mixed = cluster.and_then(|cluster| managed::mixed_strategy(spec, cluster));
    unbuilt.chain(of_capacity).chain(cannot_move(spec)).chain(mixed).collect()
}

/// ECS: "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments." The API server refuses
/// it too, of what is applied from now on.
fn cannot_move(spec: &EcsServiceSpec) -> Option<Refusal> {
    let (minimum, maximum) = percentages(spec);
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
    let awsvpc = spec.task.network_mode.is_some_and(|mode| mode != NetworkMode::Awsvpc).then(|| {
        let message = "Fargate gives each task a network interface of its own: write awsvpc, or take the field out";
        Refusal::new("NotOnFargate", at.member("networkMode"), message)
    });
    let placed = [
        ("spec.placementConstraints", !spec.placement_constraints.is_empty()),
        ("spec.placementStrategy", !spec.placement_strategy.is_empty()),
    ];
    let placed = placed.into_iter().filter(|(_, given)| *given).map(|(at, _)| {
        let message =
            "Fargate has no instances to choose from, and spreads tasks over the subnets' zones: take the field out";
        Refusal::new("NotOnFargate", at, message)
    });
    volumes.chain(routers).chain(daemon).chain(awsvpc).chain(placed).collect()
}

/// What ECS refuses of tasks on instances.
fn not_on_instances(spec: &EcsServiceSpec, capacity: Capacity) -> Vec<Refusal> {
    let at = FieldPath::from("spec.task");
    // API reference, `CreateService.networkConfiguration`: "required for task definitions that use the awsvpc network mode ...
    // and it isn't supported for other network modes".
    let shares = !has_interfaces(spec, capacity) && spec.network_configuration.is_some();
    let network = shares.then(|| {
        let message = "tasks have a network interface, and security groups, of their own only with task.networkMode: awsvpc; \
                       write that, or take networkConfiguration out";
        Refusal::new("NoNetworkInterface", "spec.networkConfiguration", message)
    });
    // API reference, `ContainerDefinition.memory`: "If a task-level memory value is not specified, you must specify a
    // non-zero integer for one or both of memory or memoryReservation in a container definition".
    let sized = |container: &&ContainerDefinition| container.memory.or(container.memory_reservation).is_none();
    let unsized_containers =
        spec.task.container_definitions.iter().filter(|_| spec.task.memory.is_none()).filter(sized);
    let memory = unsized_containers.map(|container| {
        let message = "ECS places a task on an instance by its memory: write memory or memoryReservation (MiB) here, or \
                       task.memory for all containers";
        Refusal::new("MemoryMissing", at.member("containerDefinitions").item(&container.name), message)
    });
    let version = spec.platform_version.is_some().then(|| {
        let message = "only Fargate has platform versions: take the field out";
        Refusal::new("OnlyOnFargate", "spec.platformVersion", message)
    });
    let of_ports = instance_ports::refusals(spec, capacity);
    network.into_iter().chain(memory).chain(version).chain(not_of_daemons(spec)).chain(of_ports).collect()
}

/// Developer guide, "Amazon ECS services", "Daemon": placement strategies are not supported.
fn not_of_daemons(spec: &EcsServiceSpec) -> Option<Refusal> {
    let daemon = spec.scheduling_strategy == Some(SchedulingStrategy::Daemon);
    (daemon && !spec.placement_strategy.is_empty()).then(|| {
        let message = "a daemon has one task on each instance, and no choice of instances: take the field out, or exclude \
                       instances by placementConstraints";
        Refusal::new("NotOfDaemons", "spec.placementStrategy", message)
    })
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
