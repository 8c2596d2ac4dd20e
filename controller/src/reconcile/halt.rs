//! Why a turn ends before there is a plan.

use std::time::Duration;

use longshore_aws::Fault;
use longshore_planner::desired::Refusal;
use longshore_planner::report::Situation;

use super::failure;
use super::outcome::Outcome;
use crate::kubernetes::WriteError;

/// Why a turn ends before there is a plan.
pub(super) enum Halt {
    /// The object says why.
    Told(Box<Situation<'static>>, Outcome),
    /// Kubernetes took no write.
    Write(WriteError),
}

impl From<WriteError> for Halt {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl Halt {
    pub(super) fn fault(fault: &Fault) -> Self {
        let (situation, outcome) = failure::situation(fault);
        Self::Told(Box::new(situation), outcome)
    }

    pub(super) fn stalled(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Told(Box::new(Situation::Stalled { reason: reason.into(), message: message.into() }), Outcome::Stalled)
    }

    pub(super) fn waiting(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Told(Box::new(Situation::Waiting { reason: reason.into(), message: message.into() }), Outcome::Waiting)
    }

    /// What keeps a graph from being made, told of an object that is being deleted.
    pub(super) fn while_deleting(self) -> Self {
        let told = |message: &str| {
            format!(
                "is being deleted, and its status does not tell what it owns; to look for that by its spec: {message} \
                 (or set spec.deletionPolicy to Retain to leave everything in AWS)"
            )
        };
        match self {
            Self::Told(mut situation, outcome) => {
                if let Situation::Stalled { message, .. } | Situation::Waiting { message, .. } = &mut *situation {
                    *message = told(message);
                }
                Self::Told(situation, outcome)
            }
            other @ Self::Write(_) => other,
        }
    }

    /// Until the pause ends, which is after so long.
    pub(super) fn paused(message: String, left: Duration) -> Self {
        Self::Told(Box::new(Situation::Paused { message }), Outcome::Paused { left })
    }

    pub(super) fn suspended(message: &str) -> Self {
        Self::Told(Box::new(Situation::Suspended { message: message.to_owned() }), Outcome::Resting)
    }

    /// All that is wrong at once, under the first one's reason.
    pub(super) fn refused(refusals: &[Refusal]) -> Self {
        let messages: Vec<String> = refusals.iter().map(ToString::to_string).collect();
        let reason = refusals.first().map_or("Invalid", |refusal| refusal.reason.as_str());
        Self::stalled(reason, messages.join("; "))
    }
}
