//! The tasks that AWS started by itself: where they are found, and how they ended.
//!
//! ECS forgets a task about an hour after it stopped. What nobody saw until then is not told; what is told already stays.

use longshore_crds::ecs_task::{Phase, RunStatus};
use longshore_crds::ecs_task_trigger::TriggeredRun;

use crate::one_off::{has_succeeded, is_live};

/// A status is no log.
const KEPT: usize = 10;

/// Where the tasks of a trigger are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// ARN of the cluster.
    pub cluster: String,
    /// The family of their task definition, which may be a service's.
    pub family: String,
    /// The group that only they are in.
    pub group: String,
    /// The containers whose exit codes count.
    pub containers: Vec<String>,
}

/// A task as ECS told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is known of it.
    pub record: RunStatus,
    /// When ECS took it on (RFC 3339).
    pub created_at: String,
}

impl Watch {
    /// What the status is to tell: what was seen now, and beside that what was told before; the newest first.
    pub fn told(&self, before: &[TriggeredRun], seen: &[Seen]) -> Vec<TriggeredRun> {
        let mut runs: Vec<TriggeredRun> = seen.iter().map(|seen| self.run(seen)).collect();
        let known = |run: &TriggeredRun| seen.iter().any(|seen| seen.record.task_arn == run.task_arn);
        let forgotten = before.iter().filter(|run| !known(run)).cloned().map(|mut run| {
            if is_under_way(&run) {
                run.phase = Phase::Unknown;
            }
            run
        });
        runs.extend(forgotten);
        runs.sort_by(|a, b| (&b.created_at, &b.task_arn).cmp(&(&a.created_at, &a.task_arn)));
        runs.truncate(KEPT);
        runs
    }

    fn run(&self, seen: &Seen) -> TriggeredRun {
        let Seen { record, created_at } = seen;
        let phase = match record.last_status.as_str() {
            "RUNNING" => Phase::Running,
            _ if is_live(record) => Phase::Pending,
            _ if has_succeeded(record, &self.containers) => Phase::Succeeded,
            _ => Phase::Failed,
        };
        TriggeredRun {
            task_arn: record.task_arn.clone(),
            phase,
            created_at: created_at.clone(),
            stopped_at: record.stopped_at.clone(),
            stopped_reason: record.stopped_reason.clone(),
            containers: record.containers.clone(),
        }
    }
}

/// Whether it had not ended when it was last seen.
pub fn is_under_way(run: &TriggeredRun) -> bool {
    matches!(run.phase, Phase::Pending | Phase::Running)
}
