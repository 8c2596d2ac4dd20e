//! Services whose tasks run on container instances.

use longshore_crds::ecs_service::LaunchType;
use longshore_crds::task_definition::{Compatibility, NetworkMode};
use longshore_planner::desired::{ClusterReference, Desired, Facts, Memory, Reference, References, ecs_service};
use longshore_planner::engine::Kind;
use longshore_planner::kinds::ec2::security_group::SecurityGroup;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use serde_json::{Value, json};

use crate::objects::{
    cluster, container, desire, desired, environment, hello, refused, scope, value, with_host_namespaces,
};

/// Example 10 on instances of its cluster, with a patch.
fn on_instances(patch: &Value) -> Value {
    let task = json!({"cpu": null, "memory": null, "runtimePlatform": null, "containerDefinitions": [container(&json!({"memory": 512}))]});
    let mut all = json!({"launchType": "EC2", "networkConfiguration": null, "task": task});
    merge_keeping_nulls(&mut all, patch);
    all
}

/// A patch of a patch: what it takes out it goes on taking out.
fn merge_keeping_nulls(target: &mut Value, patch: &Value) {
    for (name, value) in patch.as_object().unwrap() {
        match value {
            Value::Object(_) if target[name].is_object() => merge_keeping_nulls(&mut target[name], value),
            _ => target[name] = value.clone(),
        }
    }
}

fn service(desired: &Desired) -> Service {
    value(desired, "service")
}

#[test]
fn a_task_on_an_instance_shares_its_network_interface_unless_it_says_awsvpc() {
    for (mode, own) in [(Value::Null, false), (json!("bridge"), false), (json!("host"), false), (json!("awsvpc"), true)]
    {
        let spec = hello(&on_instances(&json!({"task": {"networkMode": mode}})));
        let desired = desire(&scope(with_host_namespaces()), &spec, &Memory::default()).unwrap();
        let service = service(&desired);
        assert_eq!(service.launch_type, Some(LaunchType::Ec2));
        assert_eq!(service.network.is_some(), own, "{mode}");
        let groups = desired.graph.iter().filter(|(id, _)| id.kind == SecurityGroup::NAME).count();
        assert_eq!(groups, usize::from(own), "{mode}: a group of its own where there is something to be in it");
    }
}

#[test]
fn the_task_definition_is_for_instances_and_has_a_bridge_where_nothing_is_said() {
    let definition: TaskDefinition = value(&desired(&on_instances(&json!({}))), "task");
    let content = definition.normalise().content;
    assert_eq!(content.requires_compatibilities, [Compatibility::Ec2]);
    assert_eq!(content.network_mode, Some(NetworkMode::Bridge));
}

#[test]
fn placement_is_as_the_spec_says_in_its_order() {
    let strategies =
        json!([{"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "binpack", "field": "memory"}]);
    let constraints =
        json!([{"type": "distinctInstance"}, {"type": "memberOf", "expression": "attribute:stack == first"}]);
    let service = service(&desired(&on_instances(
        &json!({"placementStrategy": strategies, "placementConstraints": constraints}),
    )));
    assert_eq!(json!(service.placement_strategy), strategies);
    assert_eq!(json!(service.placement_constraints), constraints);
}

#[test]
fn a_daemon_goes_before_it_comes_unless_told_otherwise() {
    let daemon = json!({"schedulingStrategy": "DAEMON", "desiredCount": null});
    let service = service(&desired(&on_instances(&daemon)));
    let configuration = service.deployment_configuration;
    assert_eq!((configuration.minimum_healthy_percent, configuration.maximum_percent), (Some(0), Some(100)));
    assert_eq!((service.desired_count, service.initial_count), (None, None));
}

#[test]
fn what_instances_do_not_have_is_refused_by_field() {
    let unsized_container = json!({"task": {"containerDefinitions": [container(&json!({}))]}});
    let network = json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
    let daemon =
        json!({"schedulingStrategy": "DAEMON", "desiredCount": null, "placementStrategy": [{"type": "random"}]});
    let cases = [
        (unsized_container, "MemoryMissing", "spec.task.containerDefinitions[web]"),
        (network, "NoNetworkInterface", "spec.networkConfiguration"),
        (json!({"platformVersion": "1.4.0"}), "OnlyOnFargate", "spec.platformVersion"),
        (daemon, "NotOfDaemons", "spec.placementStrategy"),
    ];
    for (patch, reason, field) in cases {
        let refusals = refused(&on_instances(&patch));
        assert!(refusals.iter().any(|(word, at, _)| word == reason && at == field), "{patch}: {refusals:?}");
    }
    let enough = json!({"task": {"memory": 1024, "containerDefinitions": [container(&json!({}))]}});
    desired(&on_instances(&enough));
}

#[test]
fn what_fargate_does_not_have_is_refused_by_field() {
    let cases = [
        (json!({"task": {"networkMode": "bridge"}}), "spec.task.networkMode"),
        (json!({"placementStrategy": [{"type": "random"}]}), "spec.placementStrategy"),
        (json!({"placementConstraints": [{"type": "distinctInstance"}]}), "spec.placementConstraints"),
    ];
    for (patch, field) in cases {
        let refusals = refused(&patch);
        assert!(refusals.iter().any(|(word, at, _)| word == "NotOnFargate" && at == field), "{patch}: {refusals:?}");
    }
}

#[test]
fn where_tasks_run_is_said_by_the_service_or_else_by_its_cluster() {
    let strategy = |name: &str| json!([{"capacityProvider": name, "weight": 1}]);
    let cases = [
        (json!({"launchType": null, "capacityProviderStrategy": strategy("general")}), false, Compatibility::Ec2),
        (json!({"launchType": null}), true, Compatibility::Ec2),
        (json!({"launchType": "FARGATE"}), true, Compatibility::Fargate),
        (
            json!({"launchType": null, "capacityProviderStrategy": strategy("FARGATE_SPOT")}),
            true,
            Compatibility::Fargate,
        ),
        (json!({"launchType": null}), false, Compatibility::Fargate),
    ];
    for (patch, on_instances, expected) in cases {
        let mut patch = patch;
        let sized = if expected == Compatibility::Ec2 { on_instances_task() } else { json!({}) };
        patch["task"] = sized;
        let cluster = ClusterReference { on_instances, ..cluster().ready().unwrap().clone() };
        let references = References::to_cluster(Reference::Ready(cluster));
        let spec = hello(&patch);
        let scope = scope(environment(&json!({})));
        let desired = ecs_service(&scope, &spec, &Facts::new(), &references, &Memory::default()).unwrap();
        let definition: TaskDefinition = value(&desired, "task");
        assert_eq!(definition.content.requires_compatibilities, [expected], "{patch}");
    }
}

fn on_instances_task() -> Value {
    json!({"containerDefinitions": [container(&json!({"memory": 512}))]})
}
