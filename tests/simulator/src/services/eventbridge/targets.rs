//! Targets of rules: tasks of ECS alone.

use serde_json::{Map, Value, json};

use super::delivery::PRINCIPAL;
use super::{Rule, input, invalid, rules};
use crate::call::{Answer, Call, Fault};
use crate::services::iam;
use crate::world::World;

/// A page has a hundred at most (API reference, `ListTargetsByRule`).
const PAGE: usize = 100;
/// "Each rule can have up to five (5) targets associated with it at one time"; "The maximum number of entries per request is
/// 10" (API reference, `PutTargets`).
const TARGETS_PER_RULE: usize = 5;
const ENTRIES: usize = 10;
/// Numbers and their bounds, by where they stand (API model).
const NUMBERS: [(&str, i64, i64); 3] = [
    ("/RetryPolicy/MaximumEventAgeInSeconds", 60, 86_400),
    ("/RetryPolicy/MaximumRetryAttempts", 0, 185),
    ("/EcsParameters/TaskCount", 1, i64::MAX),
];
const LISTS: [(&str, usize); 3] = [
    ("/EcsParameters/CapacityProviderStrategy", 6),
    ("/EcsParameters/PlacementConstraints", 10),
    ("/EcsParameters/PlacementStrategy", 5),
];
const TEXTS: [(&str, usize); 5] = [
    ("/Input", 8192),
    ("/InputPath", 256),
    ("/InputTransformer/InputTemplate", 8192),
    ("/Arn", 1600),
    ("/EcsParameters/ReferenceId", 1024),
];
const WORDS: [(&str, &[&str]); 2] = [
    ("/EcsParameters/LaunchType", &["EC2", "FARGATE", "EXTERNAL"]),
    ("/EcsParameters/PropagateTags", &["TASK_DEFINITION"]),
];
/// Members of `Target` and `EcsParameters` that the simulator knows.
const MEMBERS: [&str; 9] = [
    "Id",
    "Arn",
    "RoleArn",
    "Input",
    "InputPath",
    "InputTransformer",
    "EcsParameters",
    "DeadLetterConfig",
    "RetryPolicy",
];
const OF_ECS: [&str; 14] = [
    "TaskDefinitionArn",
    "TaskCount",
    "LaunchType",
    "NetworkConfiguration",
    "PlatformVersion",
    "Group",
    "CapacityProviderStrategy",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "PlacementConstraints",
    "PlacementStrategy",
    "PropagateTags",
    "ReferenceId",
    "Tags",
];

/// Adds targets, or puts others in the place of those of the same ids.
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let given = call.input.get("Targets").and_then(Value::as_array).cloned().unwrap_or_default();
    bounded(given.len())?;
    let arn = rules::found(world, call, "Rule")?.arn.clone();
    for target in &given {
        check(world, &arn, target)?;
    }
    let mut failing = world.eventbridge.failing_entries;
    let rule = rules::found(world, call, "Rule")?;
    rules::own(rule)?;
    let mut failed = vec![];
    for target in given {
        let id = target.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if failing > 0 {
            failing -= 1;
            failed.push(busy(&id));
        } else if rule.targets.len() >= TARGETS_PER_RULE && !rule.targets.contains_key(&id) {
            let message = "The requested resource exceeds the maximum number allowed.";
            return Err(Fault::bad_request("LimitExceededException", message));
        } else {
            rule.targets.insert(id, target);
        }
    }
    world.eventbridge.failing_entries = failing;
    Ok(json!({"FailedEntryCount": failed.len(), "FailedEntries": failed}))
}

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let all: Vec<Value> = rules::found(world, call, "Rule")?.targets.values().cloned().collect();
    let most = call.input.get("Limit").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let (page, next) = world.page(&all, most.unwrap_or(PAGE).min(PAGE), call.text("NextToken"))?;
    Ok(json!({"Targets": page, "NextToken": next}))
}

pub(super) fn remove(world: &mut World, call: &Call) -> Answer {
    let ids = call.texts("Ids");
    bounded(ids.len())?;
    let mut failing = world.eventbridge.failing_entries;
    let rule = rules::found(world, call, "Rule")?;
    if call.input.get("Force").is_none_or(|force| force != true) {
        rules::own(rule)?;
    }
    let mut failed = vec![];
    for id in ids {
        if failing > 0 {
            failing -= 1;
            failed.push(busy(&id));
        } else if rule.targets.remove(&id).is_none() {
            let message =
                format!("Rule {} on EventBus {} does not have a target with the Id {id}.", rule.name, rule.bus);
            failed.push(json!({"TargetId": id, "ErrorCode": "ResourceNotFoundException", "ErrorMessage": message}));
        }
    }
    world.eventbridge.failing_entries = failing;
    Ok(json!({"FailedEntryCount": failed.len(), "FailedEntries": failed}))
}

/// "This action can partially fail if too many requests are made at the same time."
fn busy(id: &str) -> Value {
    let message = "Rule is being modified by another request.";
    json!({"TargetId": id, "ErrorCode": "ConcurrentModificationException", "ErrorMessage": message})
}

