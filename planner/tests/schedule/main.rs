//! Schedules, by the clocks of their zones.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::Timestamp;
use longshore_planner::schedule::{Expression, Shift, moment, on_grid, zone};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn next(expression: &str, zone_name: &str, after: &str) -> Option<String> {
    let expression = Expression::read(expression).unwrap();
    let next = expression.next(at(after), Some(at("2026-11-01T00:30:00Z")), &zone(zone_name).unwrap());
    next.map(|next| next.to_string())
}

#[test]
fn the_next_run_is_told_by_the_clocks_of_the_zone() {
    let cases = [
        ("cron(0 8 ? * MON-FRI *)", "UTC", "2026-11-27T08:00:00Z", "2026-11-30T08:00:00Z"),
        ("cron(0 8 ? * MON-FRI *)", "Europe/Stockholm", "2026-11-27T06:59:59Z", "2026-11-27T07:00:00Z"),
        ("cron(*/30 * 1 JAN ? 2027)", "UTC", "2026-11-27T08:00:00Z", "2027-01-01T00:00:00Z"),
        ("cron(10/15 9-10 ? * 2 *)", "UTC", "2026-11-30T09:10:00Z", "2026-11-30T09:25:00Z"),
        ("cron(0 0 L * ? *)", "UTC", "2027-02-03T00:00:00Z", "2027-02-28T00:00:00Z"),
        // The 1st of August 2026 is a Saturday, the 15th too; the 31st of October also.
        ("cron(0 9 1W 8 ? *)", "UTC", "2026-07-31T10:00:00Z", "2026-08-03T09:00:00Z"),
        ("cron(0 9 15W 8 ? *)", "UTC", "2026-07-31T10:00:00Z", "2026-08-14T09:00:00Z"),
        ("cron(0 9 LW 10 ? *)", "UTC", "2026-10-01T00:00:00Z", "2026-10-30T09:00:00Z"),
        // The 15th of November 2026 is a Sunday, and so is the 31st of May.
        ("cron(0 9 15W 11 ? *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-16T09:00:00Z"),
        ("cron(0 9 31W 5 ? *)", "UTC", "2026-05-01T00:00:00Z", "2026-05-29T09:00:00Z"),
        ("cron(0 9 ? * 6L *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-27T09:00:00Z"),
        // The last but one is seven days before the last day of the month.
        ("cron(0 9 ? * 2L *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-30T09:00:00Z"),
        ("cron(0 9 ? * TUE#2 *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-10T09:00:00Z"),
        ("cron(0 9 ? * SAT#1 *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-07T09:00:00Z"),
        ("cron(0 9 1 1 ? 2199)", "UTC", "2026-11-01T00:00:00Z", "2199-01-01T09:00:00Z"),
        ("rate(2 hours)", "UTC", "2026-11-27T08:00:00Z", "2026-11-27T08:30:00Z"),
        ("rate(1 day)", "UTC", "2026-11-01T00:30:00Z", "2026-11-02T00:30:00Z"),
        ("at(2026-12-24T18:00:00)", "Europe/Stockholm", "2026-11-27T08:00:00Z", "2026-12-24T17:00:00Z"),
    ];
    for (expression, zone, after, expected) in cases {
        assert_eq!(next(expression, zone, after).as_deref(), Some(expected), "{expression} in {zone}");
    }
    assert_eq!(next("at(2026-01-01T00:00:00)", "UTC", "2026-11-27T08:00:00Z"), None, "it has passed");
    assert_eq!(next("at(2026-01-01T00:00:00)", "UTC", "2026-01-01T00:00:00Z"), None, "it is that time");
    assert_eq!(next("cron(0 0 30 2 ? *)", "UTC", "2026-11-27T08:00:00Z"), None, "there is no such day");
}

/// Every run between two times.
fn runs(expression: &str, zone_name: &str, from: &str, to: &str) -> Vec<String> {
    let (expression, zone) = (Expression::read(expression).unwrap(), zone(zone_name).unwrap());
    let mut found = vec![];
    let mut last = at(from);
    while let Some(next) = expression.next(last, None, &zone).filter(|next| *next < at(to)) {
        found.push(next.to_string());
        last = next;
    }
    found
}

