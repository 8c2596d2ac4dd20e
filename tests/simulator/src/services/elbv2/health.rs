//! Health checks over time: each meets what there is at that moment, the network and the container behind the
//! address, and targets turn healthy or unhealthy by what the checks met.

use super::load_balancers::LoadBalancer;
use super::target_groups::TargetGroup;
use super::targets::{self, Failure, State, Target};
use crate::services::{ec2, ecs};
use crate::world::World;

/// How long it takes until a load balancer that is active checks a new target, in milliseconds. AWS gives no figure.
const REGISTRATION: i64 = 5_000;

/// A target begins: registration, if a load balancer uses its group.
pub(super) fn begin(world: &mut World, group: &str, key: &str) {
    let Some(found) = world.elbv2.groups.get(group) else { return };
    let active_at = found.balancer.as_ref().and_then(|arn| world.elbv2.balancers.get(arn)).map(|one| one.active_at);
    let now = world.now;
    let state = if active_at.is_some() { State::Registering } else { State::NotInUse };
    change(world, group, key, |target| {
        target.state = state;
        (target.passed, target.failed, target.asked_at, target.due) = (0, 0, None, None);
    });
    if let Some(active_at) = active_at {
        targets::wake(world, group, key, (now + REGISTRATION).max(active_at));
    }
}

/// A group came to another load balancer, or left it: its targets begin anew; those that drain go on doing so.
pub(super) fn begin_anew(world: &mut World, group: &str) {
    let Some(found) = world.elbv2.groups.get(group) else { return };
    let keys: Vec<String> = found
        .targets
        .iter()
        .filter(|(_, target)| target.state != State::Draining)
        .map(|(key, _)| key.clone())
        .collect();
    for key in keys {
        begin(world, group, &key);
    }
}

/// A load balancer's zones have changed: its targets' next checks come at once.
pub(super) fn look_anew(world: &mut World, balancer: &str) {
    let now = world.now;
    let active_at = world.elbv2.balancers.get(balancer).map_or(now, |balancer| balancer.active_at);
    let used = world.elbv2.groups.values().filter(|group| group.balancer.as_deref() == Some(balancer));
    let checked = used.flat_map(|group| group.targets.iter().map(move |(key, target)| (&group.arn, key, target)));
    let wakes: Vec<(String, String)> = checked
        .filter(|(_, _, target)| !matches!(target.state, State::Draining | State::Registering))
        .map(|(group, key, _)| (group.clone(), key.clone()))
        .collect();
    for (group, key) in wakes {
        change(world, &group, &key, |target| target.asked_at = None);
        targets::wake(world, &group, &key, now.max(active_at));
    }
}

/// Changes a target, and lets ECS know when its state is another.
fn change(world: &mut World, group: &str, key: &str, change: impl FnOnce(&mut Target)) {
    let Some(found) = world.elbv2.groups.get_mut(group) else { return };
    let Some(target) = found.targets.get_mut(key) else { return };
    let before = target.state.clone();
    change(target);
    if target.state != before {
        let (id, port, vpc_id) = (target.id.clone(), target.port, found.vpc_id.clone());
        ecs::target_changed(world, &vpc_id, &id, port);
    }
}

/// A target's next moment has come.
pub(super) fn wake(world: &mut World, group: &str, key: &str) {
    let now = world.now;
    let Some(found) = world.elbv2.groups.get_mut(group) else { return };
    let Some(target) = found.targets.get_mut(key) else { return };
    if target.due.is_none_or(|due| due > now) {
        return;
    }
    target.due = None;
    if target.state == State::Draining {
        found.targets.remove(key);
    } else if target.state == State::Registering {
        change(world, group, key, |target| target.state = State::Checking);
        check(world, group, key);
    } else {
        check(world, group, key);
    }
}

/// What a check meets.
enum Meets {
    Pass,
    Failure(Failure),
    ZoneNotEnabled,
}

