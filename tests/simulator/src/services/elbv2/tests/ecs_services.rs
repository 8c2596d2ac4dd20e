//! ECS services behind a load balancer.

use super::*;

/// The load balancers of a service whose container `web` listens on port 8080.
fn balancers(group: &str) -> Value {
    json!([{"targetGroupArn": group, "containerName": "web", "containerPort": 8080}])
}

pub(super) fn service(group: &str, desired: u32) -> Value {
    json!({
        "cluster": "main", "serviceName": "orders", "taskDefinition": "orders", "launchType": "FARGATE",
        "desiredCount": desired, "networkConfiguration": network(&["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"]),
        "loadBalancers": balancers(group),
    })
}

impl Aws {
    pub(super) fn service(&self) -> Value {
        self.ecs("DescribeServices", &json!({"cluster": "main", "services": ["orders"]}))["services"][0].clone()
    }

    pub(super) fn update(&self, changes: &Value) {
        self.ecs("UpdateService", &with(&json!({"cluster": "main", "service": "orders"}), changes));
    }

    pub(super) fn completed(&self) -> bool {
        self.service()["deployments"][0]["rolloutState"] == "COMPLETED"
    }

    fn has_event(&self, part: &str) -> bool {
        let service = self.service();
        let events = service["events"].as_array().unwrap();
        events.iter().any(|event| event["message"].as_str().unwrap().contains(part))
    }

    /// The service's tasks that are meant to run, or to stop.
    pub(super) fn tasks(&self, desired_status: &str) -> Vec<Value> {
        let listed = self.ecs("ListTasks", &json!({"cluster": "main", "desiredStatus": desired_status}));
        if listed["taskArns"].as_array().unwrap().is_empty() {
            return Vec::new();
        }
        let described = self.ecs("DescribeTasks", &json!({"cluster": "main", "tasks": listed["taskArns"]}));
        described["tasks"].as_array().unwrap().clone()
    }

    /// A service with so many tasks that has reached its steady state: the ARNs of balancer and target group.
    pub(super) fn steady(&self, desired: u32, changes: &Value) -> (String, String) {
        let (balancer, _, group) = self.shop();
        self.define(&json!({}));
        self.ecs("CreateService", &with(&service(&group, desired), changes));
        self.until(300, "the first deployment completes", || self.completed());
        (balancer, group)
    }
}

#[test]
fn a_service_asks_for_what_fits_its_task_definition() {
    let aws = Aws::new();
    let (_, listener, group) = aws.shop();
    let alone = aws.group("alone");
    aws.define(&json!({}));
    let instances = with(&super::group("instances"), &json!({"TargetType": "instance"}));
    let instances = aws.ok("CreateTargetGroup", &instances)["TargetGroups"][0]["TargetGroupArn"].clone();
    let instances = instances.as_str().unwrap();
    aws.rule(&listener, 20, &forward(instances));
    let with_balancer = |changes: &Value| json!([with(&balancers(&group)[0], changes)]);
    let cases = [
        (
            json!({"targetGroupArn": alone}),
            format!("The target group with targetGroupArn {alone} does not have an associated load balancer."),
        ),
        (
            json!({"targetGroupArn": "arn:none"}),
            "The target group with targetGroupArn arn:none does not exist.".to_owned(),
        ),
        (
            json!({"targetGroupArn": instances}),
            "has target type instance, which is incompatible with the awsvpc network mode".to_owned(),
        ),
        (json!({"containerName": "other"}), "The container other does not exist in the task definition.".to_owned()),
        (json!({"containerPort": 81}), "The container web did not have a container port 81 defined.".to_owned()),
        (json!({"loadBalancerName": "classic"}), "Classic Load Balancers are not supported".to_owned()),
    ];
    for (changes, message) in cases {
        let input = with(&service(&group, 1), &json!({"loadBalancers": with_balancer(&changes)}));
        let fault = aws.ask(Service::Ecs, "CreateService", &input).unwrap_err();
        assert_eq!(fault.code, "InvalidParameterException", "{changes}");
        assert!(fault.message.contains(&message), "{}", fault.message);
    }
    let six = vec![balancers(&group)[0].clone(); 6];
    let input = with(&service(&group, 1), &json!({"loadBalancers": six}));
    assert!(aws.ask(Service::Ecs, "CreateService", &input).unwrap_err().message.contains("at most 5"));
}

#[test]
fn tasks_are_targets_while_they_run() {
    let aws = Aws::new();
    let (balancer, group) = aws.steady(2, &json!({}));
    assert_eq!(aws.states(&group), ["healthy", "healthy"]);
    assert!(aws.has_event(&format!("(service orders) registered 1 targets in (target-group {group})")));
    assert!(aws.has_event("(service orders) has reached a steady state."));
    let answer = aws.get(&balancer, "/orders/1");
    let tasks = aws.tasks("RUNNING");
    assert!(tasks.iter().any(|task| task["taskArn"].as_str() == answer.task.as_deref()), "{answer:?}");

    aws.update(&json!({"desiredCount": 1}));
    aws.seconds(2);
    let mut states = aws.states(&group);
    states.sort();
    assert_eq!(states, ["draining", "healthy"]);
    assert!(aws.has_event(&format!("deregistered 1 targets in (target-group {group})")));
    assert!(aws.has_event("has begun draining connections on 1 tasks."));
}

