//! Deletion: at once, or marked until the last finalizer goes.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answer, Writer, namespaces};
use crate::key::Key;
use crate::kind::{Kind, NAMESPACES};
use crate::metadata::{self, finalizers, is_being_deleted, text};
use crate::refusal::{self, Refusal};

impl Writer<'_> {
    /// DELETE, with its options (`metav1.DeleteOptions`).
    pub(crate) fn delete(&mut self, kind: &Kind, key: &Key, options: &Value) -> Result<Answer, Refusal> {
        if ["Foreground", "Orphan"].iter().any(|policy| options["propagationPolicy"] == *policy) {
            return Err(refusal::not_modelled("propagationPolicy, as nothing is collected as garbage"));
        }
        if kind.plural == NAMESPACES && namespaces::PERMANENT.contains(&key.name.as_str()) {
            return Err(refusal::forbidden(kind, &key.name, "this namespace may not be deleted"));
        }
        let Some(old) = self.store.get(key).map(|entry| entry.object.clone()) else {
            return Err(refusal::not_found(kind, &key.name));
        };
        for (name, field) in [("UID", "uid"), ("ResourceVersion", "resourceVersion")] {
            let (said, is) = (options.get("preconditions").and_then(|all| all.get(field)?.as_str()), text(&old, field));
            if let Some(said) = said.filter(|said| *said != is) {
                return Err(refusal::precondition(kind, &key.name, name, said, is));
            }
        }
        let waits = !finalizers(&old).is_empty() || (kind.plural == NAMESPACES && !namespaces::is_emptied(&old));
        if !waits {
            self.store.remove(key);
            return Ok(Answer { code: 200, object: success(kind, &old) });
        }
        if is_being_deleted(&old) {
            return Ok(Answer { code: 200, object: old });
        }
        let marked = self.marked(kind, &old);
        Ok(Answer { code: 200, object: self.store.put(key, marked, false) })
    }

    fn marked(&self, kind: &Kind, old: &Value) -> Value {
        let mut object = old.clone();
        metadata::set(&mut object, "deletionTimestamp", metadata::seconds(self.now));
        if kind.plural == NAMESPACES {
            namespaces::end(&mut object);
            return object;
        }
        metadata::set(&mut object, "deletionGracePeriodSeconds", json!(0));
        if let Some(generation) = metadata::field(old, "generation").as_u64() {
            metadata::set(&mut object, "generation", json!(generation + 1));
        }
        object
    }
}

/// What is answered where nothing is left to show.
fn success(kind: &Kind, object: &Value) -> Arc<Value> {
    let mut details = json!({"name": text(object, "name"), "kind": kind.plural, "uid": text(object, "uid")});
    if let Some(details) = details.as_object_mut().filter(|_| !kind.group.is_empty()) {
        details.insert("group".to_owned(), json!(kind.group));
    }
    let status = json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details});
    status.into()
}
