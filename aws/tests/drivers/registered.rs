//! A Cloud Map service of a service's own: its tasks are found under the name as long as they run, it changes in place or is
//! replaced, and nothing is left.

use std::collections::BTreeMap;
use std::time::Duration;

use longshore_planner::engine::World;
use longshore_simulator::services::servicediscovery;
use serde_json::{Value, json};

use crate::account::Account;
use crate::object::{Object, thing, words};
use crate::stack::Stack;
use crate::survey::cost::Cost;
use crate::survey::{judged, subject, suspicion};

/// The example under a name in `shop.internal`.
fn under(name: &str, more: &Value) -> Value {
    let mut registry = json!({"namespace": "shop.internal", "name": name});
    crate::examples::merge(&mut registry, more);
    json!({"desiredCount": 2, "serviceRegistries": [{"registry": registry}]})
}

/// How many are found under each name of a namespace, but for what is there beforehand.
fn found(account: &Account, namespace: &str) -> BTreeMap<String, i64> {
    let filter = json!({"Filters": [{"Name": "NAMESPACE_ID", "Values": [namespace]}]});
    let services = account.asks_of("servicediscovery", "ListServices", &filter)["Services"].clone();
    let all = services.as_array().unwrap().iter().filter(|one| one["Name"] != "legacy");
    all.map(|one| (one["Name"].as_str().unwrap().to_owned(), one["InstanceCount"].as_i64().unwrap())).collect()
}

fn shop(account: &Account) -> BTreeMap<String, i64> {
    found(account, "ns-shop0000000000")
}

fn named(names: &[(&str, i64)]) -> BTreeMap<String, i64> {
    names.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

fn arn(world: &World) -> String {
    thing(world, "registry").outputs["arn"].clone()
}

async fn nothing_at_rest(account: &Account, object: &mut Object) {
    let since = account.now();
    let (_, plan) = object.planned(account).await;
    assert_eq!(plan.steps.iter().map(words).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(account.writes(since), [].into());
}

#[tokio::test(start_paused = true)]
async fn tasks_are_found_under_the_name_until_they_stop_and_then_nothing_is_left() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &under("hello", &json!({}))).await;
    assert_eq!(shop(&account), named(&[("hello", 2)]));
    nothing_at_rest(&account, stack.service()).await;
    stack.remove(&account).await;
    assert_eq!((shop(&account), account.ours()), (named(&[]), vec![]));
    let deletions = account.calls(0).into_iter().filter(|call| call.operation == "DeleteService");
    let of_cloud_map: Vec<_> = deletions.filter(|call| call.service == "servicediscovery").collect();
    assert_eq!(of_cloud_map.len(), 1, "asked for once nothing was registered, and not before: {of_cloud_map:?}");
}

#[tokio::test(start_paused = true)]
async fn a_name_may_be_found_by_port_or_without_dns() {
    let cases = [
        (json!({}), json!({"port": 80}), "ns-shop0000000000"),
        (json!({"namespace": "ops.internal"}), json!({}), "ns-ops00000000000"),
    ];
    for (registry, entry, namespace) in cases {
        let account = Account::new().await;
        let mut patch = under("hello", &registry);
        crate::examples::merge(&mut patch["serviceRegistries"][0], &entry);
        let mut stack = Stack::converged_with(&account, &patch).await;
        assert_eq!(found(&account, namespace), named(&[("hello", 2)]), "{registry} {entry}");
        nothing_at_rest(&account, stack.service()).await;
        stack.remove(&account).await;
        assert_eq!(account.ours(), [""; 0], "{registry} {entry}");
    }
}

#[tokio::test(start_paused = true)]
async fn how_long_a_name_is_kept_changes_in_place() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &under("hello", &json!({}))).await;
    let before = arn(&stack.converge(&account).await);
    let since = account.now();
    stack.change(&under("hello", &json!({"ttlSeconds": 5})));
    let world = stack.converge(&account).await;
    assert_eq!((arn(&world), thing(&world, "registry").value["ttlSeconds"].clone()), (before, json!(5)));
    assert_eq!(account.writes(since), [("UpdateService".to_owned(), 1)].into(), "Cloud Map's: no task is replaced");
}

