//! Deployments that fail: the circuit breaker, rollbacks, and what tells of them.

use super::*;

const MISSING: &str = "public.ecr.aws/nginx/nginx:does-not-exist";

fn breaker(rollback: bool) -> Value {
    json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}}})
}

fn deployments(aws: &Aws) -> Vec<Value> {
    let listed = aws.ok("ListServiceDeployments", &json!({"cluster": "main", "service": "hello"}));
    let arns: Vec<Value> = listed["serviceDeployments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["serviceDeploymentArn"].clone())
        .collect();
    let described = aws.ok("DescribeServiceDeployments", &json!({"serviceDeploymentArns": arns}));
    described["serviceDeployments"].as_array().unwrap().clone()
}

#[test]
fn a_bad_image_is_rolled_back_to_the_last_good_revision() {
    let aws = Aws::new();
    let good = aws.steady(2, &breaker(true));
    let first = good["deployments"][0]["id"].as_str().unwrap().to_owned();
    aws.register_image(MISSING);
    let bad = aws.update(&json!({"taskDefinition": "hello:2"}))["deployments"][0]["id"].as_str().unwrap().to_owned();

    aws.until(300, "the breaker trips", |service| service["deployments"][1]["rolloutState"] == "FAILED");
    let service = aws.service();
    let (primary, failed) = (&service["deployments"][0], &service["deployments"][1]);
    assert_eq!(primary["id"], first.as_str(), "the earlier deployment is primary again");
    assert_eq!(primary["rolloutState"], "IN_PROGRESS");
    let reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {first}.");
    assert_eq!(primary["rolloutStateReason"], reason.as_str());
    assert_eq!(
        (&failed["id"], &failed["rolloutStateReason"]),
        (&json!(bad), &json!("ECS deployment circuit breaker: tasks failed to start."))
    );
    assert!(failed["failedTasks"].as_u64().unwrap() >= 3);
    assert!(service["taskDefinition"].as_str().unwrap().ends_with("hello:1"), "the service reads back as the old one");
    assert_eq!(service["runningCount"], 2, "nothing that served was touched");
    assert!(aws.has_event(&format!("(deployment {bad}) deployment failed: tasks failed to start.")));
    assert!(aws.has_event(&format!("rolling back to deployment {first}.")));

    aws.until(120, "the rollback completes", |service| rollout(service) == "COMPLETED");
    let service = aws.service();
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(service["deployments"][0]["rolloutStateReason"], format!("ECS deployment {first} completed."));
    let newest = &deployments(&aws)[0];
    assert_eq!(newest["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(
        newest["statusReason"],
        "Service deployment rolled back because the circuit breaker threshold was exceeded."
    );
    assert!(newest["targetServiceRevision"]["arn"].as_str().unwrap().ends_with(bad.trim_start_matches("ecs-svc/")));
    assert!(newest["rollback"]["serviceRevisionArn"].as_str().unwrap().ends_with(first.trim_start_matches("ecs-svc/")));
    assert_eq!(newest["deploymentCircuitBreaker"], json!({"status": "TRIGGERED", "failureCount": 3, "threshold": 3}));

    let stopped = aws.tasks("STOPPED");
    let task = stopped.iter().find(|task| task["stopCode"] == "TaskFailedToStart").unwrap();
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(reason.starts_with("CannotPullContainerError: ") && reason.contains(MISSING), "{reason}");
    assert_eq!(task["containers"][0]["reason"], reason);
}

#[test]
fn nothing_is_launched_after_a_rollback() {
    let aws = Aws::new();
    aws.steady(2, &breaker(true));
    aws.register_image(MISSING);
    aws.update(&json!({"taskDefinition": "hello:2"}));
    aws.until(300, "rolled back", |service| {
        rollout(service) == "COMPLETED" && service["deployments"].as_array().unwrap().len() == 1
    });
    let events = aws.events().len();
    aws.seconds(3000);
    assert_eq!((aws.events().len(), aws.tasks("RUNNING").len()), (events, 2));
}

#[test]
fn without_rollback_a_failed_deployment_stands_still_beside_the_old_tasks() {
    let aws = Aws::new();
    aws.steady(2, &breaker(false));
    aws.register_image(MISSING);
    aws.update(&json!({"taskDefinition": "hello:2"}));
    aws.until(300, "it fails", |service| rollout(service) == "FAILED");
    aws.seconds(1800);
    let service = aws.service();
    assert_eq!(
        (rollout(&service), &service["runningCount"], &service["pendingCount"]),
        ("FAILED", &json!(2), &json!(0))
    );
    assert_eq!(
        service["deployments"][0]["rolloutStateReason"],
        "ECS deployment circuit breaker: tasks failed to start."
    );
    assert_eq!(deployments(&aws)[0]["status"], "STOPPED");

    aws.update(&json!({"taskDefinition": "hello:1"}));
    aws.until(300, "a good revision mends it", |service| rollout(service) == "COMPLETED");
}

#[test]
fn the_first_deployment_has_nothing_to_roll_back_to() {
    let aws = Aws::new();
    aws.register_image(MISSING);
    aws.create(1, &breaker(true));
    aws.until(300, "it fails", |service| rollout(service) == "FAILED");
    let newest = &deployments(&aws)[0];
    assert_eq!(newest["status"], "ROLLBACK_FAILED");
    assert_eq!(newest["statusReason"], "No rollback candidate was found to run the rollback.");
    aws.seconds(900);
    assert_eq!(aws.service()["runningCount"], 0);
}

#[test]
fn without_the_breaker_a_bad_image_is_tried_ever_more_slowly() {
    let aws = Aws::new();
    aws.register_image(MISSING);
    aws.create(1, &json!({}));
    aws.seconds(3600);
    assert_eq!(rollout(&aws.service()), "IN_PROGRESS");
    assert!(aws.has_event("is unable to consistently start tasks successfully."));
    let failed = aws.service()["deployments"][0]["failedTasks"].as_u64().unwrap();
    assert!((5..=12).contains(&failed), "{failed} attempts in an hour");
}

#[test]
fn containers_that_crash_or_stay_unhealthy_trip_the_breaker() {
    let check = json!({"command": ["CMD", "false"], "interval": 5, "retries": 2});
    let cases = [
        ("crash", json!({"exits": {"code": 1, "afterSeconds": 5}}), None, "Essential container in task exited"),
        ("unhealthy", json!({"unhealthy": true}), Some(check), "Task failed container health checks"),
    ];
    for (what, behaviour, check, reason) in cases {
        let aws = Aws::new();
        aws.steady(1, &breaker(true));
        let image = format!("example/{what}:2");
        let behaviour = serde_json::from_value(behaviour).unwrap();
        aws.0.with_world(|world| world.images.known.insert(image.clone(), behaviour));
        let mut container = json!({"name": "web", "image": image});
        if let Some(check) = check {
            container["healthCheck"] = check;
        }
        aws.register(&json!({"containerDefinitions": [container]}));
        aws.update(&json!({"taskDefinition": "hello:2"}));
        aws.until(600, "rolled back", |service| {
            rollout(service) == "COMPLETED" && service["taskDefinition"].as_str().unwrap().ends_with(":1")
        });
        let stopped = aws.tasks("STOPPED");
        assert!(stopped.iter().filter(|task| task["stoppedReason"] == reason).count() >= 3, "{what}: {stopped:#?}");
    }
}

#[test]
fn a_deployment_can_be_rolled_back_by_hand() {
    let aws = Aws::new();
    aws.steady(2, &json!({}));
    aws.register_image("public.ecr.aws/nginx/nginx:1.28");
    aws.update(&json!({"taskDefinition": "hello:2"}));
    aws.seconds(20);
    let arn = deployments(&aws)[0]["serviceDeploymentArn"].clone();
    let refused = aws.call("StopServiceDeployment", &json!({"serviceDeploymentArn": arn, "stopType": "ABORT"}));
    assert_eq!(refused.unwrap_err().0, "InvalidParameterException");
    aws.ok("StopServiceDeployment", &json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"}));
    assert_eq!(deployments(&aws)[0]["status"], "ROLLBACK_IN_PROGRESS");
    aws.until(300, "rolled back", |service| rollout(service) == "COMPLETED");
    assert_eq!(deployments(&aws)[0]["status"], "ROLLBACK_SUCCESSFUL");
    assert!(aws.tasks("RUNNING").iter().all(|task| task["taskDefinitionArn"].as_str().unwrap().ends_with(":1")));
    let again = aws.call("StopServiceDeployment", &json!({"serviceDeploymentArn": arn}));
    assert_eq!(again.unwrap_err().0, "ConflictException");
}

#[test]
fn a_healthy_task_sets_the_failure_count_back_unless_told_otherwise() {
    for (resets, expected) in [(None, 0), (Some(true), 0), (Some(false), 1)] {
        let aws = Aws::new();
        let mut configuration =
            json!({"enable": true, "rollback": true, "thresholdConfiguration": {"type": "COUNT", "value": 9}});
        if let Some(resets) = resets {
            configuration["resetOnHealthyTask"] = json!(resets);
        }
        aws.create(2, &json!({"deploymentConfiguration": {"deploymentCircuitBreaker": configuration}}));
        aws.until(30, "running", |service| service["runningCount"] == 2);
        let victim = aws.tasks("RUNNING")[0]["taskArn"].as_str().unwrap().to_owned();
        aws.0.with_world(|world| super::super::stop_task_from_outside(world, &victim, None, Some(1))).unwrap();
        assert_eq!(aws.service()["deployments"][0]["failedTasks"], 1);
        aws.until(120, "completed", |service| rollout(service) == "COMPLETED");
        assert_eq!(aws.service()["deployments"][0]["failedTasks"], expected, "resetOnHealthyTask {resets:?}");
    }
}

fn alarm(aws: &Aws, alarming: bool) {
    aws.0.with_world(|world| crate::services::cloudwatch::set_alarm(world, "errors", alarming));
}

#[test]
fn an_alarm_that_goes_off_rolls_back_and_one_that_was_off_before_does_not() {
    let aws = Aws::new();
    let alarms = json!({"alarms": {"alarmNames": ["errors"], "enable": true, "rollback": true}});
    let first = aws.steady(2, &json!({"deploymentConfiguration": alarms}))["deployments"][0]["id"].clone();
    aws.register_image("public.ecr.aws/nginx/nginx:1.28");
    aws.update(&json!({"taskDefinition": "hello:2"}));
    aws.until(300, "the old are gone", |service| service["deployments"][1]["runningCount"] == 0);
    assert_eq!(rollout(&aws.service()), "IN_PROGRESS", "it is watched a while more");
    alarm(&aws, true);
    aws.until(5, "it fails", |service| service["deployments"][1]["rolloutState"] == "FAILED");
    let service = aws.service();
    assert_eq!(service["deployments"][0]["id"], first);
    assert_eq!(service["deployments"][1]["rolloutStateReason"], "ECS deployment alarms: alarm detected.");
    aws.until(300, "the rollback completes", |service| rollout(service) == "COMPLETED");
    let newest = &deployments(&aws)[0];
    assert_eq!((&newest["status"], &newest["alarms"]["status"]), (&json!("ROLLBACK_SUCCESSFUL"), &json!("TRIGGERED")));
    // It is off: who mends what is wrong is not held up.
    aws.update(&json!({"taskDefinition": "hello:2"}));
    aws.until(300, "the mending completes", |service| {
        rollout(service) == "COMPLETED" && service["taskDefinition"].as_str().unwrap().ends_with("hello:2")
    });
}
