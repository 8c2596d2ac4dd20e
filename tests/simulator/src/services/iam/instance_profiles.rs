//! Instance profiles: what an EC2 instance carries its role in.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::roles::{checked_path, listed, merged_tags, shown};
use super::{NO_OUTPUT, Role, checked_name, limit_exceeded, no_such_entity, page, required, role};
use crate::call::{Answer, Fault, texts};
use crate::clock::iso_time;
use crate::protocol::query;
use crate::world::World;

/// API reference, `CreateInstanceProfile`.
const LONGEST_NAME: usize = 128;

#[derive(Clone, Debug, Serialize)]
pub(super) struct InstanceProfile {
    name: String,
    path: String,
    id: String,
    pub(super) arn: String,
    created: i64,
    tags: BTreeMap<String, String>,
    /// The role's key; at most one (user guide, "IAM and AWS STS quotas").
    pub(super) role: Option<String>,
}

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let name = checked_name(input, "InstanceProfileName", LONGEST_NAME)?.to_owned();
    let path = checked_path(input)?;
    let tags = merged_tags(&BTreeMap::new(), input)?;
    let key = name.to_lowercase();
    if world.iam.instance_profiles.contains_key(&key) {
        return Err(Fault::conflict("EntityAlreadyExists", format!("Instance Profile {name} already exists.")));
    }
    let profile = InstanceProfile {
        arn: format!("arn:aws:iam::{}:instance-profile{path}{name}", world.account_id),
        id: world.ids.unique("AIPA"),
        created: world.now,
        role: None,
        name,
        path,
        tags,
    };
    world.iam.instance_profiles.insert(key.clone(), profile);
    Ok(shown_as(world, &key))
}

pub(super) fn get(world: &World, input: &Value) -> Answer {
    Ok(shown_as(world, &key(world, input)?))
}

/// API reference, `DeleteInstanceProfile`: "Make sure that the instance profile does not have an associated role", and no
/// running instance either, which IAM does not check.
pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let key = key(world, input)?;
    if world.iam.instance_profiles.get(&key).is_some_and(|profile| profile.role.is_some()) {
        let message = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(Fault::conflict("DeleteConflict", message));
    }
    world.iam.instance_profiles.remove(&key);
    NO_OUTPUT
}

pub(super) fn add_role(world: &mut World, input: &Value) -> Answer {
    let key = key(world, input)?;
    let role = role(world, input)?.name.to_lowercase();
    let Some(profile) = world.iam.instance_profiles.get_mut(&key) else { return NO_OUTPUT };
    if profile.role.is_some() {
        return Err(limit_exceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"));
    }
    profile.role = Some(role);
    NO_OUTPUT
}

pub(super) fn remove_role(world: &mut World, input: &Value) -> Answer {
    let key = key(world, input)?;
    let name = required(input, "RoleName")?;
    let profile = world.iam.instance_profiles.get_mut(&key);
    let Some(profile) = profile.filter(|profile| profile.role.as_ref() == Some(&name.to_lowercase())) else {
        return Err(no_such_entity(format!("Role {name} in Instance Profile cannot be found.")));
    };
    profile.role = None;
    NO_OUTPUT
}

pub(super) fn list_for_role(world: &World, input: &Value) -> Answer {
    let role = role(world, input)?.name.to_lowercase();
    let all = world.iam.instance_profiles.values().filter(|profile| profile.role.as_ref() == Some(&role));
    let views: Vec<Value> = all.map(|profile| view(world, profile)).collect();
    page(world, input, "InstanceProfiles", &views)
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let prefix = query::text(input, "PathPrefix").unwrap_or("/");
    let all = world.iam.instance_profiles.values().filter(|profile| profile.path.starts_with(prefix));
    let views: Vec<Value> = all.map(|profile| view(world, profile)).collect();
    page(world, input, "InstanceProfiles", &views)
}

pub(super) fn tag(world: &mut World, input: &Value) -> Answer {
    let key = key(world, input)?;
    let Some(profile) = world.iam.instance_profiles.get_mut(&key) else { return NO_OUTPUT };
    profile.tags = merged_tags(&profile.tags, input)?;
    NO_OUTPUT
}

pub(super) fn untag(world: &mut World, input: &Value) -> Answer {
    let key = key(world, input)?;
    let keys = texts(input.get("TagKeys"));
    if let Some(profile) = world.iam.instance_profiles.get_mut(&key) {
        profile.tags.retain(|key, _| !keys.contains(key));
    }
    NO_OUTPUT
}

pub(super) fn list_tags(world: &World, input: &Value) -> Answer {
    let key = key(world, input)?;
    let tags = world.iam.instance_profiles.get(&key).map(|profile| shown(&profile.tags)).unwrap_or_default();
    page(world, input, "Tags", &tags)
}

/// The profile that an input names, by its key.
fn key(world: &World, input: &Value) -> Result<String, Fault> {
    let name = required(input, "InstanceProfileName")?;
    let key = name.to_lowercase();
    if world.iam.instance_profiles.contains_key(&key) {
        return Ok(key);
    }
    Err(no_such_entity(format!("Instance Profile {name} cannot be found.")))
}

fn shown_as(world: &World, key: &str) -> Value {
    json!({"InstanceProfile": world.iam.instance_profiles.get(key).map(|profile| view(world, profile))})
}

fn view(world: &World, profile: &InstanceProfile) -> Value {
    let role: Option<&Role> = profile.role.as_ref().and_then(|key| world.iam.roles.get(key));
    json!({
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": iso_time(profile.created),
        "Roles": role.map(listed).into_iter().collect::<Vec<_>>(),
        "Tags": shown(&profile.tags),
    })
}

/// The role, by ARN, of an instance that carries this profile, by the profile's ARN or name; `None`: there is no such
/// profile, or no role in it.
pub fn role_of(world: &World, profile: &str) -> Option<String> {
    let name = profile.rsplit('/').next().unwrap_or(profile).to_lowercase();
    let key = world.iam.instance_profiles.get(&name)?.role.as_ref()?;
    world.iam.roles.get(key).map(|role| role.arn.clone())
}

/// Whether there is a profile of this ARN or name.
pub fn is_profile(world: &World, profile: &str) -> bool {
    let name = profile.rsplit('/').next().unwrap_or(profile).to_lowercase();
    let found = world.iam.instance_profiles.get(&name);
    found.is_some_and(|found| !profile.starts_with("arn:") || found.arn == profile)
}
