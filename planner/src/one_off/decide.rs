//! What to do next.

use jiff::{SignedDuration, Timestamp};
use longshore_crds::ecs_task::{Phase, RunStatus};

use super::records::{GONE, LAG, is_live};
use super::{Attempt, Policy};

/// The next attempt begins no sooner after a failed one than this, and ever later: 10 s, 20 s, 40 s, to six minutes, as
/// Kubernetes's Jobs do. By our clock alone: AWS's may be another.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(6);

/// Why tasks stop that do not end by themselves (API reference, `Task.stopCode`). One that was stopped exits with 0 where it
/// heeds the signal, and has not done its work for that.
const CUT_SHORT: [&str; 5] =
    ["TaskFailedToStart", "UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice"];

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Write down that this attempt is begun, and then call.
    Begin {
        /// Which.
        number: u32,
        /// Which call for it.
        call: u32,
    },
    /// Call for the attempt that was begun, perhaps once more: AWS answers with the same tasks.
    Run,
    /// Nothing; the words are for people.
    Wait(String),
    /// These are stopped.
    Stop {
        /// By ARN.
        tasks: Vec<String>,
        /// Why, for ECS and for people.
        why: String,
    },
    /// It has ended.
    Finished {
        /// How.
        phase: Phase,
        /// Why.
        reason: Reason,
        /// For people.
        words: String,
    },
}

/// Why a task has ended as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The exit codes that count are 0.
    Succeeded,
    /// It failed, and no attempt is left.
    TaskFailed,
    /// It took too long.
    DeadlineExceeded,
    /// Nobody can tell any more.
    OutcomeUnknown,
}

impl Reason {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::TaskFailed => "TaskFailed",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::OutcomeUnknown => "OutcomeUnknown",
        }
    }
}

/// What to do next about a task of which this was begun and is known.
pub fn decide(policy: &Policy, attempt: Option<&Attempt>, records: &[RunStatus], now: Timestamp) -> Next {
    let Some(attempt) = attempt else { return Next::Begin { number: 1, call: 1 } };
    let mine: Vec<&RunStatus> = records.iter().filter(|record| record.attempt == attempt.number).collect();
    let case = Case { policy, attempt, mine, now };
    case.ended_before().unwrap_or_else(|| case.next())
}

struct Case<'a> {
    policy: &'a Policy,
    attempt: &'a Attempt,
    mine: Vec<&'a RunStatus>,
    now: Timestamp,
}

