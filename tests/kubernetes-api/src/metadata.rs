//! The part of metadata that is the server's.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::kind::Kind;

/// What a client may say; all else is set by the server, or not kept (`managedFields`).
const CLIENTS: [&str; 6] = ["name", "namespace", "labels", "annotations", "finalizers", "ownerReferences"];
/// What is set once, or by rules of its own.
const SERVERS: [&str; 6] =
    ["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

/// A member of an object's metadata; null where there is none.
pub(crate) fn field<'a>(object: &'a Value, name: &str) -> &'a Value {
    object.get("metadata").and_then(|metadata| metadata.get(name)).unwrap_or(&Value::Null)
}

/// A text in an object's metadata; empty where there is none.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    field(object, name).as_str().unwrap_or_default()
}

pub(crate) fn is_being_deleted(object: &Value) -> bool {
    field(object, "deletionTimestamp").is_string()
}

/// Everything that keeps an object from going.
pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    let all = field(object, "finalizers").as_array();
    all.map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// Sets a member of an object's metadata.
pub(crate) fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert(name.to_owned(), value);
    }
}

/// A point in time as metadata carries it: whole seconds.
pub(crate) fn seconds(at: Timestamp) -> Value {
    json!(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Metadata of a new object, from what its creator says.
pub(crate) fn of_new(kind: &Kind, object: &mut Value, uid: &str, now: Timestamp) {
    let mut metadata = said_by_client(object);
    metadata.insert("uid".to_owned(), json!(uid));
    metadata.insert("creationTimestamp".to_owned(), seconds(now));
    if kind.generation {
        metadata.insert("generation".to_owned(), json!(1));
    }
    put(object, metadata);
}

/// Metadata of a changed object: what the client says now, and what the server knows.
pub(crate) fn of_changed(object: &mut Value, old: &Value) {
    let mut metadata = said_by_client(object);
    for name in SERVERS {
        if let Some(value) = old.get("metadata").and_then(|metadata| metadata.get(name)) {
            metadata.insert(name.to_owned(), value.clone());
        }
    }
    put(object, metadata);
}

/// An empty list or map is the same as none.
fn said_by_client(object: &mut Value) -> Map<String, Value> {
    let metadata = object.get_mut("metadata").map(Value::take);
    let Some(Value::Object(mut metadata)) = metadata else { return Map::new() };
    metadata.retain(|name, value| CLIENTS.contains(&name.as_str()) && !is_empty(value));
    metadata
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn put(object: &mut Value, metadata: Map<String, Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert("metadata".to_owned(), Value::Object(metadata));
    }
}
