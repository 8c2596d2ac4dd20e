//! Where the load balancer is, and what may pass its security group.

use super::Builder;
use crate::desired::obstacle::{Fact, Need, Obstacle, Refusal};
use crate::desired::{SECURITY_GROUP_KEY, subnets};
use crate::engine::{FieldPath, Graph, GraphError, Text};
use crate::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use crate::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};

impl Builder<'_> {
    /// The spec's own, else the environment's public ones, for an internal load balancer the private ones.
    pub(super) fn subnets(&self) -> Result<Vec<String>, Obstacle> {
        let at = "spec.subnets";
        let subnets = if self.spec.subnets.is_empty() {
            subnets::of_environment(self.scope, self.is_public(), "load balancer", at, self.facts)?
        } else {
            self.spec.subnets.clone()
        };
        if subnets.len() < 2 {
            let message = format!(
                "a load balancer needs subnets of two zones at least, and there is only {}; name more here, or in \
                 spec.network of the AwsEnvironment {}",
                subnets.join(", "),
                self.scope.environment_name
            );
            return Err(Refusal::new("NoSubnets", at, message).into());
        }
        Ok(subnets)
    }

    pub(super) fn vpc_cidrs(&self) -> Result<Vec<String>, Obstacle> {
        let need = Need::VpcCidrs { vpc_id: self.scope.environment.network.vpc_id.clone() };
        match self.facts.get(&need) {
            Some(Fact::VpcCidrs(cidrs)) => Ok(cidrs.clone()),
            _ => Err(Obstacle::Needs(vec![need])),
        }
    }

    /// Of its own: in on the listeners' ports from the ranges that the spec names, out to the VPC. So it has few rules
    /// however many services are behind it: those let it in themselves.
    pub(super) fn security_group(&self, graph: &mut Graph, cidrs: &[String]) -> Result<Text, GraphError> {
        let description = format!("Longshore: {}", self.scope.ownership().object);
        let group = SecurityGroup {
            name: self.scope.base(),
            vpc_id: self.scope.environment.network.vpc_id.clone(),
            description: description.clone(),
            tags: self.scope.tags(&self.spec.tags),
        };
        let own = graph.add(SECURITY_GROUP_KEY, group, "spec", &[])?.out(SecurityGroupOutput::Id);
        let rule = |direction, (from_port, to_port, protocol): (i32, i32, &str), peer| SecurityGroupRule {
            group: own.clone(),
            direction,
            protocol: protocol.to_owned(),
            from_port,
            to_port,
            peer,
            description: description.clone(),
            tags: self.scope.tags(&self.spec.tags),
        };
        for cidr in cidrs {
            let egress = rule(Direction::Egress, (-1, -1, "-1"), Peer::cidr(cidr));
            graph.add(&format!("egress-{cidr}"), egress, "spec", &[])?;
        }
        for listener in &self.spec.listeners {
            let port = listener.port;
            for (name, peer, at) in self.ingress() {
                let ingress = rule(Direction::Ingress, (port, port, "tcp"), peer);
                graph.add(&format!("ingress-{port}-{name}"), ingress, at, &[])?;
            }
        }
        Ok(own)
    }

    fn ingress(&self) -> impl Iterator<Item = (&String, Peer, FieldPath)> {
        let cidrs = self.spec.ingress_cidrs.iter();
        let lists = self.spec.ingress_prefix_list_ids.iter();
        cidrs
            .map(|cidr| (cidr, Peer::cidr(cidr), FieldPath::from("spec.ingressCidrs")))
            .chain(lists.map(|id| (id, Peer::PrefixList(id.clone()), FieldPath::from("spec.ingressPrefixListIds"))))
    }
}
