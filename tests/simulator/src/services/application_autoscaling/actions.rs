//! Scheduled actions.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{DIMENSION, NAMESPACE, invalid, namespace, not_registered, page, resource_id, seconds};
use crate::call::{Answer, Call};
use crate::cron::Schedule;
use crate::world::World;

/// A page has ten (API reference, `DescribeScheduledActions`).
const PAGE: usize = 10;

/// A scheduled action.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Action {
    arn: String,
    schedule: String,
    timezone: String,
    start: Option<i64>,
    end: Option<i64>,
    pub(super) minimum: Option<i64>,
    pub(super) maximum: Option<i64>,
    created: i64,
    /// When it is due next.
    pub(super) next: Option<i64>,
}

impl Action {
    /// Finds out when it is due next, after `now`.
    pub(super) fn plan(&mut self, now: i64) {
        let zone = TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC);
        let after = self.start.map_or(now, |start| now.max(start - 1));
        let next = Schedule::read(&self.schedule).and_then(|schedule| schedule.next(after, &zone));
        self.next = next.filter(|next| self.end.is_none_or(|end| *next <= end));
    }
}

/// What is left out stays, but for the times: "If you don't specify start and end times, the old values are deleted" (API
/// reference, `PutScheduledAction`).
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let (id, name) = (resource_id(call)?.to_owned(), name(call)?.to_owned());
    if !world.autoscaling.targets.contains_key(&id) {
        return Err(not_registered("No scalable target registered", &id));
    }
    let unique = world.ids.uuid();
    let arn =
        world.arn("autoscaling", &format!("scheduledAction:{unique}:resource/ecs/{id}:scheduledActionName/{name}"));
    let (now, Some(target)) = (world.now, world.autoscaling.targets.get_mut(&id)) else { return Ok(json!({})) };
    let before = target.actions.get(&name);
    let text = |member: &str, before: Option<&String>| call.text(member).map(str::to_owned).or_else(|| before.cloned());
    let schedule =
        text("Schedule", before.map(|action| &action.schedule)).ok_or_else(|| invalid("A schedule is required"))?;
    let timezone = text("Timezone", before.map(|action| &action.timezone)).unwrap_or_else(|| "UTC".to_owned());
    if Schedule::read(&schedule).is_none() {
        return Err(invalid(format!("Invalid schedule expression: {schedule}")));
    }
    if TimeZone::get(&timezone).is_err() {
        return Err(invalid(format!("Invalid time zone: {timezone}")));
    }
    let bound = |member: &str, before: Option<i64>| {
        call.input.get("ScalableTargetAction").and_then(|bounds| bounds.get(member)?.as_i64()).or(before)
    };
    #[allow(clippy::cast_possible_truncation, reason = "seconds of our times")]
    let time = |member: &str| call.input.get(member).and_then(Value::as_f64).map(|seconds| (seconds * 1000.0) as i64);
    let mut action = Action {
        arn: before.map_or(arn, |action| action.arn.clone()),
        schedule,
        timezone,
        start: time("StartTime"),
        end: time("EndTime"),
        minimum: bound("MinCapacity", before.and_then(|action| action.minimum)),
        maximum: bound("MaxCapacity", before.and_then(|action| action.maximum)),
        created: before.map_or(now, |action| action.created),
        next: None,
    };
    action.plan(now);
    target.actions.insert(name, action);
    Ok(json!({}))
}

fn name(call: &Call) -> Result<&str, crate::call::Fault> {
    call.text("ScheduledActionName").ok_or_else(|| invalid("1 validation error detected: Value null at 'scheduledActionName' failed to satisfy constraint: Member must not be null"))
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    namespace(call)?;
    let of = call.text("ResourceId");
    let targets = world.autoscaling.targets.iter().filter(|(id, _)| of.is_none_or(|of| of == id.as_str()));
    let views: Vec<Value> = targets
        .flat_map(|(id, target)| target.actions.iter().map(move |(name, action)| view(id, name, action)))
        .collect();
    let (actions, next) = page(world, call, &views, PAGE)?;
    let mut answer = Map::from_iter([("ScheduledActions".to_owned(), actions.into())]);
    answer.extend(next.map(|token| ("NextToken".to_owned(), token.into())));
    Ok(answer.into())
}

fn view(id: &str, name: &str, action: &Action) -> Value {
    let mut bounds = Map::new();
    bounds.extend(action.minimum.map(|minimum| ("MinCapacity".to_owned(), json!(minimum))));
    bounds.extend(action.maximum.map(|maximum| ("MaxCapacity".to_owned(), json!(maximum))));
    let mut view = json!({
        "ScheduledActionName": name,
        "ScheduledActionARN": action.arn,
        "ServiceNamespace": NAMESPACE,
        "Schedule": action.schedule,
        "Timezone": action.timezone,
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "ScalableTargetAction": bounds,
        "CreationTime": seconds(action.created),
    });
    if let Some(members) = view.as_object_mut() {
        members.extend(action.start.map(|start| ("StartTime".to_owned(), seconds(start))));
        members.extend(action.end.map(|end| ("EndTime".to_owned(), seconds(end))));
    }
    view
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let (id, name) = (resource_id(call)?, name(call)?);
    let target = world.autoscaling.targets.get_mut(id);
    match target.and_then(|target| target.actions.remove(name)) {
        Some(_) => Ok(json!({})),
        None => Err(not_registered(&format!("No scheduled action found with name {name}"), id)),
    }
}
