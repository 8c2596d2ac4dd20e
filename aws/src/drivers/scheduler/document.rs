//! A schedule's target, from AWS's members to the planner's and back.

use aws_sdk_scheduler::types::Target as Described;
use longshore_planner::kinds::scheduler::schedule::Target;
use serde_json::{Map, Value, json};

use crate::drivers::ecs::document::{document, structure, value};
use crate::fault::Fault;

const CREATE: &str = "scheduler:CreateSchedule";
const GET: &str = "scheduler:GetSchedule";

/// Members of `EcsParameters`, by AWS's name and ours.
const ECS: [(&str, &str); 11] = [
    ("TaskDefinitionArn", "taskDefinitionArn"),
    ("TaskCount", "taskCount"),
    ("LaunchType", "launchType"),
    ("CapacityProviderStrategy", "capacityProviderStrategy"),
    ("PlatformVersion", "platformVersion"),
    ("Group", "group"),
    ("PlacementConstraints", "placementConstraints"),
    ("PlacementStrategy", "placementStrategy"),
    ("ReferenceId", "referenceId"),
    ("EnableECSManagedTags", "enableEcsManagedTags"),
    ("EnableExecuteCommand", "enableExecuteCommand"),
];
const PROPAGATE: (&str, &str) = ("PropagateTags", "propagateTags");
/// Members of `AwsVpcConfiguration`.
const NETWORK: [(&str, &str); 3] =
    [("Subnets", "subnets"), ("SecurityGroups", "securityGroups"), ("AssignPublicIp", "assignPublicIp")];

/// As AWS takes it.
pub(super) fn described(target: &Target) -> Result<Described, Fault> {
    let ours = serde_json::to_value(target).unwrap_or_default();
    let ecs = ours.get("ecs").cloned().unwrap_or_default();
    let mut parameters = renamed(&ecs, ECS.into_iter().chain([PROPAGATE]).map(|(theirs, ours)| (ours, theirs)));
    if let Some(network) = ecs.get("network") {
        let network = renamed(network, NETWORK.into_iter().map(|(theirs, ours)| (ours, theirs)));
        parameters.insert("NetworkConfiguration".to_owned(), json!({"awsvpcConfiguration": network}));
    }
    let mut members = Map::from_iter([
        ("Arn".to_owned(), json!(target.cluster)),
        ("RoleArn".to_owned(), json!(target.role_arn.known())),
        ("EcsParameters".to_owned(), Value::Object(parameters)),
        (
            "RetryPolicy".to_owned(),
            json!({
                "MaximumEventAgeInSeconds": target.maximum_event_age_in_seconds,
                "MaximumRetryAttempts": target.maximum_retry_attempts,
            }),
        ),
    ]);
    members.extend(target.input.as_ref().map(|input| ("Input".to_owned(), json!(input.to_string()))));
    let queue = target.dead_letter_arn.as_ref();
    members.extend(queue.map(|arn| ("DeadLetterConfig".to_owned(), json!({"Arn": arn}))));
    structure(CREATE, &Value::Object(members), Described::deserialize)
}

/// As the planner compares it, and what of it Longshore never asks for.
pub(super) fn target(described: &Described) -> Result<(Target, Vec<String>), Fault> {
    let theirs = document(GET, Described::SCHEMA, described)?;
    let ecs = theirs.get("EcsParameters").cloned().unwrap_or_default();
    let mut parameters = renamed(&ecs, ECS.into_iter().chain([PROPAGATE]));
    if let Some(network) = ecs.pointer("/NetworkConfiguration/awsvpcConfiguration") {
        let mut network = renamed(network, NETWORK);
        network.entry("assignPublicIp").or_insert_with(|| json!("DISABLED"));
        network.entry("securityGroups").or_insert_with(|| json!([]));
        parameters.insert("network".to_owned(), Value::Object(network));
    }
    parameters.entry("taskDefinitionArn").or_insert_with(|| json!(""));
    // What is no JSON is another's, and differs from all that is.
    let input = described.input().map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
    let mut ours = json!({"cluster": described.arn(), "roleArn": described.role_arn(), "ecs": parameters});
    let retry = described.retry_policy();
    let further = [
        ("input", json!(input)),
        ("maximumEventAgeInSeconds", json!(retry.and_then(|retry| retry.maximum_event_age_in_seconds()))),
        ("maximumRetryAttempts", json!(retry.and_then(|retry| retry.maximum_retry_attempts()))),
        ("deadLetterArn", json!(described.dead_letter_config().and_then(|queue| queue.arn()))),
    ];
    if let Some(ours) = ours.as_object_mut() {
        ours.extend(further.into_iter().filter(|(_, it)| !it.is_null()).map(|(name, it)| (name.to_owned(), it)));
    }
    let known = ["Arn", "RoleArn", "EcsParameters", "RetryPolicy", "Input", "DeadLetterConfig"];
    let other = theirs.as_object().into_iter().flat_map(|members| members.keys());
    let other = other.filter(|name| !known.contains(&name.as_str())).map(|name| format!("target: {name}"));
    let tags = ecs.get("Tags").filter(|tags| tags.as_array().is_some_and(|tags| !tags.is_empty()));
    let other = other.chain(tags.map(|tags| format!("tags of tasks: {tags}"))).collect();
    Ok((value(GET, ours)?, other))
}

/// The members of an object that are there, under other names.
fn renamed<'a>(object: &Value, names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let there = names.into_iter().filter_map(|(from, to)| {
        let member = object.get(from).filter(|member| !member.is_null())?;
        let empty = member.as_array().is_some_and(Vec::is_empty);
        (!empty).then(|| (to.to_owned(), member.clone()))
    });
    there.collect()
}
