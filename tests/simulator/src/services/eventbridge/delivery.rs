//! Events on their way to targets.

use serde::Serialize;
use serde_json::{Value, json};

use super::events::Event;
use super::{input, matching};
use crate::call::Fault;
use crate::services::ecs::{Behalf, run_on_behalf};
use crate::services::ecs_target::{again, request};
use crate::world::World;

/// EventBridge, as roles trust it.
pub(super) const PRINCIPAL: &str = "events.amazonaws.com";
/// How long an event takes to its target: "about half a second" (user guide, "What is Amazon EventBridge").
const TRANSIT: i64 = 500;

/// An event that is to be told to a target of a rule.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Delivery {
    /// The rule's ARN.
    rule: String,
    target: String,
    /// When it happened.
    happened: i64,
    /// When it is told, or told again.
    at: i64,
    /// How often it was told in vain.
    retries: i64,
    event: Event,
}

/// A start that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The rule's name.
    pub rule: String,
    /// The event's id.
    pub event: String,
    /// Why nothing was started.
    pub failure: Option<String>,
}

/// Every rule of the bus that it fits tells its targets.
pub(super) fn deliver(world: &mut World, bus: &str, event: &Event) {
    let now = world.now;
    let whole = event.json();
    let rules = world.eventbridge.rules.values().filter(|rule| rule.bus == bus && rule.state() != "DISABLED");
    let fitting = rules.filter(|rule| rule.pattern().is_some_and(|pattern| matching::fits(&pattern, &whole)));
    let deliveries: Vec<Delivery> = fitting
        .flat_map(|rule| rule.targets.keys().map(|target| (rule.arn.clone(), target.clone())))
        .map(|(rule, target)| Delivery {
            rule,
            target,
            happened: now,
            at: now + TRANSIT,
            retries: 0,
            event: event.clone(),
        })
        .collect();
    world.eventbridge.deliveries.extend(deliveries);
}

/// When the next is due.
pub fn next_due(world: &World) -> Option<i64> {
    world.eventbridge.deliveries.iter().map(|delivery| delivery.at).min()
}

/// Tells everything that is due until `now`.
pub fn advance_to(world: &mut World, now: i64) {
    while let Some(due) = next_due(world).filter(|due| *due <= now) {
        world.now = world.now.max(due);
        let (ripe, rest) =
            world.eventbridge.deliveries.drain(..).partition::<Vec<Delivery>, _>(|delivery| delivery.at <= due);
        world.eventbridge.deliveries = rest;
        for delivery in ripe {
            fire(world, delivery);
        }
    }
}

fn fire(world: &mut World, delivery: Delivery) {
    let Some(rule) = world.eventbridge.rules.get(&delivery.rule).cloned() else { return };
    let Some(target) = rule.target(&delivery.target) else { return };
    let by = target.get("RoleArn").and_then(Value::as_str).unwrap_or_default();
    let behalf = Behalf { service: PRINCIPAL, source: rule.arn.clone() };
    let passed = input::of(&rule, target, &delivery.event);
    let started = request(target, &format!("events-rule/{}", rule.name), Some(&passed));
    let failure = started.and_then(|request| run_on_behalf(world, &behalf, by, &request)).err();
    world.eventbridge.firings.push(Firing {
        rule: rule.name.clone(),
        event: delivery.event.json().get("id").and_then(Value::as_str).unwrap_or_default().to_owned(),
        failure: failure.as_ref().map(ToString::to_string),
    });
    let Some(failure) = failure else { return };
    // "Some events fail without any retry attempts", such as for want of permissions (user guide, "Using dead-letter queues
    // to process undelivered events in EventBridge").
    let retried = failure.code != "AccessDeniedException";
    match again(target, delivery.retries, delivery.happened, world.now).filter(|_| retried) {
        Some(at) => {
            world.eventbridge.deliveries.push(Delivery { at, retries: delivery.retries + 1, ..delivery });
        }
        None => bury(world, &delivery, target, &failure),
    }
}

/// What is given up goes to the queue, if there is one. The queue's own policy must let EventBridge write to it; the simulator
/// has no queues, and takes it that it does.
fn bury(world: &mut World, delivery: &Delivery, target: &Value, failure: &Fault) {
    let Some(queue) = target.pointer("/DeadLetterConfig/Arn").and_then(Value::as_str) else { return };
    let letter = json!({
        "RULE_ARN": delivery.rule,
        "TARGET_ARN": target.get("Arn"),
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message,
        "RETRY_ATTEMPTS": delivery.retries,
        "body": delivery.event.json(),
    });
    world.eventbridge.dead_letters.entry(queue.to_owned()).or_default().push(letter);
}
