//! A trigger on events as resources: the rule, what a task is told of an event, and by whose rights it is started.

use longshore_crds::{EcsTaskTriggerSpec, EcsTaskTriggerStatus};
use longshore_planner::desired::{Desired, Facts, Memory, Obstacle, References, Scope, Times, ecs_task_trigger};
use longshore_planner::engine::{Entry, FieldPath, Inventory, Kind, Options, Seen, Thing, Unreadable, World, plan};
use longshore_planner::event_pattern::{LONGEST, mistakes};
use longshore_planner::kinds;
use longshore_planner::kinds::eventbridge::rule::Rule;
use longshore_planner::kinds::iam::role::Role;
use longshore_planner::report::fill_trigger;
use serde_json::{Value, json};

use crate::objects::{cluster, environment, named, scope};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:missed";

fn desire(patch: &Value) -> Result<Desired, Obstacle> {
    let spec: EcsTaskTriggerSpec = named("40-tasks.yaml", "on-upload", patch);
    let here = Scope { object_kind: "EcsTaskTrigger", name: "on-upload".into(), ..scope(environment(&json!({}))) };
    let times = Times { made: None, now: "2026-11-01T01:30:00Z".parse().unwrap() };
    let references = References::to_cluster(cluster());
    ecs_task_trigger(&here, &spec, &Facts::new(), &references, None, &Memory::default(), times)
}

fn value<K: Kind>(patch: &Value, key: &str) -> K {
    let desired = desire(patch).unwrap();
    let (_, node) = desired.graph.iter().find(|(id, _)| id.kind == K::NAME && id.key == key).unwrap();
    serde_json::from_value(node.want.clone()).unwrap()
}

fn rule(patch: &Value) -> Rule {
    value(patch, "rule")
}

/// Overrides of the container `ingest` that run a command.
fn running(command: &[&str]) -> Value {
    json!({"event": {"containerOverrides": [{"name": "ingest", "command": command}]}})
}

fn refused(patch: &Value) -> (String, String, String) {
    match desire(patch) {
        Err(Obstacle::Refused(refusals)) => {
            let first = refusals.into_iter().next().unwrap();
            (first.reason, first.at.0, first.message)
        }
        other => panic!("{patch}: {other:?}"),
    }
}

#[test]
fn an_upload_starts_a_task_that_is_told_which_object() {
    let desired = desire(&json!({})).unwrap();
    let kinds: Vec<String> = desired.graph.iter().map(|(id, _)| format!("{}:{}", id.kind, id.key)).collect();
    let expected = ["ecs/task-definition:task", "iam/role:trigger-role", "eventbridge/rule:rule"];
    assert_eq!(kinds[kinds.len() - 3..], expected, "{kinds:?}");
    assert!(!kinds.iter().any(|kind| kind.starts_with("scheduler/")), "{kinds:?}");
    let rule = rule(&json!({}));
    assert_eq!((rule.event_bus.as_str(), rule.enabled), ("default", true));
    assert_eq!(rule.event_pattern["detail"]["bucket"]["name"], json!(["orders-in"]));
    assert_eq!(rule.input_paths, Some([("key".to_owned(), "$.detail.object.key".to_owned())].into()));
    let told =
        json!({"containerOverrides": [{"name": "ingest", "environment": [{"name": "OBJECT_KEY", "value": "<key>"}]}]});
    assert_eq!(rule.target.input, Some(told));
    assert!(rule.target.ecs.task_definition_arn.known().is_none(), "the revision is pinned once it is made");
    assert_eq!(desired.watch.unwrap().containers, ["ingest"]);
    assert_eq!(desired.warnings, []);
}

#[test]
fn suspended_it_stays_and_starts_nothing() {
    assert!(!rule(&json!({"suspend": true})).enabled);
}

