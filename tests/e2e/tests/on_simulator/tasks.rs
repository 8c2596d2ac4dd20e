//! One-off tasks: what the API server refuses, how they fail, and that they go with their objects.

use anyhow::{Result, ensure};
use longshore_e2e::{Namespace, condition, example, hello};
use serde_json::{Value, json};

use crate::stack;

/// A one-off task with a template of its own, in a namespace with the cluster of example 10.
pub(crate) fn task(ns: &Namespace<'_>, name: &str, container: &Value, more: &Value) -> Result<()> {
    let cluster = hello(&ns.name)?;
    ns.apply(cluster.split("---\n").next().unwrap_or_default())?;
    let mut spec = json!({
        "cluster": {"name": "main"},
        "launchType": "FARGATE",
        "task": {"cpu": 256, "memory": 512, "containerDefinitions": [container]},
    });
    for (member, value) in more.as_object().into_iter().flatten() {
        spec[member] = value.clone();
    }
    let object = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTask",
        "metadata": {"name": name, "namespace": ns.name}, "spec": spec,
    });
    ns.apply(&object.to_string()).map(drop)
}

pub(crate) fn migrate(word: &str) -> Value {
    json!({"name": "job", "image": "public.ecr.aws/docker/library/python:3.12", "command": ["./migrate", word]})
}

/// What runs on until it is stopped.
pub(crate) fn server() -> Value {
    json!({"name": "job", "image": "public.ecr.aws/nginx/nginx:1.27"})
}

#[test]
fn a_task_that_fails_is_tried_as_often_as_it_may_be_and_tells_its_exit_code() -> Result<()> {
    let ns = Namespace::create(stack(), "task-fails")?;
    task(&ns, "broken", &migrate("fail"), &json!({"backoffLimit": 1}))?;
    let status = ns.wait_until("ecstask/broken", "the failure to be told", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.reason == "TaskFailed" { Ok(now["status"].clone()) } else { Err(stalled.to_string()) }
    })?;
    ensure!(status["phase"] == "Failed" && status["attempt"] == 2, "{status:#}");
    ensure!(status["tasks"].as_array().map(Vec::len) == Some(2), "both attempts are told: {status:#}");
    ensure!(status["conditions"].to_string().contains("job exited with 1"), "{status:#}");
    Ok(())
}

#[test]
fn what_has_been_started_cannot_be_changed_and_is_stopped_with_its_object() -> Result<()> {
    let ns = Namespace::create(stack(), "task-stops")?;
    task(&ns, "endless", &server(), &json!({}))?;
    let arn = ns.wait_until("ecstask/endless", "it to run", |now| {
        let status = &now["status"];
        if status["phase"] == "Running" { Ok(status["tasks"][0]["taskArn"].clone()) } else { Err(status.to_string()) }
    })?;
    let refused = ns.patch("ecstask/endless", &json!({"spec": {"task": {"memory": 1024}}}));
    let refused = refused.err().map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(refused.contains("spec.task can't be changed any more: the task has been started"), "{refused}");
    ns.patch("ecstask/endless", &json!({"spec": {"activeDeadlineSeconds": 86400}}))?;

    let object = "EcsTask/task-stops/endless";
    let cluster = stack().aws.cluster_of(&ns.name, "main")?;
    ensure!(!stack().aws.roles_of(object)?.is_empty(), "it has a role of its own");
    ns.kubectl(&["delete", "ecstask/endless", "--timeout=180s"])?;
    let asked = json!({"cluster": cluster.map(|cluster| cluster["clusterArn"].clone()), "tasks": [arn]});
    let found = stack().aws.ecs("DescribeTasks", &asked)?;
    ensure!(found["tasks"][0]["lastStatus"] == "STOPPED", "{found:#}");
    ensure!(found["tasks"][0]["stoppedReason"] == "its EcsTask was deleted", "{found:#}");
    ensure!(stack().aws.roles_of(object)?.is_empty() && stack().aws.security_groups_of(object)?.is_empty());
    Ok(())
}

#[test]
fn a_task_goes_by_itself_unless_git_would_make_it_again() -> Result<()> {
    let ns = Namespace::create(stack(), "task-goes")?;
    task(&ns, "brief", &migrate("up"), &json!({"ttlSecondsAfterFinished": 1}))?;
    ns.kubectl(&["wait", "--for=delete", "ecstask/brief", "--timeout=180s"])?;

    let tracked = example("40-tasks.yaml")?
        .replace("namespace: shop", "namespace: task-goes, labels: {argocd.argoproj.io/instance: shop}")
        .replace("  backoffLimit: 2", "  ttlSecondsAfterFinished: 60");
    ns.apply(&tracked)?;
    ns.wait_until("ecstask/migrate-142", "the refusal", |now| {
        let stalled = condition(now, "Stalled");
        if stalled.reason == "TtlUnderGitOps" { Ok(()) } else { Err(stalled.to_string()) }
    })
}

#[test]
fn a_new_revision_waits_for_its_migration_and_runs_what_it_migrated_to() -> Result<()> {
    let ns = Namespace::with_hello(stack(), "migrated")?;
    let before = ns.get("ecssvc/hello")?["status"]["deployment"]["taskDefinition"].clone();
    let container =
        json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.28", "portMappings": [{"containerPort": 80}]});
    let after = json!({"after": [{"task": {"name": "migrate"}}], "task": {"containerDefinitions": [container]}});
    ns.patch("ecssvc/hello", &json!({"spec": after}))?;
    ns.wait_until("ecssvc/hello", "it to wait for the migration", |now| {
        let reconciling = condition(now, "Reconciling");
        if reconciling.reason == "WaitingForTask" { Ok(()) } else { Err(reconciling.to_string()) }
    })?;
    let wanted = ns.get("ecssvc/hello")?["status"].clone();
    ensure!(wanted["deployment"]["taskDefinition"] == before, "what runs goes on running: {wanted:#}");

    let spec = json!({
        "cluster": {"name": "main"},
        "launchType": "FARGATE",
        "taskFrom": {"service": {"name": "hello"}, "revision": "Spec"},
        "overrides": {"containerOverrides": [{"name": "web", "command": ["./migrate", "up"]}]},
    });
    let task = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTask",
        "metadata": {"name": "migrate", "namespace": ns.name}, "spec": spec,
    });
    ns.apply(&task.to_string())?;
    ns.wait_ready("ecstask/migrate")?;
    ns.wait_settled("ecssvc/hello")?;
    let (task, service) = (ns.get("ecstask/migrate")?["status"].clone(), ns.get("ecssvc/hello")?["status"].clone());
    ensure!(task["taskDefinitionArn"] != before, "the new one: {task:#}");
    ensure!(task["taskDefinitionArn"] == service["deployment"]["taskDefinition"], "{task:#} {service:#}");
    Ok(())
}
