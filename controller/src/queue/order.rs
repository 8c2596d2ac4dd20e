//! What becomes of an object: it comes back later, waits, or has its turn. No I/O, no clock of its own.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::delays::{Delays, Time};
use super::fairness::{Lane, Lines, Place};
use super::{Depth, Next, Turn, Urgency};
use crate::object::Key;

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct State {
    objects: HashMap<Arc<Key>, Known>,
    lines: Lines,
    delays: Delays,
    tickets: u64,
}

#[derive(Debug)]
struct Known {
    lane: Lane,
    /// How many turns in a row failed.
    failures: u32,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// It stands in `delays`.
    Later(Time, Urgency),
    /// It stands in `lines`.
    Waiting(Place),
    /// It has its turn; then another one, if it was woken meanwhile.
    Running { woken: Option<Place> },
}

impl State {
    /// Gives an object a turn now.
    pub(super) fn wake(&mut self, key: Key, lane: Lane, urgency: Urgency, now: Instant) {
        self.advance(now);
        let ticket = self.ticket();
        let mut place = Place { urgency, since: ticket, asked: ticket, at: now };
        let key = Arc::new(key);
        let Some(known) = self.objects.get_mut(&key) else {
            self.lines.insert(&lane, &key, place);
            self.objects.insert(key, Known { lane, failures: 0, phase: Phase::Waiting(place) });
            return;
        };
        let old_lane = std::mem::replace(&mut known.lane, lane);
        match &mut known.phase {
            Phase::Running { woken: Some(woken) } => return woken.strengthen(place),
            Phase::Running { woken } => return *woken = Some(place),
            Phase::Later(time, _) => self.delays.remove(time),
            Phase::Waiting(before) => {
                let weaker = *before;
                before.strengthen(place);
                if known.lane == old_lane {
                    return self.lines.strengthen(&known.lane, &key, &weaker, *before);
                }
                self.lines.remove(&old_lane, &weaker);
                place = *before;
            }
        }
        known.phase = Phase::Waiting(place);
        self.lines.insert(&known.lane, &key, place);
    }

    /// Begins the next turn; or tells when there will be one by itself.
    pub(super) fn take(&mut self, now: Instant) -> Result<Turn, Option<Instant>> {
        self.advance(now);
        let Some(first) = self.lines.take() else { return Err(self.delays.first()) };
        let Some(known) = self.objects.get_mut(&first.key) else { return Err(Some(now)) };
        known.phase = Phase::Running { woken: None };
        Ok(Turn {
            key: first.key.as_ref().clone(),
            failures: known.failures,
            urgency: first.place.urgency,
            waited: now.saturating_duration_since(first.place.at),
        })
    }

    /// Ends a turn.
    pub(super) fn done(&mut self, key: &Key, next: Next, now: Instant) {
        self.advance(now);
        let ticket = self.ticket();
        let Some((key, mut known)) = self.objects.remove_entry(key) else { return };
        if let Phase::Running { woken } = known.phase {
            known.failures = if matches!(next, Next::Again(_)) { known.failures.saturating_add(1) } else { 0 };
            known.phase = match (woken, next.back()) {
                (Some(place), _) => {
                    self.lines.insert(&known.lane, &key, place);
                    Phase::Waiting(place)
                }
                (None, Some((wait, urgency))) => {
                    Phase::Later(self.delays.insert(key.clone(), ticket, now, wait), urgency)
                }
                (None, None) => return,
            };
        }
        self.objects.insert(key, known);
    }

    /// How much there is to do.
    pub(super) fn depth(&mut self, now: Instant) -> Depth {
        self.advance(now);
        let waiting = Urgency::ALL.map(|urgency| (urgency, self.lines.length(urgency)));
        Depth { objects: self.objects.len(), waiting: waiting.to_vec() }
    }

    /// Those whose time has come wait from then on. Every operation begins with it, so that tickets follow time.
    fn advance(&mut self, now: Instant) {
        while let Some(key) = self.delays.pop(now) {
            let ticket = self.ticket();
            let Some(known) = self.objects.get_mut(&key) else { continue };
            let Phase::Later((at, _), urgency) = known.phase else { continue };
            let place = Place { urgency, since: ticket, asked: ticket, at };
            known.phase = Phase::Waiting(place);
            self.lines.insert(&known.lane, &key, place);
        }
    }

    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }
}
