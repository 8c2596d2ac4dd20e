//! Workers, and what befalls them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::queue::serve;

/// Turns that began: the object's name, after how many seconds, and how many failed before.
type Log = Arc<Mutex<Vec<(String, u64, u32)>>>;

fn of(log: &Log, name: &str) -> Vec<(u64, u32)> {
    log.lock().unwrap().iter().filter(|(of, ..)| of == name).map(|(_, at, failures)| (*at, *failures)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_panics_leaves_its_worker_alive_and_the_object_comes_back_ever_later() {
    let (queue, stop, log) = (Queue::default(), CancellationToken::new(), Log::default());
    let began = Instant::now();
    queue.wake(key("defect"), Some("prod"), Urgency::Edit);
    queue.wake(key("sound"), Some("prod"), Urgency::Edit);
    let seen = log.clone();
    // One worker: were it gone, nothing would have a turn any more.
    let worker = tokio::spawn(serve(queue.clone(), stop.clone(), move |turn: Turn| {
        seen.lock().unwrap().push((turn.key.name.clone(), began.elapsed().as_secs(), turn.failures));
        async move {
            assert!(turn.key.name != "defect" || turn.failures >= 3, "as if Longshore had a defect");
            Next::After(HOUR)
        }
    }));
    sleep(HOUR + SECOND).await;
    assert_eq!(of(&log, "defect"), [(0, 0), (1, 1), (3, 2), (7, 3)]);
    assert_eq!(of(&log, "sound"), [(0, 0), (3600, 0)]);
    stop.cancel();
    assert!(worker.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_the_first_await_is_contained_as_well() {
    let (queue, stop, turns) = (Queue::default(), CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
    queue.wake(key("defect"), None, Urgency::Edit);
    let count = turns.clone();
    let worker = tokio::spawn(serve(queue.clone(), stop.clone(), move |_: Turn| {
        assert!(count.fetch_add(1, Ordering::Relaxed) > 0, "as if Longshore had a defect");
        async { Next::Forget }
    }));
    sleep(MINUTE).await;
    assert_eq!((turns.load(Ordering::Relaxed), queue.depth().objects), (2, 0));
    stop.cancel();
    assert!(worker.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_told_to_stop_ends_its_turn_and_begins_no_other() {
    let (queue, stop, log) = (Queue::default(), CancellationToken::new(), Log::default());
    for n in 0..2 {
        queue.wake(key(&n), None, Urgency::Edit);
    }
    let seen = log.clone();
    let worker = tokio::spawn(serve(queue.clone(), stop.clone(), move |turn: Turn| {
        let seen = seen.clone();
        async move {
            sleep(MINUTE).await;
            seen.lock().unwrap().push((turn.key.name, 0, 0));
            Next::Forget
        }
    }));
    sleep(SECOND).await;
    stop.cancel();
    assert!(worker.await.is_ok());
    assert_eq!(*log.lock().unwrap(), [("0".to_owned(), 0, 0)]);
    assert_eq!((queue.depth().objects, waiting(&queue, Urgency::Edit)), (1, 1), "its turn was ended in the queue too");
}

#[tokio::test(start_paused = true)]
async fn a_sleeping_worker_hears_of_what_comes_back_sooner() {
    let (queue, stop, log) = (Queue::default(), CancellationToken::new(), Log::default());
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..3 {
        let seen = log.clone();
        workers.spawn(serve(queue.clone(), stop.clone(), move |turn: Turn| {
            let seen = seen.clone();
            async move {
                seen.lock().unwrap().push((turn.key.name.clone(), began.elapsed().as_secs(), 0));
                sleep(SECOND).await;
                Next::After(if turn.key.name == "slow" { HOUR } else { MINUTE })
            }
        }));
    }
    queue.wake(key("slow"), None, Urgency::Edit);
    sleep(SECOND * 10).await;
    queue.wake(key("quick"), None, Urgency::Edit);
    sleep(MINUTE * 3).await;
    assert_eq!(of(&log, "quick"), [(10, 0), (71, 0), (132, 0)]);
    stop.cancel();
    while let Some(ended) = workers.join_next().await {
        assert!(ended.is_ok());
    }
}

/// In parallel for real: what the paused clock's single thread cannot show.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_up_is_lost_between_threads() {
    const WAKES: usize = 2_000;
    let (queue, stop) = (Queue::default(), CancellationToken::new());
    let woken: Arc<Mutex<HashMap<Key, usize>>> = Arc::default();
    let served = woken.clone();
    let running: Arc<Mutex<HashMap<Key, usize>>> = Arc::default();
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (served, running) = (served.clone(), running.clone());
        tasks.spawn(serve(queue.clone(), stop.clone(), move |turn: Turn| {
            let (served, running) = (served.clone(), running.clone());
            async move {
                assert_eq!(running.lock().unwrap().insert(turn.key.clone(), 1), None, "two turns at once");
                served.lock().unwrap().remove(&turn.key);
                tokio::task::yield_now().await;
                running.lock().unwrap().remove(&turn.key);
                Next::After(HOUR)
            }
        }));
    }
    let mut wakers = JoinSet::new();
    for waker in 0..4 {
        let (queue, woken) = (queue.clone(), woken.clone());
        wakers.spawn(async move {
            for n in 0..WAKES {
                let key = key(&((n * 7 + waker) % 50));
                woken.lock().unwrap().insert(key.clone(), n);
                queue.wake(key, None, Urgency::ALL[n % 5]);
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(ended) = wakers.join_next().await {
        assert!(ended.is_ok());
    }
    let all_served = async {
        while !woken.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(MINUTE, all_served).await.is_ok(), "left: {:?}", woken.lock().unwrap());
    stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        assert!(ended.is_ok());
    }
}
