//! Which names lead to load balancers, and whose they are.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};

const COMPANION: &str = "_longshore-";

/// The records of every hosted zone, by name and type, each with its zone's id.
fn records(world: &Value) -> BTreeMap<String, (&str, &Value)> {
    let zones = world["route53"]["zones"].as_object().into_iter().flatten();
    let records = zones.flat_map(|(zone, of)| {
        let records = of["records"].as_object().into_iter().flat_map(|records| records.values());
        records.map(move |record| (zone.as_str(), &record["set"]))
    });
    records.map(|(zone, set)| (format!("{} {}", text(&set["Name"]), text(&set["Type"])), (zone, set))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Each record with the tags that the one beside it holds.
pub(super) fn things(world: &Value) -> Vec<Thing> {
    let all = records(world);
    let made = all.iter().filter(|(name, _)| !name.starts_with(COMPANION)).map(|(name, (zone, set))| {
        let (host, kind) = name.split_once(". ").unwrap_or_default();
        let beside = all.get(&format!("{COMPANION}{}.{host}. TXT", kind.to_lowercase()));
        let strings = beside.map_or("", |(_, set)| text(&set["ResourceRecords"][0]["Value"])).split('"');
        let tags: BTreeMap<&str, &str> = strings.filter_map(|one| one.split_once('=')).collect();
        let value = json!({"set": set, "tags": tags});
        Thing { kind: "record", id: format!("{zone}/{host}/{kind}"), value }
    });
    made.collect()
}

/// What a service asks for: the hosts of its entries that have a zone, each with the name of its load balancer.
fn wanted(account: &Account, want: &Want) -> BTreeMap<String, Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut found = BTreeMap::new();
    for entry in list(&want.spec["loadBalancers"]).iter().filter(|entry| entry["dns"]["hostedZoneId"].is_string()) {
        let name = text(&entry["loadBalancer"]["name"]);
        let object = format!("ApplicationLoadBalancer/{}/{name}", want.namespace);
        let mut balancers = account.things.iter().filter(|thing| thing.kind == "load balancer");
        let balancer = balancers.find(|balancer| balancer.object() == object);
        let target = balancer.map_or(Value::Null, |balancer| balancer.value["dns_name"].clone());
        for host in list(&entry["rules"]).iter().flat_map(|rule| list(&rule["hosts"])) {
            found.insert(text(&host).to_owned(), target.clone());
        }
    }
    found
}

/// How AWS differs from the names that a service asks for.
pub(super) fn of_service(account: &Account, want: &Want, found: &mut Vec<String>) {
    let mine = account.of_object(want, "record");
    for (host, target) in wanted(account, want) {
        let target = format!("{}.", text(&target));
        let record = mine.iter().find(|record| record.value["set"]["Name"] == format!("{host}."));
        let alias = record.map(|record| &record.value["set"]["AliasTarget"]["DNSName"]);
        differs(found, &format!("what {host} leads to"), &json!(alias), &json!(target));
    }
}

/// Records that no service asks for, and such that say whose another is that is not there.
pub(super) fn left(account: &Account, wants: &[Want]) -> Vec<String> {
    let hosts: Vec<String> = wants.iter().flat_map(|want| wanted(account, want).into_keys()).collect();
    let asked = |name: &str| {
        hosts.iter().any(|host| name == format!("{host}. A") || name == format!("{COMPANION}a.{host}. TXT"))
    };
    let there = records(&account.world).into_keys();
    there.filter(|name| !asked(name)).map(|name| format!("AWS: a record of nobody's: {name}")).collect()
}
