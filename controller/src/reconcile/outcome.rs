//! How a turn ended, and when the next one is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use longshore_planner::engine::Plan;
use longshore_planner::report::{Failure, Intent, Remedy};

use crate::object::Key;
use crate::queue::{Next, Turn, backoff};

/// How often objects are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// All objects that have converged, by a sweep, for drift; and those that it does not look after, each by itself.
    pub resync: Duration,
    /// A deployment that goes on.
    pub rollout: Duration,
}

/// Something that only a person can mend is tried again so often, should AWS have been mended instead.
const STALLED: Duration = Duration::from_mins(5);
/// Another object wakes those that wait for it; this is the safety net.
const REFERENCE: Duration = Duration::from_secs(30);

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The object is gone.
    Gone,
    /// AWS is as it should be; the sweep looks after it.
    Converged,
    /// Nothing is to be done, and the sweep does not look after it.
    Resting,
    /// Nothing is to be done, and there will be something to see.
    Due {
        /// In so long.
        left: Duration,
    },
    /// What runs once has ended, and nothing is to be done about it any more.
    Finished {
        /// When its object goes by itself, where it does.
        again: Option<Duration>,
    },
    /// AWS is at it: a deployment, a deletion.
    Progressing,
    /// Another object must come first.
    Waiting,
    /// It waits for a slot.
    InLine {
        /// How many waves go before it, at least.
        ahead: usize,
    },
    /// A call said that AWS is not there yet.
    TooEarly,
    /// A call failed that is worth another try.
    Failed {
        /// When, if AWS said so.
        retry_after: Option<Duration>,
    },
    /// Only a person can mend it.
    Stalled,
    /// A person wants nothing to be changed for a while.
    Paused {
        /// For how long still.
        left: Duration,
    },
    /// Somebody else wrote the object meanwhile.
    Conflict,
    /// This process leads no more, or cannot say for the moment: whoever leads goes on.
    NotLeader,
}

impl Outcome {
    /// For metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Converged => "converged",
            Self::Resting => "resting",
            Self::Due { .. } => "due",
            Self::Finished { .. } => "finished",
            Self::Progressing => "progressing",
            Self::Waiting => "waiting",
            Self::InLine { .. } => "in_line",
            Self::TooEarly => "too_early",
            Self::Failed { .. } => "failed",
            Self::Stalled => "stalled",
            Self::Paused { .. } => "paused",
            Self::Conflict => "conflict",
            Self::NotLeader => "not_leader",
        }
    }
}

/// What a plan and the calls made for it come to. `unread`: something could not be read.
pub(super) fn judge(intent: Intent, plan: &Plan, failures: &[Failure], unread: bool) -> Outcome {
    match failures.iter().map(|failure| failure.remedy).max() {
        Some(Remedy::Fix) => return Outcome::Stalled,
        Some(Remedy::Retry) => return Outcome::Failed { retry_after: None },
        Some(Remedy::Wait) => return Outcome::TooEarly,
        None if unread => return Outcome::Failed { retry_after: None },
        None => {}
    }
    let blocked = plan.blocked().count();
    if plan.converged() || intent == Intent::Observe {
        Outcome::Converged
    } else if blocked > 0 && blocked == plan.steps.iter().filter(|step| step.needs.is_empty()).count() {
        Outcome::Stalled
    } else {
        Outcome::Progressing
    }
}

/// When the next turn is.
pub(super) fn next(outcome: &Outcome, turn: &Turn, timing: &Timing) -> Next {
    let spread = Spread(&turn.key);
    match outcome {
        Outcome::Gone | Outcome::Converged | Outcome::Finished { again: None } => Next::Forget,
        Outcome::Finished { again: Some(left) } => Next::After(*left),
        Outcome::Resting => Next::After(spread.over(timing.resync)),
        Outcome::Progressing => Next::Rollout(timing.rollout),
        Outcome::Waiting => Next::After(spread.over(REFERENCE)),
        Outcome::InLine { ahead } => {
            // A wave takes no less than a deployment, so that those further behind need not look as often.
            let waves = u32::try_from(*ahead).unwrap_or(u32::MAX).saturating_add(1);
            Next::After(spread.over(REFERENCE.saturating_mul(waves).min(timing.resync)))
        }
        Outcome::Stalled => Next::After(spread.over(timing.resync.min(STALLED))),
        Outcome::Paused { left } | Outcome::Due { left } => Next::After(spread.over(timing.resync).min(*left)),
        Outcome::TooEarly => Next::Again(backoff(Duration::from_secs(2), Duration::from_secs(30), turn.failures)),
        Outcome::Failed { retry_after } => {
            let wait = backoff(Duration::from_secs(1), Duration::from_mins(5), turn.failures);
            Next::Again(spread.over(wait).max(retry_after.unwrap_or_default()))
        }
        Outcome::Conflict | Outcome::NotLeader => {
            Next::Again(backoff(Duration::from_millis(200), Duration::from_secs(5), turn.failures))
        }
    }
}

/// Objects that came at the same moment must not come back at the same moment. The part is the object's own, always
/// the same, so that a test is repeatable.
struct Spread<'a>(&'a Key);

