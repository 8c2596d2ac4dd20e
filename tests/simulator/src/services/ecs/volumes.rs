//! The file systems that a task mounts: EFS, and S3 Files.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::services::ecs::reach;
use crate::services::ecs::task_definitions::Definition;
use crate::services::ecs::tasks::Task;
use crate::services::efs::{self, Mount};
use crate::services::iam::{self, Access};
use crate::world::World;

/// A volume that a task cannot mount.
pub(super) struct Refusal<'a> {
    /// The volume's name.
    pub(super) volume: &'a str,
    /// Why, in the words of the mount helper.
    pub(super) why: String,
}

/// The first volume that the task cannot mount. It mounts by its own network interface, which it has on Fargate and with
/// `awsvpc`, else by its instance's (premium support, "How do I mount an Amazon EFS file system on an Amazon ECS container or
/// task running on Amazon EC2?": the mount targets must let in "the ECS container instance and the ECS task"); with `iam` by
/// its role in either (API reference, `EFSAuthorizationConfig`). What the interface of an instance that EC2 does not know
/// would reach nobody can say.
pub(super) fn refusal<'a>(world: &World, task: &Task, definition: &'a Definition) -> Option<Refusal<'a>> {
    let volumes = definition.body.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let refused = |volume: &'a Value| {
        let s3 = volume.get("s3filesVolumeConfiguration");
        let s3 = s3.and_then(|s3| s3_refusal(world, s3, definition.text("taskRoleArn")));
        let why = s3.or_else(|| efs_refusal(world, task, definition, volume))?;
        Some(Refusal { volume: volume.get("name").and_then(Value::as_str).unwrap_or_default(), why })
    };
    volumes.into_iter().find_map(refused)
}

fn efs_refusal(world: &World, task: &Task, definition: &Definition, volume: &Value) -> Option<String> {
    let efs = volume.get("efsVolumeConfiguration")?;
    let text = |pointer: &str| efs.pointer(pointer).and_then(Value::as_str);
    let by_role = text("/authorizationConfig/iam") == Some("ENABLED");
    let mount = Mount {
        file_system: text("/fileSystemId")?,
        access_point: text("/authorizationConfig/accessPointId"),
        role: definition.text("taskRoleArn").filter(|_| by_role),
        encrypted: text("/transitEncryption") == Some("ENABLED"),
        from: reach::interface(world, task),
    };
    efs::refusal(world, &mount)
}

/// S3 user guide, "How S3 Files works with IAM": the role must allow it, through that access point. The simulator has no
/// mount targets of S3 Files: one that is there is reached.
fn s3_refusal(world: &World, s3: &Value, role: Option<&str>) -> Option<String> {
    let text = |member: &str| s3.get(member).and_then(Value::as_str);
    let arn = text("fileSystemArn")?;
    if !world.foreign.s3_file_systems.contains(arn) {
        let id = arn.rsplit('/').next().unwrap_or(arn);
        return Some(format!("Failed to resolve \"{id}\" - check that your file system ID is correct."));
    }
    let point = text("accessPointArn").map(|arn| ("s3files:accesspointarn".to_owned(), arn.to_owned()));
    let context: BTreeMap<String, String> = point.into_iter().collect();
    let access = Access { role, action: "s3files:ClientMount", resource: arn, context };
    let lets_in = role.is_some() && iam::allowed(world, &access, None);
    (!lets_in).then(|| "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'".to_owned())
}
