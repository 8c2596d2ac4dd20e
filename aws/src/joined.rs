//! Joined reads: callers that ask for one thing each share calls that read many.
//!
//! A read joins only a call that has not been sent yet, so that nobody gets an answer older than his question.
//! While nothing is under way for a bucket, what has gathered is sent at once; while something is, full calls are
//! sent and the rest goes on gathering.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::{Notify, oneshot};

use crate::fault::Fault;

/// One AWS call that reads several things.
type Fetch<B, K, V> = dyn Fn(B, Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, Fault>> + Send + Sync;
type Answer<V> = Result<Option<V>, Fault>;

/// Reads of one kind. `B` is what one call cannot mix, such as the cluster of DescribeServices.
pub(crate) struct Joined<B, K, V> {
    inner: Arc<Inner<B, K, V>>,
}

struct Inner<B, K, V> {
    operation: &'static str,
    size: usize,
    fetch: Box<Fetch<B, K, V>>,
    queues: Mutex<HashMap<B, Queue<K, V>>>,
}

struct Queue<K, V> {
    /// In the order of asking.
    waiting: Vec<(K, Vec<oneshot::Sender<Answer<V>>>)>,
    arrived: Arc<Notify>,
}

impl<B, K, V> Joined<B, K, V>
where
    B: Clone + Eq + Hash + Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// `fetch` reads at most `size` things in one call; what it leaves out does not exist.
    pub(crate) fn new<F>(
        operation: &'static str,
        size: usize,
        fetch: impl Fn(B, Vec<K>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<HashMap<K, V>, Fault>> + Send + 'static,
    {
        let fetch: Box<Fetch<B, K, V>> = Box::new(move |bucket, keys| Box::pin(fetch(bucket, keys)));
        Self { inner: Arc::new(Inner { operation, size, fetch, queues: Mutex::default() }) }
    }

    /// One thing; `None` if AWS has none of that name.
    pub(crate) async fn get(&self, bucket: B, key: K) -> Answer<V> {
        let answer = self.ask(bucket, key);
        answer.await.unwrap_or_else(|_| {
            let message = "the call that this read had joined was given up";
            Err(Fault::unanswered(self.inner.operation, Fault::CONNECTION, message))
        })
    }

    fn ask(&self, bucket: B, key: K) -> oneshot::Receiver<Answer<V>> {
        let (sender, receiver) = oneshot::channel();
        let mut queues = self.inner.queues();
        let queue = queues.entry(bucket.clone()).or_insert_with(|| {
            let arrived = Arc::new(Notify::new());
            // A task of its own: the caller who happened to be first may be dropped, the others still wait.
            tokio::spawn(Arc::clone(&self.inner).drive(bucket, Arc::clone(&arrived)));
            Queue { waiting: vec![], arrived }
        });
        match queue.waiting.iter_mut().find(|(other, _)| *other == key) {
            Some((_, senders)) => senders.push(sender),
            None => queue.waiting.push((key, vec![sender])),
        }
        queue.arrived.notify_one();
        receiver
    }
}

impl<B, K, V> Inner<B, K, V>
where
    B: Clone + Eq + Hash + Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    fn queues(&self) -> MutexGuard<'_, HashMap<B, Queue<K, V>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a bucket's reads until none is left.
    async fn drive(self: Arc<Self>, bucket: B, arrived: Arc<Notify>) {
        let mut abandoned = Abandoned { inner: &self, bucket: Some(bucket.clone()) };
        // Those who ask in the same moment get into the first call.
        tokio::task::yield_now().await;
        let mut under_way = FuturesUnordered::new();
        loop {
            match self.next(&bucket, under_way.is_empty()) {
                Next::Send(batch) => under_way.push(self.send(bucket.clone(), batch)),
                Next::Done => {
                    abandoned.bucket = None;
                    return;
                }
                Next::Gather => tokio::select! {
                    _ = under_way.next() => {}
                    () = arrived.notified() => {}
                },
            }
        }
    }

    /// What to do now. The queue goes in the same breath in which it is found empty.
    fn next(&self, bucket: &B, idle: bool) -> Next<K, V> {
        let mut queues = self.queues();
        let Some(queue) = queues.get_mut(bucket) else { return Next::Done };
        for (_, senders) in &mut queue.waiting {
            senders.retain(|sender| !sender.is_closed());
        }
        queue.waiting.retain(|(_, senders)| !senders.is_empty());
        let gathered = queue.waiting.len();
        if gathered >= self.size || (idle && gathered > 0) {
            return Next::Send(queue.waiting.drain(..gathered.min(self.size)).collect());
        }
        if idle {
            queues.remove(bucket);
            return Next::Done;
        }
        Next::Gather
    }

    async fn send(&self, bucket: B, batch: Vec<(K, Vec<oneshot::Sender<Answer<V>>>)>) {
        let keys = batch.iter().map(|(key, _)| key.clone()).collect();
        let found = (self.fetch)(bucket, keys).await;
        for (key, senders) in batch {
            let answer = found.as_ref().map(|found| found.get(&key).cloned()).map_err(Clone::clone);
            for sender in senders {
                // Whoever no longer listens has no use for it.
                drop(sender.send(answer.clone()));
            }
        }
    }
}

enum Next<K, V> {
    Send(Vec<(K, Vec<oneshot::Sender<Answer<V>>>)>),
    Gather,
    Done,
}

/// Should the driving task end early (a panic in a call), its queue goes with it: those who wait are told, and
/// the next read starts another.
struct Abandoned<'a, B: Eq + Hash, K, V> {
    inner: &'a Inner<B, K, V>,
    bucket: Option<B>,
}

