//! A trigger as resources: what is run, who starts it and when.

use jiff::Timestamp;
use longshore_crds::{EcsTaskTriggerSpec, EcsTaskTriggerStatus};
use longshore_planner::desired::{
    Desired, Fact, Facts, Memory, Need, Obstacle, Reference, References, RevisionRoles, Scope, TaskSource, Times,
    ecs_task_trigger,
};
use longshore_planner::engine::{Kind, Options, Seen, Step, Thing, World, plan};
use longshore_planner::kinds;
use longshore_planner::kinds::iam::role::Role;
use longshore_planner::kinds::scheduler::schedule::Schedule;
use longshore_planner::report::fill_trigger;
use serde_json::{Value, json};

use crate::objects::{cluster, environment, scope, spec};

const REVISION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/orders:4";
const OF_APP: &str = "arn:aws:iam::123456789012:role/longshore/orders-task";
const OF_ECS: &str = "arn:aws:iam::123456789012:role/longshore/orders-execution";
const MIGRATIONS: &str = "arn:aws:iam::123456789012:role/app-shop-migrations";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:missed";

fn here(environment_patch: &Value) -> Scope {
    Scope { object_kind: "EcsTaskTrigger", name: "nightly-report".into(), ..scope(environment(environment_patch)) }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Made on the first of November, and looked at an hour later.
fn times() -> Times {
    Times { made: Some(at("2026-11-01T00:30:00Z")), now: at("2026-11-01T01:30:00Z") }
}

fn orders() -> Reference<TaskSource> {
    Reference::Ready(TaskSource {
        task_definition_arn: REVISION.to_owned(),
        subnets: vec!["subnet-0aaa".to_owned()],
        security_groups: vec!["sg-orders".to_owned()],
        public_ip: false,
        containers: serde_json::from_value(json!([{"name": "web", "image": "orders:1"}])).unwrap(),
    })
}

/// Example 40's trigger, patched.
fn desire_at(patch: &Value, times: Times, granted: &Value) -> Result<Desired, Obstacle> {
    let spec: EcsTaskTriggerSpec = spec("40-tasks.yaml", "EcsTaskTrigger", patch);
    let source = spec.task_from.as_ref().map(|_| orders());
    let references = References::to_cluster(cluster());
    let roles = RevisionRoles { task: Some(OF_APP.to_owned()), execution: Some(OF_ECS.to_owned()) };
    let need = Need::RevisionRoles { arn: REVISION.to_owned() };
    let facts = Facts::from([(need, Fact::RevisionRoles(roles))]);
    ecs_task_trigger(&here(granted), &spec, &facts, &references, source.as_ref(), &Memory::default(), times)
}

fn desire(patch: &Value) -> Result<Desired, Obstacle> {
    desire_at(patch, times(), &json!({}))
}

/// What is wanted of a kind and key.
fn value<K: Kind>(desired: &Desired, key: &str) -> K {
    let (_, node) = desired.graph.iter().find(|(id, _)| id.kind == K::NAME && id.key == key).unwrap();
    serde_json::from_value(node.want.clone()).unwrap()
}

fn schedule(patch: &Value) -> Schedule {
    value(&desire(patch).unwrap(), "schedule")
}

fn statements(patch: &Value) -> Vec<Value> {
    let role: Role = value(&desire(patch).unwrap(), "trigger-role");
    role.inline["start"]["Statement"].as_array().unwrap().clone()
}

fn of_service() -> Value {
    json!({"task": null, "taskFrom": {"service": {"name": "orders"}}})
}

fn refused(patch: &Value, times: Times) -> Vec<(String, String, String)> {
    match desire_at(patch, times, &json!({})) {
        Err(Obstacle::Refused(refusals)) => refusals.into_iter().map(|r| (r.reason, r.at.0, r.message)).collect(),
        other => panic!("{patch}: {other:?}"),
    }
}

#[test]
fn a_trigger_has_what_a_one_off_task_has_and_a_role_and_a_schedule() {
    let desired = desire(&json!({})).unwrap();
    let kinds: Vec<String> = desired.graph.iter().map(|(id, _)| format!("{}:{}", id.kind, id.key)).collect();
    let expected = [
        "logs/log-group:logs",
        "iam/role:execution-role",
        "ec2/security-group:security-group",
        "ec2/security-group-rule:egress-all",
        "ecs/task-definition:task",
        "iam/role:trigger-role",
        "scheduler/schedule:schedule",
    ];
    assert_eq!(kinds, expected);
    let schedule = schedule(&json!({}));
    assert_eq!(schedule.expression, "cron(15 4 * * ? *)");
    assert_eq!(schedule.timezone.as_deref(), Some("Europe/Stockholm"));
    assert!(schedule.enabled && schedule.target.ecs.task_definition_arn.known().is_none());
    assert_eq!(desired.watch.unwrap().containers, ["report"]);
}

#[test]
fn suspended_it_stays_and_starts_nothing() {
    assert!(!schedule(&json!({"suspend": true})).enabled);
}

#[test]
fn it_follows_a_service_by_the_revision_s_own_arn_and_makes_nothing_to_run() {
    let desired = desire(&of_service()).unwrap();
    assert_eq!(desired.graph.len(), 2);
    let schedule = schedule(&of_service());
    assert_eq!(schedule.target.ecs.task_definition_arn.known(), Some(REVISION));
    assert_eq!(schedule.target.ecs.network.unwrap().subnets, ["subnet-0aaa"]);
    assert_eq!(desired.pins["roles of orders:4"], format!("{OF_APP} {OF_ECS}"));
    assert_eq!(desired.watch.unwrap().family, "orders");
}

#[test]
fn the_roles_of_a_revision_are_asked_for_once() {
    let spec: EcsTaskTriggerSpec = spec("40-tasks.yaml", "EcsTaskTrigger", &of_service());
    let references = References::to_cluster(cluster());
    let ask = |memory: &Memory| {
        ecs_task_trigger(&here(&json!({})), &spec, &Facts::new(), &references, Some(&orders()), memory, times())
    };
    let need = Need::RevisionRoles { arn: REVISION.to_owned() };
    assert_eq!(ask(&Memory::default()).unwrap_err(), Obstacle::Needs(vec![need]));
    let pins = [("roles of orders:4".to_owned(), format!("- {OF_ECS}"))].into();
    let desired = ask(&Memory { pins, ..Memory::default() }).unwrap();
    let role: Role = value(&desired, "trigger-role");
    assert!(role.inline["start"].to_string().contains(OF_ECS) && !role.inline["start"].to_string().contains(OF_APP));
}

#[test]
fn its_role_starts_this_family_in_this_cluster_and_passes_the_two_roles_of_its_tasks_alone() {
    let task_role = json!({"taskRole": {}});
    let overridden = json!({"task": null, "taskFrom": {"service": {"name": "orders"}},
        "overrides": {"taskRoleArn": MIGRATIONS}});
    // Of its own template the roles are known once they are made.
    let own = |key: &str| json!({"$parts": [{"out": {"id": key, "output": "arn"}}]});
    let cases = [
        (json!({}), vec![own("execution-role")], "shop-nightly-report-"),
        (task_role, vec![own("execution-role"), own("task-role")], "shop-nightly-report-"),
        (of_service(), vec![json!(OF_ECS), json!(OF_APP)], "orders:*"),
        (overridden, vec![json!(MIGRATIONS), json!(OF_ECS)], "orders:*"),
    ];
    for (patch, expected, family) in cases {
        let statements = statements(&patch);
        let of = |action: &str| -> Vec<&Value> {
            statements.iter().filter(|one| one["Action"].to_string().contains(action)).collect()
        };
        assert_eq!(statements.len(), 2, "{patch}: {statements:?}");
        let [run] = of("ecs:RunTask")[..] else { panic!("{statements:?}") };
        let resource = run["Resource"].to_string();
        assert!(resource.contains(&format!("task-definition/{family}")) && resource.ends_with(":*\"]"), "{resource}");
        assert!(run["Condition"].to_string().contains("cluster/main"), "{run}");
        let [pass] = of("iam:PassRole")[..] else { panic!("{statements:?}") };
        let passed = pass["Resource"].as_array().unwrap();
        assert_eq!(passed.len(), expected.len(), "{patch}: {passed:?}");
        for role in &expected {
            let (known, part) = (role.as_str(), role.pointer("/$parts/0/out/id").and_then(Value::as_str));
            let name = known.or(part).unwrap();
            assert!(passed.iter().any(|one| one.to_string().contains(name)), "{patch}: {name} in {passed:?}");
        }
        assert_eq!(pass["Condition"]["StringEquals"]["iam:PassedToService"], json!(["ecs-tasks.amazonaws.com"]));
        let role: Role = value(&desire(&patch).unwrap(), "trigger-role");
        let trust = role.trust.to_string();
        assert!(trust.contains("scheduler.amazonaws.com") && trust.contains("aws:SourceAccount"), "{trust}");
        assert!(role.permissions_boundary.is_some() && role.name.len() <= 64);
    }
}

#[test]
fn further_rights_come_with_what_asks_for_them() {
    let tags = statements(&json!({"propagateTags": "TASK_DEFINITION"}));
    assert!(tags.iter().any(|one| one.to_string().contains("ecs:TagResource")), "{tags:?}");
    let queue = json!({"deadLetterConfig": {"arn": QUEUE}});
    let Err(Obstacle::Refused(told)) = desire_at(&queue, times(), &json!({"iam": {"grants": []}})) else {
        panic!("nothing grants a queue")
    };
    assert_eq!((told[0].reason.as_str(), told[0].at.0.as_str()), ("NotGranted", "spec.deadLetterConfig.arn"));
    // Example 00 grants SQS to the namespace.
    let desired = desire(&queue).unwrap();
    let role: Role = value(&desired, "trigger-role");
    assert!(role.inline["start"].to_string().contains(QUEUE));
    assert_eq!(value::<Schedule>(&desired, "schedule").target.dead_letter_arn.as_deref(), Some(QUEUE));
}

#[test]
fn overrides_are_passed_as_run_task_takes_them_as_far_as_they_fit() {
    let command =
        |text: &str| json!({"overrides": {"cpu": 512, "containerOverrides": [{"name": "report", "command": [text]}]}});
    let input = schedule(&command("now")).target.input.unwrap();
    assert_eq!((&input["cpu"], &input["containerOverrides"][0]["command"][0]), (&json!("512"), &json!("now")));
    let told = refused(&command(&"x".repeat(8192)), times());
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("OverridesTooLong", "spec.overrides"));
    assert!(told[0].2.contains("8192 at most"), "{}", told[0].2);
}

