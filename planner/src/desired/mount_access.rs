//! Which file systems the instances of a cluster reach: tasks without an interface of their own mount by their instance's, so that
//! a rule in the security group of the mount targets must let that in. It is the cluster's, whose instances and whose group those
//! are, and goes before that group: a group that a rule names cannot be deleted (docs/decisions/0018-instance-mounts.md).

use std::collections::BTreeSet;

use longshore_crds::EcsClusterSpec;

use super::ecs_cluster::group_of_instances;
use super::efs_file_system::NFS;
use super::obstacle::{Desired, Fact, Facts, Need, Obstacle};
use super::scope::Scope;
use crate::engine::{FieldPath, Graph, GraphError, Id, Kind};
use crate::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};

/// Between the name of an entry of `ec2Capacity` and the group that lets its instances in, in keys of rules.
const KEY: &str = "-mounts-";

/// Mount targets that the instances of an entry of `ec2Capacity` reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MountAccess {
    /// The entry's name.
    pub entry: String,
    /// The security group of the mount targets.
    pub security_group_id: String,
}

impl MountAccess {
    /// The key of the rule.
    fn key(&self) -> String {
        format!("{}{KEY}{}", self.entry, self.security_group_id)
    }

    /// What a rule lets in where, of a cluster's inventory; `None`: it is another resource.
    pub fn of_id(id: &Id) -> Option<Self> {
        let (entry, group) = id.key.rsplit_once(KEY).filter(|_| id.kind == SecurityGroupRule::NAME)?;
        group.starts_with("sg-").then(|| Self { entry: entry.to_owned(), security_group_id: group.to_owned() })
    }
}

/// What the instances of a cluster reach that has lost its status, as by a restore: in groups that are not its own nothing else
/// tells of it, and its own groups cannot go before. `scope` is the cluster's.
pub fn mounts_in_aws(scope: &Scope, facts: &Facts) -> Result<BTreeSet<MountAccess>, Obstacle> {
    let need = Need::SecurityGroupRulesOf { ownership: scope.ownership() };
    let Some(Fact::SecurityGroupRulesOf(ids)) = facts.get(&need) else { return Err(Obstacle::Needs(vec![need])) };
    Ok(ids.iter().filter_map(MountAccess::of_id).collect())
}

/// A cluster whose instances reach file systems, and are looked for in others, which they were `found` to reach. `scope` is the
/// cluster's. Who lets a service mount it lets its instances in: the group of its mount targets needs no grant of the cluster's
/// own.
pub fn let_instances_mount(
    mut cluster: Desired,
    scope: &Scope,
    spec: &EcsClusterSpec,
    mounts: &BTreeSet<MountAccess>,
    found: &BTreeSet<MountAccess>,
) -> Result<Desired, GraphError> {
    add_rules(&mut cluster.graph, scope, spec, mounts)?;
    let left: BTreeSet<MountAccess> = found.difference(mounts).cloned().collect();
    if !left.is_empty() {
        cluster.otherwise = cluster.graph.clone();
        add_rules(&mut cluster.otherwise, scope, spec, &left)?;
    }
    Ok(cluster)
}

fn add_rules(
    graph: &mut Graph,
    scope: &Scope,
    spec: &EcsClusterSpec,
    mounts: &BTreeSet<MountAccess>,
) -> Result<(), GraphError> {
    for entry in &spec.ec2_capacity {
        let Some(instances) = group_of_instances(graph, entry) else { continue };
        for mount in mounts.iter().filter(|mount| mount.entry == entry.name) {
            let rule = SecurityGroupRule {
                group: mount.security_group_id.as_str().into(),
                direction: Direction::Ingress,
                protocol: "tcp".to_owned(),
                from_port: NFS,
                to_port: NFS,
                peer: Peer::Group(instances.clone()),
                description: format!("Longshore: {}: the instances {}", scope.ownership().object, entry.name),
                tags: scope.tags(&[]),
            };
            let at = FieldPath::from("spec.ec2Capacity").item(&entry.name);
            graph.add(&mount.key(), rule, at, &[])?;
        }
    }
    Ok(())
}
