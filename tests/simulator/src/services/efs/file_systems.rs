//! File systems, their lifecycle, backups and policy.

use serde::Serialize;
use serde_json::{Value, json};

use super::{LONG, Life, SHORT, Tags, missing, read_tags, shown_tags};
use crate::call::{Answer, Call, Fault};
use crate::clock::wire_time;
use crate::services::iam;
use crate::world::World;

/// API reference, `UpdateFileSystem`: 24 hours between two changes.
const DAY: i64 = 24 * 60 * 60 * 1000;

#[derive(Clone, Debug, Serialize)]
pub(super) struct FileSystem {
    pub(super) id: String,
    token: String,
    created_at: i64,
    performance_mode: String,
    encrypted: bool,
    key: Option<String>,
    throughput_mode: String,
    provisioned: Option<f64>,
    changed_at: Option<i64>,
    lifecycle: Value,
    backup: bool,
    pub(super) policy: Option<String>,
    pub(super) life: Life,
    pub(super) tags: Tags,
}

pub(super) fn not_found(id: &str) -> Fault {
    Fault::not_found("FileSystemNotFound", format!("File system '{id}' does not exist."))
}

/// The file system that a call names.
pub(super) fn named<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut FileSystem, Fault> {
    let id = call.text("FileSystemId").ok_or_else(|| missing("FileSystemId"))?;
    world.efs.file_systems.get_mut(id).ok_or_else(|| not_found(id))
}

/// The same, which must be available.
pub(super) fn available<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut FileSystem, Fault> {
    let now = world.now;
    let found = named(world, call)?;
    match found.life.state(now) {
        "available" => Ok(found),
        state => {
            let message = format!("None of the file system's states allow it: '{}' is {state}.", found.id);
            Err(Fault::conflict("IncorrectFileSystemLifeCycleState", message))
        }
    }
}

/// API reference, `CreateFileSystem`: a token that is known is a conflict, whatever else is asked for.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let token = call.text("CreationToken").ok_or_else(|| missing("CreationToken"))?;
    if token.len() > 64 {
        return Err(missing("CreationToken"));
    }
    if let Some(known) = world.efs.file_systems.values().find(|one| one.token == token) {
        let message = format!("File system '{}' already exists with creation token '{token}'", known.id);
        return Err(Fault::conflict("FileSystemAlreadyExists", message));
    }
    let flag = |member: &str| call.input.get(member).and_then(Value::as_bool);
    let encrypted = flag("Encrypted").unwrap_or(false);
    let given = call.text("KmsKeyId").map(str::to_owned);
    if given.is_some() && !encrypted {
        return Err(missing("KmsKeyId"));
    }
    let own = encrypted.then(|| world.arn("kms", "key/11111111-2222-3333-4444-555555555555"));
    let (performance_mode, (throughput_mode, provisioned)) =
        (call.text("PerformanceMode").unwrap_or("generalPurpose"), throughput(call, "bursting")?);
    if performance_mode == "maxIO" && throughput_mode == "elastic" {
        return Err(missing("PerformanceMode"));
    }
    let file_system = FileSystem {
        id: world.ids.resource("fs"),
        token: token.to_owned(),
        created_at: world.now,
        performance_mode: performance_mode.to_owned(),
        encrypted,
        key: given.or(own),
        throughput_mode,
        provisioned,
        changed_at: None,
        lifecycle: json!([]),
        backup: flag("Backup").unwrap_or(false),
        policy: None,
        life: Life::begun(world.now, SHORT),
        tags: read_tags(call),
    };
    let shown = shown(world, &file_system);
    world.efs.file_systems.insert(file_system.id.clone(), file_system);
    Ok(shown)
}

fn throughput(call: &Call, default: &str) -> Result<(String, Option<f64>), Fault> {
    let mode = call.text("ThroughputMode").unwrap_or(default);
    let provisioned = call.input.get("ProvisionedThroughputInMibps").and_then(Value::as_f64);
    if provisioned.is_some() != (mode == "provisioned") || !["bursting", "provisioned", "elastic"].contains(&mode) {
        return Err(missing("ProvisionedThroughputInMibps"));
    }
    Ok((mode.to_owned(), provisioned))
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let all = world.efs.file_systems.values();
    let found: Vec<&FileSystem> = match (call.text("FileSystemId"), call.text("CreationToken")) {
        (Some(_), Some(_)) => return Err(missing("FileSystemId")),
        (Some(id), None) => vec![world.efs.file_systems.get(id).ok_or_else(|| not_found(id))?],
        (None, Some(token)) => all.filter(|one| one.token == token).collect(),
        (None, None) => all.collect(),
    };
    let shown: Vec<Value> = found.into_iter().map(|one| shown(world, one)).collect();
    let (page, next) = world.page(&shown, 100, call.text("Marker"))?;
    Ok(json!({"FileSystems": page, "NextMarker": next}))
}

