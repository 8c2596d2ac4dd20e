//! Elastic Load Balancing, version 2015-12-01, its Application Load Balancers: listeners, rules, target groups,
//! and targets whose health is decided by what a health check would meet.
//!
//! Source: the API reference (operations and error codes) and the user guide for Application Load Balancers.

mod actions;
mod associations;
mod attributes;
mod certificates;
mod conditions;
mod health;
mod health_checks;
mod listeners;
mod load_balancers;
mod matching;
mod placement;
mod redirects;
mod requests;
mod routing;
mod rule_changes;
mod rules;
mod tags;
mod target_groups;
mod target_registration;
mod targets;
mod transforms;
mod weights;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::{Value, json};

use crate::agenda::Agenda;
use crate::call::{Answer, Call, Fault, texts};
use crate::protocol::query;
use crate::world::World;

pub use self::certificates::certificate_users;
pub use self::load_balancers::{hosted_zone, is_active};
pub use self::requests::{Outcome, Question, Turns, ask, request, take_turn};
pub use self::rule_changes::{forwards_of, set_weights};
pub use self::target_groups::TargetGroup;
pub use self::targets::{State as TargetState, deregister, register, target_health};

type Tags = BTreeMap<String, String>;

/// What exists, each kind by its ARNs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    balancers: BTreeMap<String, load_balancers::LoadBalancer>,
    listeners: BTreeMap<String, listeners::Listener>,
    rules: BTreeMap<String, rules::Rule>,
    groups: BTreeMap<String, TargetGroup>,
    /// How often each rule was followed by a request of a test's.
    turns: Turns,
    #[serde(skip)]
    agenda: Agenda<Wake>,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wake {
    /// A target's next health check, or the end of its draining: by target group and place in it.
    Target(String, String),
    /// A network interface that a load balancer has left goes.
    Interface(String),
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    let input = &call.input;
    match call.operation.as_str() {
        "CreateLoadBalancer" => load_balancers::create(world, input),
        "DescribeLoadBalancers" => load_balancers::describe(world, input),
        "DeleteLoadBalancer" => load_balancers::delete(world, input),
        "SetSubnets" => placement::set_subnets(world, input),
        "SetSecurityGroups" => placement::set_security_groups(world, input),
        "SetIpAddressType" => load_balancers::set_ip_address_type(world, input),
        "DescribeLoadBalancerAttributes" => attributes::describe_load_balancer(world, input),
        "ModifyLoadBalancerAttributes" => attributes::modify_load_balancer(world, input),
        "CreateListener" => listeners::create(world, input),
        "DescribeListeners" => listeners::describe(world, input),
        "ModifyListener" => listeners::modify(world, input),
        "DeleteListener" => listeners::delete(world, input),
        "DescribeListenerAttributes" => attributes::describe_listener(world, input),
        "ModifyListenerAttributes" => attributes::modify_listener(world, input),
        "AddListenerCertificates" => certificates::add(world, input),
        "RemoveListenerCertificates" => certificates::remove(world, input),
        "DescribeListenerCertificates" => certificates::describe(world, input),
        "CreateRule" => rules::create(world, input),
        "DescribeRules" => rules::describe(world, input),
        "ModifyRule" => rule_changes::modify(world, input),
        "SetRulePriorities" => rule_changes::set_priorities(world, input),
        "DeleteRule" => rule_changes::delete(world, input),
        "CreateTargetGroup" => target_groups::create(world, input),
        "DescribeTargetGroups" => target_groups::describe(world, input),
        "ModifyTargetGroup" => target_groups::modify(world, input),
        "DeleteTargetGroup" => target_groups::delete(world, input),
        "DescribeTargetGroupAttributes" => attributes::describe_target_group(world, input),
        "ModifyTargetGroupAttributes" => attributes::modify_target_group(world, input),
        "RegisterTargets" => target_registration::register(world, input),
        "DeregisterTargets" => target_registration::deregister(world, input),
        "DescribeTargetHealth" => target_registration::describe_health(world, input),
        "AddTags" => tags::add(world, input),
        "RemoveTags" => tags::remove(world, input),
        "DescribeTags" => tags::describe(world, input),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// When the next thing is due.
pub fn next_due(world: &World) -> Option<i64> {
    world.elbv2.agenda.next()
}

/// Lets everything happen that is due until `now`, in the order in which it is due.
pub fn advance_to(world: &mut World, now: i64) {
    while let Some((due, wake)) = world.elbv2.agenda.take_due(now) {
        world.now = world.now.max(due);
        match wake {
            Wake::Target(group, key) => health::wake(world, &group, &key),
            Wake::Interface(id) => crate::services::ec2::delete_eni(world, &id),
        }
    }
}

/// The target group of this ARN.
pub fn target_group<'a>(world: &'a World, arn: &str) -> Option<&'a TargetGroup> {
    world.elbv2.groups.get(arn)
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("ValidationError", message)
}

fn misconfigured(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidConfigurationRequest", message)
}

fn not_permitted(message: impl Into<String>) -> Fault {
    Fault::bad_request("OperationNotPermitted", message)
}

/// A required text of an input.
fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, Fault> {
    query::text(input, member).ok_or_else(|| invalid(format!("The parameter {member} must be specified")))
}

/// A number of an input that must lie within bounds.
fn bounded(input: &Value, member: &str, bounds: RangeInclusive<i64>) -> Result<Option<i64>, Fault> {
    let number = query::number(input, member)?;
    match number {
        Some(number) if !bounds.contains(&number) => Err(invalid(format!(
            "{member} '{number}' must be between {} and {} inclusive",
            bounds.start(),
            bounds.end()
        ))),
        number => Ok(number),
    }
}

/// The name of a load balancer or target group (API reference, `CreateLoadBalancer` and `CreateTargetGroup`).
fn checked_name<'a>(input: &'a Value, what: &str) -> Result<&'a str, Fault> {
    let name = required(input, "Name")?;
    if name.chars().count() > 32 {
        return Err(invalid(format!("The {what} name '{name}' cannot be longer than '32' characters")));
    }
    if !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-') {
        return Err(invalid(format!(
            "The {what} name '{name}' can only contain characters that are alphanumeric or '-'"
        )));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(invalid(format!("The {what} name '{name}' cannot begin or end with '-'")));
    }
    Ok(name)
}

/// One page of a list by `PageSize` (1 to 400) and `Marker`, under the name that answers give the list.
fn paged(world: &World, input: &Value, list: &str, items: &[Value]) -> Answer {
    let wanted = bounded(input, "PageSize", 1..=400)?.and_then(|size| usize::try_from(size).ok()).unwrap_or(400);
    let page = world.page(items, wanted, query::text(input, "Marker"));
    let (page, next) = page.map_err(|_| invalid("The marker is not valid"))?;
    Ok(json!({list: page, "NextMarker": next}))
}

/// The texts of a list member, of which there may be so many.
fn at_most(input: &Value, member: &str, most: usize) -> Result<Vec<String>, Fault> {
    let given = texts(input.get(member));
    if given.len() > most {
        return Err(invalid(format!("The maximum number of {member} in a call is {most}")));
    }
    Ok(given)
}

#[cfg(test)]
mod tests;
