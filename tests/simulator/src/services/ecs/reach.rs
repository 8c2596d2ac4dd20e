//! Whether a task reaches registries and AWS's endpoints: by its subnet's way out and its security groups.

use crate::services::ec2::{self, Eni};
use crate::services::ecs::tasks::Task;
use crate::world::World;

/// The network interface that a task's traffic goes through: its own, else that of its instance, where that is known.
pub(super) fn interface<'a>(world: &'a World, task: &'a Task) -> Option<&'a Eni> {
    match &task.attachment {
        Some(attachment) => attachment.eni.as_ref(),
        None => of_instance(world, task)?.eni.as_ref(),
    }
}

/// The instance that a task is on, of one that EC2 knows.
fn of_instance<'a>(world: &'a World, task: &Task) -> Option<&'a ec2::Instance> {
    let instance = world.ecs.instances.get(&task.host.as_ref()?.instance)?;
    ec2::instance(world, &instance.ec2_instance)
}

/// Whether a task gets out to the Internet by HTTPS: by its own network interface, else by that of its instance, where that is
/// known.
pub(super) fn gets_out(world: &World, task: &Task) -> bool {
    if let Some(attachment) = &task.attachment {
        return attachment.eni.as_ref().is_some_and(|eni| ec2::gets_out(world, eni, attachment.public_ip));
    }
    of_instance(world, task)
        .is_none_or(|instance| instance.eni.as_ref().is_some_and(|eni| ec2::gets_out(world, eni, false)))
}
