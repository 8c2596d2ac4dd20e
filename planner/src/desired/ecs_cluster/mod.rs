//! `EcsCluster` -> graph: the cluster, and the instances that it has of its own.

mod capacity;
mod image;
mod instance_role;
mod managed;
mod user_data;

use std::collections::BTreeSet;

use longshore_crds::EcsClusterSpec;

pub(super) use capacity::{group_of_instances, provider_name};
pub(super) use managed::mixed;

use super::grants::authorise;
use super::memory::Memory;
use super::obstacle::{Desired, Facts, Obstacle, Refusal};
use super::scope::Scope;
use crate::engine::Graph;
use crate::kinds::ecs::cluster::Cluster;
use capacity::Capacity;

/// The key of the cluster in its object's graph.
pub(crate) const CLUSTER_KEY: &str = "cluster";

/// What an `EcsCluster` wants. A graph that comes out is authorised: nothing in it is outside of the grants.
pub fn ecs_cluster(scope: &Scope, spec: &EcsClusterSpec, facts: &Facts, memory: &Memory) -> Result<Desired, Obstacle> {
    let namespace = spec.service_connect_defaults.as_ref().map(|defaults| defaults.namespace.as_str());
    if let Some(name) = namespace.filter(|namespace| !namespace.starts_with("arn:")) {
        // ECS makes a namespace of a name that it does not know, and reads back its ARN either way.
        let message = format!("{name}: a Cloud Map namespace can only be named by its ARN so far; write its ARN");
        return Err(Refusal::new("NotSupportedYet", "spec.serviceConnectDefaults.namespace", message).into());
    }
    let mut graph = Graph::default();
    let name = cluster_name(scope, spec);
    let apart = !spec.ec2_capacity.is_empty();
    let cluster = Cluster {
        name: name.clone(),
        providers_apart: apart,
        capacity_providers: others(spec),
        default_capacity_provider_strategy: if apart {
            vec![]
        } else {
            spec.default_capacity_provider_strategy.clone()
        },
        settings: spec.settings.clone(),
        configuration: spec.configuration.clone(),
        service_connect_namespace: spec.service_connect_defaults.as_ref().map(|defaults| defaults.namespace.clone()),
        tags: scope.tags(&spec.tags),
    };
    let cluster = graph.add(CLUSTER_KEY, cluster, "spec", &[])?.id;
    let refusals: Vec<Refusal> =
        authorise(&graph, scope, &BTreeSet::new()).into_iter().chain(mixed_default(spec)).collect();
    if !refusals.is_empty() {
        return Err(Obstacle::Refused(refusals));
    }
    let mut capacity = Capacity::new(scope, spec, &name, facts, memory);
    capacity.add(&mut graph, &cluster)?;
    let Capacity { pins, needs, .. } = capacity;
    if !needs.is_empty() {
        return Err(Obstacle::Needs(needs.into_iter().collect()));
    }
    Ok(Desired { graph, pins, ..Desired::default() })
}

/// The providers that are not made for it: a name means an entry of its own first.
fn others(spec: &EcsClusterSpec) -> Vec<String> {
    let is_own = |name: &String| spec.ec2_capacity.iter().any(|entry| entry.name == *name);
    spec.capacity_providers.iter().filter(|name| !is_own(name)).cloned().collect()
}

fn mixed_default(spec: &EcsClusterSpec) -> Option<Refusal> {
    let default = spec.default_capacity_provider_strategy.iter().map(|item| item.capacity_provider.as_str());
    let managed = |name: &str| spec.ec2_capacity.iter().any(|it| it.name == name && it.managed_instances.is_some());
    mixed(default, managed, "spec.defaultCapacityProviderStrategy")
}

/// What the cluster is called in ECS.
fn cluster_name(scope: &Scope, spec: &EcsClusterSpec) -> String {
    spec.cluster_name.clone().unwrap_or_else(|| scope.base())
}
