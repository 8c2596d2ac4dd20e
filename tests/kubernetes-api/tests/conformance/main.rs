//! The API in memory, held against the real API server: the same requests must get the same answers, and their watches
//! tell the same. Where they differ, the one in memory is wrong.

#![cfg(test)]

mod generated;
mod normal;
mod side;
mod watched;

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use longshore_control_plane::{ControlPlane, Leash, wait_for};
use longshore_kubernetes_api::{Clock, Kinds, KubernetesApi, Seamless};
use proptest::test_runner::{Config as Runs, TestCaseError, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use side::{Side, Step};

/// How many sequences are generated. On two cores a step takes the real server some milliseconds.
const SEQUENCES: u32 = 64;
const WATCHED: [&str; 2] = ["ecs.longshore.dev/v1alpha1/ecsclusters", "coordination.k8s.io/v1/leases"];

#[test]
fn the_api_in_memory_answers_as_the_real_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut plane = ControlPlane::start(directory.path(), &Leash::new().unwrap()).unwrap();
    install(&plane);
    let runtime = Runtime::new().unwrap();
    let both = runtime.block_on(Both::new(&plane));

    let wrong: Vec<_> = cases().iter().filter_map(|(says, steps)| runtime.block_on(both.differ(says, steps))).collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    runtime.block_on(both.watches_begin_alike());
    runtime.block_on(both.watches_from_long_ago_end_alike());

    let mut runner = TestRunner::new(Runs { cases: SEQUENCES, failure_persistence: None, ..Runs::default() });
    let held = runner.run(&generated::steps(), |steps| {
        runtime.block_on(both.differ("generated", &steps)).map_or(Ok(()), |why| Err(TestCaseError::fail(why)))
    });
    held.unwrap_or_else(|error| panic!("{error}"));
    plane.stop().unwrap();
}

fn install(plane: &ControlPlane) {
    plane.run(&["apply", "--server-side", "-f", definitions().to_str().unwrap()]).unwrap();
    plane.run(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]).unwrap();
    let kinds = std::fs::read_dir(definitions()).unwrap().count();
    wait_for("the kinds to be served", Duration::from_mins(1), || {
        let found = plane.run(&["api-resources", "--categories=longshore", "--output=name"])?;
        Ok(if found.lines().count() == kinds { Ok(()) } else { Err(found) })
    })
    .unwrap();
    for resource in WATCHED {
        remembered(plane, resource);
    }
}

/// The server makes a kind's watch cache with the first request for it, and a watch from before that ends with 410 ("too
/// old resource version"). A list at version 0 is answered from that cache; until it is there, with 429.
fn remembered(plane: &ControlPlane, resource: &str) {
    let list = format!("/apis/{resource}?resourceVersion=0");
    wait_for(&format!("the watch cache of {resource}"), Duration::from_mins(1), || {
        Ok(plane.run(&["get", "--raw", &list]).map(drop).map_err(|error| error.to_string()))
    })
    .unwrap();
}

fn definitions() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crds/generated")
}

fn cases() -> Vec<(String, Vec<Step>)> {
    let cases: Vec<Value> = serde_saphyr::from_str(include_str!("cases.yaml")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let step = |step: &Value| Step { method: text(&step[0]), path: text(&step[1]), body: step[2].clone() };
    let steps = |case: &Value| case["steps"].as_array().unwrap().iter().map(step).collect();
    cases.iter().map(|case| (text(&case["says"]), steps(case))).collect()
}

struct Both {
    real: Client,
    api: KubernetesApi,
    memory: Client,
    runs: Cell<usize>,
}

impl Both {
    async fn new(plane: &ControlPlane) -> Self {
        let kubeconfig = Kubeconfig::read_from(&plane.kubeconfig).unwrap();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        config.default_retry = false;
        let files = std::fs::read_dir(definitions()).unwrap().map(|entry| entry.unwrap().path());
        let definitions: Vec<_> = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
        let kinds = Kinds::new(definitions.iter().map(String::as_str)).unwrap();
        let api = KubernetesApi::new(&kinds, Clock::default());
        let (real, memory) = (Client::try_from(config).unwrap(), api.client("conformance", Seamless));
        Self { real, api, memory, runs: Cell::default() }
    }

    /// Both servers, with a new namespace.
    async fn sides(&self) -> (String, Side, Side) {
        self.runs.set(self.runs.get() + 1);
        let namespace = format!("case-{}", self.runs.get());
        let (real, memory) = (self.real.clone(), self.memory.clone());
        let (real, memory) = (Side::begin(real, &namespace).await, Side::begin(memory, &namespace).await);
        (namespace, real, memory)
    }

    /// Takes the steps on both sides. Tells the first difference.
    async fn differ(&self, says: &str, steps: &[Step]) -> Option<String> {
        let (namespace, mut real, mut memory) = self.sides().await;
        let versions = (watched::version(&mut real).await, watched::version(&mut memory).await);
        for (number, step) in (1..).zip(steps) {
            let (expected, got) = (real.take(step).await, memory.take(step).await);
            let is_plain = expected["answer"].is_null() && expected["code"] == got["code"];
            if expected != got && !is_plain {
                let Step { method, path, body } = step;
                return Some(format!(
                    "{says}, step {number}: {method} {path} {body}\n  real   {expected}\n  memory {got}"
                ));
            }
        }
        for resource in WATCHED {
            let expected = watched::since(&mut real, resource, &namespace, &versions.0).await;
            let got = watched::since(&mut memory, resource, &namespace, &versions.1).await;
            if expected != got {
                let (expected, got) = (json!(expected), json!(got));
                return Some(format!("{says}: the watch of {resource}\n  real   {expected}\n  memory {got}"));
            }
        }
        None
    }

    /// Streaming lists, and watches that begin with what is there.
    async fn watches_begin_alike(&self) {
        let (_, mut real, mut memory) = self.sides().await;
        let streaming = "ecsclusters?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
            &allowWatchBookmarks=true&resourceVersion=0";
        let plain = "ecsclusters?watch=true&resourceVersion=0";
        let mut told = Vec::new();
        for side in [&mut real, &mut memory] {
            for name in ["b", "a", "last"] {
                side.ask("POST", "ecsclusters", &json!({"metadata": {"name": name}, "spec": {}})).await;
            }
            let is_end =
                |event: &Value| !event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"].is_null();
            let first = watched::events(side, streaming, is_end).await;
            let is_last = |event: &Value| event["object"]["metadata"]["name"] == "last";
            let second = watched::events(side, plain, is_last).await;
            told.push(first.iter().chain(&second).map(|event| watched::normal(side, event)).collect::<Vec<_>>());
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0].len(), 5);
    }

    /// A watch from before what the server remembers.
    async fn watches_from_long_ago_end_alike(&self) {
        let (_, mut real, mut memory) = self.sides().await;
        self.api.forget_history();
        let mut told = Vec::new();
        for side in [&mut real, &mut memory] {
            let error = std::cell::RefCell::new(Value::Null);
            let is_end = |event: &Value| {
                *error.borrow_mut() = event.clone();
                event["type"] == "ERROR"
            };
            watched::events(side, "ecsclusters?watch=true&resourceVersion=1", is_end).await;
            let error = error.into_inner();
            told.push(watched::normal(side, &error));
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0]["object"]["code"], 410);
    }
}
