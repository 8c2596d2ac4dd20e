//! The command line, as somebody at night uses it: what is there, what it writes, a command in it, all of it anew.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use longshore_e2e::{Namespace, condition, longshore, number, scratch, text};
use serde_json::{Value, json};

use crate::stack;

/// What somebody types, with kubectl's kubeconfig and AWS's variables.
fn run(namespace: &Namespace<'_>, path: Option<&Path>, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(longshore()?);
    // First: what stands behind `--` is for the container.
    command.args(arguments.first()).args(["--namespace", &namespace.name]).args(arguments.get(1..).unwrap_or_default());
    command.env("KUBECONFIG", &namespace.stack.plane.kubeconfig).envs(namespace.stack.aws.environment());
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command.output().context("cannot run longshore")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What it prints where it succeeds.
fn printed(namespace: &Namespace<'_>, arguments: &[&str]) -> Result<String> {
    let output = run(namespace, None, arguments)?;
    ensure!(output.status.success(), "longshore {}: {}", arguments.join(" "), said(&output));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What it says where it fails.
fn refused(namespace: &Namespace<'_>, path: Option<&Path>, arguments: &[&str]) -> Result<String> {
    let output = run(namespace, path, arguments)?;
    ensure!(!output.status.success(), "longshore {} succeeded: {}", arguments.join(" "), said(&output));
    Ok(said(&output))
}

fn contains(text: &str, words: &[&str]) -> Result<()> {
    for word in words {
        ensure!(text.contains(word), "no {word:?} in:\n{text}");
    }
    Ok(())
}

#[test]
fn status_and_logs_tell_of_a_service_and_restart_replaces_its_tasks() -> Result<()> {
    let namespace = Namespace::with_hello(stack(), "told")?;
    let shown = printed(&namespace, &["status", "ecssvc/hello"])?;
    contains(
        &shown,
        &[
            "EcsService/told/hello: Ready",
            "AwsEnvironment/default: Ready",
            "EcsCluster/told/main: Ready",
            "COMPLETED",
            "RUNNING",
            "ecs/service service: arn:aws:ecs:",
        ],
    )?;
    contains(
        &printed(&namespace, &["status", "ecscl/main"])?,
        &["EcsCluster/told/main: Ready", "ecs/cluster cluster"],
    )?;
    contains(&refused(&namespace, None, &["status", "ecssvc/other"])?, &["there is no EcsService told/other"])?;

    let lines = printed(&namespace, &["logs", "ecssvc/hello", "--timestamps"])?;
    ensure!(lines.lines().count() >= 2 && lines.lines().all(|line| line.contains(" [web/")), "{lines}");
    contains(&refused(&namespace, None, &["logs", "ecssvc/hello", "--task", "zz"])?, &["no task's id begins with zz"])?;

    let container = json!({"name": "migrate", "image": "public.ecr.aws/docker/library/python:3.12", "command": ["./migrate", "up"]});
    let task = json!({"cluster": {"name": "main"}, "launchType": "FARGATE", "task": {"cpu": 256, "memory": 512, "containerDefinitions": [container]}});
    let metadata = json!({"name": "migrate", "namespace": namespace.name});
    let object =
        json!({"apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTask", "metadata": metadata, "spec": task});
    namespace.apply(&object.to_string())?;
    let followed = printed(&namespace, &["logs", "ecstask/migrate", "--follow"])?;
    ensure!(!followed.is_empty() && followed.lines().all(|line| line.starts_with("[migrate/")), "{followed}");
    contains(&refused(&namespace, None, &["logs", "ecscl/main"])?, &["ecstrig/NAME"])?;

    contains(&refused(&namespace, None, &["rollback", "ecssvc/hello"])?, &["no revision but told-hello-"])?;
    let before = deployment(&namespace)?;
    contains(&printed(&namespace, &["restart", "ecssvc/hello"])?, &["spec.restartedAt is", "longshore status"])?;
    namespace.wait_until("ecsservice/hello", "another deployment to complete", |now| {
        let (id, state) = (text(now, "/status/deployment/id"), text(now, "/status/deployment/rolloutState"));
        if id != before && state == "COMPLETED" { Ok(()) } else { Err(format!("{id} is {state}")) }
    })?;
    Ok(())
}

#[test]
fn rollback_goes_back_to_the_revision_before_and_restart_tries_again() -> Result<()> {
    let namespace = Namespace::with_hello(stack(), "back")?;
    let image = "public.ecr.aws/nginx/nginx:1.28";
    let container = json!([{"name": "web", "image": image, "portMappings": [{"containerPort": 80}]}]);
    namespace.patch("ecsservice/hello", &json!({"spec": {"task": {"containerDefinitions": container}}}))?;
    namespace.wait_settled("ecsservice/hello")?;
    let planned = printed(&namespace, &["rollback", "ecssvc/hello", "--dry-run"])?;
    contains(&planned, &[":2 to back-hello-", "Change the spec"])?;
    ensure!(namespace.get("ecsservice/hello")?.pointer("/metadata/annotations/ecs.longshore.dev~1roll-back").is_none());

    printed(&namespace, &["rollback", "ecssvc/hello"])?;
    namespace.wait_until("ecsservice/hello", "the first revision to run again", |now| {
        let (revision, stalled) = (text(now, "/status/deployment/revision"), condition(now, "Stalled"));
        let runs = revision.ends_with(":1") && number(now, "/status/deployment/running") == 2;
        if runs && stalled.reason == "RolledBack" { Ok(()) } else { Err(format!("{revision}; Stalled is {stalled}")) }
    })?;
    contains(&printed(&namespace, &["status", "ecssvc/hello"])?, &["Stalled, RolledBack", "roll-back says so"])?;
    contains(&refused(&namespace, None, &["rollback", "ecssvc/hello"])?, &["has gone back to", "already"])?;

    printed(&namespace, &["restart", "ecssvc/hello"])?;
    let settled = namespace.wait_settled("ecsservice/hello")?;
    ensure!(text(&settled, "/status/deployment/revision").ends_with(":2"), "the second revision runs again");
    Ok(())
}

fn deployment(namespace: &Namespace<'_>) -> Result<String> {
    Ok(text(&namespace.get("ecsservice/hello")?, "/status/deployment/id"))
}

#[test]
fn exec_hands_the_session_to_the_plugin_and_says_what_is_missing() -> Result<()> {
    let namespace = Namespace::with_hello(stack(), "executed")?;
    let folder = scratch()?;
    let without = refused(&namespace, Some(&folder), &["exec", "ecssvc/hello"])?;
    contains(&without, &["session-manager-plugin", "Install the Session Manager plugin"])?;
    let written = plugin(&folder)?;
    let off = refused(&namespace, Some(&folder), &["exec", "ecssvc/hello"])?;
    contains(&off, &["EcsService/executed/hello", "spec.enableExecuteCommand: true"])?;

    grant_exec(&namespace)?;
    namespace.patch("ecsservice/hello", &json!({"spec": {"enableExecuteCommand": true, "restartedAt": "for-exec"}}))?;
    let output = namespace.wait_for("a command to run", || {
        let output =
            run(&namespace, Some(&folder), &["exec", "ecssvc/hello", "--container", "web", "--", "ls", "-l", "/tmp"])?;
        Ok(if output.status.success() { Ok(said(&output)) } else { Err(said(&output)) })
    })?;
    contains(&output, &["ls -l /tmp in container web"])?;
    let handed = std::fs::read_to_string(&written).context("the plugin was not run")?;
    let handed: Vec<&str> = handed.lines().collect();
    let [session, region, operation, profile, parameters] = handed.as_slice() else { anyhow::bail!("{handed:?}") };
    let (session, parameters): (Value, Value) = (serde_json::from_str(session)?, serde_json::from_str(parameters)?);
    ensure!((*region, *operation, *profile) == ("eu-west-1", "StartSession", ""), "{handed:?}");
    ensure!(
        text(&session, "/SessionId").starts_with("ecs-execute-command-") && !text(&session, "/TokenValue").is_empty(),
        "{session}"
    );
    let target = text(&parameters, "/Target");
    let parts: Vec<&str> = target.split('_').collect();
    ensure!(parts.len() == 3 && parts.iter().all(|part| !part.is_empty()) && target.starts_with("ecs:"), "{target}");
    Ok(())
}

/// As the platform team would, for this namespace alone.
fn grant_exec(namespace: &Namespace<'_>) -> Result<()> {
    let named = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace.name}});
    let grant = json!({"namespaces": named, "actions": ["ecs:ExecuteCommand"]});
    let patch = json!([{"op": "add", "path": "/spec/iam/grants/-", "value": grant}]).to_string();
    namespace.stack.plane.run(&["patch", "awsenvironment", "default", "--type", "json", "--patch", &patch]).map(drop)
}

/// Stands in for AWS's plugin: writes down what it is handed, an argument a line. Answers with where.
fn plugin(folder: &Path) -> Result<PathBuf> {
    let (program, written) = (folder.join("session-manager-plugin"), folder.join("handed"));
    let script = format!("#!/bin/sh\nfor argument; do printf '%s\\n' \"$argument\"; done > '{}'\n", written.display());
    std::fs::write(&program, script).context("cannot write the plugin")?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).context("cannot make it a program")?;
    Ok(written)
}
