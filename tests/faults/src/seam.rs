//! The one seam that every outward call of a process goes through: it names the call, decides what goes wrong with
//! it, and is closed when the process dies, so that nothing of a dead process reaches anything any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::fault::Kind;
use crate::name::{Named, Point};

/// What happens to several calls in a row is over after so long.
const GOES_ON: Duration = Duration::from_mins(2);

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is served.
    Serve,
    /// Its process is dead: it is never answered and has no effect.
    Dead,
    /// This goes wrong.
    Fault(Kind),
}

/// A fault at a point.
#[derive(Clone, Debug)]
pub(crate) struct Injection {
    pub(crate) point: Point,
    pub(crate) kind: Kind,
}

/// The seam of one process. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Seam(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    fired: Notify,
}

#[derive(Clone, Default)]
struct State {
    counts: BTreeMap<String, usize>,
    calls: Vec<(Named, Point)>,
    /// When each was made.
    times: Vec<Instant>,
    injection: Option<Injection>,
    /// When it went wrong first.
    fired: Option<Instant>,
    closed: bool,
    last_write: Option<Instant>,
}

impl Seam {
    pub(crate) fn new(injection: Option<Injection>) -> Self {
        let state = State { injection, ..State::default() };
        Self(Arc::new(Inner { state: Mutex::new(state), fired: Notify::new() }))
    }

    /// The seam of the next process: it goes on counting, and has what is still to go wrong before it.
    pub(crate) fn successor(&self) -> Self {
        self.close();
        let before = self.lock();
        let injection = before.injection.clone().filter(|_| before.fired.is_none());
        let state = State { injection, fired: None, closed: false, ..before.clone() };
        Self(Arc::new(Inner { state: Mutex::new(state), fired: Notify::new() }))
    }

    /// What becomes of a call that is made now.
    pub(crate) fn judge(&self, call: Named) -> Judgement {
        let mut state = self.lock();
        if state.closed {
            return Judgement::Dead;
        }
        let nth = state.counts.entry(call.name.clone()).or_default();
        *nth += 1;
        let point = Point { name: call.name.clone(), nth: *nth };
        if call.write {
            state.last_write = Some(Instant::now());
        }
        state.calls.push((call, point.clone()));
        state.times.push(Instant::now());
        let Some(Injection { point: at, kind }) = &state.injection else { return Judgement::Serve };
        let (first, kind) = (at.nth, *kind);
        let goes_on = state.fired.is_none_or(|fired| fired.elapsed() < GOES_ON);
        if at.name != point.name || !(first..first + kind.times()).contains(&point.nth) || !goes_on {
            return Judgement::Serve;
        }
        state.fired.get_or_insert_with(Instant::now);
        state.closed = kind.is_crash();
        drop(state);
        if point.nth == first {
            self.0.fired.notify_one();
        }
        Judgement::Fault(kind)
    }

    /// Until the fault has happened.
    pub(crate) async fn fault(&self) {
        self.0.fired.notified().await;
    }

    /// The process is dead.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
    }

    /// What reads of AWS must be able to be: as of before the last change.
    pub(crate) fn plans_stale_reads(&self) -> bool {
        self.lock().injection.as_ref().is_some_and(|injection| injection.kind == Kind::StaleRead)
    }

    /// Everything that was called, in order.
    pub(crate) fn calls(&self) -> Vec<(Named, Point)> {
        self.lock().calls.clone()
    }

    /// Everything that was called, in order, with the seconds since the first call.
    pub(crate) fn story(&self) -> Vec<String> {
        let state = self.lock();
        let Some(first) = state.times.first().copied() else { return vec![] };
        let told = |((_, point), at): (&(Named, Point), &Instant)| {
            format!("{:>9.3} s  {point}", at.duration_since(first).as_secs_f64())
        };
        state.calls.iter().zip(&state.times).map(told).collect()
    }

    /// The writes among the calls from this number on.
    pub(crate) fn writes_since(&self, number: usize) -> Vec<String> {
        let state = self.lock();
        let since = state.calls.iter().skip(number);
        since.filter(|(call, _)| call.write).map(|(_, point)| point.to_string()).collect()
    }

    /// How many calls there were.
    pub(crate) fn count(&self) -> usize {
        self.lock().calls.len()
    }

    /// When something was last written, or tried to be.
    pub(crate) fn last_write(&self) -> Option<Instant> {
        self.lock().last_write
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
