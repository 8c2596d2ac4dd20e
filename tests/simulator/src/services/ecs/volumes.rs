//! The file systems that a task mounts: EFS, and S3 Files.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::services::ecs::task_definitions::Definition;
use crate::services::ecs::tasks::Task;
use crate::services::efs::{self, Mount};
use crate::services::iam::{self, Access};
use crate::world::World;

/// Why the task cannot mount its first volume that it cannot mount. By the task's own network interface, which every
/// Fargate task has; with `iam` by its role (API reference, `EFSAuthorizationConfig`).
pub(super) fn refusal(world: &World, task: &Task, definition: &Definition) -> Option<String> {
    let from = task.attachment.as_ref()?.eni.as_ref()?;
    let volumes = || definition.body.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let s3 = volumes().filter_map(|volume| volume.get("s3filesVolumeConfiguration"));
    if let Some(why) = s3.into_iter().find_map(|s3| s3_refusal(world, s3, definition.text("taskRoleArn"))) {
        return Some(why);
    }
    volumes().filter_map(|volume| volume.get("efsVolumeConfiguration")).find_map(|efs| {
        let text = |pointer: &str| efs.pointer(pointer).and_then(Value::as_str);
        let by_role = text("/authorizationConfig/iam") == Some("ENABLED");
        let mount = Mount {
            file_system: text("/fileSystemId")?,
            access_point: text("/authorizationConfig/accessPointId"),
            role: definition.text("taskRoleArn").filter(|_| by_role),
            encrypted: text("/transitEncryption") == Some("ENABLED"),
            from,
        };
        efs::refusal(world, &mount)
    })
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
