//! Whether a task reaches registries and AWS's endpoints: by its subnet's way out and its security groups.

use crate::services::ec2;
use crate::services::ecs::tasks::Task;
use crate::world::World;

/// Whether a task gets out to the Internet by HTTPS: by its own network interface, else by that of its instance, where that is
/// known.
pub(super) fn gets_out(world: &World, task: &Task) -> bool {
    if let Some(attachment) = &task.attachment {
        return attachment.eni.as_ref().is_some_and(|eni| ec2::gets_out(world, eni, attachment.public_ip));
    }
    let instance = task.host.as_ref().and_then(|host| world.ecs.instances.get(&host.instance));
    let instance = instance.and_then(|instance| ec2::instance(world, &instance.ec2_instance));
    instance.is_none_or(|instance| instance.eni.as_ref().is_some_and(|eni| ec2::gets_out(world, eni, false)))
}
