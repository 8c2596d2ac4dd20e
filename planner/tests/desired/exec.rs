//! Commands in containers.

use longshore_planner::desired::{Desired, LastGood, Memory, Rejected};
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::objects::{container, desire, environment, hello, node, scope, value};

/// Example 10 where the platform team lets the team `shop` run commands.
fn desired(more: &Value) -> Desired {
    desired_with(&Memory::default(), more)
}

fn desired_with(memory: &Memory, more: &Value) -> Desired {
    let grant = json!({"namespaces": {"matchLabels": {"team": "shop"}}, "actions": ["ecs:ExecuteCommand"]});
    let scope = scope(environment(&json!({"iam": {"grants": [grant]}})));
    let mut patch = json!({"enableExecuteCommand": true});
    crate::objects::merge(&mut patch, more);
    desire(&scope, &hello(&patch), memory).unwrap()
}

/// ECS refuses every change of a service that runs commands and whose tasks have no role: while it is at a revision from
/// before the role, they are off.
#[test]
fn no_commands_are_run_while_ecs_went_back_to_tasks_without_a_role() {
    let first = desired(&json!({}));
    let hash = first.graph.iter().find(|(id, _)| id.key == "task").unwrap().0.fixed.clone();
    for (roleless, expected) in [(true, false), (false, true)] {
        let rejected =
            Rejected { content_hash: hash.clone(), arn: "new".into(), reason: "r".into(), restarted_at: None };
        let good = LastGood { content_hash: "old".into(), arn: "old".into(), roleless };
        let memory = Memory { rejected: Some(rejected), last_good: Some(good), ..Memory::default() };
        let service: Service = value(&desired_with(&memory, &json!({})), "service");
        assert_eq!((service.reverted, service.enable_execute_command), (true, expected));
    }
}

#[test]
fn who_may_run_commands_gets_a_task_role_that_lets_the_agent_talk_and_do_nothing_else() {
    let desired = desired(&json!({}));
    let service: Service = value(&desired, "service");
    assert!(service.enable_execute_command);
    let role: Role = value(&desired, "task-role");
    let statements = role.inline.values().flat_map(|policy| policy["Statement"].as_array().unwrap().clone());
    let actions: Vec<Value> = statements.map(|statement| statement["Action"].clone()).collect();
    assert_eq!(
        actions,
        [json!([
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ])]
    );
}

#[test]
fn a_role_of_ones_own_is_taken_as_it_is() {
    let own = json!({"task": {"taskRoleArn": "arn:aws:iam::123456789012:role/app-shop-x"}});
    let grant = json!({"namespaces": {"matchLabels": {"team": "shop"}}, "actions": ["ecs:ExecuteCommand"],
                       "roleArns": ["arn:aws:iam::123456789012:role/app-shop-*"]});
    let scope = scope(environment(&json!({"iam": {"grants": [grant]}})));
    let mut patch = json!({"enableExecuteCommand": true});
    crate::objects::merge(&mut patch, &own);
    let desired = desire(&scope, &hello(&patch), &Memory::default()).unwrap();
    assert!(node::<Role>(&desired, "task-role").is_none());
}

#[test]
fn a_read_only_container_is_warned_of() {
    let read_only = json!({"task": {"containerDefinitions": [container(&json!({"readonlyRootFilesystem": true}))]}});
    let said: Vec<String> = desired(&read_only).warnings.into_iter().map(|warning| warning.at.0).collect();
    assert_eq!(said, ["spec.enableExecuteCommand"]);
    assert_eq!(desired(&json!({})).warnings, []);
}