#[test]
fn what_scheduler_would_refuse_is_refused_by_field() {
    let when = |expression: &str| json!({"schedule": {"expression": expression}});
    let volume = json!({"task": {"volumes": [{"name": "scratch", "configuredAtLaunch": true}]}});
    let cases = [
        (when("cron(15 4 * * *)"), "InvalidSchedule", "spec.schedule.expression", "must be six"),
        (when("rate(1 days)"), "InvalidSchedule", "spec.schedule.expression", "singular"),
        (when("at(2027-03-28T02:15:00)"), "InvalidSchedule", "spec.schedule.expression", "leave"),
        (when("at(2026-10-31T00:00:00)"), "SchedulePassed", "spec.schedule.expression", "before this object was made"),
        (json!({"schedule": {"timezone": "Sweden"}}), "InvalidSchedule", "spec.schedule.timezone", "IANA"),
        (volume, "NotByTrigger", "spec.task.volumes[scratch]", "EFS"),
        (
            json!({"networkConfiguration": {"allowFrom": [{"cidr": "10.0.0.0/8", "port": 1}]}}),
            "NotSupportedYet",
            "spec.networkConfiguration",
            "allowFrom",
        ),
        (
            json!({"networkConfiguration": {"access": [{"securityGroup": {"id": "sg-0"}, "port": 1}]}}),
            "NotSupportedYet",
            "spec.networkConfiguration",
            "access",
        ),
        (
            json!({"overrides": {"containerOverrides": [{"name": "other"}]}}),
            "NoSuchContainer",
            "spec.overrides.containerOverrides",
            "report",
        ),
        (
            json!({"overrides": {"taskRoleArn": "arn:aws:iam::123456789012:role/admin"}}),
            "NotGranted",
            "spec.overrides.taskRoleArn",
            "grants",
        ),
    ];
    for (patch, reason, field, words) in cases {
        let told = refused(&patch, times());
        assert_eq!((told[0].0.as_str(), told[0].1.as_str()), (reason, field), "{patch}: {told:?}");
        assert!(told[0].2.contains(words), "{patch}: {}", told[0].2);
    }
}

