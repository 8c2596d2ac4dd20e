//! Rules of listeners: made, and shown.

use serde::Serialize;
use serde_json::{Value, json};

use super::actions::{self, Action, OfHttps};
use super::conditions::{self, Condition};
use super::transforms::{self, Transform};
use super::{Tags, associations, at_most, bounded, invalid, listeners, load_balancers, paged, tags};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::world::World;

/// User guide, "Quotas for your Application Load Balancers": rules per load balancer, not counting default rules.
const RULES: usize = 100;

/// A rule; without a priority it is its listener's default rule.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Rule {
    pub(super) arn: String,
    pub(super) listener: String,
    pub(super) priority: Option<i64>,
    pub(super) conditions: Vec<Condition>,
    pub(super) actions: Vec<Action>,
    pub(super) transforms: Vec<Transform>,
    pub(super) tags: Tags,
}

impl Rule {
    /// The default rule of a listener.
    pub(super) fn default_of(arn: String, listener: String, actions: Vec<Action>) -> Self {
        let (conditions, transforms, tags) = (Vec::new(), Vec::new(), Tags::new());
        Self { arn, listener, priority: None, conditions, actions, transforms, tags }
    }

    pub(super) fn view(&self) -> Value {
        json!({
            "RuleArn": self.arn,
            "Priority": self.priority.map_or_else(|| "default".to_owned(), |priority| priority.to_string()),
            "Conditions": conditions::view(&self.conditions),
            "Actions": actions::view(&self.actions),
            "IsDefault": self.priority.is_none(),
            "Transforms": transforms::view(&self.transforms),
        })
    }
}

/// A listener's rules in the order in which they are tried: by priority, the default rule last.
pub(super) fn of_listener<'a>(world: &'a World, listener: &str) -> Vec<&'a Rule> {
    let mut rules: Vec<&Rule> = world.elbv2.rules.values().filter(|rule| rule.listener == listener).collect();
    rules.sort_by_key(|rule| rule.priority.unwrap_or(i64::MAX));
    rules
}

/// A listener's default rule.
pub(super) fn default_of<'a>(world: &'a World, listener: &str) -> Option<&'a Rule> {
    world.elbv2.rules.values().find(|rule| rule.listener == listener && rule.priority.is_none())
}

/// `CreateRule`: a priority that is taken is an error, whatever the rule there is.
pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let listener = listeners::named(world, input)?.clone();
    let priority = bounded(input, "Priority", 1..=50_000)?.ok_or_else(|| invalid("A priority must be specified"))?;
    let conditions = conditions::read(query::items(input, "Conditions"))?;
    let actions = actions::read(query::items(input, "Actions"), OfHttps(listener.https))?;
    let transforms = transforms::read(input)?;
    let tags = tags::at_creation(input)?;
    if of_listener(world, &listener.arn).iter().any(|rule| rule.priority == Some(priority)) {
        return Err(priority_in_use(priority));
    }
    let missing = || load_balancers::not_found(&listener.load_balancer);
    let balancer = world.elbv2.balancers.get(&listener.load_balancer).ok_or_else(missing)?;
    let of_balancer = |rule: &&Rule| {
        let owner = world.elbv2.listeners.get(&rule.listener);
        rule.priority.is_some() && owner.is_some_and(|owner| owner.load_balancer == balancer.arn)
    };
    if world.elbv2.rules.values().filter(of_balancer).count() >= RULES {
        let message = format!("The maximum number of rules per load balancer is '{RULES}'");
        return Err(Fault::bad_request("TooManyRules", message));
    }
    associations::check(world, balancer, &actions)?;
    let id = world.ids.hex(16);
    let arn = world.arn("elasticloadbalancing", &format!("listener-rule/{}/{id}", listener.path()));
    let listener = listener.arn.clone();
    let rule = Rule { arn: arn.clone(), listener, priority: Some(priority), conditions, actions, transforms, tags };
    let view = rule.view();
    world.elbv2.rules.insert(arn, rule);
    associations::refresh(world);
    Ok(json!({"Rules": [view]}))
}

pub(super) fn priority_in_use(priority: i64) -> Fault {
    Fault::bad_request("PriorityInUse", format!("Priority '{priority}' is currently in use"))
}

/// `DescribeRules`: those of a listener, or those of these ARNs.
pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let arns = at_most(input, "RuleArns", 20)?;
    let of_listener_given = query::text(input, "ListenerArn").is_some();
    if of_listener_given != arns.is_empty() {
        return Err(invalid("Either a listener ARN or rule ARNs must be specified"));
    }
    let rules: Vec<&Rule> = if of_listener_given {
        of_listener(world, &listeners::named(world, input)?.arn)
    } else {
        arns.iter().map(|arn| world.elbv2.rules.get(arn).ok_or_else(not_found)).collect::<Result<_, _>>()?
    };
    let views: Vec<Value> = rules.into_iter().map(Rule::view).collect();
    paged(world, input, "Rules", &views)
}

pub(super) fn not_found() -> Fault {
    Fault::bad_request("RuleNotFound", "One or more rules not found")
}
