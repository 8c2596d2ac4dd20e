//! A role's policies: inline ones by name, managed ones by ARN.

use serde_json::{Value, json};

use super::document::{Document, Purpose};
use super::{
    NO_OUTPUT, Role, checked_name, counted, encoded, limit_exceeded, malformed, no_such_entity, page, required, role,
    role_mut,
};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::world::World;

/// All inline policies of a role together, in characters without white space.
const INLINE_CHARACTERS: usize = 10_240;
const ATTACHED_POLICIES: usize = 10;

pub(super) fn put(world: &mut World, input: &Value) -> Answer {
    let role = role_mut(world, input)?;
    let name = checked_name(input, "PolicyName", 128)?;
    let text = required(input, "PolicyDocument")?;
    Document::parse(text, Purpose::Permissions).map_err(malformed)?;
    let others: usize = role.inline.iter().filter(|(other, _)| *other != name).map(|(_, text)| counted(text)).sum();
    if others + counted(text) > INLINE_CHARACTERS {
        return Err(limit_exceeded(format!(
            "Maximum policy size of {INLINE_CHARACTERS} bytes exceeded for role {}",
            role.name
        )));
    }
    role.inline.insert(name.to_owned(), text.to_owned());
    NO_OUTPUT
}

pub(super) fn get(world: &World, input: &Value) -> Answer {
    let role = role(world, input)?;
    let name = required(input, "PolicyName")?;
    let text = role.inline.get(name).ok_or_else(|| no_policy(name))?;
    Ok(json!({"RoleName": role.name, "PolicyName": name, "PolicyDocument": encoded(text)}))
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let role = role_mut(world, input)?;
    let name = required(input, "PolicyName")?;
    role.inline.remove(name).ok_or_else(|| no_policy(name))?;
    NO_OUTPUT
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let names: Vec<Value> = role(world, input)?.inline.keys().map(|name| json!(name)).collect();
    page(world, input, "PolicyNames", &names)
}

pub(super) fn attach(world: &mut World, input: &Value) -> Answer {
    let arn = policy_arn(input)?;
    role(world, input)?;
    if !world.iam.policies.contains_key(&arn) {
        return Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
    }
    let role = role_mut(world, input)?;
    if role.attached.contains(&arn) {
        return NO_OUTPUT;
    }
    if role.attached.len() >= ATTACHED_POLICIES {
        return Err(limit_exceeded(format!("Cannot exceed quota for PoliciesPerRole: {ATTACHED_POLICIES}")));
    }
    role.attached.push(arn);
    NO_OUTPUT
}

pub(super) fn detach(world: &mut World, input: &Value) -> Answer {
    let arn = policy_arn(input)?;
    let role: &mut Role = role_mut(world, input)?;
    let position = role.attached.iter().position(|attached| *attached == arn);
    let position = position.ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))?;
    role.attached.remove(position);
    NO_OUTPUT
}

pub(super) fn list_attached(world: &World, input: &Value) -> Answer {
    let prefix = query::text(input, "PathPrefix").unwrap_or("/");
    let role = role(world, input)?;
    let policies = role
        .attached
        .iter()
        .filter_map(|arn| world.iam.policies.get(arn))
        .filter(|policy| policy.path().starts_with(prefix));
    let shown: Vec<Value> =
        policies.map(|policy| json!({"PolicyName": policy.name(), "PolicyArn": policy.arn})).collect();
    page(world, input, "AttachedPolicies", &shown)
}

fn no_policy(name: &str) -> Fault {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

fn policy_arn(input: &Value) -> Result<String, Fault> {
    let arn = required(input, "PolicyArn")?;
    if arn.starts_with("arn:") && arn.contains(":policy/") {
        return Ok(arn.to_owned());
    }
    Err(Fault::bad_request("InvalidInput", format!("ARN {arn} is not valid.")))
}
