//! What happens when: wakes in order of time, of whatever kind a service has.

use std::collections::BTreeSet;

/// Wakes in order of time; those of the same moment in the order in which they were asked for.
#[derive(Clone, Debug)]
pub struct Agenda<W> {
    last: u64,
    wakes: BTreeSet<(i64, u64, W)>,
}

impl<W> Default for Agenda<W> {
    fn default() -> Self {
        Self { last: 0, wakes: BTreeSet::new() }
    }
}

impl<W: Ord> Agenda<W> {
    /// Asks for a wake at a time.
    pub fn add(&mut self, at: i64, wake: W) {
        self.last += 1;
        self.wakes.insert((at, self.last, wake));
    }

    /// When the next wake is due.
    pub fn next(&self) -> Option<i64> {
        self.wakes.first().map(|(at, _, _)| *at)
    }

    /// Takes out the next wake that is due until `now`, with its time.
    pub fn take_due(&mut self, now: i64) -> Option<(i64, W)> {
        if self.next()? > now {
            return None;
        }
        self.wakes.pop_first().map(|(at, _, wake)| (at, wake))
    }
}
