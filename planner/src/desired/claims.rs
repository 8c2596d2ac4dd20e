//! Who may claim which requests of a listener, and who has them.

use std::collections::BTreeMap;

use longshore_crds::application_load_balancer::{HostClaim, Listener};
use longshore_crds::ecs_service::{ListenerRule, ServiceLoadBalancer};
use longshore_crds::{AllowedNamespaces, ApplicationLoadBalancerSpec, EcsServiceSpec, NamespacesFrom};
use serde_json::json;

use super::grants::covers;
use super::labels::matches;
use super::obstacle::Refusal;
use crate::engine::{FieldPath, content_hash};
use crate::kinds::elbv2::listener_rule::Conditions;

/// Why an object waits that asks for what another one has until that gives it up.
pub const ALREADY_CLAIMED: &str = "AlreadyClaimed";

/// A listener, as services name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListenerName {
    /// One of an ApplicationLoadBalancer.
    Ours {
        /// The namespace of the ApplicationLoadBalancer.
        namespace: String,
        /// Its name.
        load_balancer: String,
        /// The name of the listener in it.
        listener: String,
    },
    /// One that Longshore does not own, by ARN.
    Foreign(String),
}

/// What one object asks for of a listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// When the object was created (RFC 3339, as Kubernetes writes it): the older claim wins, of two of the same
    /// second the object whose name comes first.
    pub since: String,
    /// `EcsService/namespace/name`.
    pub object: String,
    /// Its namespace.
    pub namespace: String,
    /// The host that is asked for, in lower case; `*` where none is named.
    pub host: String,
    /// What else of a request is asked for, so that two who ask for the same are told.
    pub rest: String,
}

/// Everything that a service claims, by listener. `object` is `EcsService/namespace/name`, `since` when it was created.
pub fn claims(object: &str, namespace: &str, since: &str, spec: &EcsServiceSpec) -> BTreeMap<ListenerName, Vec<Claim>> {
    let mut found: BTreeMap<ListenerName, Vec<Claim>> = BTreeMap::new();
    for entry in &spec.load_balancers {
        let test = entry.test_listener.as_ref().or(entry.listener.as_ref());
        for (listener, rules) in [(entry.listener.as_ref(), entry.rules.as_slice()), (test, entry.test_rule.as_slice())]
        {
            let Some(name) = listener_name(entry, listener, namespace) else { continue };
            let claimed = rules.iter().flat_map(conditions_claimed).map(|(host, rest)| Claim {
                since: since.to_owned(),
                object: object.to_owned(),
                namespace: namespace.to_owned(),
                host,
                rest,
            });
            found.entry(name).or_default().extend(claimed);
        }
    }
    found
}

fn listener_name(entry: &ServiceLoadBalancer, listener: Option<&String>, namespace: &str) -> Option<ListenerName> {
    let reference = entry.load_balancer.as_ref()?;
    if let Some(arn) = &reference.listener_arn {
        return Some(ListenerName::Foreign(arn.clone()));
    }
    Some(ListenerName::Ours {
        namespace: reference.namespace.clone().unwrap_or_else(|| namespace.to_owned()),
        load_balancer: reference.name.clone()?,
        listener: listener?.clone(),
    })
}

/// A rule with five conditions of two kinds claims each pair of them.
fn conditions_claimed(rule: &ListenerRule) -> Vec<(String, String)> {
    let conditions = conditions(rule).normalise();
    let or_any = |list: &[String]| if list.is_empty() { vec!["*".to_owned()] } else { list.to_vec() };
    let further = Conditions { hosts: vec![], paths: vec![], ..conditions.clone() };
    let further = if conditions.has_further() { content_hash(&json!(further)) } else { String::new() };
    let rests: Vec<String> = or_any(&conditions.paths).iter().map(|path| format!("{path} {further}")).collect();
    let hosts = or_any(&conditions.hosts);
    hosts.iter().flat_map(|host| rests.iter().map(|rest| (host.clone(), rest.clone()))).collect()
}

/// The conditions of a rule in a spec.
pub(super) fn conditions(rule: &ListenerRule) -> Conditions {
    Conditions {
        hosts: rule.hosts.clone(),
        paths: rule.paths.clone(),
        methods: rule.methods.clone(),
        headers: rule.headers.clone(),
        query_strings: rule.query_strings.clone(),
        source_ips: rule.source_ips.clone(),
    }
}

