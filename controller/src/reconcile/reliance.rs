//! What each object's turns may rely on: what an earlier one, or the sweep, saw as it is wanted.
//!
//! Whoever looks notes before that it does; what it saw is kept only if nobody else acted on the object or found it to
//! differ in between.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use longshore_planner::engine::Verified;

use crate::object::Key;

/// Of all objects. In memory alone: after a start the sweep fills it.
#[derive(Debug, Default)]
pub(crate) struct Reliance(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    objects: HashMap<Key, Held>,
    last: Mark,
    /// When one was last removed: who looked before that, looked at what may be gone.
    removed: Mark,
}

#[derive(Debug, Default)]
struct Held {
    verified: Verified,
    mark: Mark,
}

/// When a look began, or an end was put to what looks before it saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(u64);

impl Reliance {
    /// A turn begins: what it may rely on. Who looks meanwhile looks in vain. Should the turn end before it kept what it
    /// saw, nothing is relied on.
    pub(crate) fn begin(&self, key: &Key) -> (Verified, Mark) {
        let mut state = self.state();
        let mark = state.mark();
        let held = state.objects.entry(key.clone()).or_default();
        held.mark = mark;
        let verified = held.verified.clone();
        held.verified.forget();
        (verified, mark)
    }

    /// A look at many objects begins.
    pub(crate) fn mark(&self) -> Mark {
        self.state().mark()
    }

    /// What is known, for a look that read everything afresh: what was written.
    pub(crate) fn seen(&self, key: &Key) -> Verified {
        let mut verified = self.state().objects.get(key).map(|held| held.verified.clone()).unwrap_or_default();
        verified.forget();
        verified
    }

    /// What a look saw that began at that mark.
    pub(crate) fn keep(&self, key: &Key, mark: Mark, verified: Verified) {
        let mut state = self.state();
        let last = state.objects.get(key).map_or(state.removed, |held| held.mark);
        if last <= mark {
            state.objects.insert(key.clone(), Held { verified, mark });
        }
    }

    /// AWS differs from what the object wants: its next turn reads everything, also if one goes on just now.
    pub(crate) fn forget(&self, key: &Key) {
        let mut state = self.state();
        let mark = state.mark();
        let held = state.objects.entry(key.clone()).or_default();
        held.mark = mark;
        held.verified.forget();
    }

    /// The object is gone.
    pub(crate) fn remove(&self, key: &Key) {
        let mut state = self.state();
        state.removed = state.mark();
        state.objects.remove(key);
    }

    /// Another process may have worked meanwhile.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.removed = state.mark();
        state.objects.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn mark(&mut self) -> Mark {
        self.last.0 += 1;
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectKind;
    use jiff::Timestamp;
    use longshore_planner::engine::{Graph, Id};

    fn key() -> Key {
        Key { kind: ObjectKind::EcsService, namespace: "shop".into(), name: "hello".into() }
    }

    /// Tells itself from what knows nothing.
    fn something() -> Verified {
        let mut verified = Verified::default();
        verified.touch(&Graph::default(), [&Id::new("iam/role", "task")], Timestamp::UNIX_EPOCH);
        verified
    }

    #[test]
    fn what_a_look_saw_is_kept_unless_somebody_came_in_between() {
        type Between = fn(&Reliance);
        let cases: [(&str, Between, bool); 6] = [
            ("nobody", |_| (), true),
            ("a sweep that begins", |reliance| _ = reliance.mark(), true),
            ("a turn", |reliance| _ = reliance.begin(&key()), false),
            ("a sweep that found drift", |reliance| reliance.forget(&key()), false),
            ("its deletion", |reliance| reliance.remove(&key()), false),
            ("another leader", Reliance::clear, false),
        ];
        for (who, between, kept) in cases {
            for looked in [|reliance: &Reliance| reliance.begin(&key()).1, Reliance::mark] {
                let reliance = Reliance::default();
                let mark = looked(&reliance);
                between(&reliance);
                reliance.keep(&key(), mark, something());
                assert_eq!(reliance.begin(&key()).0 == something(), kept, "{who}");
            }
        }
    }

    #[test]
    fn who_reads_everything_afresh_knows_only_what_was_written() {
        let reliance = Reliance::default();
        reliance.keep(&key(), reliance.mark(), something());
        assert_eq!(reliance.seen(&key()), something());
        reliance.forget(&key());
        assert_eq!(reliance.begin(&key()).0, something());
    }
}
