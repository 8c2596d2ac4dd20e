//! Tasks that AWS started, and what is told of them.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use longshore_crds::ecs_task::{Phase, RunStatus};
use longshore_planner::triggered::{Seen, Watch, is_under_way};
use serde_json::{Value, json};

fn watch() -> Watch {
    Watch {
        cluster: "arn:cluster".into(),
        family: "report".into(),
        group: "report".into(),
        containers: vec!["report".into()],
    }
}

fn seen(task: &str, created_at: &str, more: &Value) -> Seen {
    let mut record = json!({"taskArn": task, "attempt": 0, "lastStatus": "STOPPED", "containers": []});
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let record: RunStatus = serde_json::from_value(record).unwrap();
    Seen { record, created_at: created_at.to_owned() }
}

fn exited(code: i32) -> Value {
    json!([{"name": "report", "exitCode": code}, {"name": "proxy", "exitCode": 1}])
}

#[test]
fn a_run_is_judged_by_the_containers_that_count() {
    let cases = [
        (json!({"lastStatus": "PROVISIONING"}), Phase::Pending),
        (json!({"lastStatus": "RUNNING"}), Phase::Running),
        (json!({"lastStatus": "DEPROVISIONING"}), Phase::Pending),
        (json!({"containers": exited(0)}), Phase::Succeeded),
        (json!({"containers": exited(3)}), Phase::Failed),
        (json!({"containers": []}), Phase::Failed),
        (json!({"containers": exited(0), "stopCode": "UserInitiated"}), Phase::Failed),
    ];
    for (record, expected) in cases {
        let told = watch().told(&[], &[seen("t", "2026-11-01T00:00:00Z", &record)]);
        assert_eq!(told[0].phase, expected, "{record}");
        assert_eq!(is_under_way(&told[0]), matches!(expected, Phase::Pending | Phase::Running));
    }
}

#[test]
fn what_ecs_has_forgotten_stays_and_how_it_ended_is_unknown_where_nobody_saw_it() {
    let running = seen("a", "2026-11-01T00:00:00Z", &json!({"lastStatus": "RUNNING"}));
    let done = seen("b", "2026-11-02T00:00:00Z", &json!({"containers": exited(0)}));
    let first = watch().told(&[], &[running, done]);
    let later = watch().told(&first, &[seen("c", "2026-11-03T00:00:00Z", &json!({"containers": exited(0)}))]);
    let told: Vec<(&str, Phase)> = later.iter().map(|run| (run.task_arn.as_str(), run.phase)).collect();
    assert_eq!(told, [("c", Phase::Succeeded), ("b", Phase::Succeeded), ("a", Phase::Unknown)]);
}

#[test]
fn a_status_is_no_log() {
    let all: Vec<Seen> = (10..40).map(|day| seen(&format!("t{day}"), &format!("2026-{day}"), &json!({}))).collect();
    let told = watch().told(&[], &all);
    assert_eq!((told.len(), told[0].task_arn.as_str()), (10, "t39"));
}
