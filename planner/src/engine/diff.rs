//! Which fields differ, named for people.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The member path within the resource, such as `containerDefinitions[web].image`.
    pub path: String,
    /// What AWS has; null where it has nothing.
    pub from: Value,
    /// What is wanted; null where nothing is.
    pub to: Value,
}

/// The fields that differ. Absent and null are the same; lists whose items all have a `name` of their own are
/// compared by name, other lists as wholes.
pub fn differences(from: &Value, to: &Value) -> Vec<Change> {
    let mut changes = vec![];
    if from != to {
        compare(String::new(), from, to, &mut changes);
    }
    changes
}

fn compare(path: String, from: &Value, to: &Value, changes: &mut Vec<Change>) {
    if from == to {
        return;
    }
    if let (Some(from), Some(to)) = (from.as_object(), to.as_object()) {
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for name in names {
            let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            compare(below, member(from.get(name)), member(to.get(name)), changes);
        }
    } else if let (Some(from), Some(to)) = (by_name(from), by_name(to)) {
        let names: BTreeSet<&str> = from.keys().chain(to.keys()).copied().collect();
        for name in names {
            compare(format!("{path}[{name}]"), member(from.get(name).copied()), member(to.get(name).copied()), changes);
        }
    } else {
        changes.push(Change { path, from: from.clone(), to: to.clone() });
    }
}

fn member(value: Option<&Value>) -> &Value {
    value.unwrap_or(&Value::Null)
}

/// The items of a list by their names; `None` where an item has none, or two have the same.
fn by_name(list: &Value) -> Option<BTreeMap<&str, &Value>> {
    let items = list.as_array()?;
    let named: BTreeMap<&str, &Value> =
        items.iter().map(|item| Some((item.get("name")?.as_str()?, item))).collect::<Option<_>>()?;
    (named.len() == items.len()).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_fields_that_differ_are_named() {
        let cases = [
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (json!({"a": 1}), json!({"a": 2}), vec!["a"]),
            (json!({"a": null}), json!({}), vec![]),
            (json!({"a": 1, "b": 2}), json!({"a": 1}), vec!["b"]),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), vec!["b"]),
            (json!({"a": {"b": 1, "c": 2}}), json!({"a": {"b": 1, "c": 3}}), vec!["a.c"]),
            (json!({"a": [1, 2]}), json!({"a": [2, 1]}), vec!["a"]),
            (
                json!({"c": [{"name": "x", "image": "1"}, {"name": "y"}]}),
                json!({"c": [{"name": "y"}, {"name": "x", "image": "2"}]}),
                vec!["c[x].image"],
            ),
            (json!({"c": [{"name": "x"}]}), json!({"c": []}), vec!["c[x]"]),
            (json!({"c": [{"name": "x"}, {"name": "x"}]}), json!({"c": []}), vec!["c"]),
        ];
        for (from, to, paths) in cases {
            let found: Vec<String> = differences(&from, &to).into_iter().map(|change| change.path).collect();
            assert_eq!(found, paths, "{from} -> {to}");
        }
    }
}