#[test]
fn only_this_rule_may_assume_its_role() {
    let cases = [
        (json!({}), ":rule/shop-on-upload-"),
        (json!({"event": {"eventBusName": "orders"}}), ":rule/orders/shop-on-upload-"),
    ];
    for (patch, expected) in cases {
        let role: Role = value(&patch, "trigger-role");
        let condition = &role.trust["Statement"][0]["Condition"]["StringEquals"];
        let text = |value: &Value| value.as_str().or(value[0].as_str()).unwrap_or_default().to_owned();
        let source = text(&condition["aws:SourceArn"]);
        assert!(
            source.starts_with("arn:aws:events:eu-west-1:123456789012:rule/") && source.contains(expected),
            "{source}"
        );
        assert_eq!(text(&condition["aws:SourceAccount"]), "123456789012");
        assert!(role.trust.to_string().contains("events.amazonaws.com"));
        let actions = role.inline["start"]["Statement"].as_array().unwrap().iter().map(|one| one["Action"].to_string());
        assert_eq!(
            actions.collect::<String>().matches(':').count(),
            2,
            "RunTask and PassRole alone: {:?}",
            role.inline
        );
    }
}

#[test]
fn a_queue_lets_the_rule_in_by_its_own_policy() {
    let patch = json!({"deadLetterConfig": {"arn": QUEUE}, "retryPolicy": {"maximumRetryAttempts": 2}});
    assert!(!value::<Role>(&patch, "trigger-role").inline["start"].to_string().contains("sqs"));
    let target = rule(&patch).target;
    assert_eq!((target.dead_letter_arn.as_deref(), target.maximum_retry_attempts), (Some(QUEUE), Some(2)));
}

#[test]
fn the_other_overrides_go_into_the_same_input() {
    let input = rule(&json!({"overrides": {"cpu": 1024, "memory": "2048"}})).target.input.unwrap();
    assert_eq!((&input["cpu"], &input["memory"]), (&json!("1024"), &json!("2048")));
    assert_eq!(input["containerOverrides"][0]["name"], "ingest");
    let of_overrides = json!({"event": {"containerOverrides": null},
        "overrides": {"containerOverrides": [{"name": "ingest", "command": ["load", "<key>"]}]}});
    assert_eq!(rule(&of_overrides).input_paths.map(|paths| paths.len()), Some(1));
}

#[test]
fn what_refers_to_nothing_of_the_event_is_passed_as_it_is() {
    let nothing = rule(&json!({"event": {"inputPaths": null, "containerOverrides": null}}));
    assert_eq!((nothing.target.input, nothing.input_paths), (Some(json!({})), None));
    let plain =
        json!({"event": {"inputPaths": null, "containerOverrides": [{"name": "ingest", "command": ["a < b"]}]}});
    assert_eq!(rule(&plain).input_paths, None);
    let desired = desire(&running(&["load"])).unwrap();
    let told: Vec<String> = desired.warnings.iter().map(|it| format!("{}: {}", it.at, it.message)).collect();
    assert!(told.len() == 1 && told[0].starts_with("spec.event.inputPaths.key: nothing refers to it"), "{told:?}");
}

#[test]
fn what_event_bridge_knows_of_itself_needs_no_path() {
    let rule = rule(&running(&["<aws.events.rule-name>", "at <aws.events.event.ingestion-time>", "<key>"]));
    assert_eq!(rule.input_paths.map(|paths| paths.len()), Some(1));
    let alone = self::rule(&running(&["<aws.events.rule-name>"]));
    assert_eq!(alone.input_paths, Some([].into()), "a template all the same");
}

