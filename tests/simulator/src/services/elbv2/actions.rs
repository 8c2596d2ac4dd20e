//! Actions of rules and listeners: what happens to a request.
//!
//! API reference, `Action`: exactly one of forward, redirect and fixed-response, which is performed last; before it,
//! on HTTPS listeners, an authentication.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::redirects::Redirect;
use super::{bounded, invalid, required};
use crate::call::Fault;
use crate::protocol::query;

/// User guide, "Quotas for your Application Load Balancers": target groups per action.
const TARGET_GROUPS: usize = 5;

/// One action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Action {
    order: Option<i64>,
    pub(super) effect: Effect,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Effect {
    /// To one of these target groups, by their weights.
    Forward {
        groups: Vec<(String, u32)>,
        stickiness: Value,
    },
    Redirect(Redirect),
    Fixed {
        status: u16,
        content_type: Option<String>,
        body: Option<String>,
    },
    /// Who isn't known is sent to a provider or refused; kept as given under the member of its kind.
    Authenticate {
        kind: String,
        member: &'static str,
        configuration: Value,
    },
}

/// Which protocol the actions' listener has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct OfHttps(pub(super) bool);

impl Effect {
    fn ends(&self) -> bool {
        !matches!(self, Self::Authenticate { .. })
    }
}

/// The actions of an input's list, in the order in which they are performed.
pub(super) fn read(items: &[Value], https: OfHttps) -> Result<Vec<Action>, Fault> {
    if items.is_empty() {
        return Err(invalid("At least one action must be specified"));
    }
    let mut actions = items.iter().map(|item| action(item, https)).collect::<Result<Vec<Action>, Fault>>()?;
    if actions.len() > 1 {
        let orders: BTreeSet<i64> = actions.iter().filter_map(|action| action.order).collect();
        if orders.len() != actions.len() {
            return Err(invalid("Each action must have an order of its own when there are several"));
        }
        actions.sort_by_key(|action| action.order);
    }
    let ending = actions.iter().filter(|action| action.effect.ends()).count();
    if ending != 1 || !actions.last().is_some_and(|last| last.effect.ends()) {
        let message = "The last action must be the only one of type forward, redirect or fixed-response";
        return Err(refused(message));
    }
    if ending + 1 < actions.len() {
        return Err(Fault::bad_request("TooManyActions", "The maximum number of actions has been reached"));
    }
    Ok(actions)
}

pub(super) fn refused(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidLoadBalancerAction", message)
}

fn action(item: &Value, https: OfHttps) -> Result<Action, Fault> {
    let order = bounded(item, "Order", 1..=50_000)?;
    let effect = match required(item, "Type")? {
        "forward" => forward(item)?,
        "redirect" => Effect::Redirect(Redirect::read(member(item, "RedirectConfig")?, https)?),
        "fixed-response" => fixed(member(item, "FixedResponseConfig")?)?,
        "authenticate-oidc" => authenticate(item, "authenticate-oidc", "AuthenticateOidcConfig", https)?,
        "authenticate-cognito" => authenticate(item, "authenticate-cognito", "AuthenticateCognitoConfig", https)?,
        "jwt-validation" => authenticate(item, "jwt-validation", "JwtValidationConfig", https)?,
        other => return Err(invalid(format!("Action type '{other}' is not valid"))),
    };
    Ok(Action { order, effect })
}

fn member<'a>(item: &'a Value, name: &str) -> Result<&'a Value, Fault> {
    item.get(name)
        .filter(|value| value.is_object())
        .ok_or_else(|| invalid(format!("{name} must be specified for the action")))
}

/// A target group by `TargetGroupArn`, or several with weights by `ForwardConfig`; both may name the same one.
fn forward(item: &Value) -> Result<Effect, Fault> {
    let configuration = item.get("ForwardConfig").cloned().unwrap_or_default();
    let mut groups = Vec::new();
    for tuple in query::items(&configuration, "TargetGroups") {
        let weight = bounded(tuple, "Weight", 0..=999)?.unwrap_or(1);
        groups.push((required(tuple, "TargetGroupArn")?.to_owned(), u32::try_from(weight).unwrap_or_default()));
    }
    if let Some(arn) = query::text(item, "TargetGroupArn") {
        if groups.is_empty() {
            groups.push((arn.to_owned(), 1));
        } else if groups.len() > 1 || groups.iter().any(|(named, _)| named != arn) {
            return Err(invalid("TargetGroupArn and ForwardConfig must name the same single target group"));
        }
    }
    let unique: BTreeSet<&String> = groups.iter().map(|(arn, _)| arn).collect();
    if unique.len() != groups.len() {
        return Err(invalid("A target group can be specified only once in a forward action"));
    }
    match groups.len() {
        0 => return Err(invalid("A target group ARN must be specified")),
        // Which code says so the documentation leaves open.
        more if more > TARGET_GROUPS => {
            let message = format!("The maximum number of target groups per action is '{TARGET_GROUPS}'");
            return Err(Fault::bad_request("TooManyTargetGroups", message));
        }
        _ => {}
    }
    Ok(Effect::Forward { groups, stickiness: stickiness(&configuration)? })
}

