//! Never a second run: judged from the recording of calls, and from the tasks that run at the end.

use std::collections::{BTreeMap, BTreeSet};

use longshore_simulator::Simulator;
use serde_json::Value;

use super::creates::tag;

/// How long ECS answers a client token with what it started for it, at the least, in milliseconds: a task's life and an
/// hour (API reference, `RunTask`).
const TOKEN_LIFE: i64 = 3_600_000;

/// Attempts of one-off tasks that were run a second time.
pub(super) fn second_runs(simulator: &Simulator) -> Vec<String> {
    let calls = simulator.with_world(|world| world.recording.calls(0, Some(true)));
    let calls = calls.iter().filter(|call| call.operation == "RunTask" && call.outcome == "OK");
    judge(calls.map(|call| {
        let attempt = format!("{} {}", tag(&call.input, "object"), tag(&call.input, "resource"));
        (attempt, call.input["clientToken"].as_str().unwrap_or_default().to_owned(), call.time)
    }))
}

/// By the calls that ECS took: attempt, client token and time. One that is made again with its token, while ECS remembers
/// that, starts nothing.
pub(super) fn judge(calls: impl Iterator<Item = (String, String, i64)>) -> Vec<String> {
    let mut first: BTreeMap<String, (String, i64)> = BTreeMap::new();
    let mut found = vec![];
    for (attempt, token, time) in calls {
        let (with, since) = first.entry(attempt.clone()).or_insert_with(|| (token.clone(), time));
        if *with != token || time - *since >= TOKEN_LIFE {
            found.push(format!("a second run of {attempt}: {with} and {token}"));
        }
    }
    found
}

/// One-off tasks that run on though their object is gone, or says that they have ended.
pub(super) fn left_running(world: &Value, running: &BTreeSet<String>) -> Vec<String> {
    let tasks = world["ecs"]["tasks"].as_object().into_iter().flat_map(|tasks| tasks.values());
    let live = tasks.filter(|task| task["phase"] != "STOPPED");
    let objects = live.map(|task| task["tags"]["longshore.dev/object"].as_str().unwrap_or_default().to_owned());
    let left = objects.filter(|object| object.starts_with("EcsTask/") && !running.contains(object));
    left.map(|object| format!("a task of {object} runs on")).collect()
}
