//! EventBridge Scheduler: schedules of the group `default`, and the tasks that they start.
//!
//! Source: EventBridge Scheduler API reference and user guide; botocore's model `scheduler/2021-06-30`.

mod firing;
mod schedules;
mod validation;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

pub use self::firing::{Firing, advance_to, next_due};
use crate::call::{Answer, Call, Fault};
use crate::cron::Schedule as Times;
use crate::world::World;

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// By name.
    schedules: BTreeMap<String, Schedule>,
    /// Starts that were tried, and are tried again.
    retries: Vec<firing::Start>,
    /// Every start that was tried, in its order.
    #[serde(skip)]
    pub firings: Vec<Firing>,
    /// What queues were told, by their ARNs.
    #[serde(skip)]
    pub dead_letters: BTreeMap<String, Vec<Value>>,
}

#[derive(Clone, Debug, Serialize)]
struct Schedule {
    arn: String,
    name: String,
    /// The members of `CreateSchedule` and `UpdateSchedule`.
    input: Value,
    created: i64,
    changed: i64,
    #[serde(skip)]
    times: Times,
    /// When it is due next.
    next: Option<i64>,
}

/// The only group that there is: nothing makes another.
const GROUP: &str = "default";

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "CreateSchedule" => schedules::create(world, call),
        "UpdateSchedule" => schedules::update(world, call),
        "GetSchedule" => schedules::get(world, call),
        "DeleteSchedule" => schedules::delete(world, call),
        "ListSchedules" => schedules::list(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// Somebody changes by hand what a schedule passes to its target.
pub fn set_input(world: &mut World, schedule: &str, input: &str) {
    let schedule = world.scheduler.schedules.get_mut(schedule);
    if let Some(target) = schedule.and_then(|schedule| schedule.input.get_mut("Target")?.as_object_mut()) {
        target.insert("Input".to_owned(), input.into());
    }
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("ValidationException", message)
}

#[cfg(test)]
mod tests;
