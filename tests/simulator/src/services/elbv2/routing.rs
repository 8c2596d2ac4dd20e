//! What a load balancer does with a request: the listener of its port, the first rule whose conditions hold, that
//! rule's actions.

use super::actions::{Action, Effect};
use super::conditions::Condition;
use super::health::{self, Connection};
use super::load_balancers::LoadBalancer;
use super::redirects::Parts;
use super::requests::{Outcome, Request, Turns};
use super::rules::{self, Rule};
use super::target_groups::TargetGroup;
use super::targets::{State, Target};
use super::{certificates, matching, transforms, weights};
use crate::services::acm;
use crate::world::World;

/// Follows a request that has reached a load balancer.
pub(super) fn route(world: &World, balancer: &LoadBalancer, request: &Request, turns: &Turns) -> Outcome {
    let mut own = world.elbv2.listeners.values().filter(|listener| listener.load_balancer == balancer.arn);
    let Some(listener) = own.find(|listener| listener.port == request.port) else {
        return Outcome::without_answer(format!("refused: {} has no listener on port {}", balancer.name, request.port));
    };
    match (listener.https, request.https) {
        (true, false) => return Outcome::of_status(400, Some("a plain HTTP request was sent to an HTTPS port")),
        (false, true) => return Outcome::without_answer("the listener speaks HTTP, not TLS"),
        _ => {}
    }
    let holds = |conditions: &[Condition]| matching::all_hold(conditions, request);
    let Some(rule) = rules::of_listener(world, &listener.arn).into_iter().find(|rule| holds(&rule.conditions)) else {
        return Outcome::without_answer("the listener has no default rule");
    };
    let turn = turns.get(&rule.arn).copied().unwrap_or_default();
    let outcome = act(world, balancer, rule, request, turn);
    let priority = rule.priority.map_or_else(|| "default".to_owned(), |priority| priority.to_string());
    let certificate = certificates::shown(world, listener, &request.host).cloned();
    let certificate_covers_host = certificate.as_ref().map(|arn| acm::covers(world, arn, &request.host));
    let rule = Some(rule.arn.clone());
    Outcome { rule, priority: Some(priority), certificate, certificate_covers_host, ..outcome }
}

/// What a rule's first action that answers does. A client of a test's is known to no provider.
fn act(world: &World, balancer: &LoadBalancer, rule: &Rule, request: &Request, turn: u64) -> Outcome {
    let Some(Action { effect, .. }) = rule.actions.first() else {
        return Outcome::of_status(500, Some("the rule has no action"));
    };
    let of = |action: &str, outcome: Outcome| Outcome { action: Some(action.to_owned()), ..outcome };
    match effect {
        Effect::Forward { groups, .. } => of("forward", forward(world, balancer, rule, groups, request, turn)),
        Effect::Redirect(redirect) => {
            let protocol = if request.https { "HTTPS" } else { "HTTP" };
            let Request { host, port, path, query, .. } = request;
            let location = redirect.location(&Parts { protocol, host, port: *port, path, query });
            let outcome = Outcome::of_status(redirect.status(), None);
            of("redirect", Outcome { location: Some(location), ..outcome })
        }
        Effect::Fixed { status, body, .. } => {
            of("fixed-response", Outcome { body: body.clone(), ..Outcome::of_status(*status, None) })
        }
        Effect::Authenticate { kind, .. } => {
            let status = if kind == "jwt-validation" { 401 } else { 302 };
            of(kind, Outcome::of_status(status, Some("the client isn't authenticated")))
        }
    }
}

fn forward(
    world: &World,
    balancer: &LoadBalancer,
    rule: &Rule,
    groups: &[(String, u32)],
    request: &Request,
    turn: u64,
) -> Outcome {
    let shares: Vec<u32> = groups.iter().map(|(_, weight)| *weight).collect();
    let chosen = weights::chosen(&shares, turn);
    let found = chosen.and_then(|(index, turn)| groups.get(index).map(|(arn, _)| (arn, turn)));
    let Some((group, turn)) = found.and_then(|(arn, turn)| world.elbv2.groups.get(arn).map(|group| (group, turn)))
    else {
        // What is answered when all weights are zero the documentation leaves open.
        return Outcome::of_status(503, Some("no target group has a weight above zero"));
    };
    let outcome = to_target(world, balancer, group, turn);
    let forwarded = outcome.task.as_ref().map(|_| {
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        transforms::apply(&rule.transforms, &request.host, &format!("{}{query}", request.path))
    });
    Outcome { target_group: Some(group.arn.clone()), forwarded, ..outcome }
}

/// User guide, "Troubleshoot your Application Load Balancers": 502 where a target refuses the connection, 504 where
/// none comes about in time, 503 where there is no target to send it to.
fn to_target(world: &World, balancer: &LoadBalancer, group: &TargetGroup, turn: u64) -> Outcome {
    let targets = eligible(group);
    let index = u64::try_from(targets.len()).ok().and_then(|count| turn.checked_rem(count));
    let chosen = index.and_then(|index| usize::try_from(index).ok()).and_then(|index| targets.get(index));
    let Some(target) = chosen else {
        return Outcome::of_status(503, Some("the target group has no target that takes requests"));
    };
    let outcome = match health::answer(world, balancer, group, target, target.port) {
        Connection::Lost => Outcome::of_status(504, Some("the load balancer got no connection to the target in time")),
        Connection::Refused => Outcome::of_status(502, Some("nothing listens on the target's port")),
        Connection::Made(listener) => {
            let problem = (!listener.well).then_some("the container answered with an error");
            let outcome = Outcome::of_status(health::status(&listener), problem);
            let (task, container) = (Some(listener.task), Some(listener.container));
            Outcome { task, container, container_port: Some(target.port), ..outcome }
        }
    };
    Outcome { target: Some(format!("{}:{}", target.id, target.port)), ..outcome }
}

/// The targets that get requests: the healthy ones; where there is none, the unhealthy ones (user guide, "Health
/// checks": "If a target group contains only unhealthy registered targets, the load balancer routes requests to all
/// those targets"). That new targets, which haven't been checked yet, are left out even then is inference: of them
/// the guide says nothing, and deployments are reported to answer 503 until the first is healthy.
fn eligible(group: &TargetGroup) -> Vec<&Target> {
    let of = |wanted: fn(&State) -> bool| -> Vec<&Target> {
        group.targets.values().filter(|target| wanted(&target.state)).collect()
    };
    let healthy = of(|state| *state == State::Healthy);
    if healthy.is_empty() { of(|state| matches!(state, State::Unhealthy(_))) } else { healthy }
}
