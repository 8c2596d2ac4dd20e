//! Namespaces: what is particular about them, and the controller that empties them.
//!
//! The real controller works beside the server; this one has always just been there, when a write ends.

use serde_json::{Value, json};

use super::{Writer, set};
use crate::key::Key;
use crate::kind::NAMESPACES;
use crate::metadata::{self, finalizers, is_being_deleted, text};

/// Those that every cluster has.
pub(crate) const EVERYWHERE: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
/// Those that cannot be deleted (admission plugin `NamespaceLifecycle`).
pub(super) const PERMANENT: [&str; 3] = ["default", "kube-public", "kube-system"];

/// A new namespace stays until its controller has emptied it.
pub(super) fn begin(object: &mut Value) {
    set(object, "spec", Some(&json!({"finalizers": ["kubernetes"]})));
    set(object, "status", Some(&json!({"phase": "Active"})));
    label(object);
}

/// Every namespace carries its name as a label, to be selected by it.
pub(super) fn label(object: &mut Value) {
    let name = json!(text(object, "name"));
    let mut labels = metadata::field(object, "labels").as_object().cloned().unwrap_or_default();
    labels.insert("kubernetes.io/metadata.name".to_owned(), name);
    metadata::set(object, "labels", Value::Object(labels));
}

pub(super) fn end(object: &mut Value) {
    set(object, "status", Some(&json!({"phase": "Terminating"})));
}

/// Whether the controller is done with it.
pub(super) fn is_emptied(object: &Value) -> bool {
    object.pointer("/spec/finalizers").and_then(Value::as_array).is_none_or(Vec::is_empty)
}

impl Writer<'_> {
    /// Deletes what is in namespaces that are being deleted, and the namespaces once they are empty.
    pub(crate) fn end_namespaces(&mut self) {
        let is_ending = |key: &Key, object: &Value| key.resource == NAMESPACES && is_being_deleted(object);
        let ending: Vec<_> =
            self.store.objects().filter(|(key, object)| is_ending(key, object)).map(|(key, _)| key.clone()).collect();
        for namespace in ending {
            self.delete_what_is_in(&namespace.name);
            let is_empty = self.store.objects().all(|(key, _)| key.namespace != namespace.name);
            if is_empty {
                self.finalize(&namespace);
            }
        }
    }

    fn delete_what_is_in(&mut self, namespace: &str) {
        let is_inside = |key: &Key, object: &Value| key.namespace == namespace && !is_being_deleted(object);
        let inside: Vec<_> =
            self.store.objects().filter(|(key, object)| is_inside(key, object)).map(|(key, _)| key.clone()).collect();
        for key in inside {
            if let Some(kind) = self.kinds.plural(&key.resource) {
                // What refuses to go holds the namespace, as anywhere.
                let _refused = self.delete(kind, &key, &Value::Null);
            }
        }
    }

    /// The last word of the controller: the namespace goes, unless somebody else holds it.
    fn finalize(&mut self, key: &Key) {
        let Some(mut object) = self.store.get(key).map(|entry| entry.object.as_ref().clone()) else { return };
        if finalizers(&object).is_empty() {
            self.store.remove(key);
        } else if !is_emptied(&object) {
            set(&mut object, "spec", Some(&json!({})));
            self.store.put(key, object, false);
        }
    }
}
