//! What cannot be of tasks on instances that ECS manages.

use longshore_crds::EcsServiceSpec;
use longshore_crds::ecs_service::SchedulingStrategy;
use longshore_crds::task_definition::NetworkMode;

use crate::desired::ecs_cluster::mixed;
use crate::desired::obstacle::{ClusterReference, Refusal};
use crate::engine::FieldPath;

/// One refusal for each field.
pub(super) fn refusals(spec: &EcsServiceSpec) -> Vec<Refusal> {
    let refusal = |at: FieldPath, message: &str| Refusal::new("NotOnManagedInstances", at, message);
    // Developer guide, "Amazon ECS task networking for Amazon ECS Managed Instances".
    let bridge = (spec.task.network_mode == Some(NetworkMode::Bridge)).then(|| {
        let message =
            "instances that ECS manages have no bridge: write awsvpc or host, or take the field out for awsvpc";
        refusal(FieldPath::from("spec.task").member("networkMode"), message)
    });
    // ECS has daemons there by operations of their own (API reference, `CreateDaemon`), and none by a service.
    let daemon = (spec.scheduling_strategy == Some(SchedulingStrategy::Daemon)).then(|| {
        let message = "a service runs no daemons on instances that ECS manages: make it REPLICA with a desiredCount, or run it on \
                       instances of a group (instanceType in ec2Capacity of the EcsCluster)";
        refusal("spec.schedulingStrategy".into(), message)
    });
    // Developer guide, "Architect for Amazon ECS Managed Instances", "Service load balancing": "you must choose ip as the target
    // type, not instance".
    let shares = spec.task.network_mode == Some(NetworkMode::Host);
    let balanced = spec.load_balancers.iter().filter(|_| shares).map(|entry| {
        let message = "on instances that ECS manages a load balancer reaches tasks by interfaces of their own alone: write \
                       task.networkMode: awsvpc, or take the load balancer out";
        refusal(FieldPath::from("spec.loadBalancers").item(&entry.name), message)
    });
    bridge.into_iter().chain(daemon).chain(balanced).collect()
}

/// A strategy of both kinds of instances.
pub(super) fn mixed_strategy(spec: &EcsServiceSpec, cluster: &ClusterReference) -> Option<Refusal> {
    let names = spec.capacity_provider_strategy.iter().map(|item| item.capacity_provider.as_str());
    mixed(names, |name| cluster.managed.contains(name), "spec.capacityProviderStrategy")
}
