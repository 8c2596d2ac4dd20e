//! What ECS's agenda holds: the next wake of each task and service.

use crate::world::World;

/// Who is woken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    /// A task, by its id: its next transition.
    Task(String),
    /// A service, by its key: its scheduler looks.
    Service(String),
    /// A capacity provider, by its name: its minute is over.
    Provider(String),
}

/// Wakes a capacity provider at a time.
pub(super) fn wake_provider(world: &mut World, name: &str, at: i64) {
    world.ecs.agenda.add(at, Wake::Provider(name.to_owned()));
}

/// Wakes a task at a time; only its latest request counts.
pub(super) fn wake_task(world: &mut World, id: &str, at: i64) {
    if let Some(task) = world.ecs.tasks.get_mut(id) {
        task.due = Some(at);
        world.ecs.agenda.add(at, Wake::Task(id.to_owned()));
    }
}

/// Wakes a service at a time, unless it wakes earlier anyway.
pub(super) fn wake_service(world: &mut World, key: &str, at: i64) {
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    if service.wake_at.is_none_or(|earlier| at < earlier) {
        service.wake_at = Some(at);
        world.ecs.agenda.add(at, Wake::Service(key.to_owned()));
    }
}
