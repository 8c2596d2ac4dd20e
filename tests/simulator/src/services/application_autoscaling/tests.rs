use serde_json::{Value, json};

use super::*;
use crate::call::Service;
use crate::services::ecs;

fn ask(world: &mut World, service: Service, operation: &str, input: Value) -> Answer {
    let (region, account_id) = (world.region.clone(), world.account_id.clone());
    let (operation, access_key, time) = (operation.to_owned(), "AKIA".to_owned(), world.now);
    let asked = Call { service, operation, input, region, access_key, account_id, time };
    match service {
        Service::Ecs => ecs::call(world, &asked),
        _ => call(world, &asked),
    }
}

fn scaling(world: &mut World, operation: &str, more: &Value) -> Answer {
    let mut input = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/main/web", "ScalableDimension": "ecs:service:DesiredCount"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask(world, Service::ApplicationAutoscaling, operation, input)
}

/// A world with a service of three tasks.
fn with_service() -> World {
    let mut world = World::new("123456789012", "eu-west-1");
    ask(&mut world, Service::Ecs, "CreateCluster", json!({"clusterName": "main"})).unwrap();
    let task = json!({"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 64}]});
    ask(&mut world, Service::Ecs, "RegisterTaskDefinition", task).unwrap();
    let service = json!({"cluster": "main", "serviceName": "web", "taskDefinition": "web", "desiredCount": 3, "launchType": "EC2"});
    ask(&mut world, Service::Ecs, "CreateService", service).unwrap();
    world
}

fn desired(world: &mut World) -> Value {
    let input = json!({"cluster": "main", "services": ["web"]});
    ask(world, Service::Ecs, "DescribeServices", input).unwrap()["services"][0]["desiredCount"].clone()
}

#[test]
fn registering_brings_the_count_between_the_bounds_at_once() {
    let mut world = with_service();
    let cases = [(1, 10, 3), (5, 10, 5), (1, 10, 5), (0, 2, 2), (2, 2, 2)];
    for (minimum, maximum, expected) in cases {
        scaling(&mut world, "RegisterScalableTarget", &json!({"MinCapacity": minimum, "MaxCapacity": maximum}))
            .unwrap();
        assert_eq!(desired(&mut world), expected, "{minimum} to {maximum}");
    }
    scaling(&mut world, "RegisterScalableTarget", &json!({"MaxCapacity": 4})).unwrap();
    let target = scaling(&mut world, "DescribeScalableTargets", &json!({"ResourceId": null})).unwrap();
    let target = &target["ScalableTargets"][0];
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(2), &json!(4)), "what is left out stays");
}

