//! What the status of a trigger tells.

use jiff::Timestamp;
use longshore_crds::EcsTaskTriggerStatus;
use serde::Deserialize;

use crate::engine::{Graph, Kind, Thing, World};
use crate::kinds::eventbridge::rule::{Rule, RuleOutput};
use crate::kinds::scheduler::schedule::{Schedule, ScheduleOutput};
use crate::schedule::{Expression, zone};

/// Fills in what is scheduled, and when the next run is due; or by which rule tasks are started.
pub fn fill_trigger(status: &mut EcsTaskTriggerStatus, graph: &Graph, world: &World, now: Timestamp) {
    // By what there is: what is wanted and not yet made starts nothing.
    let schedule = thing(graph, world, Schedule::NAME);
    let rule = thing(graph, world, Rule::NAME);
    status.schedule_arn = output(schedule, ScheduleOutput::Arn.into());
    status.rule_arn = output(rule, RuleOutput::Arn.into());
    let schedule = schedule.and_then(|thing| Schedule::deserialize(&thing.value).ok());
    let rule = rule.and_then(|thing| Rule::deserialize(&thing.value).ok());
    status.next_run = schedule.as_ref().and_then(|schedule| next(schedule, now)).map(|next| next.to_string());
    let target = schedule.map(|schedule| schedule.target).or(rule.map(|rule| rule.target));
    // A rule is there a moment before its target is.
    let revision = target.and_then(|target| target.ecs.task_definition_arn.known().map(str::to_owned));
    status.task_definition_arn = revision.filter(|arn| !arn.is_empty());
}

fn thing<'a>(graph: &Graph, world: &'a World, kind: &str) -> Option<&'a Thing> {
    let (id, _) = graph.iter().find(|(id, _)| id.kind == kind)?;
    world.things.get(id)
}

fn output(thing: Option<&Thing>, name: &str) -> Option<String> {
    thing?.outputs.get(name).cloned()
}

fn next(schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    if !schedule.enabled {
        return None;
    }
    let zone = zone(schedule.timezone.as_deref().unwrap_or("UTC"))?;
    let first = schedule.start_date.as_ref().and_then(|date| date.parse().ok());
    Expression::read(&schedule.expression).ok()?.next(now, first, &zone)
}
