//! A service's events, in ECS's words: the newest first, at most a hundred.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::wire_time;
use crate::world::World;

/// How many events `DescribeServices` shows (developer guide, "Viewing Amazon ECS service event messages").
const KEPT: usize = 100;

/// One event.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Event {
    id: String,
    at: i64,
    message: String,
}

/// The events of one service.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Events(VecDeque<Event>);

impl Events {
    /// As `DescribeServices` shows them.
    pub(super) fn view(&self) -> Value {
        let view = |event: &Event| json!({"id": event.id, "createdAt": wire_time(event.at), "message": event.message});
        self.0.iter().map(view).collect()
    }

    fn add(&mut self, event: Event) {
        self.0.push_front(event);
        self.0.truncate(KEPT);
    }
}

/// Adds an event to a service, now: the service's name in front, as ECS writes it.
pub(super) fn add(world: &mut World, key: &str, text: &str) {
    let id = world.ids.uuid();
    let at = world.now;
    if let Some(service) = world.ecs.services.get_mut(key) {
        let message = format!("(service {}) {text}", service.name);
        service.events.add(Event { id, at, message });
    }
}

/// `(task a) (task b)`
pub(super) fn name_tasks(ids: &[String]) -> String {
    ids.iter().map(|id| format!("(task {id})")).collect::<Vec<_>>().join(" ")
}