fn bounded(entries: usize) -> Result<(), Fault> {
    if (1..=ENTRIES).contains(&entries) { Ok(()) } else { Err(invalid(format!("Between 1 and {ENTRIES} entries."))) }
}

fn check(world: &World, source: &str, target: &Value) -> Result<(), Fault> {
    let text = |pointer: &str| target.pointer(pointer).and_then(Value::as_str);
    let id = text("/Id").filter(|id| !id.is_empty() && id.len() <= 64);
    let id = id
        .ok_or_else(|| invalid("Value at 'targets.member.id' failed to satisfy constraint: Member must not be null"))?;
    shape(target)?;
    let arn = text("/Arn").unwrap_or_default();
    if !arn.contains(":ecs:") || !arn.contains(":cluster/") {
        return Err(invalid(format!("The simulator has no target {arn}: it starts tasks of ECS alone.")));
    }
    if text("/EcsParameters/TaskDefinitionArn").is_none() {
        return Err(invalid(format!("EcsParameters is required for target {arn}.")));
    }
    let role = text("/RoleArn").ok_or_else(|| invalid(format!("RoleArn is required for target {arn}.")))?;
    if iam::assumable_for(world, role, PRINCIPAL, source, world.now).is_err() {
        return Err(invalid(format!("Provided role '{role}' cannot be assumed by principal '{PRINCIPAL}'.")));
    }
    let inputs = ["Input", "InputPath", "InputTransformer"].into_iter().filter(|one| target.get(*one).is_some());
    if inputs.count() > 1 {
        return Err(invalid(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    if text("/Input").is_some_and(|input| serde_json::from_str::<Value>(input).is_err()) {
        return Err(invalid(format!("JSON syntax error in input for target {id}.")));
    }
    transformer(target, id)
}

/// API reference, `InputTransformer`, and the patterns of its model.
fn transformer(target: &Value, id: &str) -> Result<(), Fault> {
    let Some(transformer) = target.get("InputTransformer") else { return Ok(()) };
    let template = transformer.get("InputTemplate").and_then(Value::as_str).filter(|template| !template.is_empty());
    let template = template.ok_or_else(|| invalid(format!("InputTemplate is required for target {id}.")))?;
    let none = Map::new();
    let paths = transformer.get("InputPathsMap").and_then(Value::as_object).unwrap_or(&none);
    let named = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if paths.len() > 100 || !paths.keys().all(|name| !name.is_empty() && name.len() <= 256 && named(name)) {
        return Err(invalid(format!("Invalid InputPathsMap for target {id}.")));
    }
    let is_path = |path: &Value| path.as_str().is_some_and(|path| path.starts_with('$') && path.len() <= 256);
    if !paths.values().all(is_path) {
        return Err(invalid(format!("Invalid path in InputPathsMap for target {id}.")));
    }
    let unknown =
        input::names(template).into_iter().find(|name| !name.starts_with("aws.events.") && !paths.contains_key(*name));
    match unknown {
        Some(name) => {
            Err(invalid(format!("InputTemplate for target {id} has a placeholder {name} that no path is for.")))
        }
        None => Ok(()),
    }
}

fn shape(target: &Value) -> Result<(), Fault> {
    let unknown = |of: Option<&Value>, known: &[&str]| {
        let members = of.and_then(Value::as_object).into_iter().flat_map(|members| members.keys());
        members.into_iter().find(|member| !known.contains(&member.as_str())).cloned()
    };
    let other = unknown(Some(target), &MEMBERS).or_else(|| unknown(target.get("EcsParameters"), &OF_ECS));
    if let Some(other) = other {
        return Err(invalid(format!("The simulator's targets have no member {other}.")));
    }
    let bound = |pointer: &str, what: String| {
        let member = pointer.trim_start_matches('/').replace('/', ".");
        invalid(format!(
            "1 validation error detected: Value at 'targets.1.member.{member}' failed to satisfy constraint: {what}"
        ))
    };
    for (pointer, lowest, highest) in NUMBERS {
        let number = target.pointer(pointer).and_then(Value::as_i64);
        if number.is_some_and(|number| !(lowest..=highest).contains(&number)) {
            return Err(bound(pointer, format!("Member must be between {lowest} and {highest}")));
        }
    }
    for (pointer, most) in LISTS {
        if target.pointer(pointer).and_then(Value::as_array).is_some_and(|list| list.len() > most) {
            return Err(bound(pointer, format!("Member must have length less than or equal to {most}")));
        }
    }
    for (pointer, most) in TEXTS {
        if target.pointer(pointer).and_then(Value::as_str).is_some_and(|text| text.chars().count() > most) {
            return Err(bound(pointer, format!("Member must have length less than or equal to {most}")));
        }
    }
    for (pointer, words) in WORDS {
        if target.pointer(pointer).and_then(Value::as_str).is_some_and(|word| !words.contains(&word)) {
            return Err(bound(pointer, format!("Member must satisfy enum value set: {words:?}")));
        }
    }
    Ok(())
}

impl Rule {
    /// A target of it.
    pub(super) fn target(&self, id: &str) -> Option<&Value> {
        self.targets.get(id)
    }
}
