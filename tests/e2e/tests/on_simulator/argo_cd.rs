//! Argo CD's account of objects, by its scripts in gitops/argo-cd, and what its actions do.

use anyhow::{Context, Result};
use longshore_e2e::{Namespace, Python, condition, example, hello, project, text};
use serde_json::{Value, json};

use crate::{caution, stack, tasks, triggers};

/// What the scripts say of a live object; fails when the recorded one of that name is not like it any more.
fn health(name: &str, object: &Value, expected: &str) -> Result<()> {
    let python = Python::prepare()?;
    python
        .run("argo_cd.py", &["health", name, expected], &object.to_string())
        .with_context(|| name.to_owned())
        .map(drop)
}

/// Does to the service what a button of Argo CD's does.
fn act(ns: &Namespace<'_>, arguments: &[&str]) -> Result<()> {
    let object = ns.get("ecssvc/hello")?.to_string();
    ns.patch("ecssvc/hello", &Python::prepare()?.run("argo_cd.py", &[&["act"], arguments].concat(), &object)?)
}

#[test]
fn argo_cd_tells_each_state_of_live_objects_for_what_it_is_and_its_actions_work() -> Result<()> {
    let stack = stack();
    let ns = Namespace::create(stack, "argo")?;
    let new = stack.dir().join("new.json");
    let service = hello(&ns.name)?;
    let service = service.split("---\n").nth(1).context("example 10 has two objects")?;
    std::fs::write(&new, service)?;
    let seen =
        ns.kubectl(&["create", "--dry-run=server", "--output=json", "--filename", &new.display().to_string()])?;
    health("new", &serde_json::from_str(&seen)?, "Progressing")?;

    ns.apply(&hello(&ns.name)?)?;
    let rolling = ns.wait_until("ecssvc/hello", "a rollout to be told", |object| {
        let reason = condition(object, "Ready").reason;
        if reason == "DeploymentInProgress" { Ok(object.clone()) } else { Err(reason) }
    })?;
    health("rolling-out", &rolling, "Progressing")?;
    let settled = ns.wait_settled("ecssvc/hello")?;
    health("ready", &settled, "Healthy")?;
    health("cluster-ready", &ns.wait_settled("ecscl/main")?, "Healthy")?;
    health("environment-ready", &ns.wait_settled("awsenv/default")?, "Healthy")?;

    the_actions_work(&ns)?;

    let bad = "public.ecr.aws/nginx/nginx:1.27-argo";
    stack.simulator().image(bad, &json!({"missing": true}))?;
    ns.apply(&hello(&ns.name)?.replace("public.ecr.aws/nginx/nginx:1.27", bad))?;
    let failed = ns.wait_until("ecssvc/hello", "the rollback to be told", |object| {
        let stalled = condition(object, "Stalled");
        if stalled.reason == "RolledBack" { Ok(object.clone()) } else { Err(stalled.to_string()) }
    })?;
    health("rolled-back", &failed, "Degraded")?;

    ns.kubectl(&["delete", "ecssvc/hello", "--wait=false"])?;
    let going = ns.wait_until("ecssvc/hello", "the deletion to be told", |object| {
        let ready = condition(object, "Ready");
        let told = ready.reason == "Deleting" && !text(object, "/metadata/deletionTimestamp").is_empty();
        if told { Ok(object.clone()) } else { Err(ready.to_string()) }
    })?;
    health("deleting", &going, "Progressing")
}

#[test]
fn argo_cd_takes_a_task_that_ended_well_for_healthy_and_one_that_failed_for_degraded() -> Result<()> {
    let ns = Namespace::create(stack(), "argo-tasks")?;
    tasks::task(&ns, "endless", &tasks::server(), &json!({}))?;
    let running = ns.wait_until("ecstask/endless", "it to run", |now| {
        if now["status"]["phase"] == "Running" { Ok(now.clone()) } else { Err(now["status"].to_string()) }
    })?;
    health("task-running", &running, "Progressing")?;
    tasks::task(&ns, "brief", &tasks::migrate("up"), &json!({}))?;
    health("task-succeeded", &ns.wait_settled("ecstask/brief")?, "Healthy")?;
    tasks::task(&ns, "broken", &tasks::migrate("fail"), &json!({"backoffLimit": 0}))?;
    let failed = ns.wait_until("ecstask/broken", "the failure to be told", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.reason == "TaskFailed" { Ok(now.clone()) } else { Err(stalled.to_string()) }
    })?;
    health("task-failed", &failed, "Degraded")?;

    triggers::trigger(&ns, "nightly", &triggers::job(), "cron(15 4 * * ? *)")?;
    health("trigger-ready", &ns.wait_settled("ecstrig/nightly")?, "Healthy")?;
    triggers::trigger(&ns, "wrong", &triggers::job(), "cron(15 4 * * *)")?;
    let wrong = ns.wait_until("ecstrig/wrong", "the refusal", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.reason == "InvalidSchedule" { Ok(now.clone()) } else { Err(stalled.to_string()) }
    })?;
    health("trigger-refused", &wrong, "Degraded")
}

fn the_actions_work(ns: &Namespace<'_>) -> Result<()> {
    act(ns, &["restart"])?;
    ns.wait_until("ecssvc/hello", "the restart to be rolled out", |object| {
        let restarted = text(object, "/spec/restartedAt");
        let done = condition(object, "Ready");
        let current = object["metadata"]["generation"].as_u64() == Some(done.generation) && done.status == "True";
        if current && !restarted.is_empty() { Ok(()) } else { Err(format!("{restarted:?} {done}")) }
    })?;
    act(ns, &["pause", "2"])?;
    let paused = ns.wait_until("ecssvc/hello", "the pause to be told", |object| {
        let ready = condition(object, "Ready");
        if ready.reason == "Paused" { Ok(object.clone()) } else { Err(ready.to_string()) }
    })?;
    let until = text(&paused, "/metadata/annotations/ecs.longshore.dev~1paused-until");
    assert!(until < caution::later()?, "two hours, not three: {until}");
    health("paused", &paused, "Suspended")?;
    act(ns, &["resume"])?;
    ns.wait_settled("ecssvc/hello").map(drop)
}

#[test]
fn the_scripts_say_of_recorded_objects_what_their_tests_expect() -> Result<()> {
    let ran = Python::prepare()?.run("argo_cd.py", &["verify"], "")?;
    assert!(ran["passed"].as_u64() > Some(10), "few tests: {ran}");
    Ok(())
}

#[test]
fn what_is_to_be_pasted_into_argo_cd_s_config_map_is_these_scripts() -> Result<()> {
    let scripts = project("gitops/argo-cd/resource_customizations/ecs.longshore.dev");
    let pasted = std::fs::read_to_string(project("gitops/argo-cd/argocd-cm.yaml"))?;
    let mut bare = String::new();
    for line in pasted.lines() {
        bare.extend([line.trim_start(), "\n"]);
    }
    for script in [
        "_/health.lua",
        "EcsService/actions/discovery.lua",
        "EcsService/actions/restart/action.lua",
        "EcsService/actions/pause/action.lua",
        "EcsService/actions/resume/action.lua",
    ] {
        let text = std::fs::read_to_string(scripts.join(script))?;
        let text: String = text.lines().flat_map(|line| [line.trim_start(), "\n"]).collect();
        assert!(bare.contains(&text), "gitops/argo-cd/argocd-cm.yaml has not {script} as it is");
    }
    // Whoever adds a kind needs nothing new here: health is for all of the group.
    assert!(example("00-environment.yaml")?.contains("ecs.longshore.dev/"));
    Ok(())
}
