//! ECS's structures as JSON documents with ECS's own member names, both ways.
//!
//! The planner's kinds are spelled as ECS spells them, and the SDK carries the schema of every structure: so
//! nothing is copied member by member, and no member can be forgotten or mistyped here.

use aws_smithy_json::codec::{JsonCodec, JsonCodecSettings};
use aws_smithy_schema::Schema;
use aws_smithy_schema::codec::Codec;
use aws_smithy_schema::serde::{SerdeError, SerializableStruct, ShapeDeserializer, ShapeSerializer};
use longshore_planner::engine::Kind;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fault::Fault;

/// What reads a structure: its generated `deserialize`.
type Reader<T> = fn(&mut dyn ShapeDeserializer) -> Result<T, SerdeError>;

/// An SDK structure as a document.
pub(super) fn document<T: SerializableStruct>(operation: &str, schema: &Schema<'_>, value: &T) -> Result<Value, Fault> {
    let mut serializer = codec().create_serializer();
    serializer.write_struct(schema, value).map_err(|error| unreadable(operation, &error))?;
    serde_json::from_slice(&serializer.finish()).map_err(|error| unreadable(operation, &error))
}

/// A document as an SDK structure; members that the structure does not have are left out.
pub(super) fn structure<T>(operation: &str, document: &Value, read: Reader<T>) -> Result<T, Fault> {
    let bytes = serde_json::to_vec(document).map_err(|error| unreadable(operation, &error))?;
    read(&mut codec().create_deserializer(&bytes)).map_err(|error| unreadable(operation, &error))
}

/// What AWS answered, as a kind's value.
pub(super) fn value<K: DeserializeOwned>(operation: &str, document: Value) -> Result<K, Fault> {
    serde_json::from_value(document).map_err(|error| unreadable(operation, &error))
}

/// A kind's value as a document.
pub(super) fn written<K: Kind>(operation: &str, value: &K) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|error| unreadable(operation, &error))
}

/// What a document has at a pointer (RFC 6901), taken out of it; null where there is nothing.
pub(super) fn taken(document: &mut Value, pointer: &str) -> Value {
    document.pointer_mut(pointer).map(Value::take).unwrap_or_default()
}

fn codec() -> JsonCodec {
    JsonCodec::new(JsonCodecSettings::default())
}

fn unreadable(operation: &str, error: &dyn std::fmt::Display) -> Fault {
    Fault::fix(
        operation,
        Fault::UNEXPECTED,
        format!("the document cannot be read: {error}"),
        "report this: this version of Longshore does not understand what AWS says",
    )
}
