//! What the status of a load balancer tells beside the conditions.

use longshore_crds::ApplicationLoadBalancerStatus;
use longshore_crds::application_load_balancer::ListenerStatus;

use crate::desired::SECURITY_GROUP_KEY;
use crate::engine::{Graph, Id, Kind, World};
use crate::kinds::ec2::security_group::SecurityGroup;
use crate::kinds::elbv2::listener::Listener;
use crate::kinds::elbv2::load_balancer::LoadBalancer;

/// Fills in what AWS says of a load balancer, and which services are behind it, as `namespace/name`.
pub fn fill_load_balancer(
    status: &mut ApplicationLoadBalancerStatus,
    graph: &Graph,
    world: &World,
    services: &[String],
) {
    let load_balancer = ids::<LoadBalancer>(graph).next();
    let output = |name: &str| world.get(load_balancer?)?.outputs.get(name).cloned();
    status.load_balancer_arn = output("arn");
    status.dns_name = output("dnsName");
    status.hosted_zone_id = output("hostedZoneId");
    status.security_group_id = own_group(graph, world);
    status.listeners = ids::<Listener>(graph).filter_map(|id| listener(id, world)).collect();
    status.services = services.to_vec();
    status.services.sort();
}

/// The id of the security group that is the object's own: services and load balancers name theirs alike.
pub(super) fn own_group(graph: &Graph, world: &World) -> Option<String> {
    let group = ids::<SecurityGroup>(graph).find(|id| id.key == SECURITY_GROUP_KEY)?;
    world.get(group)?.outputs.get("id").cloned()
}

fn ids<K: Kind>(graph: &Graph) -> impl Iterator<Item = &Id> {
    graph.iter().map(|(id, _)| id).filter(|id| id.kind == K::NAME)
}

fn listener(id: &Id, world: &World) -> Option<ListenerStatus> {
    let seen = world.seen::<Listener>(id)?;
    let listener_arn = seen.outputs.get("arn")?.clone();
    Some(ListenerStatus { name: id.key.clone(), listener_arn, port: seen.value.port })
}
