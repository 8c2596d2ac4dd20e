//! What was tried, in a table for people.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{CellAlignment, Table, presets};

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
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([""].into_iter().chain(Kind::ALL.map(|(_, name)| name)).chain(["points", "failed"]));
    let mut total: BTreeMap<Kind, usize> = BTreeMap::new();
    for name in order {
        let (counts, failed) = &rows[name];
        for (kind, count) in counts {
            *total.entry(*kind).or_default() += count;
        }
        table.add_row(row(name, counts, *failed));
    }
    table.add_row(row("all", &total, tried.iter().filter(|tried| !tried.problems.is_empty()).count()));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n")
}

fn row(name: &str, counts: &BTreeMap<Kind, usize>, failed: usize) -> Vec<String> {
    let cells = Kind::ALL.map(|(kind, _)| counts.get(&kind).map_or_else(|| "-".to_owned(), ToString::to_string));
    let sums = [counts.values().sum::<usize>(), failed].map(|sum| sum.to_string());
    [name.to_owned()].into_iter().chain(cells).chain(sums).collect()
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
