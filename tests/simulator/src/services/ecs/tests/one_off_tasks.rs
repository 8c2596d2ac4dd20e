//! Tasks that belong to no service.

use super::*;

fn run(changes: &Value) -> Value {
    let mut input = json!({
        "cluster": "main",
        "taskDefinition": "hello",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0aaa"]}},
    });
    for (member, value) in changes.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    input
}

#[test]
fn a_task_runs_to_its_end_and_tells_its_exit_code() {
    let aws = Aws::new();
    let behaviour = serde_json::from_value(json!({"exits": {"code": 3, "afterSeconds": 20}})).unwrap();
    aws.0.with_world(|world| world.images.known.insert("example/job:1".to_owned(), behaviour));
    aws.register_image("example/job:1");
    let overrides = json!({"containerOverrides": [{"name": "web", "command": ["migrate"]}]});
    let started = aws.ok("RunTask", &run(&json!({"startedBy": "longshore", "overrides": overrides})));
    let task = &started["tasks"][0];
    assert_eq!((&task["lastStatus"], &task["group"]), (&json!("PROVISIONING"), &json!("family:hello")));
    aws.seconds(15);
    assert_eq!(aws.tasks("RUNNING")[0]["lastStatus"], "RUNNING");
    aws.seconds(60);
    let stopped = &aws.tasks("STOPPED")[0];
    assert_eq!((&stopped["lastStatus"], &stopped["containers"][0]["exitCode"]), (&json!("STOPPED"), &json!(3)));
    assert_eq!(stopped["overrides"]["containerOverrides"][0]["command"], json!(["migrate"]));
    let times =
        ["createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt", "executionStoppedAt", "stoppedAt"];
    let times: Vec<f64> = times.iter().map(|time| stopped[time].as_f64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn a_client_token_runs_a_task_once() {
    let aws = Aws::new();
    let input = run(&json!({"clientToken": "object-1"}));
    let first = aws.ok("RunTask", &input)["tasks"][0]["taskArn"].clone();
    assert_eq!(aws.ok("RunTask", &input)["tasks"][0]["taskArn"], first);
    let conflict = aws.call("RunTask", &run(&json!({"clientToken": "object-1", "count": 2}))).unwrap_err();
    assert_eq!(conflict.0, "ConflictException");
    assert_eq!(aws.tasks("RUNNING").len(), 1);
}

#[test]
fn a_token_is_forgotten_an_hour_after_its_task_and_after_a_day() {
    let aws = Aws::new();
    let input = run(&json!({"clientToken": "brief"}));
    let task = aws.ok("RunTask", &input)["tasks"][0]["taskArn"].clone();
    aws.ok("StopTask", &json!({"cluster": "main", "task": task}));
    aws.seconds(3500);
    assert_eq!(aws.ok("RunTask", &input)["tasks"][0]["taskArn"], task);
    aws.seconds(200);
    assert_ne!(aws.ok("RunTask", &input)["tasks"][0]["taskArn"], task);
    let long = run(&json!({"clientToken": "long"}));
    let task = aws.ok("RunTask", &long)["tasks"][0]["taskArn"].clone();
    aws.seconds(86_399);
    assert_eq!(aws.ok("RunTask", &long)["tasks"][0]["taskArn"], task, "it runs on");
    aws.seconds(1);
    assert_ne!(aws.ok("RunTask", &long)["tasks"][0]["taskArn"], task);
}

#[test]
fn a_command_says_how_it_ends_whatever_the_image() {
    let aws = Aws::new();
    let ends = |code: i32| serde_json::from_value(json!({"exits": {"code": code}})).unwrap();
    aws.0.with_world(|world| world.images.commands.insert("migrate up".to_owned(), ends(7)));
    let overrides = json!({"containerOverrides": [{"name": "web", "command": ["migrate", "up"]}]});
    aws.ok("RunTask", &run(&json!({"overrides": overrides})));
    aws.ok("RunTask", &run(&json!({})));
    aws.seconds(60);
    assert_eq!(aws.tasks("STOPPED")[0]["containers"][0]["exitCode"], 7);
    assert_eq!(aws.tasks("RUNNING").len(), 1, "the other has another command");
}

#[test]
fn a_task_can_be_stopped() {
    let aws = Aws::new();
    let task = aws.ok("RunTask", &run(&json!({})))["tasks"][0]["taskArn"].clone();
    aws.seconds(20);
    let stopped = aws.ok("StopTask", &json!({"cluster": "main", "task": task, "reason": "enough"}))["task"].clone();
    assert_eq!((&stopped["desiredStatus"], &stopped["lastStatus"]), (&json!("STOPPED"), &json!("DEACTIVATING")));
    assert_eq!((&stopped["stopCode"], &stopped["stoppedReason"]), (&json!("UserInitiated"), &json!("enough")));
}

#[test]
fn what_does_not_fit_is_a_failure_in_the_answer() {
    let aws = Aws::new();
    aws.0.with_world(|world| world.settings.fargate_capacity = Some(2));
    let answer = aws.ok("RunTask", &run(&json!({"count": 3})));
    assert_eq!((answer["tasks"].as_array().unwrap().len(), answer["failures"].as_array().unwrap().len()), (2, 1));
}

#[test]
fn a_role_that_cannot_be_assumed_refuses_the_call() {
    let aws = Aws::new();
    aws.register(&json!({"taskRoleArn": "arn:aws:iam::123456789012:role/nowhere"}));
    let refused = aws.call("RunTask", &run(&json!({}))).unwrap_err();
    assert_eq!(refused.0, "ClientException");
    assert!(refused.1.starts_with("ECS was unable to assume the role"), "{}", refused.1);
}

#[test]
fn tasks_are_listed_by_what_they_have_in_common() {
    let aws = Aws::new();
    aws.ok("RunTask", &run(&json!({"startedBy": "a", "count": 2})));
    aws.ok("RunTask", &run(&json!({"startedBy": "b"})));
    aws.steady(1, &json!({}));
    let count = |input: Value| aws.ok("ListTasks", &input)["taskArns"].as_array().unwrap().len();
    assert_eq!(count(json!({"cluster": "main"})), 4);
    assert_eq!(count(json!({"cluster": "main", "startedBy": "a"})), 2);
    assert_eq!(count(json!({"cluster": "main", "serviceName": "hello"})), 1);
    assert_eq!(count(json!({"cluster": "main", "family": "hello"})), 4);
    assert_eq!(count(json!({"cluster": "main", "family": "hel"})), 0);
    assert_eq!(count(json!({"cluster": "main", "desiredStatus": "STOPPED"})), 0);
}
