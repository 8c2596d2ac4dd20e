//! What a structural schema does to an object that it takes: unknown fields go, nulls go, defaults come.
//!
//! (Kubernetes, "Extend the Kubernetes API with custom resource definitions", Field pruning, Defaulting, Defaulting and
//! Nullable.) Nothing is validated: neither types, nor enums, nor CEL.

use serde_json::{Map, Value};

/// Brings an object into the form in which it is stored. Its metadata is left alone.
pub(crate) fn settle(schema: &Value, object: &mut Value) {
    let Value::Object(fields) = object else { return };
    let metadata = fields.remove("metadata");
    let meta: Vec<_> = ["apiVersion", "kind"].into_iter().filter_map(|name| fields.remove_entry(name)).collect();
    settle_fields(schema, fields);
    fields.extend(meta);
    if let Some(metadata) = metadata {
        fields.insert("metadata".to_owned(), metadata);
    }
}

fn settle_value(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => settle_fields(schema, fields),
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    settle_value(schema, item);
                }
            }
        }
        _ => {}
    }
}

fn settle_fields(schema: &Value, fields: &mut Map<String, Value>) {
    let known = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties");
    let is_known = |name: &str| known.is_some_and(|known| known.contains_key(name));
    let keeps_all = schema["x-kubernetes-preserve-unknown-fields"] == true || others.is_some_and(|one| *one != false);
    fields.retain(|name, _| keeps_all || is_known(name));
    for (name, schema) in known.into_iter().flatten() {
        let default = schema.get("default");
        match fields.get(name) {
            Some(Value::Null) if schema["nullable"] != true => match default {
                Some(default) => _ = fields.insert(name.clone(), default.clone()),
                None => _ = fields.remove(name),
            },
            None => {
                if let Some(default) = default {
                    fields.insert(name.clone(), default.clone());
                }
            }
            Some(_) => {}
        }
        if let Some(value) = fields.get_mut(name) {
            settle_value(schema, value);
        }
    }
    if let Some(schema) = others.filter(|schema| schema.is_object()) {
        for (_, value) in fields.iter_mut().filter(|(name, _)| !is_known(name)) {
            settle_value(schema, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "count": {"type": "integer"},
                "mode": {"type": "string", "default": "Manage"},
                "perhaps": {"type": "string", "nullable": true},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "anything": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "items": {"type": "array", "items": {"type": "object", "properties": {
                    "name": {"type": "string"}, "size": {"type": "integer", "default": 1}}}}}},
            "status": {"type": "object", "default": {"observedGeneration": -1}, "properties": {
                "observedGeneration": {"type": "integer"}, "arn": {"type": "string"}}}}})
    }

    #[test]
    fn an_object_is_stored_as_its_schema_says() {
        let absent = json!({"observedGeneration": -1});
        let cases = [
            ("unknown fields go", json!({"surprise": 1}), json!({"mode": "Manage"})),
            (
                "defaults come",
                json!({"items": [{"name": "a"}]}),
                json!({"mode": "Manage", "items": [{"name": "a", "size": 1}]}),
            ),
            ("null is absent", json!({"mode": null, "count": null}), json!({"mode": "Manage"})),
            ("null is kept where it may be", json!({"perhaps": null}), json!({"mode": "Manage", "perhaps": null})),
            ("maps are kept", json!({"labels": {"a": "b"}}), json!({"mode": "Manage", "labels": {"a": "b"}})),
            ("so is anything", json!({"anything": {"a": {}}}), json!({"mode": "Manage", "anything": {"a": {}}})),
        ];
        for (told, spec, expected) in cases {
            let mut object = json!({"kind": "Boat", "metadata": {"name": "a"}, "spec": spec, "more": 1});
            settle(&schema(), &mut object);
            let expected = json!({"kind": "Boat", "metadata": {"name": "a"}, "spec": expected, "status": absent});
            assert_eq!(object, expected, "{told}");
        }
    }

    #[test]
    fn a_default_of_a_whole_fills_no_part() {
        let mut object = json!({"status": {"arn": "x", "unknown": 1}});
        settle(&schema(), &mut object);
        assert_eq!(object, json!({"status": {"arn": "x"}}));
    }
}