impl<B: Eq + Hash, K, V> Drop for Abandoned<'_, B, K, V> {
    fn drop(&mut self) {
        if let Some(bucket) = &self.bucket {
            self.inner.queues.lock().unwrap_or_else(PoisonError::into_inner).remove(bucket);
        }
    }
}

impl<B, K, V> fmt::Debug for Joined<B, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Joined").field(&self.inner.operation).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures::future::join_all;

    use super::*;

    type Numbers = Joined<&'static str, usize, usize>;

    /// Reads even numbers as themselves, ten a call, a second each; 13 breaks the call it is in.
    fn numbers() -> (Arc<Numbers>, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let joined = Joined::new("test:Read", 10, move |_, keys: Vec<usize>| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert!(keys.len() <= 10 && !keys.contains(&1_000_000));
                if keys.contains(&13) {
                    return Err(Fault::wait("test:Read", "Unlucky", "13"));
                }
                Ok(keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, key)).collect())
            }
        });
        (Arc::new(joined), calls)
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_reads_are_a_hundred_calls() {
        let (numbers, calls) = numbers();
        let found = join_all((0..1000).map(|n| numbers.get("a", n * 2))).await;
        assert!(found.into_iter().enumerate().all(|(n, found)| found == Ok(Some(n * 2))));
        assert_eq!(calls.load(Ordering::SeqCst), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lone_read_is_sent_at_once_and_later_ones_gather_while_it_is_under_way() {
        let (numbers, calls) = numbers();
        let start = tokio::time::Instant::now();
        let (first, rest) = tokio::join!(numbers.get("a", 0), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            join_all((1..6).map(|n| numbers.get("a", n * 2))).await
        });
        assert_eq!(first, Ok(Some(0)));
        assert!(rest.into_iter().all(|found| found.is_ok()));
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        assert_eq!(start.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_thing_is_read_once_for_all_who_ask() {
        let (numbers, calls) = numbers();
        let found = join_all((0..50).map(|_| numbers.get("a", 4))).await;
        assert!(found.into_iter().all(|found| found == Ok(Some(4))));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_are_not_mixed() {
        let (numbers, calls) = numbers();
        assert_eq!(tokio::join!(numbers.get("a", 2), numbers.get("b", 2)), (Ok(Some(2)), Ok(Some(2))));
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_missing_is_none_and_no_error() {
        let (numbers, _) = numbers();
        assert_eq!(tokio::join!(numbers.get("a", 1), numbers.get("a", 2)), (Ok(None), Ok(Some(2))));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_is_told_to_everybody_in_the_call_and_to_nobody_else() {
        let (numbers, _) = numbers();
        let found = join_all((10..30).map(|n| numbers.get("a", n))).await;
        assert!(found[..10].iter().all(|found| found.as_ref().is_err_and(|fault| fault.is("Unlucky"))));
        assert!(found[10..].iter().all(Result::is_ok));
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_goes_away_takes_nobody_along() {
        let (numbers, calls) = numbers();
        let first = Arc::clone(&numbers);
        let first = tokio::spawn(async move { first.get("a", 2).await });
        let second = Arc::clone(&numbers);
        let second = tokio::spawn(async move { second.get("a", 4).await });
        tokio::task::yield_now().await;
        first.abort();
        assert_eq!(second.await.unwrap(), Ok(Some(4)));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_waits_for_any_more_is_not_read() {
        let (numbers, calls) = numbers();
        let gone = numbers.ask("a", 2);
        drop(gone);
        assert_eq!(numbers.get("b", 2).await, Ok(Some(2)));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_panics_is_told_and_the_next_one_works() {
        let (numbers, _) = numbers();
        assert!(numbers.get("a", 1_000_000).await.is_err_and(|fault| fault.is(Fault::CONNECTION)));
        assert_eq!(numbers.get("a", 2).await, Ok(Some(2)));
    }
}
