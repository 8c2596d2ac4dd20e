//! The count of tasks, where it follows metrics.

use longshore_planner::engine::{Action, Id, Kind, Step};
use longshore_planner::kinds::application_autoscaling::scalable_target::ScalableTarget;
use longshore_planner::kinds::application_autoscaling::scaling_policy::ScalingPolicy;
use longshore_planner::kinds::ecs::service::Service;
use serde_json::{Value, json};

use crate::balanced::{Asked, behind};
use crate::cloud::Cloud;
use crate::objects::{desired, merge, value};

/// Example 20's, between these bounds.
fn between(minimum: i32, maximum: i32) -> Value {
    let cpu = json!({"name": "cpu", "predefinedMetricType": "ECSServiceAverageCPUUtilization", "targetValue": 60});
    let requests = json!({"name": "requests", "predefinedMetricType": "ALBRequestCountPerTarget", "loadBalancer": "web",
                          "targetValue": 1000, "scaleInCooldown": 120});
    json!({"autoscaling": {"minCapacity": minimum, "maxCapacity": maximum, "targetTracking": [cpu, requests]}})
}

fn scaled(more: &Value) -> Value {
    let mut patch = behind(&json!({}));
    merge(&mut patch, &between(2, 40));
    merge(&mut patch, more);
    patch
}

fn target(cloud: &Cloud) -> ScalableTarget {
    let (_, thing) = cloud.things.iter().find(|(id, _)| id.kind == ScalableTarget::NAME).unwrap();
    thing.typed().unwrap().value
}

fn of<K: Kind>(step: &Step) -> bool {
    step.id.kind == K::NAME
}

#[test]
fn a_service_starts_with_the_fewest_tasks_and_its_count_is_never_said_again() {
    for count in [Value::Null, json!(7)] {
        let mut patch = scaled(&json!({}));
        patch["desiredCount"] = count;
        let service: Service = value(&Asked::orders(&patch).desired(), "service");
        assert_eq!((service.initial_count, service.desired_count), (Some(2), None));
    }
}

#[test]
fn policies_name_the_load_balancer_and_the_target_group_that_there_are() {
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut Asked::orders(&scaled(&json!({})))), vec![]);
    let target = target(&cloud);
    assert_eq!((target.min_capacity, target.max_capacity), (2, 40));
    assert!(target.resource_id.starts_with("service/main/"), "{}", target.resource_id);
    let ScalingPolicy::TargetTracking(requests) = &target.policies["requests"] else { panic!("{:?}", target.policies) };
    let label = requests.predefined_metric_specification.as_ref().unwrap().resource_label.as_ref().unwrap().to_string();
    assert!(label.starts_with("app/public/1/app/"), "the load balancer's, then the target group's: {label}");
    assert_eq!((requests.scale_in_cooldown, requests.scale_out_cooldown), (Some(120), Some(300)));
}

