//! What is done to a generated schema before it is written.

use schemars::{Schema, transform::transform_subschemas};
use serde_json::Value;

/// Makes null the same as absent: takes `null` out of every type.
///
/// The API server drops a null in a field that is not nullable, so that rules with `has()` never see one.
pub(crate) fn absent_not_null(schema: &mut Schema) {
    if let Some(object) = schema.as_object_mut() {
        if let Some(inner) = object.get_mut("anyOf").and_then(Value::as_array_mut).and_then(only_option) {
            object.remove("anyOf");
            for (key, value) in inner {
                object.entry(key).or_insert(value);
            }
        }
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [single] = types.as_slice() {
                let single = single.clone();
                object.insert("type".to_owned(), single);
            }
        }
        if let Some(Value::Array(values)) = object.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
    }
    transform_subschemas(&mut absent_not_null, schema);
}

/// The one alternative of an `anyOf` beside null.
fn only_option(alternatives: &mut Vec<Value>) -> Option<serde_json::Map<String, Value>> {
    alternatives.retain(|one| one.get("type").is_none_or(|name| name != "null"));
    match alternatives.as_mut_slice() {
        [Value::Object(single)] => Some(std::mem::take(single)),
        _ => None,
    }
}
