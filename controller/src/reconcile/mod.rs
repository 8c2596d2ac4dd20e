//! Observe -> plan -> act -> report, for any kind of object.
//!
//! `pass` is the one page; `rounds` is its loop; `report` writes what came of it into the object. When the next turn
//! is, `outcome` says.

mod access;
mod caution;
mod environment;
mod failure;
mod halt;
pub(crate) mod inventory;
mod ledger;
mod names;
mod one_off;
mod outcome;
mod pass;
mod reliance;
mod report;
mod rounds;
mod triggered;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use kube::Client;
use longshore_crds::{ApplicationLoadBalancer, EcsCluster, EcsService, EcsTask, EcsTaskTrigger, EfsFileSystem};
use longshore_planner::engine::Kinds;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::kubernetes::{Events, Stores, WriteError};
use crate::object::{Key, ObjectKind};
use crate::queue::{Next, Turn};
use crate::sessions::Sessions;
use crate::telemetry::{Metrics, ReconcileLabels};
pub(crate) use access::scope_of;
pub(crate) use caution::unfinished;
pub use outcome::Timing;
use outcome::{Outcome, next};
pub(crate) use pass::{facts_of, options};
pub(crate) use reliance::{Mark, Reliance};

/// Everything that a turn works with.
pub(crate) struct Reconciler {
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    pub(crate) stores: Stores,
    pub(crate) sessions: Sessions,
    pub(crate) events: Events,
    pub(crate) metrics: Metrics,
    pub(crate) kinds: Kinds,
    pub(crate) timing: Timing,
    pub(crate) reliance: Reliance,
    /// Whose everything is: see [`longshore_planner::engine::Ownership`].
    pub(crate) installation: String,
    /// Once cancelled, no further round is begun.
    pub(crate) stop: CancellationToken,
}

impl Reconciler {
    /// One turn of one object. A panic is told and contained: it is a defect, and must not stop the others.
    pub(crate) async fn turn(&self, turn: &Turn) -> Next {
        let began = Instant::now();
        self.metrics.waited(turn.urgency, turn.waited);
        let outcome = match AssertUnwindSafe(self.reconcile(turn)).catch_unwind().await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                if !matches!(error, WriteError::NotLeader) {
                    tracing::warn!(object = %turn.key, %error, "a write to Kubernetes failed; the object gets another turn");
                }
                outcome_of(&error)
            }
            Err(_) => self.tell_panic(&turn.key).await,
        };
        self.count(&turn.key, &outcome, began.elapsed());
        let next = next(&outcome, turn, &self.timing);
        tracing::debug!(object = %turn.key, ?outcome, ?next, "the turn ended");
        next
    }

    async fn reconcile(&self, turn: &Turn) -> Result<Outcome, WriteError> {
        match turn.key.kind {
            ObjectKind::AwsEnvironment => Box::pin(environment::reconcile(self, &turn.key)).await,
            ObjectKind::EcsCluster => Box::pin(pass::reconcile::<EcsCluster>(self, turn)).await,
            ObjectKind::EcsService => Box::pin(pass::reconcile::<EcsService>(self, turn)).await,
            ObjectKind::ApplicationLoadBalancer => {
                Box::pin(pass::reconcile::<ApplicationLoadBalancer>(self, turn)).await
            }
            ObjectKind::EfsFileSystem => Box::pin(pass::reconcile::<EfsFileSystem>(self, turn)).await,
            ObjectKind::EcsTask => Box::pin(pass::reconcile::<EcsTask>(self, turn)).await,
            ObjectKind::EcsTaskTrigger => Box::pin(pass::reconcile::<EcsTaskTrigger>(self, turn)).await,
        }
    }

    async fn tell_panic(&self, key: &Key) -> Outcome {
        self.metrics.panics.inc();
        tracing::error!(object = %key, "the reconcile panicked: a defect in Longshore; the object is tried again");
        let note = "Longshore met a defect of its own while it worked on this object, and will try again; please \
                    report it with the controller's log"
            .to_owned();
        self.events.tell(&key.reference(), true, "InternalError", "Reconcile", note).await;
        Outcome::Failed { retry_after: None }
    }

    fn count(&self, key: &Key, outcome: &Outcome, took: Duration) {
        let labels = ReconcileLabels { kind: key.kind.name(), outcome: outcome.label() };
        self.metrics.reconciles.get_or_create(&labels).inc();
        self.metrics.seconds.observe(took.as_secs_f64());
    }
}

fn outcome_of(error: &WriteError) -> Outcome {
    match error {
        WriteError::Gone => Outcome::Gone,
        WriteError::Conflict => Outcome::Conflict,
        WriteError::NotLeader => Outcome::NotLeader,
        WriteError::Timeout | WriteError::Refused(_) => Outcome::Failed { retry_after: None },
    }
}