#[test]
fn an_hour_at_which_clocks_change_is_warned_about() {
    let warnings = |expression: &str| {
        let desired = desire(&json!({"schedule": {"expression": expression}})).unwrap();
        desired.warnings.into_iter().map(|warning| format!("{}: {}", warning.at, warning.message)).collect::<Vec<_>>()
    };
    assert_eq!(warnings("cron(15 4 * * ? *)"), Vec::<String>::new());
    let told = warnings("cron(15 2 * * ? *)");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("spec.schedule.expression: the clocks of Europe/Stockholm leave 2027-03-28T02:15:00 out")
    );
    assert!(told[1].contains("show 2027-10-31T02:15:00 twice") && told[1].contains("runs it once"), "{told:?}");
}

#[test]
fn a_rate_begins_a_period_after_its_object_was_made_and_goes_on_from_there() {
    let hourly = json!({"schedule": {"expression": "rate(2 hours)", "timezone": null}});
    let start = |now: &str| {
        let times = Times { now: at(now), ..times() };
        value::<Schedule>(&desire_at(&hourly, times, &json!({})).unwrap(), "schedule").start_date.unwrap()
    };
    assert_eq!(start("2026-11-01T00:30:05Z"), "2026-11-01T02:30:00Z");
    assert_eq!(start("2026-11-05T17:00:00Z"), "2026-11-05T18:30:00Z");
    // What began earlier on the same way is as wanted; what began beside it is not.
    let want = schedule(&hourly);
    for (seen, same) in [("2026-11-01T02:30:00Z", true), ("2026-11-01T03:00:00Z", false)] {
        let mut seen = Schedule { start_date: Some(seen.to_owned()), ..want.clone() };
        want.disown(&mut seen);
        assert_eq!(seen == want, same);
    }
}

