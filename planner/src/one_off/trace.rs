//! What AWS keeps of a run when its object is gone and ECS has forgotten its tasks.
//!
//! An object that is made again from Git, or by a restore, has neither annotation nor status. So the first call of a run
//! leaves a trace that outlasts all of them: a task definition of a family of its own, never run, deregistered at once (ECS
//! goes on telling of inactive revisions), whose tags say what was run, for which object, and how it ended.

use jiff::Timestamp;
use longshore_crds::ecs_task::Phase;

use super::{Attempt, Order};

/// A trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// UID of the object.
    pub uid: String,
    /// Which attempt.
    pub attempt: u32,
    /// Hash of what is run.
    pub content: String,
    /// When it was begun, or had ended.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Option<Phase>,
}

impl Trace {
    /// The family of an object's traces; `base`: of its names in AWS.
    pub fn family(base: &str) -> String {
        format!("{base}-run")
    }

    /// Of an attempt.
    pub fn of(attempt: &Attempt, uid: &str, now: Timestamp) -> Self {
        Self {
            uid: uid.to_owned(),
            attempt: attempt.number,
            content: attempt.content.clone(),
            at: now,
            outcome: attempt.outcome,
        }
    }
}

/// What an object of the same name ran that is the same, the newest trace first. One that this object left without having
/// written down that it begins is none: it comes before that, and the call after.
pub fn left_behind(traces: &[Trace], order: &Order, uid: &str) -> Option<Attempt> {
    let same = |trace: &&Trace| trace.content == order.content && (trace.outcome.is_some() || trace.uid != uid);
    let trace = traces.iter().find(same)?;
    Some(Attempt {
        number: trace.attempt,
        call: 1,
        token: String::new(),
        content: order.content.clone(),
        at: trace.at,
        since: trace.at,
        cluster: order.cluster.clone(),
        task_definition: String::new(),
        containers: order.containers.clone(),
        refused: false,
        outcome: trace.outcome,
    })
}
