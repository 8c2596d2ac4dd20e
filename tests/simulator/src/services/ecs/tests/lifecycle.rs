//! A service's life: created, steady, changed, scaled, deleted.

use super::*;

#[test]
fn a_new_service_starts_its_tasks_and_becomes_steady() {
    let aws = Aws::new();
    let created = aws.create(2, &json!({}));
    assert_eq!(created["status"], "ACTIVE");
    assert_eq!(created["deployments"][0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(
        (&created["platformVersion"], &created["deployments"][0]["platformVersion"]),
        (&json!("LATEST"), &json!("1.4.0"))
    );

    let running = aws.until(60, "two tasks run", |service| service["runningCount"] == 2);
    assert_eq!(rollout(&aws.service()), "IN_PROGRESS", "a task counts only after 40 s");
    let steady = aws.until(60, "steady", |service| rollout(service) == "COMPLETED");
    assert!((40..=42).contains(&steady), "steady {steady} s after running");
    assert!(running < 20, "running after {running} s");

    let events = aws.events();
    assert_eq!(events[0], "(service hello) has reached a steady state.");
    assert!(events[1].ends_with("deployment completed."), "{events:?}");
    assert!(events[2].starts_with("(service hello) has started 2 tasks: (task "), "{events:?}");
}

#[test]
fn each_fargate_task_has_an_interface_of_its_own_in_another_zone() {
    let aws = Aws::new();
    aws.steady(2, &json!({}));
    let tasks = aws.tasks("RUNNING");
    let detail = |task: &Value, name: &str| {
        let details = task["attachments"][0]["details"].as_array().unwrap().clone();
        details.iter().find(|detail| detail["name"] == name).unwrap()["value"].as_str().unwrap().to_owned()
    };
    for name in ["networkInterfaceId", "privateIPv4Address", "macAddress", "subnetId"] {
        assert_ne!(detail(&tasks[0], name), detail(&tasks[1], name), "{name}");
    }
    for task in &tasks {
        assert_eq!((&task["lastStatus"], &task["containers"][0]["lastStatus"]), (&json!("RUNNING"), &json!("RUNNING")));
        let interface = &task["containers"][0]["networkInterfaces"][0];
        assert_eq!(interface["privateIpv4Address"], detail(task, "privateIPv4Address"));
    }
}

#[test]
fn a_new_revision_replaces_all_tasks() {
    let aws = Aws::new();
    aws.steady(2, &json!({}));
    let second = aws.register_image("public.ecr.aws/nginx/nginx:1.28");
    let updated = aws.update(&json!({"taskDefinition": "hello:2"}));
    let statuses: Vec<&str> =
        updated["deployments"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["PRIMARY", "ACTIVE"]);

    aws.until(300, "the second deployment completes", |service| rollout(service) == "COMPLETED");
    assert_eq!(aws.service()["deployments"].as_array().unwrap().len(), 1);
    let tasks = aws.tasks("RUNNING");
    assert!(tasks.len() == 2 && tasks.iter().all(|task| task["taskDefinitionArn"] == second), "{tasks:#?}");
    let stopped = aws.tasks("STOPPED");
    assert!(stopped.iter().all(|task| task["stopCode"] == "ServiceSchedulerInitiated"));
    assert!(
        stopped[0]["stoppedReason"].as_str().unwrap().starts_with("Scaling activity initiated by (deployment ecs-svc/")
    );
}

#[test]
fn scaling_starts_no_deployment() {
    let aws = Aws::new();
    let before = aws.steady(2, &json!({}));
    let id = &before["deployments"][0]["id"];
    for desired in [5, 1, 0, 3] {
        let scaled = aws.update(&json!({"desiredCount": desired}));
        assert_eq!((&scaled["deployments"][0]["id"], rollout(&scaled)), (id, "COMPLETED"));
        aws.until(120, "scaled", |service| service["runningCount"] == desired && service["pendingCount"] == 0);
    }
    aws.until(60, "steady again", |service| {
        service["events"][0]["message"] == "(service hello) has reached a steady state."
    });
}

#[test]
fn a_deleted_service_drains_and_its_name_stays_taken_meanwhile() {
    let aws = Aws::new();
    aws.steady(2, &json!({}));
    let refused = aws.call("DeleteService", &json!({"cluster": "main", "service": "hello"})).unwrap_err();
    let words = "The service cannot be stopped while the primary deployment is scaled above 0.";
    assert_eq!(refused, ("InvalidParameterException".to_owned(), words.to_owned()));

    let deleted = aws.ok("DeleteService", &json!({"cluster": "main", "service": "hello", "force": true}));
    assert_eq!(deleted["service"]["status"], "DRAINING");
    let taken = aws.call("CreateService", &service(1)).unwrap_err();
    assert_eq!(taken.1, "Unable to Start a service that is still Draining.");
    let in_the_way = aws.call("DeleteCluster", &json!({"cluster": "main"})).unwrap_err();
    assert_eq!(in_the_way.0, "ClusterContainsServicesException");

    aws.until(30, "inactive", |service| service["status"] == "INACTIVE");
    let interfaces = |aws: &Aws| aws.tasks("STOPPED").iter().filter(|task| task["lastStatus"] != "STOPPED").count();
    assert_eq!(interfaces(&aws), 2, "tasks outlive the service");
    aws.seconds(30);
    assert_eq!(interfaces(&aws), 0);
    assert_eq!(aws.create(1, &json!({}))["status"], "ACTIVE", "the name is free again");
}

#[test]
fn a_task_that_dies_is_replaced() {
    let aws = Aws::new();
    aws.steady(2, &json!({}));
    let victim = aws.tasks("RUNNING")[0]["taskArn"].as_str().unwrap().to_owned();
    aws.0.with_world(|world| super::super::stop_task_from_outside(world, &victim, None, Some(137))).unwrap();
    aws.until(30, "one is gone", |service| service["runningCount"] == 1);
    aws.until(60, "it is replaced", |service| service["runningCount"] == 2);
    let stopped = &aws.tasks("STOPPED")[0];
    assert_eq!(
        (&stopped["stopCode"], &stopped["containers"][0]["exitCode"]),
        (&json!("EssentialContainerExited"), &json!(137))
    );
    assert_eq!(stopped["stoppedReason"], "Essential container in task exited");
    assert_eq!(rollout(&aws.service()), "COMPLETED", "a death after completion is no deployment's failure");
}

#[test]
fn a_stopped_task_is_described_for_an_hour() {
    let aws = Aws::new();
    aws.steady(1, &json!({}));
    aws.update(&json!({"desiredCount": 0}));
    aws.seconds(30);
    let task = aws.tasks("STOPPED")[0]["taskArn"].clone();
    aws.seconds(3500);
    let described = || aws.ok("DescribeTasks", &json!({"cluster": "main", "tasks": [task]}));
    assert_eq!(described()["tasks"][0]["lastStatus"], "STOPPED");
    aws.seconds(200);
    assert_eq!(described()["failures"][0]["reason"], "MISSING");
}

#[test]
fn a_task_with_a_health_check_counts_when_it_is_healthy() {
    let aws = Aws::new();
    let check = json!({"command": ["CMD", "true"], "interval": 10});
    aws.register(&json!({"containerDefinitions": [{"name": "web", "image": "nginx", "healthCheck": check}]}));
    aws.create(1, &json!({}));
    aws.until(30, "running", |service| service["runningCount"] == 1);
    assert_eq!(aws.tasks("RUNNING")[0]["healthStatus"], "UNKNOWN");
    let healthy = aws.until(60, "completed", |service| rollout(service) == "COMPLETED");
    assert!((9..=12).contains(&healthy), "{healthy} s");
    assert_eq!(aws.tasks("RUNNING")[0]["healthStatus"], "HEALTHY");
}

#[test]
fn tags_reach_tasks_where_they_are_propagated() {
    let aws = Aws::new();
    let tags = json!([{"key": "team", "value": "shop"}]);
    aws.steady(1, &json!({"tags": tags, "propagateTags": "SERVICE", "enableECSManagedTags": true}));
    let on_task = &aws.tasks("RUNNING")[0]["tags"];
    let expected = json!([
        {"key": "aws:ecs:clusterName", "value": "main"},
        {"key": "aws:ecs:serviceName", "value": "hello"},
        {"key": "team", "value": "shop"},
    ]);
    assert_eq!(on_task, &expected);
    let arn = aws.service()["serviceArn"].clone();
    aws.ok("TagResource", &json!({"resourceArn": arn, "tags": [{"key": "cost", "value": "1"}]}));
    aws.ok("UntagResource", &json!({"resourceArn": arn, "tagKeys": ["team"]}));
    assert_eq!(
        aws.ok("ListTagsForResource", &json!({"resourceArn": arn}))["tags"],
        json!([{"key": "cost", "value": "1"}])
    );
    assert_eq!(aws.service()["tags"], json!([{"key": "cost", "value": "1"}]));
}

#[test]
fn a_service_shows_its_last_hundred_events() {
    let aws = Aws::new();
    aws.steady(0, &json!({}));
    for round in 0..60 {
        aws.update(&json!({"desiredCount": round % 2}));
        aws.seconds(120);
    }
    assert_eq!(aws.events().len(), 100);
}
