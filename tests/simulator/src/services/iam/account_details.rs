//! `GetAccountAuthorizationDetails`: roles and policies with all that they allow, in one list.
//!
//! The API reference: filtered by kind of entity, paged over all kinds together; documents are percent-encoded. A role
//! comes with its policies, boundary and tags, but without its description and longest session. The account has no
//! users and no groups.

use serde_json::{Map, Value, json};

use super::policies::{shown, shown_version};
use super::roles::{listed, show_rest};
use super::{ManagedPolicy, Role, encoded, invalid, page};
use crate::call::{Answer, texts};
use crate::world::World;

const ENTITIES: &[&str] = &["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
/// The lists of the answer, by what stands in them.
const LISTS: &[&str] = &["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];

pub(super) fn get(world: &World, input: &Value) -> Answer {
    let filter = texts(input.get("Filter"));
    if let Some(unknown) = filter.iter().find(|entity| !ENTITIES.contains(&entity.as_str())) {
        let values = format!("satisfy enum value set: [{}]", ENTITIES.join(", "));
        return Err(invalid("Filter", unknown, &values));
    }
    let wanted = |entity: &str| filter.is_empty() || filter.iter().any(|filter| filter == entity);
    let roles = world.iam.roles.values().filter(|_| wanted("Role"));
    let policies = world.iam.policies.values().filter(|policy| wanted(entity_of(policy)));
    let roles = roles.map(|role| json!({"RoleDetailList": role_detail(world, role)}));
    let entities: Vec<Value> =
        roles.chain(policies.map(|policy| json!({"Policies": policy_detail(world, policy)}))).collect();
    let mut answer = page(world, input, "Entities", &entities)?;
    if let Some(members) = answer.as_object_mut() {
        let entities = members.remove("Entities").unwrap_or_default();
        members.extend(by_list(&entities));
    }
    Ok(answer)
}

fn entity_of(policy: &ManagedPolicy) -> &'static str {
    if policy.arn.starts_with("arn:aws:iam::aws:") { "AWSManagedPolicy" } else { "LocalManagedPolicy" }
}

/// A page of entities, each in the list of its kind.
fn by_list(entities: &Value) -> Map<String, Value> {
    let entities = entities.as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |list: &str| entities.iter().filter_map(|entity| entity.get(list).cloned()).collect();
    LISTS.iter().map(|list| ((*list).to_owned(), of(list))).collect()
}

fn role_detail(world: &World, role: &Role) -> Value {
    let mut detail = listed(role);
    show_rest(&mut detail, role);
    let inline = role.inline.iter().map(|(name, text)| json!({"PolicyName": name, "PolicyDocument": encoded(text)}));
    let attached = role.attached.iter().filter_map(|arn| world.iam.policies.get(arn));
    let attached = attached.map(|policy| json!({"PolicyName": policy.name(), "PolicyArn": policy.arn}));
    if let Some(members) = detail.as_object_mut() {
        members.remove("Description");
        members.remove("MaxSessionDuration");
        members.insert("InstanceProfileList".to_owned(), json!([]));
        members.insert("RolePolicyList".to_owned(), inline.collect());
        members.insert("AttachedManagedPolicies".to_owned(), attached.collect());
        members.insert("RoleLastUsed".to_owned(), json!({}));
    }
    detail
}

fn policy_detail(world: &World, policy: &ManagedPolicy) -> Value {
    let mut version = shown_version(policy);
    if let Some(members) = version.as_object_mut() {
        members.insert("Document".to_owned(), json!(encoded(&policy.document)));
    }
    let mut detail = shown(world, policy);
    if let Some(members) = detail.as_object_mut() {
        members.insert("PolicyVersionList".to_owned(), json!([version]));
    }
    detail
}
