//! Until when calls that change something may begin: what keeps two leaders from writing at the same time.
//!
//! Whoever holds the lease opens the fence for a while at each renewal, and every write looks at it directly before it
//! is sent. Time is tokio's, which goes on while a process is stopped (SIGSTOP) but not while the whole machine is
//! suspended.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

/// Says whether a call that changes something may begin. Clones are the same one; the default is open for ever, for
/// whoever has no rival: the command line, a test.
#[derive(Clone, Debug, Default)]
pub struct Fence(Arc<Mutex<Gate>>);

#[derive(Clone, Copy, Debug, Default)]
enum Gate {
    #[default]
    Open,
    OpenUntil(Instant),
    Closed,
}

/// Why a call was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The fence is closed: nothing was sent.
    #[error("this process does not lead, or could not renew its Lease in time: nothing was sent")]
    NotLeader,
    /// Its time is over; it may have taken effect.
    #[error("no answer in time")]
    TimedOut,
}

impl Fence {
    /// How long a call that began in time may go on. Nobody else may lead before it is over.
    pub const LONGEST: Duration = Duration::from_secs(7);

    /// One that lets nothing through until it is opened.
    pub fn closed() -> Self {
        Self(Arc::new(Mutex::new(Gate::Closed)))
    }

    /// Opens it, for calls that begin before `end`.
    pub fn open_until(&self, end: Instant) {
        self.set(Gate::OpenUntil(end));
    }

    /// Closes it at once.
    pub fn close(&self) {
        self.set(Gate::Closed);
    }

    /// Whether a call may begin now.
    pub fn is_open(&self) -> bool {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Gate::Open => true,
            Gate::OpenUntil(end) => Instant::now() < end,
            Gate::Closed => false,
        }
    }

    /// Makes a call that changes something, if it may begin now, and gives it up at `deadline`.
    pub async fn pass<T>(&self, deadline: Instant, call: impl Future<Output = T>) -> Result<T, Stopped> {
        if !self.is_open() {
            return Err(Stopped::NotLeader);
        }
        within(deadline, call).await.ok_or(Stopped::TimedOut)
    }

    fn set(&self, gate: Gate) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = gate;
    }
}

/// A call that ends at `deadline` with `None`. Other than tokio's time-out it looks at the clock *before* it lets the
/// call go on: a process that was stopped while a call waited for its connection or its credentials, and is woken
/// after the deadline, must not send it then.
pub(crate) async fn within<T>(deadline: Instant, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let punctual = poll_fn(|context| {
        let over = Instant::now() >= deadline;
        if over { Poll::Ready(None) } else { call.as_mut().poll(context).map(Some) }
    });
    tokio::time::timeout_at(deadline, punctual).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_opens_for_a_while_and_closes_by_itself() {
        let fence = Fence::closed();
        assert!(!fence.is_open());
        fence.open_until(Instant::now() + SECOND);
        assert!(fence.is_open());
        tokio::time::advance(SECOND).await;
        assert!(!fence.is_open(), "the last moment is outside");
        fence.open_until(Instant::now() + SECOND);
        fence.clone().close();
        assert!(!fence.is_open(), "clones are the same one");
        assert!(Fence::default().is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_began_in_time_may_end_after_the_fence_closed_but_not_after_its_deadline() {
        let fence = Fence::closed();
        let slow = |seconds| tokio::time::sleep(SECOND * seconds);
        assert_eq!(fence.pass(Instant::now() + SECOND, slow(0)).await, Err(Stopped::NotLeader));
        fence.open_until(Instant::now() + SECOND);
        assert_eq!(fence.pass(Instant::now() + SECOND * 7, slow(6)).await, Ok(()));
        fence.open_until(Instant::now() + SECOND);
        assert_eq!(fence.pass(Instant::now() + SECOND * 7, slow(8)).await, Err(Stopped::TimedOut));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_sleeps_past_its_deadline_with_the_whole_process_does_not_go_on() {
        let mut sent = false;
        let call = async {
            // The clock goes on while nothing of the process runs; then everything is due at the same moment.
            tokio::time::advance(SECOND * 60).await;
            sent = true;
        };
        assert_eq!(Fence::default().pass(Instant::now() + SECOND * 7, call).await, Err(Stopped::TimedOut));
        assert!(!sent);
    }
}
