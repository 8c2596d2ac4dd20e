//! What holds whatever happens, against a model that scans all it knows.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::queue::order::State;
use crate::queue::serve;

/// What may happen. Objects and environments are small numbers; environment 0 is none.
#[derive(Clone, Debug)]
enum Event {
    Wake { object: u8, environment: u8, urgency: Urgency },
    Take,
    Done { which: usize, next: Next },
    Pass(Duration),
}

fn any_urgency() -> impl Strategy<Value = Urgency> {
    prop::sample::select(Urgency::ALL.to_vec())
}

fn any_next() -> impl Strategy<Value = Next> {
    let wait = || (0_u64..20).prop_map(Duration::from_secs);
    prop_oneof![
        Just(Next::Forget),
        wait().prop_map(Next::After),
        wait().prop_map(Next::Rollout),
        wait().prop_map(Next::Again),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_u8..12, 0_u8..4, any_urgency())
            .prop_map(|(object, environment, urgency)| Event::Wake { object, environment, urgency }),
        4 => Just(Event::Take),
        3 => (0_usize..8, any_next()).prop_map(|(which, next)| Event::Done { which, next }),
        1 => (0_u64..15).prop_map(|seconds| Event::Pass(Duration::from_secs(seconds))),
    ]
}

/// What is known of an object, as a user of the queue would say it.
#[derive(Debug, Default)]
struct Modelled {
    environment: u8,
    running: bool,
    failures: u32,
    /// Since when it waits, also while it runs, and its strongest reason.
    wants: Option<(Instant, Urgency)>,
    later: Option<(Instant, Urgency)>,
}

#[derive(Debug, Default)]
struct Model {
    objects: BTreeMap<u8, Modelled>,
    /// How many turns went by urgency since the last one that did not.
    by_urgency: u32,
}

impl Model {
    fn advance(&mut self, now: Instant) {
        for object in self.objects.values_mut() {
            if object.later.is_some_and(|(at, _)| at <= now) {
                object.wants = object.later.take();
            }
        }
    }

    fn wake(&mut self, (object, environment, urgency): (u8, u8, Urgency), now: Instant) {
        let object = self.objects.entry(object).or_default();
        (object.environment, object.later) = (environment, None);
        let (since, before) = object.wants.unwrap_or((now, urgency));
        object.wants = Some((since, before.min(urgency)));
    }

    fn waiting(&self) -> impl Iterator<Item = (&Modelled, Instant, Urgency)> {
        let waits = |object: &&Modelled| !object.running;
        self.objects.values().filter(waits).filter_map(|o| o.wants.map(|(since, urgency)| (o, since, urgency)))
    }

    /// A turn begins: the laws of who may have it.
    fn take(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
        let number: u8 = turn.key.name.parse().unwrap();
        let taken = &self.objects[&number];
        prop_assert!(!taken.running, "two turns at once");
        prop_assert!(taken.wants.is_some(), "nobody asked for it");
        let (since, urgency) = taken.wants.unwrap();
        prop_assert_eq!((turn.urgency, turn.failures), (urgency, taken.failures));
        let strongest = self.waiting().map(|(.., urgency)| urgency).min().unwrap();
        if urgency == strongest {
            self.by_urgency += 1;
        } else {
            let older = self.waiting().filter(|(o, at, _)| o.environment == taken.environment && *at < since).count();
            prop_assert_eq!(older, 0, "against urgency only by age");
            let share = if strongest == Urgency::Edit { BY_AGE_BEFORE_EDITS } else { BY_AGE };
            prop_assert!(self.by_urgency + 1 >= share, "too soon: after {} turns", self.by_urgency);
            self.by_urgency = 0;
        }
        let taken = self.objects.get_mut(&number).unwrap();
        (taken.running, taken.wants) = (true, None);
        Ok(())
    }

    fn done(&mut self, number: u8, next: Next, now: Instant) {
        let object = self.objects.get_mut(&number).unwrap();
        object.running = false;
        object.failures = if matches!(next, Next::Again(_)) { object.failures + 1 } else { 0 };
        if object.wants.is_none() {
            object.later = match next {
                Next::Forget => {
                    self.objects.remove(&number);
                    return;
                }
                Next::After(wait) => Some((now + wait, Urgency::Due)),
                Next::Rollout(wait) => Some((now + wait, Urgency::Rollout)),
                Next::Again(wait) => Some((now + wait, Urgency::Retry)),
            };
        }
    }
}

/// The queue's state beside the model, which must agree after each event.
struct Both {
    state: State,
    model: Model,
    running: Vec<u8>,
    now: Instant,
}

impl Both {
    fn new() -> Self {
        Self { state: State::default(), model: Model::default(), running: vec![], now: Instant::now() }
    }

