//! What was tried, in a table for people.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::{Kind, Meanwhile};
use crate::name::Point;
use crate::run::Trial;
use crate::suite::Tried;

/// How many points of each scenario were tried with each fault, and how many failed.
pub(crate) fn table(tried: &[Tried<'_>]) -> String {
    let mut rows: BTreeMap<&str, (BTreeMap<Kind, usize>, usize)> = BTreeMap::new();
    let mut order: Vec<&str> = vec![];
    for Tried { trial, problems, .. } in tried {
        if !order.contains(&trial.scenario.as_str()) {
            order.push(&trial.scenario);
        }
        let (counts, failed) = rows.entry(&trial.scenario).or_default();
        *counts.entry(trial.kind).or_default() += 1;
        *failed += usize::from(!problems.is_empty());
    }
    let width = order.iter().map(|name| name.len()).max().unwrap_or_default();
    let mut text = line(width, "", Kind::ALL.map(|(_, name)| name.to_owned()), "points", "failed");
    let mut total: BTreeMap<Kind, usize> = BTreeMap::new();
    for name in order {
        let (counts, failed) = &rows[name];
        for (kind, count) in counts {
            *total.entry(*kind).or_default() += count;
        }
        text += &row(width, name, counts, *failed);
    }
    text + &row(width, "all", &total, tried.iter().filter(|tried| !tried.problems.is_empty()).count())
}

fn row(width: usize, name: &str, counts: &BTreeMap<Kind, usize>, failed: usize) -> String {
    let cells = Kind::ALL.map(|(kind, _)| counts.get(&kind).map_or_else(|| "-".to_owned(), ToString::to_string));
    line(width, name, cells, &counts.values().sum::<usize>().to_string(), &failed.to_string())
}

/// `width` is that of the first column: names of scenarios are of any length.
fn line<const CELLS: usize>(width: usize, name: &str, cells: [String; CELLS], points: &str, failed: &str) -> String {
    let cells = cells.map(|cell| format!("{cell:>14}")).concat();
    format!("{name:<width$}{cells}{points:>9}{failed:>8}\n")
}

#[test]
fn every_row_is_as_long_as_the_heading_however_long_the_name() {
    let tried = |trial| Tried { trial, problems: vec![], story: vec![] };
    let trial = |scenario: &str| Trial {
        scenario: scenario.to_owned(),
        kind: Kind::CrashBefore,
        point: Point { name: "ecs:CreateService(hello)".to_owned(), nth: 1 },
        meanwhile: Meanwhile::Nothing,
    };
    let trials = ["bare", "a-scenario-with-a-name-longer-than-most"].map(trial);
    let table = table(&trials.iter().map(tried).collect::<Vec<_>>());
    let lengths: BTreeSet<usize> = table.lines().map(str::len).collect();
    assert_eq!(lengths.len(), 1, "{table}");
}
