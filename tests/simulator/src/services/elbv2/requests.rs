//! Requests that tests send to a load balancer, and what came of them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::load_balancers::LoadBalancer;
use super::routing;
use crate::services::{ec2, route53};
use crate::world::World;

/// How often each rule, by ARN, was followed: whose turn it is next.
pub type Turns = BTreeMap<String, u64>;

/// A client somewhere on the Internet: an address of those kept for documentation (RFC 5737).
const SOMEWHERE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

/// A request as a test asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// `http://` or `https://`, the load balancer's DNS name or one that stands for it, maybe a port, path and query.
    pub url: String,
    /// The host header; left out, the URL's host.
    #[serde(default)]
    pub host: Option<String>,
    /// The method; left out, `GET`.
    #[serde(default)]
    pub method: Option<String>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The client's address; left out, one on the Internet, or in the VPC of an internal load balancer.
    #[serde(default)]
    pub source_ip: Option<Ipv4Addr>,
}

/// A request taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) https: bool,
    pub(super) dns_name: String,
    pub(super) port: u16,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) method: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) source: Ipv4Addr,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The HTTP status; none when no answer came at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it isn't what was hoped for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The rule that was followed, by ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Its priority, or `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The type of the action that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Where a redirect leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What a fixed response says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The certificate that the client was shown, by ARN, where it spoke HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Whether that one is for the host that the client asked for; if not, browsers refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_covers_host: Option<bool>,
    /// The target group that it was forwarded to, by ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group: Option<String>,
    /// The target, `10.0.0.4:80`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The ECS task that answered, by ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Its container that did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The port that this one listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port: Option<i64>,
    /// The host and the URL as the target saw them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<(String, String)>,
}

impl Outcome {
    /// Whether a client would be content: an answer, and neither an error of its own nor of the server's.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..400).contains(&status))
    }

    pub(super) fn without_answer(problem: impl Into<String>) -> Self {
        Self { problem: Some(problem.into()), ..Self::default() }
    }

    pub(super) fn of_status(status: u16, problem: Option<&str>) -> Self {
        Self { status: Some(status), problem: problem.map(str::to_owned), ..Self::default() }
    }
}

impl Question {
    /// Takes the request apart; `elsewhere` is the client's address unless it gives one.
    pub(super) fn request(&self, elsewhere: Ipv4Addr) -> Option<Request> {
        let (https, rest) = match (self.url.strip_prefix("https://"), self.url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return None,
        };
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, url) = rest.split_at(at);
        let (dns_name, port) = match authority.split_once(':') {
            Some((name, port)) => (name, port.parse().ok()?),
            None => (authority, if https { 443 } else { 80 }),
        };
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let host = self.host.as_deref().unwrap_or(authority);
        Some(Request {
            https,
            dns_name: dns_name.to_ascii_lowercase(),
            port,
            host: host.split(':').next().unwrap_or_default().to_ascii_lowercase(),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            query: query.split('#').next().unwrap_or_default().to_owned(),
            method: self.method.clone().unwrap_or_else(|| "GET".to_owned()),
            headers: self.headers.clone(),
            source: self.source_ip.unwrap_or(elsewhere),
        })
    }
}

/// Sends a request, and tells what comes of it; the next one is another's turn.
pub fn request(world: &mut World, question: &Question) -> Outcome {
    let outcome = ask(world, question, &world.elbv2.turns);
    take_turn(&mut world.elbv2.turns, &outcome);
    outcome
}

/// Tells what comes of a request; whose turn it is stays as it is.
pub fn ask(world: &World, question: &Question, turns: &Turns) -> Outcome {
    let Some(request) = question.request(SOMEWHERE) else {
        return Outcome::without_answer(format!("{} is no URL of http or https", question.url));
    };
    let name = route53::resolve(world, &request.dns_name);
    let mut balancers = world.elbv2.balancers.values();
    let Some(balancer) = balancers.find(|one| one.dns_name.eq_ignore_ascii_case(&name)) else {
        return Outcome::without_answer(format!(
            "the name {} doesn't resolve: no load balancer has it",
            request.dns_name
        ));
    };
    let inside =
        ec2::first_address(world, &balancer.vpc_id).filter(|_| balancer.internal && question.source_ip.is_none());
    let request = Request { source: inside.unwrap_or(request.source), ..request };
    match unreachable(world, balancer, &request) {
        Some(problem) => Outcome::without_answer(problem),
        None => routing::route(world, balancer, &request, turns),
    }
}

/// A request was sent: its rule's next one is another's turn.
pub fn take_turn(turns: &mut Turns, outcome: &Outcome) {
    if let Some(rule) = &outcome.rule {
        *turns.entry(rule.clone()).or_default() += 1;
    }
}

/// Why a client doesn't get through to the load balancer. Its name resolves to all of its nodes, so all must be
/// reachable lest some requests be lost.
fn unreachable(world: &World, balancer: &LoadBalancer, request: &Request) -> Option<String> {
    if !balancer.is_active(world.now) {
        return Some(format!("{} is still provisioning", balancer.name));
    }
    let inside = ec2::vpc_contains(world, &balancer.vpc_id, request.source);
    if balancer.internal && !inside {
        return Some(format!("{} is internal, and {} is outside its VPC", balancer.name, request.source));
    }
    if !balancer.internal {
        let private = balancer.subnets.values().find(|id| !ec2::subnet(world, id).is_some_and(|subnet| subnet.public));
        if let Some(subnet) = private {
            return Some(format!(
                "timed out: {} has a node in {subnet}, which has no route to an Internet gateway",
                balancer.name
            ));
        }
    }
    let port = i64::from(request.port);
    if !ec2::lets_in(world, &balancer.security_groups, request.source, &[], port) {
        let groups = balancer.security_groups.join(", ");
        return Some(format!("timed out: no rule of {groups} lets {} in on port {port}", request.source));
    }
    None
}
