//! Tags of load balancers, listeners, rules and target groups.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Tags, at_most, invalid};
use crate::call::{Answer, Fault, texts};
use crate::protocol::query;
use crate::world::World;

/// User guide, "Tag restrictions".
const TAGS_PER_RESOURCE: usize = 50;

/// API reference, `DescribeTags`: "You can specify up to 20 resources in a single call".
const RESOURCES_PER_CALL: usize = 20;

/// The tags that a create call puts on what it makes.
pub(super) fn at_creation(input: &Value) -> Result<Tags, Fault> {
    let tags = read(input)?;
    check_count(&tags)?;
    Ok(tags)
}

fn read(input: &Value) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    for tag in query::items(input, "Tags") {
        let key = query::text(tag, "Key").unwrap_or_default();
        let value = query::text(tag, "Value").unwrap_or_default();
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid("Tag keys have 1 to 128 characters, tag values at most 256"));
        }
        if !(plain(key) && plain(value)) {
            return Err(invalid(format!(
                "The tag '{key}' has characters other than letters, digits, spaces and _.:/=+-@"
            )));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys starting with 'aws:' are reserved for system use"));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            let message = format!("The tag key '{key}' cannot be specified more than once");
            return Err(Fault::bad_request("DuplicateTagKeys", message));
        }
    }
    Ok(tags)
}

/// The characters of the model's pattern.
fn plain(text: &str) -> bool {
    text.chars().all(|one| one.is_alphanumeric() || one == ' ' || "_.:/=+-@".contains(one))
}

fn check_count(tags: &Tags) -> Result<(), Fault> {
    if tags.len() > TAGS_PER_RESOURCE {
        let message = format!("The maximum number of tags for a resource is '{TAGS_PER_RESOURCE}'");
        return Err(Fault::bad_request("TooManyTags", message));
    }
    Ok(())
}

/// The tags of the resource of this ARN, whatever it is.
fn tags_mut<'a>(world: &'a mut World, arn: &str) -> Result<&'a mut Tags, Fault> {
    let state = &mut world.elbv2;
    let kind = arn.splitn(6, ':').nth(5).and_then(|resource| resource.split('/').next()).unwrap_or_default();
    let (found, code, what) = match kind {
        "loadbalancer" => {
            (state.balancers.get_mut(arn).map(|one| &mut one.tags), "LoadBalancerNotFound", "load balancers")
        }
        "listener" => (state.listeners.get_mut(arn).map(|one| &mut one.tags), "ListenerNotFound", "listeners"),
        "listener-rule" => (state.rules.get_mut(arn).map(|one| &mut one.tags), "RuleNotFound", "rules"),
        "targetgroup" => (state.groups.get_mut(arn).map(|one| &mut one.tags), "TargetGroupNotFound", "target groups"),
        _ => return Err(invalid(format!("'{arn}' is not a valid resource ARN"))),
    };
    found.ok_or_else(|| Fault::bad_request(code, format!("One or more {what} not found")))
}

fn resources(world: &mut World, input: &Value) -> Result<Vec<String>, Fault> {
    let arns = at_most(input, "ResourceArns", RESOURCES_PER_CALL)?;
    if arns.is_empty() {
        return Err(invalid("At least one resource ARN must be specified"));
    }
    arns.iter().try_for_each(|arn| tags_mut(world, arn).map(drop))?;
    Ok(arns)
}

pub(super) fn add(world: &mut World, input: &Value) -> Answer {
    let arns = resources(world, input)?;
    let new = read(input)?;
    if new.is_empty() {
        return Err(invalid("At least one tag must be specified"));
    }
    // Nothing is changed unless everything can be.
    for arn in &arns {
        let mut merged = tags_mut(world, arn)?.clone();
        merged.extend(new.clone());
        check_count(&merged)?;
    }
    for arn in &arns {
        tags_mut(world, arn)?.extend(new.clone());
    }
    Ok(json!({}))
}

pub(super) fn remove(world: &mut World, input: &Value) -> Answer {
    let arns = resources(world, input)?;
    let keys = texts(input.get("TagKeys"));
    for arn in &arns {
        tags_mut(world, arn)?.retain(|key, _| !keys.contains(key));
    }
    Ok(json!({}))
}

pub(super) fn describe(world: &mut World, input: &Value) -> Answer {
    let mut described = BTreeMap::new();
    for arn in resources(world, input)? {
        let tags: Vec<Value> =
            tags_mut(world, &arn)?.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        described.insert(arn.clone(), json!({"ResourceArn": arn, "Tags": tags}));
    }
    Ok(json!({"TagDescriptions": described.into_values().collect::<Vec<_>>()}))
}
