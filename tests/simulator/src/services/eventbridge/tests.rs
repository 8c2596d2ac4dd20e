use serde_json::{Value, json};

use super::{Event, call, fail_entries, input, matching, patterns, publish, set_managed_by};
use crate::call::{Answer, Call, Service};
use crate::services::{ecs, iam};
use crate::world::World;
use crate::world_file::seed;

const ROLE: &str = "arn:aws:iam::123456789012:role/starter";
const EXECUTION: &str = "arn:aws:iam::123456789012:role/execution";
const RULE: &str = "arn:aws:events:eu-west-1:123456789012:rule/on-upload";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:missed";

fn ask_of(world: &mut World, service: Service, operation: &str, input: &Value) -> Answer {
    let asked = Call {
        service,
        operation: operation.to_owned(),
        input: input.clone(),
        region: world.region.clone(),
        access_key: "AKIAEXAMPLE".into(),
        account_id: world.account_id.clone(),
        time: world.now,
    };
    if service == Service::Ecs { ecs::call(world, &asked) } else { call(world, &asked) }
}

fn ask(world: &mut World, operation: &str, input: &Value) -> Answer {
    ask_of(world, Service::EventBridge, operation, input)
}

fn role(world: &mut World, arn: &str, principal: &str, source: Option<&str>, policy: &Value) {
    let condition = source.map_or(json!({}), |arn| json!({"StringEquals": {"aws:SourceArn": arn}}));
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": principal}, "Action": "sts:AssumeRole", "Condition": condition}]});
    let inline = [("own".to_owned(), policy.to_string())].into();
    iam::add_role(world, arn, &trust.to_string(), &[], &inline).unwrap();
}

