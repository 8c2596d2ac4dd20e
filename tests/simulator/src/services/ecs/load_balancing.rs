//! Services behind load balancers: their tasks are targets while they run, and as healthy as the target groups say.
//!
//! Developer guide, "Use load balancing to distribute Amazon ECS service traffic"; events and reasons as the guide's
//! "Service event messages" and "Stopped task error messages" have them.

use std::net::Ipv4Addr;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::call::Fault;
use crate::services::ec2;
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::tasks::{Health, Phase, Task};
use crate::services::ecs::{container, deployments, events, invalid, lifecycle, listening};
use crate::services::elbv2::{self, TargetState};
use crate::world::World;

/// Developer guide, "Amazon ECS service quotas": target groups per service.
const TARGET_GROUPS: usize = 5;

/// Where a task is registered: a target group, by ARN, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Target {
    pub(super) group: String,
    pub(super) port: i64,
}

fn text<'a>(balancer: &'a Value, member: &str) -> &'a str {
    balancer.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// Checks what a service that shifts traffic says of each load balancer, and what the listener rules do (developer guide,
/// "Application Load Balancer resources for blue/green, linear, and canary deployments").
pub(super) fn check_shifting(world: &World, attached: &Map<String, Value>, shifts: bool) -> Result<(), Fault> {
    let balancers = attached.get("loadBalancers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for balancer in balancers.iter().filter(|_| shifts) {
        let advanced = balancer.get("advancedConfiguration").cloned().unwrap_or_default();
        let (group, alternate) = (text(balancer, "targetGroupArn"), text(&advanced, "alternateTargetGroupArn"));
        let missing = ["alternateTargetGroupArn", "productionListenerRule", "roleArn"];
        if let Some(member) = missing.into_iter().find(|member| text(&advanced, member).is_empty()) {
            return Err(invalid(format!(
                "advancedConfiguration.{member} must be specified for this deployment strategy."
            )));
        }
        if alternate == group || elbv2::target_group(world, alternate).is_none_or(|group| group.balancer.is_none()) {
            let message =
                format!("The target group with targetGroupArn {alternate} does not have an associated load balancer.");
            return Err(invalid(message));
        }
        for member in ["productionListenerRule", "testListenerRule"] {
            let rule = text(&advanced, member);
            if !rule.is_empty()
                && elbv2::forwards_of(world, rule).is_none_or(|groups| !groups.iter().any(|one| one == group))
            {
                return Err(invalid(format!("The rule {rule} is not there, or does not forward to {group}.")));
            }
        }
    }
    Ok(())
}

/// Checks the load balancers of a service against its task definition and what Elastic Load Balancing has.
pub(super) fn check(world: &World, attached: &Map<String, Value>, definition: &Definition) -> Result<(), Fault> {
    let balancers = attached.get("loadBalancers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if balancers.len() > TARGET_GROUPS {
        return Err(invalid("load balancers can have at most 5 items."));
    }
    balancers.iter().try_for_each(|balancer| check_one(world, balancer, definition))
}

fn check_one(world: &World, balancer: &Value, definition: &Definition) -> Result<(), Fault> {
    if !text(balancer, "loadBalancerName").is_empty() {
        // "Classic Load Balancers aren't supported" with awsvpc, and the simulator has none.
        return Err(invalid("Classic Load Balancers are not supported with the network mode awsvpc."));
    }
    let arn = text(balancer, "targetGroupArn");
    if arn.is_empty() {
        return Err(invalid("targetGroupArn can not be empty."));
    }
    let group = elbv2::target_group(world, arn)
        .ok_or_else(|| invalid(format!("The target group with targetGroupArn {arn} does not exist.")))?;
    if group.balancer.is_none() {
        let message = format!("The target group with targetGroupArn {arn} does not have an associated load balancer.");
        return Err(invalid(message));
    }
    let mode = definition.text("networkMode").unwrap_or("bridge");
    if (mode == "awsvpc") != (group.target_type == "ip") {
        let message = format!(
            "The provided target group {arn} has target type {}, which is incompatible with the {mode} network mode \
             specified in the task definition.",
            group.target_type
        );
        return Err(invalid(message));
    }
    let name = text(balancer, "containerName");
    let found = definition.containers().iter().find(|one| container::name(one) == name);
    let one = found.ok_or_else(|| invalid(format!("The container {name} does not exist in the task definition.")))?;
    let port = balancer.get("containerPort").and_then(Value::as_i64).unwrap_or_default();
    if !container::ports(one).contains(&port) {
        return Err(invalid(format!("The container {name} did not have a container port {port} defined.")));
    }
    Ok(())
}

/// The target groups of the deployment that a task belongs to.
pub(super) fn targets(world: &World, task: &Task) -> Vec<Target> {
    let service = task.service.as_ref().and_then(|key| world.ecs.services.get(key));
    let deployment = service.and_then(|service| {
        service.deployments.iter().find(|deployment| Some(&deployment.id) == task.deployment.as_ref())
    });
    let Some(deployment) = deployment else { return vec![] };
    let balancers = deployment.revision.attached.get("loadBalancers").and_then(Value::as_array);
    let target = |balancer: &Value| {
        let group = text(balancer, "targetGroupArn");
        let port = balancer.get("containerPort").and_then(Value::as_i64).unwrap_or_default();
        Target { group: deployment.groups.get(group).cloned().unwrap_or_else(|| group.to_owned()), port }
    };
    balancers.into_iter().flatten().map(target).collect()
}

