//! A trigger from its spec to the tasks that AWS starts for it, while nobody of ours is there.

use std::time::Duration;

use jiff::Timestamp;
use longshore_aws::triggered_tasks;
use longshore_crds::EcsTaskTriggerSpec;
use longshore_crds::ecs_task::Phase;
use longshore_planner::desired::{Facts, Memory, Reference, References, Times, ecs_task_trigger};
use longshore_planner::triggered::Watch;
use longshore_simulator::services::eventbridge;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::account::Account;
use crate::examples::{self, scope};
use crate::object::{Object, cluster_of};

/// A trigger whose resources are there.
struct Trigger {
    object: Object,
    watch: Watch,
}

impl Trigger {
    /// Example 40's on a schedule.
    async fn new(account: &Account, patch: &Value) -> Self {
        Self::of(account, "nightly-report", examples::trigger(patch)).await
    }

    /// Example 40's on an event.
    async fn on_upload(account: &Account, patch: &Value) -> Self {
        Self::of(account, "on-upload", examples::event_trigger(patch)).await
    }

    async fn of(account: &Account, name: &str, spec: EcsTaskTriggerSpec) -> Self {
        let cluster = Object::cluster(&json!({})).converge(account).await;
        let cluster = cluster_of(&cluster);
        let references = References::to_cluster(Reference::Ready(cluster));
        let scope = scope("EcsTaskTrigger", name);
        let now = account.simulator.with_world(|world| world.now);
        let now = Timestamp::from_millisecond(now).unwrap();
        let times = Times { made: Some(now), now };
        let desired = {
            let scope = scope.clone();
            move |memory: &Memory, facts: &Facts| {
                ecs_task_trigger(&scope, &spec, facts, &references, None, memory, times)
            }
        };
        let watch = desired(&Memory::default(), &Facts::new()).unwrap().watch.unwrap();
        let mut object = Object::needing(scope, move |_, memory, facts| desired(memory, facts));
        object.converge(account).await;
        Self { object, watch }
    }
}