fn stickiness(configuration: &Value) -> Result<Value, Fault> {
    let given = configuration.get("TargetGroupStickinessConfig").cloned().unwrap_or_default();
    let enabled = query::flag(&given, "Enabled").unwrap_or_default();
    let duration = bounded(&given, "DurationSeconds", 1..=604_800)?;
    if enabled && duration.is_none() {
        return Err(invalid("The duration must be specified when target group stickiness is enabled"));
    }
    Ok(json!({"Enabled": enabled, "DurationSeconds": duration}))
}

fn fixed(configuration: &Value) -> Result<Effect, Fault> {
    const TYPES: [&str; 5] = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    let status = required(configuration, "StatusCode")?;
    let (content_type, body) = (query::text(configuration, "ContentType"), query::text(configuration, "MessageBody"));
    if status.len() != 3 || !status.starts_with(['2', '4', '5']) {
        return Err(invalid(format!("The status code '{status}' must be 2XX, 4XX or 5XX")));
    }
    let status = status.parse().map_err(|_| invalid(format!("The status code '{status}' must be 2XX, 4XX or 5XX")))?;
    if content_type.is_some_and(|given| !TYPES.contains(&given)) {
        return Err(invalid(format!("The content type must be one of '{}'", TYPES.join(", "))));
    }
    if body.is_some_and(|body| body.chars().count() > 1024) {
        return Err(invalid("The message body can have at most 1024 characters"));
    }
    Ok(Effect::Fixed { status, content_type: content_type.map(str::to_owned), body: body.map(str::to_owned) })
}

fn authenticate(item: &Value, kind: &str, name: &'static str, https: OfHttps) -> Result<Effect, Fault> {
    if https == OfHttps(false) {
        return Err(refused(format!("Actions of type '{kind}' are supported only on HTTPS listeners")));
    }
    let mut configuration = member(item, name)?.clone();
    // What is secret isn't told again.
    configuration.as_object_mut().and_then(|members| members.remove("ClientSecret"));
    Ok(Effect::Authenticate { kind: kind.to_owned(), member: name, configuration })
}

/// The target groups that actions forward to.
pub(super) fn target_groups(actions: &[Action]) -> Vec<String> {
    let groups = |action: &Action| match &action.effect {
        Effect::Forward { groups, .. } => groups.iter().map(|(arn, _)| arn.clone()).collect(),
        _ => Vec::new(),
    };
    actions.iter().flat_map(groups).collect()
}

/// Actions as answers show them. A forward shows its groups in `ForwardConfig`, and a single one also by its ARN.
pub(super) fn view(actions: &[Action]) -> Value {
    actions.iter().map(one_view).collect()
}

fn one_view(action: &Action) -> Value {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| drop(view.insert(name.to_owned(), value));
    put("Order", json!(action.order));
    match &action.effect {
        Effect::Forward { groups, stickiness } => {
            put("Type", json!("forward"));
            if let [(arn, _)] = groups.as_slice() {
                put("TargetGroupArn", json!(arn));
            }
            let tuples: Vec<Value> =
                groups.iter().map(|(arn, weight)| json!({"TargetGroupArn": arn, "Weight": weight})).collect();
            put("ForwardConfig", json!({"TargetGroups": tuples, "TargetGroupStickinessConfig": stickiness}));
        }
        Effect::Redirect(redirect) => {
            put("Type", json!("redirect"));
            put("RedirectConfig", redirect.view());
        }
        Effect::Fixed { status, content_type, body } => {
            put("Type", json!("fixed-response"));
            let configuration =
                json!({"StatusCode": status.to_string(), "ContentType": content_type, "MessageBody": body});
            put("FixedResponseConfig", configuration);
        }
        Effect::Authenticate { kind, member, configuration } => {
            put("Type", json!(kind));
            put(member, configuration.clone());
        }
    }
    Value::Object(view)
}
