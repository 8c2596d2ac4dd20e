//! Managed policies, as far as they can be looked at: they come with the world, in one version each.

use serde_json::{Value, json};

use super::{ManagedPolicy, encoded, no_such_entity, page, required};
use crate::call::Answer;
use crate::clock::iso_time;
use crate::protocol::query;
use crate::world::World;

/// The only version that a policy of the world has.
const VERSION: &str = "v1";

pub(super) fn get(world: &World, input: &Value) -> Answer {
    let policy = policy(world, input)?;
    Ok(json!({"Policy": shown(world, policy)}))
}

pub(super) fn get_version(world: &World, input: &Value) -> Answer {
    let policy = policy(world, input)?;
    let version = required(input, "VersionId")?;
    if version != VERSION {
        return Err(no_such_entity(format!(
            "Policy {} version {version} does not exist or is not attachable.",
            policy.arn
        )));
    }
    let mut shown = shown_version(policy);
    if let Some(members) = shown.as_object_mut() {
        members.insert("Document".to_owned(), json!(encoded(&policy.document)));
    }
    Ok(json!({"PolicyVersion": shown}))
}

pub(super) fn list_versions(world: &World, input: &Value) -> Answer {
    let versions = [shown_version(policy(world, input)?)];
    page(world, input, "Versions", &versions)
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let prefix = query::text(input, "PathPrefix").unwrap_or("/");
    let scope = query::text(input, "Scope").unwrap_or("All");
    let attached_only = query::flag(input, "OnlyAttached").unwrap_or_default();
    let wanted = |policy: &&ManagedPolicy| {
        let of_aws = policy.arn.starts_with("arn:aws:iam::aws:");
        let in_scope = match scope {
            "AWS" => of_aws,
            "Local" => !of_aws,
            _ => true,
        };
        in_scope && policy.path().starts_with(prefix) && (!attached_only || attachments(world, policy) > 0)
    };
    let policies: Vec<Value> = world.iam.policies.values().filter(wanted).map(|policy| shown(world, policy)).collect();
    page(world, input, "Policies", &policies)
}

fn policy<'a>(world: &'a World, input: &Value) -> Result<&'a ManagedPolicy, crate::call::Fault> {
    let arn = required(input, "PolicyArn")?;
    world.iam.policies.get(arn).ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
}

fn attachments(world: &World, policy: &ManagedPolicy) -> usize {
    world.iam.roles.values().filter(|role| role.attached.contains(&policy.arn)).count()
}

pub(super) fn shown(world: &World, policy: &ManagedPolicy) -> Value {
    let as_boundary = world.iam.roles.values().filter(|role| role.boundary.as_ref() == Some(&policy.arn)).count();
    json!({
        "PolicyName": policy.name(),
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path(),
        "DefaultVersionId": VERSION,
        "AttachmentCount": attachments(world, policy),
        "PermissionsBoundaryUsageCount": as_boundary,
        "IsAttachable": true,
        "CreateDate": iso_time(policy.created),
        "UpdateDate": iso_time(policy.created),
    })
}

pub(super) fn shown_version(policy: &ManagedPolicy) -> Value {
    json!({"VersionId": VERSION, "IsDefaultVersion": true, "CreateDate": iso_time(policy.created)})
}
