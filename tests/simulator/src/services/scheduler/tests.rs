use jiff::Timestamp;
use serde_json::{Value, json};

use super::call;
use crate::call::{Answer, Call, Service};
use crate::services::{ecs, iam};
use crate::world::World;
use crate::world_file::seed;

const ROLE: &str = "arn:aws:iam::123456789012:role/starter";
const EXECUTION: &str = "arn:aws:iam::123456789012:role/execution";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:missed";

fn ask_of(world: &mut World, service: Service, operation: &str, input: &Value) -> Answer {
    let call_ = Call {
        service,
        operation: operation.to_owned(),
        input: input.clone(),
        region: world.region.clone(),
        access_key: "AKIAEXAMPLE".into(),
        account_id: world.account_id.clone(),
        time: world.now,
    };
    if service == Service::Ecs { ecs::call(world, &call_) } else { call(world, &call_) }
}

fn ask(world: &mut World, operation: &str, input: &Value) -> Answer {
    ask_of(world, Service::Scheduler, operation, input)
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn policy(passed: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": "arn:aws:ecs:eu-west-1:123456789012:task-definition/job:*",
            "Condition": {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/main"}}},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": passed,
            "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE},
    ]})
}

fn role(world: &mut World, arn: &str, service: &str, policy: &Value) {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": service}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]});
    let inline = [("own".to_owned(), policy.to_string())].into();
    iam::add_role(world, arn, &trust.to_string(), &[], &inline).unwrap();
}

/// A cluster, a task definition, and a role that passes `passed`.
fn with_role(passed: &str) -> World {
    let mut world = seed();
    let nothing =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]});
    role(&mut world, EXECUTION, "ecs-tasks.amazonaws.com", &nothing);
    role(&mut world, ROLE, "scheduler.amazonaws.com", &policy(passed));
    ask_of(&mut world, Service::Ecs, "CreateCluster", &json!({"clusterName": "main"})).unwrap();
    let definition = json!({"family": "job", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "executionRoleArn": EXECUTION,
        "containerDefinitions": [{"name": "job", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": true}]});
    ask_of(&mut world, Service::Ecs, "RegisterTaskDefinition", &definition).unwrap();
    let now = world.now;
    world.advance_to(now + 20_000);
    world
}

fn schedule(expression: &str, more: &Value) -> Value {
    let mut input = json!({
        "Name": "nightly", "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "RoleArn": ROLE,
            "EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/job:1",
                "LaunchType": "FARGATE", "Group": "nightly",
                "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-0aaa"]}}}},
    });
    merge(&mut input, more);
    input
}

fn merge(into: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        if value.is_object() { merge(&mut into[name], value) } else { into[name] = value.clone() }
    }
}

/// When it was started, and why it was not.
fn fired(world: &World) -> Vec<(String, Option<String>)> {
    let told =
        |firing: &super::Firing| (Timestamp::from_millisecond(firing.due).unwrap().to_string(), firing.failure.clone());
    world.scheduler.firings.iter().map(told).collect()
}

fn due(world: &World) -> Vec<String> {
    fired(world).into_iter().map(|(due, failure)| failure.map_or(due, |failure| panic!("{failure}"))).collect()
}

#[test]
fn a_nightly_task_runs_once_on_each_of_the_days_on_which_the_clocks_change() {
    let cases = [
        ("cron(15 4 * * ? *)", "2027-03-27T12:00:00Z", vec!["2027-03-28T02:15:00Z", "2027-03-29T02:15:00Z"]),
        ("cron(15 4 * * ? *)", "2027-10-30T12:00:00Z", vec!["2027-10-31T03:15:00Z", "2027-11-01T03:15:00Z"]),
        ("cron(15 2 * * ? *)", "2027-03-27T12:00:00Z", vec!["2027-03-29T00:15:00Z"]),
        ("cron(15 2 * * ? *)", "2027-10-30T12:00:00Z", vec!["2027-10-31T00:15:00Z", "2027-11-01T01:15:00Z"]),
    ];
    for (expression, from, expected) in cases {
        let mut world = with_role(EXECUTION);
        world.advance_to(at(from));
        let zone = json!({"ScheduleExpressionTimezone": "Europe/Stockholm"});
        ask(&mut world, "CreateSchedule", &schedule(expression, &zone)).unwrap();
        world.advance_to(at(from) + 2 * 86_400_000);
        assert_eq!(due(&world), expected, "{expression} from {from}");
        let listed = ask_of(&mut world, Service::Ecs, "ListTasks", &json!({"cluster": "main", "family": "job"}));
        assert_eq!(listed.unwrap()["taskArns"].as_array().unwrap().len(), expected.len());
    }
}