#[test]
fn a_task_is_stopped_after_it_has_drained() {
    let aws = Aws::new();
    let (_, group) = aws.steady(1, &json!({}));
    let delay = json!([{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]);
    aws.ok("ModifyTargetGroupAttributes", &json!({"TargetGroupArn": group, "Attributes": delay}));
    aws.update(&json!({"desiredCount": 0}));
    aws.seconds(2);
    let status = || aws.tasks("STOPPED")[0]["lastStatus"].as_str().unwrap().to_owned();
    assert_eq!(status(), "DEACTIVATING");
    aws.seconds(55);
    assert_eq!(status(), "DEACTIVATING", "its target still drains");
    aws.until(10, "then it stops", || status() == "STOPPING");
}

#[test]
fn a_task_counts_once_its_target_group_says_so() {
    // What is in the way of the target, and whether the task's own check passes
    let check = json!({"healthCheck": {"command": ["CMD", "true"], "interval": 30}});
    for (definition, least, most) in [(json!({}), 4, 10), (check, 29, 33)] {
        let aws = Aws::new();
        let (_, _, group) = aws.shop();
        aws.define(&definition);
        aws.ecs("CreateService", &service(&group, 1));
        aws.until(60, "running", || aws.service()["runningCount"] == 1);
        let passed = aws.until(120, "completed", || aws.completed());
        assert!((least..=most).contains(&passed), "{definition}: completed {passed} s after running");
    }
}

#[test]
fn without_a_way_in_a_deployment_never_completes() {
    let aws = Aws::new();
    let (_, _, group) = aws.shop();
    aws.keep_out("sg-app", 8080, &json!({"Groups": [{"GroupId": "sg-balancer"}]}));
    aws.define(&json!({}));
    aws.ecs("CreateService", &service(&group, 1));
    aws.seconds(600);
    assert!(!aws.completed());
    let reason = format!("Task failed ELB health checks in (target-group {group})");
    assert!(aws.tasks("STOPPED").iter().any(|task| task["stoppedReason"] == reason));
    let event = format!("(port 8080) is unhealthy in (target-group {group}) due to (reason Request timed out)");
    assert!(aws.has_event(&event), "{:#}", aws.service()["events"]);
}

#[test]
fn an_unhealthy_target_is_borne_with_during_the_grace_period() {
    // Seconds until the container listens, grace period -> does the first task live
    for (listens_after, grace, lives) in [(60, 90, true), (60, 0, false), (300, 90, false)] {
        let aws = Aws::new();
        let (_, _, group) = aws.shop();
        aws.behave(&json!({"listensAfterSeconds": listens_after}));
        aws.define(&json!({}));
        aws.ecs("CreateService", &with(&service(&group, 1), &json!({"healthCheckGracePeriodSeconds": grace})));
        aws.until(60, "running", || aws.service()["runningCount"] == 1);
        let first = aws.tasks("RUNNING")[0]["taskArn"].clone();
        aws.seconds(40);
        assert_eq!(aws.states(&group)[0], "unhealthy");
        aws.seconds(300);
        let lived = aws.tasks("RUNNING").iter().any(|task| task["taskArn"] == first);
        assert_eq!(lived, lives, "listens after {listens_after} s, grace {grace} s");
        assert!(!lives || aws.completed(), "listens after {listens_after} s, grace {grace} s");
    }
}

#[test]
fn other_load_balancers_start_a_deployment_and_the_same_do_not() {
    let aws = Aws::new();
    let (balancer, group) = aws.steady(1, &json!({}));
    let id = || aws.service()["deployments"][0]["id"].clone();
    let before = id();
    aws.update(&json!({"loadBalancers": balancers(&group)}));
    assert_eq!(id(), before);
    let listener =
        aws.ok("DescribeListeners", &json!({"LoadBalancerArn": balancer}))["Listeners"][0]["ListenerArn"].clone();
    let second = aws.group("second");
    aws.rule(listener.as_str().unwrap(), 20, &forward(&second));
    aws.update(&json!({"loadBalancers": balancers(&second)}));
    assert_ne!(id(), before);
    aws.until(600, "the second deployment completes", || aws.completed());
    assert_eq!((aws.states(&second), aws.states(&group)), (vec!["healthy".to_owned()], Vec::new()));
    aws.update(&json!({"loadBalancers": []}));
    aws.until(900, "the third deployment completes", || aws.completed());
    aws.seconds(400);
    assert_eq!((aws.states(&second).len(), &aws.service()["loadBalancers"]), (0, &json!([])));
}

#[test]
fn a_new_task_definition_must_have_the_container_and_port() {
    let aws = Aws::new();
    aws.steady(1, &json!({}));
    let other = aws.define(&json!({"portMappings": [{"containerPort": 9090}]}));
    let input = json!({"cluster": "main", "service": "orders", "taskDefinition": other});
    let fault = aws.ask(Service::Ecs, "UpdateService", &input).unwrap_err();
    assert_eq!(fault.message, "The container web did not have a container port 8080 defined.");
}