#[test]
fn a_nightly_run_is_due_once_on_each_of_the_days_on_which_the_clocks_change() {
    let spring = ("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
    let autumn = ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
    let cases = [
        ("cron(15 4 * * ? *)", spring, vec!["2026-03-29T02:15:00Z", "2026-03-30T02:15:00Z"]),
        ("cron(15 4 * * ? *)", autumn, vec!["2026-10-25T03:15:00Z", "2026-10-26T03:15:00Z"]),
        ("cron(15 2 * * ? *)", spring, vec!["2026-03-30T00:15:00Z"]),
        ("cron(15 2 * * ? *)", autumn, vec!["2026-10-25T00:15:00Z", "2026-10-26T01:15:00Z"]),
    ];
    for (expression, (from, to), expected) in cases {
        assert_eq!(runs(expression, "Europe/Stockholm", from, to), expected, "{expression} from {from}");
    }
}

#[test]
fn a_run_at_an_hour_at_which_the_clocks_change_is_known_before() {
    let shifts_after = |after: &str, expression: &str, name: &str| {
        let Expression::Cron(cron) = Expression::read(expression).unwrap() else { panic!("{expression}") };
        let told = cron.shifts(at(after), &zone(name).unwrap());
        told.iter()
            .map(|shift| match shift {
                Shift::Skipped(time) => format!("skipped {time}"),
                Shift::Doubled(time) => format!("doubled {time}"),
            })
            .collect::<Vec<_>>()
    };
    let stockholm = "Europe/Stockholm";
    let cases = [
        ("cron(15 2 * * ? *)", stockholm, vec!["skipped 2026-03-29T02:15:00", "doubled 2026-10-25T02:15:00"]),
        ("cron(15 4 * * ? *)", stockholm, vec![]),
        ("cron(0 2 ? * SUN *)", stockholm, vec!["skipped 2026-03-29T02:00:00", "doubled 2026-10-25T02:00:00"]),
        ("cron(0 3 * * ? *)", stockholm, vec![]),
        ("cron(15 2 ? * MON *)", stockholm, vec![]),
        ("cron(15 2 * 10 ? *)", stockholm, vec!["doubled 2026-10-25T02:15:00"]),
        ("cron(30 0,23 * * ? *)", "Asia/Beirut", vec!["skipped 2026-03-29T00:30:00", "doubled 2026-10-24T23:30:00"]),
        ("cron(15 2 * * ? *)", "UTC", vec![]),
        ("cron(*/10 * * * ? *)", stockholm, vec![]),
    ];
    for (expression, name, expected) in cases {
        assert_eq!(shifts_after("2026-01-01T00:00:00Z", expression, name), expected, "{expression} in {name}");
    }
    // A year is told of, and of the next change on a 29th of March nothing before that.
    for (after, expected) in
        [("2025-03-28T01:00:00Z", vec![]), ("2025-03-28T01:00:01Z", vec!["skipped 2026-03-29T02:15:00"])]
    {
        assert_eq!(shifts_after(after, "cron(15 2 29 3 ? *)", stockholm), expected, "after {after}");
    }
}

#[test]
fn what_aws_would_refuse_is_told_with_what_to_write() {
    let cases = [
        ("cron(0 8 * *)", "has 4 fields where there must be six"),
        ("cron(60 8 * * ? *)", "minutes 60: values go from 0 to 59"),
        ("cron(0 8 * * * *)", "one of day-of-month and day-of-week must be ?"),
        ("cron(0 8 ? * ? *)", "must be other than ?"),
        ("cron(0 8 1 * MON *)", "one of day-of-month and day-of-week must be ?"),
        ("cron(0 8 ? * FUN *)", "day-of-week FUN: values go from 1 to 7 or SUN to SAT"),
        ("cron(0 8 ? * 3#6 *)", "after # stands a number from 1 to 5"),
        ("cron(0 8 ? * 3#1,6#3 *)", "with # there can be one day only"),
        ("cron(0 8 32W * ? *)", "day-of-month 32: values go from 1 to 31"),
        ("cron(0 8 * * ? 1969)", "year 1969: values go from 1970 to 2199"),
        ("cron(5-1 8 * * ? *)", "minutes 5-1"),
        ("cron(0/0 8 * * ? *)", "minutes 0/0"),
        ("rate(0 minutes)", "must be 1 at least"),
        ("rate(5 weeks)", "the unit is none of"),
        ("rate(1 days)", "in the singular"),
        ("rate(5 minute)", "in the plural"),
        ("rate(five days)", "no whole number"),
        ("at(tomorrow)", "write it as at(2027-01-01T00:00:00)"),
        ("at(2027-01-01 00:00:00)", "write it as at(2027-01-01T00:00:00)"),
        ("at(2027-01-01)", "write it as at(2027-01-01T00:00:00)"),
        ("at(2027-01-01T00:00:00Z)", "write it as at(2027-01-01T00:00:00)"),
        ("daily", "neither cron(...), rate(...) nor at(...)"),
    ];
    for (text, expected) in cases {
        let told = Expression::read(text).unwrap_err();
        assert!(told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn a_time_that_the_clocks_leave_out_has_no_moment_and_a_doubled_one_the_first() {
    let stockholm = zone("Europe/Stockholm").unwrap();
    let of = |text: &str| moment(text.parse().unwrap(), &stockholm).map(|at| at.to_string());
    assert_eq!(of("2026-03-29T02:15:00"), None);
    assert_eq!(of("2026-10-25T02:15:00").as_deref(), Some("2026-10-25T00:15:00Z"));
    assert_eq!(zone("Europe/Atlantis"), None);
}

#[test]
fn what_repeats_stays_on_its_grid_whenever_it_is_asked() {
    let (first, hour) = (at("2026-11-01T00:30:00Z"), jiff::SignedDuration::from_hours(1));
    let cases = [
        ("2026-10-31T00:00:00Z", "2026-11-01T00:30:00Z"),
        ("2026-11-01T00:30:00Z", "2026-11-01T01:30:00Z"),
        ("2026-11-03T17:45:00Z", "2026-11-03T18:30:00Z"),
    ];
    for (after, expected) in cases {
        assert_eq!(on_grid(first, hour, at(after)), Some(at(expected)), "after {after}");
    }
}
