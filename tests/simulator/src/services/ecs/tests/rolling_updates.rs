//! Rolling updates keep within their bounds at every second.

use super::*;

#[test]
fn a_rolling_update_never_leaves_its_bounds() {
    // desired, minimum and maximum percent -> the fewest that must run, the most there may be
    let cases = [
        (4, 50, 150, 2, 6),
        (4, 100, 200, 4, 8),
        (3, 50, 150, 2, 4),
        (1, 100, 200, 1, 2),
        (5, 0, 100, 0, 5),
        (10, 90, 110, 9, 11),
    ];
    for (desired, minimum, maximum, fewest, most) in cases {
        let aws = Aws::new();
        aws.steady(
            desired,
            &json!({"deploymentConfiguration": {"minimumHealthyPercent": minimum, "maximumPercent": maximum}}),
        );
        aws.register_image("public.ecr.aws/nginx/nginx:1.28");
        aws.update(&json!({"taskDefinition": "hello"}));
        let mut completed = false;
        for second in 0..1800 {
            let service = aws.service();
            let (running, pending) =
                (service["runningCount"].as_u64().unwrap(), service["pendingCount"].as_u64().unwrap());
            let what =
                format!("{desired} at {minimum}/{maximum}, second {second}: {running} running, {pending} pending");
            assert!(running >= fewest && running + pending <= most, "{what}");
            completed = rollout(&service) == "COMPLETED";
            if completed {
                break;
            }
            aws.seconds(1);
        }
        assert!(completed, "{desired} at {minimum}/{maximum} completes within half an hour");
        assert!(aws.tasks("RUNNING").iter().all(|task| task["taskDefinitionArn"].as_str().unwrap().ends_with(":2")));
    }
}

#[test]
fn one_task_without_room_for_another_makes_no_progress() {
    let aws = Aws::new();
    aws.steady(1, &json!({"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 150}}));
    aws.register_image("public.ecr.aws/nginx/nginx:1.28");
    aws.update(&json!({"taskDefinition": "hello:2"}));
    aws.seconds(3600);
    let service = aws.service();
    assert_eq!((rollout(&service), &service["runningCount"]), ("IN_PROGRESS", &json!(1)));
    assert_eq!(service["deployments"][0]["runningCount"], 0);

    aws.update(&json!({"deploymentConfiguration": {"maximumPercent": 200}}));
    aws.until(120, "room lets it go on", |service| rollout(service) == "COMPLETED");
}

#[test]
fn a_later_update_supersedes_one_that_still_rolls() {
    let aws = Aws::new();
    aws.steady(3, &json!({}));
    aws.register_image("public.ecr.aws/nginx/nginx:1.28");
    aws.register_image("public.ecr.aws/nginx/nginx:1.29");
    aws.update(&json!({"taskDefinition": "hello:2"}));
    aws.seconds(20);
    aws.update(&json!({"taskDefinition": "hello:3"}));
    aws.until(300, "the last one completes", |service| rollout(service) == "COMPLETED");
    assert!(aws.tasks("RUNNING").iter().all(|task| task["taskDefinitionArn"].as_str().unwrap().ends_with(":3")));
    let listed = aws.ok("ListServiceDeployments", &json!({"cluster": "main", "service": "hello"}));
    let statuses: Vec<&str> =
        listed["serviceDeployments"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]);
}

#[test]
fn capacity_that_is_short_is_waited_for() {
    let aws = Aws::new();
    aws.0.with_world(|world| world.settings.fargate_capacity = Some(1));
    aws.create(2, &json!({}));
    aws.seconds(120);
    assert_eq!(aws.service()["runningCount"], 1);
    assert!(aws.has_event("was unable to place a task. Reason: Capacity is unavailable at this time."));
    assert_eq!(aws.service()["deployments"][0]["failedTasks"], 0);
    aws.0.with_world(|world| world.settings.fargate_capacity = None);
    aws.until(120, "steady", |service| rollout(service) == "COMPLETED");
}
