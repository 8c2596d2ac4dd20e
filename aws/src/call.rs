//! The one place that every outward call goes through: pace, fence, send in time, classify, count.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::future::BoxFuture;
use prometheus_client::metrics::counter::Counter;
use tokio::time::Instant;

use crate::access::{Access, Clients, Operation};
use crate::fault::Fault;
use crate::fence::{Fence, Stopped, within};
use crate::metrics::Metrics;
use crate::pace::Pacer;
use crate::punctual::due;

/// How long an operation may take from its first request on, repeats included. A leader that has lost its lease
/// relies on it: nothing that it sent is still under way later.
pub(crate) const DEADLINE: Duration = Fence::LONGEST;
/// How long a call may wait for its turn under a rate limit; who would wait longer is told when to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a call that takes only what can be spared, or is kept for it, waits for its turn.
const SPARE_PATIENCE: Duration = Duration::from_mins(5);
/// How often one operation is sent at most.
const ATTEMPTS: u32 = 3;
/// The pause before the first repeat; it doubles for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Makes the request that an attempt sends; what AWS answers is kept by whoever made this.
type Request<'a> = dyn FnMut() -> BoxFuture<'a, Result<(), Failure>> + Send + 'a;

/// Sends operations under the limits of one account and region.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) fence: Fence,
    pub(crate) metrics: Metrics,
    pub(crate) lane: Lane,
    /// Requests sent, repeats included.
    pub(crate) sent: Counter,
}

/// Which tokens of a rate limit calls take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Any.
    Turn,
    /// What nobody else needs, and a tenth of the rate in any case.
    Spare,
}

impl Lane {
    fn patience(self) -> Duration {
        match self {
            Self::Turn => PATIENCE,
            Self::Spare => SPARE_PATIENCE,
        }
    }
}

/// Why one request failed, its SDK types taken off.
#[derive(Clone, Debug)]
pub enum Failure {
    /// AWS answered with an error.
    Answered {
        /// The error code.
        code: String,
        /// The message.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// No answer came, or none that could be read: it may have taken effect.
    Lost(String),
    /// It was never sent: credentials, or an input that the SDK refuses.
    Unsent(String),
}

impl Failure {
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => Self::Answered {
                code: answer.err().code().unwrap_or("UnknownError").to_owned(),
                message: answer.err().message().unwrap_or_default().to_owned(),
                status: answer.raw().status().as_u16(),
            },
            SdkError::ConstructionFailure(_) => Self::Unsent(format!("{}", DisplayErrorContext(error))),
            SdkError::DispatchFailure(failure) if !failure.is_io() && !failure.is_timeout() && failure.is_user() => {
                Self::Unsent(format!("{}", DisplayErrorContext(error)))
            }
            SdkError::DispatchFailure(failure) if failure.as_connector_error().is_none() => {
                Self::Unsent(format!("{}", DisplayErrorContext(error)))
            }
            _ => Self::Lost(format!("{}", DisplayErrorContext(error))),
        }
    }

    fn into_fault(self, operation: &str) -> Fault {
        match self {
            Self::Answered { code, message, status } => Fault::answered(operation, &code, &message, status),
            Self::Lost(why) => Fault::unanswered(operation, Fault::CONNECTION, why),
            Self::Unsent(why) => Fault::unanswered(operation, Fault::UNSENT, why),
        }
    }
}

impl Caller {
    /// Sends an operation. It is repeated after a throttle, since nothing happened then; a read also after a lost
    /// connection or a server error. A write whose outcome is unknown is not: whoever asked looks first.
    pub(crate) async fn call<O: Operation>(&self, clients: &Clients, operation: O) -> Result<O::Output, Fault> {
        let answer = Mutex::new(None);
        let kept = &answer;
        let mut request = move || -> BoxFuture<'_, Result<(), Failure>> {
            let sending = operation.clone().send(clients);
            Box::pin(async move {
                let output = sending.await?;
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(output);
                Ok(())
            })
        };
        self.repeat(O::NAME, O::Access::CHANGES, &mut request).await?;
        let answer = answer.into_inner().unwrap_or_else(PoisonError::into_inner);
        answer.ok_or_else(|| Fault::unanswered(O::NAME, Fault::CONNECTION, "its answer was not kept"))
    }

    /// From here on operations are told apart by their names alone: for each of two hundred, all of this would be
    /// compiled anew, megabytes of it.
    async fn repeat(&self, operation: &'static str, changes: bool, request: &mut Request<'_>) -> Result<(), Fault> {
        self.turn(operation, self.lane.patience()).await?;
        let deadline = Instant::now() + DEADLINE;
        let mut pause = FIRST_PAUSE;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let fault = match self.attempt(operation, changes, request(), deadline).await {
                Ok(()) => return Ok(()),
                Err(fault) => fault,
            };
            let left = deadline.saturating_duration_since(Instant::now()).saturating_sub(pause);
            let repeatable = fault.is_throttle() || (!changes && fault.outcome_unknown());
            if attempts >= ATTEMPTS || !repeatable || left.is_zero() {
                return Err(fault);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            if self.turn(operation, left).await.is_err() {
                return Err(fault);
            }
        }
    }

    async fn turn(&self, operation: &'static str, patience: Duration) -> Result<(), Fault> {
        let turn = match self.lane {
            Lane::Turn => self.pacer.acquire(operation, patience).await,
            Lane::Spare => self.pacer.acquire_spare(operation, patience).await,
        };
        turn.map_err(|wait| {
            let message = format!("{} s of calls wait already for this rate limit of AWS", wait.as_secs());
            Fault { retry_after: Some(wait), ..Fault::unanswered(operation, Fault::PACED, message) }
        })
    }

    async fn attempt(
        &self,
        operation: &'static str,
        changes: bool,
        sending: BoxFuture<'_, Result<(), Failure>>,
        deadline: Instant,
    ) -> Result<(), Fault> {
        let started = Instant::now();
        self.sent.inc();
        let sending = due(deadline, sending);
        // Here and not earlier: a call may have waited long for its turn.
        let sent = if changes {
            self.fence.pass(deadline, sending).await
        } else {
            within(deadline, sending).await.ok_or(Stopped::TimedOut)
        };
        let outcome = match sent {
            Ok(answered) => answered.map_err(|failure| failure.into_fault(operation)),
            Err(Stopped::NotLeader) => {
                return Err(Fault::unanswered(operation, Fault::NOT_LEADER, Stopped::NotLeader.to_string()));
            }
            Err(Stopped::TimedOut) => {
                let message = format!("no answer within {} s", DEADLINE.as_secs());
                Err(Fault::unanswered(operation, Fault::TIMEOUT, message))
            }
        };
        let code = outcome.as_ref().err().map(|fault| fault.code.as_str());
        self.metrics.count(operation, code, started.elapsed());
        if let Err(fault) = &outcome {
            tracing::debug!(operation, %fault, "AWS refused a call");
            if fault.is_throttle() {
                self.metrics.throttled(operation);
                self.pacer.throttled(operation);
            }
        }
        outcome
    }
}
