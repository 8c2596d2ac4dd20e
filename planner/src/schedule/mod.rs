//! Schedules as EventBridge Scheduler reads them, so that a mistake is told before AWS refuses it, and when the next run
//! is due can be told at all: AWS does not say.
//!
//! Source: EventBridge Scheduler user guide, "Schedule types in EventBridge Scheduler".

mod clocks;
mod cron;

pub use clocks::{Shift, zone};
pub use cron::Cron;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// When a task is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// By the calendar.
    Cron(Cron),
    /// Every so often.
    Rate(SignedDuration),
    /// Once, by the clocks of a zone.
    At(DateTime),
}

impl Expression {
    /// Reads one; the error says what is wrong and what to write.
    pub fn read(text: &str) -> Result<Self, String> {
        let inner = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(fields) = inner("cron") {
            return Cron::read(fields).map(Self::Cron);
        }
        if let Some(rate) = inner("rate") {
            return read_rate(rate).map(Self::Rate);
        }
        if let Some(at) = inner("at") {
            return read_at(at).map(Self::At);
        }
        Err(format!("{text} is neither cron(...), rate(...) nor at(...)"))
    }

    /// The first time after `after` at which it is due. `anchor`: when what repeats at a rate is due first.
    pub fn next(&self, after: Timestamp, anchor: Option<Timestamp>, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Cron(cron) => cron.next(after, zone),
            Self::Rate(period) => on_grid(anchor?, *period, after),
            Self::At(time) => moment(*time, zone).filter(|at| *at > after),
        }
    }
}

/// The first time after `after` that lies a whole number of periods after the first.
pub fn on_grid(first: Timestamp, period: SignedDuration, after: Timestamp) -> Option<Timestamp> {
    if after < first {
        return Some(first);
    }
    let passed = after.as_second().checked_sub(first.as_second())?.checked_div(period.as_secs())?;
    let seconds = period.as_secs().checked_mul(passed.checked_add(1)?)?;
    first.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// The moment of a local time; `None`: the clocks leave it out. One that they show twice is the first of the two.
pub fn moment(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return None;
    }
    ambiguous.earlier().ok()
}

/// "A positive integer, and a unit": of 1 the unit is in the singular, of more in the plural (user guide, "Rate-based
/// schedules").
fn read_rate(text: &str) -> Result<SignedDuration, String> {
    let wrong = |why: &str| format!("rate({text}): {why}; write it as rate(1 day) or rate(15 minutes)");
    let (number, unit) = text.split_once(' ').ok_or_else(|| wrong("a number and a unit are needed"))?;
    let number: i64 = number.parse().map_err(|_| wrong("the value is no whole number"))?;
    if number < 1 {
        return Err(wrong("the value must be 1 at least"));
    }
    let minutes = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => 1,
        "hour" => 60,
        "day" => 1440,
        _ => return Err(wrong("the unit is none of minute, minutes, hour, hours, day and days")),
    };
    if unit.ends_with('s') != (number > 1) {
        return Err(wrong("1 takes the unit in the singular, more take it in the plural"));
    }
    number.checked_mul(minutes * 60).map(SignedDuration::from_secs).ok_or_else(|| wrong("the value is too large"))
}

/// `yyyy-mm-ddThh:mm:ss`, and nothing more: the zone stands beside it.
fn read_at(text: &str) -> Result<DateTime, String> {
    let wrong =
        || format!("at({text}) is no time: write it as at(2027-01-01T00:00:00), by the clocks of the time zone");
    let shape = text.len() == 19 && text.as_bytes().get(10) == Some(&b'T');
    text.parse().ok().filter(|_| shape).ok_or_else(wrong)
}
