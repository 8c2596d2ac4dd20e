//! What is done next, by what was begun, told and seen.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use longshore_crds::ecs_task::{ContainerStatus, Phase, RunStatus};
use longshore_planner::one_off::{
    ATTEMPT, Attempt, GONE, Next, Order, Policy, Reason, Sight, Trace, decide, left_behind, mark, mark_of, merged,
    ran_before, with_streams,
};
use serde_json::json;

pub(crate) fn at(minutes: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

pub(crate) fn order() -> Order {
    Order {
        cluster: "arn:aws:ecs:eu-west-1:123456789012:cluster/main".to_owned(),
        request: json!({"taskDefinition": "orders:4", "count": 1, "tags": []}),
        content: "c0".to_owned(),
        containers: vec!["web".to_owned()],
        started_by: "shop-migrate-00000000".to_owned(),
        logs: BTreeMap::new(),
    }
}

pub(crate) fn policy() -> Policy {
    Policy { count: 1, ..Policy::default() }
}

/// The first attempt, begun at the start.
pub(crate) fn begun() -> Attempt {
    Attempt::next(None, &order(), (1, 1), "uid", at(0))
}

/// A task of the first attempt, whose container exited with a code.
fn record(last_status: &str, stop_code: &str, exit_code: Option<i32>) -> RunStatus {
    RunStatus {
        task_arn: "arn:task/1".to_owned(),
        attempt: 1,
        last_status: last_status.to_owned(),
        stop_code: Some(stop_code.to_owned()).filter(|code| !code.is_empty()),
        stopped_at: (last_status == "STOPPED").then(|| at(2).to_string()),
        containers: vec![
            ContainerStatus { name: "web".to_owned(), exit_code, ..ContainerStatus::default() },
            ContainerStatus { name: "xray".to_owned(), exit_code: Some(137), ..ContainerStatus::default() },
        ],
        ..RunStatus::default()
    }
}

fn ended(exit_code: i32) -> RunStatus {
    record("STOPPED", "EssentialContainerExited", Some(exit_code))
}

fn brief(next: &Next) -> String {
    match next {
        Next::Begin { number, call } => format!("begin {number}.{call}"),
        Next::Run => "run".to_owned(),
        Next::Wait(_) => "wait".to_owned(),
        Next::Stop { tasks, .. } => format!("stop {}", tasks.join(",")),
        Next::Finished { phase, reason, .. } => format!("{phase} {}", reason.as_str()),
    }
}

/// What happened, by what it is judged, what was begun and is known, the minute, and what is done.
type Case = (&'static str, Policy, Option<Attempt>, Vec<RunStatus>, i64, &'static str);

#[test]
fn what_is_done_next_follows_from_what_was_begun_and_is_known() {
    let refused = Attempt { refused: true, ..begun() };
    let untold = Attempt { token: String::new(), ..begun() };
    let again = Policy { backoff_limit: 1, ..policy() };
    let hasty = Policy { active_deadline_seconds: Some(300), ..policy() };
    let hasty_still = hasty.clone();
    let two = Policy { count: 2, ..policy() };
    let running = record("RUNNING", "", None);
    let done = |phase| Attempt { outcome: Some(phase), ..begun() };
    let cases: Vec<Case> = vec![
        ("nothing was begun", policy(), None, vec![], 0, "begin 1.1"),
        ("it was begun, and the process died", policy(), Some(begun()), vec![], 1, "run"),
        ("the same just before AWS may forget the token", policy(), Some(begun()), vec![], 29, "run"),
        ("and after that", policy(), Some(begun()), vec![], 30, "Unknown OutcomeUnknown"),
        ("after a weekend", policy(), Some(begun()), vec![], 3000, "Unknown OutcomeUnknown"),
        ("the token is not known", policy(), Some(untold), vec![], 1, "Unknown OutcomeUnknown"),
        ("AWS refused", policy(), Some(refused.clone()), vec![], 1, "begin 1.1"),
        ("AWS refused for long", policy(), Some(refused.clone()), vec![], 31, "wait"),
        ("and nothing was ever seen", policy(), Some(refused.clone()), vec![], 35, "begin 1.2"),
        ("AWS refused until it was too late", hasty.clone(), Some(refused), vec![], 5, "Failed DeadlineExceeded"),
        ("it runs", policy(), Some(begun()), vec![running.clone()], 1, "wait"),
        ("it runs for long", hasty.clone(), Some(begun()), vec![running], 5, "stop arn:task/1"),
        ("it stops for that", hasty.clone(), Some(begun()), vec![record("STOPPING", "UserInitiated", None)], 6, "wait"),
        (
            "it has",
            hasty,
            Some(begun()),
            vec![record("STOPPED", "UserInitiated", Some(0))],
            7,
            "Failed DeadlineExceeded",
        ),
        ("it succeeded, whatever the sidecar says", policy(), Some(begun()), vec![ended(0)], 3, "Succeeded Succeeded"),
        ("it failed", policy(), Some(begun()), vec![ended(1)], 3, "Failed TaskFailed"),
        ("it failed and is tried again", again.clone(), Some(begun()), vec![ended(1)], 3, "begin 2.1"),
        ("but not at once", again, Some(begun()), vec![ended(1)], 0, "wait"),
        ("it has no exit code", policy(), Some(begun()), vec![record("STOPPED", "", None)], 3, "Failed TaskFailed"),
        (
            "somebody stopped it",
            policy(),
            Some(begun()),
            vec![record("STOPPED", "UserInitiated", Some(0))],
            3,
            "Failed TaskFailed",
        ),
        (
            "Spot took it",
            policy(),
            Some(begun()),
            vec![record("STOPPED", "SpotInterruption", Some(0))],
            3,
            "Failed TaskFailed",
        ),
        (
            "ECS forgot it while it ran",
            policy(),
            Some(begun()),
            vec![record(GONE, "", None)],
            200,
            "Unknown OutcomeUnknown",
        ),
        ("one of two is known yet", two.clone(), Some(begun()), vec![ended(0)], 3, "wait"),
        ("the other would be known by now", two.clone(), Some(begun()), vec![ended(0)], 5, "Failed TaskFailed"),
        ("one of two was started", two, Some(begun()), vec![ended(0)], 6, "Failed TaskFailed"),
        (
            "it ended, and its status was lost",
            policy(),
            Some(done(Phase::Succeeded)),
            vec![],
            9000,
            "Succeeded Succeeded",
        ),
        ("it failed, and its status was lost", policy(), Some(done(Phase::Failed)), vec![], 9000, "Failed TaskFailed"),
        (
            "it took too long, and its status was lost",
            hasty_still,
            Some(done(Phase::Failed)),
            vec![],
            9000,
            "Failed DeadlineExceeded",
        ),
        ("nobody knew how it ended", policy(), Some(done(Phase::Unknown)), vec![], 9000, "Unknown OutcomeUnknown"),
    ];
    for (what, policy, attempt, records, minutes, expected) in cases {
        let next = decide(&policy, attempt.as_ref(), &records, at(minutes));
        assert_eq!(brief(&next), expected, "{what}: {next:?}");
    }
}

#[test]
fn a_failure_is_told_with_its_exit_code_and_ecs_s_reason() {
    let mut failed = ended(3);
    failed.stopped_reason = Some("Essential container in task exited".to_owned());
    let Next::Finished { reason, words, .. } = decide(&policy(), Some(&begun()), &[failed], at(3)) else { panic!() };
    assert_eq!(reason, Reason::TaskFailed);
    assert_eq!(words, "attempt 1 failed: task 1: web exited with 3; Essential container in task exited");
}

#[test]
fn a_token_is_the_object_s_the_attempt_s_and_the_call_s_and_fits() {
    let uid = "0123abcd-0123-0123-0123-0123456789ab";
    let first = Attempt::next(None, &order(), (1, 1), uid, at(0));
    let again = Attempt::next(Some(&Attempt { refused: true, ..first.clone() }), &order(), (1, 1), uid, at(9));
    assert_eq!((&again.token, again.at, again.refused), (&first.token, at(0), false), "the same call");
    let other = Attempt::next(Some(&again), &order(), (1, 2), uid, at(40));
    assert_ne!(other.token, first.token);
    let second = Attempt::next(Some(&other), &order(), (2, 1), uid, at(50));
    assert_eq!((second.since, second.at), (at(0), at(50)));
    let longest = Attempt::next(Some(&other), &order(), (101, 9_999_999), uid, at(50));
    assert!(longest.token.len() <= 64, "API reference, RunTask: clientToken");
}

#[test]
fn a_call_that_is_made_again_is_the_same_whatever_the_service_runs_by_then() {
    let attempt = begun();
    let mut later = order();
    later.request["taskDefinition"] = json!("orders:5");
    assert_eq!(later.call(&attempt), order().call(&attempt));
    assert_eq!(order().call(&attempt)["clientToken"], "uid-1-1");
    assert_eq!(mark_of(&mark(7, "c0").to_string()), Some((7, "c0".to_owned())));
}

#[test]
fn what_was_begun_is_read_as_it_was_written_and_what_cannot_be_read_is_no_leave_to_begin() {
    let read = |text: &str| Attempt::read(&BTreeMap::from([(ATTEMPT.to_owned(), text.to_owned())]));
    assert_eq!(read(&begun().write()), Ok(Some(begun())));
    assert_eq!(Attempt::read(&BTreeMap::new()), Ok(None));
    assert_eq!(read("2").unwrap_err().reason, "InvalidAnnotation");
}

fn sight(status: &str, content: &str) -> Sight {
    let record =
        RunStatus { task_arn: "arn:task/1".into(), attempt: 2, last_status: status.into(), ..RunStatus::default() };
    Sight { record, content: content.to_owned(), created_at: at(0), task_definition: Some("orders:4".to_owned()) }
}

#[test]
fn an_object_that_is_made_again_follows_what_runs_and_does_not_run_what_has() {
    assert_eq!(
        Trace::family("shop-migrate-00000000"),
        "shop-migrate-00000000-run",
        "traces of older versions are found"
    );
    let follows = ran_before(&[sight("RUNNING", "c0")], &order(), at(0)).unwrap();
    assert_eq!((follows.number, follows.token.as_str()), (2, ""), "nothing is called for it");
    assert_eq!(ran_before(&[sight("RUNNING", "another")], &order(), at(0)), None, "another spec is another task");
    let trace = |uid: &str, outcome| Trace { uid: uid.into(), attempt: 1, content: "c0".into(), at: at(0), outcome };
    let cases = [
        (vec![], None),
        (vec![trace("other", None)], Some("Unknown OutcomeUnknown")),
        (vec![trace("other", Some(Phase::Succeeded)), trace("other", None)], Some("Succeeded Succeeded")),
        (vec![trace("uid", None)], None),
        (vec![trace("uid", Some(Phase::Failed)), trace("uid", None)], Some("Failed TaskFailed")),
        (vec![Trace { content: "another".into(), ..trace("other", None) }], None),
    ];
    for (traces, expected) in cases {
        let before = left_behind(&traces, &order(), "uid");
        let next = before.map(|before| brief(&decide(&policy(), Some(&before), &[], at(9000))));
        assert_eq!(next.as_deref(), expected, "{traces:?}");
    }
}

#[test]
fn what_was_told_stays_where_ecs_has_forgotten_it() {
    let told =
        |status: &str| RunStatus { task_arn: "arn:task/1".into(), last_status: status.into(), ..RunStatus::default() };
    let cases = [
        ("STOPPED", vec![], 200, "STOPPED"),
        ("RUNNING", vec![], 4, "RUNNING"),
        ("RUNNING", vec![], 5, "RUNNING"),
        ("RUNNING", vec![], 6, GONE),
        ("RUNNING", vec![sight("STOPPED", "c0")], 6, "STOPPED"),
    ];
    for (before, seen, minutes, expected) in cases {
        let records = merged(&[told(before)], &seen, at(0), at(minutes));
        assert_eq!(records[0].last_status, expected, "{before} {seen:?} after {minutes} minutes");
    }
}

#[test]
fn a_status_tells_of_the_last_two_attempts() {
    let told = |attempt: u32| RunStatus { task_arn: format!("arn:task/{attempt}"), attempt, ..RunStatus::default() };
    let records = merged(&[told(1), told(2), told(3)], &[], at(0), at(1));
    assert_eq!(records.iter().map(|record| record.attempt).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn where_the_output_of_a_container_is_stays_known_to_the_end() {
    let order = Order { logs: [("web".to_owned(), ("/shop".to_owned(), "orders".to_owned()))].into(), ..order() };
    let mut begun = vec![record("PENDING", "", None)];
    with_streams(&mut begun, &order);
    let streams = |record: &RunStatus| {
        let of = |container: &ContainerStatus| (container.log_group.clone(), container.log_stream.clone());
        record.containers.iter().map(of).collect::<Vec<_>>()
    };
    let expected = vec![(Some("/shop".to_owned()), Some("orders/web/1".to_owned())), (None, None)];
    assert_eq!(streams(&begun[0]), expected);
    let seen = |task_arn: &str| {
        let record = RunStatus { task_arn: task_arn.to_owned(), ..ended(0) };
        Sight { record, content: "c0".to_owned(), created_at: at(0), task_definition: None }
    };
    let records = merged(&begun, &[seen("arn:task/1"), seen("arn:task/2")], at(0), at(1));
    assert_eq!(records.iter().map(streams).collect::<Vec<_>>(), [expected, vec![(None, None), (None, None)]]);
}

#[test]
fn what_is_waited_for_is_told_with_the_attempt_and_for_how_long() {
    let of = |number: u32| Attempt { number, ..begun() };
    let told = |number: u32, record: RunStatus| RunStatus { attempt: number, ..record };
    let again = Policy { backoff_limit: 9, ..policy() };
    let late = Policy { active_deadline_seconds: Some(1), ..policy() };
    let deadline = "spec.activeDeadlineSeconds: it has not ended within 1 s after 2026-01-01T00:00:00Z";
    let failed = |wait: &str| format!("task 1: web exited with 1; tried again {wait} after it began");
    let cases = [
        (policy(), 1, record("RUNNING", "", None), 9, "1 of 1 tasks: RUNNING".to_owned()),
        (policy(), 2, record("RUNNING", "", None), 9, "1 of 1 tasks: RUNNING (attempt 2)".to_owned()),
        (again.clone(), 1, ended(1), 9, format!("attempt 1 failed: {}", failed("10 s"))),
        (again.clone(), 1, ended(1), 10, "begin 2.1".to_owned()),
        (again.clone(), 3, ended(1), 9, format!("attempt 3 failed: {}", failed("40 s"))),
        (again, 9, ended(1), 9, format!("attempt 9 failed: {}", failed("360 s"))),
        (late, 1, record("RUNNING", "", None), 9, deadline.to_owned()),
        (
            policy(),
            1,
            record(GONE, "", None),
            9,
            "attempt 1 was running when it was last seen, and ECS has forgotten it since: how it ended cannot be \
             known; it is not run again by itself"
                .to_owned(),
        ),
    ];
    for (policy, number, record, seconds, expected) in cases {
        let now = at(0) + SignedDuration::from_secs(seconds);
        let words = match decide(&policy, Some(&of(number)), &[told(number, record)], now) {
            Next::Wait(words) | Next::Finished { words, .. } | Next::Stop { why: words, .. } => words,
            next => brief(&next),
        };
        assert_eq!(words, expected);
    }
}
