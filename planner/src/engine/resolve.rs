//! Symbolic texts inside JSON values: which outputs they name, and what they become once those are known.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::identity::Id;
use super::text::{PARTS, Part};
use super::world::World;

/// A value with its symbolic texts replaced as far as possible.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// Open texts read `(arn of iam/role:task)`, so that a plan can be shown before anything exists.
    pub value: Value,
    /// Whose outputs are not known yet. Empty: the value is complete.
    pub open: BTreeSet<Id>,
}

/// The value with its symbolic texts replaced by what was observed.
pub fn resolved(value: &Value, world: &World) -> Resolution {
    resolve(value, &|id, output| world.get(id)?.outputs.get(output).cloned())
}

/// The resources whose outputs a value contains.
pub(super) fn outputs_in(value: &Value) -> BTreeSet<Id> {
    let mut found = BTreeSet::new();
    walk(value, &mut |parts| {
        found.extend(parts.iter().filter_map(|part| match part {
            Part::Out { id, .. } => Some(id.clone()),
            Part::Lit(_) => None,
        }));
    });
    found
}

/// Replaces each symbolic text by what `output` says of its parts.
pub(super) fn resolve(value: &Value, output: &dyn Fn(&Id, &str) -> Option<String>) -> Resolution {
    let mut open = BTreeSet::new();
    let value = replace(value, output, &mut open);
    Resolution { value, open }
}

fn parts_of(value: &Value) -> Option<Vec<Part>> {
    let members = value.as_object()?;
    if members.len() != 1 {
        return None;
    }
    Vec::<Part>::deserialize(members.get(PARTS)?).ok()
}

fn walk(value: &Value, visit: &mut dyn FnMut(&[Part])) {
    if let Some(parts) = parts_of(value) {
        return visit(&parts);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(members) => members.values().for_each(|member| walk(member, visit)),
        _ => {}
    }
}

fn replace(value: &Value, output: &dyn Fn(&Id, &str) -> Option<String>, open: &mut BTreeSet<Id>) -> Value {
    if let Some(parts) = parts_of(value) {
        return Value::String(parts.iter().map(|part| text_of(part, output, open)).collect());
    }
    match value {
        Value::Array(items) => items.iter().map(|item| replace(item, output, open)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), replace(member, output, open))).collect()
        }
        other => other.clone(),
    }
}

fn text_of(part: &Part, output: &dyn Fn(&Id, &str) -> Option<String>, open: &mut BTreeSet<Id>) -> String {
    match part {
        Part::Lit(text) => text.clone(),
        Part::Out { id, output: name } => output(id, name).unwrap_or_else(|| {
            open.insert(id.clone());
            format!("({name} of {id})")
        }),
    }
}
