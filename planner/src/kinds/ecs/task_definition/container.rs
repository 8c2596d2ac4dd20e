//! When two container definitions are the same to ECS.

use longshore_crds::ContainerDefinition;
use longshore_crds::task_definition::{
    ContainerHealthCheck, ContainerRestartPolicy, FirelensConfiguration, LinuxParameters, NetworkMode, PortMapping,
    TransportProtocol, VersionConsistency,
};

/// API reference, `HealthCheck`: seconds between checks, seconds that one may take, and tries, unless said.
const HEALTH_CHECK: (i32, i32, i32) = (30, 5, 3);
/// API reference, `ContainerRestartPolicy`: seconds that a container must have run before it is restarted.
const RESTART_ATTEMPT_PERIOD: i32 = 300;

/// Developer guide, "Example Amazon ECS task definition: Route logs to FireLens": metadata is added unless that is turned
/// off.
const METADATA: (&str, &str) = ("enable-ecs-log-metadata", "true");
/// ECS registers a log router under this user, and takes no other ("If 'user' field is specified on firelens container,
/// then 'UID' has to be '0'").
const USER_OF_ROUTER: &str = "0";

/// Fills in what `DescribeTaskDefinition` fills in, drops what it drops, and sorts what has no order.
pub(super) fn normalise(container: &mut ContainerDefinition, mode: Option<NetworkMode>) {
    container.essential = Some(container.essential.unwrap_or(true));
    container.cpu = container.cpu.filter(|units| *units != 0);
    for number in [&mut container.memory, &mut container.memory_reservation, &mut container.start_timeout] {
        *number = number.filter(|n| *n != 0);
    }
    for flag in [
        &mut container.disable_networking,
        &mut container.privileged,
        &mut container.readonly_root_filesystem,
        &mut container.interactive,
        &mut container.pseudo_terminal,
    ] {
        *flag = flag.filter(|on| *on);
    }
    container.version_consistency = container.version_consistency.filter(|v| *v != VersionConsistency::Enabled);
    for variable in &mut container.environment {
        variable.value.get_or_insert_default();
    }
    sort_lists(container);
    for mount in &mut container.mount_points {
        mount.read_only = mount.read_only.filter(|on| *on);
    }
    for source in &mut container.volumes_from {
        source.read_only = source.read_only.filter(|on| *on);
    }
    container.port_mappings.iter_mut().for_each(|port| normalise_port(port, mode));
    container.port_mappings.sort_by_cached_key(|port| {
        let protocol = port.protocol.map(TransportProtocol::as_str);
        (port.container_port, port.container_port_range.clone(), protocol, port.host_port)
    });
    if let Some(check) = &mut container.health_check {
        normalise_health_check(check);
    }
    if let Some(policy) = &mut container.restart_policy {
        normalise_restarts(policy);
    }
    if let Some(router) = &mut container.firelens_configuration {
        container.user.get_or_insert_with(|| USER_OF_ROUTER.to_owned());
        normalise_router(router);
    }
    container.linux_parameters = container.linux_parameters.take().map(normalise_linux).filter(|linux| !empty(linux));
}

/// Sorts what has no order: each of these lists has a key by which ECS tells its items apart.
fn sort_lists(container: &mut ContainerDefinition) {
    container.environment.sort_by(|a, b| a.name.cmp(&b.name));
    container.secrets.sort_by(|a, b| a.name.cmp(&b.name));
    container.depends_on.sort_by(|a, b| a.container_name.cmp(&b.container_name));
    container.mount_points.sort_by(|a, b| a.container_path.cmp(&b.container_path));
    container.volumes_from.sort_by(|a, b| a.source_container.cmp(&b.source_container));
    container.ulimits.sort_by_key(|limit| limit.name);
    container.system_controls.sort_by(|a, b| a.namespace.cmp(&b.namespace));
    if let Some(logs) = &mut container.log_configuration {
        logs.secret_options.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

fn normalise_port(port: &mut PortMapping, mode: Option<NetworkMode>) {
    port.protocol = Some(port.protocol.unwrap_or(TransportProtocol::Tcp));
    port.host_port = match mode {
        // API reference, PortMapping: under awsvpc and host the two are the same.
        Some(NetworkMode::Awsvpc | NetworkMode::Host) => port.container_port,
        _ => port.host_port.filter(|number| *number != 0),
    };
}

fn normalise_health_check(check: &mut ContainerHealthCheck) {
    let (interval, timeout, retries) = HEALTH_CHECK;
    check.interval.get_or_insert(interval);
    check.timeout.get_or_insert(timeout);
    check.retries.get_or_insert(retries);
    check.start_period = check.start_period.filter(|seconds| *seconds != 0);
}

fn normalise_restarts(policy: &mut ContainerRestartPolicy) {
    policy.restart_attempt_period.get_or_insert(RESTART_ATTEMPT_PERIOD);
    policy.ignored_exit_codes.sort_unstable();
}

fn normalise_router(router: &mut FirelensConfiguration) {
    let (option, default) = METADATA;
    router.options.retain(|name, value| name != option || value != default);
}

fn normalise_linux(mut linux: LinuxParameters) -> LinuxParameters {
    if let Some(capabilities) = &mut linux.capabilities {
        capabilities.add.sort();
        capabilities.drop.sort();
    }
    linux.capabilities = linux.capabilities.filter(|caps| !caps.add.is_empty() || !caps.drop.is_empty());
    linux.init_process_enabled = linux.init_process_enabled.filter(|on| *on);
    linux
}

fn empty(linux: &LinuxParameters) -> bool {
    serde_json::to_value(linux).is_ok_and(|value| value.as_object().is_some_and(serde_json::Map::is_empty))
}