/// A task that runs now becomes a target.
pub(super) fn register(world: &mut World, id: &str) {
    let Some(task) = world.ecs.tasks.get(id) else { return };
    let (service, targets) = (task.service.clone(), targets(world, task));
    let places: Vec<(String, Place)> =
        targets.iter().filter_map(|target| Some((target.group.clone(), place(world, task, target)?))).collect();
    for (group, Place { id: address, port, zone }) in &places {
        let text = match elbv2::register(world, group, address, *port, zone.as_deref()) {
            Ok(()) => format!("registered 1 targets in (target-group {group})"),
            Err(fault) => {
                format!("failed to register targets in (target-group {group}) with (error {})", fault.message)
            }
        };
        if let Some(key) = &service {
            events::add(world, key, &text);
        }
    }
    if let Some(task) = world.ecs.tasks.get_mut(id) {
        task.targets = targets;
    }
}

/// A task that is to stop is a target no longer. Tells for how many milliseconds it drains.
pub(super) fn deregister(world: &mut World, id: &str) -> i64 {
    let Some(task) = world.ecs.tasks.get(id) else { return 0 };
    let (service, targets) = (task.service.clone(), task.targets.clone());
    let places: Vec<(String, Place)> =
        targets.iter().filter_map(|target| Some((target.group.clone(), place(world, task, target)?))).collect();
    if places.is_empty() {
        return 0;
    }
    let mut drained = world.now;
    for (group, Place { id: address, port, .. }) in &places {
        drained = drained.max(elbv2::deregister(world, group, address, *port));
        if let Some(key) = &service {
            events::add(world, key, &format!("deregistered 1 targets in (target-group {group})"));
        }
    }
    if let Some(key) = &service {
        events::add(world, key, "has begun draining connections on 1 tasks.");
    }
    drained - world.now
}

/// What a task is to a target group: its address, or its instance and the port that its container's has there.
struct Place {
    id: String,
    port: i64,
    zone: Option<String>,
}

fn place(world: &World, task: &Task, target: &Target) -> Option<Place> {
    if elbv2::target_group(world, &target.group)?.target_type == "instance" {
        let host = task.host.as_ref()?;
        let bound = host.bindings.iter().find(|bound| bound.port == target.port && bound.protocol == "tcp")?;
        return Some(Place { id: host.ec2_instance.clone(), port: bound.host, zone: host.zone.clone() });
    }
    let attachment = task.attachment.as_ref()?;
    let id = attachment.eni.as_ref()?.private_ip.clone();
    Some(Place { id, port: target.port, zone: attachment.zone.clone() })
}

fn health<'a>(world: &'a World, task: &Task, target: &Target) -> Option<&'a TargetState> {
    let Place { id, port, .. } = place(world, task, target)?;
    elbv2::target_health(world, &target.group, &id, port)
}

/// Whether all of a task's target groups call it healthy; one without any is.
pub(super) fn is_healthy(world: &World, task: &Task) -> bool {
    task.targets.iter().all(|target| health(world, task, target) == Some(&TargetState::Healthy))
}

/// The target group that calls a task unhealthy, with the port and why.
pub(super) fn unhealthy_in(world: &World, task: &Task) -> Option<(Target, String)> {
    task.targets.iter().find_map(|target| {
        let state = health(world, task, target)?;
        let TargetState::Unhealthy(_) = state else { return None };
        Some((target.clone(), state.words().2.unwrap_or_default()))
    })
}

/// The task behind a target: by its address, or by its instance and its port there.
fn behind(world: &World, vpc_id: &str, target: &str, port: i64) -> Option<String> {
    let Ok(address) = target.parse::<Ipv4Addr>() else {
        return listening::bound(world, target, port).map(|(task, _)| task.id.clone());
    };
    let eni = ec2::interface_at(world, vpc_id, address)?;
    world.ecs.interfaces.get(&eni.id).cloned()
}

/// The state of a target has changed: of an address, or of an instance's port.
pub fn target_changed(world: &mut World, vpc_id: &str, target: &str, port: i64) {
    let Some(id) = behind(world, vpc_id, target, port) else { return };
    let Some(task) = world.ecs.tasks.get(&id).filter(|task| task.phase == Phase::Running) else { return };
    if task.targets.is_empty() {
        return;
    }
    let Some(key) = task.service.clone() else { return };
    let definition = task_definitions::find(world, &task.definition);
    let has_check = definition.is_some_and(|one| one.containers().iter().any(|one| one.get("healthCheck").is_some()));
    let waits_for_own_check = has_check && task.health != Health::Healthy;
    if is_healthy(world, task) && !task.counted && !waits_for_own_check {
        lifecycle::counts(world, &id);
    }
    deployments::look_soon(world, &key);
}
