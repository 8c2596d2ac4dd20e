//! What the API server refuses, whatever the schema says. (apimachinery, `ValidateObjectMeta`; apiserver,
//! `checkName`.)

use serde_json::Value;

use crate::key::Key;
use crate::kind::{Kind, NAMESPACES};
use crate::metadata::{field, finalizers, is_being_deleted, text};
use crate::refusal::{self, Refusal};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
    '.', and must start and end with an alphanumeric character";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
    start and end with an alphanumeric character";

/// The body is an object of the kind that the path is about, and its metadata can be read.
pub(super) fn is_of(kind: &Kind, object: &Value) -> Result<(), Refusal> {
    let expected = kind.api_version();
    let said = object["kind"].as_str().unwrap_or_default();
    if object["apiVersion"] == *expected && said == kind.name {
        return has_metadata(object);
    }
    if object["apiVersion"] == *expected && kind.custom && !said.is_empty() {
        return Err(refusal::other_kind(kind, text(object, "name"), said));
    }
    Err(refusal::bad_request(&format!(
        "the object provided is {} {}, expected {} of {expected}",
        object["apiVersion"], object["kind"], kind.name
    )))
}

fn has_metadata(object: &Value) -> Result<(), Refusal> {
    let are_texts = |name: &str| match field(object, name) {
        Value::Object(fields) => fields.values().all(Value::is_string),
        Value::Array(items) => items.iter().all(Value::is_string),
        other => other.is_null(),
    };
    match ["labels", "annotations", "finalizers"].into_iter().find(|name| !are_texts(name)) {
        Some(name) => Err(refusal::bad_request(&format!("metadata.{name} is not made of strings"))),
        None => Ok(()),
    }
}

/// The body is about the object that the path names.
pub(super) fn is_named(key: &Key, object: &Value) -> Result<(), Refusal> {
    let name = text(object, "name");
    if name != key.name {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({})", key.name);
        return Err(refusal::bad_request(&message));
    }
    is_in(&key.namespace, object)
}

/// The body says no other namespace than the path.
pub(super) fn is_in(namespace: &str, object: &Value) -> Result<(), Refusal> {
    let said = text(object, "namespace");
    if said.is_empty() || said == namespace {
        return Ok(());
    }
    Err(refusal::bad_request("the namespace of the provided object does not match the namespace sent on the request"))
}

/// A new object's name can be one.
pub(super) fn can_be_named(kind: &Kind, name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(refusal::invalid(kind, name, "metadata.name: Required value: name or generateName is required"));
    }
    let (is_one, rule) =
        if kind.plural == NAMESPACES { (is_label(name), LABEL) } else { (is_subdomain(name), SUBDOMAIN) };
    if is_one {
        return Ok(());
    }
    Err(refusal::invalid(kind, name, &format!("metadata.name: Invalid value: \"{name}\": {rule}")))
}

fn is_label(name: &str) -> bool {
    name.len() <= 63 && is_part(name)
}

fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_part)
}

fn is_part(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(plain) && part.ends_with(plain) && part.chars().all(|c| plain(c) || c == '-')
}

/// What never changes has not changed.
pub(super) fn is_same(kind: &Kind, old: &Value, new: &Value) -> Result<(), Refusal> {
    for name in ["name", "uid"] {
        let (was, is) = (text(old, name), text(new, name));
        if is != was && !(name == "uid" && is.is_empty()) {
            let why = format!("metadata.{name}: Invalid value: \"{is}\": field is immutable");
            return Err(refusal::invalid(kind, text(old, "name"), &why));
        }
    }
    Ok(())
}

/// What is being deleted gets no new finalizers.
pub(super) fn adds_no_finalizer_too_late(kind: &Kind, old: &Value, new: &Value) -> Result<(), Refusal> {
    let before = finalizers(old);
    let added: Vec<_> = finalizers(new).into_iter().filter(|name| !before.contains(name)).collect();
    if !is_being_deleted(old) || added.is_empty() {
        return Ok(());
    }
    let why = format!(
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new \
         finalizers {added:?}"
    );
    Err(refusal::invalid(kind, text(old, "name"), &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_dns() {
        let cases = [
            ("a", true, true),
            ("a-1", true, true),
            ("a.b", true, false),
            ("A", false, false),
            ("-a", false, false),
            ("a-", false, false),
            ("a..b", false, false),
            ("a_b", false, false),
            ("", false, false),
        ];
        for (name, subdomain, label) in cases {
            assert_eq!((is_subdomain(name), is_label(name)), (subdomain, label), "{name:?}");
        }
        assert!(!is_label(&"a".repeat(64)) && is_subdomain(&"a".repeat(64)) && !is_subdomain(&"a".repeat(254)));
    }
}
