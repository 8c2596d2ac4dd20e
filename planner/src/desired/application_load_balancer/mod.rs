//! `ApplicationLoadBalancer` -> graph: security group and rules, load balancer, listeners.

mod listeners;
mod network;

use longshore_crds::ApplicationLoadBalancerSpec;
use longshore_crds::application_load_balancer::{IpAddressType, Scheme};
use serde_json::json;

use super::obstacle::{Desired, Facts, Need, Obstacle};
use super::scope::Scope;
use crate::engine::{Graph, GraphError, Handle, Text};
use crate::kinds::elbv2::Attributes;
use crate::kinds::elbv2::load_balancer::{LoadBalancer, LoadBalancerOutput};
use crate::names;

/// The key of the load balancer in its object's graph.
pub const LOAD_BALANCER_KEY: &str = "load-balancer";

/// API reference, `LoadBalancerAttribute`: what AWS takes where nothing is said.
const IDLE_TIMEOUT_SECONDS: i32 = 60;

/// What an `ApplicationLoadBalancer` wants.
pub fn application_load_balancer(
    scope: &Scope,
    spec: &ApplicationLoadBalancerSpec,
    facts: &Facts,
) -> Result<Desired, Obstacle> {
    let builder = Builder { scope, spec, facts };
    let mut graph = Graph::default();
    let subnets = builder.subnets()?;
    // All that is missing is asked for at once.
    let (cidrs, certificates) = match (builder.vpc_cidrs(), builder.certificates()) {
        (Ok(cidrs), Ok(certificates)) => (cidrs, certificates),
        (Err(Obstacle::Needs(some)), Err(Obstacle::Needs(more))) => {
            return Err(Obstacle::Needs(some.into_iter().chain(more).collect::<Vec<Need>>()));
        }
        (Err(obstacle), _) | (_, Err(obstacle)) => return Err(obstacle),
    };
    let group = builder.security_group(&mut graph, &cidrs)?;
    let load_balancer = builder.load_balancer(&mut graph, subnets, group)?;
    builder.listeners(&mut graph, &load_balancer.out(LoadBalancerOutput::Arn), &certificates)?;
    Ok(Desired { graph, ..Desired::default() })
}

/// What every part of the graph is built from.
struct Builder<'a> {
    scope: &'a Scope,
    spec: &'a ApplicationLoadBalancerSpec,
    facts: &'a Facts,
}

impl Builder<'_> {
    fn load_balancer(
        &self,
        graph: &mut Graph,
        subnets: Vec<String>,
        group: Text,
    ) -> Result<Handle<LoadBalancer>, GraphError> {
        let spec = self.spec;
        let base = self.scope.base();
        let load_balancer = LoadBalancer {
            name: spec.load_balancer_name.clone().unwrap_or_else(|| names::short(&base, &json!([spec.scheme]))),
            scheme: spec.scheme,
            ip_address_type: spec.ip_address_type.unwrap_or(IpAddressType::Ipv4),
            subnets,
            security_groups: vec![group],
            attributes: self.attributes(),
            web_acl_arn: spec.web_acl_arn.clone(),
            tags: self.scope.tags(&spec.tags),
        };
        graph.add(LOAD_BALANCER_KEY, load_balancer, "spec", &[])
    }

    /// What the spec can say is always said, so that what is taken out of it goes back to AWS's default.
    fn attributes(&self) -> Attributes {
        let spec = self.spec;
        let logs = spec.access_logs.as_ref();
        let plain = [
            ("deletion_protection.enabled", spec.deletion_protection.unwrap_or(false).to_string()),
            ("idle_timeout.timeout_seconds", spec.idle_timeout_seconds.unwrap_or(IDLE_TIMEOUT_SECONDS).to_string()),
            ("access_logs.s3.enabled", logs.is_some().to_string()),
        ];
        let logs = logs.into_iter().flat_map(|logs| {
            [
                ("access_logs.s3.bucket", logs.bucket.clone()),
                ("access_logs.s3.prefix", logs.prefix.clone().unwrap_or_default()),
            ]
        });
        plain.into_iter().chain(logs).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn is_public(&self) -> bool {
        self.spec.scheme == Scheme::InternetFacing
    }
}
