//! Log groups: themselves, retention, tags.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{LogGroup, invalid, name_of, no_group, page, required};
use crate::call::{Answer, Fault, texts};
use crate::protocol::query;
use crate::services::wildcard;
use crate::world::World;

/// The only retentions there are, in days (API reference, `PutRetentionPolicy`).
const RETENTIONS: &[i64] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
const CLASSES: &[&str] = &["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"];
const TAGS_PER_GROUP: usize = 50;

/// A log group as it is when nothing is said about it.
pub(super) fn new(world: &World, name: &str) -> LogGroup {
    LogGroup {
        name: name.to_owned(),
        created: world.now,
        retention_days: None,
        key_id: None,
        class: "STANDARD".to_owned(),
        deletion_protected: false,
        tags: BTreeMap::new(),
        streams: BTreeMap::new(),
    }
}

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let name = checked_name(input)?;
    let class = query::text(input, "logGroupClass").unwrap_or("STANDARD");
    if !CLASSES.contains(&class) {
        return Err(invalid(format!(
            "Value '{class}' at 'logGroupClass' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
            CLASSES.join(", ")
        )));
    }
    let tags = merged_tags(&BTreeMap::new(), input)?;
    if world.logs.groups.contains_key(name) {
        return Err(Fault::bad_request("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    let mut group = new(world, name);
    class.clone_into(&mut group.class);
    group.key_id = query::text(input, "kmsKeyId").map(str::to_owned);
    group.deletion_protected = query::flag(input, "deletionProtectionEnabled").unwrap_or_default();
    group.tags = tags;
    world.logs.groups.insert(name.to_owned(), group);
    Ok(json!({}))
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let name = checked_name(input)?;
    let group = world.logs.groups.get(name).ok_or_else(no_group)?;
    if group.deletion_protected {
        let message = "The log group cannot be deleted because deletion protection is enabled.";
        return Err(Fault::bad_request("ValidationException", message));
    }
    world.logs.groups.remove(name);
    Ok(json!({}))
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let (prefix, pattern) = (query::text(input, "logGroupNamePrefix"), query::text(input, "logGroupNamePattern"));
    let identifiers = texts(input.get("logGroupIdentifiers"));
    if prefix.is_some() && pattern.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    if !identifiers.is_empty() && (prefix.is_some() || pattern.is_some() || query::text(input, "nextToken").is_some()) {
        // API reference: logGroupIdentifiers goes alone with includeLinkedAccounts, and there is no paging.
        return Err(invalid("logGroupIdentifiers can't be combined with a name prefix, a name pattern or nextToken."));
    }
    if identifiers.len() > 50 {
        return Err(invalid("Member must have length less than or equal to 50"));
    }
    let pattern = pattern.map(|pattern| format!("*{}*", pattern.to_lowercase()));
    let names: Vec<&str> = identifiers.iter().map(|identifier| name_of(identifier)).collect();
    let class = query::text(input, "logGroupClass");
    let wanted = |group: &&LogGroup| {
        prefix.is_none_or(|prefix| group.name.starts_with(prefix))
            && pattern.as_ref().is_none_or(|pattern| wildcard::matches(pattern, &group.name.to_lowercase()))
            && (names.is_empty() || names.contains(&group.name.as_str()))
            && class.is_none_or(|class| class == group.class)
    };
    let found: Vec<&LogGroup> = world.logs.groups.values().filter(wanted).collect();
    let (found, next) = page(world, input, &found, 50)?;
    let mut answer = Map::new();
    answer.insert("logGroups".to_owned(), found.iter().map(|group| shown(world, group)).collect());
    if let Some(next) = next {
        answer.insert("nextToken".to_owned(), json!(next));
    }
    Ok(Value::Object(answer))
}

fn shown(world: &World, group: &LogGroup) -> Value {
    let arn = world.arn("logs", &format!("log-group:{}", group.name));
    let stored: usize = group.streams.values().flat_map(|stream| &stream.events).map(|event| event.message.len()).sum();
    let mut shown = json!({
        "logGroupName": group.name,
        "creationTime": group.created,
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "storedBytes": stored,
        "logGroupClass": group.class,
        "deletionProtectionEnabled": group.deletion_protected,
    });
    if let Some(members) = shown.as_object_mut() {
        members.extend(group.retention_days.map(|days| ("retentionInDays".to_owned(), json!(days))));
        members.extend(group.key_id.as_ref().map(|key| ("kmsKeyId".to_owned(), json!(key))));
    }
    shown
}

pub(super) fn put_retention(world: &mut World, input: &Value) -> Answer {
    let name = checked_name(input)?;
    let days = query::number(input, "retentionInDays").map_err(|_| invalid("retentionInDays must be a number"))?;
    let days = days.filter(|days| RETENTIONS.contains(days)).ok_or_else(|| {
        let values: Vec<String> = RETENTIONS.iter().map(i64::to_string).collect();
        let message = format!("1 validation error detected: Value at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [{}]", values.join(", "));
        invalid(message)
    })?;
    let group = world.logs.groups.get_mut(name).ok_or_else(no_group)?;
    if group.class == "DELIVERY" {
        return Err(invalid("Retention of a log group of class DELIVERY can't be changed."));
    }
    group.retention_days = Some(days);
    Ok(json!({}))
}

pub(super) fn delete_retention(world: &mut World, input: &Value) -> Answer {
    world.logs.groups.get_mut(checked_name(input)?).ok_or_else(no_group)?.retention_days = None;
    Ok(json!({}))
}

/// Keys are taken as they are given: the account has no KMS.
pub(super) fn associate_key(world: &mut World, input: &Value) -> Answer {
    let key = required(input, "kmsKeyId")?.to_owned();
    world.logs.groups.get_mut(checked_name(input)?).ok_or_else(no_group)?.key_id = Some(key);
    Ok(json!({}))
}

pub(super) fn disassociate_key(world: &mut World, input: &Value) -> Answer {
    world.logs.groups.get_mut(checked_name(input)?).ok_or_else(no_group)?.key_id = None;
    Ok(json!({}))
}

pub(super) fn put_deletion_protection(world: &mut World, input: &Value) -> Answer {
    let name = name_of(required(input, "logGroupIdentifier")?);
    let enabled = query::flag(input, "deletionProtectionEnabled")
        .ok_or_else(|| invalid("deletionProtectionEnabled must not be null"))?;
    world.logs.groups.get_mut(name).ok_or_else(no_group)?.deletion_protected = enabled;
    Ok(json!({}))
}

/// Tags a group that `member` names, by name or ARN.
pub(super) fn tag(world: &mut World, input: &Value, member: &str) -> Answer {
    let group = named(world, input, member)?;
    let tags = merged_tags(&group.tags, input)?;
    group.tags = tags;
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, input: &Value, member: &str, keys: &str) -> Answer {
    let keys = texts(input.get(keys));
    named(world, input, member)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list_tags(world: &mut World, input: &Value, member: &str) -> Answer {
    Ok(json!({"tags": named(world, input, member)?.tags}))
}

/// The group that a tagging call names. `TagResource` and its sisters take the ARN without `:*` only.
fn named<'a>(world: &'a mut World, input: &Value, member: &str) -> Result<&'a mut LogGroup, Fault> {
    let identifier = required(input, member)?;
    if member == "resourceArn" {
        let prefix = world.arn("logs", "log-group:");
        if !identifier.starts_with(&prefix) || identifier.ends_with(":*") {
            return Err(invalid(format!("ARN {identifier} is not valid")));
        }
    }
    world.logs.groups.get_mut(name_of(identifier)).ok_or_else(no_group)
}

fn checked_name(input: &Value) -> Result<&str, Fault> {
    let name = required(input, "logGroupName")?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "._-/#".contains(character);
    if name.len() > 512 || !name.chars().all(allowed) {
        let message = format!(
            "1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
        );
        return Err(invalid(message));
    }
    Ok(name)
}

/// A group's tags with those of an input put over them.
fn merged_tags(present: &BTreeMap<String, String>, input: &Value) -> Result<BTreeMap<String, String>, Fault> {
    let mut tags = present.clone();
    for (key, value) in input.get("tags").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid("Tag keys have 1 to 128 characters, values at most 256."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys that start with aws: are reserved for AWS."));
        }
        let allowed =
            |character: char| character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character);
        if !key.chars().chain(value.chars()).all(allowed) {
            return Err(invalid(format!(
                "The tag {key} has a character that is not allowed: ^([\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]+)$"
            )));
        }
        tags.insert(key.clone(), value.to_owned());
    }
    if tags.len() > TAGS_PER_GROUP {
        return Err(Fault::bad_request("TooManyTagsException", "A resource can have no more than 50 tags."));
    }
    Ok(tags)
}
