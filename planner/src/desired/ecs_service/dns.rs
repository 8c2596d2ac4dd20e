//! Records that lead the hosts of listener rules to the load balancer.

use std::collections::{BTreeMap, BTreeSet};

use longshore_crds::ecs_service::ServiceLoadBalancer;

use crate::desired::obstacle::{Address, ListenerReference, Reference, Refusal};
use crate::engine::{FieldPath, Graph, GraphError, Id};
use crate::kinds::route53::record_set::{RecordSet, RecordType};

/// A host that is led to a load balancer.
pub(super) struct Named {
    host: String,
    /// `None`: external-dns finds the zone.
    hosted_zone_id: Option<String>,
    address: Address,
    at: FieldPath,
}

/// The hosts of an entry, each with what it leads to.
pub(super) fn dns_entry(
    entry: &ServiceLoadBalancer,
    listener: &ListenerReference,
    at: &FieldPath,
) -> Reference<Vec<Named>> {
    let Some(dns) = &entry.dns else { return Reference::Ready(vec![]) };
    let at = at.member("dns");
    let Some(address) = &listener.address else {
        let message = format!("{at}: the load balancer has no name in DNS yet");
        return Reference::Waiting { reason: "LoadBalancerNotReady".to_owned(), message };
    };
    let zone = || dns.hosted_zone_id.clone();
    let named = |host| Named { host, hosted_zone_id: zone(), address: address.clone(), at: at.clone() };
    Reference::Ready(hosts(entry).into_iter().map(named).collect())
}

/// What the spec says of hosts that cannot have records. Only hosts of rules get some: for those the listener says who
/// may claim them.
pub(super) fn check_dns(entry: &ServiceLoadBalancer, at: &FieldPath) -> Vec<Refusal> {
    let Some(dns) = &entry.dns else { return vec![] };
    let at = at.member("dns.hosts");
    let (asked, of_rules) = (hosts(entry), of_rules(entry));
    let refuse = |message: String| Refusal::new("NoDnsRecord", at.clone(), message);
    if asked.is_empty() {
        return vec![refuse(
            "no rule names a host, and so none gets a record; name hosts in rules, or leave dns out".to_owned(),
        )];
    }
    let strange = dns.hosts.iter().map(|host| host.to_ascii_lowercase()).filter(|host| !of_rules.contains(host));
    let strange = strange.map(|host| refuse(format!("{host} is no host of this entry's rules; name it there too")));
    let nameless = asked.iter().filter(|host| !is_dns_name(host)).map(|host| {
        refuse(format!("DNS has no name like {host}: a * can only be the first label; list the other hosts here"))
    });
    strange.chain(nameless).collect()
}

fn of_rules(entry: &ServiceLoadBalancer) -> BTreeSet<String> {
    entry.rules.iter().flat_map(|rule| &rule.hosts).map(|host| host.to_ascii_lowercase()).collect()
}

/// In lower case: those that `dns` names, else all of the rules.
fn hosts(entry: &ServiceLoadBalancer) -> BTreeSet<String> {
    let given = entry.dns.iter().flat_map(|dns| &dns.hosts).map(|host| host.to_ascii_lowercase());
    let given: BTreeSet<String> = given.collect();
    if given.is_empty() { of_rules(entry) } else { given }
}

/// Developer guide of Route 53, "Using an asterisk (*) in the names of hosted zones and records": it stands for itself
/// alone, unless it is the leftmost label.
fn is_dns_name(host: &str) -> bool {
    let rest = host.strip_prefix("*.").unwrap_or(host);
    rest.contains('.') && rest.chars().all(|each| each.is_ascii_alphanumeric() || matches!(each, '-' | '_' | '.'))
}

/// All names of a service. Two listeners of one load balancer may have a host: it is led there once. What is told is a
/// host of two load balancers.
#[derive(Default)]
pub(super) struct Names {
    /// By zone and host.
    pub(super) in_zones: BTreeMap<(String, String), Named>,
    /// By host: what external-dns shall lead it to.
    pub(super) endpoints: BTreeMap<String, String>,
    pub(super) refusals: Vec<Refusal>,
}

impl Names {
    pub(super) fn of(hosts: Vec<Named>) -> Self {
        let mut names = Self::default();
        for one in hosts {
            let target = one.address.alias.dns_name.clone();
            match (names.known(&one), &one.hosted_zone_id) {
                (Some(other), _) if other != target => names.refusals.push(two(&one, &other)),
                (Some(_), _) => {}
                (None, Some(zone)) => drop(names.in_zones.insert((zone.clone(), one.host.clone()), one)),
                (None, None) => drop(names.endpoints.insert(one.host, target)),
            }
        }
        names
    }

    /// What its host leads to already, in its zone.
    fn known(&self, named: &Named) -> Option<String> {
        let Some(zone) = &named.hosted_zone_id else { return self.endpoints.get(&named.host).cloned() };
        let known = self.in_zones.get(&(zone.clone(), named.host.clone()))?;
        Some(known.address.alias.dns_name.clone())
    }
}

fn two(named: &Named, other: &str) -> Refusal {
    let message = format!(
        "{} leads to {other} by another entry already; list the hosts of each load balancer in its dns.hosts",
        named.host
    );
    Refusal::new("NoDnsRecord", named.at.clone(), message)
}

/// Adds the records, after the rules that answer for them.
pub(super) fn records(
    graph: &mut Graph,
    named: &BTreeMap<(String, String), Named>,
    rules: &[Id],
) -> Result<(), GraphError> {
    let after: Vec<&Id> = rules.iter().collect();
    for ((hosted_zone_id, host), Named { address, at, .. }) in named {
        for record_type in address.types {
            let record = RecordSet {
                hosted_zone_id: hosted_zone_id.clone(),
                name: host.clone(),
                record_type: *record_type,
                alias: Some(address.alias.clone()),
                other: vec![],
            };
            graph.add(&key_of(&record), record, at.clone(), &after)?;
        }
    }
    Ok(())
}

/// A host may have records in several zones, a private and a public one. A colon or an at sign, which an identity is printed
/// with, is in neither.
fn key_of(record: &RecordSet) -> String {
    format!("{}-{}-{}", record.name, record.record_type.as_str().to_ascii_lowercase(), record.hosted_zone_id)
}

/// Adds the records of entries whose load balancer is not known any more, as far as it takes to find and delete them: what
/// is behind a load balancer goes with it, and names that lead to it do not.
pub fn records_of_gone(graph: &mut Graph, entries: &[ServiceLoadBalancer]) -> Result<(), GraphError> {
    for entry in entries {
        let Some(zone) = entry.dns.as_ref().and_then(|dns| dns.hosted_zone_id.as_ref()) else { continue };
        let at = FieldPath::from("spec.loadBalancers").item(&entry.name).member("dns");
        for (host, record_type) in hosts(entry).iter().flat_map(|host| RecordType::ALL.map(|it| (host, it))) {
            let record =
                RecordSet { hosted_zone_id: zone.clone(), name: host.clone(), record_type, alias: None, other: vec![] };
            match graph.add(&key_of(&record), record, at.clone(), &[]) {
                // An entry whose load balancer is known has it too.
                Err(GraphError::Duplicate(_)) => {}
                added => drop(added?),
            }
        }
    }
    Ok(())
}
