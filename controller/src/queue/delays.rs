//! Who comes back when.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::object::Key;

/// Nothing is put off for longer; what is added to a point in time must not overflow it.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// When an object comes back, and its place among those that come back at the same moment.
pub(super) type Time = (Instant, u64);

/// The objects that come back by themselves.
#[derive(Debug, Default)]
pub(super) struct Delays {
    times: BTreeMap<Time, Arc<Key>>,
}

impl Delays {
    /// Puts an object off. `ticket` is nobody else's.
    pub(super) fn insert(&mut self, key: Arc<Key>, ticket: u64, now: Instant, wait: Duration) -> Time {
        let time = (now + wait.min(LONGEST), ticket);
        self.times.insert(time, key);
        time
    }

    pub(super) fn remove(&mut self, time: &Time) {
        self.times.remove(time);
    }

    /// Takes out the first whose time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Arc<Key>> {
        let first = self.times.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When the first comes back.
    pub(super) fn first(&self) -> Option<Instant> {
        self.times.first_key_value().map(|(time, _)| time.0)
    }
}

/// Twice as long after each failure in a row, to a limit.
pub(crate) fn backoff(first: Duration, longest: Duration, failures: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(failures)).min(longest)
}
