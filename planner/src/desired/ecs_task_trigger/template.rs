//! What in overrides stands for something of an event: `<name>`, within a text.
//!
//! EventBridge user guide, "Amazon EventBridge input transformation": a variable may stand in quotes, and what it stands for
//! is put there as it is, without escapes.

use serde_json::Value;

use crate::engine::FieldPath;

/// A `<name>`, or a `<` or `>` that belongs to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    To(&'a str),
    Stray,
}

/// All of a text, in their order.
pub(super) fn of(text: &str) -> Vec<Reference<'_>> {
    let mut found = vec![];
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>']) {
        let (_, from) = rest.split_at(at);
        let name = from.strip_prefix('<').and_then(|inner| inner.split_once('>')).map(|(name, _)| name);
        let named = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if let Some(name) = name.filter(|name| !name.is_empty() && name.chars().all(named)) {
            found.push(Reference::To(name));
            rest = from.get(name.len() + 2..).unwrap_or_default();
        } else {
            found.push(Reference::Stray);
            rest = from.get(1..).unwrap_or_default();
        }
    }
    found
}

/// Every text of a value, by its path; items of lists go by their name, if they have one.
pub(super) fn strings<'a>(value: &'a Value, at: &FieldPath) -> Vec<(FieldPath, &'a str)> {
    match value {
        Value::String(text) => vec![(at.clone(), text.as_str())],
        Value::Object(members) => members.iter().flat_map(|(name, value)| strings(value, &at.member(name))).collect(),
        Value::Array(items) => {
            let path = |index: usize, item: &Value| match item.get("name").and_then(Value::as_str) {
                Some(name) => at.item(name),
                None => at.item(&index.to_string()),
            };
            let items = items.iter().enumerate();
            items.flat_map(|(index, item)| strings(item, &path(index, item))).collect()
        }
        _ => vec![],
    }
}
