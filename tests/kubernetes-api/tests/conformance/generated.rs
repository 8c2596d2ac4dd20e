//! Sequences of requests that nobody thought of.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::side::Step;

/// Up to a dozen steps with a few objects, of which one is there from the first.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..14).prop_map(|steps| {
        let body = json!({"metadata": {"name": "a"}, "spec": {}});
        let first = Step { method: "POST".to_owned(), path: "ecsclusters".to_owned(), body };
        std::iter::once(first).chain(steps).collect()
    })
}

fn step() -> impl Strategy<Value = Step> {
    let (resource, name) = (select(vec!["ecsclusters", "ecsclusters", "leases"]), select(vec!["a", "b"]));
    let body = (finalizers(), labels(), version(), spec(), select(vec![json!({}), json!({"observedGeneration": 2})]));
    let method = select(vec!["POST", "POST", "PUT", "PATCH", "PATCH", "STATUS", "STATUS-PUT", "DELETE", "GET", "LIST"]);
    (resource, name, body, method).prop_map(|(resource, name, (finalizers, labels, version, spec, status), method)| {
        let spec = if resource == "leases" { json!({"holderIdentity": spec["capacityProviders"][0]}) } else { spec };
        let metadata = json!({"finalizers": finalizers, "labels": labels});
        let with_status = |value: Value| {
            let mut object = json!({"metadata": metadata, "spec": spec});
            if resource != "leases" {
                object["status"] = value;
            }
            object
        };
        let based = |mut object: Value| {
            object["metadata"]["resourceVersion"] = json!(version);
            without_nulls(&mut object);
            object
        };
        let one = format!("{resource}/{name}");
        let status_of = format!("ecsclusters/{name}/status");
        let (method, path, body) = match method {
            "POST" => {
                let mut object = with_status(status);
                without_nulls(&mut object);
                object["metadata"]["name"] = json!(name);
                ("POST", resource.to_owned(), object)
            }
            "PUT" => ("PUT", one, based(with_status(status))),
            "PATCH" => ("PATCH", one, based(with_status(status))),
            "STATUS" => ("PATCH", status_of, based(json!({"metadata": {}, "status": status}))),
            "STATUS-PUT" => ("PUT", status_of, based(json!({"metadata": {}, "spec": {}, "status": status}))),
            "DELETE" => ("DELETE", one, Value::Null),
            "GET" => ("GET", one, Value::Null),
            _ => ("GET", resource.to_owned(), Value::Null),
        };
        Step { method: method.to_owned(), path, body }
    })
}

/// Nothing said, all taken away, or some.
fn finalizers() -> impl Strategy<Value = Value> {
    select(vec![json!(null), json!([]), json!(["x.example/one"]), json!(["x.example/one", "x.example/two"])])
}

fn labels() -> impl Strategy<Value = Value> {
    select(vec![json!(null), json!({}), json!({"a": "b"})])
}

fn version() -> impl Strategy<Value = &'static str> {
    select(vec!["<version>", "<version>", "<first>", ""])
}

fn spec() -> impl Strategy<Value = Value> {
    let one = json!({"capacityProviders": ["FARGATE"]});
    select(vec![json!({}), one, json!({"capacityProviders": ["FARGATE_SPOT"], "surprise": 1})])
}

/// What was left unsaid is not said, and an empty version is none.
fn without_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|name, value| !(value.is_null() || name == "resourceVersion" && value == ""));
        fields.values_mut().for_each(without_nulls);
    }
}
