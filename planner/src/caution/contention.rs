//! Something else keeps undoing what Longshore does. Two programs that write the same field in turns help nobody:
//! after three corrections in an hour Longshore stops, and says what changes back and forth.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::settled::Look;
use crate::engine::{Action, Change, Id, Kinds, State, Step};

/// So many corrections of one field are made within [`WINDOW`]; the next one is not.
pub const MOST_CORRECTIONS: usize = 3;
/// The time in which corrections count, and after which a contended one is tried again.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// A read may be older than our own write for so long: a difference in this time counts only once the write was seen.
pub const STALE: SignedDuration = SignedDuration::from_mins(2);
/// So many fields are remembered for one object: a status is no log.
const MOST_FIELDS: usize = 20;
/// The field of a resource that was made again, or deleted again.
const EXISTENCE: &str = "";
/// Longer values are cut: a policy is no news in full.
const LONGEST_VALUE: usize = 80;

/// A field that was put right although nothing had been changed here; or one that was set on the way to something new,
/// which is none until it has to be set again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The resource, printed.
    pub resource: String,
    /// The field; empty: the resource as a whole, which was made or deleted again.
    pub field: String,
    /// When it was put right: the newest, at most [`MOST_CORRECTIONS`], in order.
    pub times: Vec<Timestamp>,
    /// Whether it has been seen as wanted since.
    pub seen: bool,
    /// Since when it changes back and forth, once that is too often.
    pub contended_since: Option<Timestamp>,
}

impl Correction {
    fn last(&self) -> Option<Timestamp> {
        self.times.last().copied()
    }

    fn is_of(&self, id: &Id, field: &str) -> bool {
        self.field == field && self.resource == id.to_string()
    }

    fn counts(&self) -> bool {
        !self.times.is_empty()
    }

    /// What a look tells of it; `None`: it stayed as wanted for as long as anybody remembers.
    fn after(&self, look: &Look<'_>) -> Option<Self> {
        let mut next = self.clone();
        match self.as_wanted(look) {
            Some(true) if self.last().is_some_and(|last| !within(WINDOW, last, look.now)) => return None,
            Some(true) => next.seen = true,
            Some(false) => {
                let recent = self.times.iter().filter(|time| within(WINDOW, **time, look.now));
                if recent.count() >= MOST_CORRECTIONS && self.contended_since.is_none() {
                    next.contended_since = self.times.first().copied();
                }
            }
            None => {}
        }
        Some(next)
    }

    /// Whether the field is as wanted now; `None`: that cannot be said.
    fn as_wanted(&self, look: &Look<'_>) -> Option<bool> {
        let id: Id = self.resource.parse().ok()?;
        if look.world.unknown.contains_key(&id) {
            return None;
        }
        let whole = self.field == EXISTENCE;
        match look.plan.step(&id).map(|step| &step.action) {
            None => Some(true),
            Some(Action::Update { changes, .. }) => Some(!changes.iter().any(|change| change.path == self.field)),
            Some(Action::Create { .. } | Action::Delete) => whole.then_some(false),
            // What is waited for equals what is wanted, unless it is going away.
            Some(Action::Wait) => {
                let thing = look.world.get(&id).filter(|_| look.graph.get(&id).is_some())?;
                (!matches!(thing.state, State::Deleting(_))).then_some(true)
            }
            Some(Action::Blocked) => None,
        }
    }

    /// It is left as it is, until an hour has passed since the last try.
    fn held(&self, now: Timestamp) -> Option<Timestamp> {
        self.contended_since.filter(|_| self.last().is_some_and(|last| within(WINDOW, last, now)))
    }

    fn count(&mut self, now: Timestamp) {
        let may_be_stale = !self.seen && self.last().is_none_or(|last| within(STALE, last, now));
        if may_be_stale {
            return;
        }
        self.times.push(now);
        let surplus = self.times.len().saturating_sub(MOST_CORRECTIONS);
        self.times.drain(..surplus);
        self.seen = false;
    }
}

fn within(span: SignedDuration, then: Timestamp, now: Timestamp) -> bool {
    now.duration_since(then) < span
}

/// What a look tells of earlier corrections. That some are over is no news by itself, and nothing is written for it: they
/// go along with what is.
pub(super) fn watch(corrections: &[Correction], look: &Look<'_>) -> Vec<Correction> {
    let next: Vec<Option<Correction>> = corrections.iter().map(|correction| correction.after(look)).collect();
    let is_news = |(before, after): (&Correction, &Option<Correction>)| match after {
        Some(after) => after != before,
        None => before.contended_since.is_some(),
    };
    if corrections.iter().zip(&next).any(is_news) { next.into_iter().flatten().collect() } else { corrections.to_vec() }
}

