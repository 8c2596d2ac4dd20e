//! docs/errors.md explains every reason that the planner can give, and none that it cannot.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What stands before a reason in the source.
const MARKS: [&str; 3] = ["Refusal::new(", "(Verdict::Blocked(", "pub const ALREADY_CLAIMED: &str ="];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// A word such as `NotGranted`, as conditions take it for a reason.
fn is_reason(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().any(|c| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The first string literal of a text that starts with one.
fn literal(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('"')?.split('"').next()
}

/// Every reason of one source file.
fn reasons(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let marked = MARKS.iter().flat_map(|mark| code.split(mark).skip(1)).filter_map(literal);
    // The reason of a blocked step is the beginning of its words.
    let leading = code.split('"').skip(1).filter_map(|text| text.split_once(": ")).map(|(word, _)| word);
    // Conditions name theirs as they are.
    let conditions = path.ends_with("report/conditions.rs");
    let whole = code.split('"').skip(1).step_by(2).filter(|_| conditions);
    marked.chain(leading).chain(whole).filter(|word| is_reason(word)).map(ToOwned::to_owned).collect()
}

/// Words before a colon that are no reasons: the beginning of a description in AWS.
const NO_REASONS: [&str; 1] = ["Longshore"];

fn of_the_planner() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found = sources(&source).iter().flat_map(|path| reasons(path)).collect::<BTreeSet<_>>();
    found.into_iter().filter(|word| !NO_REASONS.contains(&word.as_str())).collect()
}

fn errors() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md")).unwrap()
}

#[test]
fn every_reason_is_explained() {
    let (errors, reasons) = (errors(), of_the_planner());
    for known in ["NotGranted", "NotSupportedYet", "AlreadyExists", "Unreadable", "DeploymentFailed", "RolledBack"] {
        assert!(reasons.contains(known), "{known} is not found in the source any more: {reasons:?}");
    }
    // In a heading, or first in a row of a table.
    let explained = |reason: &str| {
        let (heading, row) = (format!("### `{reason}`"), format!("| `{reason}`"));
        errors.lines().any(|line| line == heading || line.starts_with(&row))
    };
    let missing: Vec<&String> = reasons.iter().filter(|reason| !explained(reason)).collect();
    assert!(missing.is_empty(), "docs/errors.md does not explain {missing:?}");
}

#[test]
fn every_explained_reason_exists() {
    let (errors, reasons) = (errors(), of_the_planner());
    let headings = errors.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    let stale: Vec<&str> = headings.filter(|heading| !reasons.contains(*heading)).collect();
    assert!(stale.is_empty(), "docs/errors.md explains what is never said: {stale:?}");
}
