//! Whose turn it is.
//!
//! An object is *woken* (by a change, or by what it refers to), *waits*, has its *turn*, and says when it comes back.
//! `order` says what becomes of an object at each of these, `fairness` who of those that wait goes first, `delays` who
//! comes back when, and `worker` gives turns. Every operation takes time in the logarithm of what is known.
//!
//! # Guarantees
//!
//! Held by what stands in `tests`. A lane is an environment, or all objects that belong to none.
//!
//! - **One at a time.** An object has at most one turn at a time, and one that begins after it was last woken. However
//!   often it is woken before its turn, that is one turn, at the strongest of the reasons.
//! - **Urgency.** Edits go before wake-ups, those before rollouts, retries, and what is merely due; among equals of one
//!   lane the first comes first. Only turns by age (below) depart from that.
//! - **Fair between environments.** Lanes take turns within a class of urgency: while E lanes wait in it, each has one
//!   of E turns of the class, whatever waits in the others. Turns by age go round in the same way.
//! - **An edit overtakes.** An edit goes next whatever else waits, thus within one turn's time. What can go before it
//!   are other edits (those of its lane that came earlier, and one edit of each other lane for each of them and for
//!   itself) and, once twelve edits in a row have had their turns, one turn by age.
//! - **Nothing starves.** One turn in [`fairness::BY_AGE`], or while edits wait one in
//!   [`fairness::BY_AGE_BEFORE_EDITS`], is *by age*: it goes to the object that has waited longest in its lane. An
//!   object that comes behind k others of its lane thus has its turn within 16 × E × (k + 1) turns, E being the most
//!   lanes that wait at once. With W workers and no turn longer than s, that is within s × ⌈16 × E × (k + 1) / W⌉,
//!   however much stronger work keeps coming. A stronger reason never makes an object younger.
//!
//! # Caveats
//!
//! - A turn that has begun is not interrupted: an edit waits until a worker is free.
//! - Fairness counts turns, not their length: an environment whose AWS answers slowly has as many turns as the others,
//!   but holds workers for longer.
//! - Under overload a quarter of the turns goes by age, and so is not there for urgent work other than edits.
//! - Waking an object ends its back-off, as it may have been mended; its count of failures stays.
//! - It is all in memory. After a start the watches' first lists fill it again.

mod delays;
mod fairness;
mod order;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::object::Key;
pub(crate) use delays::backoff;
use order::State;
pub(crate) use worker::serve;

/// Why an object gets a turn; the lowest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// A person or a tool changed it.
    Edit,
    /// Something that it refers to changed, or AWS differs from it.
    WakeUp,
    /// AWS is at work on it.
    Rollout,
    /// Its last turn failed.
    Retry,
    /// It is time to look again.
    Due,
}

impl Urgency {
    /// All, the most urgent first.
    pub(crate) const ALL: [Self; 5] = [Self::Edit, Self::WakeUp, Self::Rollout, Self::Retry, Self::Due];

    /// For metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::WakeUp => "wake_up",
            Self::Rollout => "rollout",
            Self::Retry => "retry",
            Self::Due => "due",
        }
    }
}

/// A turn. It ends with [`Queue::done`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) key: Key,
    /// How many turns in a row failed before this one.
    pub(crate) failures: u32,
    pub(crate) urgency: Urgency,
    /// For how long the object waited at this urgency.
    pub(crate) waited: Duration,
}

/// When an object comes back, how urgently, and whether its turn failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Not until something wakes it: the object is gone, or the sweep looks after it.
    Forget,
    /// All is well; look again after so long.
    After(Duration),
    /// AWS is at it; see how far it is after so long.
    Rollout(Duration),
    /// It failed; again after so long.
    Again(Duration),
}

impl Next {
    /// After how long, and how urgently.
    fn back(self) -> Option<(Duration, Urgency)> {
        match self {
            Self::Forget => None,
            Self::After(wait) => Some((wait, Urgency::Due)),
            Self::Rollout(wait) => Some((wait, Urgency::Rollout)),
            Self::Again(wait) => Some((wait, Urgency::Retry)),
        }
    }
}

/// How much there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    /// How many objects are known.
    pub(crate) objects: usize,
    /// How many of them wait for a turn that could begin now; every urgency once.
    pub(crate) waiting: Vec<(Urgency, usize)>,
}

/// The queue; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    state: Arc<Mutex<State>>,
    woken: Arc<Notify>,
}

impl Queue {
    /// Gives an object a turn now. `environment`: the name of the AwsEnvironment that it belongs to, if it belongs to
    /// one; the last one told counts.
    pub(crate) fn wake(&self, key: Key, environment: Option<&str>, urgency: Urgency) {
        self.lock().wake(key, environment.map(Arc::from), urgency, Instant::now());
        self.woken.notify_one();
    }

    /// Waits for the next turn. Dropped before it is ready, it has taken nothing.
    pub(crate) async fn next(&self) -> Turn {
        loop {
            let taken = self.lock().take(Instant::now());
            match taken {
                Ok(turn) => {
                    // Of several wakes between a worker's look and its sleep one is kept for it: it is passed on.
                    self.woken.notify_one();
                    return turn;
                }
                Err(Some(until)) => tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = self.woken.notified() => {}
                },
                Err(None) => self.woken.notified().await,
            }
        }
    }

    /// Ends a turn.
    pub(crate) fn done(&self, key: &Key, next: Next) {
        self.lock().done(key, next, Instant::now());
        self.woken.notify_one();
    }

    /// How much there is to do at this moment.
    pub(crate) fn depth(&self) -> Depth {
        self.lock().depth(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
