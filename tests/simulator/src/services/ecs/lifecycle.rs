//! How a task moves through its life, step by step over simulated time.

use serde::Serialize;
use serde_json::Value;

use crate::services::ecs::start_checks::{self, Obstacle};
use crate::services::ecs::tasks::{Container, ContainerStatus, Health, Phase, StopCode, Task};
use crate::services::ecs::{
    agenda, circuit_breaker, connect, container, deployments, ebs, instances, load_balancing, task_definitions,
};
use crate::services::{ec2, iam, logs, servicediscovery};
use crate::world::World;

// AWS gives no figures; these are of the order that Fargate shows, in milliseconds.
pub(super) const PROVISIONING: i64 = 3_000;
const PENDING: i64 = 2_000;
const ACTIVATING: i64 = 7_000;
const DEACTIVATING: i64 = 2_000;
const STOPPING: i64 = 3_000;
const DEPROVISIONING: i64 = 10_000;

/// How long a stopped task can be described (API reference: "at least one hour").
const REMEMBERED: i64 = 3_600_000;

/// After how long a running task without a container health check counts as healthy to its service
/// (API reference, `DeploymentConfiguration.minimumHealthyPercent`).
const COUNTS_AFTER: i64 = 40_000;

/// What happens to a running task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Happening {
    /// A container ends by itself.
    Exit { container: String, code: i32 },
    /// Its health checks have passed.
    Healthy,
    /// A health check has failed for good.
    Unhealthy,
    /// It has run long enough to count as healthy.
    Counts,
}

/// The task's next transition is due.
pub(super) fn wake(world: &mut World, id: &str) {
    let now = world.now;
    let Some(task) = world.ecs.tasks.get_mut(id) else { return };
    if task.due.is_none_or(|due| due > now) {
        return;
    }
    task.due = None;
    match task.phase {
        Phase::Provisioning => attach(world, id),
        Phase::Pending => activate(world, id),
        Phase::Activating => start(world, id),
        Phase::Running => happen(world, id),
        Phase::Deactivating => enter(world, id, Phase::Stopping, STOPPING),
        Phase::Stopping => end_containers(world, id),
        Phase::Deprovisioning => finish(world, id),
        Phase::Stopped => drop(world.ecs.tasks.remove(id)),
    }
}

/// Moves a task into a phase that lasts so long, and lets its service look.
fn enter(world: &mut World, id: &str, phase: Phase, lasts: i64) {
    let due = world.now + lasts;
    let Some(task) = world.ecs.tasks.get_mut(id) else { return };
    task.phase = phase;
    task.version += 1;
    let service = task.service.clone();
    agenda::wake_task(world, id, due);
    if let Some(key) = service {
        deployments::look_soon(world, &key);
    }
}

/// Gives the task its network interface.
fn attach(world: &mut World, id: &str) {
    let Some(attachment) = world.ecs.tasks.get(id).and_then(|task| task.attachment.clone()) else {
        return enter(world, id, Phase::Pending, PENDING);
    };
    let description = world.arn("ecs", &format!("attachment/{}", attachment.id));
    match ec2::create_eni(world, &attachment.subnet, &attachment.groups, &description) {
        Ok(eni) => {
            let now = world.now;
            world.ecs.interfaces.insert(eni.id.clone(), id.to_owned());
            if let Some(task) = world.ecs.tasks.get_mut(id) {
                task.attachment = Some(crate::services::ecs::tasks::Attachment { eni: Some(eni), ..attachment });
                task.connected_at = Some(now);
            }
            enter(world, id, Phase::Pending, PENDING);
        }
        Err(fault) => {
            let reason = format!(
                "Unexpected EC2 error while attempting to Create Network Interface in subnet '{}': {}",
                attachment.subnet, fault.code
            );
            stop(world, id, StopCode::TaskFailedToStart, &reason);
        }
    }
}

fn activate(world: &mut World, id: &str) {
    let now = world.now;
    if let Some(task) = world.ecs.tasks.get_mut(id) {
        task.pull_started_at = Some(now);
    }
    enter(world, id, Phase::Activating, ACTIVATING);
}

/// The task runs, unless something is in its way.
fn start(world: &mut World, id: &str) {
    let Some(task) = world.ecs.tasks.get(id).cloned() else { return };
    if let Some(Obstacle { reason, container }) = start_checks::obstacle(world, &task) {
        if let Some(task) = world.ecs.tasks.get_mut(id) {
            let blamed = task.containers.iter_mut().filter(|one| Some(&one.name) == container.as_ref());
            blamed.for_each(|one| one.reason = Some(reason.clone()));
        }
        return stop(world, id, StopCode::TaskFailedToStart, &reason);
    }
    write_logs(world, &task);
    let ahead = ahead(world, &task);
    let digests: Vec<String> = task.containers.iter().map(|_| format!("sha256:{}", world.ids.hex(64))).collect();
    let now = world.now;
    if let Some(task) = world.ecs.tasks.get_mut(id) {
        task.pull_stopped_at = Some(now);
        task.started_at = Some(now);
        task.ahead = ahead;
        for (one, digest) in task.containers.iter_mut().zip(digests) {
            one.digest = Some(digest);
            one.status = ContainerStatus::Running;
        }
    }
    enter(world, id, Phase::Running, 0);
    load_balancing::register(world, id);
    connect::register(world, id);
    wait_for_next(world, id);
}

