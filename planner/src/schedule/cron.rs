//! `MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR`.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::moment;

/// A cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days: Days,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
}

/// Days of the month or of the week: one of the two is `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<DayOfMonth>),
    OfWeek(Vec<DayOfWeek>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DayOfMonth {
    On(BTreeSet<i16>),
    /// `L`: the last one.
    Last,
    /// `3W`: the weekday nearest to it in the month; `LW`: to the last one.
    NearestWeekday(Option<i16>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DayOfWeek {
    /// 1 is Sunday.
    On(BTreeSet<i16>),
    /// `6L`: the last Friday.
    Last(i16),
    /// `3#2`: the second Tuesday.
    Nth(i16, i16),
}

/// The name of a field, its lowest and highest value, and the words that stand for values.
struct Field(&'static str, i16, i16, &'static [&'static str]);

const MINUTES: Field = Field("minutes", 0, 59, &[]);
const HOURS: Field = Field("hours", 0, 23, &[]);
const DAY_OF_MONTH: Field = Field("day-of-month", 1, 31, &[]);
const MONTHS: Field =
    Field("month", 1, 12, &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);
const DAY_OF_WEEK: Field = Field("day-of-week", 1, 7, &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]);
const YEARS: Field = Field("year", 1970, 2199, &[]);

impl Cron {
    /// Reads the six fields.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wrong = |why: String| format!("cron({text}): {why}");
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day_of_month, month, day_of_week, year] = fields.as_slice() else {
            return Err(wrong(format!(
                "has {} fields where there must be six: minutes, hours, day-of-month, month, day-of-week, year; such as \
                 cron(15 4 * * ? *)",
                fields.len()
            )));
        };
        let days = match (*day_of_month, *day_of_week) {
            ("?", "?") => Err("one of day-of-month and day-of-week must be other than ?".to_owned()),
            (days, "?") => days_of_month(days).map(Days::OfMonth),
            ("?", days) => days_of_week(days).map(Days::OfWeek),
            _ => Err("one of day-of-month and day-of-week must be ?: AWS takes no value, nor *, in both".to_owned()),
        };
        Ok(Self {
            minutes: MINUTES.values(minutes).map_err(wrong)?,
            hours: HOURS.values(hours).map_err(wrong)?,
            days: days.map_err(wrong)?,
            months: MONTHS.values(month).map_err(wrong)?,
            years: YEARS.values(year).map_err(wrong)?,
        })
    }

    /// The first time after `after`. A local time that the clocks leave out is skipped, one that they show twice counts
    /// once (user guide, "Daylight savings time").
    pub(super) fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut date = after.to_zoned(zone.clone()).date();
        while date.year() <= YEARS.2 {
            if !self.years.contains(&date.year()) {
                date = Date::new(date.year().checked_add(1)?, 1, 1).ok()?;
                continue;
            }
            let mut moments = self.times_on(date).into_iter().filter_map(|time| moment(time, zone));
            if let Some(at) = moments.find(|at| *at > after) {
                return Some(at);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// Whether it starts something in each hour of a day: then no clock that changes leaves it out for long.
    pub fn is_hourly(&self) -> bool {
        self.hours.len() == 24
    }

    /// The local times of a day at which it is due, in their order.
    pub(super) fn times_on(&self, date: Date) -> Vec<DateTime> {
        let there = self.years.contains(&date.year())
            && self.months.contains(&i16::from(date.month()))
            && self.days.contain(date);
        if !there {
            return vec![];
        }
        let small = |value: i16| i8::try_from(value).ok();
        let of_hour = |hour: i16| {
            let minutes = self.minutes.iter().filter_map(move |minute| Some((small(hour)?, small(*minute)?)));
            minutes.map(move |(hour, minute)| date.at(hour, minute, 0, 0))
        };
        self.hours.iter().copied().flat_map(of_hour).collect()
    }
}

impl Days {
    fn contain(&self, date: Date) -> bool {
        match self {
            Self::OfMonth(days) => days.iter().any(|day| day.is(date)),
            Self::OfWeek(days) => days.iter().any(|day| day.is(date)),
        }
    }
}

impl DayOfMonth {
    fn is(&self, date: Date) -> bool {
        match self {
            Self::On(days) => days.contains(&i16::from(date.day())),
            Self::Last => date == date.last_of_month(),
            Self::NearestWeekday(day) => nearest_weekday(date, *day) == Some(date),
        }
    }
}

impl DayOfWeek {
    fn is(&self, date: Date) -> bool {
        let weekday = i16::from(date.weekday().to_sunday_one_offset());
        match self {
            Self::On(days) => days.contains(&weekday),
            Self::Last(day) => weekday == *day && date.day() > date.days_in_month() - 7,
            Self::Nth(day, nth) => weekday == *day && (i16::from(date.day()) - 1) / 7 + 1 == *nth,
        }
    }
}

/// Of the month of a date. It stays within the month: of a first that is a Saturday it is the third.
fn nearest_weekday(date: Date, day: Option<i16>) -> Option<Date> {
    let last = date.last_of_month();
    let asked = match day {
        None => last,
        Some(day) => Date::new(date.year(), date.month(), i8::try_from(day).ok()?).ok()?,
    };
    let days = match asked.weekday() {
        Weekday::Saturday if asked.day() == 1 => 2,
        Weekday::Saturday => -1,
        Weekday::Sunday if asked == last => -2,
        Weekday::Sunday => 1,
        _ => 0,
    };
    asked.checked_add(days.days()).ok()
}

fn days_of_month(text: &str) -> Result<Vec<DayOfMonth>, String> {
    let read = |part: &str| match part.strip_suffix('W') {
        Some("L") => Ok(DayOfMonth::NearestWeekday(None)),
        Some(day) => DAY_OF_MONTH.value(day).map(Some).map(DayOfMonth::NearestWeekday),
        None if part == "L" => Ok(DayOfMonth::Last),
        None => DAY_OF_MONTH.part(part).map(DayOfMonth::On),
    };
    text.split(',').map(read).collect()
}

fn days_of_week(text: &str) -> Result<Vec<DayOfWeek>, String> {
    // User guide: of `#` there can be one only.
    if text.contains('#') && text.contains(',') {
        return Err(format!("day-of-week {text}: with # there can be one day only"));
    }
    let read = |part: &str| {
        if let Some((day, nth)) = part.split_once('#') {
            let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth));
            let nth = nth.ok_or_else(|| format!("day-of-week {part}: after # stands a number from 1 to 5"))?;
            return Ok(DayOfWeek::Nth(DAY_OF_WEEK.value(day)?, nth));
        }
        match part.strip_suffix('L') {
            // The last day of the week.
            Some("") => Ok(DayOfWeek::On([7].into())),
            Some(day) => DAY_OF_WEEK.value(day).map(DayOfWeek::Last),
            None => DAY_OF_WEEK.part(part).map(DayOfWeek::On),
        }
    };
    text.split(',').map(read).collect()
}

impl Field {
    fn values(&self, text: &str) -> Result<BTreeSet<i16>, String> {
        let parts: Result<Vec<BTreeSet<i16>>, String> = text.split(',').map(|part| self.part(part)).collect();
        Ok(parts?.into_iter().flatten().collect())
    }

    /// `*`, a value, `FROM-TO`, and each with `/STEP`.
    fn part(&self, text: &str) -> Result<BTreeSet<i16>, String> {
        let (range, step) = text.split_once('/').map_or((text, None), |(range, step)| (range, Some(step)));
        let step = match step {
            None => 1,
            Some(step) => step.parse().ok().filter(|step: &usize| *step > 0).ok_or_else(|| self.wrong(text))?,
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.1, self.2),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            // `10/15`: from 10 on.
            None if text.contains('/') => (self.value(range)?, self.2),
            None => (self.value(range)?, self.value(range)?),
        };
        if from > to {
            return Err(self.wrong(text));
        }
        Ok((from..=to).step_by(step).collect())
    }

    fn value(&self, text: &str) -> Result<i16, String> {
        let word = self.3.iter().position(|word| word.eq_ignore_ascii_case(text)).and_then(|at| i16::try_from(at).ok());
        let value = word.map(|at| at + self.1).or_else(|| text.parse().ok());
        value.filter(|value| (self.1..=self.2).contains(value)).ok_or_else(|| self.wrong(text))
    }

    fn wrong(&self, text: &str) -> String {
        let Self(name, lowest, highest, words) = self;
        let or = match (words.first(), words.last()) {
            (Some(first), Some(last)) => format!(" or {first} to {last}"),
            _ => String::new(),
        };
        format!("{name} {text}: values go from {lowest} to {highest}{or}")
    }
}
