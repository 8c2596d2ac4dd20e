//! Whose turn it is. Edits go before wake-ups, and those before what is merely due; no object has two turns at once;
//! an object that is woken during its turn gets another one.
//!
//! Fairness between environments and the sweep come with their own issue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::object::Key;

/// Why an object gets a turn; the lowest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// A person or a tool changed it.
    Edit,
    /// Something that it refers to changed.
    Dependency,
    /// The time that its last turn asked for has come.
    Due,
}

/// The queue; clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Queue {
    state: Arc<Mutex<State>>,
    woken: Arc<Notify>,
}

#[derive(Default)]
struct State {
    entries: HashMap<Key, Entry>,
    turns: u64,
}

struct Entry {
    why: Why,
    due: Option<Instant>,
    /// Among equals the first comes first.
    turn: u64,
    running: bool,
    failures: u32,
}

/// A turn. It ends with [`Queue::done`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) key: Key,
    /// How many turns in a row failed before this one.
    pub(crate) failures: u32,
}

/// When the next turn is, and whether this one failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Not until something wakes it: the object is gone.
    Forget,
    /// All is well; look again after so long.
    After(Duration),
    /// It failed; again after so long.
    Again(Duration),
}

impl Queue {
    /// Gives an object a turn now.
    pub(crate) fn wake(&self, key: Key, why: Why) {
        let now = Instant::now();
        let mut state = self.lock();
        state.turns += 1;
        let turn = state.turns;
        let entry = state.entries.entry(key).or_insert(Entry { why, due: None, turn, running: false, failures: 0 });
        if entry.due.is_none_or(|due| due > now) || why < entry.why {
            (entry.why, entry.due, entry.turn) = (why, Some(now), turn);
        }
        drop(state);
        self.woken.notify_one();
    }

    /// Waits for the next turn.
    pub(crate) async fn next(&self) -> Turn {
        loop {
            let sleep = match self.take(Instant::now()) {
                Ok(turn) => {
                    // Others may be due as well.
                    self.woken.notify_one();
                    return turn;
                }
                Err(sleep) => sleep,
            };
            match sleep {
                Some(until) => tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = self.woken.notified() => {}
                },
                None => self.woken.notified().await,
            }
        }
    }

    /// Ends a turn.
    pub(crate) fn done(&self, key: &Key, next: Next) {
        let now = Instant::now();
        let mut state = self.lock();
        state.turns += 1;
        let turn = state.turns;
        let Some(entry) = state.entries.get_mut(key) else { return };
        entry.running = false;
        entry.failures = if matches!(next, Next::Again(_)) { entry.failures.saturating_add(1) } else { 0 };
        let woken_meanwhile = entry.due.is_some();
        match next {
            Next::Forget if !woken_meanwhile => drop(state.entries.remove(key)),
            Next::After(wait) | Next::Again(wait) if !woken_meanwhile => {
                (entry.why, entry.due, entry.turn) = (Why::Due, Some(now + wait), turn);
            }
            _ => {}
        }
        drop(state);
        self.woken.notify_one();
    }

    /// How many objects are known, and how many of them are due.
    pub(crate) fn depth(&self) -> (usize, usize) {
        let now = Instant::now();
        let state = self.lock();
        let due =
            state.entries.values().filter(|entry| !entry.running && entry.due.is_some_and(|due| due <= now)).count();
        (state.entries.len(), due)
    }

    /// The first turn, or when there will be one.
    fn take(&self, now: Instant) -> Result<Turn, Option<Instant>> {
        let mut state = self.lock();
        let waiting = state.entries.iter_mut().filter(|(_, entry)| !entry.running && entry.due.is_some());
        let first = waiting.min_by_key(|(_, entry)| {
            let due = entry.due.unwrap_or(now);
            if due <= now { (false, entry.why, now, entry.turn) } else { (true, Why::Due, due, entry.turn) }
        });
        match first {
            Some((key, entry)) if entry.due.is_some_and(|due| due <= now) => {
                entry.running = true;
                entry.due = None;
                Ok(Turn { key: key.clone(), failures: entry.failures })
            }
            Some((_, entry)) => Err(entry.due),
            None => Err(None),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectKind;

    fn key(name: &str) -> Key {
        Key { kind: ObjectKind::EcsService, namespace: "n".into(), name: name.into() }
    }

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn edits_go_before_wake_ups_and_those_before_what_is_due() {
        let queue = Queue::default();
        queue.wake(key("due"), Why::Due);
        queue.wake(key("woken"), Why::Dependency);
        queue.wake(key("edited"), Why::Edit);
        let mut order = vec![];
        for _ in 0..3 {
            order.push(queue.next().await.key.name);
        }
        assert_eq!(order, ["edited", "woken", "due"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_has_one_turn_at_a_time_and_another_if_woken_during_it() {
        let queue = Queue::default();
        queue.wake(key("a"), Why::Edit);
        let turn = queue.next().await;
        queue.wake(key("a"), Why::Edit);
        let second = tokio::time::timeout(MINUTE, queue.next()).await;
        assert!(second.is_err(), "it runs already");
        queue.done(&turn.key, Next::After(MINUTE * 60));
        let second = tokio::time::timeout(Duration::from_secs(1), queue.next()).await;
        assert_eq!(second.map(|turn| turn.key), Ok(key("a")), "not only after an hour");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_comes_when_it_was_asked_for() {
        let queue = Queue::default();
        queue.wake(key("a"), Why::Edit);
        let turn = queue.next().await;
        let began = Instant::now();
        queue.done(&turn.key, Next::After(MINUTE));
        queue.next().await;
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_counted_per_object_until_one_succeeds() {
        let queue = Queue::default();
        queue.wake(key("a"), Why::Edit);
        let mut seen = vec![];
        for next in [Next::Again(MINUTE), Next::Again(MINUTE), Next::After(MINUTE), Next::After(MINUTE)] {
            let turn = queue.next().await;
            seen.push(turn.failures);
            queue.done(&turn.key, next);
        }
        assert_eq!(seen, [0, 1, 2, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_gone_is_forgotten() {
        let queue = Queue::default();
        queue.wake(key("a"), Why::Edit);
        let turn = queue.next().await;
        queue.done(&turn.key, Next::Forget);
        assert_eq!(queue.depth(), (0, 0));
    }
}
