//! What is known of ECS's tasks: what the status told, and what was seen since.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use longshore_crds::ecs_task::RunStatus;

use super::Order;

/// The `lastStatus` of a task that was running when it was last seen, and that ECS has forgotten.
pub const GONE: &str = "UNKNOWN";

/// How long ECS's answers may lag (API reference, `RunTask`: the API is eventually consistent; asking again, with growing
/// waits, is advised for about five minutes).
pub(super) const LAG: SignedDuration = SignedDuration::from_mins(5);

/// A task that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// As the status tells it.
    pub record: RunStatus,
    /// Hash of what it runs, by its tags.
    pub content: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its revision.
    pub task_definition: Option<String>,
}

/// What the status is to tell: what was seen, and beside that what was told before. ECS forgets a task about an hour after
/// it stopped; how one ended that nobody saw stop is not known.
pub fn merged(told: &[RunStatus], seen: &[Sight], begun: Timestamp, now: Timestamp) -> Vec<RunStatus> {
    let mut all: BTreeMap<&str, RunStatus> =
        seen.iter().map(|sight| (sight.record.task_arn.as_str(), sight.record.clone())).collect();
    for record in told {
        all.entry(&record.task_arn).or_insert_with(|| {
            let forgotten = is_live(record) && now.duration_since(begun) > LAG;
            let last_status = if forgotten { GONE.to_owned() } else { record.last_status.clone() };
            RunStatus { last_status, ..record.clone() }
        });
    }
    let mut all: Vec<RunStatus> = all.into_values().collect();
    for record in &mut all {
        keep_streams(record, told);
    }
    let last = all.iter().map(|record| record.attempt).max().unwrap_or_default();
    // A status is no log.
    all.retain(|record| record.attempt + 1 >= last);
    all.sort_by(|a, b| (a.attempt, &a.task_arn).cmp(&(b.attempt, &b.task_arn)));
    all
}

/// Where output is was known when the task was started.
fn keep_streams(record: &mut RunStatus, told: &[RunStatus]) {
    let Some(told) = told.iter().find(|told| told.task_arn == record.task_arn) else { return };
    for container in &mut record.containers {
        let before = told.containers.iter().find(|before| before.name == container.name);
        if let Some(before) = before.filter(|_| container.log_stream.is_none()) {
            container.log_group.clone_from(&before.log_group);
            container.log_stream.clone_from(&before.log_stream);
        }
    }
}

/// Whether it has not stopped, as far as is known.
pub fn is_live(record: &RunStatus) -> bool {
    !matches!(record.last_status.as_str(), "STOPPED" | GONE)
}

/// Fills in where the containers' output is: `PREFIX/CONTAINER/TASK` (developer guide, "awslogs log driver").
pub fn with_streams(records: &mut [RunStatus], order: &Order) {
    for record in records {
        let task = record.task_arn.rsplit('/').next().unwrap_or_default().to_owned();
        for container in &mut record.containers {
            if let Some((group, prefix)) = order.logs.get(&container.name) {
                container.log_group = Some(group.clone());
                container.log_stream = Some(format!("{prefix}/{}/{task}", container.name));
            }
        }
    }
}