/// Whoever knows the old name finds tasks until there are some under the new one.
#[tokio::test(start_paused = true)]
async fn another_name_takes_the_place_of_one_without_a_gap() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &under("hello", &json!({}))).await;
    stack.change(&under("greeter", &json!({})));
    for _ in 0..100 {
        let round = stack.service().round(&account).await;
        assert_eq!(round.faults, [], "nothing is refused");
        let now = shop(&account);
        assert!(now.values().any(|count| *count == 2), "{now:?}");
        if round.plan.converged() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    assert_eq!(shop(&account), named(&[("greeter", 2)]));
    nothing_at_rest(&account, stack.service()).await;
    // And back again, in the middle of the way.
    stack.change(&under("hello", &json!({})));
    stack.service().round(&account).await;
    stack.change(&under("greeter", &json!({})));
    stack.converge(&account).await;
    assert_eq!(shop(&account), named(&[("greeter", 2)]));
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_out_of_the_spec_is_taken_out_of_cloud_map() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &under("hello", &json!({}))).await;
    stack.change(&json!({"desiredCount": 2}));
    stack.converge(&account).await;
    assert_eq!(shop(&account), named(&[]));
    nothing_at_rest(&account, stack.service()).await;
    stack.change(&under("hello", &json!({})));
    stack.converge(&account).await;
    assert_eq!(shop(&account), named(&[("hello", 2)]));
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_away_behind_longshores_back_is_seen_and_made_again() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &under("hello", &json!({}))).await;
    let world = stack.converge(&account).await;
    let before = arn(&world);
    let tasks = account.asks("ListTasks", &json!({"cluster": thing(&world, "service").value["cluster"]}));
    for task in tasks["taskArns"].as_array().unwrap() {
        let id = task.as_str().unwrap().rsplit('/').next().unwrap();
        account.simulator.with_world(|world| servicediscovery::deregister(world, id));
    }
    account.asks_of("servicediscovery", "DeleteService", &json!({"Id": before}));
    let found = judged(&account, &[subject(stack.service())]).await;
    assert!(suspicion(&found[0]).is_some_and(|why| why.contains("registry")), "{found:?}");
    let after = arn(&stack.converge(&account).await);
    assert_ne!(before, after);
    assert_eq!(shop(&account), named(&[("hello", 2)]), "they are registered in the new one");
    nothing_at_rest(&account, stack.service()).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_makes_no_second_one() {
    let account = Account::new().await;
    account.breaks("CreateService", 1, 1, longshore_simulator::faults::Kind::LostReply);
    Stack::converged_with(&account, &under("hello", &json!({}))).await;
    assert_eq!(shop(&account), named(&[("hello", 2)]));
}

/// Calls of a sweep of them, and the hundredths of one that each further service may add (docs/performance.md).
const SWEEP: usize = 16;
const FURTHER: usize = 11;

#[tokio::test(start_paused = true)]
async fn seventy_names_cost_a_sweep_one_list() {
    let account = Account::new().await;
    let mut stack = Stack::converged_with(&account, &under("hello-00", &json!({}))).await;
    let cluster = stack.cluster.converge(&account).await;
    let cluster = crate::object::cluster_of(&cluster);
    let mut services: Vec<Object> = (1..70)
        .map(|n| Object::service(&format!("hello-{n:02}"), &cluster, &under(&format!("hello-{n:02}"), &json!({}))))
        .collect();
    for some in services.chunks_mut(10) {
        futures::future::join_all(some.iter_mut().map(|service| service.converge(&account))).await;
    }
    let subjects: Vec<_> = services.iter().map(subject).collect();
    let cost = Cost::of(&account, &[subject(stack.service())], &subjects).await;
    println!("with a name in Cloud Map: {cost:?}");
    assert!(cost.is_at_most(SWEEP, FURTHER), "{cost:?}");
}
