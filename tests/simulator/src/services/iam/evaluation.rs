//! What a role may do: its own policies, its boundary, and the policy of what it asks for.
//!
//! Source: IAM User Guide, "Policy evaluation logic": within one account, where nothing denies, one of them must allow; a
//! boundary bounds what the role's own policies give, and what a resource's policy gives to the role by its ARN.

use std::collections::BTreeMap;

use super::Role;
use super::document::{Decision, Document, Purpose, Request, Requester};
use crate::clock::iso_time;
use crate::world::World;

/// A request that a role makes.
#[derive(Clone, Debug)]
pub struct Access<'a> {
    /// ARN; none: nobody asks who is known.
    pub role: Option<&'a str>,
    /// Such as `ecr:BatchGetImage`.
    pub action: &'a str,
    /// ARN, or `*` for an action that has no resource.
    pub resource: &'a str,
    /// Condition keys, in lower case, beside those that every request has.
    pub context: BTreeMap<String, String>,
}

/// Whether a role's own policies allow an action on a resource that has none.
pub fn allows(world: &World, role_arn: &str, action: &str, resource: &str) -> bool {
    allowed(world, &Access { role: Some(role_arn), action, resource, context: BTreeMap::new() }, None)
}

/// Whether a request is allowed, with the policy of the resource, if it has one.
pub fn allowed(world: &World, access: &Access<'_>, resource_policy: Option<&str>) -> bool {
    let role = access.role.and_then(|arn| world.iam.by_arn(arn));
    let request = Request {
        action: access.action,
        resource: Some(access.resource),
        requester: None,
        context: context(world, role, access),
    };
    let own = role.map_or(Decision::Silent, |role| own(world, role, &request));
    let bound = role.and_then(|role| role.boundary.as_ref()).map(|arn| managed(world, arn, &request));
    let policy = resource_policy.and_then(|text| Document::parse(text, Purpose::Resource).ok());
    let given = role.map_or_else(Given::default, |role| given(world, role, policy.as_ref(), &request));
    let to_anyone = policy.map_or(Decision::Silent, |policy| policy.decide(&by(&request, Requester::Anyone)));
    if [own, given.to_role, given.to_account, to_anyone].contains(&Decision::Deny) || bound == Some(Decision::Deny) {
        return false;
    }
    let is_bounded = bound.is_some_and(|bound| bound != Decision::Allow);
    let bounded = own == Decision::Allow || given.to_role == Decision::Allow;
    (bounded && !is_bounded) || to_anyone == Decision::Allow
}

/// What the policy of a resource says to a role.
#[derive(Clone, Copy, Debug)]
struct Given {
    to_role: Decision,
    /// Naming the account only leaves it to the role's own policies ("AWS JSON policy elements: Principal"); denying it
    /// denies the role.
    to_account: Decision,
}

impl Default for Given {
    fn default() -> Self {
        Self { to_role: Decision::Silent, to_account: Decision::Silent }
    }
}

fn given(world: &World, role: &Role, policy: Option<&Document>, request: &Request<'_>) -> Given {
    let Some(policy) = policy else { return Given::default() };
    let decide = |account| policy.decide(&by(request, Requester::Aws { arn: &role.arn, account }));
    Given { to_role: decide(""), to_account: decide(&world.account_id) }
}

fn by<'a>(request: &Request<'a>, requester: Requester<'a>) -> Request<'a> {
    Request { requester: Some(requester), context: request.context.clone(), ..*request }
}

/// What is wrong with a policy of a resource.
pub fn check_resource_policy(policy: &str) -> Result<(), String> {
    Document::parse(policy, Purpose::Resource).map(drop)
}

/// What the role's inline and attached policies say.
fn own(world: &World, role: &Role, request: &Request<'_>) -> Decision {
    let inline = role.inline.values().map(|text| permissions(text, request));
    let attached = role.attached.iter().map(|arn| managed(world, arn, request));
    inline.chain(attached).max().unwrap_or(Decision::Silent)
}

fn managed(world: &World, arn: &str, request: &Request<'_>) -> Decision {
    world.iam.policies.get(arn).map_or(Decision::Silent, |policy| permissions(&policy.document, request))
}

fn permissions(text: &str, request: &Request<'_>) -> Decision {
    Document::parse(text, Purpose::Permissions).map_or(Decision::Silent, |document| document.decide(request))
}

/// The keys that every request has ("AWS global condition context keys"), and the request's own.
fn context(world: &World, role: Option<&Role>, access: &Access<'_>) -> BTreeMap<String, String> {
    let mut context = BTreeMap::from([
        ("aws:requestedregion".to_owned(), world.region.clone()),
        ("aws:securetransport".to_owned(), "true".to_owned()),
        ("aws:resourceaccount".to_owned(), account_of_resource(world, access.resource)),
        ("aws:principalisawsservice".to_owned(), "false".to_owned()),
        ("aws:epochtime".to_owned(), (world.now / 1000).to_string()),
        ("aws:currenttime".to_owned(), iso_time(world.now)),
    ]);
    if let Some(role) = role {
        context.insert("aws:principalarn".to_owned(), role.arn.clone());
        context.insert("aws:principalaccount".to_owned(), world.account_id.clone());
        context.insert("aws:principaltype".to_owned(), "AssumedRole".to_owned());
        let tags = role.tags.iter();
        context.extend(tags.map(|(key, value)| (format!("aws:principaltag/{}", key.to_lowercase()), value.clone())));
    }
    context.extend(access.context.clone());
    context
}

fn account_of_resource(world: &World, arn: &str) -> String {
    let account = arn.split(':').nth(4).filter(|account| !account.is_empty());
    account.unwrap_or(&world.account_id).to_owned()
}

#[cfg(test)]
#[path = "evaluation_tests.rs"]
mod tests;
