//! Tasks that AWS starts by itself: by their role, told of, suspended, and gone with their object.

use anyhow::{Result, ensure};
use longshore_e2e::{Namespace, condition, example, hello};
use serde_json::{Value, json};

use crate::stack;

/// Every minute, in a namespace with the cluster of example 10.
pub(crate) fn trigger(ns: &Namespace<'_>, name: &str, container: &Value, expression: &str) -> Result<()> {
    let cluster = hello(&ns.name)?;
    ns.apply(cluster.split("---\n").next().unwrap_or_default())?;
    let object = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTaskTrigger",
        "metadata": {"name": name, "namespace": ns.name},
        "spec": {
            "cluster": {"name": "main"},
            "launchType": "FARGATE",
            "schedule": {"expression": expression, "timezone": "Europe/Stockholm"},
            "task": {"cpu": 256, "memory": 512, "containerDefinitions": [container]},
        },
    });
    ns.apply(&object.to_string()).map(drop)
}

pub(crate) fn job() -> Value {
    json!({"name": "job", "image": "public.ecr.aws/docker/library/python:3.12", "command": ["./migrate", "up"]})
}

/// The schedules of an object, by what their descriptions say.
fn schedules(object: &str) -> Result<Vec<Value>> {
    let world = stack().simulator().world()?;
    let all = world["scheduler"]["schedules"].as_object().cloned().unwrap_or_default();
    let mine = format!("longshore.dev/object={object} ");
    let ours = |schedule: &Value| schedule["input"]["Description"].as_str().is_some_and(|it| it.contains(&mine));
    Ok(all.into_iter().map(|(_, schedule)| schedule).filter(ours).collect())
}

#[test]
fn a_trigger_runs_tasks_by_its_own_role_and_tells_how_they_ended() -> Result<()> {
    let ns = Namespace::create(stack(), "trigger-runs")?;
    trigger(&ns, "often", &job(), "cron(* * * * ? *)")?;
    ns.wait_ready("ecstrig/often")?;
    let status = ns.wait_until("ecstrig/often", "a run that has succeeded", |now| {
        let runs = now["status"]["lastRuns"].as_array().cloned().unwrap_or_default();
        if runs.iter().any(|run| run["phase"] == "Succeeded") {
            Ok(now["status"].clone())
        } else {
            Err(now["status"].to_string())
        }
    })?;
    ensure!(status["nextRun"].is_string() && status["scheduleArn"].is_string(), "{status:#}");

    ns.patch("ecstrig/often", &json!({"spec": {"suspend": true}}))?;
    ns.wait_until("ecstrig/often", "no next run", |now| {
        let status = &now["status"];
        if status["nextRun"].is_null() { Ok(()) } else { Err(status.to_string()) }
    })?;
    let object = "EcsTaskTrigger/trigger-runs/often";
    let disabled: Vec<Value> = schedules(object)?.iter().map(|it| it["input"]["State"].clone()).collect();
    ensure!(disabled == [json!("DISABLED")], "{disabled:?}");

    ns.kubectl(&["delete", "ecstrig/often", "--timeout=180s"])?;
    ensure!(schedules(object)?.is_empty() && stack().aws.roles_of(object)?.is_empty());
    ensure!(stack().aws.security_groups_of(object)?.is_empty());
    Ok(())
}

#[test]
fn what_a_trigger_started_is_stopped_with_it() -> Result<()> {
    let ns = Namespace::create(stack(), "trigger-stops")?;
    trigger(&ns, "endless", &json!({"name": "job", "image": "public.ecr.aws/nginx/nginx:1.27"}), "cron(* * * * ? *)")?;
    let run = ns.wait_until("ecstrig/endless", "a run", |now| {
        let runs = now["status"]["lastRuns"].as_array().cloned().unwrap_or_default();
        runs.into_iter().find(|run| run["phase"] == "Running").ok_or_else(|| now["status"].to_string())
    })?;
    let cluster = stack().aws.cluster_of(&ns.name, "main")?;
    ns.kubectl(&["delete", "ecstrig/endless", "--timeout=180s"])?;
    let asked = json!({"cluster": cluster.map(|cluster| cluster["clusterArn"].clone()), "tasks": [run["taskArn"]]});
    let found = stack().aws.ecs("DescribeTasks", &asked)?;
    ensure!(found["tasks"][0]["stoppedReason"] == "its EcsTaskTrigger was deleted", "{found:#}");
    Ok(())
}

#[test]
fn what_scheduler_would_refuse_and_what_it_would_skip_is_told_beforehand() -> Result<()> {
    let ns = Namespace::create(stack(), "trigger-told")?;
    trigger(&ns, "wrong", &job(), "cron(15 4 * * *)")?;
    ns.wait_until("ecstrig/wrong", "the refusal", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.reason == "InvalidSchedule" && stalled.message.contains("spec.schedule.expression") {
            Ok(())
        } else {
            Err(stalled.to_string())
        }
    })?;
    trigger(&ns, "early", &job(), "cron(15 2 * * ? *)")?;
    ns.wait_ready("ecstrig/early")?;
    let told = ns.kubectl(&["events", "--for", "ecstasktrigger/early"])?;
    ensure!(told.contains("the clocks of Europe/Stockholm leave"), "{told}");

    // Example 40's own has an hour at which no clocks change.
    let nightly = example("40-tasks.yaml")?.replace("namespace: shop", "namespace: trigger-told");
    let nightly = nightly.split("---\n").find(|document| document.contains("kind: EcsTaskTrigger")).unwrap_or_default();
    ns.apply(nightly)?;
    ns.wait_ready("ecstrig/nightly-report")?;
    let told = ns.kubectl(&["events", "--for", "ecstasktrigger/nightly-report"])?;
    ensure!(!told.contains("the clocks of"), "{told}");
    Ok(())
}
