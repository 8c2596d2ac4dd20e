//! A change of a task definition's content is another revision, and nothing else is.

use longshore_planner::engine::Kind;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use serde_json::{Value, json};

use crate::objects::{container, desired};

fn revision(patch: &Value) -> String {
    let desired = desired(patch);
    desired.graph.iter().find(|(id, _)| id.kind == TaskDefinition::NAME).unwrap().0.fixed.clone()
}

fn with(more: &Value) -> Value {
    json!({"task": {"containerDefinitions": [container(more)]}})
}

#[test]
fn what_changes_the_content_is_another_revision() {
    let before = revision(&json!({}));
    for patch in [
        with(&json!({"image": "public.ecr.aws/nginx/nginx:1.28"})),
        with(&json!({"environment": [{"name": "A", "value": "1"}]})),
        with(&json!({"essential": false})),
        with(&json!({"portMappings": [{"containerPort": 81}]})),
        json!({"task": {"memory": 1024}}),
        json!({"task": {"runtimePlatform": {"cpuArchitecture": "ARM64"}}}),
    ] {
        assert_ne!(revision(&patch), before, "{patch}");
    }
}

#[test]
fn what_ecs_takes_for_the_same_is_the_same_revision() {
    let before = revision(&json!({}));
    for patch in [
        json!({"tags": [{"key": "a", "value": "b"}]}),
        json!({"task": {"tags": [{"key": "a", "value": "b"}]}}),
        json!({"desiredCount": 5}),
        json!({"task": {"cpu": "256", "memory": "0.5 GB"}}),
        json!({"task": {"cpu": ".25 vCPU"}}),
        json!({"task": {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}}),
        with(&json!({"essential": true, "cpu": 0})),
        with(&json!({"portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]})),
        with(&json!({"environment": [], "privileged": false})),
    ] {
        assert_eq!(revision(&patch), before, "{patch}");
    }
}

#[test]
fn order_without_meaning_is_no_change() {
    let variables =
        |names: [&str; 2]| with(&json!({"environment": names.map(|name| json!({"name": name, "value": "1"}))}));
    assert_eq!(revision(&variables(["A", "B"])), revision(&variables(["B", "A"])));
    let commands = |words: [&str; 2]| with(&json!({"command": words}));
    assert_ne!(revision(&commands(["a", "b"])), revision(&commands(["b", "a"])));
}
