//! What happens when a schedule is due.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Schedule;
use super::validation::PRINCIPAL;
use crate::call::Fault;
use crate::clock::iso_time;
use crate::cron::Schedule as Times;
use crate::services::ecs::run_on_behalf;
use crate::services::iam::{self, Access};
use crate::world::World;

/// The first wait before a start that failed is tried again, and the longest; "with exponential backoff" (user guide,
/// "Configuring a dead-letter queue").
const FIRST_WAIT: i64 = 60_000;
const LONGEST_WAIT: i64 = 3_600_000;

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
        let mut input = Map::new();
        let target = self.input.get("Target").cloned().unwrap_or_default();
        input.insert("cluster".to_owned(), target.get("Arn").cloned().unwrap_or_default());
        input.insert("startedBy".to_owned(), json!(format!("chronos-schedule/{}", self.name)));
        for (name, value) in target.get("EcsParameters").and_then(Value::as_object).into_iter().flatten() {
            let name = match name.as_str() {
                "TaskDefinitionArn" => "taskDefinition".to_owned(),
                "TaskCount" => "count".to_owned(),
                "EnableECSManagedTags" => "enableECSManagedTags".to_owned(),
                other => lower_first(other),
            };
            input.insert(name, if value.is_object() { lowered(value) } else { value.clone() });
        }
        if let Some(text) = target.get("Input").and_then(Value::as_str) {
            let overrides: Value = serde_json::from_str(text)
                .map_err(|_| Fault::bad_request("InvalidParameterException", "Input is not the JSON of overrides."))?;
            input.insert("overrides".to_owned(), overrides);
        }
        Ok(Value::Object(input))
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// ECS writes members with a small letter where Scheduler writes them with a capital.
fn lowered(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (lower_first(name), lowered(value))).collect())
        }
        other => other.clone(),
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
    let failure = schedule.run_task().and_then(|input| run_on_behalf(world, PRINCIPAL, &role, &input)).err();
    world.scheduler.firings.push(Firing {
        schedule: start.schedule.clone(),
        due: start.due,
        failure: failure.as_ref().map(ToString::to_string),
    });
    let Some(failure) = failure else { return };
    let most = schedule.number("/Target/RetryPolicy/MaximumRetryAttempts").unwrap_or(185);
    let age = schedule.number("/Target/RetryPolicy/MaximumEventAgeInSeconds").unwrap_or(86_400) * 1000;
    let doublings = u32::try_from(start.retries.min(6)).unwrap_or_default();
    let again = world.now + (FIRST_WAIT << doublings).min(LONGEST_WAIT);
    if start.retries < most && again <= start.due + age {
        world.scheduler.retries.push(Start { at: again, retries: start.retries + 1, ..start });
    } else {
        bury(world, &schedule, &role, start.due, &failure);
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
