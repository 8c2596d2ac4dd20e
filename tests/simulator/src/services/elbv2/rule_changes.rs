//! Rules of listeners: changed, moved, deleted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::actions::{self, Action, Effect, OfHttps};
use super::rules::{self, Rule, priority_in_use};
use super::{associations, bounded, conditions, invalid, not_permitted, required, transforms};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::world::World;

/// The rule that an input names by `RuleArn`, which must not be a default rule.
fn named<'a>(world: &'a World, input: &Value, what: &str) -> Result<&'a Rule, Fault> {
    let arn = required(input, "RuleArn")?;
    if !arn.contains(":listener-rule/") {
        return Err(invalid(format!("'{arn}' is not a valid listener rule ARN")));
    }
    let rule = world.elbv2.rules.get(arn).ok_or_else(rules::not_found)?;
    if rule.priority.is_none() {
        return Err(not_permitted(format!("Default rule '{arn}' cannot be {what}")));
    }
    Ok(rule)
}

/// `ModifyRule`: what isn't given stays.
pub(super) fn modify(world: &mut World, input: &Value) -> Answer {
    let mut rule = named(world, input, "modified")?.clone();
    let listener = world.elbv2.listeners.get(&rule.listener).ok_or_else(rules::not_found)?;
    let given = |member: &str| Some(query::items(input, member)).filter(|items| !items.is_empty());
    if let Some(items) = given("Conditions") {
        rule.conditions = conditions::read(items)?;
    }
    let reset = query::flag(input, "ResetTransforms") == Some(true);
    if given("Transforms").is_some() {
        if reset {
            return Err(invalid("Transforms and ResetTransforms cannot be specified at the same time"));
        }
        rule.transforms = transforms::read(input)?;
    } else if reset {
        rule.transforms.clear();
    }
    if let Some(items) = given("Actions") {
        rule.actions = actions::read(items, OfHttps(listener.https))?;
        let balancer = world.elbv2.balancers.get(&listener.load_balancer).ok_or_else(rules::not_found)?;
        associations::check(world, balancer, &rule.actions)?;
        world.elbv2.turns.remove(&rule.arn);
    }
    let view = rule.view();
    world.elbv2.rules.insert(rule.arn.clone(), rule);
    associations::refresh(world);
    Ok(json!({"Rules": [view]}))
}

/// The target groups that a rule forwards to.
pub fn forwards_of(world: &World, arn: &str) -> Option<Vec<String>> {
    Some(actions::target_groups(&world.elbv2.rules.get(arn)?.actions))
}

/// As ECS does it: the rule forwards to these groups by these weights. ECS refuses rules that do anything beside (developer
/// guide, "Application Load Balancer resources for blue/green, linear, and canary deployments").
pub fn set_weights(world: &mut World, arn: &str, weights: &[(String, u32)]) -> Result<(), Fault> {
    let mut rule = world.elbv2.rules.get(arn).ok_or_else(rules::not_found)?.clone();
    let [Action { effect: Effect::Forward { groups, .. }, .. }] = rule.actions.as_mut_slice() else {
        return Err(invalid("The rule has actions other than forward"));
    };
    *groups = weights.to_vec();
    let listener = world.elbv2.listeners.get(&rule.listener).ok_or_else(rules::not_found)?;
    let balancer = world.elbv2.balancers.get(&listener.load_balancer).ok_or_else(rules::not_found)?;
    associations::check(world, balancer, &rule.actions)?;
    world.elbv2.turns.remove(arn);
    world.elbv2.rules.insert(arn.to_owned(), rule);
    associations::refresh(world);
    Ok(())
}

/// `SetRulePriorities`: "You can reorder the rules as long as there are no priority conflicts in the new order."
pub(super) fn set_priorities(world: &mut World, input: &Value) -> Answer {
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for pair in query::items(input, "RulePriorities") {
        let rule = named(world, pair, "moved")?;
        let priority = bounded(pair, "Priority", 1..=50_000)?.ok_or_else(|| invalid("A priority must be specified"))?;
        if wanted.insert(rule.arn.clone(), priority).is_some() {
            return Err(invalid(format!("Rule '{}' cannot be specified more than once", rule.arn)));
        }
    }
    if wanted.is_empty() {
        return Err(invalid("At least one rule priority must be specified"));
    }
    let mut taken: BTreeMap<(&String, i64), &String> = BTreeMap::new();
    for rule in world.elbv2.rules.values() {
        let Some(priority) = wanted.get(&rule.arn).copied().or(rule.priority) else { continue };
        if taken.insert((&rule.listener, priority), &rule.arn).is_some() {
            return Err(priority_in_use(priority));
        }
    }
    let mut views = Vec::new();
    for (arn, priority) in wanted {
        if let Some(rule) = world.elbv2.rules.get_mut(&arn) {
            rule.priority = Some(priority);
            views.push(rule.view());
        }
    }
    Ok(json!({"Rules": views}))
}

/// `DeleteRule`
pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let arn = named(world, input, "deleted")?.arn.clone();
    world.elbv2.rules.remove(&arn);
    world.elbv2.turns.remove(&arn);
    associations::refresh(world);
    Ok(json!({}))
}
