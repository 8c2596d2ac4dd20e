//! What listens on a port of a task's network interface.

use serde_json::Value;

use crate::services::ec2;
use crate::services::ecs::tasks::{ContainerStatus, Phase, Task};
use crate::services::ecs::{container, task_definitions};
use crate::world::World;

/// A container that takes connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The ARN of its task.
    pub task: String,
    /// Its name.
    pub container: String,
    /// Whether what it answers is no error.
    pub well: bool,
}

/// The container that listens on a TCP port behind a network interface. Containers that are asked to stop take no
/// connections any more: they are taken to heed SIGTERM.
pub fn listener(world: &World, eni: &str, port: i64) -> Option<Listener> {
    let (task, port) = match world.ecs.interfaces.get(eni).and_then(|id| world.ecs.tasks.get(id)) {
        Some(task) => (task, port),
        None => bound(world, &ec2::instance_with(world, eni)?.id, port)?,
    };
    if !matches!(task.phase, Phase::Running | Phase::Deactivating) {
        return None;
    }
    let definition = task_definitions::find(world, &task.definition)?;
    let one = definition.containers().iter().find(|one| listens(world, task, one, port))?;
    let well = !world.images.behaviour(container::image(one)).unhealthy;
    Some(Listener { task: task.arn.clone(), container: container::name(one).to_owned(), well })
}

/// The task that has a TCP port of an EC2 instance, and the port of its container behind it.
pub(super) fn bound<'a>(world: &'a World, instance: &str, port: i64) -> Option<(&'a Task, i64)> {
    let on_it = world.ecs.tasks.values().filter(|task| task.is_live());
    on_it.into_iter().find_map(|task| {
        let host = task.host.as_ref().filter(|host| host.ec2_instance == instance)?;
        let bound = host.bindings.iter().find(|bound| bound.host == port && bound.protocol == "tcp")?;
        Some((task, bound.port))
    })
}

fn listens(world: &World, task: &Task, one: &Value, port: i64) -> bool {
    let name = container::name(one);
    let runs = task.containers.iter().any(|own| own.name == name && own.status == ContainerStatus::Running);
    let behaviour = world.images.behaviour(container::image(one));
    let begins = task.started_at.unwrap_or(i64::MAX).saturating_add(i64::from(behaviour.listens_after_seconds) * 1000);
    let on_port = match &behaviour.listens {
        Some(ports) => ports.iter().any(|own| i64::from(*own) == port),
        None => container::ports(one).contains(&port),
    };
    runs && world.now >= begins && on_port
}
