//! Each verdict does what it says, at the call that it is meant for.

use std::time::Duration;

use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Error, ResourceExt};
use longshore_kubernetes_api::{
    Call, FOREVER, KubernetesApi, Outcome, Seamless, Verb, Verdict, conflict_on, too_many_requests, unavailable,
};
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::world::{api, cluster, clusters, key, yaml};

/// Gives the verdict to the n-th call of this verb.
fn at(verb: Verb, nth: usize, verdict: Verdict) -> impl Fn(&Call) -> Verdict + Send + Sync {
    move |call| if (call.verb, call.nth) == (verb, nth) { verdict.clone() } else { Verdict::Serve }
}

fn last_outcome(api: &KubernetesApi) -> (Outcome, bool) {
    let calls = api.calls();
    let last = calls.last().unwrap();
    (last.outcome, last.changed)
}

#[tokio::test(start_paused = true)]
async fn a_creation_takes_effect_or_not_as_its_verdict_says() {
    let cases = [
        (Verdict::Serve, true, Outcome::Answered(201)),
        (Verdict::BreakBefore, false, Outcome::Broken),
        (Verdict::BreakAfter, true, Outcome::Lost(201)),
        (Verdict::Refuse(unavailable()), false, Outcome::Answered(503)),
        (Verdict::Delay(FOREVER), false, Outcome::Open),
        (Verdict::Delay(Duration::from_secs(30)), false, Outcome::Open),
        (Verdict::Delay(Duration::from_secs(5)), true, Outcome::Answered(201)),
        (Verdict::DelayAnswer(FOREVER), true, Outcome::Answered(201)),
    ];
    for (verdict, has_effect, outcome) in cases {
        let api = api();
        let clusters = clusters(api.client("one", at(Verb::Create, 1, verdict.clone())));
        let (params, new) = (PostParams::default(), cluster("a"));
        let patience = Duration::from_secs(10);
        let answer = timeout(patience, clusters.create(&params, &new)).await;
        let arrives = matches!(verdict, Verdict::Serve) || verdict == Verdict::Delay(Duration::from_secs(5));
        assert_eq!(matches!(answer, Ok(Ok(_))), arrives, "{verdict:?}");
        assert_eq!(api.get(&key("a")).is_some(), has_effect, "{verdict:?}");
        assert_eq!(last_outcome(&api), (outcome, has_effect), "{verdict:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_has_its_code_and_reason() {
    let cases = [
        (conflict_on(&key("a")), 409, "Conflict"),
        (too_many_requests(3), 429, "TooManyRequests"),
        (unavailable(), 503, "ServiceUnavailable"),
    ];
    for (refusal, code, reason) in cases {
        let api = api();
        let clusters = clusters(api.client("one", at(Verb::Get, 1, Verdict::Refuse(refusal))));
        let Err(Error::Api(status)) = clusters.get("a").await else { panic!("{reason} did not arrive") };
        assert_eq!((status.code, status.reason.as_str()), (code, reason));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_shows_what_was_before_the_last_changes() {
    let api = api();
    let seam = |call: &Call| if call.nth == 1 { Verdict::Stale(1) } else { Verdict::Serve };
    let clusters = clusters(api.client("one", seam));
    api.apply(&yaml("a")).unwrap();
    assert!(clusters.get_opt("a").await.unwrap().is_none(), "as if it had not been made yet");
    assert!(clusters.get_opt("a").await.unwrap().is_some());

    api.apply(&yaml("b")).unwrap();
    let names = async || {
        let list = clusters.list(&ListParams::default()).await.unwrap();
        list.iter().map(ResourceExt::name_any).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["a"]);
    assert_eq!(names().await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn calls_are_counted_for_each_client_verb_and_resource() {
    let api = api();
    api.apply(&yaml("a")).unwrap();
    let (one, two) = (clusters(api.client("one", Seamless)), clusters(api.client("two", Seamless)));
    let (params, patch) = (PatchParams::default(), Patch::Merge(json!({"status": {"observedGeneration": 1}})));
    one.patch_status("a", &params, &patch).await.unwrap();
    one.patch("a", &params, &patch).await.unwrap();
    two.patch_status("a", &params, &patch).await.unwrap();
    one.patch_status("a", &params, &patch).await.unwrap();
    let told: Vec<_> = api.calls().iter().map(ToString::to_string).collect();
    let expected = [
        "one: patch ecsclusters/status #1 (default/a) Answered(200), changed",
        "one: patch ecsclusters #1 (default/a) Answered(200)",
        "two: patch ecsclusters/status #1 (default/a) Answered(200)",
        "one: patch ecsclusters/status #2 (default/a) Answered(200)",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_can_be_faster() {
    let api = api();
    api.apply(&yaml("a")).unwrap();
    let other = api.clone();
    let seam = move |call: &Call| {
        if call.write {
            other.edit(&key("a"), |object| object["metadata"]["labels"] = json!({"by": "another"})).unwrap();
        }
        Verdict::Serve
    };
    let clusters = clusters(api.client("one", seam));
    let mut read = clusters.get("a").await.unwrap();
    read.annotations_mut().insert("by".to_owned(), "me".to_owned());
    let Err(Error::Api(status)) = clusters.replace("a", &PostParams::default(), &read).await else { panic!() };
    assert!(status.is_conflict());
    assert!(clusters.get("a").await.unwrap().annotations().get("by").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_crashed_process_has_no_part_in_its_successors_luck() {
    let api = api();
    let dead = clusters(api.client("dead", |_: &Call| Verdict::BreakBefore));
    let alive = clusters(api.client("alive", Seamless));
    assert!(dead.create(&PostParams::default(), &cluster("a")).await.is_err());
    alive.create(&PostParams::default(), &cluster("a")).await.unwrap();
    assert_eq!(api.list("ecsclusters").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn thousands_of_requests_take_no_virtual_time() {
    const REQUESTS: usize = 5_000;
    let api = api();
    api.apply(&yaml("a")).unwrap();
    let clusters = clusters(api.client("one", Seamless));
    let (began, ours) = (Instant::now(), std::time::Instant::now());
    for number in 0..REQUESTS {
        let patch = Patch::Merge(json!({"status": {"observedGeneration": number}}));
        clusters.patch_status("a", &PatchParams::default(), &patch).await.unwrap();
    }
    // How long it takes depends on the machine; that it never waits does not.
    println!("{REQUESTS} status patches: {:?}", ours.elapsed());
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(api.calls().len(), REQUESTS);
}
