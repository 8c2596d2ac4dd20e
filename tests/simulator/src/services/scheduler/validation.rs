//! What a schedule may be, by the bounds of the API's model and by what Scheduler finds out itself.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::{GROUP, invalid};
use crate::call::{Call, Fault};
use crate::cron::Schedule as Times;
use crate::services::iam;
use crate::world::World;

/// Scheduler, as roles trust it.
pub(super) const PRINCIPAL: &str = "scheduler.amazonaws.com";

/// Whole numbers and their bounds, by where they stand.
const NUMBERS: [(&str, i64, i64); 4] = [
    ("/FlexibleTimeWindow/MaximumWindowInMinutes", 1, 1440),
    ("/Target/RetryPolicy/MaximumEventAgeInSeconds", 60, 86_400),
    ("/Target/RetryPolicy/MaximumRetryAttempts", 0, 185),
    ("/Target/EcsParameters/TaskCount", 1, 10),
];
/// Words, by where they stand.
const WORDS: [(&str, &[&str]); 6] = [
    ("/State", &["ENABLED", "DISABLED"]),
    ("/ActionAfterCompletion", &["NONE", "DELETE"]),
    ("/FlexibleTimeWindow/Mode", &["OFF", "FLEXIBLE"]),
    ("/Target/EcsParameters/LaunchType", &["EC2", "FARGATE", "EXTERNAL"]),
    ("/Target/EcsParameters/PropagateTags", &["TASK_DEFINITION"]),
    ("/Target/EcsParameters/NetworkConfiguration/awsvpcConfiguration/AssignPublicIp", &["ENABLED", "DISABLED"]),
];
/// Lists and how many they may hold.
const LISTS: [(&str, usize, usize); 5] = [
    ("/Target/EcsParameters/CapacityProviderStrategy", 0, 6),
    ("/Target/EcsParameters/PlacementConstraints", 0, 10),
    ("/Target/EcsParameters/PlacementStrategy", 0, 5),
    ("/Target/EcsParameters/NetworkConfiguration/awsvpcConfiguration/Subnets", 1, 16),
    ("/Target/EcsParameters/NetworkConfiguration/awsvpcConfiguration/SecurityGroups", 1, 5),
];
/// Texts and the most characters that they may have.
const TEXTS: [(&str, usize); 8] = [
    ("/Description", 512),
    ("/ScheduleExpression", 256),
    ("/ScheduleExpressionTimezone", 50),
    ("/Target/Arn", 1600),
    ("/Target/RoleArn", 1600),
    ("/Target/EcsParameters/Group", 255),
    ("/Target/EcsParameters/PlatformVersion", 64),
    ("/Target/EcsParameters/TaskDefinitionArn", 1600),
];
const REQUIRED: [&str; 5] =
    ["/FlexibleTimeWindow/Mode", "/ScheduleExpression", "/Target", "/Target/Arn", "/Target/RoleArn"];
/// Members of `CreateScheduleInput` and `UpdateScheduleInput`.
const MEMBERS: [&str; 13] = [
    "ActionAfterCompletion",
    "ClientToken",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
];

/// The ARN of the group: what a role sees as the source (user guide, "Confused deputy prevention in EventBridge Scheduler").
pub(super) fn group(world: &World) -> String {
    world.arn("scheduler", &format!("schedule-group/{GROUP}"))
}

/// The name that a call is about.
pub(super) fn name(call: &Call) -> Result<String, Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name = call.text("Name").filter(|name| name.len() <= 64 && name.chars().all(fits));
    let name =
        name.ok_or_else(|| constraint("/Name", "Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$"))?;
    match call.text("GroupName").unwrap_or(GROUP) {
        GROUP => Ok(name.to_owned()),
        other => Err(Fault::not_found("ResourceNotFoundException", format!("Schedule group {other} does not exist."))),
    }
}

/// When the schedule of an input is due.
pub(super) fn check(world: &World, input: &Value) -> Result<Times, Fault> {
    shape(input)?;
    let text = |pointer: &str| input.pointer(pointer).and_then(Value::as_str);
    let expression = text("/ScheduleExpression").unwrap_or_default();
    let times = Times::read(expression).ok_or_else(|| invalid(format!("Invalid Schedule Expression {expression}.")))?;
    if let Some(zone) = text("/ScheduleExpressionTimezone").filter(|zone| TimeZone::get(zone).is_err()) {
        return Err(invalid(format!("Invalid Schedule Expression Timezone {zone}.")));
    }
    let flexible = text("/FlexibleTimeWindow/Mode") == Some("FLEXIBLE");
    if flexible != input.pointer("/FlexibleTimeWindow/MaximumWindowInMinutes").is_some() {
        return Err(invalid("MaximumWindowInMinutes must be set if, and only if, the mode is FLEXIBLE."));
    }
    let target = text("/Target/Arn").unwrap_or_default();
    if !target.contains(":ecs:") || !target.contains(":cluster/") {
        return Err(invalid(format!("The simulator has no target {target}: it starts tasks of ECS alone.")));
    }
    if text("/Target/EcsParameters/TaskDefinitionArn").is_none() {
        return Err(invalid("EcsParameters must be provided for a target of ECS."));
    }
    let role = text("/Target/RoleArn").unwrap_or_default();
    if iam::assumable_for(world, role, PRINCIPAL, &group(world), world.now).is_err() {
        return Err(invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role."));
    }
    Ok(times)
}

fn shape(input: &Value) -> Result<(), Fault> {
    let members = input.as_object().into_iter().flat_map(|members| members.keys());
    if let Some(other) = members.into_iter().find(|member| !MEMBERS.contains(&member.as_str())) {
        return Err(invalid(format!("The API has no member {other}.")));
    }
    if let Some(missing) = REQUIRED.iter().find(|pointer| input.pointer(pointer).is_none_or(Value::is_null)) {
        return Err(constraint(missing, "Member must not be null"));
    }
    for (pointer, lowest, highest) in NUMBERS {
        let number = input.pointer(pointer).and_then(Value::as_i64);
        if number.is_some_and(|number| !(lowest..=highest).contains(&number)) {
            return Err(constraint(pointer, &format!("Member must be between {lowest} and {highest}")));
        }
    }
    for (pointer, words) in WORDS {
        let word = input.pointer(pointer).and_then(Value::as_str);
        if word.is_some_and(|word| !words.contains(&word)) {
            return Err(constraint(pointer, &format!("Member must satisfy enum value set: {words:?}")));
        }
    }
    for (pointer, fewest, most) in LISTS {
        let list = input.pointer(pointer).and_then(Value::as_array);
        if list.is_some_and(|list| !(fewest..=most).contains(&list.len())) {
            return Err(constraint(pointer, &format!("Member must have length between {fewest} and {most}")));
        }
    }
    for (pointer, most) in TEXTS {
        let text = input.pointer(pointer).and_then(Value::as_str);
        if text.is_some_and(|text| text.chars().count() > most) {
            return Err(constraint(pointer, &format!("Member must have length less than or equal to {most}")));
        }
    }
    Ok(())
}

fn constraint(pointer: &str, what: &str) -> Fault {
    let member = pointer.trim_start_matches('/').replace('/', ".");
    invalid(format!("1 validation error detected: Value at '{member}' failed to satisfy constraint: {what}"))
}
