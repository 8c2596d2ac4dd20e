//! Which load balancer uses which target group: by the actions of its listeners and their rules.

use std::collections::{BTreeMap, BTreeSet};

use super::actions::{self, Action};
use super::load_balancers::LoadBalancer;
use super::{health, misconfigured};
use crate::call::Fault;
use crate::world::World;

/// User guide, "Quotas for your Application Load Balancers": target groups per load balancer.
const TARGET_GROUPS: usize = 100;

/// Checks that a load balancer can forward by these actions.
pub(super) fn check(world: &World, balancer: &LoadBalancer, actions: &[Action]) -> Result<(), Fault> {
    let wanted = actions::target_groups(actions);
    for arn in &wanted {
        let missing = || Fault::bad_request("TargetGroupNotFound", format!("Target groups '{arn}' not found"));
        let group = world.elbv2.groups.get(arn).ok_or_else(missing)?;
        if !["HTTP", "HTTPS"].contains(&group.protocol.as_str()) {
            let message =
                format!("Load balancers with type 'application' cannot forward to protocol '{}'", group.protocol);
            return Err(Fault::bad_request("IncompatibleProtocols", message));
        }
        if group.vpc_id != balancer.vpc_id {
            return Err(misconfigured(format!("Target group '{arn}' and the load balancer are not in the same VPC")));
        }
        if group.balancer.as_ref().is_some_and(|other| *other != balancer.arn) {
            let message =
                format!("The following target groups cannot be associated with more than one load balancer: {arn}");
            return Err(Fault::bad_request("TargetGroupAssociationLimit", message));
        }
    }
    let used = world.elbv2.groups.values().filter(|group| group.balancer.as_ref() == Some(&balancer.arn));
    let all: BTreeSet<&String> = used.map(|group| &group.arn).chain(&wanted).collect();
    if all.len() > TARGET_GROUPS {
        let message = format!("The maximum number of target groups per load balancer is '{TARGET_GROUPS}'");
        return Err(Fault::bad_request("TooManyUniqueTargetGroupsPerLoadBalancer", message));
    }
    Ok(())
}

/// Whether a listener or rule forwards to a target group.
pub(super) fn is_used(world: &World, arn: &str) -> bool {
    world.elbv2.groups.get(arn).is_some_and(|group| group.balancer.is_some())
}

/// After actions have changed: each target group learns which load balancer uses it now, and its targets with it.
pub(super) fn refresh(world: &mut World) {
    let mut users: BTreeMap<String, String> = BTreeMap::new();
    for rule in world.elbv2.rules.values() {
        let Some(listener) = world.elbv2.listeners.get(&rule.listener) else { continue };
        for group in actions::target_groups(&rule.actions) {
            users.insert(group, listener.load_balancer.clone());
        }
    }
    let changed: Vec<String> = world
        .elbv2
        .groups
        .values()
        .filter(|group| group.balancer.as_ref() != users.get(&group.arn))
        .map(|group| group.arn.clone())
        .collect();
    for arn in changed {
        if let Some(group) = world.elbv2.groups.get_mut(&arn) {
            group.balancer = users.get(&arn).cloned();
        }
        health::begin_anew(world, &arn);
    }
}
