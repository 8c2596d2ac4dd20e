//! Schedules as AWS writes them: `cron(MINUTE HOUR DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR)`, `rate(N UNIT)`, `at(TIME)`.
//!
//! Application Auto Scaling user guide, "Schedule recurring scaling actions using cron expressions".

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// When it is due next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Minutes, hours, days of the month, months, days of the week (1: Sunday), years.
    Cron([Field; 6]),
    /// Every so many minutes.
    Rate(i64),
    /// Once, by a local time.
    At(DateTime),
}

/// The values that a field of a cron expression allows; empty: all.
pub type Field = Vec<Allowed>;

/// What a field of a cron expression allows. Of days, EventBridge Scheduler user guide, "Schedule types", wildcards of
/// cron-based schedules: `L`, `W` and `#`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// This value.
    Value(i64),
    /// The last day of the month.
    LastDay,
    /// Of the days from Monday to Friday of the month the one that is nearest to this day; `None`: to the last one.
    Nearest(Option<i64>),
    /// The last such day of the week in the month.
    LastOf(i64),
    /// The how-manieth such day of the week in the month.
    Nth(i64, i64),
}

/// The position of days in [`FIELDS`].
const DAY_OF_MONTH: usize = 2;
const DAY_OF_WEEK: usize = 4;

/// The years of expressions that name none end here.
const LAST_YEAR: i16 = 2199;
/// The lowest and highest value of each field, and the words that stand for values.
const FIELDS: [(i64, i64, &[&str]); 6] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (1, 12, &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
    (1, 7, &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    (1970, LAST_YEAR as i64, &[]),
];

impl Schedule {
    /// Reads one; `None`: it is none.
    pub fn read(text: &str) -> Option<Self> {
        let (kind, inner) = text.strip_suffix(')')?.split_once('(')?;
        match kind {
            "cron" => {
                let fields: Vec<&str> = inner.split_whitespace().collect();
                let fields: [&str; 6] = fields.try_into().ok()?;
                let mut read = fields.into_iter().zip(FIELDS).enumerate();
                let fields: Option<Vec<Field>> = read.by_ref().map(|(at, (text, of))| field(at, text, of)).collect();
                fields?.try_into().ok().map(Self::Cron)
            }
            "rate" => {
                let (number, unit) = inner.split_once(' ')?;
                let minutes = match unit.trim_end_matches('s') {
                    "minute" => 1,
                    "hour" => 60,
                    "day" => 1440,
                    _ => return None,
                };
                number.parse::<i64>().ok().filter(|number| *number > 0).map(|number| Self::Rate(number * minutes))
            }
            "at" => inner.parse().ok().map(Self::At),
            _ => None,
        }
    }

    /// The first time after `after` at which it is due, by the clocks of a zone; both in milliseconds since the epoch. A local
    /// time that a clock leaves out is skipped, and one that it shows twice counts once.
    pub fn next(&self, after: i64, zone: &TimeZone) -> Option<i64> {
        let minute = Timestamp::from_millisecond(after).ok()?.to_zoned(zone.clone()).datetime();
        match self {
            Self::Rate(minutes) => Some(after + minutes * 60_000),
            Self::At(time) => in_zone(*time, zone).filter(|at| *at > after),
            Self::Cron(fields) => {
                let mut time = minute.with().second(0).subsec_nanosecond(0).build().ok()? + 1.minute();
                while time.year() <= LAST_YEAR {
                    match first_wrong(fields, time) {
                        None => match in_zone(time, zone).filter(|at| *at > after) {
                            Some(at) => return Some(at),
                            None => time += 1.minute(),
                        },
                        Some(5) => time = DateTime::new(time.year() + 1, 1, 1, 0, 0, 0, 0).ok()?,
                        Some(2..=4) => time = time.date().tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight()),
                        Some(1) => time = time.with().minute(0).build().ok()? + 1.hour(),
                        Some(_) => time += 1.minute(),
                    }
                }
                None
            }
        }
    }
}

/// The coarsest field that does not allow a time.
fn first_wrong(fields: &[Field; 6], time: DateTime) -> Option<usize> {
    let values = [
        i64::from(time.minute()),
        i64::from(time.hour()),
        i64::from(time.day()),
        i64::from(time.month()),
        i64::from(time.weekday().to_sunday_one_offset()),
        i64::from(time.year()),
    ];
    let allows =
        |field: &Field, value: i64| field.is_empty() || field.iter().any(|allowed| allowed.is(value, time.date()));
    (0..6).rev().find(|at| !fields.get(*at).zip(values.get(*at)).is_some_and(|(field, value)| allows(field, *value)))
}

impl Allowed {
    /// Whether that is the value of a field, on that day.
    fn is(self, value: i64, date: Date) -> bool {
        let (day, days) = (i64::from(date.day()), i64::from(date.days_in_month()));
        match self {
            Self::Value(allowed) => value == allowed,
            Self::LastDay => day == days,
            Self::Nearest(to) => {
                let works = |day: &i64| {
                    let weekday = i8::try_from(*day).ok().and_then(|day| date.with().day(day).build().ok());
                    weekday.is_some_and(|date| !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday))
                };
                let to = to.unwrap_or(days);
                to <= days && (1..=days).filter(works).min_by_key(|it| it.abs_diff(to)) == Some(day)
            }
            Self::LastOf(weekday) => value == weekday && day + 7 > days,
            Self::Nth(weekday, nth) => value == weekday && (day + 6) / 7 == nth,
        }
    }
}

/// The moment of a local time; `None`: the clock leaves it out.
fn in_zone(time: DateTime, zone: &TimeZone) -> Option<i64> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    if matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
        return None;
    }
    ambiguous.earlier().ok().map(Timestamp::as_millisecond)
}

