//! What happens when a schedule is due.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use super::Schedule;
use super::validation::{PRINCIPAL, group};
use crate::call::Fault;
use crate::clock::iso_time;
use crate::cron::Schedule as Times;
use crate::services::ecs::{Behalf, run_on_behalf};
use crate::services::ecs_target::{again, request};
use crate::services::iam::{self, Access};
use crate::world::World;

/// A start that failed and is tried again.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Start {
    pub(super) schedule: String,
    /// When the schedule was due.
    due: i64,
    /// When it is tried again.
    at: i64,
    /// How often it was tried again already.
    retries: i64,
}

/// A start that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The schedule's name.
    pub schedule: String,
    /// When it was due, in milliseconds since the epoch.
    pub due: i64,
    /// Why nothing was started.
    pub failure: Option<String>,
}

impl Schedule {
    pub(super) fn state(&self) -> &str {
        self.input.get("State").and_then(Value::as_str).unwrap_or("ENABLED")
    }

    fn number(&self, pointer: &str) -> Option<i64> {
        self.input.pointer(pointer).and_then(Value::as_i64)
    }

    #[allow(clippy::cast_possible_truncation, reason = "seconds of our times")]
    fn time(&self, member: &str) -> Option<i64> {
        self.input.get(member).and_then(Value::as_f64).map(|seconds| (seconds * 1000.0) as i64)
    }

    /// What repeats at a rate and is made without a `StartDate` begins at once (user guide, "Rate-based schedules").
    pub(super) fn begin(&mut self) {
        self.plan(self.created);
        let at_once = matches!(self.times, Times::Rate(_)) && self.time("StartDate").is_none();
        if at_once && self.next.is_some() {
            self.next = Some(self.created);
        }
    }

    /// Finds out when it is due next, after `now`. A time that is once is not bound by `StartDate`.
    pub(super) fn plan(&mut self, now: i64) {
        let zone = self.input.get("ScheduleExpressionTimezone").and_then(Value::as_str).unwrap_or("UTC");
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let start = self.time("StartDate");
        let next = match &self.times {
            Times::Rate(minutes) => {
                let (first, period) = (start.unwrap_or(self.created), minutes * 60_000);
                let passed = if now < first { 0 } else { (now - first) / period + 1 };
                Some(first + passed * period)
            }
            Times::At(_) => self.times.next(now, &zone),
            Times::Cron(_) => self.times.next(start.map_or(now, |start| now.max(start - 1)), &zone),
        };
        let end = self.time("EndDate");
        self.next = next.filter(|next| self.state() == "ENABLED" && end.is_none_or(|end| *next <= end));
    }

    /// The members of `RunTask` that the target makes.
    fn run_task(&self) -> Result<Value, Fault> {
        let overrides = self.input.pointer("/Target/Input").and_then(Value::as_str);
        request(self.target(), &format!("chronos-schedule/{}", self.name), overrides)
    }

    fn target(&self) -> &Value {
        self.input.get("Target").unwrap_or(&Value::Null)
    }
}

/// When the next start is due.
pub fn next_due(world: &World) -> Option<i64> {
    let due = world.scheduler.schedules.values().filter_map(|schedule| schedule.next);
    due.chain(world.scheduler.retries.iter().map(|start| start.at)).min()
}

/// Starts everything that is due until `now`.
pub fn advance_to(world: &mut World, now: i64) {
    while let Some(due) = next_due(world).filter(|due| *due <= now) {
        world.now = world.now.max(due);
        let schedules = world.scheduler.schedules.values_mut().filter(|schedule| schedule.next == Some(due));
        let mut starts: Vec<Start> = vec![];
        for schedule in schedules {
            // In the middle of the window: AWS chooses a time in it.
            let late = schedule.number("/FlexibleTimeWindow/MaximumWindowInMinutes").unwrap_or(0) * 30_000;
            starts.push(Start { schedule: schedule.name.clone(), due, at: due + late, retries: 0 });
            schedule.plan(due);
        }
        world.scheduler.retries.extend(starts);
        let (ripe, rest) = world.scheduler.retries.drain(..).partition::<Vec<Start>, _>(|start| start.at <= due);
        world.scheduler.retries = rest;
        for start in ripe {
            fire(world, start);
        }
    }
}

fn fire(world: &mut World, start: Start) {
    let Some(schedule) = world.scheduler.schedules.get(&start.schedule).cloned() else { return };
    let role = schedule.input.pointer("/Target/RoleArn").and_then(Value::as_str).unwrap_or_default().to_owned();
    let behalf = Behalf { service: PRINCIPAL, source: group(world) };
    let failure = schedule.run_task().and_then(|input| run_on_behalf(world, &behalf, &role, &input)).err();
    world.scheduler.firings.push(Firing {
        schedule: start.schedule.clone(),
        due: start.due,
        failure: failure.as_ref().map(ToString::to_string),
    });
    let Some(failure) = failure else { return };
    match again(schedule.target(), start.retries, start.due, world.now) {
        Some(at) => world.scheduler.retries.push(Start { at, retries: start.retries + 1, ..start }),
        None => bury(world, &schedule, &role, start.due, &failure),
    }
}

/// A start that is given up is told to the queue, if there is one and the role may write to it.
fn bury(world: &mut World, schedule: &Schedule, role: &str, due: i64, failure: &Fault) {
    let Some(queue) = schedule.input.pointer("/Target/DeadLetterConfig/Arn").and_then(Value::as_str) else { return };
    let context = std::collections::BTreeMap::new();
    let access = Access { role: Some(role), action: "sqs:SendMessage", resource: queue, context };
    if iam::allowed(world, &access, None) {
        let letter = json!({
            "SCHEDULE_ARN": schedule.arn,
            "SCHEDULED_TIME": iso_time(due),
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
        });
        world.scheduler.dead_letters.entry(queue.to_owned()).or_default().push(letter);
    }
}
