//! Patterns of events as `EventBridge` reads them, so that a mistake is told by its field before AWS refuses it.
//!
//! Source: EventBridge user guide, "Creating Amazon EventBridge event patterns" and "Comparison operators for use in event
//! patterns"; where those do not say, the implementation that AWS publishes (github.com/aws/event-ruler).

mod filter;

use serde_json::{Map, Value};

use crate::engine::FieldPath;

/// API model, `EventPattern`: the most characters that a pattern may have as JSON.
pub const LONGEST: usize = 4096;
/// User guide, "EventBridge quotas": what an account may have unless it asked for more.
pub const LONGEST_BY_DEFAULT: usize = 2048;
/// User guide, "Or": a pattern of which more combinations than this arise by `$or` is refused.
const MOST_COMBINATIONS: usize = 1000;
const OR: &str = "$or";

/// Something that `EventBridge` would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where in the pattern.
    pub at: FieldPath,
    /// What, and what to write instead.
    pub message: String,
}

impl Mistake {
    fn new(at: &FieldPath, message: impl Into<String>) -> Self {
        Self { at: at.clone(), message: message.into() }
    }
}

/// What is wrong with a pattern that stands at `at`; nothing, where `EventBridge` takes it.
pub fn mistakes(pattern: &Map<String, Value>, at: &FieldPath) -> Vec<Mistake> {
    let mut found = vec![];
    fields(pattern, at, &mut found);
    let combinations = combinations(pattern);
    if found.is_empty() && combinations > MOST_COMBINATIONS {
        let message =
            format!("$or makes {combinations} combinations of it, and EventBridge takes {MOST_COMBINATIONS} at most");
        found.push(Mistake::new(at, message));
    }
    let length = serde_json::to_string(pattern).map_or(0, |text| text.chars().count());
    if length > LONGEST {
        let message = format!("as JSON it has {length} characters, and EventBridge takes {LONGEST} at most");
        found.push(Mistake::new(at, message));
    }
    found
}

fn fields(pattern: &Map<String, Value>, at: &FieldPath, found: &mut Vec<Mistake>) {
    if pattern.is_empty() {
        found.push(Mistake::new(at, "it asks for nothing: name a field of the event, such as source"));
    }
    for (name, value) in pattern {
        let at = at.member(name);
        match value {
            Value::Array(alternatives) if name == OR => either(alternatives, &at, found),
            Value::Array(values) => leaf(values, &at, found),
            Value::Object(inner) => fields(inner, &at, found),
            other => {
                let message =
                    format!("{other} must stand in a list, since a pattern lists what a field may be: [{other}]");
                found.push(Mistake::new(&at, message));
            }
        }
    }
}

/// Of `$or` one of the patterns must fit.
fn either(alternatives: &[Value], at: &FieldPath, found: &mut Vec<Mistake>) {
    if alternatives.len() < 2 {
        found.push(Mistake::new(at, "$or chooses between two patterns or more"));
    }
    for (index, alternative) in alternatives.iter().enumerate() {
        let at = at.item(&index.to_string());
        match alternative {
            Value::Object(pattern) => fields(pattern, &at, found),
            other => found.push(Mistake::new(&at, format!("$or chooses between patterns, and {other} is none"))),
        }
    }
}

fn leaf(values: &[Value], at: &FieldPath, found: &mut Vec<Mistake>) {
    if values.is_empty() {
        found.push(Mistake::new(at, "nothing fits an empty list; that a field is missing is [{exists: false}]"));
    }
    for (index, value) in values.iter().enumerate() {
        let at = at.item(&index.to_string());
        match value {
            Value::Array(_) => found.push(Mistake::new(&at, "a list in a list fits nothing: write its items out")),
            Value::Object(filter) => found.extend(filter::mistake(filter, &at)),
            _ => {}
        }
    }
}

/// How many patterns without `$or` one with it stands for.
fn combinations(pattern: &Map<String, Value>) -> usize {
    let of = |(name, value): (&String, &Value)| match value {
        Value::Object(inner) => combinations(inner),
        Value::Array(alternatives) if name == OR => {
            let each = alternatives.iter().filter_map(Value::as_object).map(combinations);
            each.fold(0, usize::saturating_add).max(1)
        }
        _ => 1,
    };
    pattern.iter().map(of).fold(1, usize::saturating_mul)
}
