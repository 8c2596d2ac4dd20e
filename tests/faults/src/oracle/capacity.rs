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
    let (managed, groups): (Vec<Value>, Vec<Value>) =
        entries.iter().cloned().partition(|entry| !entry["managedInstances"].is_null());
    for kind in KINDS.into_iter().filter(|_| !want.forgotten) {
        let of_groups = ["launch template", "Auto Scaling group"].contains(&kind);
        let shall = if of_groups { groups.len() } else { entries.len() };
        let is = account.of_object(want, kind).len();
        differs(&mut found, &format!("how many of kind {kind}"), &json!(is), &json!(shall));
    }
    for entry in &managed {
        providers.extend(of_managed(account, want, cluster, entry, &mut found));
    }
    for entry in &groups {
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

/// The provider of an entry whose instances ECS manages, by its name, and how it differs from the entry. One that was there before
/// it was replaced may still be there where the status was lost.
fn of_managed(
    account: &Account,
    want: &Want,
    cluster: &Thing,
    entry: &Value,
    found: &mut Vec<String>,
) -> Option<String> {
    let name = entry["name"].as_str().unwrap_or_default();
    let asked = &entry["managedInstances"];
    let or = |given: &Value, default: Value| if given.is_null() { default } else { given.clone() };
    let option = or(&asked["capacityOptionType"], json!("ON_DEMAND"));
    let of_key = |kind: &str, key: &str| account.of_object(want, kind).into_iter().find(|thing| thing.key() == key);
    let providers = account.of_object(want, "capacity provider").into_iter().filter(|it| it.key() == name);
    let provider = providers.max_by_key(|it| it.value["managed"]["template"]["capacityOptionType"] == option);
    let Some(provider) = provider else {
        found.push(format!("there is no capacity provider of {name}"));
        return None;
    };
    let (Some(profile), Some(group)) = (of_key("instance profile", name), of_key("security group", name)) else {
        found.push(format!("the instances of {name} have no profile or no security group"));
        return None;
    };
    let role = |suffix: &str| of_key("role", &format!("{name}-{suffix}"));
    let (Some(instances), Some(infrastructure)) = (role("instances"), role("infrastructure")) else {
        found.push(format!("the instances of {name} do not have their two roles"));
        return None;
    };
    let passes = infrastructure.value["inline"].to_string().contains(&instances.id);
    differs(found, "whether ECS may pass the role of instances", &json!(passes), &json!(true));
    let managed = &provider.value["managed"];
    let template = &managed["template"];
    let subnets = if entry["subnets"].is_null() {
        want.environment["network"]["privateSubnets"]["ids"].clone()
    } else {
        entry["subnets"].clone()
    };
    let checks = [
        ("the provider's cluster", &managed["cluster"], cluster.value["name"].clone()),
        ("the provider's stage", &managed["stage"], json!("ACTIVE")),
        ("the provider's infrastructure role", &managed["infrastructure_role"], json!(infrastructure.id)),
        ("the provider's profile", &template["ec2InstanceProfileArn"], json!(profile.id)),
        ("how instances are paid for", &template["capacityOptionType"], option),
        ("the types of instances", &template["instanceRequirements"], asked["instanceRequirements"].clone()),
        ("the subnets of instances", &template["networkConfiguration"]["subnets"], subnets),
        ("the group of instances", &template["networkConfiguration"]["securityGroups"], json!([group.id])),
        ("tags in metadata", &template["instanceMetadataTagsPropagation"], json!(false)),
        ("when instances go", &managed["scale_in_after"], asked["infrastructureOptimization"]["scaleInAfter"].clone()),
    ];
    for (what, is, shall) in checks {
        differs(found, what, is, &shall);
    }
    provider.value["name"].as_str().map(str::to_owned)
}
