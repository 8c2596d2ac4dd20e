//! A trigger from its spec to the tasks that AWS starts for it, while nobody of ours is there.

use std::time::Duration;

use jiff::Timestamp;
use longshore_aws::triggered_tasks;
use longshore_crds::ecs_task::Phase;
use longshore_planner::desired::{Facts, Memory, Reference, References, Times, ecs_task_trigger};
use longshore_planner::triggered::Watch;
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
    async fn new(account: &Account, patch: &Value) -> Self {
        let cluster = Object::cluster(&json!({})).converge(account).await;
        let cluster = cluster_of(&cluster);
        let references = References::to_cluster(Reference::Ready(cluster));
        let spec = examples::trigger(patch);
        let scope = scope("EcsTaskTrigger", "nightly-report");
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
