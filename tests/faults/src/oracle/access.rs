//! What an `AwsEnvironment` must have opened for its services: for each port of a foreign group that any of them asks for
//! one group of clients and one rule, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};

/// Whose all of it is.
pub(super) const OWNER: &str = "AwsEnvironment/default";

/// A port of a group.
type Opening = (String, String, i64, i64);

fn asked(spec: &Value) -> impl Iterator<Item = Opening> {
    let access = spec["networkConfiguration"]["access"].as_array().into_iter().flatten();
    access.map(|access| {
        let from = access["port"].as_i64().unwrap();
        let protocol = access["protocol"].as_str().unwrap_or("tcp").to_owned();
        (
            access["securityGroup"]["id"].as_str().unwrap().to_owned(),
            protocol,
            from,
            access["toPort"].as_i64().unwrap_or(from),
        )
    })
}

/// The group of clients and the rule that the environment has for an opening.
fn made<'a>(account: &'a Account, opening: &Opening, kind: &'a str) -> impl Iterator<Item = &'a Thing> {
    let (group, protocol, from, to) = opening;
    let key = format!("access-{group}-{protocol}-{from}-{to}");
    account.things.iter().filter(move |thing| thing.kind == kind && thing.object() == OWNER && thing.key() == key)
}

/// The groups that a service's tasks are in for what it asks for.
pub(super) fn clients<'a>(account: &'a Account, want: &Want) -> Vec<&'a str> {
    let all: BTreeSet<Opening> = asked(&want.spec).collect();
    all.iter().flat_map(|opening| made(account, opening, "security group")).map(|group| group.id.as_str()).collect()
}

/// How AWS differs from what these services ask for together.
pub(super) fn differences<'a>(account: &Account, services: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let all: BTreeSet<Opening> = services.flat_map(asked).collect();
    let mut found = vec![];
    for kind in ["security group", "rule"] {
        let has = account.things.iter().filter(|thing| thing.kind == kind && thing.object() == OWNER).count();
        differs(&mut found, &format!("number of things of kind {kind}"), &json!(has), &json!(all.len()));
    }
    for opening in &all {
        let (group, protocol, from, to) = opening;
        let clients = made(account, opening, "security group").next().map(|clients| &clients.id);
        let wanted = json!([false, protocol, from, to, {"Group": clients}]);
        let rules = account.world["ec2"]["groups"][group]["rules"].as_object().into_iter().flat_map(|all| all.values());
        let mut is = rules.map(|it| json!([it["egress"], it["protocol"], it["from_port"], it["to_port"], it["peer"]]));
        if !is.any(|rule| rule == wanted) {
            found.push(format!("{group} has no rule {wanted}"));
        }
    }
    found.into_iter().map(|difference| format!("AWS, {OWNER}: {difference}")).collect()
}
