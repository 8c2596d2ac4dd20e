//! Roles: themselves, their trust, boundary and tags.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::document::{Document, Purpose};
use super::{
    NO_OUTPUT, Role, checked_name, counted, encoded, invalid, limit_exceeded, malformed, no_such_entity, page,
    required, role, role_mut,
};
use crate::call::{Answer, Fault, texts};
use crate::clock::iso_time;
use crate::protocol::query;
use crate::world::World;

/// How long a session may last unless the role says otherwise.
pub(super) const DEFAULT_SESSION_SECONDS: i64 = 3600;
const LONGEST_ROLE_NAME: usize = 64;
const TRUST_CHARACTERS: usize = 2048;
const TAGS_PER_ROLE: usize = 50;

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let name = checked_name(input, "RoleName", LONGEST_ROLE_NAME)?.to_owned();
    let path = checked_path(input)?;
    let trust = checked_trust(world, required(input, "AssumeRolePolicyDocument")?)?;
    let description = checked_description(input)?;
    let boundary = query::text(input, "PermissionsBoundary").map(|arn| existing_policy(world, arn)).transpose()?;
    let tags = merged_tags(&BTreeMap::new(), input)?;
    let max_session_seconds = session_seconds(input)?.unwrap_or(DEFAULT_SESSION_SECONDS);
    if world.iam.roles.contains_key(&name.to_lowercase()) {
        return Err(Fault::conflict("EntityAlreadyExists", format!("Role with name {name} already exists.")));
    }
    let quota = world.settings.roles_per_account;
    if world.iam.roles.len() >= quota {
        return Err(limit_exceeded(format!("Cannot exceed quota for RolesPerAccount: {quota}")));
    }
    let role = Role {
        arn: format!("arn:aws:iam::{}:role{path}{name}", world.account_id),
        id: world.ids.unique("AROA"),
        created: world.now,
        inline: BTreeMap::new(),
        attached: Vec::new(),
        name,
        path,
        trust,
        description,
        max_session_seconds,
        boundary,
        tags,
    };
    let mut shown = listed(&role);
    show_rest(&mut shown, &role);
    world.iam.roles.insert(role.name.to_lowercase(), role);
    Ok(json!({"Role": shown}))
}

pub(super) fn get(world: &World, input: &Value) -> Answer {
    let role = role(world, input)?;
    let mut shown = listed(role);
    show_rest(&mut shown, role);
    if let Some(members) = shown.as_object_mut() {
        // IAM shows the element even for a role that was never used.
        members.insert("RoleLastUsed".to_owned(), json!({}));
    }
    Ok(json!({"Role": shown}))
}

pub(super) fn update(world: &mut World, input: &Value) -> Answer {
    let description = checked_description(input)?;
    let seconds = session_seconds(input)?;
    let role = role_mut(world, input)?;
    // An absent description stays; an empty one clears it.
    if input.get("Description").is_some() {
        role.description = description;
    }
    role.max_session_seconds = seconds.unwrap_or(role.max_session_seconds);
    // The one operation here whose output exists and has no members.
    Ok(json!({}))
}

pub(super) fn update_description(world: &mut World, input: &Value) -> Answer {
    let description = checked_description(input)?;
    role_mut(world, input)?.description = description;
    let role = role(world, input)?;
    Ok(json!({"Role": listed(role)}))
}

pub(super) fn update_trust(world: &mut World, input: &Value) -> Answer {
    role(world, input)?;
    let trust = checked_trust(world, required(input, "PolicyDocument")?)?;
    role_mut(world, input)?.trust = trust;
    NO_OUTPUT
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let role = role(world, input)?;
    if !role.attached.is_empty() {
        return Err(Fault::conflict("DeleteConflict", "Cannot delete entity, must detach all policies first."));
    }
    if !role.inline.is_empty() {
        return Err(Fault::conflict("DeleteConflict", "Cannot delete entity, must delete policies first."));
    }
    let key = role.name.to_lowercase();
    if world.iam.instance_profiles.values().any(|profile| profile.role.as_ref() == Some(&key)) {
        let message = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(Fault::conflict("DeleteConflict", message));
    }
    world.iam.roles.remove(&key);
    NO_OUTPUT
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let prefix = query::text(input, "PathPrefix").unwrap_or("/");
    let roles = world.iam.roles.values().filter(|role| role.path.starts_with(prefix));
    page(world, input, "Roles", &roles.map(listed).collect::<Vec<_>>())
}

pub(super) fn tag(world: &mut World, input: &Value) -> Answer {
    let tags = merged_tags(&role(world, input)?.tags, input)?;
    role_mut(world, input)?.tags = tags;
    NO_OUTPUT
}

pub(super) fn untag(world: &mut World, input: &Value) -> Answer {
    let keys = texts(input.get("TagKeys"));
    role_mut(world, input)?.tags.retain(|key, _| !keys.contains(key));
    NO_OUTPUT
}

pub(super) fn list_tags(world: &World, input: &Value) -> Answer {
    let tags = shown_tags(role(world, input)?);
    page(world, input, "Tags", &tags)
}

pub(super) fn put_boundary(world: &mut World, input: &Value) -> Answer {
    role(world, input)?;
    let boundary = existing_policy(world, required(input, "PermissionsBoundary")?)?;
    role_mut(world, input)?.boundary = Some(boundary);
    NO_OUTPUT
}

