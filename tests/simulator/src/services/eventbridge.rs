//! EventBridge: buses, rules with their targets, and the tasks that events start by them.
//!
//! Source: EventBridge API reference and user guide; botocore's model `events/2015-10-07`.

mod buses;
mod delivery;
mod events;
mod input;
mod matching;
mod patterns;
mod rules;
mod tags;
mod targets;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

pub use self::delivery::{Firing, advance_to, next_due};
pub use self::events::{Event, publish};
use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// The bus of every account, on which the events of AWS's services come.
const DEFAULT_BUS: &str = "default";

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// Names of the buses beside the default one.
    buses: BTreeSet<String>,
    /// By their ARNs.
    rules: BTreeMap<String, Rule>,
    /// Events under way to targets.
    deliveries: Vec<delivery::Delivery>,
    /// Every start that was tried, in its order.
    #[serde(skip)]
    pub firings: Vec<Firing>,
    /// What queues were told, by their ARNs.
    #[serde(skip)]
    pub dead_letters: BTreeMap<String, Vec<Value>>,
    /// How many entries of `PutTargets` and `RemoveTargets` are to fail.
    #[serde(skip)]
    failing_entries: u32,
}

#[derive(Clone, Debug, Serialize)]
struct Rule {
    arn: String,
    name: String,
    bus: String,
    /// The members of `PutRule`.
    input: Value,
    /// By their ids.
    targets: BTreeMap<String, Value>,
    tags: BTreeMap<String, String>,
    /// The service whose rule it is; none: the account's own.
    managed_by: Option<String>,
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "ListEventBuses" => buses::list(world, call),
        "PutRule" => rules::put(world, call),
        "DescribeRule" => rules::describe(world, call),
        "ListRules" => rules::list(world, call),
        "EnableRule" => rules::set_state(world, call, "ENABLED"),
        "DisableRule" => rules::set_state(world, call, "DISABLED"),
        "DeleteRule" => rules::delete(world, call),
        "PutTargets" => targets::put(world, call),
        "ListTargetsByRule" => targets::list(world, call),
        "RemoveTargets" => targets::remove(world, call),
        "TagResource" => tags::tag(world, call),
        "UntagResource" => tags::untag(world, call),
        "ListTagsForResource" => tags::list(world, call),
        "PutEvents" => events::put(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// A bus that somebody made.
pub fn add_bus(world: &mut World, name: &str) {
    world.eventbridge.buses.insert(name.to_owned());
}

/// Makes a rule one that a service of AWS manages.
pub fn set_managed_by(world: &mut World, rule: &str, service: &str) {
    if let Some(rule) = world.eventbridge.rules.get_mut(rule) {
        rule.managed_by = Some(service.to_owned());
    }
}

/// The next so many targets are neither put nor removed: "This action can partially fail if too many requests are made at
/// the same time" (API reference, `PutTargets`).
pub fn fail_entries(world: &mut World, entries: u32) {
    world.eventbridge.failing_entries = entries;
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("ValidationException", message)
}

fn not_found(message: impl Into<String>) -> Fault {
    Fault::bad_request("ResourceNotFoundException", message)
}

#[cfg(test)]
mod tests;
