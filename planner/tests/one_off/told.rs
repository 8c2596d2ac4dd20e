//! What the status of a one-off task tells.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use longshore_crds::EcsTaskStatus;
use longshore_crds::ecs_task::{Phase, RunStatus};
use longshore_planner::one_off::{Attempt, Next, Reason};
use longshore_planner::report::fill_task;

use crate::decisions::{at, begun, order};

#[test]
fn a_status_tells_how_far_the_task_is_and_when_it_first_had_ended() {
    let record = |last_status: &str| RunStatus { last_status: last_status.to_owned(), ..RunStatus::default() };
    let wait = || Next::Wait("1 of 1 tasks".to_owned());
    let finished = |phase| Next::Finished { phase, reason: Reason::TaskFailed, words: "attempt 1 failed".to_owned() };
    let cases = [
        (wait(), record("PENDING"), Phase::Pending, None),
        (wait(), record("RUNNING"), Phase::Running, None),
        (finished(Phase::Failed), record("STOPPED"), Phase::Failed, Some(at(9))),
        (finished(Phase::Succeeded), record("RUNNING"), Phase::Succeeded, Some(at(9))),
    ];
    for (next, record, phase, ended) in cases {
        let mut status = EcsTaskStatus::default();
        // Kubernetes writes whole seconds.
        let now = at(9) + jiff::SignedDuration::from_millis(500);
        fill_task(&mut status, Some(&begun()), std::slice::from_ref(&record), &next, now);
        assert_eq!((status.phase, status.attempt), (Some(phase), Some(1)), "{next:?}");
        assert_eq!(status.start_time, Some(Time(at(0))));
        assert_eq!(status.cluster_arn, Some(order().cluster));
        assert_eq!(status.task_definition_arn.as_deref(), Some("orders:4"));
        assert_eq!(status.completion_time, ended.map(Time), "{next:?}");
        assert_eq!(status.tasks, [record]);
        let told = status.clone();
        fill_task(&mut status, Some(&begun()), &told.tasks, &next, at(20));
        assert_eq!(status, told, "a later look tells the same");
    }
}

#[test]
fn a_task_that_was_not_begun_is_pending() {
    let mut status = EcsTaskStatus::default();
    fill_task(&mut status, None::<&Attempt>, &[], &Next::Begin { number: 1, call: 1 }, at(0));
    assert_eq!(status, EcsTaskStatus { phase: Some(Phase::Pending), ..EcsTaskStatus::default() });
}
