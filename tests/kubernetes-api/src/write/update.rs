//! Replacing and patching.

use serde_json::{Value, json};

use super::{Answer, Part, Writer, checks, namespaces, set, settle};
use crate::key::Key;
use crate::kind::{Kind, NAMESPACES};
use crate::metadata::{self, finalizers, is_being_deleted, text};
use crate::patch;
use crate::refusal::{self, Refusal};
use crate::store::Entry;

impl Writer<'_> {
    /// PUT: the object as it shall be.
    pub(crate) fn replace(&mut self, kind: &Kind, key: &Key, part: Part, object: Value) -> Result<Answer, Refusal> {
        checks::is_of(kind, &object)?;
        checks::is_named(key, &object)?;
        let old = self.store.get(key).cloned();
        if old.is_none() && !(kind.create_on_update && part == Part::Main) {
            return Err(refusal::not_found(kind, &key.name));
        }
        let (said, is) = (text(&object, "uid"), old.as_ref().map_or("", |old| text(&old.object, "uid")));
        if !said.is_empty() && said != is {
            let why = format!("Precondition failed: UID in precondition: {said}, UID in object meta: {is}");
            return Err(refusal::conflict(kind, &key.name, &why));
        }
        match old {
            Some(old) => self.update(kind, key, part, &old, object),
            None => self.create_by_replacing(kind, key, object),
        }
    }

    /// A PUT of what is not there, for kinds that allow it. A version that it was based on is not looked at: unlike
    /// POST, it goes by the store's `GuaranteedUpdate`, which takes the version off (apiserver, `Store.Update`).
    fn create_by_replacing(&mut self, kind: &Kind, key: &Key, mut object: Value) -> Result<Answer, Refusal> {
        metadata::set(&mut object, "resourceVersion", "".into());
        self.create(kind, &key.namespace, object)
    }

    /// PATCH with a JSON merge patch.
    pub(crate) fn patch(&mut self, kind: &Kind, key: &Key, part: Part, patch: &Value) -> Result<Answer, Refusal> {
        let Some(old) = self.store.get(key).cloned() else { return Err(refusal::not_found(kind, &key.name)) };
        let mut object = old.object.as_ref().clone();
        patch::merge(&mut object, patch);
        checks::is_of(kind, &object)?;
        checks::is_named(key, &object)?;
        self.update(kind, key, part, &old, object)
    }

    /// Stores what has become of an object, if it is based on what is there.
    fn update(&mut self, kind: &Kind, key: &Key, part: Part, old: &Entry, new: Value) -> Result<Answer, Refusal> {
        let based_on = text(&new, "resourceVersion");
        if based_on.is_empty() && !kind.unconditional_update {
            return Err(refusal::without_resource_version(kind, &key.name));
        }
        if !based_on.is_empty() && based_on != text(&old.object, "resourceVersion") {
            return Err(refusal::conflict(kind, &key.name, refusal::MODIFIED));
        }
        let new = match part {
            Part::Main => main_part(kind, key, &old.object, new)?,
            Part::Status => status_part(kind, &old.object, new),
        };
        if is_last_word(kind, &old.object, &new) {
            self.store.remove(key);
            return Ok(Answer { code: 200, object: new.into() });
        }
        if new == *old.object && !old.bare {
            return Ok(Answer { code: 200, object: old.object.clone() });
        }
        Ok(Answer { code: 200, object: self.store.put(key, new, false) })
    }
}

/// The old object with everything new but the status.
fn main_part(kind: &Kind, key: &Key, old: &Value, mut new: Value) -> Result<Value, Refusal> {
    checks::is_in(&key.namespace, &new)?;
    checks::is_same(kind, old, &new)?;
    settle(kind, &mut new);
    if kind.status {
        set(&mut new, "status", old.get("status"));
    }
    checks::adds_no_finalizer_too_late(kind, old, &new)?;
    metadata::of_changed(&mut new, old);
    if kind.namespaced {
        metadata::set(&mut new, "namespace", json!(key.namespace));
    }
    if kind.plural == NAMESPACES {
        set(&mut new, "spec", old.get("spec"));
        namespaces::label(&mut new);
    }
    if kind.generation && without_metadata(&new) != without_metadata(old) {
        let generation = metadata::field(old, "generation").as_u64().unwrap_or_default();
        metadata::set(&mut new, "generation", json!(generation + 1));
    }
    Ok(new)
}

/// The old object with the new status.
fn status_part(kind: &Kind, old: &Value, mut new: Value) -> Value {
    settle(kind, &mut new);
    let mut object = old.clone();
    set(&mut object, "status", new.get("status"));
    object
}

fn without_metadata(object: &Value) -> Vec<(&String, &Value)> {
    object.as_object().into_iter().flatten().filter(|(name, _)| *name != "metadata").collect()
}

/// Whether the object was only waiting for this to go.
fn is_last_word(kind: &Kind, old: &Value, new: &Value) -> bool {
    let emptied = kind.plural != NAMESPACES || namespaces::is_emptied(new);
    is_being_deleted(old) && finalizers(new).is_empty() && emptied
}