#[test]
fn what_cannot_be_is_refused() {
    let mut world = with_service();
    let bounds = |minimum: i64, maximum: i64| json!({"MinCapacity": minimum, "MaxCapacity": maximum});
    let code = |world: &mut World, operation: &str, more: Value| scaling(world, operation, &more).unwrap_err().code;
    assert_eq!(code(&mut world, "RegisterScalableTarget", bounds(3, 2)), "ValidationException");
    assert_eq!(code(&mut world, "RegisterScalableTarget", json!({"MinCapacity": 1})), "ValidationException");
    let mut elsewhere = bounds(1, 2);
    elsewhere["ResourceId"] = "service/main/gone".into();
    let missing = scaling(&mut world, "RegisterScalableTarget", &elsewhere).unwrap_err();
    assert_eq!(missing.message, "ECS service doesn't exist: service/main/gone");
    assert_eq!(code(&mut world, "DeregisterScalableTarget", json!({})), "ObjectNotFoundException");
    let cpu = json!({"PredefinedMetricType": "ECSServiceAverageCPUUtilization"});
    let policy = json!({"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 60.0, "PredefinedMetricSpecification": cpu}});
    assert_eq!(code(&mut world, "PutScalingPolicy", policy), "ObjectNotFoundException", "no target");
    scaling(&mut world, "RegisterScalableTarget", &bounds(1, 2)).unwrap();
    for metric in [
        json!({"PredefinedMetricType": "ALBRequestCountPerTarget"}),
        json!({"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "app/a/1/targetgroup/b/2"}),
        json!({"PredefinedMetricType": "ECSServiceAverageCPUUtilization", "ResourceLabel": "app/a/1/targetgroup/b/2"}),
    ] {
        let policy = json!({"PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 60.0, "PredefinedMetricSpecification": metric}});
        assert_eq!(code(&mut world, "PutScalingPolicy", policy), "ValidationException", "{metric}");
    }
}

#[test]
fn policies_go_with_their_target_and_the_count_stays() {
    let mut world = with_service();
    let tags = json!({"MinCapacity": 4, "MaxCapacity": 9, "Tags": {"a": "1"}});
    let arn = scaling(&mut world, "RegisterScalableTarget", &tags).unwrap()["ScalableTargetARN"].clone();
    for n in 0..12 {
        let policy = json!({"PolicyName": format!("p{n:02}"), "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 60.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}});
        scaling(&mut world, "PutScalingPolicy", &policy).unwrap();
    }
    let first = scaling(&mut world, "DescribeScalingPolicies", &json!({})).unwrap();
    assert_eq!(first["ScalingPolicies"].as_array().unwrap().len(), 10);
    let rest = scaling(&mut world, "DescribeScalingPolicies", &json!({"NextToken": first["NextToken"]})).unwrap();
    assert_eq!(rest["ScalingPolicies"][1]["PolicyName"], "p11");
    let by_arn = json!({"ResourceARN": arn});
    let tags = ask(&mut world, Service::ApplicationAutoscaling, "ListTagsForResource", by_arn.clone()).unwrap();
    assert_eq!(tags, json!({"Tags": {"a": "1"}}));
    scaling(&mut world, "DeregisterScalableTarget", &json!({})).unwrap();
    assert_eq!(scaling(&mut world, "DescribeScalingPolicies", &json!({})).unwrap()["ScalingPolicies"], json!([]));
    let gone = ask(&mut world, Service::ApplicationAutoscaling, "ListTagsForResource", by_arn).unwrap_err();
    assert_eq!(gone.code, "ResourceNotFoundException");
    assert_eq!(desired(&mut world), 4);
}

fn moved(world: &mut World, minutes: i64) {
    let to = world.now + minutes * 60_000;
    world.advance_to(to);
}

/// A service of three tasks that run, between these bounds, which follows CPU.
fn following(minimum: i64, maximum: i64) -> World {
    let mut world = crate::world_file::seed();
    ask(&mut world, Service::Ecs, "CreateCluster", json!({"clusterName": "main"})).unwrap();
    let container = json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 64});
    let task = json!({"family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"],
                      "containerDefinitions": [container]});
    ask(&mut world, Service::Ecs, "RegisterTaskDefinition", task).unwrap();
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0aaa"], "assignPublicIp": "ENABLED"}});
    let service = json!({"cluster": "main", "serviceName": "web", "taskDefinition": "web", "desiredCount": 3, "launchType": "FARGATE",
                         "networkConfiguration": network});
    ask(&mut world, Service::Ecs, "CreateService", service).unwrap();
    moved(&mut world, 10);
    scaling(&mut world, "RegisterScalableTarget", &json!({"MinCapacity": minimum, "MaxCapacity": maximum})).unwrap();
    let policy = json!({"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}});
    scaling(&mut world, "PutScalingPolicy", &policy).unwrap();
    world
}

#[test]
fn the_count_follows_a_load_up_at_once_and_down_slowly_within_its_bounds() {
    let mut world = following(2, 10);
    let load = |world: &mut World, load: f64, minutes: i64| {
        crate::services::cloudwatch::set_load(world, "main/web", "ECSServiceAverageCPUUtilization", load);
        moved(world, minutes);
        desired(world)
    };
    assert_eq!(load(&mut world, 150.0, 30), 3, "50 % each");
    assert_eq!(load(&mut world, 300.0, 2), 3, "two minutes are not enough");
    assert_eq!(load(&mut world, 300.0, 8), 6);
    assert_eq!(load(&mut world, 900.0, 30), 10, "no more than the most");
    assert_eq!(load(&mut world, 100.0, 10), 10, "ten minutes below are not enough");
    assert_eq!(load(&mut world, 100.0, 60), 2);
    assert_eq!(load(&mut world, 0.0, 60), 2, "no fewer than the fewest");
}

#[test]
fn what_is_suspended_does_not_scale() {
    let mut world = following(1, 10);
    let suspended = json!({"SuspendedState": {"DynamicScalingOutSuspended": true}});
    scaling(&mut world, "RegisterScalableTarget", &suspended).unwrap();
    crate::services::cloudwatch::set_load(&mut world, "main/web", "ECSServiceAverageCPUUtilization", 900.0);
    moved(&mut world, 60);
    assert_eq!(desired(&mut world), 3);
}

#[test]
fn a_scheduled_action_sets_bounds_by_the_clock_of_its_zone() {
    let mut world = following(1, 10);
    // It is noon UTC at the most: each day at eight in Stockholm comes within a day.
    let action = json!({"ScheduledActionName": "morning", "Schedule": "cron(0 8 * * ? *)", "Timezone": "Europe/Stockholm",
                        "ScalableTargetAction": {"MinCapacity": 6}});
    scaling(&mut world, "PutScheduledAction", &action).unwrap();
    assert_eq!(desired(&mut world), 3);
    moved(&mut world, 24 * 60);
    assert_eq!(desired(&mut world), 6);
    let described = scaling(&mut world, "DescribeScheduledActions", &json!({})).unwrap();
    assert_eq!(described["ScheduledActions"][0]["ScalableTargetAction"], json!({"MinCapacity": 6}));
    scaling(&mut world, "DeleteScheduledAction", &json!({"ScheduledActionName": "morning"})).unwrap();
    assert_eq!(scaling(&mut world, "DescribeScheduledActions", &json!({})).unwrap()["ScheduledActions"], json!([]));
}