/// Notes that a step was taken, which corrected something.
pub(super) fn note(corrections: &mut Vec<Correction>, step: &Step, now: Timestamp) {
    note_fields(corrections, step, &fields(step), now, &[now]);
}

/// Notes that a step was taken on the way to something new: what it sets is a correction only once it has been seen as
/// wanted and must be set again. What is made or deleted on that way is not judged so.
pub(super) fn note_first(corrections: &mut Vec<Correction>, step: &Step, now: Timestamp) {
    let fields: Vec<&str> = fields(step).into_iter().filter(|field| *field != EXISTENCE).collect();
    note_fields(corrections, step, &fields, now, &[]);
}

/// Those that count, once the object has converged: what else was set need not be remembered.
pub(super) fn counted(corrections: Vec<Correction>) -> Vec<Correction> {
    corrections.into_iter().filter(Correction::counts).collect()
}

/// `first`: the times of one that is noted for the first time.
fn note_fields(corrections: &mut Vec<Correction>, step: &Step, fields: &[&str], now: Timestamp, first: &[Timestamp]) {
    for field in fields {
        match corrections.iter_mut().find(|correction| correction.is_of(&step.id, field)) {
            Some(correction) => correction.count(now),
            None => corrections.push(Correction {
                resource: step.id.to_string(),
                field: (*field).to_owned(),
                times: first.to_vec(),
                seen: false,
                contended_since: None,
            }),
        }
    }
    corrections.sort_by_key(Correction::last);
    let surplus = corrections.len().saturating_sub(MOST_FIELDS);
    corrections.drain(..surplus);
}

/// Why a step is not taken: what it would put right changes back and forth.
pub(super) fn contended(corrections: &[Correction], step: &Step, kinds: &Kinds, now: Timestamp) -> Option<String> {
    let held = |field: &str| corrections.iter().find(|it| it.is_of(&step.id, field))?.held(now);
    let (what, since) = match &step.action {
        Action::Update { changes, .. } => {
            let held: Vec<(&Change, Timestamp)> =
                changes.iter().filter_map(|change| Some((change, held(&change.path)?))).collect();
            let since = held.iter().map(|(_, since)| *since).min()?;
            let each: Vec<String> = held.iter().map(|(change, _)| back_and_forth(change)).collect();
            (each.join("; "), since)
        }
        Action::Create { .. } => ("Longshore makes it, and something else deletes it".to_owned(), held(EXISTENCE)?),
        Action::Delete => ("Longshore deletes it, and something else makes it again".to_owned(), held(EXISTENCE)?),
        Action::Wait | Action::Blocked => return None,
    };
    let who = kinds.get(&step.id.kind).map(|rules| rules.changed_by.join(", ")).filter(|names| !names.is_empty());
    let who = who.map(|names| format!(" (CloudTrail tells who; its event names here are {names})")).unwrap_or_default();
    Some(format!(
        "Contended: since {since} {what}; Longshore has stopped. Find what else writes it{who} and stop one of the two: \
         that one, or take it out of the spec. It is tried again at once when the spec changes, and else once an hour"
    ))
}

fn back_and_forth(change: &Change) -> String {
    format!("Longshore sets {} to {}, and something else to {}", change.path, short(&change.to), short(&change.from))
}

fn short(value: &Value) -> String {
    let text = if value.is_null() { "nothing".to_owned() } else { value.to_string() };
    if text.chars().count() <= LONGEST_VALUE {
        return text;
    }
    let head: String = text.chars().take(LONGEST_VALUE).collect();
    format!("{head}...")
}

/// The fields that a step changes.
fn fields(step: &Step) -> Vec<&str> {
    match &step.action {
        Action::Update { changes, .. } => changes.iter().map(|change| change.path.as_str()).collect(),
        Action::Create { .. } | Action::Delete => vec![EXISTENCE],
        Action::Wait | Action::Blocked => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_and_one_that_just_fits_is_not() {
        let text = |length: usize| Value::String("x".repeat(length));
        // With its quotes.
        assert_eq!(short(&text(LONGEST_VALUE - 2)), text(LONGEST_VALUE - 2).to_string());
        assert_eq!(short(&text(LONGEST_VALUE - 1)), format!("\"{}...", "x".repeat(LONGEST_VALUE - 1)));
        assert_eq!(short(&Value::Null), "nothing");
    }
}