fn failures(account: &Account) -> Vec<Option<String>> {
    account.simulator.with_world(|world| world.scheduler.firings.iter().map(|firing| firing.failure.clone()).collect())
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test(start_paused = true)]
async fn a_nightly_task_runs_by_the_role_that_was_made_for_it_and_is_told_of() {
    let account = Account::new().await;
    let command = json!(["./migrate", "up"]);
    let image = "public.ecr.aws/docker/library/python:3.12";
    let task = json!({"task": {"containerDefinitions": [{"name": "report", "image": image, "command": command}]}});
    let trigger = Trigger::new(&account, &task).await;
    sleep(DAY).await;
    assert_eq!(failures(&account), [None], "once a night, and nothing was refused");
    // The first night is looked at later than ECS remembers; the second a few minutes after it.
    let next = account
        .simulator
        .with_world(|world| longshore_simulator::services::scheduler::next_due(world).unwrap() - world.now);
    sleep(Duration::from_millis(u64::try_from(next).unwrap()) + Duration::from_mins(5)).await;
    let seen = triggered_tasks(&account.session.reader(), &trigger.watch, &[]).await.unwrap();
    let told = trigger.watch.told(&[], &seen);
    assert_eq!(told.iter().map(|run| run.phase).collect::<Vec<_>>(), [Phase::Succeeded], "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_s_is_not_passed_by_the_trigger_s_whatever_the_override_says() {
    let account = Account::new().await;
    let trigger = Trigger::new(&account, &json!({"schedule": {"expression": "rate(1 hour)", "timezone": null}})).await;
    // Somebody puts another role into what the schedule passes.
    account.simulator.with_world(|world| {
        let name = trigger.watch.group.clone();
        let input = json!({"taskRoleArn": "arn:aws:iam::123456789012:role/app-shop-migrations"});
        longshore_simulator::services::scheduler::set_input(world, &name, &input.to_string());
    });
    sleep(Duration::from_mins(61)).await;
    let failures = failures(&account);
    let told = failures[0].clone().unwrap_or_default();
    assert!(told.contains("iam:PassRole") && told.contains("app-shop-migrations"), "{failures:?}");
}

#[tokio::test(start_paused = true)]
async fn a_trigger_s_things_go_in_an_order_in_which_nothing_is_started_any_more() {
    let account = Account::new().await;
    let mut trigger = Trigger::new(&account, &json!({})).await;
    assert!(account.ours().iter().any(|thing| thing.contains("schedule")), "{:?}", account.ours());
    trigger.object.remove(&account).await;
    let left: Vec<String> = account.ours().into_iter().filter(|thing| thing.contains("nightly-report")).collect();
    assert_eq!(left, [""; 0]);
}

/// A file comes into a bucket.
async fn upload(account: &Account, bucket: &str, key: &str) {
    let event = json!({"source": "aws.s3", "detailType": "Object Created",
        "detail": {"bucket": {"name": bucket}, "object": {"key": key}}});
    account.simulator.with_world(|world| eventbridge::publish(world, serde_json::from_value(event).unwrap()));
    sleep(Duration::from_secs(5)).await;
}

/// What came of events: nothing, or why no task was started.
fn told(account: &Account) -> Vec<Option<String>> {
    account
        .simulator
        .with_world(|world| world.eventbridge.firings.iter().map(|firing| firing.failure.clone()).collect())
}

/// What the variable of the example's container is in each task.
fn keys(account: &Account) -> Vec<Value> {
    let world = account.simulator.with_world(|world| serde_json::to_value(&*world).unwrap());
    let tasks = world["ecs"]["tasks"].as_object().cloned().unwrap_or_default();
    let of = |task: &Value| task["overrides"]["containerOverrides"][0]["environment"][0]["value"].clone();
    tasks.values().map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn an_upload_starts_a_task_by_the_role_that_was_made_for_it_and_the_task_knows_its_key() {
    let account = Account::new().await;
    let image = "public.ecr.aws/docker/library/python:3.12";
    let task =
        json!({"task": {"containerDefinitions": [{"name": "ingest", "image": image, "command": ["./migrate", "up"]}]}});
    let trigger = Trigger::on_upload(&account, &task).await;
    upload(&account, "orders-in", "2026/11/29/orders.csv").await;
    upload(&account, "elsewhere", "x").await;
    assert_eq!(told(&account), [None], "once, and nothing was refused");
    assert_eq!(keys(&account), ["2026/11/29/orders.csv"]);
    sleep(Duration::from_mins(5)).await;
    let seen = triggered_tasks(&account.session.reader(), &trigger.watch, &[]).await.unwrap();
    let runs = trigger.watch.told(&[], &seen);
    assert_eq!(runs.iter().map(|run| run.phase).collect::<Vec<_>>(), [Phase::Succeeded], "{runs:?}");
}

#[tokio::test(start_paused = true)]
async fn a_suspended_trigger_and_one_whose_role_another_rule_would_use_start_nothing() {
    let account = Account::new().await;
    let mut trigger = Trigger::on_upload(&account, &json!({"suspend": true})).await;
    upload(&account, "orders-in", "a").await;
    assert_eq!(told(&account), []);
    trigger.object.remove(&account).await;
    let trigger = Trigger::on_upload(&account, &json!({"event": {"eventBusName": "orders"}})).await;
    // The default bus knows of no rule.
    upload(&account, "orders-in", "a").await;
    assert_eq!((told(&account), trigger.watch.containers), (vec![], vec!["ingest".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn the_things_of_a_trigger_on_events_go_in_an_order_in_which_nothing_is_started_any_more() {
    let account = Account::new().await;
    let mut trigger = Trigger::on_upload(&account, &json!({})).await;
    assert!(account.ours().iter().any(|thing| thing.starts_with("event rule")), "{:?}", account.ours());
    trigger.object.remove(&account).await;
    let left: Vec<String> = account.ours().into_iter().filter(|thing| thing.contains("on-upload")).collect();
    assert_eq!(left, [""; 0]);
}
