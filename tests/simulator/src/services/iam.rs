//! Identity and Access Management: roles, their policies and tags; managed policies come with the world.
//!
//! Source: IAM API reference, and "IAM and AWS STS quotas" in the user guide. Whether the *caller* may do what it
//! asks is not judged; what a role allows to a task is ([`allows`], [`assumable`]).

mod account_details;
mod condition;
mod document;
mod evaluation;
mod instance_profiles;
mod policies;
mod role_policies;
mod roles;
mod trust;
mod variables;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use self::document::{Document, Purpose};
use crate::call::{Answer, Call, Fault};
use crate::protocol::query;
use crate::world::World;

pub use self::evaluation::{Access, allowed, allows, check_resource_policy};
pub use self::instance_profiles::{is_profile, role_of};
pub use self::trust::{Refused, Session, account_of, assumable, assumable_for};
pub(super) use self::trust::{assume, caller_arn};

/// The answer of an operation for which the API model has no output; `{}` is an output without members.
const NO_OUTPUT: Answer = Ok(Value::Null);

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// By name in lower case: names are unique without regard to case.
    roles: BTreeMap<String, Role>,
    /// By name in lower case.
    instance_profiles: BTreeMap<String, instance_profiles::InstanceProfile>,
    /// By ARN: those of AWS and those of the account.
    policies: BTreeMap<String, ManagedPolicy>,
    /// Trust policies of roles in other accounts, by ARN: something to assume, nothing to manage.
    foreign_roles: BTreeMap<String, String>,
    /// Sessions that `AssumeRole` began, by access key.
    sessions: BTreeMap<String, Session>,
}

#[derive(Clone, Debug, Serialize)]
struct Role {
    name: String,
    path: String,
    id: String,
    arn: String,
    created: i64,
    trust: String,
    description: Option<String>,
    max_session_seconds: i64,
    boundary: Option<String>,
    tags: BTreeMap<String, String>,
    /// Documents by name.
    inline: BTreeMap<String, String>,
    /// ARNs, in the order in which they were attached.
    attached: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct ManagedPolicy {
    arn: String,
    id: String,
    created: i64,
    document: String,
}

impl ManagedPolicy {
    fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// `/`, or what lies between `policy` and the name, such as `/service-role/`.
    fn path(&self) -> &str {
        let resource = self.arn.splitn(6, ':').nth(5).unwrap_or_default();
        let path = resource.strip_prefix("policy").unwrap_or(resource);
        path.strip_suffix(self.name()).unwrap_or("/")
    }
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    let input = &call.input;
    match call.operation.as_str() {
        "CreateRole" => roles::create(world, input),
        "GetRole" => roles::get(world, input),
        "UpdateRole" => roles::update(world, input),
        "UpdateRoleDescription" => roles::update_description(world, input),
        "UpdateAssumeRolePolicy" => roles::update_trust(world, input),
        "DeleteRole" => roles::delete(world, input),
        "ListRoles" => roles::list(world, input),
        "TagRole" => roles::tag(world, input),
        "UntagRole" => roles::untag(world, input),
        "ListRoleTags" => roles::list_tags(world, input),
        "PutRolePermissionsBoundary" => roles::put_boundary(world, input),
        "DeleteRolePermissionsBoundary" => roles::delete_boundary(world, input),
        "PutRolePolicy" => role_policies::put(world, input),
        "GetRolePolicy" => role_policies::get(world, input),
        "DeleteRolePolicy" => role_policies::delete(world, input),
        "ListRolePolicies" => role_policies::list(world, input),
        "AttachRolePolicy" => role_policies::attach(world, input),
        "DetachRolePolicy" => role_policies::detach(world, input),
        "ListAttachedRolePolicies" => role_policies::list_attached(world, input),
        "CreateInstanceProfile" => instance_profiles::create(world, input),
        "GetInstanceProfile" => instance_profiles::get(world, input),
        "DeleteInstanceProfile" => instance_profiles::delete(world, input),
        "AddRoleToInstanceProfile" => instance_profiles::add_role(world, input),
        "RemoveRoleFromInstanceProfile" => instance_profiles::remove_role(world, input),
        "ListInstanceProfiles" => instance_profiles::list(world, input),
        "ListInstanceProfilesForRole" => instance_profiles::list_for_role(world, input),
        "TagInstanceProfile" => instance_profiles::tag(world, input),
        "UntagInstanceProfile" => instance_profiles::untag(world, input),
        "ListInstanceProfileTags" => instance_profiles::list_tags(world, input),
        "GetAccountAuthorizationDetails" => account_details::get(world, input),
        "GetPolicy" => policies::get(world, input),
        "GetPolicyVersion" => policies::get_version(world, input),
        "ListPolicyVersions" => policies::list_versions(world, input),
        "ListPolicies" => policies::list(world, input),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// Puts a managed policy into the world; the error says what is wrong with its document.
pub fn add_policy(world: &mut World, arn: &str, document: &str) -> Result<(), String> {
    Document::parse(document, Purpose::Permissions)?;
    let policy = ManagedPolicy {
        arn: arn.to_owned(),
        id: world.ids.unique("ANPA"),
        created: world.now,
        document: document.to_owned(),
    };
    world.iam.policies.insert(arn.to_owned(), policy);
    Ok(())
}

/// Puts a role into the world, old enough to be assumed; one of another account can only be assumed.
pub fn add_role(
    world: &mut World,
    arn: &str,
    trust: &str,
    attached: &[String],
    inline: &BTreeMap<String, String>,
) -> Result<(), String> {
    Document::parse(trust, Purpose::Trust)?;
    let prefix = format!("arn:aws:iam::{}:role", world.account_id);
    let Some(path_and_name) = arn.strip_prefix(&prefix) else {
        world.iam.foreign_roles.insert(arn.to_owned(), trust.to_owned());
        return Ok(());
    };
    let (path, name) = path_and_name.rsplit_once('/').ok_or_else(|| format!("{arn} is no role's ARN"))?;
    inline.values().try_for_each(|text| Document::parse(text, Purpose::Permissions).map(drop))?;
    if let Some(unknown) = attached.iter().find(|arn| !world.iam.policies.contains_key(*arn)) {
        return Err(format!("{arn}: there is no policy {unknown}"));
    }
    let role = Role {
        name: name.to_owned(),
        path: format!("{path}/"),
        id: world.ids.unique("AROA"),
        arn: arn.to_owned(),
        created: world.now - world.settings.role_propagation,
        trust: trust.to_owned(),
        description: None,
        max_session_seconds: roles::DEFAULT_SESSION_SECONDS,
        boundary: None,
        tags: BTreeMap::new(),
        inline: inline.clone(),
        attached: attached.to_vec(),
    };
    world.iam.roles.insert(name.to_lowercase(), role);
    Ok(())
}

impl State {
    fn by_arn(&self, arn: &str) -> Option<&Role> {
        let name = arn.rsplit('/').next()?;
        self.roles.get(&name.to_lowercase()).filter(|role| role.arn == arn)
    }
}

/// The role that an input names.
fn role<'a>(world: &'a World, input: &Value) -> Result<&'a Role, Fault> {
    let name = required(input, "RoleName")?;
    world.iam.roles.get(&name.to_lowercase()).ok_or_else(|| no_role(name))
}

/// The role that an input names, to be changed.
fn role_mut<'a>(world: &'a mut World, input: &Value) -> Result<&'a mut Role, Fault> {
    let name = required(input, "RoleName")?;
    world.iam.roles.get_mut(&name.to_lowercase()).ok_or_else(|| no_role(name))
}

