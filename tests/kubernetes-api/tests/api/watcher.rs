//! kube's watcher and reflector, as the controller uses them, when events are lost and watches end.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Client, ResourceExt};
use longshore_crds::EcsCluster;
use longshore_kubernetes_api::{Call, Delivery, Event, KubernetesApi, Seam, Seamless, Verb, Verdict};
use serde_json::json;

use crate::world::{api, clusters, key, yaml};

/// What becomes of the n-th event.
struct Deliveries(BTreeMap<usize, Delivery>);

impl Seam for Deliveries {
    fn judge(&self, _: &Call) -> Verdict {
        Verdict::Serve
    }

    fn deliver(&self, event: &Event) -> Delivery {
        self.0.get(&event.nth).copied().unwrap_or_default()
    }
}

/// Follows all clusters as the controller does.
async fn follow(client: Client, config: watcher::Config) -> Store<EcsCluster> {
    let (store, writer) = reflector::store();
    let stream = watcher(clusters(client), config).default_backoff().reflect(writer);
    tokio::spawn(stream.for_each(async |_| {}));
    store.wait_until_ready().await.unwrap();
    store
}

/// Labels an object, and lets everything happen that follows.
async fn label(api: &KubernetesApi, name: &str, label: &str) {
    api.edit(&key(name), |object| object["metadata"]["labels"] = json!({"now": label})).unwrap();
    settle().await;
}

async fn settle() {
    tokio::time::sleep(Duration::from_secs(10)).await;
}

/// What the reflector knows of an object's label.
fn known(store: &Store<EcsCluster>, name: &str) -> Option<String> {
    let object = store.get(&ObjectRef::new(name).within("default"))?;
    Some(object.labels().get("now").cloned().unwrap_or_default())
}

fn watches(api: &KubernetesApi) -> usize {
    api.calls().iter().filter(|recorded| recorded.call.verb == Verb::Watch).count()
}

#[tokio::test(start_paused = true)]
async fn a_reflector_survives_ended_watches_and_finds_what_was_lost_when_it_lists_anew() {
    let api = api();
    api.apply(&[yaml("a"), yaml("b")].join("\n---\n")).unwrap();
    let plan = [(3, Delivery::Lose), (4, Delivery::Double), (5, Delivery::Close), (7, Delivery::Expire)];
    let client = api.client("one", Deliveries(plan.into()));
    let store = follow(client, watcher::Config::default().streaming_lists()).await;
    assert_eq!((known(&store, "a").as_deref(), watches(&api)), (Some(""), 1));

    label(&api, "a", "lost").await;
    assert_eq!(known(&store, "a").as_deref(), Some(""), "nobody told");
    label(&api, "b", "told twice").await;
    assert_eq!(known(&store, "b").as_deref(), Some("told twice"));

    api.apply(&yaml("c")).unwrap();
    settle().await;
    assert_eq!((known(&store, "c").as_deref(), watches(&api)), (Some(""), 2), "the watch was taken up again");
    assert_eq!(known(&store, "a").as_deref(), Some(""), "from where it was, and not from the beginning");

    label(&api, "c", "expired").await;
    assert_eq!((known(&store, "c").as_deref(), watches(&api)), (Some("expired"), 3));
    assert_eq!(known(&store, "a").as_deref(), Some("lost"), "a new list tells everything");
}

#[tokio::test(start_paused = true)]
async fn both_ways_to_begin_know_of_changes_and_deletions_for_hours() {
    let streaming = watcher::Config::default().streaming_lists();
    for config in [streaming, watcher::Config::default().page_size(1)] {
        let api = api();
        api.apply(&[yaml("a"), yaml("b")].join("\n---\n")).unwrap();
        let store = follow(api.client("one", Seamless), config).await;
        assert_eq!(store.len(), 2);
        // kube ends each watch after five minutes.
        tokio::time::sleep(Duration::from_hours(3)).await;
        label(&api, "a", "late").await;
        api.delete(&key("b")).unwrap();
        settle().await;
        assert_eq!((known(&store, "a").as_deref(), known(&store, "b")), (Some("late"), None));
        assert!(watches(&api) > 30);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_between_two_watches_is_listed_anew() {
    let api = api();
    api.apply(&yaml("a")).unwrap();
    let seam =
        |call: &Call| if (call.verb, call.nth) == (Verb::Watch, 2) { Verdict::BreakBefore } else { Verdict::Serve };
    let store = follow(api.client("one", seam), watcher::Config::default().streaming_lists()).await;
    tokio::time::sleep(Duration::from_secs(289)).await;
    // The first watch ends now; while the second does not come about, the world goes on.
    api.edit(&key("a"), |object| object["metadata"]["labels"] = json!({"now": "forgotten"})).unwrap();
    api.forget_history();
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(known(&store, "a").as_deref(), Some("forgotten"));
}
