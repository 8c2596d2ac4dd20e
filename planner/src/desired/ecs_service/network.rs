//! The service's own security group, its rules, and where its tasks' interfaces are.

use longshore_crds::aws_environment::Subnets;
use longshore_crds::ecs_service::{Access, AwsVpcConfiguration};
use longshore_crds::task_definition::{Switch, TransportProtocol};

use super::Builder;
use crate::desired::obstacle::{Fact, Facts, Need, Obstacle, Refusal};
use crate::engine::{FieldPath, Graph, GraphError, Id, Text};
use crate::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use crate::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};
use crate::kinds::ecs::service::Network;

/// Where the tasks' interfaces are, and the rules that must be there before them.
pub(super) struct ServiceNetwork {
    pub(super) network: Network,
    pub(super) rules: Vec<Id>,
}

impl Builder<'_> {
    /// Every awsvpc service gets a security group of its own, further groups beside it, and the rules that let it
    /// out and into the groups that it names.
    pub(super) fn network(&self, graph: &mut Graph, facts: &Facts) -> Result<ServiceNetwork, Obstacle> {
        let configuration = self.spec.network_configuration.as_ref();
        let awsvpc =
            configuration.and_then(|configuration| configuration.awsvpc_configuration.clone()).unwrap_or_default();
        let subnets = self.subnets(&awsvpc, facts)?;
        let description = format!("Longshore: {}", self.scope.ownership().object);
        let group = SecurityGroup {
            name: self.base.clone(),
            vpc_id: self.scope.environment.network.vpc_id.clone(),
            description: description.clone(),
            tags: self.scope.tags(&self.spec.tags),
        };
        let own = graph.add("security-group", group, "spec.networkConfiguration", &[])?.out(SecurityGroupOutput::Id);
        let mut rules = vec![self.add_rule(
            graph,
            "egress-all",
            everything_out(own.clone()),
            "spec.networkConfiguration".into(),
        )?];
        for access in configuration.iter().flat_map(|configuration| &configuration.access) {
            rules.push(self.add_access(graph, access, &own, &description)?);
        }
        let further = awsvpc.security_groups.iter().map(|id| Text::from(id.as_str()));
        let network = Network {
            subnets,
            security_groups: std::iter::once(own).chain(further).collect(),
            assign_public_ip: awsvpc.assign_public_ip.unwrap_or(Switch::Disabled),
        };
        Ok(ServiceNetwork { network, rules })
    }

    fn add_access(&self, graph: &mut Graph, access: &Access, own: &Text, description: &str) -> Result<Id, GraphError> {
        let protocol = access.protocol.unwrap_or(TransportProtocol::Tcp);
        let to_port = access.to_port.unwrap_or(access.port);
        let key = format!("access-{}-{protocol}-{}-{to_port}", access.security_group.id, access.port);
        let rule = SecurityGroupRule {
            group: access.security_group.id.as_str().into(),
            direction: Direction::Ingress,
            protocol: protocol.to_string(),
            from_port: access.port,
            to_port,
            peer: Peer::Group(own.clone()),
            description: description.to_owned(),
            tags: self.scope.tags(&self.spec.tags),
        };
        let at = FieldPath::from("spec.networkConfiguration.access").item(&access.security_group.id);
        self.add_rule(graph, &key, rule, at)
    }

    fn add_rule(
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
        let network = &self.scope.environment.network;
        let public = awsvpc.assign_public_ip == Some(Switch::Enabled);
        let (which, subnets) = if public {
            ("publicSubnets", &network.public_subnets)
        } else {
            ("privateSubnets", &network.private_subnets)
        };
        let Some(subnets) = subnets else {
            let message = format!(
                "the AwsEnvironment {} names no spec.network.{which}, and the service no subnets; name them in either",
                self.scope.environment_name
            );
            return Err(
                Refusal::new("NoSubnets", "spec.networkConfiguration.awsvpcConfiguration.subnets", message).into()
            );
        };
        self.environment_subnets(subnets, which, facts)
    }

    fn environment_subnets(&self, subnets: &Subnets, which: &str, facts: &Facts) -> Result<Vec<String>, Obstacle> {
        if !subnets.ids.is_empty() {
            return Ok(subnets.ids.clone());
        }
        let need = Need::Subnets { vpc_id: self.scope.environment.network.vpc_id.clone(), tags: subnets.tags.clone() };
        match facts.get(&need) {
            None => Err(Obstacle::Needs(vec![need])),
            Some(Fact::Subnets(ids)) if ids.is_empty() => {
                let message = format!(
                    "{need} are none; correct spec.network.{which} of the AwsEnvironment {}",
                    self.scope.environment_name
                );
                Err(Refusal::new("NoSubnets", "spec.networkConfiguration", message).into())
            }
            Some(Fact::Subnets(ids)) => Ok(ids.clone()),
        }
    }
}

/// `CreateSecurityGroup` adds this rule itself; it is kept knowingly, since tasks must reach their registry and logs.
fn everything_out(group: Text) -> SecurityGroupRule {
    SecurityGroupRule {
        group,
        direction: Direction::Egress,
        protocol: "-1".to_owned(),
        from_port: -1,
        to_port: -1,
        peer: Peer::CidrIpv4("0.0.0.0/0".to_owned()),
        description: String::new(),
        tags: std::collections::BTreeMap::new(),
    }
}