/// What there is to do about a schedule at a time, where it is there or not.
fn steps_at(expression: &str, now: &str, is_there: bool) -> Vec<Step> {
    let patch = json!({"schedule": {"expression": expression, "timezone": null}});
    let times = Times { now: at(now), ..times() };
    let desired = desire_at(&patch, times, &json!({})).unwrap();
    let early = desire(&patch).unwrap();
    let mut world = World::default();
    if is_there {
        let (id, node) = early.graph.iter().find(|(id, _)| id.kind == Schedule::NAME).unwrap();
        let mut value: Schedule = serde_json::from_value(node.want.clone()).unwrap();
        value.target.role_arn = "arn:other".into();
        world.things.insert(id.clone(), Thing::erase(Seen::active(value)).unwrap());
    }
    let known = world.things.keys().cloned().collect();
    let plan = plan(&desired.graph, &known, &world, &kinds::all(), &Options::default());
    plan.steps.into_iter().filter(|step| step.id.kind == Schedule::NAME).collect()
}

#[test]
fn what_is_to_run_once_is_neither_made_nor_changed_after_its_time_and_goes_when_it_is_over() {
    let once = "at(2026-11-02T12:00:00)";
    let cases = [
        ("2026-11-02T11:59:59Z", false, "Create"),
        ("2026-11-02T12:00:00Z", false, "Wait"),
        ("2026-11-02T12:00:00Z", true, "Wait"),
        ("2026-11-03T12:00:00Z", false, ""),
        ("2026-11-03T12:00:00Z", true, "Delete"),
    ];
    for (now, is_there, expected) in cases {
        let steps = steps_at(once, now, is_there);
        let action = steps.first().map(|step| format!("{:?}", step.action)).unwrap_or_default();
        assert!(action.starts_with(expected) && (expected.is_empty() == steps.is_empty()), "{now}: {steps:?}");
    }
}

