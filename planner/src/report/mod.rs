//! What an object says of itself: conditions and pending steps, made from what a round found out.
//!
//! The three conditions follow kstatus, so that `kubectl wait`, Flux and Argo CD work unaided: `Stalled` stands
//! before `Ready`, and `Stalled=True` never stands beside `Reconciling=True`.

mod cluster;
mod conditions;
mod file_system;
mod load_balancer;
mod outdated;
mod pending;
mod progress;
mod service;
mod task;
mod trigger;

pub use cluster::fill_cluster;
pub use conditions::{Condition, ConditionKind, Status, conditions};
pub use file_system::fill_file_system;
pub use load_balancer::fill_load_balancer;
pub use outdated::outdated_service;
pub use pending::pending;
pub use progress::{Pace, overdue_service};
pub use service::{deployment_line, fill_service, service_id};
pub use task::{fill_task, task_situation};
pub use trigger::fill_trigger;

use crate::desired::Held;
use crate::engine::{Id, Plan};

/// What a reconcile found, as far as it came.
#[derive(Clone, Debug)]
pub enum Situation<'a> {
    /// Only a person can mend it: the spec is refused, an account is not the one expected.
    Stalled {
        /// A `CamelCase` word.
        reason: String,
        /// What happened, where, why, and what to do.
        message: String,
    },
    /// Something outside AWS must come first, such as an `EcsCluster` that is not ready.
    Waiting {
        /// A `CamelCase` word.
        reason: String,
        /// What is waited for, and why.
        message: String,
    },
    /// Longshore was told to leave the object alone.
    Suspended {
        /// By what, and how to end it.
        message: String,
    },
    /// Longshore was told to change nothing for a while.
    Paused {
        /// Until when, how to end it, and what waits.
        message: String,
    },
    /// Something would be done, and the object says that nothing may.
    WouldChange {
        /// What.
        message: String,
    },
    /// All is well, and no plan is needed to say so: an environment whose account is verified.
    Ready {
        /// A `CamelCase` word.
        reason: String,
        /// For people.
        message: String,
    },
    /// A plan was made, and perhaps acted on.
    Planned(Round<'a>),
}

/// A plan and what came of it.
#[derive(Clone, Debug)]
pub struct Round<'a> {
    /// What remains to be done, by the last look at AWS.
    pub plan: &'a Plan,
    /// The calls that AWS refused in this round.
    pub failures: &'a [Failure],
    /// What the object is about.
    pub intent: Intent,
    /// The revision that the spec asks for and that was rolled back, if it was.
    pub rolled_back: Option<RolledBack>,
    /// Why the revision that the spec asks for is not rolled out for now.
    pub held: Option<Held>,
    /// Progress and trouble of the running deployment, for people; empty if there is none to tell.
    pub deployment: String,
    /// Since when the running deployment has come no further, if that is longer ago than it may be.
    pub overdue: Option<String>,
}

/// What the object is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// AWS is made to match.
    Manage,
    /// What would change is told.
    Observe,
    /// Everything of it is taken away.
    Delete,
}

/// A call that AWS refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The resource that it was about.
    pub id: Id,
    /// What is to be done about it.
    pub remedy: Remedy,
    /// A `CamelCase` word, such as AWS's error code.
    pub reason: String,
    /// What happened, where, why, and what to do.
    pub message: String,
}

/// What is to be done about a refused call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// AWS is not there yet: it will be, by itself.
    Wait,
    /// Try again with backoff.
    Retry,
    /// Only a person can mend it.
    Fix,
}

/// A revision that ECS rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// The revision that failed.
    pub revision: String,
    /// Why.
    pub why: String,
}