impl Case<'_> {
    /// It is written down how it ended, and that stays so whatever is forgotten.
    fn ended_before(&self) -> Option<Next> {
        let phase = self.attempt.outcome?;
        Some(match phase {
            Phase::Succeeded => self.succeeded(),
            Phase::Failed if self.is_late() => self.late(),
            Phase::Failed => finished(Phase::Failed, Reason::TaskFailed, self.failure()),
            Phase::Unknown | Phase::Pending | Phase::Running => unknown(self.lost()),
        })
    }

    fn next(&self) -> Next {
        let live: Vec<&&RunStatus> = self.mine.iter().filter(|record| is_live(record)).collect();
        if !live.is_empty() {
            return self.while_running(&live);
        }
        if self.mine.is_empty() {
            return self.before_running();
        }
        if self.mine.iter().any(|record| record.last_status == GONE) {
            return unknown(self.lost());
        }
        let some_are_missing = self.mine.len() < self.policy.count;
        if some_are_missing && self.now.duration_since(self.attempt.at) < LAG {
            return Next::Wait(format!("{} of {} tasks are known to ECS", self.mine.len(), self.policy.count));
        }
        if !some_are_missing && self.mine.iter().all(|record| self.has_succeeded(record)) {
            return self.succeeded();
        }
        self.after_failure()
    }

    fn before_running(&self) -> Next {
        let Attempt { number, call, .. } = *self.attempt;
        match (self.attempt.refused, self.attempt.is_replayed(self.now)) {
            (true, _) if self.is_late() => self.late(),
            // Written down again: AWS may not answer this one.
            (true, true) => Next::Begin { number, call },
            (true, false) if self.attempt.would_be_seen(self.now) => Next::Begin { number, call: call + 1 },
            (true, false) => {
                Next::Wait("nothing was started so far; looking whether anything was after all".to_owned())
            }
            (false, true) => Next::Run,
            (false, false) => unknown(format!(
                "attempt {number} was begun at {}, and ECS knows no task of it any more: whether it ran, and how it ended, \
                 cannot be known; it is not run again by itself",
                self.attempt.at
            )),
        }
    }

    fn while_running(&self, live: &[&&RunStatus]) -> Next {
        let stopping = ["DEACTIVATING", "STOPPING", "DEPROVISIONING"];
        let to_stop = live.iter().filter(|record| !stopping.contains(&record.last_status.as_str()));
        let tasks: Vec<String> = to_stop.map(|record| record.task_arn.clone()).collect();
        if self.is_late() && !tasks.is_empty() {
            return Next::Stop { tasks, why: self.deadline_words() };
        }
        let statuses: Vec<&str> = live.iter().map(|record| record.last_status.as_str()).collect();
        let attempt =
            if self.attempt.number > 1 { format!(" (attempt {})", self.attempt.number) } else { String::new() };
        Next::Wait(format!("{} of {} tasks: {}{attempt}", live.len(), self.policy.count, statuses.join(", ")))
    }

    fn after_failure(&self) -> Next {
        if self.is_late() {
            return self.late();
        }
        if self.attempt.number > self.policy.backoff_limit {
            return finished(Phase::Failed, Reason::TaskFailed, self.failure());
        }
        let doublings = self.attempt.number.saturating_sub(1).min(10);
        let wait = (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT);
        if self.now.duration_since(self.attempt.at) < wait {
            return Next::Wait(format!("{}; tried again {} s after it began", self.failure(), wait.as_secs()));
        }
        Next::Begin { number: self.attempt.number + 1, call: 1 }
    }

    /// Of a task with overrides those containers count, else the essential ones: a sidecar may end as it likes.
    fn has_succeeded(&self, record: &RunStatus) -> bool {
        has_succeeded(record, &self.attempt.containers)
    }

    fn is_late(&self) -> bool {
        let passed = |seconds| self.now.duration_since(self.attempt.since) >= SignedDuration::from_secs(seconds);
        self.policy.active_deadline_seconds.is_some_and(passed)
    }

    fn deadline_words(&self) -> String {
        let seconds = self.policy.active_deadline_seconds.unwrap_or_default();
        format!("spec.activeDeadlineSeconds: it has not ended within {seconds} s after {}", self.attempt.since)
    }

    fn late(&self) -> Next {
        finished(Phase::Failed, Reason::DeadlineExceeded, self.deadline_words())
    }

    fn succeeded(&self) -> Next {
        let words = match self.attempt.number {
            1 => "the task ran to its end".to_owned(),
            number => format!("attempt {number} ran to its end"),
        };
        finished(Phase::Succeeded, Reason::Succeeded, words)
    }

    fn lost(&self) -> String {
        format!(
            "attempt {} was running when it was last seen, and ECS has forgotten it since: how it ended cannot be known; it \
             is not run again by itself",
            self.attempt.number
        )
    }

    /// What went wrong, by the first task that failed.
    fn failure(&self) -> String {
        let Some(record) = self.mine.iter().find(|record| !self.has_succeeded(record)) else {
            return match self.mine.len() {
                0 => format!("attempt {} failed", self.attempt.number),
                started => format!("{started} of {} tasks were started", self.policy.count),
            };
        };
        let codes = record.containers.iter().filter(|container| self.attempt.containers.contains(&container.name));
        let codes = codes.map(|container| match (container.exit_code, &container.reason) {
            (Some(code), _) => format!("{} exited with {code}", container.name),
            (None, Some(reason)) => format!("{}: {reason}", container.name),
            (None, None) => format!("{} has no exit code", container.name),
        });
        let said: Vec<String> = codes.chain(record.stopped_reason.clone()).collect();
        let task = record.task_arn.rsplit('/').next().unwrap_or_default();
        format!("attempt {} failed: task {task}: {}", self.attempt.number, said.join("; "))
    }
}

/// Whether a task that has stopped has done its work, by the exit codes of the containers that count.
pub fn has_succeeded(record: &RunStatus, containers: &[String]) -> bool {
    let code = |name: &String| record.containers.iter().find(|container| container.name == *name)?.exit_code;
    let cut_short = record.stop_code.as_deref().is_some_and(|code| CUT_SHORT.contains(&code));
    !cut_short && containers.iter().all(|name| code(name) == Some(0))
}

fn finished(phase: Phase, reason: Reason, words: String) -> Next {
    Next::Finished { phase, reason, words }
}

fn unknown(words: String) -> Next {
    finished(Phase::Unknown, Reason::OutcomeUnknown, words)
}
