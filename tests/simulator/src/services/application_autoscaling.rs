//! Application Auto Scaling, of ECS services: scalable targets, their policies and scheduled actions. Target tracking follows
//! the loads that tests set; step scaling and forecasts are kept and do nothing; bounds hold as AWS's do.
//!
//! Source: Application Auto Scaling API Reference.

mod actions;
mod policies;
mod scaling;
mod targets;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// By resource id: `service/CLUSTER/NAME`.
    targets: BTreeMap<String, Target>,
    /// When metrics were last looked at.
    #[serde(skip)]
    looked_at: i64,
}

#[derive(Clone, Debug, Serialize)]
struct Target {
    arn: String,
    minimum: i64,
    maximum: i64,
    suspended: Value,
    created: i64,
    tags: BTreeMap<String, String>,
    /// By name.
    policies: BTreeMap<String, Policy>,
    /// By name.
    actions: BTreeMap<String, actions::Action>,
    /// When it last got more tasks, and fewer.
    scaled_out: i64,
    scaled_in: i64,
}

#[derive(Clone, Debug, Serialize)]
struct Policy {
    arn: String,
    /// `TargetTrackingScaling`, `StepScaling`, `PredictiveScaling`.
    kind: String,
    configuration: Value,
    alarms: Vec<String>,
    created: i64,
    /// For how many minutes its metric has been above and below its target, and the count that it asks for.
    above: u32,
    below: u32,
    wanted: i64,
}

/// The one dimension of the one namespace that is simulated.
const NAMESPACE: &str = "ecs";
const DIMENSION: &str = "ecs:service:DesiredCount";

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "RegisterScalableTarget" => targets::register(world, call),
        "DescribeScalableTargets" => targets::describe(world, call),
        "DeregisterScalableTarget" => targets::deregister(world, call),
        "PutScalingPolicy" => policies::put(world, call),
        "DescribeScalingPolicies" => policies::describe(world, call),
        "DeleteScalingPolicy" => policies::delete(world, call),
        "PutScheduledAction" => actions::put(world, call),
        "DescribeScheduledActions" => actions::describe(world, call),
        "DeleteScheduledAction" => actions::delete(world, call),
        "TagResource" => targets::tag(world, call),
        "UntagResource" => targets::untag(world, call),
        "ListTagsForResource" => targets::list_tags(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// When the next thing is due.
pub fn next_due(world: &World) -> Option<i64> {
    scaling::next_due(world)
}

/// Lets everything happen that is due until `now`.
pub fn advance_to(world: &mut World, now: i64) {
    while let Some(due) = next_due(world).filter(|due| *due <= now) {
        scaling::advance_to(world, due);
    }
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("ValidationException", message)
}

/// Which target a call is about.
fn resource_id(call: &Call) -> Result<&str, Fault> {
    namespace(call)?;
    if call.text("ScalableDimension") != Some(DIMENSION) {
        return Err(invalid("Unsupported service namespace, resource type or scalable dimension"));
    }
    let id = call.text("ResourceId").ok_or_else(|| invalid("1 validation error detected: Value null at 'resourceId' failed to satisfy constraint: Member must not be null"))?;
    match id.split('/').collect::<Vec<_>>().as_slice() {
        ["service", cluster, name] if !cluster.is_empty() && !name.is_empty() => Ok(id),
        _ => Err(invalid("Unsupported service namespace, resource type or scalable dimension")),
    }
}

fn namespace(call: &Call) -> Result<(), Fault> {
    match call.text("ServiceNamespace") {
        Some(NAMESPACE) => Ok(()),
        _ => Err(invalid("Unsupported service namespace, resource type or scalable dimension")),
    }
}

fn not_registered(what: &str, id: &str) -> Fault {
    let message =
        format!("{what} for service namespace: {NAMESPACE}, resource ID: {id}, scalable dimension: {DIMENSION}");
    Fault::bad_request("ObjectNotFoundException", message)
}

/// One page of a list; at most `most` items (API reference: 50 targets, 10 policies).
fn page(world: &World, call: &Call, items: &[Value], most: usize) -> Result<(Vec<Value>, Option<String>), Fault> {
    let wanted = call.input.get("MaxResults").and_then(Value::as_u64).map_or(Some(most), |n| usize::try_from(n).ok());
    let wanted = wanted.filter(|n| (1..=most).contains(n)).ok_or_else(|| {
        invalid(format!("1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to {most}"))
    })?;
    let invalid_token = |_| Fault::bad_request("InvalidNextTokenException", "The next token is invalid.");
    world.page(items, wanted, call.text("NextToken")).map_err(invalid_token)
}

fn seconds(milliseconds: i64) -> Value {
    json!(milliseconds / 1000)
}

#[cfg(test)]
#[path = "application_autoscaling/tests.rs"]
mod tests;
