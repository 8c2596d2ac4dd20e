//! What a user's own hand does.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, ObjectReference};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Api, ResourceExt};
use longshore_kubernetes_api::{ApplyError, Key, Outcome, Seamless, Verb, comparable};
use serde_json::{Value, json};

use crate::world::{api, clusters, key, yaml};

#[tokio::test(start_paused = true)]
async fn applying_again_takes_back_what_is_no_longer_said() {
    let api = api();
    let yaml = |labels: &str, spec: &str| {
        let metadata = format!("{{name: a, labels: {labels}}}");
        format!("{{apiVersion: ecs.longshore.dev/v1alpha1, kind: EcsCluster, metadata: {metadata}, spec: {spec}}}")
    };
    api.apply(&yaml("{one: a, two: b}", "{capacityProviders: [FARGATE]}")).unwrap();
    api.edit(&key("a"), |object| object["metadata"]["labels"]["theirs"] = json!("c")).unwrap();
    let again = api.apply(&yaml("{two: b}", "{}")).unwrap();
    assert_eq!(again[0]["metadata"]["labels"], json!({"theirs": "c", "two": "b"}));
    assert_eq!(again[0]["spec"], json!({}));
    assert_eq!(again[0]["metadata"]["generation"], 2);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_applied_says_why() {
    let api = api();
    assert!(matches!(api.apply("{a: ["), Err(ApplyError::Yaml(_))));
    let Err(ApplyError::Refused(status)) = api.apply("{apiVersion: v1, kind: Pod, metadata: {name: a}}") else {
        panic!("a kind that is not served was taken")
    };
    assert_eq!(status.code, 404);
}

#[tokio::test(start_paused = true)]
async fn times_are_the_clocks() {
    let api = api();
    tokio::time::advance(Duration::from_hours(1)).await;
    api.apply(&yaml("a")).unwrap();
    assert_eq!(api.get(&key("a")).unwrap()["metadata"]["creationTimestamp"], "2026-01-01T01:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_ends_when_the_last_finalizer_in_it_goes() {
    let api = api();
    api.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}").unwrap();
    let held = Key::new("ecsclusters", "shop", "held");
    let yaml = "{apiVersion: ecs.longshore.dev/v1alpha1, kind: EcsCluster, \
        metadata: {name: NAME, namespace: shop, finalizers: [x.example/y]}, spec: {}}";
    api.apply(&yaml.replace("NAME", "held")).unwrap();
    api.apply(&yaml.replace("NAME", "free").replace("x.example/y", "")).unwrap();
    let namespace = Key::new("namespaces", "", "shop");
    api.delete(&namespace).unwrap();
    assert_eq!(api.get(&namespace).unwrap()["status"]["phase"], "Terminating");
    assert_eq!(api.list("ecsclusters").len(), 1, "what nothing holds is gone");
    assert!(api.get(&held).unwrap()["metadata"]["deletionTimestamp"].is_string());
    api.edit(&held, |object| object["metadata"]["finalizers"] = json!([])).unwrap();
    assert!(api.get(&held).is_none() && api.get(&namespace).is_none());
}

#[tokio::test(start_paused = true)]
async fn every_cluster_has_the_namespace_by_which_installations_are_told_apart() {
    let namespaces: Api<Namespace> = Api::all(api().client("one", Seamless));
    assert!(namespaces.get("kube-system").await.unwrap().uid().is_some());
}

#[tokio::test(start_paused = true)]
async fn kubes_recorder_makes_an_event_and_counts_its_repetition() {
    let api = api();
    let recorder =
        Recorder::new(api.client("one", Seamless), Reporter { controller: "longshore".to_owned(), instance: None });
    let about =
        ObjectReference { name: Some("a".to_owned()), namespace: Some("default".to_owned()), ..Default::default() };
    for _ in 0..2 {
        let (reason, action) = ("Created".to_owned(), "Create".to_owned());
        let event = Event { type_: EventType::Normal, reason, note: None, action, secondary: None };
        recorder.publish(&event, &about).await.unwrap();
    }
    let events = api.list("events");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["series"]["count"], 2);
    let calls: Vec<_> = api.calls().iter().map(|recorded| (recorded.call.verb, recorded.outcome)).collect();
    assert_eq!(calls, [(Verb::Create, Outcome::Answered(201)), (Verb::Patch, Outcome::Answered(200))]);
}

#[tokio::test(start_paused = true)]
async fn two_runs_in_which_the_same_happened_end_alike() {
    let run = async |detour: bool| -> Vec<Value> {
        let api = api();
        if detour {
            api.apply(&yaml("b")).unwrap();
            tokio::time::advance(Duration::from_mins(1)).await;
            api.delete(&key("b")).unwrap();
        }
        api.apply(&yaml("a")).unwrap();
        assert!(clusters(api.client("one", Seamless)).get("a").await.is_ok());
        api.dump().values().map(comparable).collect()
    };
    assert_eq!(run(false).await, run(true).await);
}