/// A cluster, a task definition, and a role for the rule `on-upload` that passes `passed`.
fn with_role(passed: &str) -> World {
    let mut world = seed();
    let logs =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]});
    role(&mut world, EXECUTION, "ecs-tasks.amazonaws.com", None, &logs);
    let start = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": passed}]});
    role(&mut world, ROLE, "events.amazonaws.com", Some(RULE), &start);
    ask_of(&mut world, Service::Ecs, "CreateCluster", &json!({"clusterName": "main"})).unwrap();
    let definition = json!({"family": "job", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "executionRoleArn": EXECUTION,
        "containerDefinitions": [{"name": "job", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": true}]});
    ask_of(&mut world, Service::Ecs, "RegisterTaskDefinition", &definition).unwrap();
    let now = world.now;
    world.advance_to(now + 20_000);
    world
}

fn target(more: &Value) -> Value {
    let mut target = json!({"Id": "task", "Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "RoleArn": ROLE,
        "InputTransformer": {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate":
            r#"{"containerOverrides":[{"name":"job","environment":[{"name":"KEY","value":"<key>"}]}]}"#},
        "EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/job:1",
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-0aaa"]}}}});
    for (name, value) in more.as_object().unwrap() {
        target[name] = value.clone();
    }
    target
}

/// The rule, for uploads into one bucket.
fn with_rule(passed: &str, more: &Value) -> World {
    let mut world = with_role(passed);
    let pattern = json!({"source": ["aws.s3"], "detail": {"bucket": {"name": ["orders-in"]}}});
    ask(&mut world, "PutRule", &json!({"Name": "on-upload", "EventPattern": pattern.to_string()})).unwrap();
    let told = ask(&mut world, "PutTargets", &json!({"Rule": "on-upload", "Targets": [target(more)]})).unwrap();
    assert_eq!(told["FailedEntryCount"], 0);
    world
}

fn upload(world: &mut World, bucket: &str, key: &str) {
    let event: Event = serde_json::from_value(json!({"source": "aws.s3", "detailType": "Object Created",
        "detail": {"bucket": {"name": bucket}, "object": {"key": key}}}))
    .unwrap();
    publish(world, event);
    let now = world.now;
    world.advance_to(now + 5_000);
}

/// The overrides of the tasks that were started.
fn started(world: &mut World) -> Vec<Value> {
    let arns = ask_of(world, Service::Ecs, "ListTasks", &json!({"cluster": "main"})).unwrap()["taskArns"].clone();
    if arns.as_array().unwrap().is_empty() {
        return vec![];
    }
    let told = ask_of(world, Service::Ecs, "DescribeTasks", &json!({"cluster": "main", "tasks": arns})).unwrap();
    told["tasks"].as_array().unwrap().iter().map(|task| task["overrides"].clone()).collect()
}

fn failures(world: &World) -> Vec<String> {
    world.eventbridge.firings.iter().filter_map(|firing| firing.failure.clone()).collect()
}

#[test]
fn an_event_that_fits_starts_a_task_that_knows_of_it_and_another_starts_none() {
    let mut world = with_rule(EXECUTION, &json!({}));
    upload(&mut world, "orders-in", "2026/11/29/a b.csv");
    upload(&mut world, "elsewhere", "x");
    assert_eq!(failures(&world), [""; 0]);
    let started = started(&mut world);
    assert_eq!(started.len(), 1, "{started:?}");
    assert_eq!(started[0]["containerOverrides"][0]["environment"][0]["value"], "2026/11/29/a b.csv");
}

#[test]
fn a_disabled_rule_starts_nothing() {
    let mut world = with_rule(EXECUTION, &json!({}));
    ask(&mut world, "DisableRule", &json!({"Name": "on-upload"})).unwrap();
    upload(&mut world, "orders-in", "a");
    ask(&mut world, "EnableRule", &json!({"Name": "on-upload"})).unwrap();
    assert_eq!(world.eventbridge.firings, []);
    upload(&mut world, "orders-in", "a");
    assert_eq!(world.eventbridge.firings.len(), 1);
}

#[test]
fn what_is_no_json_once_it_is_filled_in_starts_nothing_and_is_told_to_the_queue_in_the_end() {
    let more = json!({"RetryPolicy": {"MaximumRetryAttempts": 1}, "DeadLetterConfig": {"Arn": QUEUE}});
    let mut world = with_rule(EXECUTION, &more);
    upload(&mut world, "orders-in", "say \"hello\"");
    let now = world.now;
    world.advance_to(now + 3_600_000);
    assert_eq!((failures(&world).len(), started(&mut world).len()), (2, 0));
    let letters = &world.eventbridge.dead_letters[QUEUE];
    assert_eq!((letters.len(), &letters[0]["RULE_ARN"]), (1, &json!(RULE)));
}

#[test]
fn without_leave_to_pass_the_role_it_is_not_tried_again() {
    let mut world = with_rule("arn:aws:iam::123456789012:role/another", &json!({"DeadLetterConfig": {"Arn": QUEUE}}));
    upload(&mut world, "orders-in", "a");
    let now = world.now;
    world.advance_to(now + 86_400_000);
    let failures = failures(&world);
    assert!(failures.len() == 1 && failures[0].contains("iam:PassRole"), "{failures:?}");
    assert_eq!(world.eventbridge.dead_letters[QUEUE][0]["ERROR_CODE"], "AccessDeniedException");
}

#[test]
fn a_template_is_filled_in_as_the_user_guide_says() {
    let mut world = with_rule(EXECUTION, &json!({}));
    let rule = world.eventbridge.rules[RULE].clone();
    let filled = |template: &str| {
        let target = json!({"InputTransformer": {"InputTemplate": template, "InputPathsMap": {
            "key": "$.detail.object.key", "size": "$.detail.object.size", "object": "$.detail.object",
            "first": "$.detail.list[0]", "none": "$.detail.none"}}});
        let event: Event = serde_json::from_value(json!({"source": "aws.s3", "detailType": "Object Created",
            "detail": {"object": {"key": "a\"b", "size": 5}, "list": ["x", "y"]}}))
        .unwrap();
        input::of(&rule, &target, &event)
    };
    let cases = [
        (r#"{"v":"<first>"}"#, r#"{"v":"x"}"#),
        (r#"{"v":<first>}"#, r#"{"v":"x"}"#),
        (r#"{"v":"<size> of <first>"}"#, r#"{"v":"5 of x"}"#),
        (r#"{"v":"<key>"}"#, r#"{"v":"a"b"}"#),
        (r#"{"v":"<none>"}"#, r#"{"v":""}"#),
        (r#"{"v":"it is <object>"}"#, r#"{"v":"it is {key:a\b,size:5}"}"#),
        (r#"{"v":"\"<first>\""}"#, r#"{"v":"\"x\""}"#),
        ("<aws.events.rule-name>", r#""on-upload""#),
    ];
    for (template, expected) in cases {
        assert_eq!(filled(template), expected, "{template}");
    }
    ask(&mut world, "ListEventBuses", &json!({})).unwrap();
}

#[test]
fn patterns_fit_as_the_user_guide_says() {
    let event = json!({"source": "aws.s3", "n": 15, "name": "Photos/a.PNG", "tags": ["a", "b"], "empty": null,
        "ip": "10.0.0.7", "d": {"x": "1"}, "items": [{"id": 1}, {"id": 2}]});
    let cases = [
        (json!({"source": ["aws.s3"]}), true),
        (json!({"source": ["aws.ec2", "aws.s3"], "n": [15]}), true),
        (json!({"source": ["aws.s3"], "n": [16]}), false),
        (json!({"name": [{"prefix": "Photos/"}]}), true),
        (json!({"name": [{"suffix": ".png"}]}), false),
        (json!({"name": [{"suffix": {"equals-ignore-case": ".png"}}]}), true),
        (json!({"name": [{"equals-ignore-case": "photos/A.png"}]}), true),
        (json!({"name": [{"wildcard": "Ph*a*PNG"}]}), true),
        (json!({"name": [{"wildcard": "Ph*b*PNG"}]}), false),
        (json!({"name": [{"anything-but": {"prefix": "Docs/"}}]}), true),
        (json!({"source": [{"anything-but": ["aws.s3", "aws.ec2"]}]}), false),
        (json!({"n": [{"numeric": [">", 10, "<=", 15]}]}), true),
        (json!({"n": [{"numeric": ["<", 15]}]}), false),
        (json!({"ip": [{"cidr": "10.0.0.0/24"}]}), true),
        (json!({"ip": [{"cidr": "10.0.1.0/24"}]}), false),
        (json!({"tags": ["b"]}), true),
        (json!({"empty": [null]}), true),
        (json!({"missing": [{"exists": false}]}), true),
        (json!({"d": {"y": [{"exists": false}]}}), true),
        (json!({"missing": [{"exists": true}]}), false),
        (json!({"missing": {"x": ["1"]}}), false),
        (json!({"items": {"id": [2]}}), true),
        (json!({"$or": [{"n": [1]}, {"source": [{"prefix": "aws."}]}]}), true),
        (json!({"$or": [{"n": [1]}, {"n": [2]}]}), false),
    ];
    for (pattern, expected) in cases {
        patterns::check(&pattern.to_string()).unwrap();
        assert_eq!(matching::fits(&pattern, &event), expected, "{pattern}");
    }
}

#[test]
fn what_is_wrong_is_refused_as_aws_does() {
    let rule = |pattern: &Value| json!({"Name": "on-upload", "EventPattern": pattern.to_string()});
    let targets = |more: &Value| json!({"Rule": "on-upload", "Targets": [target(more)]});
    let cases = [
        (
            "PutRule",
            rule(&json!({"source": "aws.s3"})),
            "InvalidEventPatternException",
            "must be an object or an array",
        ),
        ("PutRule", rule(&json!({"source": []})), "InvalidEventPatternException", "Empty arrays"),
        (
            "PutRule",
            rule(&json!({"a": [{"starts": "x"}]})),
            "InvalidEventPatternException",
            "Unrecognized match type starts",
        ),
        ("PutRule", json!({"Name": "a"}), "ValidationException", "EventPattern or ScheduleExpression"),
        ("PutRule", json!({"Name": "a b"}), "ValidationException", "regular expression"),
        ("PutRule", json!({"Name": "a", "EventBusName": "none"}), "ResourceNotFoundException", "Event bus none"),
        ("DeleteRule", json!({"Name": "on-upload"}), "ValidationException", "since it has targets"),
        (
            "PutTargets",
            targets(&json!({"RoleArn": EXECUTION})),
            "ValidationException",
            "cannot be assumed by principal",
        ),
        ("PutTargets", targets(&json!({"RoleArn": null})), "ValidationException", "RoleArn is required"),
        ("PutTargets", targets(&json!({"Input": "{}"})), "ValidationException", "Only one of"),
        ("PutTargets", targets(&json!({"RetryPolicy": {"MaximumRetryAttempts": 186}})), "ValidationException", "185"),
        ("PutTargets", targets(&json!({"VolumeConfigurations": []})), "ValidationException", "no member"),
        (
            "PutTargets",
            json!({"Rule": "other", "Targets": [target(&json!({}))]}),
            "ResourceNotFoundException",
            "Rule other",
        ),
        ("DescribeRule", json!({"Name": "other"}), "ResourceNotFoundException", "Rule other does not exist"),
        (
            "ListTagsForResource",
            json!({"ResourceARN": format!("{RULE}s")}),
            "ResourceNotFoundException",
            "does not exist",
        ),
    ];
    let mut world = with_rule(EXECUTION, &json!({}));
    for (operation, input, code, words) in cases {
        let fault = ask(&mut world, operation, &input).unwrap_err();
        assert!(fault.code == code && fault.message.contains(words), "{operation} {input}: {fault}");
    }
}

#[test]
fn a_rule_goes_once_its_targets_have_gone_and_as_often_as_one_likes() {
    let mut world = with_rule(EXECUTION, &json!({}));
    fail_entries(&mut world, 1);
    let remove = json!({"Rule": "on-upload", "Ids": ["task", "other"]});
    let told = ask(&mut world, "RemoveTargets", &remove).unwrap();
    let codes: Vec<&Value> = told["FailedEntries"].as_array().unwrap().iter().map(|one| &one["ErrorCode"]).collect();
    assert_eq!(codes, ["ConcurrentModificationException", "ResourceNotFoundException"]);
    assert_eq!(ask(&mut world, "RemoveTargets", &remove).unwrap()["FailedEntryCount"], 1);
    for _ in 0..2 {
        ask(&mut world, "DeleteRule", &json!({"Name": "on-upload"})).unwrap();
    }
    assert_eq!(ask(&mut world, "ListRules", &json!({})).unwrap()["Rules"], json!([]));
}

#[test]
fn what_is_left_out_is_gone_and_tags_are_of_a_new_rule_alone() {
    let mut world = with_role(EXECUTION);
    let put = |more: Value| {
        let mut input = json!({"Name": "r", "EventBusName": "orders", "EventPattern": r#"{"source":["a"]}"#});
        more.as_object().unwrap().iter().for_each(|(name, value)| input[name] = value.clone());
        input
    };
    let tags = |value: &str| json!([{"Key": "k", "Value": value}]);
    let arn = ask(&mut world, "PutRule", &put(json!({"Description": "mine", "State": "DISABLED", "Tags": tags("1")})));
    let arn = arn.unwrap()["RuleArn"].clone();
    assert_eq!(arn, "arn:aws:events:eu-west-1:123456789012:rule/orders/r");
    ask(&mut world, "PutRule", &put(json!({"Tags": tags("2")}))).unwrap();
    let told = ask(&mut world, "DescribeRule", &json!({"Name": "r", "EventBusName": "orders"})).unwrap();
    assert_eq!((&told["Description"], &told["State"]), (&Value::Null, &json!("ENABLED")));
    let listed =
        |world: &mut World| ask(world, "ListTagsForResource", &json!({"ResourceARN": arn})).unwrap()["Tags"].clone();
    assert_eq!(listed(&mut world), tags("1"));
    ask(&mut world, "TagResource", &json!({"ResourceARN": arn, "Tags": tags("3")})).unwrap();
    assert_eq!(listed(&mut world), tags("3"));
    ask(&mut world, "UntagResource", &json!({"ResourceARN": arn, "TagKeys": ["k"]})).unwrap();
    assert_eq!(listed(&mut world), json!([]));
    set_managed_by(&mut world, arn.as_str().unwrap(), "dax.amazonaws.com");
    for (operation, input) in
        [("PutRule", put(json!({}))), ("DeleteRule", json!({"Name": "r", "EventBusName": "orders"}))]
    {
        assert_eq!(ask(&mut world, operation, &input).unwrap_err().code, "ManagedRuleException");
    }
}

#[test]
fn callers_put_events_of_their_own_and_none_of_aws_s() {
    let mut world = with_role(EXECUTION);
    ask(&mut world, "PutRule", &json!({"Name": "on-upload", "EventPattern": r#"{"source":["shop"]}"#})).unwrap();
    ask(&mut world, "PutTargets", &json!({"Rule": "on-upload", "Targets": [target(&json!({}))]})).unwrap();
    let entry = |source: &str, detail: &str| json!({"Source": source, "DetailType": "x", "Detail": detail});
    let entries = [entry("shop", "{}"), entry("aws.s3", "{}"), entry("shop", "{"), json!({"Source": "shop"})];
    let told = ask(&mut world, "PutEvents", &json!({"Entries": entries})).unwrap();
    let codes: Vec<&Value> = told["Entries"].as_array().unwrap().iter().map(|one| &one["ErrorCode"]).collect();
    let expected =
        [Value::Null, json!("NotAuthorizedForSourceException"), json!("MalformedDetail"), json!("InvalidArgument")];
    assert_eq!((codes, &told["FailedEntryCount"]), (expected.iter().collect(), &json!(3)));
    let now = world.now;
    world.advance_to(now + 5_000);
    assert_eq!(world.eventbridge.firings.len(), 1);
}
