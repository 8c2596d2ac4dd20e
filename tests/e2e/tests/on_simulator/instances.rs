//! Services and one-off tasks on the instances of a cluster.

use anyhow::{Context, Result, ensure};
use longshore_e2e::{Namespace, condition, hello, number};
use serde_json::{Value, json};

use crate::stack;

fn container(memory: u32) -> Value {
    json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": memory, "portMappings": [{"containerPort": 80}]})
}

/// The cluster of example 10 with an instance of two GiB, as its agent registers it. The answer is the cluster's ARN.
fn cluster(ns: &Namespace<'_>) -> Result<String> {
    let cluster = hello(&ns.name)?;
    ns.apply(cluster.split("---\n").next().unwrap_or_default())?;
    let arn =
        ns.wait_until("ecscluster/main", "the cluster to be there", |now| match &now["status"]["clusterArn"] {
            Value::String(arn) => Ok(arn.clone()),
            _ => Err(condition(now, "Ready").to_string()),
        })?;
    let document = json!({"instanceId": "i-1", "instanceType": "m7g.large", "availabilityZone": "eu-west-1a"});
    let instance = json!({
        "cluster": arn,
        "instanceIdentityDocument": document.to_string(),
        "totalResources": [{"name": "CPU", "integerValue": 2048}, {"name": "MEMORY", "integerValue": 2048}],
    });
    stack().aws.ecs("RegisterContainerInstance", &instance)?;
    Ok(arn)
}

fn object(ns: &Namespace<'_>, kind: &str, name: &str, spec: &Value) -> String {
    let whole = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name, "namespace": ns.name}, "spec": spec,
    });
    whole.to_string()
}

#[test]
fn a_service_runs_on_instances_and_tells_what_it_has_no_room_for() -> Result<()> {
    let ns = Namespace::create(stack(), "instances")?;
    cluster(&ns)?;
    let spec = json!({
        "cluster": {"name": "main"}, "launchType": "EC2", "desiredCount": 2,
        "placementStrategy": [{"type": "binpack", "field": "memory"}],
        "task": {"networkMode": "bridge", "containerDefinitions": [container(512)]},
    });
    ns.apply(&object(&ns, "EcsService", "packed", &spec))?;
    ns.wait_until("ecsservice/packed", "both tasks to run", |now| {
        if condition(now, "Ready").status == "True" && now["status"]["runningCount"] == 2 {
            Ok(())
        } else {
            Err(condition(now, "Ready").to_string())
        }
    })?;
    ns.patch("ecsservice/packed", &json!({"spec": {"desiredCount": 5}}))?;
    ns.wait_until("ecsservice/packed", "the lack of memory to be told", |now| {
        let told = now["status"].to_string();
        if told.contains("has insufficient memory available") { Ok(()) } else { Err(told) }
    })?;
    // The lack is told while those that have room still start.
    ns.wait_for("four tasks to run, and no more", || {
        let service = stack().aws.service_of(&ns.name, "packed")?.context("the service")?;
        Ok(if number(&service, "/runningCount") == 4 { Ok(()) } else { Err(service["events"].to_string()) })
    })
}

#[test]
fn a_one_off_task_runs_on_an_instance() -> Result<()> {
    let ns = Namespace::create(stack(), "instances-task")?;
    cluster(&ns)?;
    let job = json!({"name": "job", "image": "public.ecr.aws/docker/library/python:3.12", "command": ["./migrate", "up"], "memory": 128});
    let spec = json!({
        "cluster": {"name": "main"}, "launchType": "EC2",
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.availability-zone == eu-west-1a"}],
        "task": {"networkMode": "bridge", "containerDefinitions": [job]},
    });
    ns.apply(&object(&ns, "EcsTask", "placed", &spec))?;
    ns.wait_until("ecstask/placed", "it to succeed", |now| {
        let status = &now["status"];
        if status["phase"] == "Succeeded" { Ok(()) } else { Err(status.to_string()) }
    })
}

#[test]
fn what_instances_cannot_give_is_told_by_field() -> Result<()> {
    let ns = Namespace::create(stack(), "instances-refused")?;
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0aaa"]}});
    let cases = [
        (json!({"task": {"containerDefinitions": [{"name": "web", "image": "example/web:1"}]}}), "MemoryMissing"),
        (
            json!({"networkConfiguration": network, "task": {"containerDefinitions": [container(128)]}}),
            "NoNetworkInterface",
        ),
    ];
    for (index, (more, reason)) in cases.into_iter().enumerate() {
        let mut spec = json!({"cluster": {"name": "main"}, "launchType": "EC2", "desiredCount": 1});
        for (member, value) in more.as_object().into_iter().flatten() {
            spec[member] = value.clone();
        }
        let name = format!("refused-{index}");
        ns.apply(&object(&ns, "EcsService", &name, &spec))?;
        ns.wait_until(&format!("ecsservice/{name}"), reason, |now| {
            let stalled = condition(now, "Stalled");
            if stalled.reason == reason { Ok(()) } else { Err(stalled.to_string()) }
        })?;
    }
    let daemon = json!({
        "cluster": {"name": "main"}, "launchType": "EC2", "desiredCount": 1, "schedulingStrategy": "DAEMON",
        "task": {"containerDefinitions": [container(128)]},
    });
    let refused = ns.apply(&object(&ns, "EcsService", "daemon", &daemon)).err();
    let refused = refused.map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(refused.contains("runs one task on each instance"), "the API server says so: {refused}");
    Ok(())
}
