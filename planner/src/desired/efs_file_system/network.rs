//! Where a file system is reached, and by whom.

use std::collections::BTreeSet;

use super::{Builder, CLIENTS_KEY};
use crate::desired::obstacle::{Fact, Need, Obstacle, Refusal};
use crate::desired::{SECURITY_GROUP_KEY, subnets};
use crate::engine::{Graph, GraphError, Text};
use crate::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use crate::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};

/// The port of NFS (EFS user guide, "Using VPC security groups").
pub(in crate::desired) const NFS: i32 = 2049;

impl Builder<'_> {
    /// One group for the mount targets, and one that clients are put into: one rule between them, however many clients
    /// there are.
    pub(super) fn security_groups(&self, graph: &mut Graph) -> Result<Text, GraphError> {
        let base = self.scope.base();
        let description = format!("Longshore: {}", self.scope.ownership().object);
        let group = |name: String, description: String| SecurityGroup {
            name,
            vpc_id: self.scope.environment.network.vpc_id.clone(),
            description,
            tags: self.scope.tags(&self.spec.tags),
        };
        let clients = group(format!("{base}-clients"), format!("{description}: who mounts it"));
        let clients = graph.add(CLIENTS_KEY, clients, "spec", &[])?.out(SecurityGroupOutput::Id);
        let own = group(base, description.clone());
        let own = graph.add(SECURITY_GROUP_KEY, own, "spec", &[])?.out(SecurityGroupOutput::Id);
        let rule = SecurityGroupRule {
            group: own.clone(),
            direction: Direction::Ingress,
            protocol: "tcp".to_owned(),
            from_port: NFS,
            to_port: NFS,
            peer: Peer::Group(clients),
            description,
            tags: self.scope.tags(&self.spec.tags),
        };
        graph.add("ingress-clients", rule, "spec", &[])?;
        Ok(own)
    }

    /// One of each zone, the first that is named: a zone has one mount target (API reference, `CreateMountTarget`).
    pub(super) fn subnets(&self) -> Result<Vec<String>, Obstacle> {
        let at = "spec.subnets";
        let named = if self.spec.subnets.is_empty() {
            subnets::of_environment(self.scope, false, "file system", at, self.facts)?
        } else {
            self.spec.subnets.clone()
        };
        let need = Need::SubnetZones { subnet_ids: named.clone() };
        let Some(Fact::SubnetZones(zones)) = self.facts.get(&need) else { return Err(Obstacle::Needs(vec![need])) };
        let missing: Vec<&str> = named.iter().filter(|id| !zones.contains_key(*id)).map(String::as_str).collect();
        if !missing.is_empty() {
            let message = format!(
                "there are no subnets {}; correct them here, or spec.network of the AwsEnvironment {}",
                missing.join(", "),
                self.scope.environment_name
            );
            return Err(Refusal::new("NoSubnets", at, message).into());
        }
        let mut taken = BTreeSet::new();
        Ok(named.into_iter().filter(|id| zones.get(id).is_some_and(|zone| taken.insert(zone.clone()))).collect())
    }
}