#[test]
fn what_event_bridge_would_refuse_is_refused_by_field() {
    let pattern = |pattern: Value| json!({"event": {"eventPattern": pattern}});
    let path = |path: &str| json!({"event": {"inputPaths": {"key": path}}});
    let long = "x".repeat(4096);
    let cases = [
        (
            pattern(json!({"source": "aws.s3"})),
            "InvalidEventPattern",
            "spec.event.eventPattern.source",
            r#"["aws.s3"]"#,
        ),
        (pattern(json!({"detail": {"a": [long]}})), "InvalidEventPattern", "spec.event.eventPattern", "4096 at most"),
        (path("detail.object.key"), "InvalidInputPath", "spec.event.inputPaths.key", "begins with $"),
        (path("$['detail']"), "InvalidInputPath", "spec.event.inputPaths.key", "by dots"),
        (path("$.detail..key"), "InvalidInputPath", "spec.event.inputPaths.key", "by dots"),
        (path("$.resources[x]"), "InvalidInputPath", "spec.event.inputPaths.key", "by dots"),
        (
            json!({"event": {"inputPaths": {"a key": "$.detail"}}}),
            "InvalidInputPath",
            "spec.event.inputPaths.a key",
            "letters",
        ),
        (
            running(&["<size>"]),
            "NoSuchInputPath",
            "spec.event.containerOverrides[ingest].command[0]",
            "inputPaths has key",
        ),
        (
            running(&["<aws.events.event.json>"]),
            "NoSuchInputPath",
            "spec.event.containerOverrides[ingest].command[0]",
            "object",
        ),
        (
            running(&["<key>", "a < b"]),
            "NoSuchInputPath",
            "spec.event.containerOverrides[ingest].command[1]",
            "escaped",
        ),
        (running(&[&"x".repeat(8192)]), "OverridesTooLong", "spec.event.containerOverrides", "8192 at most"),
        (
            json!({"event": {"containerOverrides": [{"name": "other"}]}}),
            "NoSuchContainer",
            "spec.event.containerOverrides",
            "ingest",
        ),
        (
            json!({"overrides": {"taskRoleArn": "arn:aws:iam::123456789012:role/admin"}}),
            "NotGranted",
            "spec.overrides.taskRoleArn",
            "grants",
        ),
        (json!({"schedule": {"expression": "rate(1 day)"}}), "Invalid", "spec", "exactly one"),
    ];
    for (patch, reason, field, words) in cases {
        let told = refused(&patch);
        assert_eq!((told.0.as_str(), told.1.as_str()), (reason, field), "{told:?}");
        assert!(told.2.contains(words), "{}", told.2);
    }
}

#[test]
fn a_path_may_lead_to_anything_that_event_bridge_reads() {
    for path in ["$", "$.detail", "$.detail-type", "$.resources[0]", "$.detail.items[*].id", "$.detail.a_b.c/d"] {
        assert_eq!(rule(&json!({"event": {"inputPaths": {"key": path}}})).input_paths.unwrap()["key"], path);
    }
}

