//! What load balancers reach of a cluster's instances: several services share a load balancer, and all tasks without an
//! interface of their own their instance's security group, so that the rules in it are the cluster's and nobody else's.

use std::collections::BTreeSet;

use longshore_crds::EcsClusterSpec;

use super::ecs_cluster::group_of_instances;
use super::obstacle::Desired;
use super::scope::Scope;
use crate::engine::{FieldPath, Graph, GraphError, Id, Kind, Text};
use crate::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};

/// Between the name of an entry of `ec2Capacity` and what is let in there, in keys of rules.
const KEY: &str = "-balancer-";

/// Ports of instances that a load balancer reaches, by TCP.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BalancerAccess {
    /// The load balancer's security group.
    pub security_group_id: String,
    /// The first port.
    pub from_port: i32,
    /// The last port.
    pub to_port: i32,
}

impl BalancerAccess {
    /// Whether one rule lets in what another would.
    pub fn covers(&self, other: &Self) -> bool {
        self.security_group_id == other.security_group_id
            && self.from_port <= other.from_port
            && other.to_port <= self.to_port
    }

    /// The key of the rule in the group of an entry of `ec2Capacity`.
    fn key(&self, entry: &str) -> String {
        let Self { security_group_id, from_port, to_port } = self;
        format!("{entry}{KEY}{security_group_id}-{from_port}-{to_port}")
    }

    /// What a rule lets in, of a cluster's inventory; `None`: it is another resource.
    pub fn of_id(id: &Id) -> Option<Self> {
        let (_, access) = id.key.rsplit_once(KEY).filter(|_| id.kind == SecurityGroupRule::NAME)?;
        let mut parts = access.rsplitn(3, '-');
        let (to_port, from_port) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { security_group_id: parts.next()?.to_owned(), from_port, to_port })
    }
}

/// What is left of several accesses once those go that others cover: a security group takes 60 rules (VPC user guide, "Amazon
/// VPC quotas").
fn widest(accesses: &BTreeSet<BalancerAccess>) -> impl Iterator<Item = &BalancerAccess> {
    accesses.iter().filter(|one| !accesses.iter().any(|other| other != *one && other.covers(one)))
}

/// A cluster whose instances let load balancers in. `scope` is the cluster's. Who stands behind a load balancer may have it
/// reach them, so that its group needs no grant of the cluster's own.
pub fn let_balancers_in(
    mut cluster: Desired,
    scope: &Scope,
    spec: &EcsClusterSpec,
    accesses: &BTreeSet<BalancerAccess>,
) -> Result<Desired, GraphError> {
    // Load balancers reach tasks on instances that ECS manages by interfaces of their own.
    for entry in spec.ec2_capacity.iter().filter(|entry| entry.managed_instances.is_none()) {
        let Some(group) = group_of_instances(&cluster.graph, entry) else { continue };
        balancer_rules(&mut cluster.graph, scope, &entry.name, &group, accesses)?;
    }
    Ok(cluster)
}

/// Adds the rules that let load balancers in on the instances of an entry of `ec2Capacity`. `scope` is the cluster's, `group`
/// the security group of those instances.
pub fn balancer_rules(
    graph: &mut Graph,
    scope: &Scope,
    entry: &str,
    group: &Text,
    accesses: &BTreeSet<BalancerAccess>,
) -> Result<(), GraphError> {
    let at = FieldPath::from("spec.ec2Capacity").item(entry);
    for access in widest(accesses) {
        let rule = SecurityGroupRule {
            group: group.clone(),
            direction: Direction::Ingress,
            protocol: "tcp".to_owned(),
            from_port: access.from_port,
            to_port: access.to_port,
            peer: Peer::Group(access.security_group_id.as_str().into()),
            description: format!("Longshore: {}: load balancers", scope.ownership().object),
            tags: scope.tags(&[]),
        };
        graph.add(&access.key(entry), rule, at.clone(), &[])?;
    }
    Ok(())
}
