//! The listeners, and their certificates.

use std::collections::BTreeMap;

use longshore_crds::application_load_balancer::{self as spec, FixedResponse, ListenerProtocol, Redirect};

use super::Builder;
use crate::desired::obstacle::{Fact, Need, Obstacle, Refusal};
use crate::engine::{FieldPath, Graph, GraphError, Text};
use crate::kinds::elbv2::listener::{DefaultAction, Listener, RedirectTo};

/// What AWS recommends (Application Load Balancers guide, "Security policies"); its API's own default still speaks
/// TLS 1.0.
const SSL_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// By the name of the listener: ARNs, the default one first.
pub(super) type Certificates = BTreeMap<String, Vec<String>>;

impl Builder<'_> {
    /// The certificates of the HTTPS listeners: given, or found for each pattern of their hosts.
    pub(super) fn certificates(&self) -> Result<Certificates, Obstacle> {
        let (mut found, mut needs, mut refusals) = (Certificates::new(), vec![], vec![]);
        for listener in self.spec.listeners.iter().filter(|one| one.protocol == ListenerProtocol::Https) {
            let arns = found.entry(listener.name.clone()).or_default();
            arns.clone_from(&listener.certificate_arns);
            if !arns.is_empty() {
                continue;
            }
            let at = FieldPath::from("spec.listeners").item(&listener.name).member("certificateArns");
            for claim in &listener.hosts {
                let need = Need::Certificates { host: claim.pattern.clone() };
                match self.facts.get(&need) {
                    Some(Fact::Certificates(of_host)) => match of_host.first() {
                        Some(arn) => arns.push(arn.clone()),
                        None => refusals.push(no_certificate(&need, &at)),
                    },
                    _ => needs.push(need),
                }
            }
        }
        match (needs.is_empty(), refusals.is_empty()) {
            (false, _) => Err(Obstacle::Needs(needs)),
            (true, false) => Err(Obstacle::Refused(refusals)),
            (true, true) => Ok(found),
        }
    }

    pub(super) fn listeners(
        &self,
        graph: &mut Graph,
        load_balancer: &Text,
        certificates: &Certificates,
    ) -> Result<(), GraphError> {
        for listener in &self.spec.listeners {
            let https = listener.protocol == ListenerProtocol::Https;
            let value = Listener {
                load_balancer: load_balancer.clone(),
                port: listener.port,
                protocol: listener.protocol,
                default_action: default_action(listener),
                certificates: certificates.get(&listener.name).cloned().unwrap_or_default(),
                ssl_policy: https.then(|| listener.ssl_policy.clone().unwrap_or_else(|| SSL_POLICY.to_owned())),
                mutual_authentication: listener.mutual_authentication.clone(),
                tags: self.scope.tags(&self.spec.tags),
            };
            graph.add(&listener.name, value, FieldPath::from("spec.listeners").item(&listener.name), &[])?;
        }
        Ok(())
    }
}

fn no_certificate(need: &Need, at: &FieldPath) -> Refusal {
    let message = format!("{need} are none; request one there and have it issued, or name one by its ARN");
    Refusal::new("NoCertificate", at.clone(), message)
}

fn default_action(listener: &spec::Listener) -> DefaultAction {
    match (&listener.redirect, &listener.fixed_response) {
        (Some(redirect), _) => DefaultAction::Redirect(redirect_to(redirect)),
        (None, Some(response)) => DefaultAction::FixedResponse(response.clone()),
        (None, None) => {
            let not_found = FixedResponse { status_code: "404".to_owned(), ..FixedResponse::default() };
            DefaultAction::FixedResponse(not_found)
        }
    }
}

/// What is left out stays as it was asked for, which AWS has words for.
fn redirect_to(redirect: &Redirect) -> RedirectTo {
    let or = |given: Option<String>, kept: &str| given.unwrap_or_else(|| kept.to_owned());
    RedirectTo {
        protocol: or(redirect.protocol.map(|protocol| protocol.to_string()), "#{protocol}"),
        port: or(redirect.port.map(|port| port.to_string()), "#{port}"),
        host: or(redirect.host.clone(), "#{host}"),
        path: or(redirect.path.clone(), "/#{path}"),
        query: or(redirect.query.clone(), "#{query}"),
        status_code: redirect.status_code,
    }
}
