//! What watches tell, line by line.

use futures::StreamExt;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

use crate::side::Side;

/// The events of a watch until (and without) the first for which `is_end` holds.
pub(crate) async fn events(side: &Side, path: &str, is_end: impl Fn(&Value) -> bool) -> Vec<Value> {
    let uri = side.full(path);
    let request = http::Request::builder().uri(&uri).body(Body::empty()).unwrap();
    let response = side.client.send(request).await.unwrap();
    assert_eq!(response.status(), 200, "{uri}");
    let mut frames = response.into_body().into_data_stream();
    let (mut text, mut events) = (Vec::new(), Vec::new());
    while let Some(frame) = frames.next().await {
        text.extend_from_slice(&frame.unwrap());
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let event: Value = serde_json::from_slice(&line).unwrap();
            if is_end(&event) {
                return events;
            }
            events.push(event);
        }
    }
    panic!("the watch ended before its time, after {events:?}");
}

/// The last version of all: where a watch of what comes now begins.
pub(crate) async fn version(side: &mut Side) -> String {
    let (_, list) = side.ask("GET", "namespaces?limit=1", &Value::Null).await;
    list["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

/// What happened in a namespace since a version, as a watch of all namespaces tells it. The end is marked by an object
/// made for that.
pub(crate) async fn since(side: &mut Side, resource: &str, namespace: &str, version: &str) -> Vec<Value> {
    let all = format!("/apis/{resource}");
    let (_, plural) = resource.rsplit_once('/').unwrap();
    let (root, _) = all.rsplit_once('/').unwrap();
    let end = format!("end-of-{namespace}");
    let made = json!({"metadata": {"name": end}, "spec": {}});
    let (code, answer) = side.ask("POST", &format!("{root}/namespaces/default/{plural}"), &made).await;
    assert_eq!(code, 201, "{answer}");
    let path = format!("{all}?watch=true&resourceVersion={version}");
    let told = events(side, &path, |event| event["object"]["metadata"]["name"] == *end).await;
    let of_case = told.into_iter().filter(|event| {
        event["object"]["metadata"]["namespace"].as_str().is_some_and(|its| its.starts_with(namespace))
    });
    of_case.map(|event| normal(side, &event)).collect()
}

/// An event in words that are the same for both servers.
pub(crate) fn normal(side: &mut Side, event: &Value) -> Value {
    json!({"type": event["type"], "object": side.seen.normal(&event["object"])})
}
