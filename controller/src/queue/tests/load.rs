//! More to do than can be done, for hours.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::queue::serve;

const WORKERS: u32 = 8;
/// How long a turn takes on average: half as long to half as long again. The workers thus serve eight a second.
const SERVICE: Duration = SECOND;
const LONGEST: Duration = Duration::from_millis(1500);
const HOURS: Duration = Duration::from_hours(3);
/// The environments, and so many tenths of the edits and wake-ups that each has.
const LANES: [(Option<&str>, u64); 4] = [(Some("a"), 7), (Some("b"), 1), (Some("c"), 1), (None, 1)];
/// In each of them, objects that are edited and woken all the time.
const BUSY: u64 = 100;
/// And so many that do nothing but come back, of each of three sorts.
const OTHERS: u64 = 10;

/// How an object comes back that nothing wakes, by its sort.
fn comes_back(sort: &str) -> Option<(Urgency, Next)> {
    Some(match sort {
        "rolling" => (Urgency::Rollout, Next::Rollout(SECOND * 10)),
        "failing" => (Urgency::Retry, Next::Again(MINUTE)),
        "quiet" => (Urgency::Due, Next::After(MINUTE * 5)),
        _ => return None,
    })
}

/// Numbers without a pattern, the same in every run (`SplitMix64`).
#[derive(Debug, Default)]
struct Luck(u64);

impl Luck {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// Between half of it and half as much again.
    fn about(&mut self, time: Duration) -> Duration {
        time.mul_f64(f64::from(u32::try_from(500 + self.below(1001)).unwrap()) / 1000.0)
    }

    fn lane(&mut self) -> usize {
        let mut tenths = self.below(10);
        LANES.iter().position(|(_, share)| tenths.checked_sub(*share).map(|left| tenths = left).is_none()).unwrap()
    }
}

/// What was seen: waits by urgency, turns of the objects that fail, and how often somebody arrived at an idle queue.
#[derive(Debug, Default)]
struct Seen {
    waits: BTreeMap<Urgency, Vec<Duration>>,
    retries: BTreeMap<Key, u64>,
    idle: usize,
}

impl Seen {
    fn saw(&mut self, turn: &Turn) {
        self.waits.entry(turn.urgency).or_default().push(turn.waited);
        if turn.key.name.starts_with("failing") {
            *self.retries.entry(turn.key.clone()).or_default() += 1;
        }
    }
}

/// Edits and wake-ups alone arrive at 1.05 times the rate at which turns can be had; one in five is an edit. What rolls
/// out, fails, or is merely due comes on top of that.
async fn arrivals(queue: &Queue, seen: &Mutex<Seen>) {
    let (began, mut luck) = (Instant::now(), Luck(1));
    let between = SERVICE.div_f64(f64::from(WORKERS) * 1.05);
    while began.elapsed() < HOURS {
        let lane = luck.lane();
        let urgency = if luck.below(5) == 0 { Urgency::Edit } else { Urgency::WakeUp };
        queue.wake(key(&format!("busy-{lane}-{}", luck.below(BUSY))), LANES[lane].0, urgency);
        // Without the one that was just woken, and once the queue has filled.
        let waiting: usize = queue.depth().waiting.into_iter().map(|(_, count)| count).sum();
        seen.lock().unwrap().idle += usize::from(waiting <= 1 && began.elapsed() > MINUTE);
        sleep(luck.about(between)).await;
    }
}

async fn overload() -> Seen {
    let (queue, stop, seen) = (Queue::default(), CancellationToken::new(), Arc::new(Mutex::new(Seen::default())));
    for (lane, (environment, _)) in LANES.into_iter().enumerate() {
        for (n, sort) in (0..OTHERS).flat_map(|n| ["rolling", "failing", "quiet"].map(|sort| (n, sort))) {
            let (urgency, _) = comes_back(sort).unwrap();
            queue.wake(key(&format!("{sort}-{lane}-{n}")), environment, urgency);
        }
    }
    let (mut workers, luck) = (JoinSet::new(), Arc::new(Mutex::new(Luck(2))));
    for _ in 0..WORKERS {
        let (seen, luck) = (seen.clone(), luck.clone());
        workers.spawn(serve(queue.clone(), stop.clone(), move |turn: Turn| {
            seen.lock().unwrap().saw(&turn);
            let takes = luck.lock().unwrap().about(SERVICE);
            async move {
                sleep(takes).await;
                let sort = turn.key.name.split('-').next().unwrap();
                comes_back(sort).map_or(Next::After(HOUR), |(_, next)| next)
            }
        }));
    }
    arrivals(&queue, &seen).await;
    stop.cancel();
    while workers.join_next().await.is_some() {}
    std::mem::take(&mut *seen.lock().unwrap())
}

/// The stated bound: 16 × E × (k + 1) turns, by so many workers.
fn bound(lanes: usize, before: u64) -> Duration {
    let turns = u64::from(BY_AGE_BEFORE_EDITS) * lanes as u64 * (before + 1);
    LONGEST * u32::try_from(turns.div_ceil(u64::from(WORKERS))).unwrap()
}

#[tokio::test(start_paused = true)]
async fn at_105_percent_for_hours_nothing_starves_and_edits_overtake() {
    let mut seen = overload().await;
    assert_eq!(seen.idle, 0, "the test overloads the queue");
    // No more than all other objects of its environment can be before an object.
    let bound = bound(LANES.len(), BUSY + 3 * OTHERS - 1);
    assert_eq!(seen.waits.len(), Urgency::ALL.len());
    for (urgency, waits) in &mut seen.waits {
        waits.sort_unstable();
        let (count, longest) = (waits.len(), waits[waits.len() - 1]);
        println!("{urgency:?}: {count} turns, p99 {:?}, longest {longest:?} of {bound:?}", waits[count * 99 / 100]);
        assert!(longest <= bound, "{urgency:?} waited {longest:?}, more than {bound:?}");
    }
    let edits = &seen.waits[&Urgency::Edit];
    assert!(edits[edits.len() * 99 / 100] <= SERVICE, "an edit is served within one turn's time");
    // Every one of them again and again, not only those whose waits were counted because they ended.
    let at_least = HOURS.as_secs() / (bound + MINUTE + LONGEST).as_secs();
    assert!(at_least >= 3);
    assert_eq!(seen.retries.len() as u64, LANES.len() as u64 * OTHERS);
    for (object, turns) in &seen.retries {
        assert!(*turns >= at_least, "{object} had {turns} turns in three hours, not {at_least}");
    }
}
