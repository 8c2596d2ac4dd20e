//! What an `EfsFileSystem` must have in AWS, and a service that mounts one.

use serde_json::{Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};
use super::balancing;

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
    balancing::rules(own, vec![rule], &mut found);
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
pub(super) fn mounts(want: &Want) -> impl Iterator<Item = &str> {
    let volumes = want.spec["task"]["volumes"].as_array().into_iter().flatten();
    volumes.filter_map(|volume| volume["efsVolumeConfiguration"]["fileSystemRef"]["name"].as_str())
}

/// The group that those are in who mount a file system.
pub(super) fn clients<'a>(account: &'a Account, want: &Want, name: &str) -> Option<&'a str> {
    let object = format!("EfsFileSystem/{}/{name}", want.namespace);
    let mut groups = account.things.iter().filter(|thing| thing.kind == "security group");
    groups.find(|group| group.object() == object && group.key() == "clients").map(|group| group.id.as_str())
}
