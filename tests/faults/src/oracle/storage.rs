//! What an `EfsFileSystem` must have in AWS, and a service that mounts one.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};
use super::balancing;
use super::service::has_interfaces;

/// One file system, a mount target in each private subnet, the access points, and one rule between two groups.
pub(super) fn differences(account: &Account, want: &Want) -> Vec<String> {
    let mut found = vec![];
    let Some(file_system) = account.only(want, "file system", &mut found) else { return found };
    differs(&mut found, "encrypted", &file_system.value["encrypted"], &json!(true));
    differs(&mut found, "throughput mode", &file_system.value["throughput_mode"], &want.spec["throughputMode"]);
    let groups = account.of_object(want, "security group");
    let group = |key: &str| groups.iter().find(|group| group.key() == key);
    let (Some(own), Some(clients)) = (group("security-group"), group("clients")) else {
        found.push(format!("{} security groups instead of two", groups.len()));
        return found;
    };
    let rule = balancing::rule(false, "tcp", Some(2049), &json!({"Group": clients.id}));
    let (_, others) = rules(own);
    let apart = Thing { value: json!({"rules": others}), ..(*own).clone() };
    balancing::rules(&apart, vec![rule], &mut found);
    let targets = account.things.iter().filter(|thing| thing.kind == "mount target");
    let targets: Vec<&Value> =
        targets.map(|thing| &thing.value).filter(|target| target["file_system"] == file_system.id.as_str()).collect();
    let mut subnets: Vec<&str> = targets.iter().filter_map(|target| target["subnet"].as_str()).collect();
    subnets.sort_unstable();
    differs(&mut found, "mount targets", &json!(subnets), &want.environment["network"]["privateSubnets"]["ids"]);
    for target in targets {
        let interface = &account.world["ec2"]["interfaces"][target["interface"].as_str().unwrap_or_default()];
        differs(&mut found, "groups of a mount target", &interface["groups"], &json!([own.id]));
    }
    let points = account.of_object(want, "access point");
    let paths: Vec<&Value> = points.iter().map(|point| &point.value["root_directory"]["Path"]).collect();
    let wanted = want.spec["accessPoints"].as_array().into_iter().flatten().map(|point| &point["path"]);
    differs(&mut found, "access points", &json!(paths), &json!(wanted.collect::<Vec<_>>()));
    found
}

/// The rules of a group that clusters have made for their instances, and all others.
fn rules(group: &Thing) -> (Map<String, Value>, Map<String, Value>) {
    let all = group.value["rules"].as_object().cloned().unwrap_or_default();
    let of_cluster =
        |rule: &Value| rule["tags"]["longshore.dev/object"].as_str().unwrap_or_default().starts_with("EcsCluster/");
    all.into_iter().partition(|(_, rule)| of_cluster(rule))
}

/// Whom mount targets let in beside the clients, of all objects: the instances by whose interface tasks mount, and nobody else.
pub(super) fn instances(account: &Account, all: &[(String, Value)]) -> Vec<String> {
    let of_kind =
        |kind: &'static str| all.iter().map(|(_, object)| object).filter(move |object| object["kind"] == kind);
    let mut found = vec![];
    for file_system in of_kind("EfsFileSystem") {
        let name = file_system["metadata"]["name"].as_str().unwrap_or_default();
        let namespace = &file_system["metadata"]["namespace"];
        let Some(group) = group(account, file_system, "security-group") else { continue };
        let is = rules(group).0.into_iter().map(|(_, it)| {
            json!([it["egress"], it["protocol"], it["from_port"], it["to_port"], it["peer"]]).to_string()
        });
        let here = |object: &&Value| object["metadata"]["namespace"] == *namespace;
        let mounting = of_kind("EcsService")
            .filter(here)
            .filter(|service| !has_interfaces(&service["spec"]) && mounts(&service["spec"]).any(|it| it == name));
        let shall = mounting.flat_map(|service| {
            let clusters = of_kind("EcsCluster").filter(here);
            clusters
                .filter(|cluster| cluster["metadata"]["name"] == service["spec"]["cluster"]["name"])
                .flat_map(|cluster| groups_of_instances(account, &service["spec"], cluster))
        });
        let shall = shall.map(|id| balancing::into(Some(2049), &json!({"Group": id})).to_string());
        let (is, shall): (BTreeSet<String>, BTreeSet<String>) = (is.collect(), shall.collect());
        differs(&mut found, &format!("instances that the mount targets of {name} let in"), &json!(is), &json!(shall));
    }
    found
}

/// The groups of the instances that a cluster makes and a service's tasks may run on.
fn groups_of_instances(account: &Account, service: &Value, cluster: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let named = |entry: &Value| {
        let strategy = list(&service["capacityProviderStrategy"]);
        service["launchType"] == "EC2" || strategy.iter().any(|item| item["capacityProvider"] == entry["name"])
    };
    let entries = list(&cluster["spec"]["ec2Capacity"]).into_iter();
    let made = entries.filter(|entry| entry["autoScalingGroupArn"].is_null() && named(entry));
    made.filter_map(|entry| Some(group(account, cluster, entry["name"].as_str()?)?.id.clone())).collect()
}

/// The security group that an object has under a key.
fn group<'a>(account: &'a Account, object: &Value, key: &str) -> Option<&'a Thing> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parts = [&object["kind"], &object["metadata"]["namespace"], &object["metadata"]["name"]].map(text);
    let mut groups = account.things.iter().filter(|thing| thing.kind == "security group");
    groups.find(|group| group.object() == parts.join("/") && group.key() == key)
}

/// The EBS volumes of a service: as its spec says, and one for each of its tasks. One of a task that is still stopping
/// is there as well.
pub(super) fn volumes(account: &Account, want: &Want, service: &Thing, role: Option<&str>, found: &mut Vec<String>) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let is = list(&service.value["revision"]["attached"]["volumeConfigurations"]);
    let shall = list(&want.spec["volumeConfigurations"]);
    differs(found, "number of volumes", &json!(is.len()), &json!(shall.len()));
    for (is, shall) in is.iter().zip(&shall) {
        let (is, shall) = (&is["managedEBSVolume"], &shall["managedEBSVolume"]);
        differs(found, "size of the volume", &is["sizeInGiB"], &shall["sizeInGiB"]);
        differs(found, "encrypted", &is["encrypted"], &json!(true));
        differs(found, "role of the volume", &is["roleArn"], &json!(role));
    }
    let tasks = service.value["tasks"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let running = tasks.filter(|id| account.world["ecs"]["tasks"][id]["phase"] == "RUNNING");
    let has = |id: &str| account.volumes().any(|volume| volume["task"] == id);
    for task in running.filter(|id| !shall.is_empty() && !has(id)) {
        found.push(format!("the task {task} has no volume"));
    }
}

/// The names of the file systems that a service mounts.
pub(super) fn mounts(spec: &Value) -> impl Iterator<Item = &str> {
    let volumes = spec["task"]["volumes"].as_array().into_iter().flatten();
    volumes.filter_map(|volume| volume["efsVolumeConfiguration"]["fileSystemRef"]["name"].as_str())
}

/// The group that those are in who mount a file system.
pub(super) fn clients<'a>(account: &'a Account, want: &Want, name: &str) -> Option<&'a str> {
    let object = format!("EfsFileSystem/{}/{name}", want.namespace);
    let mut groups = account.things.iter().filter(|thing| thing.kind == "security group");
    groups.find(|group| group.object() == object && group.key() == "clients").map(|group| group.id.as_str())
}
