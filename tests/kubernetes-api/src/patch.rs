//! JSON merge patches (RFC 7386), and the patch that `kubectl apply` makes of three documents.

use serde_json::{Map, Value};

/// Applies a merge patch.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// The patch of `kubectl apply`: everything that `new` says, and the removal of what `last` said and `new` does not.
/// What neither of them mentions is left alone.
pub(crate) fn three_way(last: &Value, new: &Value) -> Value {
    let (Value::Object(last), Value::Object(new)) = (last, new) else { return new.clone() };
    let mut patch: Map<String, Value> =
        last.keys().filter(|name| !new.contains_key(*name)).map(|name| (name.clone(), Value::Null)).collect();
    for (name, value) in new {
        let value = last.get(name).map_or_else(|| value.clone(), |last| three_way(last, value));
        patch.insert(name.clone(), value);
    }
    Value::Object(patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The examples of RFC 7386, appendix A.
    #[test]
    fn patches_merge_as_in_the_rfc() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (mut target, patch, expected) in cases {
            let told = format!("{target} and {patch}");
            merge(&mut target, &patch);
            assert_eq!(target, expected, "{told}");
        }
    }

    #[test]
    fn applying_again_removes_what_is_no_longer_said_and_keeps_what_others_said() {
        let last = json!({"spec": {"image": "a", "count": 2, "nested": {"x": 1, "y": 1}}});
        let new = json!({"spec": {"image": "b", "nested": {"y": 1}}});
        let mut live = json!({"spec": {"image": "a", "count": 2, "nested": {"x": 1, "y": 5}, "other": true}});
        merge(&mut live, &three_way(&last, &new));
        assert_eq!(live, json!({"spec": {"image": "b", "nested": {"y": 1}, "other": true}}));
    }
}
