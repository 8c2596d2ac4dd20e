//! Tasks that health checks call unhealthy: borne with during the grace period, and then to be replaced.

use serde::Serialize;
use serde_json::Value;

use crate::services::ecs::load_balancing::{self, Target};
use crate::services::ecs::services::{self, Service};
use crate::services::ecs::tasks::{Health, Task};
use crate::services::ecs::{agenda, events};
use crate::world::World;

/// What calls a task unhealthy, its grace period being over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Failing {
    /// Its containers' own health checks.
    Containers,
    /// A target group, by ARN.
    TargetGroup(String),
}

impl Failing {
    /// Why the task is stopped (developer guide, "Stopped task error messages").
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Containers => "Task failed container health checks".to_owned(),
            Self::TargetGroup(arn) => format!("Task failed ELB health checks in (target-group {arn})"),
        }
    }
}

/// Marks the running tasks of a service that fail, once their grace period is over, and unmarks those that have
/// recovered.
///
/// API reference, `healthCheckGracePeriodSeconds`: from when a task has started, the scheduler ignores what load
/// balancers and containers say for so long.
pub(super) fn judge(world: &mut World, key: &str) {
    let Some(service) = world.ecs.services.get(key) else { return };
    let grace = grace(service);
    let running: Vec<String> =
        services::tasks(world, service).filter(|task| task.is_running()).map(|task| task.id.clone()).collect();
    for id in running {
        let Some(task) = world.ecs.tasks.get(&id) else { continue };
        let (found, was) = (found(world, task), task.failing.clone());
        let over = task.started_at.unwrap_or(world.now) + grace;
        if found.is_some() && world.now < over {
            agenda::wake_service(world, key, over);
            continue;
        }
        let failing = found.as_ref().map(|(failing, _)| failing.clone());
        if let Some(task) = world.ecs.tasks.get_mut(&id) {
            task.failing.clone_from(&failing);
        }
        if let Some((_, text)) = found.filter(|_| was != failing) {
            events::add(world, key, &text);
        }
    }
}

/// What calls a task unhealthy now, and how its service tells so.
fn found(world: &World, task: &Task) -> Option<(Failing, String)> {
    if task.health == Health::Unhealthy {
        return Some((Failing::Containers, format!("(task {}) failed container health checks.", task.id)));
    }
    let (Target { group, port }, why) = load_balancing::unhealthy_in(world, task)?;
    let text = format!("(port {port}) is unhealthy in (target-group {group}) due to (reason {why})");
    Some((Failing::TargetGroup(group), text))
}

/// The grace period of a service's health checks, in milliseconds.
fn grace(service: &Service) -> i64 {
    service.plain.get("healthCheckGracePeriodSeconds").and_then(Value::as_i64).unwrap_or_default() * 1000
}
