//! Schedules as they are made, changed and told of.

use serde_json::{Map, Value, json};

use super::validation::{check, name};
use super::{GROUP, Schedule};
use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// A page has a hundred at most (API reference, `ListSchedules`).
const PAGE: usize = 100;

pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = name(call)?;
    let times = check(world, &call.input)?;
    let there = world.scheduler.schedules.get(&name);
    // "Unique, case-sensitive identifier you provide to ensure the idempotency of the request" (API reference).
    if let Some(there) = there.filter(|there| call.text("ClientToken").is_some() && there.input == call.input) {
        return Ok(json!({"ScheduleArn": there.arn}));
    }
    if there.is_some() {
        return Err(Fault::conflict("ConflictException", format!("Schedule {name} already exists.")));
    }
    let arn = world.arn("scheduler", &format!("schedule/{GROUP}/{name}"));
    let now = world.now;
    let input = call.input.clone();
    let mut schedule =
        Schedule { arn: arn.clone(), name: name.clone(), input, created: now, changed: now, times, next: None };
    schedule.begin();
    world.scheduler.schedules.insert(name, schedule);
    Ok(json!({"ScheduleArn": arn}))
}

/// "EventBridge Scheduler uses all values, including empty values, specified in the request and overrides the existing
/// schedule" (API reference, `UpdateSchedule`).
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let name = name(call)?;
    let times = check(world, &call.input)?;
    let now = world.now;
    let schedule = world.scheduler.schedules.get_mut(&name).ok_or_else(|| not_found(&name))?;
    schedule.input = call.input.clone();
    schedule.times = times;
    schedule.changed = now;
    schedule.plan(now);
    Ok(json!({"ScheduleArn": schedule.arn}))
}

pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let name = name(call)?;
    world.scheduler.schedules.get(&name).map(view).ok_or_else(|| not_found(&name))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = name(call)?;
    world.scheduler.retries.retain(|start| start.schedule != name);
    world.scheduler.schedules.remove(&name).map(|_| json!({})).ok_or_else(|| not_found(&name))
}

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let most = call.input.get("MaxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let group = call.text("GroupName").unwrap_or(GROUP);
    let fits = |schedule: &&Schedule| {
        group == GROUP
            && call.text("NamePrefix").is_none_or(|prefix| schedule.name.starts_with(prefix))
            && call.text("State").is_none_or(|state| state == schedule.state())
    };
    let all: Vec<Value> = world.scheduler.schedules.values().filter(fits).map(summary).collect();
    let (page, next) = world.page(&all, most.unwrap_or(PAGE).min(PAGE), call.text("NextToken"))?;
    Ok(json!({"Schedules": page, "NextToken": next}))
}

fn not_found(name: &str) -> Fault {
    Fault::not_found("ResourceNotFoundException", format!("Schedule {name} does not exist."))
}

#[allow(clippy::cast_precision_loss, reason = "milliseconds of our times")]
fn seconds(at: i64) -> f64 {
    at as f64 / 1000.0
}

fn summary(schedule: &Schedule) -> Value {
    json!({
        "Arn": schedule.arn,
        "CreationDate": seconds(schedule.created),
        "GroupName": GROUP,
        "LastModificationDate": seconds(schedule.changed),
        "Name": schedule.name,
        "State": schedule.state(),
        "Target": {"Arn": schedule.input.pointer("/Target/Arn")},
    })
}

/// With the defaults of what was left out.
fn view(schedule: &Schedule) -> Value {
    let mut view: Map<String, Value> = schedule.input.as_object().cloned().unwrap_or_default();
    view.remove("ClientToken");
    view.extend([
        ("Arn".to_owned(), json!(schedule.arn)),
        ("GroupName".to_owned(), json!(GROUP)),
        ("CreationDate".to_owned(), json!(seconds(schedule.created))),
        ("LastModificationDate".to_owned(), json!(seconds(schedule.changed))),
        ("State".to_owned(), json!(schedule.state())),
    ]);
    view.entry("ScheduleExpressionTimezone").or_insert_with(|| json!("UTC"));
    view.entry("ActionAfterCompletion").or_insert_with(|| json!("NONE"));
    if let Some(target) = view.get_mut("Target").and_then(Value::as_object_mut) {
        let retry = target.entry("RetryPolicy").or_insert_with(|| json!({}));
        if let Some(retry) = retry.as_object_mut() {
            retry.entry("MaximumEventAgeInSeconds").or_insert_with(|| json!(86_400));
            retry.entry("MaximumRetryAttempts").or_insert_with(|| json!(185));
        }
        if let Some(ecs) = target.get_mut("EcsParameters").and_then(Value::as_object_mut) {
            ecs.entry("TaskCount").or_insert_with(|| json!(1));
            ecs.entry("EnableECSManagedTags").or_insert_with(|| json!(false));
            ecs.entry("EnableExecuteCommand").or_insert_with(|| json!(false));
        }
    }
    Value::Object(view)
}