/// One check, or the end of waiting for the last one's answer.
fn check(world: &mut World, arn: &str, key: &str) {
    let Some(group) = world.elbv2.groups.get(arn) else { return };
    let Some(target) = group.targets.get(key) else { return };
    let Some(balancer) = group.balancer.as_ref().and_then(|arn| world.elbv2.balancers.get(arn)) else { return };
    let (interval, timeout) = (group.check.interval * 1000, group.check.timeout * 1000);
    let now = world.now;
    if let Some(asked_at) = target.asked_at {
        change(world, arn, key, |target| target.asked_at = None);
        record(world, arn, key, &Meets::Failure(Failure::Timeout));
        return targets::wake(world, arn, key, (asked_at + interval).max(now));
    }
    match meets(world, balancer, group, target) {
        Meets::Failure(Failure::Timeout) => {
            change(world, arn, key, |target| target.asked_at = Some(now));
            targets::wake(world, arn, key, now + timeout);
        }
        met => {
            record(world, arn, key, &met);
            targets::wake(world, arn, key, now + interval);
        }
    }
}

/// What a check on a target meets now: each of the load balancer's nodes must get through to the port, and something
/// must answer there as the target group expects it.
fn meets(world: &World, balancer: &LoadBalancer, group: &TargetGroup, target: &Target) -> Meets {
    if target.zone.as_ref().is_some_and(|zone| zone != "all" && !balancer.subnets.contains_key(zone)) {
        return Meets::ZoneNotEnabled;
    }
    match answer(world, balancer, group, target, group.check.port_of(target.port)) {
        Connection::Lost => Meets::Failure(Failure::Timeout),
        Connection::Refused => Meets::Failure(Failure::Refused),
        Connection::Made(listener) if listener.well && group.check.passes_well() => Meets::Pass,
        Connection::Made(_) if !group.check.looks_at_answers() => Meets::Pass,
        Connection::Made(listener) => Meets::Failure(Failure::Status(status(&listener))),
    }
}

/// What comes of a connection from a load balancer to a target.
pub(super) enum Connection {
    /// Nothing comes back: there is nobody at the address, or a security group keeps it out.
    Lost,
    /// Nothing listens.
    Refused,
    Made(ecs::Listener),
}

/// The HTTP status that a container answers.
pub(super) fn status(listener: &ecs::Listener) -> u16 {
    if listener.well { 200 } else { 503 }
}

/// Connects from all of a load balancer's nodes to a port of a target.
pub(super) fn answer(
    world: &World,
    balancer: &LoadBalancer,
    group: &TargetGroup,
    target: &Target,
    port: i64,
) -> Connection {
    let Some(eni) = interface(world, group, target) else { return Connection::Lost };
    let nodes = balancer.interfaces.values().filter_map(|id| ec2::interface(world, id));
    if !nodes.into_iter().all(|node| ec2::reaches(world, &node, &eni, port)) {
        return Connection::Lost;
    }
    ecs::listener(world, &eni.id, port).map_or(Connection::Refused, Connection::Made)
}

/// The network interface of a target: of an instance its own, else that which has the address.
fn interface(world: &World, group: &TargetGroup, target: &Target) -> Option<ec2::Eni> {
    match ec2::instance(world, &target.id) {
        Some(instance) => instance.eni.clone(),
        None => ec2::interface_at(world, &group.vpc_id, target.id.parse().ok()?),
    }
}

/// Counts what a check met. User guide, "Health checks for your target groups": a new target needs to pass one check
/// to be healthy, one that was unhealthy as many in a row as the healthy threshold says. Of a new target whose checks
/// fail the guide says nothing: here, as with others, the unhealthy threshold counts.
fn record(world: &mut World, group: &str, key: &str, met: &Meets) {
    let Some(found) = world.elbv2.groups.get(group) else { return };
    let (healthy, unhealthy) = (found.check.healthy_threshold, found.check.unhealthy_threshold);
    change(world, group, key, |target| match met {
        Meets::Pass => {
            target.failed = 0;
            target.passed += 1;
            let needed = if matches!(target.state, State::Unhealthy(_)) { healthy } else { 1 };
            if target.passed >= needed {
                target.state = State::Healthy;
            }
        }
        Meets::Failure(failure) => {
            target.passed = 0;
            target.failed += 1;
            if target.failed >= unhealthy || matches!(target.state, State::Unhealthy(_)) {
                target.state = State::Unhealthy(*failure);
            } else if target.state == State::ZoneNotEnabled {
                target.state = State::Checking;
            }
        }
        Meets::ZoneNotEnabled => {
            (target.passed, target.failed) = (0, 0);
            target.state = State::ZoneNotEnabled;
        }
    });
}
