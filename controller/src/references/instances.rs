//! What a cluster goes by whose instances load balancers reach, and tasks mount by.

use std::collections::BTreeMap;

use longshore_crds::ecs_service::ServiceLoadBalancer;
use longshore_crds::{EcsCluster, EcsClusterStatus, EcsService};
use longshore_planner::desired::{ClusterReference, ListenerReference, Reference, Scope};

use super::{Named, base_of, cluster_of, foreign_listener, home, in_the_way, known_listener};
use crate::kubernetes::Stores;

/// The cluster of an object, by what its spec says and its status tells.
pub(crate) fn cluster_in_aws(cluster: &EcsCluster, scope: &Scope) -> ClusterReference {
    let EcsClusterStatus { cluster_arn, ec2_capacity, .. } = cluster.status.clone().unwrap_or_default();
    let reference = cluster_of(&cluster_arn.unwrap_or_default()).of_spec(&base_of(cluster, scope), &cluster.spec);
    reference.with_instances(&cluster.spec, &ec2_capacity)
}

/// The listeners of a service as far as its cluster goes by them: who is behind one already stays there whatever its load
/// balancer admits by now.
pub(crate) fn instance_listeners(
    service: &EcsService,
    scope: &Scope,
    stores: &Stores,
) -> BTreeMap<String, Reference<ListenerReference>> {
    let made = service.status.as_ref().is_some_and(|status| status.service_arn.is_some());
    let listener = |entry: &ServiceLoadBalancer| {
        let reference = entry.load_balancer.as_ref()?;
        if let Some(foreign) = foreign_listener(reference) {
            return Some(Reference::Ready(foreign));
        }
        let balancer = stores.load_balancer(home(reference, scope), reference.name.as_deref()?)?;
        let refused = if made { None } else { in_the_way(&balancer, entry, scope, stores) };
        let named = Named::production(entry);
        Some(refused.unwrap_or_else(|| known_listener(&balancer, named, vec![], None)))
    };
    let entries = service.spec.load_balancers.iter();
    entries.filter_map(|entry| Some((entry.name.clone(), listener(entry)?))).collect()
}