fn shown(world: &World, one: &FileSystem) -> Value {
    let targets = world.efs.mount_targets.values().filter(|target| target.file_system == one.id).count();
    let mut shown = json!({
        "OwnerId": world.account_id,
        "CreationToken": one.token,
        "FileSystemId": one.id,
        "FileSystemArn": world.arn("elasticfilesystem", &format!("file-system/{}", one.id)),
        "CreationTime": wire_time(one.created_at),
        "LifeCycleState": one.life.state(world.now),
        "NumberOfMountTargets": targets,
        "SizeInBytes": {"Value": 6144},
        "PerformanceMode": one.performance_mode,
        "Encrypted": one.encrypted,
        "ThroughputMode": one.throughput_mode,
        "Tags": shown_tags(&one.tags),
    });
    let more = [
        ("KmsKeyId", one.key.clone().map(Value::from)),
        ("ProvisionedThroughputInMibps", one.provisioned.map(Value::from)),
        ("Name", one.tags.get("Name").cloned().map(Value::from)),
    ];
    if let Some(members) = shown.as_object_mut() {
        members.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    shown
}

/// API reference, `UpdateFileSystem`: another mode, or less of what is provisioned, once in 24 hours.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let now = world.now;
    let one = available(world, call)?;
    let (mode, provisioned) = throughput(call, &one.throughput_mode.clone())?;
    let less = one.provisioned.zip(provisioned).is_some_and(|(before, after)| after < before);
    if mode != one.throughput_mode || less {
        if one.changed_at.is_some_and(|at| now < at + DAY) {
            let message = "Wait at least 24 hours between throughput mode changes or throughput value decreases.";
            return Err(Fault::new(429, "TooManyRequests", message));
        }
        one.changed_at = Some(now);
    }
    (one.throughput_mode, one.provisioned) = (mode, provisioned);
    let one = one.clone();
    Ok(shown(world, &one))
}

/// API reference, `DeleteFileSystem`: not while it has mount targets; its access points go with it.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let gone_at = world.now + LONG / 6;
    let id = available(world, call)?.id.clone();
    if world.efs.mount_targets.values().any(|target| target.file_system == id) {
        let message = format!("File system '{id}' is in use. It has mount targets.");
        return Err(Fault::conflict("FileSystemInUse", message));
    }
    named(world, call)?.life.gone_at = Some(gone_at);
    for point in world.efs.access_points.values_mut().filter(|point| point.file_system == id) {
        point.life.gone_at = Some(gone_at);
    }
    Ok(Value::Null)
}

/// API reference, `PutLifecycleConfiguration`: one transition in each policy; Archive needs Elastic throughput.
pub(super) fn put_lifecycle(world: &mut World, call: &Call) -> Answer {
    let one = available(world, call)?;
    let policies = call.input.get("LifecyclePolicies").and_then(Value::as_array);
    let policies = policies.ok_or_else(|| missing("LifecyclePolicies"))?;
    let single = policies.iter().all(|policy| policy.as_object().is_some_and(|members| members.len() == 1));
    let archive = policies.iter().any(|policy| policy.get("TransitionToArchive").is_some());
    if !single || (archive && one.throughput_mode != "elastic") {
        return Err(missing("LifecyclePolicies"));
    }
    one.lifecycle = json!(policies);
    Ok(json!({"LifecyclePolicies": policies}))
}

pub(super) fn describe_lifecycle(world: &mut World, call: &Call) -> Answer {
    Ok(json!({"LifecyclePolicies": named(world, call)?.lifecycle}))
}

pub(super) fn put_backup(world: &mut World, call: &Call) -> Answer {
    let status = call.input.pointer("/BackupPolicy/Status").and_then(Value::as_str);
    let one = available(world, call)?;
    one.backup = match status {
        Some("ENABLED") => true,
        Some("DISABLED") => false,
        _ => return Err(missing("BackupPolicy")),
    };
    Ok(json!({"BackupPolicy": {"Status": status}}))
}

pub(super) fn describe_backup(world: &mut World, call: &Call) -> Answer {
    let status = if named(world, call)?.backup { "ENABLED" } else { "DISABLED" };
    Ok(json!({"BackupPolicy": {"Status": status}}))
}

pub(super) fn put_policy(world: &mut World, call: &Call) -> Answer {
    let policy = call.text("Policy").ok_or_else(|| missing("Policy"))?.to_owned();
    iam::check_resource_policy(&policy).map_err(|why| Fault::bad_request("InvalidPolicyException", why))?;
    let one = available(world, call)?;
    one.policy = Some(policy.clone());
    Ok(json!({"FileSystemId": one.id, "Policy": policy}))
}

pub(super) fn describe_policy(world: &mut World, call: &Call) -> Answer {
    let one = named(world, call)?;
    let message = format!("File system policy for '{}' was not found.", one.id);
    let policy = one.policy.clone().ok_or_else(|| Fault::not_found("PolicyNotFound", message))?;
    Ok(json!({"FileSystemId": one.id, "Policy": policy}))
}

pub(super) fn delete_policy(world: &mut World, call: &Call) -> Answer {
    available(world, call)?.policy = None;
    Ok(Value::Null)
}
