//! Tags on clusters, services, tasks and task definitions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::services::ecs::{capacity_providers, client, invalid, names, task_definitions};
use crate::world::World;

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// How many tags a resource may have (API reference, `TagResource`).
const MOST: usize = 50;

/// The tags in a call's input, checked by the rules of the API reference (`Tag`).
pub(super) fn parse(input: &Value) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    for tag in input.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let member = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (key, value) = (member("key"), member("value"));
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid("A tag's key has 1 to 128 characters, its value at most 256."));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid("aws: prefixed tag key names are not allowed for external use."));
        }
        if tags.insert(key, value).is_some() {
            return Err(invalid("Some tags contain invalid values: duplicate keys."));
        }
    }
    if tags.len() > MOST {
        return Err(invalid(format!("Too many tags: a resource can have at most {MOST}.")));
    }
    Ok(tags)
}

/// Tags as answers show them.
pub(super) fn view(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// Whether a describe call asks for tags.
pub(super) fn wanted(call: &Call) -> bool {
    call.texts("include").iter().any(|included| included == "TAGS")
}

/// `TagResource`
pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let added = parse(&call.input)?;
    let tags = find(world, call.text("resourceArn").unwrap_or_default())?;
    let mut merged = tags.clone();
    merged.extend(added);
    if merged.len() > MOST {
        return Err(invalid(format!("Too many tags: a resource can have at most {MOST}.")));
    }
    *tags = merged;
    Ok(json!({}))
}

/// `UntagResource`
pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let keys = call.texts("tagKeys");
    let tags = find(world, call.text("resourceArn").unwrap_or_default())?;
    tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

/// `ListTagsForResource`
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let tags = find(world, call.text("resourceArn").unwrap_or_default())?;
    Ok(json!({"tags": view(tags)}))
}

/// The tags of the resource with this ARN.
fn find<'a>(world: &'a mut World, arn: &str) -> Result<&'a mut Tags, Fault> {
    let missing = || Fault::bad_request("ResourceNotFoundException", "The specified resource wasn't found.");
    let own = |kind: &str| names::of_arn(world, arn, kind).map(str::to_owned);
    if let Some(name) = own("cluster") {
        let cluster = world.ecs.clusters.get_mut(&name).filter(|cluster| cluster.active);
        return cluster.map(|cluster| &mut cluster.tags).ok_or_else(names::cluster_not_found);
    }
    if let Some(key) = own("service") {
        return world.ecs.services.get_mut(&key).map(|service| &mut service.tags).ok_or_else(missing);
    }
    if let Some(path) = own("task") {
        return world.ecs.tasks.get_mut(names::task_id(&path)).map(|task| &mut task.tags).ok_or_else(missing);
    }
    if let Some(name) = own("capacity-provider") {
        return capacity_providers::tags_mut(world, &name).ok_or_else(missing);
    }
    if own("task-definition").is_some() {
        let definition = task_definitions::find_mut(world, arn);
        return definition
            .map(|definition| &mut definition.tags)
            .ok_or_else(|| client("The specified task definition does not exist."));
    }
    Err(invalid(format!("Invalid resource ARN: {arn}")))
}
