//! Tasks that run to their end: run once whatever is lost, followed, stopped, and remembered longer than ECS does.

use std::time::Duration;

use jiff::Timestamp;
use longshore_aws::{leave_trace, one_off_tasks, run_task, stop_task, traces};
use longshore_crds::ecs_task::Phase;
use longshore_planner::desired::{Facts, Memory, Reference, References, ecs_task};
use longshore_planner::engine::Ownership;
use longshore_planner::one_off::{Attempt, Order, Sight, Trace};
use longshore_simulator::faults::Kind;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::account::Account;
use crate::examples::{self, scope};
use crate::object::{Object, cluster_of};

/// A one-off task whose resources are there.
struct Job {
    order: Order,
    attempt: Attempt,
    ownership: Ownership,
}

impl Job {
    async fn new(account: &Account, command: &str) -> Self {
        let cluster = Object::cluster(&json!({})).converge(account).await;
        let cluster = cluster_of(&cluster);
        let references = References::to_cluster(Reference::Ready(cluster));
        let spec = examples::task(&json!({"taskFrom": null, "overrides": null, "task": {
            "cpu": 256, "memory": 512,
            "containerDefinitions": [{"name": "job", "image": "example/job:1", "command": ["./migrate", command]}],
        }}));
        let scope = scope("EcsTask", "migrate-142");
        let desired = {
            let scope = scope.clone();
            move |memory: &Memory, facts: &Facts| ecs_task(&scope, &spec, facts, &references, None, memory, None)
        };
        let order = desired(&Memory::default(), &Facts::new()).unwrap().order.unwrap();
        let mut object = Object::needing(scope.clone(), move |_, memory, facts| desired(memory, facts));
        let world = object.converge(account).await;
        // IAM takes a while until what it made can be assumed.
        sleep(Duration::from_secs(30)).await;
        let order = order.resolved(&world).unwrap();
        let attempt = Attempt::next(None, &order, (1, 1), "uid", Timestamp::UNIX_EPOCH);
        Self { order, attempt, ownership: scope.ownership() }
    }

    fn request(&self) -> Value {
        self.order.call(&self.attempt)
    }

    async fn seen(&self, account: &Account, known: &[String]) -> Vec<Sight> {
        let (reader, order) = (account.session.reader(), &self.order);
        one_off_tasks(&reader, &self.ownership, &order.cluster, &order.started_by, known).await.unwrap()
    }

    async fn run(&self, account: &Account) -> usize {
        run_task(&account.session.writer(), &self.ownership, &self.request()).await.unwrap().count
    }
}

fn started(account: &Account) -> usize {
    account.simulator.with_world(|world| serde_json::to_value(&world.ecs).unwrap())["tasks"].as_object().unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_reply_is_lost_is_made_again_and_runs_nothing_twice() {
    let account = Account::new().await;
    let job = Job::new(&account, "up").await;
    account.breaks("RunTask", 1, 1, Kind::LostReply);
    let lost = run_task(&account.session.writer(), &job.ownership, &job.request()).await.unwrap_err();
    assert!(lost.outcome_unknown(), "{lost}");
    let account = account.after_a_crash().await;
    assert_eq!(job.run(&account).await, 1);
    assert_eq!(started(&account), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_followed_to_its_end_and_forgotten_an_hour_later() {
    let account = Account::new().await;
    let job = Job::new(&account, "fail").await;
    assert_eq!(job.seen(&account, &[]).await, []);
    job.run(&account).await;
    sleep(Duration::from_mins(2)).await;
    let seen = job.seen(&account, &[]).await;
    let [sight] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((sight.record.attempt, &sight.content), (1, &job.order.content));
    assert_eq!((sight.record.last_status.as_str(), sight.record.containers[0].exit_code), ("STOPPED", Some(1)));
    assert_eq!(sight.record.stop_code.as_deref(), Some("EssentialContainerExited"));
    let arn = sight.record.task_arn.clone();
    sleep(Duration::from_mins(70)).await;
    assert_eq!(job.seen(&account, &[arn]).await, []);
    job.run(&account).await;
    assert_eq!(started(&account), 1, "and so is its token: by then nothing may be called");
    assert_ne!(job.seen(&account, &[]).await, []);
}

#[tokio::test(start_paused = true)]
async fn another_object_s_task_is_none_of_its_own() {
    let account = Account::new().await;
    let job = Job::new(&account, "up").await;
    job.run(&account).await;
    let other = Job { ownership: scope("EcsTask", "another").ownership(), ..job };
    assert_eq!(other.seen(&account, &[]).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_stopped_and_one_that_is_gone_has_stopped() {
    let account = Account::new().await;
    let job = Job::new(&account, "up").await;
    job.run(&account).await;
    let arn = job.seen(&account, &[]).await[0].record.task_arn.clone();
    let writer = account.session.writer();
    stop_task(&writer, &job.order.cluster, &arn, "enough").await.unwrap();
    sleep(Duration::from_mins(1)).await;
    let record = job.seen(&account, &[]).await[0].record.clone();
    assert_eq!((record.last_status.as_str(), record.stop_code.as_deref()), ("STOPPED", Some("UserInitiated")));
    assert_eq!(record.stopped_reason.as_deref(), Some("enough"));
    sleep(Duration::from_mins(70)).await;
    stop_task(&writer, &job.order.cluster, &arn, "enough").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_placed_is_told_and_was_not_started() {
    let account = Account::new().await;
    let job = Job::new(&account, "up").await;
    account.simulator.with_world(|world| world.settings.fargate_capacity = Some(0));
    let answer = run_task(&account.session.writer(), &job.ownership, &job.request()).await.unwrap();
    assert_eq!((answer.count, answer.failures.len()), (0, 1), "{answer:?}");
    assert!(answer.failures[0].contains("Capacity is unavailable"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_trace_outlasts_the_task_and_is_no_task_definition_that_anybody_runs() {
    let account = Account::new().await;
    let job = Job::new(&account, "up").await;
    let (reader, writer) = (account.session.reader(), account.session.writer());
    let family = Trace::family("shop-migrate-142");
    let begun = Trace::of(&job.attempt, "uid", Timestamp::UNIX_EPOCH);
    let ended = Trace { outcome: Some(Phase::Succeeded), ..begun.clone() };
    assert_eq!(traces(&reader, &job.ownership, &family).await.unwrap(), []);
    for trace in [&begun, &ended] {
        leave_trace(&writer, &job.ownership, &family, trace).await.unwrap();
    }
    assert_eq!(traces(&reader, &job.ownership, &family).await.unwrap(), [ended, begun]);
    let other = scope("EcsTask", "another").ownership();
    assert_eq!(traces(&reader, &other, &family).await.unwrap(), []);
    assert!(account.ours().iter().all(|thing| !thing.contains(&family)), "{:?}", account.ours());
}
