//! Tags of groups, which instances may get too.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Group, invalid, page};
use crate::call::{Answer, Fault, texts};
use crate::protocol::query;
use crate::world::World;

/// The tags of an input: the value and whether instances get it, by key.
pub(super) fn read(input: &Value) -> Result<BTreeMap<String, (String, bool)>, Fault> {
    let mut tags = BTreeMap::new();
    for tag in query::items(input, "Tags") {
        let key = query::text(tag, "Key").ok_or_else(|| invalid("Tag keys must be specified"))?;
        let value = query::text(tag, "Value").unwrap_or_default();
        let propagates = query::flag(tag, "PropagateAtLaunch").unwrap_or_default();
        tags.insert(key.to_owned(), (value.to_owned(), propagates));
    }
    if tags.len() > 50 {
        return Err(invalid("An Auto Scaling group can have at most 50 tags."));
    }
    Ok(tags)
}

pub(super) fn view(group: &Group) -> Value {
    let view = |(key, (value, propagates)): (&String, &(String, bool))| json!({"ResourceId": group.name, "ResourceType": "auto-scaling-group", "Key": key, "Value": value, "PropagateAtLaunch": propagates});
    group.tags.iter().map(view).collect()
}

/// The groups that an input's tags are for.
fn owners(world: &World, input: &Value) -> Result<Vec<String>, Fault> {
    let ids =
        query::items(input, "Tags").iter().map(|tag| query::text(tag, "ResourceId").unwrap_or_default().to_owned());
    let ids: Vec<String> = ids.collect();
    match ids.iter().find(|id| !world.ec2_auto_scaling.groups.contains_key(*id)) {
        Some(unknown) => Err(invalid(format!("No AutoScalingGroup found with id {unknown}"))),
        None => Ok(ids),
    }
}

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let tags = read(input)?;
    for (owner, tag) in owners(world, input)?.iter().zip(query::items(input, "Tags")) {
        let key = query::text(tag, "Key").unwrap_or_default();
        let given = tags.get(key).cloned().unwrap_or_default();
        if let Some(group) = world.ec2_auto_scaling.groups.get_mut(owner) {
            group.tags.insert(key.to_owned(), given);
        }
    }
    Ok(Value::Null)
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    for (owner, tag) in owners(world, input)?.iter().zip(query::items(input, "Tags")) {
        if let Some(group) = world.ec2_auto_scaling.groups.get_mut(owner) {
            group.tags.remove(query::text(tag, "Key").unwrap_or_default());
        }
    }
    Ok(Value::Null)
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let filters = query::items(input, "Filters");
    let passes = |tag: &Value| {
        filters.iter().all(|filter| {
            let member = match query::text(filter, "Name") {
                Some("auto-scaling-group") => "ResourceId",
                Some("key") => "Key",
                _ => "Value",
            };
            texts(filter.get("Values")).iter().any(|wanted| query::text(tag, member) == Some(wanted))
        })
    };
    let all = world.ec2_auto_scaling.groups.values().map(view);
    let tags: Vec<Value> = all.flat_map(|tags| tags.as_array().cloned().unwrap_or_default()).filter(passes).collect();
    page(world, input, "Tags", &tags)
}