#[test]
fn what_repeats_begins_at_once_or_when_it_is_told_to() {
    for (start, expected) in [(None, vec![0, 60, 120]), (Some(90), vec![90])] {
        let mut world = with_role(EXECUTION);
        let begun = world.now;
        let start = start.map(|minutes| json!({"StartDate": (begun + minutes * 60_000) / 1000}));
        ask(&mut world, "CreateSchedule", &schedule("rate(1 hour)", &start.unwrap_or(json!({})))).unwrap();
        world.advance_to(begun + 121 * 60_000);
        let minutes: Vec<i64> = world.scheduler.firings.iter().map(|firing| (firing.due - begun) / 60_000).collect();
        assert_eq!(minutes, expected);
    }
}

#[test]
fn a_disabled_schedule_and_one_whose_time_has_passed_start_nothing() {
    let mut world = with_role(EXECUTION);
    let begun = world.now;
    let past = Timestamp::from_millisecond(begun - 60_000).unwrap().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let past = format!("at({})", past.round(jiff::Unit::Second).unwrap());
    ask(&mut world, "CreateSchedule", &schedule(&past, &json!({}))).unwrap();
    ask(&mut world, "UpdateSchedule", &schedule("rate(1 minute)", &json!({"State": "DISABLED"}))).unwrap();
    world.advance_to(begun + 3_600_000);
    assert_eq!(fired(&world), []);
    assert_eq!(ask(&mut world, "GetSchedule", &json!({"Name": "nightly"})).unwrap()["State"], "DISABLED");
}

#[test]
fn without_leave_to_pass_the_role_nothing_runs_and_the_queue_is_told_in_the_end() {
    let mut world = with_role("arn:aws:iam::123456789012:role/another");
    let more = json!({"Target": {"DeadLetterConfig": {"Arn": QUEUE},
        "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}}});
    ask(&mut world, "CreateSchedule", &schedule("cron(0 * * * ? *)", &more)).unwrap();
    let begun = world.now;
    world.advance_to(begun + 3_600_000 + 600_000);
    let failures: Vec<String> = fired(&world).into_iter().filter_map(|(_, failure)| failure).collect();
    assert_eq!(failures.len(), 3, "{failures:?}");
    assert!(failures.iter().all(|failure| failure.contains("iam:PassRole") && failure.contains(EXECUTION)));
    assert_eq!(world.scheduler.dead_letters[QUEUE].len(), 1);
    assert_eq!(world.scheduler.dead_letters[QUEUE][0]["ERROR_CODE"], "AccessDeniedException");
}

#[test]
fn what_is_left_out_of_an_update_is_gone() {
    let mut world = with_role(EXECUTION);
    let more = json!({"Description": "mine", "ScheduleExpressionTimezone": "Europe/Stockholm"});
    ask(&mut world, "CreateSchedule", &schedule("rate(1 day)", &more)).unwrap();
    ask(&mut world, "UpdateSchedule", &schedule("rate(1 day)", &json!({}))).unwrap();
    let told = ask(&mut world, "GetSchedule", &json!({"Name": "nightly"})).unwrap();
    assert_eq!((&told["Description"], &told["ScheduleExpressionTimezone"]), (&Value::Null, &json!("UTC")));
    assert_eq!(told["Target"]["RetryPolicy"]["MaximumRetryAttempts"], 185);
}

#[test]
fn what_is_wrong_is_refused_as_aws_does() {
    let with = |more: Value| schedule("rate(1 day)", &more);
    let cases = [
        (schedule("cron(0 8 * * *)", &json!({})), "Invalid Schedule Expression"),
        (with(json!({"ScheduleExpressionTimezone": "Sweden"})), "Timezone"),
        (with(json!({"Name": "a b"})), "regular expression"),
        (with(json!({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}})), "MaximumWindowInMinutes"),
        (with(json!({"Target": {"RetryPolicy": {"MaximumRetryAttempts": 186}}})), "between 0 and 185"),
        (with(json!({"Target": {"RoleArn": EXECUTION}})), "must allow AWS EventBridge Scheduler to assume the role"),
        (with(json!({"Target": {"EcsParameters": {"TaskCount": 11}}})), "between 1 and 10"),
        (with(json!({"Target": {"EcsParameters": {"PropagateTags": "SERVICE"}}})), "enum value set"),
        (with(json!({"Tags": []})), "no member Tags"),
    ];
    let mut world = with_role(EXECUTION);
    for (input, words) in cases {
        let fault = ask(&mut world, "CreateSchedule", &input).unwrap_err();
        assert!(fault.code == "ValidationException" && fault.message.contains(words), "{fault}");
    }
    ask(&mut world, "CreateSchedule", &with(json!({}))).unwrap();
    assert_eq!(ask(&mut world, "CreateSchedule", &with(json!({}))).unwrap_err().code, "ConflictException");
    assert_eq!(
        ask(&mut world, "ListSchedules", &json!({"NamePrefix": "night"})).unwrap()["Schedules"][0]["Name"],
        "nightly"
    );
    ask(&mut world, "DeleteSchedule", &json!({"Name": "nightly"})).unwrap();
    for operation in ["GetSchedule", "DeleteSchedule"] {
        let fault = ask(&mut world, operation, &json!({"Name": "nightly"})).unwrap_err();
        assert_eq!(fault.code, "ResourceNotFoundException");
    }
}
