//! One of the two servers, asked.

use std::collections::BTreeMap;
use std::time::Duration;

use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::normal::Seen;

/// Resources, the paths before them, and the kinds of their objects.
const RESOURCES: [(&str, &str, &str); 5] = [
    ("ecsclusters", "ecs.longshore.dev/v1alpha1", "EcsCluster"),
    ("awsenvironments", "ecs.longshore.dev/v1alpha1", "AwsEnvironment"),
    ("leases", "coordination.k8s.io/v1", "Lease"),
    ("events", "events.k8s.io/v1", "Event"),
    ("namespaces", "v1", "Namespace"),
];
const WITHOUT_NAMESPACE: [&str; 2] = ["awsenvironments", "namespaces"];
/// The real namespace controller has its own pace.
const PATIENCE: Duration = Duration::from_mins(1);

/// One step of a case: a method, a path, and a body or what is waited for.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// A server, and what it told about a case so far.
pub(crate) struct Side {
    pub(crate) client: Client,
    pub(crate) seen: Seen,
    namespace: String,
}

impl Side {
    /// Makes the namespace of a case.
    pub(crate) async fn begin(client: Client, namespace: &str) -> Self {
        let mut side = Self { client, seen: Seen::default(), namespace: namespace.to_owned() };
        let made = json!({"metadata": {"name": namespace}});
        let (code, answer) = side.ask("POST", "namespaces", &made).await;
        assert_eq!(code, 201, "{answer}");
        side
    }

    /// Takes a step, and tells the answer in words that are the same for both.
    pub(crate) async fn take(&mut self, step: &Step) -> Value {
        let path = self.seen.fill(&self.namespace, &step.path, "");
        if step.method == "AWAIT" {
            return self.wait(&path, step.body.as_str().unwrap()).await;
        }
        let (code, answer) = self.ask(&step.method, &path, &step.body).await;
        json!({"code": code, "answer": self.seen.normal(&answer)})
    }

    async fn wait(&mut self, path: &str, what: &str) -> Value {
        let began = Instant::now();
        loop {
            let (code, answer) = self.ask("GET", path, &Value::Null).await;
            let is_so = match what {
                "gone" => code == 404,
                "marked" => answer["metadata"]["deletionTimestamp"].is_string(),
                other => panic!("not to be waited for: {other}"),
            };
            if is_so {
                return json!({"after a while": what, "answer": self.seen.normal(&answer)});
            }
            assert!(began.elapsed() < PATIENCE, "{path} is never {what}: {answer}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sends a request; answers with code and body.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let full = self.full(path);
        let key = key_of(&full);
        let mut body = if matches!(method, "POST" | "PUT") { complete(body, &full) } else { body.clone() };
        self.seen.fill_all(&self.namespace, &mut body, &key);
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let content = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let request = http::Request::builder().method(method).uri(&full).header("content-type", content);
        let response = self.client.send(request.body(Body::from(bytes)).unwrap()).await.unwrap();
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        // Of a path that nothing is served under, the real one says so in plain text: null here.
        (code, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// A path with what comes before the resource.
    pub(crate) fn full(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let resource = path.split(['/', '?']).next().unwrap();
        let (_, api_version, _) = RESOURCES.iter().find(|(plural, ..)| *plural == resource).unwrap();
        let root = if api_version.contains('/') { "apis" } else { "api" };
        if WITHOUT_NAMESPACE.contains(&resource) {
            return format!("/{root}/{api_version}/{path}");
        }
        format!("/{root}/{api_version}/namespaces/{}/{path}", self.namespace)
    }
}

/// Resource, namespace and name of a full path.
fn key_of(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    let segments: Vec<_> = path.split('/').skip(if path.starts_with("/apis") { 4 } else { 3 }).collect();
    match segments.as_slice() {
        ["namespaces", namespace, resource, name, ..] => format!("{resource}/{namespace}/{name}"),
        [resource, name, ..] => format!("{resource}//{name}"),
        _ => String::new(),
    }
}

/// A body that says what it is, and its name, where it does not yet.
fn complete(body: &Value, path: &str) -> Value {
    let path = path.split('?').next().unwrap();
    let segments: Vec<_> = path.split('/').collect();
    let by_plural: BTreeMap<_, _> =
        RESOURCES.iter().map(|(plural, version, kind)| (*plural, (version, kind))).collect();
    // `namespaces` stands in most paths; the last resource is meant.
    let at = segments.iter().rposition(|segment| by_plural.contains_key(segment)).unwrap();
    let (api_version, kind) = by_plural[segments[at]];
    let mut whole = json!({"apiVersion": api_version, "kind": kind, "metadata": {}});
    whole.as_object_mut().unwrap().extend(body.as_object().cloned().unwrap_or_default());
    if let Some(name) = segments.get(at + 1).filter(|_| whole["metadata"]["name"].is_null()) {
        whole["metadata"]["name"] = json!(name);
    }
    whole
}
