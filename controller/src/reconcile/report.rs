//! The status, written only when it differs, and the Events of its changes.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use longshore_crds::status::{ConditionType, ConditionedStatus};
use longshore_planner::report::{self, ConditionKind, Situation, Status, conditions};
use serde_json::Value;

use super::pass::Pass;
use crate::clock::Clock;
use crate::kubernetes::{Events, WriteError, write_status};
use crate::object::Object;

/// The reason of a paused object's conditions.
const PAUSED: &str = "Paused";

impl<O: Object> Pass<'_, O> {
    /// Tells a situation; everything else in the status stays as it was last seen.
    pub(super) async fn tell(&mut self, situation: &Situation<'_>) -> Result<(), WriteError> {
        self.tell_with(situation, |_| {}).await
    }

    /// Tells a situation and what `fill` adds.
    pub(super) async fn tell_with(
        &mut self,
        situation: &Situation<'_>,
        fill: impl FnOnce(&mut O::Status),
    ) -> Result<(), WriteError> {
        let old = self.status();
        let mut new = old.clone();
        fill(&mut new);
        let told = conditions(situation);
        set_conditions(&mut new, &told, self.object.meta().generation, &self.shell.clock);
        let written = write_status(&self.api, &self.object, &json(self.object.status()), &json(Some(&new))).await?;
        let Some(object) = written else { return Ok(()) };
        self.shell.metrics.status_writes.inc();
        self.object = object;
        self.tell_changes(&old, &told).await;
        Ok(())
    }

    /// An Event when the object becomes ready, when it stalls, and when a pause begins and ends.
    async fn tell_changes(&self, old: &O::Status, told: &[report::Condition]) {
        let object = self.object.object_ref(&());
        tell_pause(&self.shell.events, &object, old, told).await;
        for condition in told.iter().filter(|condition| condition.status == Status::True) {
            let before = old.conditions().iter().find(|other| other.type_ == condition.kind.to_string());
            if before.is_some_and(|before| before.status == "True" && before.reason == condition.reason) {
                continue;
            }
            let (warning, reason) = match condition.kind {
                ConditionKind::Ready => (false, "Ready"),
                ConditionKind::Stalled => (true, condition.reason.as_str()),
                ConditionKind::Reconciling => continue,
            };
            // What varies goes into the action: see `Events`.
            let generation = format!("generation {}", self.object.meta().generation.unwrap_or_default());
            self.shell.events.tell(&object, warning, reason, &generation, condition.message.clone()).await;
        }
    }
}

/// An Event when a pause begins, and when it ends. That one held is known by the conditions, so that the next process
/// tells its end.
pub(super) async fn tell_pause(
    events: &Events,
    object: &ObjectReference,
    old: &impl ConditionedStatus,
    told: &[report::Condition],
) {
    let before = old.condition(ConditionType::Ready).is_some_and(|ready| ready.reason == PAUSED);
    let Some(ready) = told.iter().find(|condition| condition.kind == ConditionKind::Ready) else { return };
    match (before, ready.reason == PAUSED) {
        (false, true) => events.tell(object, false, PAUSED, "Pause", ready.message.clone()).await,
        (true, false) => {
            let note = "the pause has ended: Longshore goes on".to_owned();
            events.tell(object, false, "Resumed", "Resume", note).await;
        }
        _ => {}
    }
}

/// An Event when an environment stalls, and when it does so for another reason.
pub(super) async fn tell_stall(
    events: &Events,
    object: &ObjectReference,
    old: &impl ConditionedStatus,
    told: &[report::Condition],
) {
    let before = old.condition(ConditionType::Stalled).filter(|before| before.status == "True");
    let stalled =
        |condition: &&report::Condition| condition.kind == ConditionKind::Stalled && condition.status == Status::True;
    let Some(now) = told.iter().find(stalled) else { return };
    if before.is_none_or(|before| before.reason != now.reason) {
        events.tell(object, true, &now.reason, "Stall", now.message.clone()).await;
    }
}

/// Puts conditions into a status. The time of the last change stays where nothing changed.
pub(super) fn set_conditions(
    status: &mut impl ConditionedStatus,
    told: &[report::Condition],
    generation: Option<i64>,
    clock: &Clock,
) {
    let generation = generation.unwrap_or_default();
    let next = told.iter().map(|condition| {
        let type_ = condition.kind.to_string();
        let value = condition.status.to_string();
        let before = status.conditions().iter().find(|other| other.type_ == type_ && other.status == value);
        Condition {
            last_transition_time: before.map_or_else(|| clock.now(), |before| before.last_transition_time.clone()),
            message: condition.message.clone(),
            observed_generation: Some(generation),
            reason: condition.reason.clone(),
            status: value,
            type_,
        }
    });
    *status.conditions_mut() = next.collect();
    status.set_observed_generation(generation);
}

/// A status as the API server has it.
pub(super) fn json(status: Option<&impl serde::Serialize>) -> Value {
    status.and_then(|status| serde_json::to_value(status).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_crds::EcsClusterStatus;

    #[test]
    fn the_time_of_a_condition_is_that_of_its_last_change() {
        let told = |ready| Situation::Stalled { reason: "A".into(), message: ready };
        let clock = Clock::wall();
        let mut status = EcsClusterStatus::default();
        set_conditions(&mut status, &conditions(&told("one".to_owned())), Some(1), &clock);
        let long_ago: k8s_openapi::apimachinery::pkg::apis::meta::v1::Time =
            serde_json::from_value(serde_json::json!("2020-01-01T00:00:00Z")).unwrap();
        for condition in status.conditions_mut() {
            condition.last_transition_time = long_ago.clone();
        }
        set_conditions(&mut status, &conditions(&told("two".to_owned())), Some(2), &clock);
        assert!(
            status.conditions.iter().all(|condition| condition.last_transition_time == long_ago),
            "only words changed"
        );
        assert!(status.conditions.iter().all(|condition| condition.observed_generation == Some(2)));
        let waiting = Situation::Waiting { reason: "B".into(), message: String::new() };
        set_conditions(&mut status, &conditions(&waiting), Some(2), &clock);
        let changed: Vec<&str> = status
            .conditions
            .iter()
            .filter(|condition| condition.last_transition_time != long_ago)
            .map(|condition| condition.type_.as_str())
            .collect();
        assert_eq!(changed, ["Stalled", "Reconciling"], "Ready was false before");
    }
}