fn no_role(name: &str) -> Fault {
    no_such_entity(format!("The role with name {name} cannot be found."))
}

fn no_such_entity(message: impl Into<String>) -> Fault {
    Fault::not_found("NoSuchEntity", message)
}

fn limit_exceeded(message: impl Into<String>) -> Fault {
    Fault::conflict("LimitExceeded", message)
}

fn invalid(member: &str, value: &str, constraint: &str) -> Fault {
    let place = query::lower_first(member);
    let message = format!(
        "1 validation error detected: Value '{value}' at '{place}' failed to satisfy constraint: Member must {constraint}"
    );
    Fault::bad_request("ValidationError", message)
}

/// A required text of an input.
fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, Fault> {
    query::text(input, member).ok_or_else(|| invalid(member, "null", "not be null"))
}

/// A name by IAM's rule for them: `[\w+=,.@-]+`, at most so long.
fn checked_name<'a>(input: &'a Value, member: &str, longest: usize) -> Result<&'a str, Fault> {
    let name = required(input, member)?;
    if name.chars().count() > longest {
        return Err(invalid(member, name, &format!("have length less than or equal to {longest}")));
    }
    if !name.chars().all(|character| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)) {
        return Err(invalid(member, name, "satisfy regular expression pattern: [\\w+=,.@-]+"));
    }
    Ok(name)
}

/// A document as IAM returns it: percent-encoded by RFC 3986.
fn encoded(document: &str) -> String {
    const UNRESERVED: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(document, UNRESERVED).to_string()
}

/// How long a document is to IAM's quotas, which don't count white space.
fn counted(document: &str) -> usize {
    document.chars().filter(|character| !character.is_whitespace()).count()
}

fn malformed(message: String) -> Fault {
    Fault::bad_request("MalformedPolicyDocument", message)
}

/// One page of a list as IAM pages: `MaxItems` (100 unless told), `Marker`, `IsTruncated`.
fn page(world: &World, input: &Value, member: &str, items: &[Value]) -> Answer {
    let wanted = query::number(input, "MaxItems")?.unwrap_or(100);
    let wanted = usize::try_from(wanted).ok().filter(|wanted| (1..=1000).contains(wanted));
    let wanted = wanted.ok_or_else(|| {
        invalid("MaxItems", query::text(input, "MaxItems").unwrap_or_default(), "have value between 1 and 1000")
    })?;
    let page = world.page(items, wanted, query::text(input, "Marker"));
    let (page, next) = page.map_err(|_| Fault::bad_request("ValidationError", "Invalid Marker."))?;
    let mut answer = json!({"IsTruncated": next.is_some(), "Marker": next});
    if let Some(members) = answer.as_object_mut() {
        members.insert(member.to_owned(), Value::Array(page));
    }
    Ok(answer)
}

#[cfg(test)]
#[path = "iam/tests.rs"]
mod tests;