fn field(at: usize, text: &str, (lowest, highest, words): (i64, i64, &[&str])) -> Option<Field> {
    if text == "*" || text == "?" {
        return Some(vec![]);
    }
    let value = |text: &str| {
        let word = words.iter().position(|word| word.eq_ignore_ascii_case(text)).and_then(|at| i64::try_from(at).ok());
        word.map(|at| at + lowest).or_else(|| text.parse().ok()).filter(|value| (lowest..=highest).contains(value))
    };
    let mut values = vec![];
    for part in text.split(',') {
        let day = match at {
            DAY_OF_MONTH => day_of_month(part, value),
            DAY_OF_WEEK => day_of_week(part, value),
            _ => None,
        };
        if let Some(day) = day {
            values.push(day);
            continue;
        }
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let step = step.map_or(Some(1), |step| step.parse::<usize>().ok().filter(|step| *step > 0))?;
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (value(from)?, value(to)?),
            None if range == "*" => (lowest, highest),
            None if part.contains('/') => (value(range)?, highest),
            None => (value(range)?, value(range)?),
        };
        values.extend((from..=to).step_by(step).map(Allowed::Value));
    }
    Some(values).filter(|values| !values.is_empty())
}

fn day_of_month(part: &str, value: impl Fn(&str) -> Option<i64>) -> Option<Allowed> {
    match part.strip_suffix('W') {
        Some("L") => Some(Allowed::Nearest(None)),
        Some(day) => value(day).map(|day| Allowed::Nearest(Some(day))),
        None => (part == "L").then_some(Allowed::LastDay),
    }
}

fn day_of_week(part: &str, value: impl Fn(&str) -> Option<i64>) -> Option<Allowed> {
    if let Some((day, nth)) = part.split_once('#') {
        return Some(Allowed::Nth(value(day)?, nth.parse().ok().filter(|nth| (1..=5).contains(nth))?));
    }
    match part.strip_suffix('L')? {
        // Of a week it is Saturday.
        "" => Some(Allowed::Value(7)),
        day => value(day).map(Allowed::LastOf),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, zone: &str, after: &str) -> Option<String> {
        let after: Timestamp = after.parse().unwrap();
        let at = Schedule::read(schedule)?.next(after.as_millisecond(), &TimeZone::get(zone).unwrap())?;
        Some(Timestamp::from_millisecond(at).unwrap().to_string())
    }

    #[test]
    fn schedules_are_due_by_the_clocks_of_their_zone() {
        let cases = [
            ("cron(0 8 ? * MON-FRI *)", "UTC", "2026-11-27T08:00:00Z", "2026-11-30T08:00:00Z"),
            ("cron(0 8 ? * MON-FRI *)", "Europe/Stockholm", "2026-11-27T06:59:59Z", "2026-11-27T07:00:00Z"),
            ("cron(15 4 * * ? *)", "Europe/Stockholm", "2026-03-29T00:00:00Z", "2026-03-29T02:15:00Z"),
            ("cron(15 2 * * ? *)", "Europe/Stockholm", "2026-03-28T12:00:00Z", "2026-03-30T00:15:00Z"),
            ("cron(15 2 * * ? *)", "Europe/Stockholm", "2026-10-25T00:15:00Z", "2026-10-26T01:15:00Z"),
            ("cron(*/30 * 1 JAN ? 2027)", "UTC", "2026-11-27T08:00:00Z", "2027-01-01T00:00:00Z"),
            ("cron(0 8 L * ? *)", "UTC", "2027-02-01T00:00:00Z", "2027-02-28T08:00:00Z"),
            // The last of January 2027 is a Sunday, the first of May a Saturday.
            ("cron(0 8 LW * ? *)", "UTC", "2027-01-01T00:00:00Z", "2027-01-29T08:00:00Z"),
            ("cron(0 8 1W MAY ? *)", "UTC", "2027-01-01T00:00:00Z", "2027-05-03T08:00:00Z"),
            ("cron(0 8 15W AUG ? *)", "UTC", "2027-01-01T00:00:00Z", "2027-08-16T08:00:00Z"),
            ("cron(0 8 ? * 6L *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-27T08:00:00Z"),
            ("cron(0 8 ? * 3#2 *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-10T08:00:00Z"),
            ("cron(0 8 ? * MON#5 *)", "UTC", "2026-12-01T00:00:00Z", "2027-03-29T08:00:00Z"),
            ("cron(0 8 ? * L *)", "UTC", "2026-11-01T08:00:00Z", "2026-11-07T08:00:00Z"),
            ("rate(2 hours)", "UTC", "2026-11-27T08:00:00Z", "2026-11-27T10:00:00Z"),
            ("at(2026-12-24T18:00:00)", "Europe/Stockholm", "2026-11-27T08:00:00Z", "2026-12-24T17:00:00Z"),
        ];
        for (schedule, zone, after, expected) in cases {
            assert_eq!(next(schedule, zone, after).as_deref(), Some(expected), "{schedule} in {zone}");
        }
        assert_eq!(next("at(2026-01-01T00:00:00)", "UTC", "2026-11-27T08:00:00Z"), None, "it has passed");
    }

    #[test]
    fn what_is_no_schedule_is_not_read() {
        for text in [
            "cron(0 8 * *)",
            "cron(60 8 * * ? *)",
            "cron(0 8 ? * 3#6 *)",
            "cron(0 8 40W * ? *)",
            "rate(0 minutes)",
            "rate(5 weeks)",
            "at(tomorrow)",
            "daily",
        ] {
            assert_eq!(Schedule::read(text), None, "{text}");
        }
    }
}
