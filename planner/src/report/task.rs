//! What the status of a one-off task tells.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use longshore_crds::EcsTaskStatus;
use longshore_crds::ecs_task::{Phase, RunStatus};

use super::Situation;
use crate::one_off::{Attempt, Next};

/// Fills in what was begun and what is known of it.
pub fn fill_task(
    status: &mut EcsTaskStatus,
    attempt: Option<&Attempt>,
    records: &[RunStatus],
    next: &Next,
    now: Timestamp,
) {
    let ended = match next {
        Next::Finished { phase, .. } => Some(*phase),
        _ => None,
    };
    let runs = records.iter().any(|record| record.last_status == "RUNNING");
    status.phase = Some(ended.unwrap_or(if runs { Phase::Running } else { Phase::Pending }));
    status.attempt = attempt.map(|attempt| attempt.number);
    status.start_time = attempt.map(|attempt| Time(whole(attempt.since)));
    status.cluster_arn = attempt.map(|attempt| attempt.cluster.clone());
    status.task_definition_arn = attempt.map(|attempt| attempt.task_definition.clone());
    // By our clock: what is counted from it is counted by that.
    status.completion_time = ended.map(|_| status.completion_time.clone().unwrap_or_else(|| Time(whole(now))));
    status.tasks = records.to_vec();
}

/// Kubernetes writes whole seconds.
fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// What the conditions tell.
pub fn task_situation(next: &Next) -> Situation<'static> {
    let waiting = |reason: &str, message: String| Situation::Waiting { reason: reason.to_owned(), message };
    match next {
        Next::Begin { .. } | Next::Run => waiting("TaskStarting", "the task is being started".to_owned()),
        Next::Wait(words) => waiting("TaskInProgress", words.clone()),
        Next::Stop { why, .. } => waiting("TaskStopping", why.clone()),
        Next::Finished { phase: Phase::Succeeded, reason, words } => {
            Situation::Ready { reason: reason.as_str().to_owned(), message: words.clone() }
        }
        Next::Finished { reason, words, .. } => {
            Situation::Stalled { reason: reason.as_str().to_owned(), message: words.clone() }
        }
    }
}
