//! The EFS file systems that a task mounts.

use serde_json::Value;

use crate::services::ecs::task_definitions::Definition;
use crate::services::ecs::tasks::Task;
use crate::services::efs::{self, Mount};
use crate::world::World;

/// Why the task cannot mount its first volume that it cannot mount. By the task's own network interface, which every
/// Fargate task has; with `iam` by its role (API reference, `EFSAuthorizationConfig`).
pub(super) fn refusal(world: &World, task: &Task, definition: &Definition) -> Option<String> {
    let from = task.attachment.as_ref()?.eni.as_ref()?;
    let volumes = definition.body.get("volumes").and_then(Value::as_array).into_iter().flatten();
    volumes.filter_map(|volume| volume.get("efsVolumeConfiguration")).find_map(|efs| {
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
