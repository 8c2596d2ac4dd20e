//! Writes: what the API server does to an object on its way into the store.

mod checks;
mod create;
mod delete;
mod namespaces;
mod update;

pub(crate) use namespaces::EVERYWHERE;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::kind::{Kind, Kinds};
use crate::schema;
use crate::store::Store;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All but the status, where that is a subresource.
    Main,
    /// The status alone.
    Status,
}

/// What a write answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) object: Arc<Value>,
}

/// The store, held for one write.
pub(crate) struct Writer<'a> {
    kinds: &'a Kinds,
    store: &'a mut Store,
    now: Timestamp,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(kinds: &'a Kinds, store: &'a mut Store, now: Timestamp) -> Self {
        Self { kinds, store, now }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.store.revision()
    }
}

/// Fills in defaults and drops unknown fields, where there is a schema.
fn settle(kind: &Kind, object: &mut Value) {
    if let Some(schema) = &kind.schema {
        schema::settle(schema, object);
    }
}

/// Sets a member of an object, or takes it away.
fn set(object: &mut Value, name: &str, value: Option<&Value>) {
    let Some(fields) = object.as_object_mut() else { return };
    match value {
        Some(value) => fields.insert(name.to_owned(), value.clone()),
        None => fields.remove(name),
    };
}
