//! Amazon EC2 Auto Scaling: groups that keep as many instances as they are told to, over their zones.
//!
//! Source: Amazon EC2 Auto Scaling API reference, and its user guide.

mod groups;
mod instances;
mod mixed;
mod refresh;
mod scaling;
mod tags;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::agenda::Agenda;
use crate::call::{Answer, Call, Fault};
use crate::protocol::query;
use crate::world::World;

pub use groups::{find, is_protecting};
pub use scaling::{desire, has_drained, instance_has_ended, launches, lose_zone, protect};

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// By name.
    groups: BTreeMap<String, Group>,
    #[serde(skip)]
    wakes: Agenda<String>,
}

/// A group.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `LaunchTemplateSpecification`, as it was given.
    template: Value,
    /// The policy, where it has one.
    mixed: Option<mixed::Mixed>,
    /// Fewest instances.
    pub minimum: i64,
    /// Most instances.
    pub maximum: i64,
    /// Instances wanted.
    pub desired: i64,
    subnets: Vec<String>,
    protects_new: bool,
    health_check: (String, i64),
    termination_policies: Vec<String>,
    created: i64,
    /// By key: the value and whether instances get it.
    tags: BTreeMap<String, (String, bool)>,
    /// By id, in the order of their launches.
    instances: Vec<Member>,
    deleting: bool,
    /// The newest last.
    refreshes: Vec<refresh::Refresh>,
}

/// An instance of a group.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// EC2's id.
    pub id: String,
    /// Not taken when the group gets smaller.
    pub protected: bool,
    /// The template's version it was launched from.
    pub version: i64,
    /// It is to go, and waits until it has been drained.
    pub waits: bool,
}

impl Group {
    /// Whether an instance is one of it.
    pub fn has(&self, instance: &str) -> bool {
        self.instances.iter().any(|member| member.id == instance)
    }

    /// Its instances that are not to go.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.instances.iter().filter(|member| !member.waits)
    }
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    let input = &call.input;
    match call.operation.as_str() {
        "CreateAutoScalingGroup" => groups::create(world, input),
        "UpdateAutoScalingGroup" => groups::update(world, input),
        "DescribeAutoScalingGroups" => groups::describe(world, input),
        "DeleteAutoScalingGroup" => groups::delete(world, input),
        "SetDesiredCapacity" => groups::set_desired(world, input),
        "SetInstanceProtection" => instances::set_protection(world, input),
        "DescribeAutoScalingInstances" => instances::describe(world, input),
        "TerminateInstanceInAutoScalingGroup" => instances::terminate(world, input),
        "StartInstanceRefresh" => refresh::start(world, input),
        "DescribeInstanceRefreshes" => refresh::describe(world, input),
        "CancelInstanceRefresh" => refresh::cancel(world, input),
        "CreateOrUpdateTags" => tags::create(world, input),
        "DeleteTags" => tags::delete(world, input),
        "DescribeTags" => tags::describe(world, input),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// When the next thing is due.
pub fn next_due(world: &World) -> Option<i64> {
    world.ec2_auto_scaling.wakes.next()
}

/// Lets everything happen that is due until `now`.
pub fn advance_to(world: &mut World, now: i64) {
    while let Some((due, name)) = world.ec2_auto_scaling.wakes.take_due(now) {
        world.now = world.now.max(due);
        scaling::look(world, &name);
    }
}

/// The group looks at itself after so many milliseconds.
fn look_after(world: &mut World, name: &str, milliseconds: i64) {
    let at = world.now + milliseconds;
    world.ec2_auto_scaling.wakes.add(at, name.to_owned());
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("ValidationError", message)
}

fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, Fault> {
    query::text(input, member).ok_or_else(|| {
        let place = query::lower_first(member);
        invalid(format!(
            "1 validation error detected: Value null at '{place}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// The group that an input names.
fn named<'a>(world: &'a mut World, input: &Value) -> Result<&'a mut Group, Fault> {
    let name = required(input, "AutoScalingGroupName")?;
    world
        .ec2_auto_scaling
        .groups
        .get_mut(name)
        .ok_or_else(|| invalid(format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")))
}

/// One page of a list: `MaxRecords`, 50 unless told and 100 at most; `NextToken`.
fn page(world: &World, input: &Value, member: &str, items: &[Value]) -> Answer {
    let wanted = query::number(input, "MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let page = world.page(items, usize::try_from(wanted).unwrap_or(50), query::text(input, "NextToken"));
    let (page, next) = page.map_err(|_| Fault::bad_request("InvalidNextToken", "The token is not valid."))?;
    let mut answer = json!({"NextToken": next});
    if let Some(members) = answer.as_object_mut() {
        members.insert(member.to_owned(), Value::Array(page));
        members.retain(|_, value| !value.is_null());
    }
    Ok(answer)
}

#[cfg(test)]
mod tests;
