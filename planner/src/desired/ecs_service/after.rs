//! What a new revision waits for: one-off tasks that run it, such as a migration.

use longshore_crds::ecs_task::Phase;

use super::Builder;
use crate::desired::obstacle::Held;
use crate::engine::Id;

impl Builder<'_> {
    /// Why a revision is not rolled out for now. One that is deployed already, or has succeeded, waits for nothing: what is
    /// gone back to has been migrated to before.
    pub(super) fn held(&self, revision: &Id) -> Option<Held> {
        let arn = self.references.revisions.get(&revision.fixed);
        let good = self.memory.last_good.as_ref().is_some_and(|good| good.content_hash == revision.fixed);
        if good || (arn.is_some() && arn == self.references.deployed.as_ref()) {
            return None;
        }
        let mut held: Vec<Held> =
            self.spec.after.iter().filter_map(|after| self.held_by(&after.task.name, arn)).collect();
        // What only a person can mend is told first.
        held.sort_by_key(|held| !held.stalled);
        held.into_iter().next()
    }

    fn held_by(&self, name: &str, revision: Option<&String>) -> Option<Held> {
        let waiting = |message: String| Some(Held { stalled: false, reason: "WaitingForTask", message });
        let stalled = |reason, message: String| Some(Held { stalled: true, reason, message });
        let Some(task) = self.references.tasks.get(name) else {
            return waiting(format!("spec.after: there is no EcsTask {name} in this namespace yet"));
        };
        let ended = matches!(task.phase, Some(Phase::Succeeded | Phase::Failed | Phase::Unknown));
        let (Some(ran), Some(revision)) = (task.task_definition_arn.as_ref().filter(|_| ended), revision) else {
            return waiting(format!("spec.after: EcsTask {name} has not ended yet: {}", task.message));
        };
        match task.phase {
            _ if ran != revision => stalled(
                "TaskOfAnotherRevision",
                format!(
                    "spec.after: EcsTask {name} ran {ran}, and the spec asks for {revision}; apply one under another name, \
                     with taskFrom this service and revision: Spec, and name that here"
                ),
            ),
            Some(Phase::Succeeded) => None,
            _ => stalled(
                "TaskFailed",
                format!(
                    "spec.after: EcsTask {name} has not succeeded: {}; mend it, and apply it under another name",
                    task.message
                ),
            ),
        }
    }
}
