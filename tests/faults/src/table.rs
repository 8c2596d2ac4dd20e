//! What was tried, in a table for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::fault::Kind;
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
    let mut text = line("", Kind::ALL.map(|(_, name)| name.to_owned()).into_iter(), "points", "failed");
    let mut total: BTreeMap<Kind, usize> = BTreeMap::new();
    for name in order {
        let (counts, failed) = &rows[name];
        for (kind, count) in counts {
            *total.entry(*kind).or_default() += count;
        }
        text += &row(name, counts, *failed);
    }
    text + &row("all", &total, tried.iter().filter(|tried| !tried.problems.is_empty()).count())
}

fn row(name: &str, counts: &BTreeMap<Kind, usize>, failed: usize) -> String {
    let cells = Kind::ALL.map(|(kind, _)| counts.get(&kind).map_or_else(|| "-".to_owned(), ToString::to_string));
    line(name, cells.into_iter(), &counts.values().sum::<usize>().to_string(), &failed.to_string())
}

fn line(name: &str, cells: impl Iterator<Item = String>, points: &str, failed: &str) -> String {
    let mut text = format!("{name:<18}");
    for cell in cells {
        let _infallible = write!(text, "{cell:>14}");
    }
    text + &format!("{points:>9}{failed:>8}\n")
}
