//! Who of those that wait goes first: by urgency, with a share of the turns by age, and lane by lane.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::Urgency;
use crate::object::Key;

/// One turn in so many goes to who has waited longest. Urgent work keeps three quarters.
pub(super) const BY_AGE: u32 = 4;
/// The same while edits wait, so that an edit meets such a turn only behind a long row of other edits.
pub(super) const BY_AGE_BEFORE_EDITS: u32 = 16;

/// The name of an environment; none for all objects that belong to none.
pub(super) type Lane = Option<Arc<str>>;

/// Where an object stands. Tickets are drawn one after the other: the lower came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) urgency: Urgency,
    /// The ticket of its first reason: its age.
    pub(super) since: u64,
    /// The ticket of its strongest reason: its place among equals.
    pub(super) asked: u64,
    /// When that reason came.
    pub(super) at: Instant,
}

impl Place {
    /// One more reason: it can make an object more urgent, and never younger.
    pub(super) fn strengthen(&mut self, other: Self) {
        if other.urgency < self.urgency {
            *self = Self { since: self.since, ..other };
        }
    }
}

/// An object that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) key: Arc<Key>,
    pub(super) place: Place,
}

/// All objects that wait, each in the line of its urgency and in the line by age.
#[derive(Debug, Default)]
pub(super) struct Lines {
    by_urgency: BTreeMap<Urgency, Line>,
    by_age: Line,
    /// How many turns went by urgency since the last one by age.
    since_age: u32,
}

impl Lines {
    pub(super) fn insert(&mut self, lane: &Lane, key: &Arc<Key>, place: Place) {
        let waiting = Waiting { key: key.clone(), place };
        self.by_age.insert(lane, place.since, waiting.clone());
        self.by_urgency.entry(place.urgency).or_default().insert(lane, place.asked, waiting);
    }

    pub(super) fn remove(&mut self, lane: &Lane, place: &Place) {
        self.by_age.remove(lane, place.since);
        if let Some(line) = self.by_urgency.get_mut(&place.urgency) {
            line.remove(lane, place.asked);
        }
    }

    /// Gives an object a stronger place. Its lane keeps its own in the rounds: being woken sets nobody back.
    pub(super) fn strengthen(&mut self, lane: &Lane, key: &Arc<Key>, weaker: &Place, place: Place) {
        if place.urgency == weaker.urgency {
            return;
        }
        if let Some(line) = self.by_urgency.get_mut(&weaker.urgency) {
            line.remove(lane, weaker.asked);
        }
        // By age it stands where it stood.
        self.insert(lane, key, place);
    }

    /// Takes out who goes first.
    pub(super) fn take(&mut self) -> Option<Waiting> {
        let (urgency, strongest) = self.by_urgency.iter_mut().find(|(_, line)| line.length > 0)?;
        let share = if *urgency == Urgency::Edit { BY_AGE_BEFORE_EDITS } else { BY_AGE };
        let by_age = self.since_age + 1 >= share;
        self.since_age = if by_age { 0 } else { self.since_age + 1 };
        let (lane, first) = if by_age { self.by_age.take()? } else { strongest.take()? };
        // It still stands in the other line.
        self.remove(&lane, &first.place);
        Some(first)
    }

    /// How many wait at an urgency.
    pub(super) fn length(&self, urgency: Urgency) -> usize {
        self.by_urgency.get(&urgency).map_or(0, |line| line.length)
    }
}

/// A line of lanes that take turns. Within a lane the lowest ticket goes first.
#[derive(Debug, Default)]
struct Line {
    lanes: HashMap<Lane, Members>,
    /// The lanes in which somebody waits, in the order of their turns.
    round: BTreeMap<u64, Lane>,
    /// The end of the round, where a lane goes that has had its turn, or that begins to wait.
    end: u64,
    length: usize,
}

/// Who waits in a lane; somebody does.
#[derive(Debug)]
struct Members {
    /// The lane's place in the round.
    turn: u64,
    waiting: BTreeMap<u64, Waiting>,
}

impl Line {
    fn insert(&mut self, lane: &Lane, ticket: u64, waiting: Waiting) {
        if !self.lanes.contains_key(lane) {
            let turn = self.join(lane);
            self.lanes.insert(lane.clone(), Members { turn, waiting: BTreeMap::new() });
        }
        if let Some(members) = self.lanes.get_mut(lane)
            && members.waiting.insert(ticket, waiting).is_none()
        {
            self.length += 1;
        }
    }

    fn remove(&mut self, lane: &Lane, ticket: u64) -> Option<Waiting> {
        let members = self.lanes.get_mut(lane)?;
        let removed = members.waiting.remove(&ticket)?;
        self.length -= 1;
        if members.waiting.is_empty() {
            self.round.remove(&members.turn);
            self.lanes.remove(lane);
        }
        Some(removed)
    }

    /// Takes out the first of the lane whose turn it is; the lane goes to the end of the round.
    fn take(&mut self) -> Option<(Lane, Waiting)> {
        let (_, lane) = self.round.pop_first()?;
        let turn = self.join(&lane);
        let members = self.lanes.get_mut(&lane)?;
        members.turn = turn;
        let first = *members.waiting.first_key_value()?.0;
        let waiting = self.remove(&lane, first)?;
        Some((lane, waiting))
    }

    fn join(&mut self, lane: &Lane) -> u64 {
        self.end += 1;
        self.round.insert(self.end, lane.clone());
        self.end
    }
}
