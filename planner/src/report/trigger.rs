//! What the status of a trigger tells.

use jiff::Timestamp;
use longshore_crds::EcsTaskTriggerStatus;

use crate::engine::{Graph, Kind, World};
use crate::kinds::scheduler::schedule::{Schedule, ScheduleOutput};
use crate::schedule::{Expression, zone};

/// Fills in what is scheduled, and when the next run is due.
pub fn fill_trigger(status: &mut EcsTaskTriggerStatus, graph: &Graph, world: &World, now: Timestamp) {
    let schedule = graph.iter().find(|(id, _)| id.kind == Schedule::NAME);
    let thing = schedule.and_then(|(id, _)| world.things.get(id));
    status.schedule_arn = thing.and_then(|thing| thing.outputs.get(<&str>::from(ScheduleOutput::Arn)).cloned());
    // By what there is: what is wanted and not yet made starts nothing.
    let seen = thing.and_then(|thing| serde_json::from_value::<Schedule>(thing.value.clone()).ok());
    status.task_definition_arn =
        seen.as_ref().and_then(|seen| seen.target.ecs.task_definition_arn.known().map(str::to_owned));
    status.next_run = seen.and_then(|seen| next(&seen, now)).map(|next| next.to_string());
}

fn next(schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    if !schedule.enabled {
        return None;
    }
    let zone = zone(schedule.timezone.as_deref().unwrap_or("UTC"))?;
    let first = schedule.start_date.as_ref().and_then(|date| date.parse().ok());
    Expression::read(&schedule.expression).ok()?.next(now, first, &zone)
}