pub(super) fn delete_boundary(world: &mut World, input: &Value) -> Answer {
    let role = role_mut(world, input)?;
    match role.boundary.take() {
        Some(_) => NO_OUTPUT,
        None => Err(no_such_entity(format!("Role {} does not have a permissions boundary.", role.name))),
    }
}

/// A role as `ListRoles` shows it: without tags and boundary, by the API reference.
pub(super) fn listed(role: &Role) -> Value {
    let mut shown = json!({
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": iso_time(role.created),
        "AssumeRolePolicyDocument": encoded(&role.trust),
        "MaxSessionDuration": role.max_session_seconds,
    });
    if let (Some(members), Some(description)) = (shown.as_object_mut(), &role.description) {
        members.insert("Description".to_owned(), json!(description));
    }
    shown
}

/// What `GetRole` shows beyond that.
pub(super) fn show_rest(shown: &mut Value, role: &Role) {
    let Some(members) = shown.as_object_mut() else { return };
    if !role.tags.is_empty() {
        members.insert("Tags".to_owned(), Value::Array(shown_tags(role)));
    }
    if let Some(arn) = &role.boundary {
        let boundary = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn});
        members.insert("PermissionsBoundary".to_owned(), boundary);
    }
}

fn shown_tags(role: &Role) -> Vec<Value> {
    shown(&role.tags)
}

/// Tags as IAM shows them.
pub(super) fn shown(tags: &BTreeMap<String, String>) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

pub(super) fn checked_path(input: &Value) -> Result<String, Fault> {
    let path = query::text(input, "Path").unwrap_or("/");
    let whole = path == "/" || (path.len() > 2 && path.starts_with('/') && path.ends_with('/'));
    if !whole || !path.chars().all(|character| character.is_ascii_graphic()) || path.len() > 512 {
        let message = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.";
        return Err(Fault::bad_request("ValidationError", message));
    }
    Ok(path.to_owned())
}

fn checked_description(input: &Value) -> Result<Option<String>, Fault> {
    let Some(description) = query::text(input, "Description") else { return Ok(None) };
    if description.chars().count() > 1000 {
        return Err(invalid("Description", description, "have length less than or equal to 1000"));
    }
    let latin = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if !description.chars().all(latin) {
        let pattern = "satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*";
        return Err(invalid("Description", description, pattern));
    }
    Ok(Some(description.to_owned()))
}

fn session_seconds(input: &Value) -> Result<Option<i64>, Fault> {
    let Some(seconds) = query::number(input, "MaxSessionDuration")? else { return Ok(None) };
    match seconds {
        ..3600 => Err(invalid("MaxSessionDuration", &seconds.to_string(), "have value greater than or equal to 3600")),
        3600..=43_200 => Ok(Some(seconds)),
        _ => Err(invalid("MaxSessionDuration", &seconds.to_string(), "have value less than or equal to 43200")),
    }
}

fn checked_trust(world: &World, text: &str) -> Result<String, Fault> {
    let document = Document::parse(text, Purpose::Trust).map_err(malformed)?;
    if counted(text) > TRUST_CHARACTERS {
        return Err(limit_exceeded(format!("Cannot exceed quota for ACLSizePerRole: {TRUST_CHARACTERS}")));
    }
    // IAM resolves principals of the account itself, and refuses roles that aren't there.
    let own = format!("arn:aws:iam::{}:role/", world.account_id);
    let mut unknown = document.aws_principals().filter(|arn| arn.starts_with(&own) && world.iam.by_arn(arn).is_none());
    match unknown.next() {
        Some(arn) => Err(malformed(format!("Invalid principal in policy: \"AWS\":\"{arn}\""))),
        None => Ok(text.to_owned()),
    }
}

fn existing_policy(world: &World, arn: &str) -> Result<String, Fault> {
    if world.iam.policies.contains_key(arn) {
        return Ok(arn.to_owned());
    }
    Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")))
}

/// Tags with those of an input put over them.
pub(super) fn merged_tags(
    present: &BTreeMap<String, String>,
    input: &Value,
) -> Result<BTreeMap<String, String>, Fault> {
    let mut tags = present.clone();
    let mut seen = BTreeSet::new();
    for (index, tag) in query::items(input, "Tags").iter().enumerate() {
        let key = query::text(tag, "Key").unwrap_or_default();
        let value = query::text(tag, "Value").unwrap_or_default();
        check_tag(index + 1, key, value)?;
        // Keys of a role's tags are unique without regard to case.
        if !seen.insert(key.to_lowercase()) {
            return Err(Fault::bad_request(
                "InvalidInput",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.retain(|present, _| !present.eq_ignore_ascii_case(key));
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > TAGS_PER_ROLE {
        return Err(limit_exceeded("The number of tags has reached the maximum limit."));
    }
    Ok(tags)
}

fn check_tag(position: usize, key: &str, value: &str) -> Result<(), Fault> {
    let place = |member: &str| format!("Tags.{position}.member.{member}");
    let allowed = |text: &str| {
        text.chars().all(|character| character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character))
    };
    if key.is_empty() || key.chars().count() > 128 {
        return Err(invalid(&place("key"), key, "have length between 1 and 128"));
    }
    if value.chars().count() > 256 {
        return Err(invalid(&place("value"), value, "have length less than or equal to 256"));
    }
    for (member, text) in [("key", key), ("value", value)] {
        if !allowed(text) {
            return Err(invalid(
                &place(member),
                text,
                "satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*",
            ));
        }
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(Fault::bad_request("InvalidInput", "System tags cannot be added/updated/deleted."));
    }
    Ok(())
}
