//! Who may reach the service's tasks beside its load balancers.

use longshore_crds::ecs_service::AllowFrom;
use longshore_crds::task_definition::TransportProtocol;

use super::Builder;
use super::network::ServiceNetwork;
use crate::desired::obstacle::{Reference, Warning};
use crate::engine::{FieldPath, Graph, GraphError, Text};
use crate::kinds::ec2::security_group_rule::{Peer, SecurityGroupRule};

impl Builder<'_> {
    /// A rule for each; the others' tasks need this one's, and this one's not theirs, so that a service that is not
    /// there (yet, or any more) holds nothing up: its rule follows, or goes.
    pub(super) fn allow_from(
        &self,
        graph: &mut Graph,
        network: &mut ServiceNetwork,
    ) -> Result<Vec<Warning>, GraphError> {
        let configuration = self.spec.network_configuration.as_ref();
        let mut warnings = vec![];
        let Some(group) = network.interfaces.as_ref().map(|interfaces| interfaces.group.clone()) else {
            return Ok(warnings);
        };
        for allowed in configuration.iter().flat_map(|configuration| &configuration.allow_from) {
            match self.peer(allowed, &group) {
                Ok((name, peer)) => {
                    let at = FieldPath::from("spec.networkConfiguration.allowFrom").item(&name);
                    let (key, rule) = self.allowing(allowed, &name, peer, &group);
                    network.rules.push(self.add_rule(graph, &key, rule, at)?);
                }
                Err(warning) => warnings.push(warning),
            }
        }
        Ok(warnings)
    }

    fn allowing(&self, allowed: &AllowFrom, name: &str, peer: Peer, group: &Text) -> (String, SecurityGroupRule) {
        let protocol = allowed.protocol.unwrap_or(TransportProtocol::Tcp);
        let to_port = allowed.to_port.unwrap_or(allowed.port);
        let rule = self.let_in(group.clone(), protocol, (allowed.port, to_port), peer);
        (format!("allow-{name}-{protocol}-{}-{to_port}", allowed.port), rule)
    }

    /// Who it is, by a name and as a rule says it.
    fn peer(&self, allowed: &AllowFrom, own: &Text) -> Result<(String, Peer), Warning> {
        if let Some(group) = &allowed.security_group {
            return Ok((group.id.clone(), Peer::Group(group.id.as_str().into())));
        }
        if let Some(cidr) = &allowed.cidr {
            return Ok((cidr.clone(), Peer::cidr(cidr)));
        }
        let Some(service) = &allowed.service else {
            let message = "names nobody; write service, securityGroup or cidr".to_owned();
            return Err(Warning { at: FieldPath::from("spec.networkConfiguration.allowFrom"), message });
        };
        let namespace = service.namespace.as_ref().unwrap_or(&self.scope.namespace);
        let name = format!("{namespace}/{}", service.name);
        if (namespace, &service.name) == (&self.scope.namespace, &self.scope.name) {
            return Ok((name, Peer::Group(own.clone())));
        }
        let missing = |message: String| Warning {
            at: FieldPath::from("spec.networkConfiguration.allowFrom").item(&name),
            message,
        };
        match self.references.services.get(&(namespace.clone(), service.name.clone())) {
            Some(Reference::Ready(other)) => Ok((name, Peer::Group(other.security_group_id.as_str().into()))),
            Some(Reference::Waiting { message, .. }) => {
                Err(missing(format!("{message}; it is let in once it is there")))
            }
            None => Err(missing(format!("there is no EcsService {name}; it is let in once it is there"))),
        }
    }
}