#[test]
fn steps_forecasts_schedules_and_own_metrics_are_asked_for_as_the_api_spells_them() {
    let more = json!({"autoscaling": {
        "targetTracking": [{"name": "queue", "targetValue": 10, "customizedMetricSpecification": {
            "metricName": "Waiting", "namespace": "Shop", "statistic": "Average", "dimensions": [{"name": "Queue", "value": "orders"}]}}],
        "stepScaling": [{"name": "steps", "adjustmentType": "ChangeInCapacity", "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 2}]}],
        "predictiveScaling": [{"name": "ahead", "predefinedMetricType": "ECSServiceCPUUtilization", "targetValue": 40}],
        "scheduledActions": [{"name": "morning", "schedule": "cron(0 8 ? * MON-FRI *)", "timezone": "Europe/Stockholm", "minCapacity": 10}],
        "suspendedState": {"dynamicScalingInSuspended": true},
    }});
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut Asked::orders(&scaled(&more))), vec![]);
    let target = serde_json::to_value(target(&cloud)).unwrap();
    let kinds: Vec<&str> =
        target["policies"].as_object().unwrap().values().map(|policy| policy["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["PredictiveScaling", "TargetTrackingScaling", "StepScaling"]);
    assert_eq!(target["policies"]["queue"]["customizedMetricSpecification"]["metricName"], "Waiting");
    assert_eq!(target["policies"]["ahead"]["mode"], "ForecastOnly", "AWS's default");
    assert_eq!(target["scheduledActions"]["morning"]["timezone"], "Europe/Stockholm");
    assert_eq!(target["suspendedState"]["dynamicScalingInSuspended"], true);
}

#[test]
fn bounds_that_a_schedule_has_set_are_no_drift_and_others_are() {
    let night = json!({"autoscaling": {"scheduledActions": [
        {"name": "night", "schedule": "cron(0 22 * * ? *)", "minCapacity": 1, "maxCapacity": 5}]}});
    let mut asked = Asked::orders(&scaled(&night));
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    for (bounds, is_drift) in [((1, 5), false), ((2, 5), false), ((3, 5), true), ((1, 6), true)] {
        let thing = cloud.things.iter_mut().find(|(id, _)| id.kind == ScalableTarget::NAME).unwrap().1;
        thing.value["minCapacity"] = json!(bounds.0);
        thing.value["maxCapacity"] = json!(bounds.1);
        let plan = cloud.plan(&asked.desired().graph);
        assert_eq!(plan.steps.iter().any(of::<ScalableTarget>), is_drift, "{bounds:?}: {plan:?}");
    }
}

#[test]
fn a_service_is_there_before_it_is_scaled() {
    let graph = Asked::orders(&scaled(&json!({}))).desired().graph;
    let plan = Cloud::default().plan(&graph);
    let scaling = plan.steps.iter().find(|step| of::<ScalableTarget>(step)).unwrap();
    assert!(scaling.needs.iter().any(|id| id.kind == Service::NAME), "{scaling:?}");
}

#[test]
fn bounds_are_changed_in_the_middle_of_a_deployment() {
    let mut asked = Asked::orders(&scaled(&json!({})));
    let mut cloud = Cloud::default();
    cloud.slow = true;
    let waits = cloud.settle_service(&mut asked);
    assert!(waits.iter().any(|step| of::<Service>(step) && step.action == Action::Wait), "{waits:?}");
    asked.change(&scaled(&between(4, 80)));
    cloud.settle_service(&mut asked);
    assert_eq!((target(&cloud).min_capacity, target(&cloud).max_capacity), (4, 80));
}

#[test]
fn a_policy_moves_to_another_target_group_before_the_old_one_goes() {
    let speaks = |protocol: &str| {
        let mut patch = behind(&json!({"protocol": protocol, "containerPort": 8443}));
        merge(&mut patch, &between(2, 40));
        patch
    };
    let mut asked = Asked::orders(&speaks("HTTP"));
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    let before = target(&cloud).policies["requests"].clone();
    asked.change(&speaks("HTTPS"));
    cloud.log.clear();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    assert_ne!(target(&cloud).policies["requests"], before);
    let at = |what: &str| {
        cloud.log.iter().position(|line| line == what).unwrap_or_else(|| panic!("{what}: {:?}", cloud.log))
    };
    assert!(at("update scaling") < at("delete web"), "{:?}", cloud.log);
}

#[test]
fn requests_of_a_target_group_alone_cannot_be_counted() {
    let entry = json!({"name": "web", "containerName": "web", "containerPort": 8080,
        "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/theirs/1"});
    let mut patch = json!({"loadBalancers": [entry]});
    merge(&mut patch, &between(1, 2));
    let expected = ("NoRequestMetric".to_owned(), "spec.autoscaling.targetTracking[requests].loadBalancer".to_owned());
    assert_eq!(Asked::orders(&patch).refused(), [expected]);
}

#[test]
fn without_a_metric_nothing_scales_and_that_is_said() {
    let idle = json!({"desiredCount": null, "autoscaling": {"minCapacity": 1, "maxCapacity": 2}});
    let said: Vec<String> = desired(&idle).warnings.into_iter().map(|warning| warning.at.0).collect();
    assert_eq!(said, ["spec.autoscaling.targetTracking"]);
}

#[test]
fn the_target_goes_before_its_service() {
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut Asked::orders(&scaled(&json!({})))), vec![]);
    cloud.options.deleting = true;
    cloud.converge(&longshore_planner::engine::Graph::default());
    let at = |kind: &str| cloud.deleted.iter().position(|id: &Id| id.kind == kind).unwrap();
    assert!(at(ScalableTarget::NAME) < at(Service::NAME), "{:?}", cloud.deleted);
}

#[test]
fn a_count_that_nothing_moves_is_warned_about() {
    let tracking = json!([{"name": "cpu", "metric": "ECSServiceAverageCPUUtilization", "targetValue": 60}]);
    let action = json!([{"name": "night", "schedule": "cron(0 22 * * ? *)", "minCapacity": 1, "maxCapacity": 2}]);
    let step = json!([{"name": "queue", "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}]}]);
    for (member, moves) in [
        ("targetTracking", Some(tracking)),
        ("scheduledActions", Some(action)),
        ("stepScaling", Some(step)),
        ("none", None),
    ] {
        let mut scaling = json!({"minCapacity": 1, "maxCapacity": 4});
        if let Some(moves) = &moves {
            scaling[member] = moves.clone();
        }
        let warned = desired(&json!({"desiredCount": null, "autoscaling": scaling})).warnings;
        assert_eq!(warned.iter().any(|it| it.message.contains("no metric is followed")), moves.is_none(), "{member}");
    }
}