#[test]
fn patterns_are_read_as_event_bridge_reads_them() {
    let told = |pattern: &Value| {
        let found = mistakes(pattern.as_object().unwrap(), &FieldPath::from("p"));
        found.into_iter().map(|mistake| format!("{}: {}", mistake.at, mistake.message)).collect::<Vec<_>>().join("; ")
    };
    let many = |count: usize| json!({"$or": (0..count).map(|n| json!({"a": [n]})).collect::<Vec<_>>()});
    let taken = [
        json!({"source": ["a", 1, true, null], "detail": {"x": [{"exists": false}]}}),
        json!({"a": [{"prefix": "x"}, {"suffix": {"equals-ignore-case": "y"}}, {"equals-ignore-case": "z"}]}),
        json!({"a": [{"wildcard": r"*/lib/\*\\*"}, {"cidr": "10.0.0.0/24"}, {"cidr": "2001:db8::/32"}]}),
        json!({"a": [{"anything-but": "x"}, {"anything-but": ["x", "y"]}, {"anything-but": {"prefix": ["x", "y"]}}]}),
        json!({"a": [{"numeric": ["=", 1.5]}, {"numeric": [">", 0, "<=", 5]}]}),
        json!({"$or": [{"a": [1]}, {"b": {"c": [2]}}]}),
        // The most of each.
        json!({"a": [{"numeric": [">=", -5.0e9, "<=", 5.0e9]}, {"cidr": "10.0.0.1/32"}, {"cidr": "2001:db8::1/128"}]}),
        json!({"a": ["x".repeat(LONGEST - 10)]}),
        json!({"x": many(25), "y": many(40)}),
        // Of two filters of a field no combinations arise.
        (0..10).map(|n| (n.to_string(), json!([{"prefix": "x"}, {"prefix": "y"}]))).collect(),
    ];
    for pattern in taken {
        assert_eq!(told(&pattern), "", "{pattern}");
    }
    let refused = [
        (json!({}), "p: it asks for nothing"),
        (json!({"detail": {}}), "p.detail: it asks for nothing"),
        (json!({"a": "x"}), r#"p.a: "x" must stand in a list"#),
        (json!({"a": []}), "p.a: nothing fits an empty list"),
        (json!({"a": [["x"]]}), "p.a[0]: a list in a list"),
        (json!({"a": [{}]}), "p.a[0]: it must have one operator"),
        (json!({"a": [{"prefix": "x", "suffix": "y"}]}), "p.a[0]: it must have one operator"),
        (json!({"a": [{"begins": "x"}]}), "p.a[0].begins: EventBridge knows no operator begins"),
        (json!({"a": ["x", {"prefix": 1}]}), "p.a[1].prefix: it compares with a text"),
        (json!({"a": [{"suffix": {"prefix": "x"}}]}), "p.a[0].suffix: beside a text"),
        (json!({"a": [{"suffix": {"equals-ignore-case": "x", "prefix": "y"}}]}), "p.a[0].suffix: beside a text"),
        (json!({"a": [{"wildcard": "a**b"}]}), "p.a[0].wildcard: two *"),
        (json!({"a": [{"anything-but": {"wildcard": "a**b"}}]}), "p.a[0].anything-but: two *"),
        (json!({"a": [{"wildcard": r"a\b"}]}), r"p.a[0].wildcard: after \ comes"),
        (json!({"a": [{"anything-but": ["x", 1]}]}), "p.a[0].anything-but: its list has texts alone"),
        (json!({"a": [{"anything-but": {"numeric": ["=", 1]}}]}), "p.a[0].anything-but: it turns round"),
        (json!({"a": [{"numeric": [">", "0"]}]}), "p.a[0].numeric: it is written as"),
        (json!({"a": [{"numeric": [">", 5, "<", 5]}]}), "p.a[0].numeric: no number lies"),
        (json!({"a": [{"numeric": ["<", 6e9]}]}), "p.a[0].numeric: its numbers lie"),
        (json!({"a": [{"exists": "no"}]}), "p.a[0].exists: it is true or false"),
        (json!({"a": [{"cidr": "10.0.0.0"}]}), "p.a[0].cidr: "),
        (json!({"$or": [{"a": [1]}]}), "p.$or: $or chooses between two"),
        (json!({"$or": [{"a": [1]}, ["b"]]}), "p.$or[1]: $or chooses between patterns"),
        (json!({"x": many(40), "y": many(40)}), "p: $or makes 1600 combinations"),
        (json!({"a": ["x".repeat(LONGEST - 9)]}), "p: as JSON it has 4097 characters"),
    ];
    for (pattern, expected) in refused {
        let told = told(&pattern);
        assert!(told.starts_with(expected), "{pattern}: {told}");
    }
}

#[test]
fn its_status_tells_of_the_rule_and_of_no_time() {
    let desired = desire(&json!({})).unwrap();
    let mut world = World::default();
    let (id, node) = desired.graph.iter().find(|(id, _)| id.kind == Rule::NAME).unwrap();
    let seen: Rule = serde_json::from_value(node.want.clone()).unwrap();
    let revision = "arn:aws:ecs:eu-west-1:123456789012:task-definition/x:1";
    let mut thing = Thing::erase(Seen::active(seen)).unwrap();
    thing.value["target"]["ecs"]["taskDefinitionArn"] = json!(revision);
    thing.outputs.insert("arn".to_owned(), "arn:rule".to_owned());
    world.things.insert(id.clone(), thing);
    let mut status = EcsTaskTriggerStatus::default();
    fill_trigger(&mut status, &desired.graph, &world, "2026-11-01T01:30:00Z".parse().unwrap());
    assert_eq!((status.rule_arn.as_deref(), status.next_run, status.schedule_arn), (Some("arn:rule"), None, None));
    assert_eq!(status.task_definition_arn.as_deref(), Some(revision));
}

#[test]
fn where_nothing_is_remembered_the_schedule_that_it_may_have_been_is_looked_for() {
    let desired = desire(&json!({})).unwrap();
    let looked_for = |remembered: &Inventory| -> Vec<String> {
        let graph = desired.look_at(remembered);
        graph.iter().filter(|(id, _)| desired.graph.get(id).is_none()).map(|(id, _)| id.kind.clone()).collect()
    };
    assert_eq!(looked_for(&Inventory::default()), ["scheduler/schedule"]);
    let (id, _) = desired.graph.iter().next().unwrap();
    let remembered = Inventory([(id.clone(), Entry::default())].into());
    assert!(looked_for(&remembered).is_empty(), "what is remembered is all that there is");
    let timed = json!({"event": null, "schedule": {"expression": "cron(15 4 * * ? *)"}});
    let timed = desire(&timed).unwrap();
    let kinds: Vec<&str> = timed.otherwise.iter().map(|(id, _)| id.kind.as_str()).collect();
    assert_eq!(kinds, ["eventbridge/rule"]);
}

#[test]
fn what_it_may_have_been_is_remembered_until_it_is_known_not_to_be_there() {
    let desired = desire(&json!({})).unwrap();
    let lost = desired.remembered(Inventory::default());
    let schedule = lost.0.keys().next().unwrap().clone();
    assert_eq!((lost.0.len(), schedule.kind.as_str()), (1, "scheduler/schedule"));
    assert!(lost.0[&schedule].address.values().all(Option::is_some), "where to look: {lost:?}");
    let throttled =
        World { unknown: [(schedule.clone(), Unreadable::for_now("throttled"))].into(), ..World::default() };
    for (world, stays) in [(throttled, true), (World::default(), false)] {
        let plan = plan(&desired.graph, &lost.ids(), &world, &kinds::all(), &Options::default());
        let next = lost.with(&desired.graph, &world, &plan).located(&desired.otherwise, &world);
        assert_eq!(next.0.contains_key(&schedule), stays, "{plan:?}");
        assert!(desired.graph.iter().all(|(id, _)| next.0.contains_key(id)), "what is wanted is in it");
        assert_eq!(desired.remembered(next.clone()), next, "what is remembered is all that there is");
    }
}

#[test]
fn a_pattern_longer_than_most_accounts_may_have_is_warned_of() {
    let warned = |length: usize| {
        let around = json!({"source": [""]}).to_string().len();
        let pattern = json!({"source": ["x".repeat(length - around)]});
        let desired = desire(
            &json!({"event": {"eventPattern": {"detail": null, "detail-type": null, "source": pattern["source"]}}}),
        )
        .unwrap();
        desired.warnings.iter().any(|warning| warning.message.contains("unless it was asked for a higher quota"))
    };
    assert!(!warned(2048));
    assert!(warned(2049));
}

#[test]
fn a_path_s_name_has_letters_digits_dashes_and_underscores_and_not_too_many() {
    let named = |name: &str| {
        let patch = json!({"event": {"inputPaths": {"key": null, name: "$.detail"},
            "containerOverrides": [{"name": "ingest", "command": [format!("<{name}>")]}]}});
        desire(&patch).is_ok()
    };
    let longest = "x".repeat(256);
    for (name, expected) in
        [("a-b_1", true), (longest.as_str(), true), (&"x".repeat(257), false), ("a.b", false), ("", false)]
    {
        assert_eq!(named(name), expected, "{name}");
    }
}

#[test]
fn several_references_in_one_text_are_all_found_and_brackets_of_others_are_none() {
    let paths = |command: &[&str]| {
        let patch = json!({"event": {"inputPaths": {"key": "$.a", "size": "$.b", "x": "$.c"},
            "containerOverrides": [{"name": "ingest", "command": command}]}});
        rule(&patch).input_paths.map(|paths| paths.into_keys().collect::<Vec<_>>())
    };
    assert_eq!(paths(&["<key>/<size>"]), Some(vec!["key".into(), "size".into()]));
    assert_eq!(paths(&["<key><size>", "<x>"]), Some(vec!["key".into(), "size".into(), "x".into()]));
    assert_eq!(paths(&["<a b>", "<>"]), None, "nothing is a reference, so that all is as it stands");
}
