//! What happens when: the next wake of each task and service, in order of time.

use std::collections::BTreeSet;

use crate::world::World;

/// Who is woken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    /// A task, by its id: its next transition.
    Task(String),
    /// A service, by its key: its scheduler looks.
    Service(String),
}

/// Wakes in order of time; those of the same moment in the order in which they were asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    last: u64,
    wakes: BTreeSet<(i64, u64, Wake)>,
}

impl Agenda {
    fn add(&mut self, at: i64, wake: Wake) {
        self.last += 1;
        self.wakes.insert((at, self.last, wake));
    }

    /// Takes out the next wake that is due until `now`, with its time.
    pub(super) fn take_due(&mut self, now: i64) -> Option<(i64, Wake)> {
        if self.wakes.first()?.0 > now {
            return None;
        }
        self.wakes.pop_first().map(|(at, _, wake)| (at, wake))
    }
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