/// What another object has already that this one asks for, in words. A host is its namespace's who claimed it first;
/// within a namespace, and where no host is named, only the very same requests are somebody else's.
pub(super) fn contested(object: &str, claims: &[Claim], at: &FieldPath) -> Vec<Refusal> {
    let mine = claims.iter().filter(|claim| claim.object == object);
    let mut refusals: Vec<Refusal> = vec![];
    for claim in mine {
        let older = claims
            .iter()
            .filter(|other| other.object != object && (&other.since, &other.object) < (&claim.since, &claim.object));
        let mut in_the_way = older.filter(|other| {
            let elsewhere = other.namespace != claim.namespace && claim.host != "*";
            other.host == claim.host && (elsewhere || other.rest == claim.rest)
        });
        let Some(other) = in_the_way.next() else { continue };
        let path = claim.rest.split(' ').next().unwrap_or_default();
        let message = format!(
            "{}{path} on this listener is {}'s, which claimed it at {}, before this object; ask for something else, or \
             take it out there first",
            claim.host, other.object, other.since
        );
        if !refusals.iter().any(|refusal| refusal.message == message) {
            refusals.push(Refusal::new(ALREADY_CLAIMED, at.clone(), message));
        }
    }
    refusals
}

/// Whether an ApplicationLoadBalancer admits services of a namespace; left out, it admits its own.
pub fn load_balancer_admits(
    of: &str,
    spec: &ApplicationLoadBalancerSpec,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> bool {
    allows(of, spec.allowed_namespaces.as_ref(), namespace, labels)
}

/// Whether an object of the namespace `of` admits objects of another; left out, it admits its own.
pub fn allows(
    of: &str,
    allowed: Option<&AllowedNamespaces>,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> bool {
    of == namespace
        || allowed.is_some_and(|allowed| match allowed.from {
            NamespacesFrom::All => true,
            NamespacesFrom::Same => false,
            NamespacesFrom::Selector => allowed.selector.as_ref().is_some_and(|selector| matches(selector, labels)),
        })
}

/// The patterns of hosts that a namespace may claim of a listener; `None`: any, and none need be named. `of` is the
/// namespace of the ApplicationLoadBalancer.
pub fn claimable(
    of: &str,
    listener: &Listener,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> Option<Vec<String>> {
    let open = |claim: &&HostClaim| match &claim.namespaces {
        None => true,
        Some(AllowedNamespaces { from: NamespacesFrom::Selector, selector }) => {
            selector.as_ref().is_some_and(|selector| matches(selector, labels))
        }
        allowed => allows(of, allowed.as_ref(), namespace, labels),
    };
    let patterns = listener.hosts.iter().filter(open).map(|claim| claim.pattern.to_ascii_lowercase());
    (!listener.hosts.is_empty()).then(|| patterns.collect())
}

/// The claims that count: those of namespaces that the load balancer admits, for hosts that they may claim. Without
/// this, whoever is older could keep a host from its owner without having any right to it. `labels` are a namespace's.
pub fn counting(
    of: &str,
    spec: &ApplicationLoadBalancerSpec,
    listener: &Listener,
    claims: Vec<Claim>,
    labels: impl Fn(&str) -> BTreeMap<String, String>,
) -> Vec<Claim> {
    let counts = |claim: &Claim| {
        let labels = labels(&claim.namespace);
        let patterns = claimable(of, listener, &claim.namespace, &labels);
        load_balancer_admits(of, spec, &claim.namespace, &labels)
            && patterns.is_none_or(|patterns| patterns.iter().any(|pattern| covers(pattern, &claim.host)))
    };
    claims.into_iter().filter(counts).collect()
}

/// The hosts of a rule that the listener does not let this namespace claim.
pub(super) fn unclaimable(
    rule: &ListenerRule,
    patterns: Option<&[String]>,
    namespace: &str,
    at: &FieldPath,
) -> Vec<Refusal> {
    let Some(patterns) = patterns else { return vec![] };
    let may = if patterns.is_empty() { "none".to_owned() } else { patterns.join(", ") };
    let refuse = |what: &str| {
        let message = format!(
            "{what} of this listener; the namespace {namespace} may claim: {may}. Ask the owner of the \
             ApplicationLoadBalancer to add to its spec.listeners[].hosts, or name another host"
        );
        Refusal::new("HostNotAllowed", at.clone(), message)
    };
    if rule.hosts.is_empty() {
        return vec![refuse("a rule without hosts takes requests for any host, and not any can be claimed")];
    }
    let covered = |host: &String| patterns.iter().any(|pattern| covers(pattern, &host.to_ascii_lowercase()));
    rule.hosts.iter().filter(|host| !covered(host)).map(|host| refuse(&format!("{host} cannot be claimed"))).collect()
}
