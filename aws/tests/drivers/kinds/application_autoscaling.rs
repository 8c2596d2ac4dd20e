use aws_sdk_ecs::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::types::{ContainerDefinition, LaunchType};
use longshore_planner::kinds::application_autoscaling::scalable_target::ScalableTarget;
use serde_json::{Value, json};

use super::strangers::is_left_alone_in;
use super::{becomes, reads_back};
use crate::account::Account;

fn tracking(metric: &str, value: f64, more: &Value) -> Value {
    let mut policy = json!({"type": "TargetTrackingScaling", "targetValue": value,
        "predefinedMetricSpecification": {"predefinedMetricType": metric}});
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    policy
}

/// A target needs its service; that is somebody else's.
async fn with_service(account: &Account) -> Value {
    let aws = account.session.writer();
    aws.write(CreateClusterInputBuilder::default().cluster_name("main")).await.unwrap();
    let container = ContainerDefinition::builder().name("web").image("nginx:1").memory(64).build();
    let task = RegisterTaskDefinitionInputBuilder::default().family("law").container_definitions(container);
    aws.write(task).await.unwrap();
    let service = CreateServiceInputBuilder::default().cluster("main").service_name("law").task_definition("law");
    aws.write(service.desired_count(2).launch_type(LaunchType::Ec2)).await.unwrap();
    json!({"resourceId": "service/main/law", "minCapacity": 1, "maxCapacity": 3})
}

#[tokio::test(start_paused = true)]
async fn scalable_targets() {
    let account = Account::new().await;
    let base = with_service(&account).await;
    let cpu = |value: f64, more: Value| tracking("ECSServiceAverageCPUUtilization", value, &more);
    let memory = tracking("ECSServiceAverageMemoryUtilization", 70.5, &json!({}));
    let many: serde_json::Map<_, _> = (0..12).map(|n| (format!("p{n}"), cpu(f64::from(n) + 1.0, json!({})))).collect();
    let queue = json!({"type": "TargetTrackingScaling", "targetValue": 10.0, "customizedMetricSpecification": {
        "metricName": "Waiting", "namespace": "Shop", "statistic": "Sum", "dimensions": [{"name": "Queue", "value": "orders"}]}});
    let ratio = json!({"type": "TargetTrackingScaling", "targetValue": 0.5, "customizedMetricSpecification": {"metrics": [
        {"id": "m", "returnData": false, "metricStat": {"stat": "Sum", "metric": {"metricName": "Waiting", "namespace": "Shop"}}},
        {"id": "r", "expression": "m / 60", "label": "a minute", "returnData": true}]}});
    let steps = json!({"type": "StepScaling", "adjustmentType": "PercentChangeInCapacity", "minAdjustmentMagnitude": 2, "cooldown": 30,
        "stepAdjustments": [{"metricIntervalLowerBound": 0.0, "metricIntervalUpperBound": 10.0, "scalingAdjustment": 10},
                            {"metricIntervalLowerBound": 10.0, "scalingAdjustment": 50}]});
    let ahead = json!({"type": "PredictiveScaling", "mode": "ForecastAndScale", "maxCapacityBreachBehavior": "IncreaseMaxCapacity",
        "maxCapacityBuffer": 10, "metricSpecifications": [
            {"targetValue": 40.0, "predefinedMetricPairSpecification": {"predefinedMetricType": "ECSServiceCPUUtilization"}}]});
    let morning = json!({"schedule": "cron(0 8 ? * MON-FRI *)", "timezone": "Europe/Stockholm", "minCapacity": 2, "maxCapacity": 3});
    let once = json!({"schedule": "at(2030-01-01T00:00:00)", "startTime": "2029-01-01T00:00:00Z", "maxCapacity": 3});
    let cases = [
        json!({"policies": {"a": queue, "b": steps}}),
        json!({"policies": {"a": steps, "b": ahead, "c": ratio}}),
        json!({"scheduledActions": {"morning": morning}, "suspendedState": {"dynamicScalingInSuspended": true}}),
        json!({"scheduledActions": {"morning": once, "once": once}, "suspendedState": {"scheduledScalingSuspended": true}}),
        json!({}),
        json!({"minCapacity": 0, "maxCapacity": 0}),
        json!({"minCapacity": 2, "maxCapacity": 40, "tags": {"a": "b"}}),
        json!({"policies": {"cpu": cpu(60.0, json!({}))}}),
        json!({"policies": {"cpu": cpu(50.0, json!({"scaleInCooldown": 0, "disableScaleIn": true})), "memory": memory}}),
        json!({"policies": {"memory": memory}, "tags": {"a": "", "ü": "ö"}}),
        json!({"policies": many}),
    ];
    reads_back::<ScalableTarget>(&account, &base, &cases).await;
    becomes::<ScalableTarget>(&account, &base, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_somebody_else_registered_is_left_alone() {
    let account = Account::new().await;
    let base = with_service(&account).await;
    is_left_alone_in::<ScalableTarget>(account, &base, "DescribeScalableTargets").await;
}