    fn happen(&mut self, event: &Event) -> Result<(), TestCaseError> {
        self.model.advance(self.now);
        match *event {
            Event::Wake { object, environment, urgency } => {
                let lane = (environment > 0).then(|| environment.to_string().into());
                self.state.wake(key(&object), lane, urgency, self.now);
                self.model.wake((object, environment, urgency), self.now);
            }
            Event::Take => drop(self.take()?),
            Event::Done { which, next } if which < self.running.len() => {
                let number = self.running.swap_remove(which);
                self.state.done(&key(&number), next, self.now);
                self.model.done(number, next, self.now);
            }
            Event::Done { .. } => {}
            Event::Pass(time) => self.now += time,
        }
        self.agree()
    }

    fn take(&mut self) -> Result<Option<Turn>, TestCaseError> {
        match self.state.take(self.now) {
            Ok(turn) => {
                self.model.take(&turn)?;
                self.running.push(turn.key.name.parse().unwrap());
                Ok(Some(turn))
            }
            Err(until) => {
                prop_assert_eq!(self.model.waiting().count(), 0, "somebody waits");
                let first = self.model.objects.values().filter_map(|object| Some(object.later?.0)).min();
                prop_assert_eq!(until, first);
                Ok(None)
            }
        }
    }

    fn agree(&mut self) -> Result<(), TestCaseError> {
        self.model.advance(self.now);
        let depth = self.state.depth(self.now);
        prop_assert_eq!(depth.objects, self.model.objects.len());
        for (urgency, count) in depth.waiting {
            prop_assert_eq!(count, self.model.waiting().filter(|(.., of)| *of == urgency).count(), "{:?}", urgency);
        }
        Ok(())
    }
}

/// A wake-up of one of six objects, after so many milliseconds.
fn any_script() -> impl Strategy<Value = Vec<(u64, u8, Urgency)>> {
    prop::collection::vec((0_u64..300, 0_u8..6, any_urgency()), 1..80)
}

/// The last time that each object was woken, and the last time that a turn of it began.
#[derive(Debug, Default)]
struct Record {
    woken: HashMap<String, Instant>,
    began: HashMap<String, Instant>,
    running: HashMap<String, bool>,
    overlaps: usize,
}

async fn play(script: &[(u64, u8, Urgency)], workers: usize, lengths: Vec<u64>) -> Record {
    let (queue, stop, record) = (Queue::default(), CancellationToken::new(), Arc::new(Mutex::new(Record::default())));
    let mut tasks = JoinSet::new();
    let turns = Arc::new(Mutex::new(lengths.into_iter().cycle()));
    for _ in 0..workers {
        let (record, turns) = (record.clone(), turns.clone());
        tasks.spawn(serve(queue.clone(), stop.clone(), move |turn: Turn| {
            let (record, length) = (record.clone(), turns.lock().unwrap().next().unwrap());
            async move {
                {
                    let mut record = record.lock().unwrap();
                    record.began.insert(turn.key.name.clone(), Instant::now());
                    let before = record.running.insert(turn.key.name.clone(), true);
                    record.overlaps += usize::from(before == Some(true));
                }
                sleep(Duration::from_millis(length)).await;
                record.lock().unwrap().running.insert(turn.key.name, false);
                Next::After(HOUR * 100)
            }
        }));
    }
    for (pause, object, urgency) in script {
        sleep(Duration::from_millis(*pause)).await;
        record.lock().unwrap().woken.insert(object.to_string(), Instant::now());
        queue.wake(key(object), None, *urgency);
    }
    sleep(HOUR).await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    std::mem::take(&mut *record.lock().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn turns_are_given_as_the_model_says(events in prop::collection::vec(any_event(), 1..200)) {
        let mut both = Both::new();
        for event in &events {
            both.happen(event)?;
        }
        // In the end, whoever was woken gets a turn.
        while !both.running.is_empty() {
            both.happen(&Event::Done { which: 0, next: Next::Forget })?;
        }
        while both.take()?.is_some() {}
        prop_assert!(both.model.objects.values().all(|object| object.wants.is_none()));
    }

    #[test]
    fn with_several_workers_a_turn_begins_after_the_last_wake_and_never_two_at_once(
        script in any_script(),
        workers in 1_usize..5,
        lengths in prop::collection::vec(0_u64..400, 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let record = runtime.block_on(play(&script, workers, lengths));
        prop_assert_eq!(record.overlaps, 0);
        for (object, woken) in &record.woken {
            prop_assert!(record.began.get(object).is_some_and(|began| began >= woken), "{} in {:?}", object, record);
        }
    }
}