#[test]
fn the_next_run_is_told_of_what_is_there() {
    let told = |patch: &Value, now: &str| {
        let desired = desire(patch).unwrap();
        let mut world = World::default();
        for (id, node) in desired.graph.iter().filter(|(id, _)| id.kind == Schedule::NAME) {
            let mut seen: Schedule = serde_json::from_value(node.want.clone()).unwrap();
            seen.target.role_arn = "arn:role".into();
            world.things.insert(id.clone(), Thing::erase(Seen::active(seen)).unwrap());
        }
        let mut status = EcsTaskTriggerStatus::default();
        fill_trigger(&mut status, &desired.graph, &world, at(now));
        status.next_run
    };
    assert_eq!(told(&json!({}), "2027-03-27T12:00:00Z").as_deref(), Some("2027-03-28T02:15:00Z"));
    assert_eq!(told(&json!({}), "2027-10-30T12:00:00Z").as_deref(), Some("2027-10-31T03:15:00Z"));
    assert_eq!(told(&json!({"suspend": true}), "2027-10-30T12:00:00Z"), None);
    let mut status = EcsTaskTriggerStatus::default();
    fill_trigger(&mut status, &desire(&json!({})).unwrap().graph, &World::default(), at("2027-10-30T12:00:00Z"));
    assert_eq!(status.next_run, None, "nothing is there yet");
}

#[test]
fn what_event_bridge_scheduler_takes_at_the_most_is_taken() {
    let command = |length: usize| json!({"overrides": {"containerOverrides": [{"name": "report", "command": ["x".repeat(length)]}]}});
    let around = schedule(&command(0)).target.input.unwrap().to_string().len();
    assert_eq!(schedule(&command(8192 - around)).target.input.unwrap().to_string().len(), 8192);
    assert_eq!(refused(&command(8193 - around), times())[0].0, "OverridesTooLong");
}

#[test]
fn switches_that_the_spec_leaves_out_are_off() {
    for (patch, expected) in [
        (json!({}), (false, false)),
        (json!({"enableECSManagedTags": false}), (false, false)),
        (json!({"enableECSManagedTags": true}), (true, false)),
    ] {
        let ecs = schedule(&patch).target.ecs;
        assert_eq!((ecs.enable_ecs_managed_tags, ecs.enable_execute_command), expected, "{patch}");
    }
}

#[test]
fn a_run_may_start_as_late_as_its_window_and_its_retries_allow() {
    let once = |more: Value, now: &str| {
        let mut patch = json!({"schedule": {"expression": "at(2026-11-02T12:00:00)", "timezone": null, "flexibleTimeWindowMinutes": 60},
                               "retryPolicy": {"maximumEventAgeInSeconds": 600}});
        crate::objects::merge(&mut patch, &more);
        let desired = desire_at(&patch, Times { now: at(now), ..times() }, &json!({})).unwrap();
        desired.graph.iter().any(|(id, _)| id.kind == Schedule::NAME)
    };
    assert!(once(json!({}), "2026-11-02T13:09:59Z"), "an hour, and ten minutes");
    assert!(!once(json!({}), "2026-11-02T13:10:00Z"));
    // Made in the very second in which it was due.
    let made = Times { made: Some(at("2026-11-02T12:00:00Z")), now: at("2026-11-02T12:00:00Z") };
    let patch = json!({"schedule": {"expression": "at(2026-11-02T12:00:00)", "timezone": null}});
    assert_eq!(refused(&patch, made)[0].0, "SchedulePassed");
}

#[test]
fn people_know_in_iam_who_starts_a_task() {
    let role: Role = value(&desire(&json!({})).unwrap(), "trigger-role");
    assert!(role.description.contains("EventBridge Scheduler"), "{}", role.description);
}
