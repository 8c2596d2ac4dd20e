//! `EcsCluster` -> graph.

use std::collections::BTreeSet;

use longshore_crds::EcsClusterSpec;

use super::grants::authorise;
use super::obstacle::{Desired, Obstacle, Refusal};
use super::scope::Scope;
use crate::engine::Graph;
use crate::kinds::ecs::cluster::Cluster;

/// The key of the cluster in its object's graph.
pub(crate) const CLUSTER_KEY: &str = "cluster";

/// What an `EcsCluster` wants. A graph that comes out is authorised: nothing in it is outside of the grants.
pub fn ecs_cluster(scope: &Scope, spec: &EcsClusterSpec) -> Result<Desired, Obstacle> {
    let namespace = spec.service_connect_defaults.as_ref().map(|defaults| defaults.namespace.as_str());
    if let Some(name) = namespace.filter(|namespace| !namespace.starts_with("arn:")) {
        // ECS makes a namespace of a name that it does not know, and reads back its ARN either way.
        let message = format!("{name}: a Cloud Map namespace can only be named by its ARN so far; write its ARN");
        return Err(Refusal::new("NotSupportedYet", "spec.serviceConnectDefaults.namespace", message).into());
    }
    let mut graph = Graph::default();
    let cluster = Cluster {
        name: spec.cluster_name.clone().unwrap_or_else(|| scope.base()),
        capacity_providers: spec.capacity_providers.clone(),
        default_capacity_provider_strategy: spec.default_capacity_provider_strategy.clone(),
        settings: spec.settings.clone(),
        configuration: spec.configuration.clone(),
        service_connect_namespace: spec.service_connect_defaults.as_ref().map(|defaults| defaults.namespace.clone()),
        tags: scope.tags(&spec.tags),
    };
    graph.add(CLUSTER_KEY, cluster, "spec", &[])?;
    let refusals = authorise(&graph, scope, &BTreeSet::new());
    if !refusals.is_empty() {
        return Err(Obstacle::Refused(refusals));
    }
    Ok(Desired { graph, ..Desired::default() })
}
