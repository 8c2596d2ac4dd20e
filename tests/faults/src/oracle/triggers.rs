//! What triggers must have in AWS, and that nothing is run twice by them.

use std::collections::BTreeMap;

use longshore_simulator::Simulator;
use serde_json::{Value, json};

use super::Want;
use super::aws::{Account, Thing, differs};

/// Each schedule with what its description says whose it is.
pub(super) fn things(world: &Value) -> Vec<Thing> {
    let schedules = world["scheduler"]["schedules"].as_object().into_iter().flat_map(|all| all.values());
    let made = schedules.map(|schedule| {
        let words = schedule["input"]["Description"].as_str().unwrap_or_default().split(' ');
        let tags: BTreeMap<&str, &str> = words.filter_map(|word| word.split_once('=')).collect();
        let id = schedule["arn"].as_str().unwrap_or_default().to_owned();
        Thing { kind: "schedule", id, value: json!({"input": schedule["input"], "tags": tags}) }
    });
    let rules = world["eventbridge"]["rules"].as_object().into_iter().flat_map(|all| all.values());
    let rules = rules.map(|rule| Thing {
        kind: "event rule",
        id: rule["arn"].as_str().unwrap_or_default().to_owned(),
        value: rule.clone(),
    });
    made.chain(rules).collect()
}

/// How AWS differs from what a trigger asks for: one schedule or one rule, and none of the other.
pub(super) fn differences(account: &Account, want: &Want) -> Vec<String> {
    let (schedules, rules) = (account.of_object(want, "schedule"), account.of_object(want, "event rule"));
    if want.spec["event"].is_null() {
        let mut found = timed(account, want, &schedules);
        found.extend((!rules.is_empty()).then(|| format!("{} rules of events beside a schedule", rules.len())));
        return found;
    }
    let mut found = on_events(account, want, &rules);
    found.extend((!schedules.is_empty()).then(|| format!("{} schedules beside a rule of events", schedules.len())));
    found
}

fn on_events(account: &Account, want: &Want, rules: &[&Thing]) -> Vec<String> {
    let mut found = vec![];
    let [rule] = rules[..] else { return vec![format!("{} rules of events instead of one", rules.len())] };
    let (is, spec) = (&rule.value["input"], &want.spec);
    let read = |text: &Value| serde_json::from_str::<Value>(text.as_str().unwrap_or_default()).unwrap_or_default();
    differs(&mut found, "which events", &read(&is["EventPattern"]), &spec["event"]["eventPattern"]);
    let state = if spec["suspend"] == true { "DISABLED" } else { "ENABLED" };
    differs(&mut found, "its state", &is["State"], &json!(state));
    let targets: Vec<&Value> = rule.value["targets"].as_object().into_iter().flat_map(|all| all.values()).collect();
    let [target] = targets[..] else {
        found.push(format!("{} targets instead of one", targets.len()));
        return found;
    };
    let transformer = &target["InputTransformer"];
    differs(&mut found, "its paths", &transformer["InputPathsMap"], &spec["event"]["inputPaths"]);
    let template = read(&transformer["InputTemplate"]);
    let shall = &spec["event"]["containerOverrides"];
    differs(&mut found, "what is told of an event", &template["containerOverrides"], shall);
    found.extend(started(account, want, target));
    found
}

fn timed(account: &Account, want: &Want, schedules: &[&Thing]) -> Vec<String> {
    let mut found = vec![];
    let [schedule] = schedules[..] else {
        return vec![format!("{} schedules instead of one", schedules.len())];
    };
    let (is, spec) = (&schedule.value["input"], &want.spec);
    let or = |value: &Value, default: &str| if value.is_null() { json!(default) } else { value.clone() };
    differs(&mut found, "when it is due", &is["ScheduleExpression"], &spec["schedule"]["expression"]);
    let zone = or(&spec["schedule"]["timezone"], "UTC");
    differs(&mut found, "its time zone", &or(&is["ScheduleExpressionTimezone"], "UTC"), &zone);
    let state = if spec["suspend"] == true { "DISABLED" } else { "ENABLED" };
    differs(&mut found, "its state", &is["State"], &json!(state));
    found.extend(started(account, want, &is["Target"]));
    found
}

/// What a target of either starts, and by which role.
fn started(account: &Account, want: &Want, target: &Value) -> Vec<String> {
    let (mut found, spec) = (vec![], &want.spec);
    let ecs = &target["EcsParameters"];
    let arn = ecs["TaskDefinitionArn"].as_str().unwrap_or_default();
    let families = account.world["ecs"]["families"].as_object().into_iter().flat_map(|all| all.values());
    let mut revisions =
        families.flat_map(|family| family["revisions"].as_object().into_iter().flat_map(|all| all.values()));
    let Some(revision) = revisions.find(|revision| revision["arn"] == arn) else {
        found.push(format!("it starts {arn}, which is not there"));
        return found;
    };
    let image = |containers: &Value| containers[0]["image"].clone();
    if spec["task"].is_object() {
        let shall = image(&spec["task"]["containerDefinitions"]);
        differs(&mut found, "the image", &image(&revision["body"]["containerDefinitions"]), &shall);
    }
    found.extend(role(account, want, &target["RoleArn"]));
    found
}

/// The role that it is started by is its own.
fn role(account: &Account, want: &Want, arn: &Value) -> Option<String> {
    let mine = account.of_object(want, "role");
    let found = mine.iter().any(|role| role.value["arn"] == *arn);
    (!found).then(|| format!("it is started by {arn}, which is not its own"))
}

/// Starts of one schedule for one time: AWS starts each once, unless a schedule was made anew for a time that had passed.
pub(super) fn second_starts(simulator: &Simulator) -> Vec<String> {
    let firings = simulator.with_world(|world| world.scheduler.firings.clone());
    let mut started: BTreeMap<(String, i64), u32> = BTreeMap::new();
    for firing in firings.into_iter().filter(|firing| firing.failure.is_none()) {
        *started.entry((firing.schedule, firing.due)).or_default() += 1;
    }
    let fired = simulator.with_world(|world| world.eventbridge.firings.clone());
    let mut on_events: BTreeMap<(String, String), u32> = BTreeMap::new();
    for firing in fired.into_iter().filter(|firing| firing.failure.is_none()) {
        *on_events.entry((firing.rule, firing.event)).or_default() += 1;
    }
    let on_events = on_events.into_iter().filter(|(_, times)| *times > 1);
    let on_events =
        on_events.map(|((rule, event), times)| format!("{rule} started {times} tasks for the event {event}"));
    let twice = started.into_iter().filter(|(_, times)| *times > 1);
    twice
        .map(|((schedule, due), times)| format!("{schedule} was started {times} times for {due}"))
        .chain(on_events)
        .collect()
}