impl Spread<'_> {
    /// Between nine tenths of it and all of it.
    fn over(&self, wait: Duration) -> Duration {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        let part = u32::try_from(hasher.finish() % 100).unwrap_or(0);
        wait.mul_f64(0.9 + f64::from(part) / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectKind;
    use crate::queue::Urgency;
    use longshore_planner::engine::{Action, FieldPath, Id, Step};
    use std::collections::BTreeSet;

    const TIMING: Timing = Timing { resync: Duration::from_mins(10), rollout: Duration::from_secs(10) };

    fn turn(failures: u32) -> Turn {
        let key = Key { kind: ObjectKind::EcsService, namespace: "shop".into(), name: "hello".into() };
        Turn { key, failures, urgency: Urgency::Due, waited: Duration::ZERO }
    }

    fn plan(actions: &[Action]) -> Plan {
        let steps = actions.iter().enumerate().map(|(n, action)| Step {
            id: Id::new("iam/role", n.to_string()),
            action: action.clone(),
            reason: String::new(),
            at: FieldPath::default(),
            needs: BTreeSet::new(),
        });
        Plan { steps: steps.collect(), ..Plan::default() }
    }

    fn failure(remedy: Remedy) -> Failure {
        Failure { id: Id::new("iam/role", "task"), remedy, reason: String::new(), message: String::new() }
    }

    #[test]
    fn a_turn_ends_by_the_worst_of_what_happened() {
        let failed = Outcome::Failed { retry_after: None };
        let (nothing, waits) = (plan(&[]), plan(&[Action::Wait]));
        let (blocked, both) = (plan(&[Action::Blocked]), plan(&[Action::Blocked, Action::Wait]));
        let cases = [
            (Intent::Manage, &nothing, vec![], false, Outcome::Converged),
            (Intent::Manage, &waits, vec![], false, Outcome::Progressing),
            (Intent::Manage, &blocked, vec![], false, Outcome::Stalled),
            (Intent::Manage, &both, vec![], false, Outcome::Progressing),
            (Intent::Manage, &blocked, vec![], true, failed.clone()),
            (Intent::Observe, &waits, vec![], false, Outcome::Converged),
            (Intent::Manage, &waits, vec![Remedy::Wait], false, Outcome::TooEarly),
            (Intent::Manage, &waits, vec![Remedy::Wait, Remedy::Retry], false, failed),
            (Intent::Manage, &waits, vec![Remedy::Fix, Remedy::Wait], true, Outcome::Stalled),
        ];
        for (intent, plan, remedies, unread, expected) in cases {
            let failures: Vec<Failure> = remedies.into_iter().map(failure).collect();
            assert_eq!(judge(intent, plan, &failures, unread), expected, "{plan:?} {failures:?} {unread}");
        }
    }

    #[test]
    fn failures_are_tried_again_ever_more_slowly_and_never_not_at_all() {
        let wait = |failures| match next(&Outcome::Failed { retry_after: None }, &turn(failures), &TIMING) {
            Next::Again(wait) => wait,
            other => panic!("{other:?}"),
        };
        assert!(wait(0) < wait(1) && wait(1) < wait(5), "it grows");
        assert!(wait(40) <= Duration::from_mins(5), "to a limit");
    }

    #[test]
    fn a_rollout_and_a_failure_come_back_before_what_is_merely_due() {
        let cases = [
            (Outcome::Progressing, Next::Rollout(TIMING.rollout)),
            (Outcome::TooEarly, Next::Again(Duration::from_secs(2))),
            (Outcome::Conflict, Next::Again(Duration::from_millis(200))),
        ];
        for (outcome, expected) in cases {
            assert_eq!(next(&outcome, &turn(0), &TIMING), expected, "{outcome:?}");
        }
        for outcome in [Outcome::Resting, Outcome::Waiting, Outcome::Stalled] {
            assert!(matches!(next(&outcome, &turn(0), &TIMING), Next::After(_)), "{outcome:?}");
        }
    }

    #[test]
    fn what_aws_asks_for_is_waited() {
        let asked = Outcome::Failed { retry_after: Some(Duration::from_mins(7)) };
        assert_eq!(next(&asked, &turn(0), &TIMING), Next::Again(Duration::from_mins(7)));
    }

    #[test]
    fn those_further_behind_in_line_look_less_often() {
        let wait = |ahead| match next(&Outcome::InLine { ahead }, &turn(0), &TIMING) {
            Next::After(wait) => wait,
            other => panic!("{other:?}"),
        };
        assert!(wait(0) <= REFERENCE && wait(0) < wait(3));
        assert!(wait(usize::MAX) <= TIMING.resync);
    }

    #[test]
    fn the_end_of_a_pause_is_not_slept_through() {
        let paused = |left| next(&Outcome::Paused { left }, &turn(0), &TIMING);
        assert_eq!(paused(Duration::from_secs(7)), Next::After(Duration::from_secs(7)));
        let Next::After(wait) = paused(Duration::from_hours(8)) else { panic!("it is looked at again") };
        assert!(wait <= TIMING.resync, "what would change is told meanwhile");
    }

    #[test]
    fn what_only_a_person_can_mend_is_looked_at_again_sooner_than_what_is_well() {
        let after = |outcome| match next(&outcome, &turn(0), &TIMING) {
            Next::After(wait) | Next::Rollout(wait) => wait,
            other => panic!("{other:?}"),
        };
        assert!(after(Outcome::Stalled) < after(Outcome::Resting));
        assert!(after(Outcome::Progressing) < after(Outcome::Stalled));
        assert!(after(Outcome::Resting) <= TIMING.resync);
    }

    #[test]
    fn what_has_converged_is_left_to_the_sweep() {
        assert_eq!(next(&Outcome::Converged, &turn(0), &TIMING), Next::Forget);
    }

    #[test]
    fn what_has_ended_comes_back_only_to_go() {
        let again = |again| next(&Outcome::Finished { again }, &turn(0), &TIMING);
        assert_eq!(again(None), Next::Forget);
        assert_eq!(again(Some(Duration::from_hours(2))), Next::After(Duration::from_hours(2)));
    }
}