/// Each container that logs by awslogs says that it has started; what the execution role may not write is lost.
fn write_logs(world: &mut World, task: &Task) {
    let Some(definition) = task_definitions::find(world, &task.definition).cloned() else { return };
    for one in definition.containers() {
        if let Some((group, stream)) = start_checks::log_stream(one, &task.id) {
            let arn = world.arn("logs", &format!("log-group:{group}:log-stream:{stream}"));
            let role = task.execution_role.as_deref();
            if !role.is_some_and(|role| iam::allows(world, role, "logs:PutLogEvents", &arn)) {
                continue;
            }
            let line = format!("{} of image {} has started", container::name(one), container::image(one));
            logs::write(world, &group, &stream, &line);
        }
    }
}

/// What will happen to a task that starts now, in order of time.
fn ahead(world: &World, task: &Task) -> Vec<(i64, Happening)> {
    let mut ahead = Vec::new();
    let definition = task_definitions::find(world, &task.definition);
    for one in &task.containers {
        let command =
            definition.and_then(|definition| container::command(definition.containers(), &task.overrides, &one.name));
        let of_command = command.and_then(|command| world.images.commands.get(&command)?.exits.clone());
        if let Some(exit) = of_command.or_else(|| world.images.behaviour(&one.image).exits) {
            let at = world.now + i64::from(exit.after_seconds) * 1000;
            ahead.push((at, Happening::Exit { container: one.name.clone(), code: exit.code }));
        }
    }
    ahead.extend(health_ahead(world, task));
    ahead.sort_by_key(|(at, _)| *at);
    ahead
}

/// When the task turns healthy, or fails its health check (API reference, `HealthCheck`).
///
/// Of a task behind a load balancer without a check of its own its target groups decide.
fn health_ahead(world: &World, task: &Task) -> Option<(i64, Happening)> {
    let containers = task_definitions::find(world, &task.definition)
        .map(|definition| definition.containers().to_vec())
        .unwrap_or_default();
    let seconds = |check: &Value, member: &str| check.get(member).and_then(Value::as_i64).unwrap_or_default();
    let (mut passes, mut fails): (Option<i64>, Option<i64>) = (None, None);
    for (one, check) in containers.iter().filter_map(|one| one.get("healthCheck").map(|check| (one, check))) {
        let interval = seconds(check, "interval");
        if world.images.behaviour(container::image(one)).unhealthy {
            let failing = seconds(check, "startPeriod") + interval * seconds(check, "retries");
            fails = Some(fails.map_or(failing, |earlier| earlier.min(failing)));
        } else {
            passes = Some(passes.map_or(interval, |later| later.max(interval)));
        }
    }
    match (fails, passes) {
        (Some(after), _) => Some((world.now + after * 1000, Happening::Unhealthy)),
        (None, Some(after)) => Some((world.now + after * 1000, Happening::Healthy)),
        (None, None) if !load_balancing::targets(world, task).is_empty() => None,
        (None, None) => Some((world.now + COUNTS_AFTER, Happening::Counts)),
    }
}

fn wait_for_next(world: &mut World, id: &str) {
    let next = world.ecs.tasks.get(id).and_then(|task| task.ahead.first().map(|(at, _)| *at));
    match next {
        Some(at) => agenda::wake_task(world, id, at),
        None => {
            if let Some(task) = world.ecs.tasks.get_mut(id) {
                task.due = None;
            }
        }
    }
}

/// Something happens to a running task.
fn happen(world: &mut World, id: &str) {
    let Some(task) = world.ecs.tasks.get_mut(id) else { return };
    if task.ahead.is_empty() {
        return;
    }
    let (_, happening) = task.ahead.remove(0);
    match happening {
        Happening::Exit { container, code } => exit(world, id, &container, code),
        Happening::Healthy => {
            task.health = Health::Healthy;
            for one in &mut task.containers {
                one.health = Health::Healthy;
            }
            task.version += 1;
            if world.ecs.tasks.get(id).is_some_and(|task| load_balancing::is_healthy(world, task)) {
                counts(world, id);
            }
        }
        Happening::Counts => counts(world, id),
        Happening::Unhealthy => fail_health(world, id),
    }
    if world.ecs.tasks.get(id).is_some_and(|task| task.phase == Phase::Running) {
        wait_for_next(world, id);
    }
}

/// The task counts as healthy from now on.
pub(super) fn counts(world: &mut World, id: &str) {
    let Some(task) = world.ecs.tasks.get_mut(id) else { return };
    task.counted = true;
    task.version += 1;
    if let Some((key, deployment)) = task.service.clone().zip(task.deployment.clone()) {
        circuit_breaker::task_is_healthy(world, &key, &deployment);
        deployments::look_soon(world, &key);
    }
}

