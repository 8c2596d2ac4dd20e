//! The service's own security group, its rules, and where its tasks' interfaces are.

use std::collections::BTreeSet;

use longshore_crds::ecs_service::AwsVpcConfiguration;
use longshore_crds::task_definition::{Switch, TransportProtocol};

use super::volumes::Mounts;
use super::{Builder, SECURITY_GROUP_KEY};
use crate::desired::access::{Opening, clients_group, openings};
use crate::desired::obstacle::{Facts, Obstacle, Refusal};
use crate::desired::subnets;
use crate::engine::{FieldPath, Graph, GraphError, Id, Text};
use crate::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use crate::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};
use crate::kinds::ecs::service::Network;

/// Where the tasks' interfaces are, and the rules that must be there before them.
#[derive(Default)]
pub(super) struct ServiceNetwork {
    /// `None` where tasks have no interfaces of their own, but their instance's.
    pub(super) interfaces: Option<Interfaces>,
    pub(super) rules: Vec<Id>,
}

/// The tasks' own interfaces.
pub(super) struct Interfaces {
    pub(super) network: Network,
    /// The group that is the service's own.
    pub(super) group: Text,
}

/// API reference, `AwsVpcConfiguration`: "There's a limit of 5 security groups that can be specified".
const GROUPS: usize = 5;

impl Builder<'_> {
    /// Every awsvpc service gets a security group of its own, further groups beside it, and the rule that lets it out.
    pub(super) fn network(
        &self,
        graph: &mut Graph,
        mounts: &Mounts,
        facts: &Facts,
    ) -> Result<ServiceNetwork, Obstacle> {
        if !self.has_interfaces() {
            return Ok(ServiceNetwork::default());
        }
        let configuration = self.spec.network_configuration.as_ref();
        let awsvpc =
            configuration.and_then(|configuration| configuration.awsvpc_configuration.clone()).unwrap_or_default();
        let further = further_groups(&awsvpc, mounts, &self.clients_groups()?)?;
        let subnets = self.subnets(&awsvpc, facts)?;
        let group = SecurityGroup {
            name: self.base.clone(),
            vpc_id: self.scope.environment.network.vpc_id.clone(),
            description: format!("Longshore: {}", self.scope.ownership().object),
            tags: self.scope.tags(&self.spec.tags),
        };
        let own = graph.add(SECURITY_GROUP_KEY, group, "spec.networkConfiguration", &[])?.out(SecurityGroupOutput::Id);
        let rules = vec![self.add_rule(
            graph,
            "egress-all",
            SecurityGroupRule::everything_out(own.clone()),
            "spec.networkConfiguration".into(),
        )?];
        let network = Network {
            subnets,
            security_groups: std::iter::once(own.clone()).chain(further.into_iter().map(Text::from)).collect(),
            assign_public_ip: awsvpc.assign_public_ip.unwrap_or(Switch::Disabled),
        };
        Ok(ServiceNetwork { interfaces: Some(Interfaces { network, group: own }), rules })
    }

    /// The groups that tasks join to reach what the spec asks for of foreign groups.
    pub(super) fn clients_groups(&self) -> Result<BTreeSet<String>, Obstacle> {
        let openings = openings(self.spec);
        let of = |opening: &Opening| clients_group(opening, &self.scope.environment_name, &self.references.access);
        openings.iter().map(of).collect()
    }

    /// A rule into a group, whose description says which object it is for.
    pub(super) fn let_in(
        &self,
        group: Text,
        protocol: TransportProtocol,
        (from_port, to_port): (i32, i32),
        peer: Peer,
    ) -> SecurityGroupRule {
        SecurityGroupRule {
            group,
            direction: Direction::Ingress,
            protocol: protocol.to_string(),
            from_port,
            to_port,
            peer,
            description: format!("Longshore: {}", self.scope.ownership().object),
            tags: self.scope.tags(&self.spec.tags),
        }
    }

    pub(super) fn add_rule(
        &self,
        graph: &mut Graph,
        key: &str,
        mut rule: SecurityGroupRule,
        at: FieldPath,
    ) -> Result<Id, GraphError> {
        rule.tags = self.scope.tags(&self.spec.tags);
        Ok(graph.add(key, rule, at, &[])?.id)
    }

    /// The spec's own, else the environment's private ones; public ones where the tasks get public addresses.
    fn subnets(&self, awsvpc: &AwsVpcConfiguration, facts: &Facts) -> Result<Vec<String>, Obstacle> {
        if !awsvpc.subnets.is_empty() {
            return Ok(awsvpc.subnets.clone());
        }
        let public = awsvpc.assign_public_ip == Some(Switch::Enabled);
        let at = "spec.networkConfiguration.awsvpcConfiguration.subnets";
        subnets::of_environment(self.scope, public, "service", at, facts)
    }
}

/// The groups that the tasks are in beside the service's own: those that the spec names, the clients' groups of what it
/// reaches in foreign groups, and those of the file systems that it mounts.
fn further_groups(
    awsvpc: &AwsVpcConfiguration,
    mounts: &Mounts,
    access: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Refusal> {
    let further: BTreeSet<String> =
        awsvpc.security_groups.iter().chain(access).chain(&mounts.clients).cloned().collect();
    if further.len() < GROUPS {
        return Ok(further);
    }
    let message = format!(
        "a task can be in {GROUPS} security groups, and these would be {}: its own, {} that are named here, {} for what \
         access asks for, and {} of the file systems that it mounts; name fewer, ask for a range of ports instead of \
         several, or mount fewer file systems",
        further.len() + 1,
        awsvpc.security_groups.len(),
        access.len(),
        mounts.clients.len()
    );
    Err(Refusal::new("TooManySecurityGroups", "spec.networkConfiguration.awsvpcConfiguration.securityGroups", message))
}
