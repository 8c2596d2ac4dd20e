//! Tags of EC2's resources: at creation, afterwards, and looked for.

use serde_json::{Value, json};

use super::filters::Filters;
use super::{Tags, invalid_value, page};
use crate::call::{Answer, Fault, texts};
use crate::protocol::query;
use crate::world::World;

/// EC2 user guide, "Tag restrictions".
const TAGS_PER_RESOURCE: usize = 50;

/// Tags as EC2 shows them.
pub(super) fn shown(tags: &Tags) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// The tags that a create call's `TagSpecification` puts on what it makes.
pub(super) fn at_creation(input: &Value, resource_type: &str) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    for specification in query::items(input, "TagSpecification") {
        let named = query::text(specification, "ResourceType").unwrap_or_default();
        if named != resource_type {
            return Err(invalid_value(format!("'{named}' is not a valid taggable resource type for this operation.")));
        }
        for (key, value) in pairs(specification)? {
            if tags.insert(key.clone(), value).is_some() {
                return Err(invalid_value(format!("Duplicate tag key '{key}' specified.")));
            }
        }
    }
    check_count(&tags)?;
    Ok(tags)
}

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let ids = ids(world, input)?;
    let new = pairs(input)?;
    if new.is_empty() {
        return Err(Fault::bad_request("MissingParameter", "The request must contain the parameter tagSet"));
    }
    // Nothing is changed unless everything can be.
    for id in &ids {
        let mut merged = tags_mut(world, id)?.clone();
        merged.extend(new.clone());
        check_count(&merged)?;
    }
    for id in &ids {
        tags_mut(world, id)?.extend(new.clone());
    }
    Ok(json!({"return": true}))
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let ids = ids(world, input)?;
    let named: Vec<(String, Option<String>)> = query::items(input, "Tag")
        .iter()
        .map(|tag| {
            let key = query::text(tag, "Key").unwrap_or_default().to_owned();
            // A key alone means any value; an empty value means just the empty one.
            (key, tag.get("Value").and_then(Value::as_str).map(str::to_owned))
        })
        .collect();
    for id in &ids {
        let goes = |key: &String, value: &String| {
            named.is_empty()
                || named.iter().any(|(wanted, is)| wanted == key && is.as_ref().is_none_or(|is| is == value))
        };
        tags_mut(world, id)?.retain(|key, value| !goes(key, value));
    }
    Ok(json!({"return": true}))
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let filters = Filters::read(input, &["key", "value", "resource-id", "resource-type"])?;
    let state = &world.ec2;
    let vpcs = state.vpcs.values().map(|vpc| ("vpc", &vpc.id, &vpc.tags));
    let subnets = state.subnets.values().map(|subnet| ("subnet", &subnet.id, &subnet.tags));
    let groups = state.groups.values().map(|group| ("security-group", &group.id, &group.tags));
    let rules = state.groups.values().flat_map(|group| group.rules.values());
    let rules = rules.map(|rule| ("security-group-rule", &rule.id, &rule.tags));
    let interfaces = state.interfaces.values().map(|eni| ("network-interface", &eni.id, &eni.tags));
    let templates = state.templates.iter().map(|(id, template)| ("launch-template", id, &template.tags));
    let instances = state.instances.values().map(|instance| ("instance", &instance.id, &instance.tags));
    let all = vpcs.chain(subnets).chain(groups).chain(rules).chain(interfaces).chain(templates).chain(instances);
    let mut found = Vec::new();
    for (kind, id, tags) in all {
        for (key, value) in tags {
            let values = |name: &str| {
                vec![match name {
                    "key" => key.clone(),
                    "value" => value.clone(),
                    "resource-id" => id.clone(),
                    _ => kind.to_owned(),
                }]
            };
            if filters.pass(values, &Tags::from([(key.clone(), value.clone())])) {
                found.push(json!({"resourceId": id, "resourceType": kind, "key": key, "value": value}));
            }
        }
    }
    let (found, next) = page(world, input, &found)?;
    Ok(json!({"tagSet": found, "nextToken": next}))
}

fn ids(world: &mut World, input: &Value) -> Result<Vec<String>, Fault> {
    let ids = texts(input.get("ResourceId"));
    if ids.is_empty() {
        return Err(Fault::bad_request("MissingParameter", "The request must contain the parameter resourceIdSet"));
    }
    ids.iter().try_for_each(|id| tags_mut(world, id).map(drop))?;
    Ok(ids)
}

/// The tags of the resource of this id, whatever it is.
fn tags_mut<'a>(world: &'a mut World, id: &str) -> Result<&'a mut Tags, Fault> {
    let state = &mut world.ec2;
    let kind = id.split_once('-').map_or("", |(kind, _)| kind);
    let (found, code, what) = match kind {
        "vpc" => (state.vpcs.get_mut(id).map(|vpc| &mut vpc.tags), "InvalidVpcID.NotFound", "vpc ID"),
        "subnet" => (state.subnets.get_mut(id).map(|subnet| &mut subnet.tags), "InvalidSubnetID.NotFound", "subnet ID"),
        "sg" => (state.groups.get_mut(id).map(|group| &mut group.tags), "InvalidGroup.NotFound", "security group"),
        "sgr" => {
            let rule = state.groups.values_mut().find_map(|group| group.rules.get_mut(id));
            (rule.map(|rule| &mut rule.tags), "InvalidSecurityGroupRuleId.NotFound", "security group rule ID")
        }
        "eni" => (
            state.interfaces.get_mut(id).map(|eni| &mut eni.tags),
            "InvalidNetworkInterfaceID.NotFound",
            "networkInterface ID",
        ),
        "lt" => (
            state.templates.get_mut(id).map(|template| &mut template.tags),
            "InvalidLaunchTemplateId.NotFound",
            "launch template ID",
        ),
        "i" => (
            state.instances.get_mut(id).map(|instance| &mut instance.tags),
            "InvalidInstanceID.NotFound",
            "instance ID",
        ),
        _ => return Err(Fault::bad_request("InvalidID", format!("The ID '{id}' is not valid"))),
    };
    found.ok_or_else(|| Fault::bad_request(code, format!("The {what} '{id}' does not exist")))
}

pub(super) fn pairs(input: &Value) -> Result<Vec<(String, String)>, Fault> {
    let mut pairs = Vec::new();
    for tag in query::items(input, "Tag") {
        let key = query::text(tag, "Key").unwrap_or_default();
        let value = query::text(tag, "Value").unwrap_or_default();
        check(key, value)?;
        pairs.push((key.to_owned(), value.to_owned()));
    }
    Ok(pairs)
}

fn check(key: &str, value: &str) -> Result<(), Fault> {
    if key.is_empty() {
        return Err(invalid_value("Tag key cannot be null or empty."));
    }
    if key.chars().count() > 127 {
        return Err(invalid_value("Tag key exceeds the maximum length of 127 characters"));
    }
    if value.chars().count() > 255 {
        return Err(invalid_value("Tag value exceeds the maximum length of 255 characters"));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        let message = "Tag keys starting with 'aws:' are reserved for internal use";
        return Err(invalid_value(message));
    }
    Ok(())
}

fn check_count(tags: &Tags) -> Result<(), Fault> {
    if tags.len() > TAGS_PER_RESOURCE {
        return Err(Fault::bad_request(
            "TagLimitExceeded",
            "The maximum number of Tags for a resource has been reached.",
        ));
    }
    Ok(())
}
