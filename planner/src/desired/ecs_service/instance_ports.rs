//! The ports of instances on which load balancers reach tasks that have no interface of their own.

use std::collections::{BTreeMap, BTreeSet};

use longshore_crds::EcsServiceSpec;
use longshore_crds::ecs_service::ServiceLoadBalancer;
use longshore_crds::task_definition::{NetworkMode, PortMapping, TransportProtocol};

use super::{Capacity, capacity, has_interfaces, on_own_instances};
use crate::desired::balancer_access::BalancerAccess;
use crate::desired::grants::may_open;
use crate::desired::obstacle::{ClusterReference, ListenerReference, Reference, Refusal, Warning};
use crate::desired::scope::Scope;
use crate::engine::FieldPath;

/// Where the agent takes a port from if the task names none. API reference, `PortMapping.hostPort`: "The default ephemeral
/// port range for Docker version 1.6.0 and later is listed on the instance under `/proc/sys/net/ipv4/ip_local_port_range`. If
/// this kernel parameter is unavailable, the default ephemeral port range from 49153 through 65535 (Linux) is used ... In
/// general, ports below 32768 are outside of the ephemeral port range."
const EPHEMERAL: (i32, i32) = (32_768, 65_535);

/// What a service's load balancers must reach of the instances that its tasks run on; nothing where each task has an interface
/// of its own. A target group that is only named has a load balancer that nobody knows.
pub fn instance_access(
    spec: &EcsServiceSpec,
    cluster: &ClusterReference,
    listeners: &BTreeMap<String, Reference<ListenerReference>>,
) -> BTreeSet<BalancerAccess> {
    if has_interfaces(spec, capacity(spec, Some(cluster))) {
        return BTreeSet::new();
    }
    let listener = |entry: &ServiceLoadBalancer| Some(listeners.get(&entry.name)?.ready()?.security_group_id.clone());
    let known = spec.load_balancers.iter().filter_map(|entry| Some((listener(entry)?, entry)));
    let accesses = known.flat_map(|(security_group_id, entry)| {
        let access = move |(from_port, to_port)| BalancerAccess {
            security_group_id: security_group_id.clone(),
            from_port,
            to_port,
        };
        ports(spec, entry).into_iter().map(access)
    });
    accesses.collect()
}

/// The port of the traffic, and that of the checks where it is another.
fn ports(spec: &EcsServiceSpec, entry: &ServiceLoadBalancer) -> Vec<(i32, i32)> {
    let (from, to) = traffic(spec, entry);
    let check = check_port(entry).filter(|port| !(from..=to).contains(port)).map(|port| (port, port));
    [(from, to)].into_iter().chain(check).collect()
}

/// With `host` a container listens on the instance itself; with `bridge` the mapping says where it is found there.
fn traffic(spec: &EcsServiceSpec, entry: &ServiceLoadBalancer) -> (i32, i32) {
    if spec.task.network_mode == Some(NetworkMode::Host) {
        return (entry.container_port, entry.container_port);
    }
    let containers = spec.task.container_definitions.iter().filter(|one| one.name == entry.container_name);
    let mapping = containers
        .flat_map(|one| &one.port_mappings)
        .find(|one| one.container_port == Some(entry.container_port) && is_tcp(one));
    mapping.and_then(given).map_or(EPHEMERAL, |port| (port, port))
}

fn is_tcp(mapping: &PortMapping) -> bool {
    mapping.protocol.is_none_or(|protocol| protocol == TransportProtocol::Tcp)
}

/// The port of the instance that a mapping names: 0 means any, as nothing does.
fn given(mapping: &PortMapping) -> Option<i32> {
    mapping.host_port.filter(|port| *port != 0)
}

fn check_port(entry: &ServiceLoadBalancer) -> Option<i32> {
    entry.health_check.as_ref()?.port.as_ref()?.parse().ok()
}

/// Groups of load balancers that Longshore does not own, and no grant lets the service have in on its instances.
pub fn refused_balancers(scope: &Scope, spec: &EcsServiceSpec) -> Vec<Refusal> {
    let foreign = |entry: &ServiceLoadBalancer| {
        let id = entry.load_balancer.as_ref()?.security_group_id.clone()?;
        may_open(scope, &id, &at(entry).member("loadBalancer.securityGroupId"))
    };
    spec.load_balancers.iter().filter_map(foreign).collect()
}

fn at(entry: &ServiceLoadBalancer) -> FieldPath {
    FieldPath::from("spec.loadBalancers").item(&entry.name)
}

/// What cannot be, of services whose tasks have no interface of their own.
pub(super) fn refusals(spec: &EcsServiceSpec, capacity: Capacity) -> Vec<Refusal> {
    if has_interfaces(spec, capacity) {
        return vec![];
    }
    let unreachable = spec.load_balancers.iter().filter(|_| spec.task.network_mode == Some(NetworkMode::None));
    let unreachable = unreachable.map(|entry| {
        let message = "nothing reaches a task with task.networkMode: none: write bridge, host or awsvpc";
        Refusal::new("PortNotMapped", at(entry).member("containerPort"), message)
    });
    let checked = spec.load_balancers.iter().filter_map(|entry| Some((entry, check_port(entry)?)));
    let unanswered = checked.filter(|(_, port)| !is_on_instance(spec, *port)).map(|(entry, port)| {
        let message = format!(
            "no container has port {port} of its instance, so that no check would be answered: leave it out to check the \
             port of the traffic, or write hostPort: {port} in the port mapping that answers"
        );
        Refusal::new("PortNotMapped", at(entry).member("healthCheck.port"), message)
    });
    unreachable.chain(unanswered).collect()
}

/// Whether a container of the task may be found on a port of its instance. With `host` what it does not map it may open, too.
fn is_on_instance(spec: &EcsServiceSpec, port: i32) -> bool {
    let mut mappings = spec.task.container_definitions.iter().flat_map(|one| &one.port_mappings);
    spec.task.network_mode == Some(NetworkMode::Host) || mappings.any(|one| given(one) == Some(port) && is_tcp(one))
}

/// Instances that somebody else made are somebody else's to open.
pub(super) fn warnings(spec: &EcsServiceSpec, capacity: Capacity, cluster: &ClusterReference) -> Vec<Warning> {
    if on_own_instances(spec, cluster) || has_interfaces(spec, capacity) {
        return vec![];
    }
    let warning = |entry: &ServiceLoadBalancer| {
        let reached: Vec<String> = ports(spec, entry).into_iter().map(in_words).collect();
        let message = format!(
            "the load balancer reaches the tasks on {} of their instances: a security group of theirs must let that of the \
             load balancer in there (TCP), which Longshore sees to only where it made the instances (instanceType in ec2Capacity \
             of the EcsCluster)",
            reached.join(" and ")
        );
        Warning { at: at(entry), message }
    };
    spec.load_balancers.iter().map(warning).collect()
}

fn in_words((from, to): (i32, i32)) -> String {
    if from == to { format!("port {from}") } else { format!("ports {from} to {to}") }
}