/// The task's own health checks have failed for good: a service replaces it.
fn fail_health(world: &mut World, id: &str) {
    let Some(task) = world.ecs.tasks.get_mut(id) else { return };
    task.health = Health::Unhealthy;
    task.version += 1;
    for one in &mut task.containers {
        one.health = Health::Unhealthy;
    }
    if let Some(key) = task.service.clone() {
        deployments::look_soon(world, &key);
    }
}

/// A container ends by itself; with an essential one the task ends.
pub(super) fn exit(world: &mut World, id: &str, name: &str, code: i32) {
    let Some(task) = world.ecs.tasks.get_mut(id) else { return };
    let Some(one) = task.containers.iter_mut().find(|one| one.name == name && one.status == ContainerStatus::Running)
    else {
        return;
    };
    end(one, code);
    let essential = one.essential;
    let all_ended = task.containers.iter().all(|one| one.status == ContainerStatus::Stopped);
    if essential || all_ended {
        stop(world, id, StopCode::EssentialContainerExited, "Essential container in task exited");
    }
}

fn end(container: &mut Container, code: i32) {
    container.status = ContainerStatus::Stopped;
    container.exit_code = Some(code);
}

/// Stops a task, whoever wants it; one that is stopping already goes on as it was. A target is deregistered, and has
/// drained before its containers are asked to end (developer guide, "Amazon ECS task lifecycle", DEACTIVATING).
pub(super) fn stop(world: &mut World, id: &str, code: StopCode, reason: &str) {
    let now = world.now;
    let Some(task) = world.ecs.tasks.get_mut(id) else { return };
    if task.stopping {
        return;
    }
    let failed = match code {
        StopCode::TaskFailedToStart | StopCode::EssentialContainerExited => !task.counted,
        StopCode::ServiceSchedulerInitiated => task.failing.is_some(),
        StopCode::UserInitiated | StopCode::TerminationNotice => false,
    };
    task.stopping = true;
    task.stop_code = Some(code);
    task.stopped_reason = Some(reason.to_owned());
    task.stopping_at = Some(now);
    task.ahead.clear();
    let was_running = task.phase == Phase::Running;
    let owner = task.service.clone().zip(task.deployment.clone());
    if was_running {
        servicediscovery::deregister(world, id);
        let drains = load_balancing::deregister(world, id);
        // Who has ended isn't waited for.
        let waits = if code == StopCode::EssentialContainerExited { 0 } else { drains };
        enter(world, id, Phase::Deactivating, DEACTIVATING.max(waits));
    } else {
        for one in &mut task.containers {
            one.status = ContainerStatus::Stopped;
        }
        task.execution_stopped_at = Some(now);
        enter(world, id, Phase::Deprovisioning, DEPROVISIONING);
    }
    if let Some((key, deployment)) = owner.filter(|_| failed) {
        circuit_breaker::task_failed(world, &key, &deployment);
    }
}

/// What the task ran on is gone, and the task with it, at once.
pub(super) fn lose(world: &mut World, id: &str, code: StopCode, reason: &str) {
    stop(world, id, code, reason);
    if let Some(task) = world.ecs.tasks.get_mut(id) {
        task.containers.iter_mut().filter(|one| one.status == ContainerStatus::Running).for_each(|one| end(one, 137));
        task.execution_stopped_at = Some(world.now);
    }
    finish(world, id);
}

/// The containers that still run end with success, as a process does that heeds SIGTERM.
fn end_containers(world: &mut World, id: &str) {
    let now = world.now;
    if let Some(task) = world.ecs.tasks.get_mut(id) {
        task.execution_stopped_at = Some(now);
        task.containers.iter_mut().filter(|one| one.status == ContainerStatus::Running).for_each(|one| end(one, 0));
    }
    enter(world, id, Phase::Deprovisioning, DEPROVISIONING);
}

/// The task's network interface and volumes go, and the task is stopped.
fn finish(world: &mut World, id: &str) {
    let now = world.now;
    let Some(task) = world.ecs.tasks.get_mut(id) else { return };
    task.stopped_at = Some(now);
    let stopped = task.clone();
    let eni = task.attachment.as_ref().and_then(|attachment| attachment.eni.as_ref()).map(|eni| eni.id.clone());
    let service = task.service.clone();
    if let Some(eni) = eni {
        ec2::delete_eni(world, &eni);
        world.ecs.interfaces.remove(&eni);
    }
    ebs::delete(world, &stopped);
    enter(world, id, Phase::Stopped, REMEMBERED);
    if let Some(service) = service.and_then(|key| world.ecs.services.get_mut(&key)) {
        service.tasks.remove(id);
    }
    if let Some(host) = stopped.host {
        instances::task_has_stopped(world, &host.instance);
    }
}
