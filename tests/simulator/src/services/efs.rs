//! EFS: file systems, mount targets, access points, and whether a task may mount.
//!
//! Source: EFS API reference; botocore's model `efs/2015-02-01`.

mod access_points;
mod file_systems;
mod mount_targets;
mod mounting;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::services::ec2;
use crate::world::World;

pub use mounting::{Mount, refusal};

/// How long a file system, or an access point, is `creating` or `deleting`, in milliseconds: observed to be seconds.
const SHORT: i64 = 5_000;
/// How long a mount target is: user guide, "Creating mount targets", speaks of minutes at most.
const LONG: i64 = 60_000;

/// Users' tags.
type Tags = BTreeMap<String, String>;

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// By id.
    file_systems: BTreeMap<String, file_systems::FileSystem>,
    /// By id.
    mount_targets: BTreeMap<String, mount_targets::MountTarget>,
    /// By id.
    access_points: BTreeMap<String, access_points::AccessPoint>,
}

/// Where something is between its creation and its end.
#[derive(Clone, Copy, Debug, Serialize)]
struct Life {
    available_at: i64,
    gone_at: Option<i64>,
}

impl Life {
    fn begun(now: i64, takes: i64) -> Self {
        Self { available_at: now + takes, gone_at: None }
    }

    /// API reference, `LifeCycleState`.
    fn state(self, now: i64) -> &'static str {
        match self.gone_at {
            Some(_) => "deleting",
            None if now < self.available_at => "creating",
            None => "available",
        }
    }

    fn is_over(self, now: i64) -> bool {
        self.gone_at.is_some_and(|at| at <= now)
    }
}

/// When the next thing is gone.
pub fn next_due(world: &World) -> Option<i64> {
    let state = &world.efs;
    let lives = state.file_systems.values().map(|one| one.life);
    let lives = lives.chain(state.mount_targets.values().map(|one| one.life));
    lives.chain(state.access_points.values().map(|one| one.life)).filter_map(|life| life.gone_at).min()
}

/// What is due until `now` goes, a mount target with its network interface.
pub fn advance_to(world: &mut World, now: i64) {
    world.now = world.now.max(now);
    let over = world.efs.mount_targets.values().filter(|target| target.life.is_over(now));
    let interfaces: Vec<String> = over.map(|target| target.interface.clone()).collect();
    for id in interfaces {
        ec2::delete_eni(world, &id);
    }
    world.efs.mount_targets.retain(|_, one| !one.life.is_over(now));
    world.efs.access_points.retain(|_, one| !one.life.is_over(now));
    world.efs.file_systems.retain(|_, one| !one.life.is_over(now));
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "CreateFileSystem" => file_systems::create(world, call),
        "DescribeFileSystems" => file_systems::describe(world, call),
        "UpdateFileSystem" => file_systems::update(world, call),
        "DeleteFileSystem" => file_systems::delete(world, call),
        "PutLifecycleConfiguration" => file_systems::put_lifecycle(world, call),
        "DescribeLifecycleConfiguration" => file_systems::describe_lifecycle(world, call),
        "PutBackupPolicy" => file_systems::put_backup(world, call),
        "DescribeBackupPolicy" => file_systems::describe_backup(world, call),
        "PutFileSystemPolicy" => file_systems::put_policy(world, call),
        "DescribeFileSystemPolicy" => file_systems::describe_policy(world, call),
        "DeleteFileSystemPolicy" => file_systems::delete_policy(world, call),
        "CreateMountTarget" => mount_targets::create(world, call),
        "DescribeMountTargets" => mount_targets::describe(world, call),
        "DeleteMountTarget" => mount_targets::delete(world, call),
        "DescribeMountTargetSecurityGroups" => mount_targets::groups(world, call),
        "ModifyMountTargetSecurityGroups" => mount_targets::modify_groups(world, call),
        "CreateAccessPoint" => access_points::create(world, call),
        "DescribeAccessPoints" => access_points::describe(world, call),
        "DeleteAccessPoint" => access_points::delete(world, call),
        "TagResource" => tag(world, call),
        "UntagResource" => untag(world, call),
        "ListTagsForResource" => Ok(json!({"Tags": shown_tags(tags(world, call)?)})),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

fn missing(member: &str) -> Fault {
    Fault::bad_request("BadRequest", format!("{member} is missing or not valid."))
}

/// The tags of what a call names by id.
fn tags<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Tags, Fault> {
    let id = call.text("ResourceId").ok_or_else(|| missing("ResourceId"))?;
    if id.starts_with("fsap-") {
        let found = world.efs.access_points.get_mut(id);
        return found.map(|point| &mut point.tags).ok_or_else(|| access_points::not_found(id));
    }
    world.efs.file_systems.get_mut(id).map(|one| &mut one.tags).ok_or_else(|| file_systems::not_found(id))
}

fn tag(world: &mut World, call: &Call) -> Answer {
    let new = read_tags(call);
    tags(world, call)?.extend(new);
    Ok(json!({}))
}

fn untag(world: &mut World, call: &Call) -> Answer {
    let keys = call.texts("TagKeys");
    tags(world, call)?.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn read_tags(call: &Call) -> Tags {
    let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = call.input.get("Tags").and_then(Value::as_array).into_iter().flatten();
    all.map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
}

fn shown_tags(tags: &Tags) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

#[cfg(test)]
mod tests;
