//! Rules as they are put, told of and taken away.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{DEFAULT_BUS, Rule, buses, invalid, not_found, patterns, tags};
use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// A page has a hundred at most (API reference, `ListRules`).
const PAGE: usize = 100;
/// User guide, "EventBridge quotas".
const RULES_PER_BUS: usize = 300;
/// API model, `EventPattern` and `RuleDescription`.
const LONGEST_PATTERN: usize = 4096;
const LONGEST_DESCRIPTION: usize = 512;
/// Members of `PutRuleRequest`.
const MEMBERS: [&str; 8] =
    ["Name", "ScheduleExpression", "EventPattern", "State", "Description", "RoleArn", "Tags", "EventBusName"];
const STATES: [&str; 3] = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];

/// "If you omit arguments in `PutRule`, the old values for those arguments are not kept"; tags are given to a new rule alone
/// (API reference, `PutRule`).
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let (arn, name, bus) = key(world, call, "Name")?;
    check(&call.input)?;
    let tags = tags::given(&call.input)?;
    let mut input = call.input.clone();
    if let Some(members) = input.as_object_mut() {
        members.remove("Tags");
    }
    let on_bus = world.eventbridge.rules.values().filter(|rule| rule.bus == bus).count();
    if let Some(rule) = world.eventbridge.rules.get_mut(&arn) {
        own(rule)?;
        rule.input = input;
    } else if on_bus >= RULES_PER_BUS {
        let message = "The requested resource exceeds the maximum number allowed.";
        return Err(Fault::bad_request("LimitExceededException", message));
    } else {
        let rule = Rule { arn: arn.clone(), name, bus, input, targets: BTreeMap::new(), tags, managed_by: None };
        world.eventbridge.rules.insert(arn.clone(), rule);
    }
    Ok(json!({"RuleArn": arn}))
}

pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let account = world.account_id.clone();
    let rule = found(world, call, "Name")?;
    let mut view = summary(rule);
    if let Some(members) = view.as_object_mut() {
        members.insert("CreatedBy".to_owned(), json!(account));
    }
    Ok(view)
}

pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let bus = buses::named(world, call.text("EventBusName"))?;
    let fits =
        |rule: &&Rule| rule.bus == bus && call.text("NamePrefix").is_none_or(|prefix| rule.name.starts_with(prefix));
    let all: Vec<Value> = world.eventbridge.rules.values().filter(fits).map(summary).collect();
    let most = call.input.get("Limit").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let (page, next) = world.page(&all, most.unwrap_or(PAGE).min(PAGE), call.text("NextToken"))?;
    Ok(json!({"Rules": page, "NextToken": next}))
}

pub(super) fn set_state(world: &mut World, call: &Call, state: &str) -> Answer {
    let rule = found(world, call, "Name")?;
    own(rule)?;
    if let Some(members) = rule.input.as_object_mut() {
        members.insert("State".to_owned(), json!(state));
    }
    Ok(json!({}))
}

/// "If you call delete rule multiple times for the same rule, all calls will succeed"; "Before you can delete the rule, you
/// must remove all targets" (API reference, `DeleteRule`).
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let (arn, ..) = key(world, call, "Name")?;
    if let Some(rule) = world.eventbridge.rules.get(&arn) {
        if call.input.get("Force").is_none_or(|force| force != true) {
            own(rule)?;
        }
        if !rule.targets.is_empty() {
            return Err(invalid("Rule can't be deleted since it has targets."));
        }
        world.eventbridge.rules.remove(&arn);
    }
    Ok(json!({}))
}

impl Rule {
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn state(&self) -> &str {
        self.text("State").unwrap_or("ENABLED")
    }

    /// What it asks of events.
    pub(super) fn pattern(&self) -> Option<Value> {
        serde_json::from_str(self.text("EventPattern")?).ok()
    }
}

/// The ARN, name and bus of the rule that a call names; the name of the default bus stands in no ARN (user guide,
/// "EventBridge resources").
fn key(world: &World, call: &Call, member: &str) -> Result<(String, String, String), Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let name = call.text(member).filter(|name| name.len() <= 64 && name.chars().all(fits));
    let name = name.ok_or_else(|| {
        let at = member.to_lowercase();
        invalid(format!(
            "1 validation error detected: Value at '{at}' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [\\.\\-_A-Za-z0-9]+"
        ))
    })?;
    let bus = buses::named(world, call.text("EventBusName"))?;
    let resource = if bus == DEFAULT_BUS { format!("rule/{name}") } else { format!("rule/{bus}/{name}") };
    Ok((world.arn("events", &resource), name.to_owned(), bus))
}

/// The rule that a call names.
pub(super) fn found<'a>(world: &'a mut World, call: &Call, member: &str) -> Result<&'a mut Rule, Fault> {
    let (arn, name, bus) = key(world, call, member)?;
    let missing = || not_found(format!("Rule {name} does not exist on EventBus {bus}."));
    world.eventbridge.rules.get_mut(&arn).ok_or_else(missing)
}

/// "This rule was created by an Amazon Web Services service on behalf of your account" (API reference,
/// `ManagedRuleException`).
pub(super) fn own(rule: &Rule) -> Result<(), Fault> {
    match &rule.managed_by {
        None => Ok(()),
        Some(service) => {
            let message = format!("Rule {} is managed by {service} and can not be changed.", rule.name);
            Err(Fault::bad_request("ManagedRuleException", message))
        }
    }
}

fn check(input: &Value) -> Result<(), Fault> {
    let members = input.as_object().into_iter().flat_map(|members| members.keys());
    if let Some(other) = members.into_iter().find(|member| !MEMBERS.contains(&member.as_str())) {
        return Err(invalid(format!("The API has no member {other}.")));
    }
    let text = |member: &str| input.get(member).and_then(Value::as_str);
    for (member, most) in [("EventPattern", LONGEST_PATTERN), ("Description", LONGEST_DESCRIPTION)] {
        if text(member).is_some_and(|text| text.chars().count() > most) {
            return Err(invalid(format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length \
                 less than or equal to {most}"
            )));
        }
    }
    if text("State").is_some_and(|state| !STATES.contains(&state)) {
        return Err(invalid(format!("Value at 'state' failed to satisfy constraint: enum value set: {STATES:?}")));
    }
    if text("ScheduleExpression").is_some() {
        return Err(invalid("The simulator has no rules with a schedule: those are Scheduler's."));
    }
    let Some(pattern) = text("EventPattern") else {
        return Err(invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    };
    patterns::check(pattern).map_err(|why| {
        Fault::bad_request("InvalidEventPatternException", format!("Event pattern is not valid. Reason: {why}"))
    })
}

fn summary(rule: &Rule) -> Value {
    let mut view = json!({"Name": rule.name, "Arn": rule.arn, "State": rule.state(), "EventBusName": rule.bus});
    if let Some(members) = view.as_object_mut() {
        for member in ["EventPattern", "Description", "RoleArn"] {
            members.extend(rule.text(member).map(|text| (member.to_owned(), json!(text))));
        }
        members.extend(rule.managed_by.as_ref().map(|service| ("ManagedBy".to_owned(), json!(service))));
    }
    view
}
