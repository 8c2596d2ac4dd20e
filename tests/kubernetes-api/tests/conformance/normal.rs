//! Answers in words that are the same for both servers: versions by their order, no UIDs, no times.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What a server told: the versions of each object in the order in which they were seen, and UIDs.
#[derive(Default)]
pub(crate) struct Seen {
    versions: BTreeMap<String, Vec<String>>,
    uids: BTreeMap<String, String>,
    token: String,
}

impl Seen {
    /// A text with the names of the case in it replaced by what this server said.
    pub(crate) fn fill(&self, namespace: &str, text: &str, key: &str) -> String {
        let versions = self.versions.get(key).map(Vec::as_slice).unwrap_or_default();
        let unknown = String::new();
        text.replace("<namespace>", namespace)
            .replace("<version>", versions.last().unwrap_or(&unknown))
            .replace("<first>", versions.first().unwrap_or(&unknown))
            .replace("<uid>", self.uids.get(key).unwrap_or(&unknown))
            .replace("<continue>", &self.token)
    }

    pub(crate) fn fill_all(&self, namespace: &str, value: &mut Value, key: &str) {
        match value {
            Value::String(text) => *text = self.fill(namespace, text, key),
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill_all(namespace, item, key)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.fill_all(namespace, field, key)),
            _ => {}
        }
    }

    /// An answer: an object, a list, or a status.
    pub(crate) fn normal(&mut self, answer: &Value) -> Value {
        if answer.is_null() {
            return Value::Null;
        }
        if let Some(items) = answer["items"].as_array() {
            return self.list(answer, items);
        }
        if answer["kind"] == "Status" {
            return status(answer);
        }
        self.object(answer, &answer["kind"])
    }

    fn list(&mut self, list: &Value, items: &[Value]) -> Value {
        let kind = list["kind"].as_str().unwrap_or_default().trim_end_matches("List");
        let items: Vec<_> = items.iter().map(|item| self.object(item, &json!(kind))).collect();
        let token = list["metadata"]["continue"].as_str().unwrap_or_default();
        // It stands in a query.
        self.token = token.replace('=', "%3D").replace('+', "%2B");
        let has_version = list["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty());
        let (goes_on, remaining) = (!token.is_empty(), &list["metadata"]["remainingItemCount"]);
        json!({"apiVersion": list["apiVersion"], "kind": list["kind"], "items": items,
            "goes on": goes_on, "remaining": remaining, "has version": has_version})
    }

    pub(crate) fn object(&mut self, object: &Value, kind: &Value) -> Value {
        let mut object = object.clone();
        let metadata = &mut object["metadata"];
        let text = |name: &str| metadata[name].as_str().unwrap_or_default().to_owned();
        let resource = format!("{}s", kind.as_str().unwrap_or_default().to_lowercase());
        let key = format!("{resource}/{}/{}", text("namespace"), text("name"));
        let (uid, version) = (text("uid"), text("resourceVersion"));
        self.uids.insert(key.clone(), uid);
        let versions = self.versions.entry(key).or_default();
        let nth = versions.iter().position(|seen| *seen == version).unwrap_or_else(|| {
            versions.push(version);
            versions.len() - 1
        });
        let metadata = metadata.as_object_mut().unwrap();
        metadata.remove("managedFields");
        for name in ["uid", "creationTimestamp", "deletionTimestamp"] {
            metadata.entry(name).and_modify(|value| *value = json!("SET"));
        }
        metadata.insert("resourceVersion".to_owned(), json!(format!("#{nth}")));
        if resource == "namespaces" {
            // The real controller reports its progress there, and writes as often as it looks.
            object["status"].as_object_mut().unwrap().remove("conditions");
            object["metadata"]["resourceVersion"] = Value::Null;
        }
        without_nothing(&mut object);
        object
    }
}

/// Kubernetes' own kinds write some fields out that are empty.
fn without_nothing(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    fields.values_mut().for_each(without_nothing);
    fields.retain(|name, value| !(value.is_null() || (name != "spec" && *value == json!({})) || *value == json!([])));
    if fields.get("kind") == Some(&json!("Namespace")) && fields.get("spec") == Some(&json!({})) {
        fields.remove("spec");
    }
}

/// Refusals must agree in what a program reads; their words are for people, and where it costs nothing, the same.
fn status(status: &Value) -> Value {
    let mut status = status.clone();
    if !matches!(status["reason"].as_str(), Some("NotFound" | "AlreadyExists" | "Forbidden")) {
        status["message"] = Value::Null;
        if let Some(details) = status["details"].as_object_mut() {
            details.remove("causes");
        }
    }
    if let Some(details) = status["details"].as_object_mut() {
        details.entry("uid").and_modify(|uid| *uid = json!("SET"));
        // Waiting is no promise.
        details.remove("retryAfterSeconds");
    }
    without_nothing(&mut status);
    status
}
