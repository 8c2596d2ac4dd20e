//! The instances that a cluster has of its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};

/// What instances are made of, beside a role and a security group.
const KINDS: [&str; 4] = ["instance profile", "launch template", "Auto Scaling group", "capacity provider"];

/// Whether it belongs to one entry of `ec2Capacity`, which may be gone from the spec.
pub(super) fn of_entry(thing: &Thing) -> bool {
    KINDS.contains(&thing.kind) || (thing.kind == "security group" && thing.object().starts_with("EcsCluster/"))
}

/// All of them. A group of Auto Scaling says of each tag whether instances get it.
pub(super) fn things(world: &Value) -> Vec<Thing> {
    let mut found = vec![];
    let mut add = |kind: &'static str, id: &str, all: &Value| {
        let all = all.as_object().into_iter().flat_map(|all| all.values());
        // What has no tag at all somebody made for themselves, in the course of a scenario.
        let is_tagged = |thing: &&Value| thing["tags"].as_object().is_some_and(|tags| !tags.is_empty());
        found.extend(all.filter(|thing| thing["inactive"] != true).filter(is_tagged).map(|thing| {
            let mut value = thing.clone();
            value["tags"] = plain(&thing["tags"]);
            Thing { kind, id: thing[id].as_str().unwrap_or_default().to_owned(), value }
        }));
    };
    add("instance profile", "arn", &world["iam"]["instance_profiles"]);
    add("launch template", "id", &world["ec2"]["templates"]);
    add("Auto Scaling group", "arn", &world["ec2_auto_scaling"]["groups"]);
    add("capacity provider", "arn", &world["ecs"]["providers"]);
    found
}

fn plain(tags: &Value) -> Value {
    let tag = |(key, value): (&String, &Value)| {
        let text = value.as_str().or(value[0].as_str()).unwrap_or_default();
        (key.clone(), text.into())
    };
    Value::Object(tags.as_object().into_iter().flatten().map(tag).collect::<Map<String, Value>>())
}

/// How a cluster's providers, and the groups behind them, differ from what its spec asks for.
pub(super) fn differences(account: &Account, want: &Want, cluster: &Thing) -> Vec<String> {
    let mut found = vec![];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut providers: BTreeSet<String> =
        list(&want.spec["capacityProviders"]).iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
    let entries = list(&want.spec["ec2Capacity"]);
    for kind in KINDS.into_iter().filter(|_| !want.forgotten) {
        differs(
            &mut found,
            &format!("how many of kind {kind}"),
            &json!(account.of_object(want, kind).len()),
            &json!(entries.len()),
        );
    }
    for entry in &entries {
        let name = entry["name"].as_str().unwrap_or_default();
        let one = |kind: &str| account.of_object(want, kind).into_iter().find(|thing| thing.key() == name);
        let (Some(group), Some(provider), Some(template)) =
            (one("Auto Scaling group"), one("capacity provider"), one("launch template"))
        else {
            continue;
        };
        providers.extend(provider.value["name"].as_str().map(str::to_owned));
        differs(&mut found, "the provider's group", &provider.value["group"], &json!(group.id));
        let bounds = json!([group.value["minimum"], group.value["maximum"]]);
        differs(&mut found, "the group's bounds", &bounds, &json!([entry["minSize"], entry["maxSize"]]));
        differs(&mut found, "the group's template", &group.value["template"]["LaunchTemplateId"], &json!(template.id));
        let default = template.value["default"].to_string();
        let launched = &template.value["versions"][default.as_str()]["data"]["InstanceType"];
        // Types of its own, and Spot, are the group's to say.
        let mixed = &group.value["mixed"];
        let is = if mixed.is_null() { launched } else { &mixed["types"] };
        let several = !entry["instanceTypes"].is_null();
        let asked = match (several, entry["instancesDistribution"].is_null()) {
            (true, _) => entry["instanceTypes"].clone(),
            (false, true) => entry["instanceType"].clone(),
            (false, false) => json!([entry["instanceType"]]),
        };
        differs(&mut found, "what is launched", is, &asked);
        differs(&mut found, "the version", &group.value["template"]["Version"], &json!(default));
    }
    let is: BTreeSet<String> = list(&cluster.value["capacity_providers"])
        .iter()
        .map(|name| name.as_str().unwrap_or_default().to_owned())
        .collect();
    differs(&mut found, "capacity providers", &json!(is), &json!(providers));
    found
}
