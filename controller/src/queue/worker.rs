//! A worker: turn after turn.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{Next, Queue, Turn, backoff};

/// After a turn that panicked, and the longest after many.
const PANICKED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));

/// Gives turns, one after the other, until it is told to stop; a turn that has begun is brought to its end.
///
/// The reconcile tells of its own panics. Should one come from the telling itself, it still ends neither the worker
/// nor the object: the object gets another turn, later and later.
pub(crate) async fn serve<F, R>(queue: Queue, stop: CancellationToken, turn: F)
where
    F: Fn(Turn) -> R,
    R: Future<Output = Next>,
{
    loop {
        let begun = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            begun = queue.next() => begun,
        };
        let (key, failures) = (begun.key.clone(), begun.failures);
        // Within the future, so that a panic before the first await is contained as well.
        let ended = AssertUnwindSafe(async { turn(begun).await }).catch_unwind().await;
        let next = ended.unwrap_or_else(|_| {
            tracing::error!(object = %key, "a turn panicked: a defect in Longshore; the object is tried again");
            Next::Again(backoff(PANICKED.0, PANICKED.1, failures))
        });
        queue.done(&key, next);
    }
}
