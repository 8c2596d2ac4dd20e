//! Creation.

use serde_json::Value;

use super::{Answer, Writer, checks, namespaces, set, settle};
use crate::key::Key;
use crate::kind::{Kind, NAMESPACES};
use crate::metadata::{self, is_being_deleted, text};
use crate::refusal::{self, Refusal};

impl Writer<'_> {
    /// POST: stores a new object, without the status that it may come with.
    pub(crate) fn create(&mut self, kind: &Kind, namespace: &str, mut object: Value) -> Result<Answer, Refusal> {
        checks::is_of(kind, &object)?;
        checks::is_in(namespace, &object)?;
        let key = Key::new(&kind.plural, namespace, text(&object, "name"));
        if key.name.is_empty() && !text(&object, "generateName").is_empty() {
            return Err(refusal::not_modelled("metadata.generateName"));
        }
        self.takes_new_objects(kind, &key)?;
        checks::can_be_named(kind, &key.name)?;
        if !text(&object, "resourceVersion").is_empty() {
            return Err(refusal::with_resource_version());
        }
        if let Some(there) = self.store.get(&key) {
            return Err(refusal::already_exists(kind, &key.name, is_being_deleted(&there.object)));
        }
        settle(kind, &mut object);
        if kind.status {
            set(&mut object, "status", None);
        }
        let uid = self.store.uid();
        metadata::of_new(kind, &mut object, &uid, self.now);
        if kind.namespaced {
            metadata::set(&mut object, "namespace", namespace.into());
        }
        if kind.plural == NAMESPACES {
            namespaces::begin(&mut object);
        }
        // The status is dropped after defaults were filled in; its own are filled in whenever it is read.
        let stored = object.clone();
        settle(kind, &mut object);
        let bare = object != stored;
        Ok(Answer { code: 201, object: self.store.put(&key, object, bare) })
    }

    /// Whether its namespace is there, and to stay (admission plugin `NamespaceLifecycle`).
    fn takes_new_objects(&self, kind: &Kind, key: &Key) -> Result<(), Refusal> {
        if !kind.namespaced {
            return Ok(());
        }
        let namespace = Key::new(NAMESPACES, "", &key.namespace);
        match self.store.get(&namespace) {
            Some(entry) if is_being_deleted(&entry.object) => Err(refusal::terminating(kind, key)),
            Some(_) => Ok(()),
            None => Err(match self.kinds.plural(NAMESPACES) {
                Some(namespaces) => refusal::not_found(namespaces, &key.namespace),
                None => refusal::no_such_resource(),
            }),
        }
    }
}
