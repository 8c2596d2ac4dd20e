//! Which resources a service wants, and what they look like.

use longshore_planner::desired::retained_by;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::logs::log_group::LogGroup;
use serde_json::json;

use crate::objects::{container, desired, hello, value};

#[test]
fn example_10_wants_these_resources_in_this_order() {
    let desired = desired(&json!({}));
    let shown: Vec<_> = desired
        .graph
        .iter()
        .map(|(id, node)| {
            let needs: Vec<String> = node.needs.iter().map(|need| format!("{}:{}", need.kind, need.key)).collect();
            json!({"resource": format!("{}:{}", id.kind, id.key), "needs": needs, "want": node.want})
        })
        .collect();
    insta::assert_yaml_snapshot!(shown);
}

#[test]
fn a_service_gets_only_what_it_needs() {
    let own_logs = json!({"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/mine"}}});
    let cases = [
        (json!({}), vec!["logs", "execution-role", "security-group", "egress-all", "task", "service"]),
        (
            json!({"task": {"containerDefinitions": [container(&own_logs)]}}),
            vec!["execution-role", "security-group", "egress-all", "task", "service"],
        ),
        (
            json!({"taskRole": {"policy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}}}),
            vec!["logs", "execution-role", "task-role", "security-group", "egress-all", "task", "service"],
        ),
    ];
    for (patch, expected) in cases {
        let keys: Vec<String> = desired(&patch).graph.iter().map(|(id, _)| id.key.clone()).collect();
        assert_eq!(keys, expected, "{patch}");
    }
}

#[test]
fn the_network_is_as_the_spec_or_the_environment_says() {
    let private = ["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"].as_slice();
    let public = ["subnet-0ddd", "subnet-0eee", "subnet-0fff"].as_slice();
    let cases = [
        (json!({}), private, "DISABLED", 1),
        (json!({"assignPublicIp": "ENABLED"}), public, "ENABLED", 1),
        (json!({"subnets": ["subnet-1"]}), ["subnet-1"].as_slice(), "DISABLED", 1),
        (json!({"securityGroups": ["sg-1"]}), private, "DISABLED", 2),
    ];
    for (awsvpc, subnets, public_ip, groups) in cases {
        let patch = json!({"networkConfiguration": {"awsvpcConfiguration": awsvpc}});
        let network = value::<Service>(&desired(&patch), "service").network.unwrap();
        assert_eq!(network.subnets, subnets, "{awsvpc}");
        assert_eq!(network.assign_public_ip.as_str(), public_ip, "{awsvpc}");
        assert_eq!(network.security_groups.len(), groups, "{awsvpc}");
    }
}

#[test]
fn logs_expire_unless_told_otherwise() {
    let days = |patch| value::<LogGroup>(&desired(&patch), "logs").retention_in_days;
    assert_eq!(days(json!({})), Some(30));
    assert_eq!(days(json!({"logs": {"retentionInDays": 7}})), Some(7));
}

#[test]
fn containers_that_say_nothing_of_logs_write_as_the_spec_says() {
    let options = |patch| {
        let task: TaskDefinition = value(&desired(&patch), "task");
        let logs = task.content.container_definitions[0].log_configuration.clone().unwrap();
        ["mode", "max-buffer-size"].map(|name| logs.options.get(name).cloned().unwrap_or_default())
    };
    assert_eq!(options(json!({})), ["", ""], "ECS's default");
    assert_eq!(options(json!({"logs": {"mode": "blocking"}})), ["blocking", ""]);
    let ahead = json!({"logs": {"mode": "non-blocking", "maxBufferSize": "25m"}});
    assert_eq!(options(ahead), ["non-blocking", "25m"]);
}

#[test]
fn logs_outlive_their_service_where_the_spec_says_so() {
    for (policy, kept) in [(json!(null), false), (json!("Delete"), false), (json!("Retain"), true)] {
        let retained = retained_by(&hello(&json!({"logs": {"deletionPolicy": policy}})));
        assert_eq!(retained.contains("logs"), kept, "{policy}");
    }
}

#[test]
fn desired_count_left_out_is_nobodys_business() {
    let count = |patch| value::<Service>(&desired(&patch), "service").desired_count;
    assert_eq!(count(json!({"desiredCount": null})), None);
    assert_eq!(count(json!({"desiredCount": 0})), Some(0));
}

/// The patch that brings the service onto instances, with more.
fn on_instances(more: &serde_json::Value) -> serde_json::Value {
    let mut patch = json!({
        "launchType": "EC2", "networkConfiguration": null,
        "task": {"cpu": null, "memory": null, "runtimePlatform": null, "containerDefinitions": [crate::objects::container(&json!({"memory": 64}))]},
    });
    for (member, value) in more.as_object().unwrap() {
        patch[member] = value.clone();
    }
    patch
}

#[test]
fn zones_are_rebalanced_where_ecs_allows_it() {
    let by_zone = json!({"type": "spread", "field": "attribute:ecs.availability-zone"});
    let placed = |strategy: &serde_json::Value| on_instances(&json!({"placementStrategy": strategy}));
    let cases = [
        (json!({}), "ENABLED"),
        (json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}}), "DISABLED"),
        (json!({"availabilityZoneRebalancing": "DISABLED"}), "DISABLED"),
        (placed(&json!([])), "ENABLED"),
        (placed(&json!([by_zone, {"type": "binpack", "field": "memory"}])), "ENABLED"),
        (placed(&json!([{"type": "binpack", "field": "memory"}, by_zone])), "DISABLED"),
        (placed(&json!([{"type": "spread", "field": "instanceId"}])), "DISABLED"),
        (placed(&json!([{"type": "binpack", "field": "attribute:ecs.availability-zone"}])), "DISABLED"),
        (json!({"schedulingStrategy": "REPLICA"}), "ENABLED"),
    ];
    for (patch, expected) in cases {
        let service: Service = value(&desired(&patch), "service");
        assert_eq!(service.availability_zone_rebalancing.as_str(), expected, "{patch}");
    }
    let daemon = on_instances(&json!({"schedulingStrategy": "DAEMON", "desiredCount": null}));
    assert_eq!(value::<Service>(&desired(&daemon), "service").availability_zone_rebalancing.as_str(), "DISABLED");
}

#[test]
fn a_rollout_that_can_never_move_is_warned_about() {
    let cases = [
        (json!({}), false),
        (
            json!({"desiredCount": 1, "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 150}}),
            true,
        ),
        (
            json!({"desiredCount": 1, "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 150}}),
            true,
        ),
        (
            json!({"desiredCount": 2, "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 100}}),
            false,
        ),
        // Three fourths of four are three: one may go.
        (
            json!({"desiredCount": 4, "deploymentConfiguration": {"minimumHealthyPercent": 75, "maximumPercent": 100}}),
            false,
        ),
        // And of three more than two: none may.
        (
            json!({"desiredCount": 3, "deploymentConfiguration": {"minimumHealthyPercent": 75, "maximumPercent": 100}}),
            true,
        ),
        // A fourth more than four is one more.
        (
            json!({"desiredCount": 4, "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 125}}),
            false,
        ),
        (
            json!({"desiredCount": 0, "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 150}}),
            false,
        ),
    ];
    for (patch, warned) in cases {
        assert_eq!(!desired(&patch).warnings.is_empty(), warned, "{patch}");
    }
}
