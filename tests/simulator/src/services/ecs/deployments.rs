//! Deployments, and the service scheduler that moves tasks from one to the next over time.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::clock::wire_time;
use crate::services::ecs::instances::Placement;
use crate::services::ecs::launch::{self, Order, Refusal};
use crate::services::ecs::rolling::{self, Bounds, Moves, Seen, Stands};
use crate::services::ecs::service_config::Revision;
use crate::services::ecs::service_deployments::{self as records, revision_arn};
use crate::services::ecs::services::{Service, Status, tasks};
use crate::services::ecs::shifting::{self, Groups, Shift};
use crate::services::ecs::tags::Tags;
use crate::services::ecs::tasks::{Phase, StopCode, Task};
use crate::services::ecs::{
    agenda, alarms, circuit_breaker, connect, events, failing, instances, lifecycle, task_definitions,
};
use crate::world::World;

/// How soon the scheduler acts on a change, in milliseconds.
const REACTION: i64 = 1_000;

/// How long the scheduler waits after a launch that was refused (seen of the real one when a role couldn't be
/// assumed yet), in milliseconds.
pub(super) const RELAUNCH: i64 = 30_000;

/// How a deployment stands (API reference, `Deployment.rolloutState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// One deployment of a service.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Deployment {
    /// `ecs-svc/` and a number, which is its service revision's too.
    pub(super) id: String,
    pub(super) revision: Revision,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) failed_tasks: u32,
    pub(super) state: Rollout,
    pub(super) reason: String,
    /// It doesn't complete before this time: a rollback takes its while.
    pub(super) settles_at: i64,
    /// The alarms that it is watched by.
    pub(super) alarms: Vec<String>,
    /// Until when it is watched once its tasks run.
    pub(super) bakes_until: Option<i64>,
    /// Where its tasks are registered.
    pub(super) groups: Groups,
    /// How far it has shifted the traffic, where it does that and is under way.
    pub(super) shift: Option<Shift>,
}

impl Deployment {
    /// As `DescribeServices` shows it.
    pub(super) fn view(&self, world: &World, service: &Service) -> Value {
        let primary = service.primary().is_some_and(|primary| primary.id == self.id);
        let own = || tasks(world, service).filter(|task| task.deployment.as_ref() == Some(&self.id));
        let wanted = if primary {
            usize::try_from(service.desired).unwrap_or_default()
        } else {
            own().filter(|task| !task.stopping).count()
        };
        let mut view = json!({
            "id": self.id,
            "status": if primary { "PRIMARY" } else { "ACTIVE" },
            "desiredCount": wanted,
            "pendingCount": own().filter(|task| task.is_pending()).count(),
            "runningCount": own().filter(|task| task.is_running()).count(),
            "failedTasks": self.failed_tasks,
            "createdAt": wire_time(self.created_at),
            "updatedAt": wire_time(self.updated_at),
            "rolloutState": self.state,
            "rolloutStateReason": self.reason,
        });
        if let Some(members) = view.as_object_mut() {
            members.extend(self.revision.view());
            let reported = ["serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"];
            let attached = self.revision.attached.iter().filter(|(member, _)| reported.contains(&member.as_str()));
            members.extend(attached.map(|(member, value)| (member.clone(), value.clone())).collect::<Map<_, _>>());
            let key = format!("{}/{}", service.cluster, service.name);
            let resources = connect::resources(world, &self.revision.attached, &key);
            members.extend(resources.map(|resources| ("serviceConnectResources".to_owned(), resources)));
        }
        view
    }
}

/// Starts a deployment of the service's revision.
pub(super) fn start(world: &mut World, key: &str) {
    let number = world.ids.decimal(19);
    let now = world.now;
    let alarms = world.ecs.services.get(key).map(|service| alarms::watched(world, service)).unwrap_or_default();
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    let id = format!("ecs-svc/{number}");
    let reason = format!("ECS deployment {id} in progress.");
    let revision = service.revision.clone();
    let state = Rollout::InProgress;
    let before = service.last_completed.as_ref().map(|last| &last.groups);
    let groups = shifting::groups(&revision, service.configuration.shifts(), before);
    let deployment = Deployment {
        id,
        revision,
        created_at: now,
        updated_at: now,
        failed_tasks: 0,
        state,
        reason,
        settles_at: now,
        alarms,
        bakes_until: None,
        groups,
        shift: None,
    };
    service.deployments.insert(0, deployment);
    service.failed_rounds = 0;
    service.launch_after = now;
    service.steady = false;
    connect::offer(world, key);
    records::open(world, key);
    shifting::begin(world, key);
    look_soon(world, key);
}

/// The service has changed without a new deployment.
pub(super) fn touch(world: &mut World, key: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    if let Some(primary) = service.deployments.first_mut() {
        primary.updated_at = now;
    }
    look_soon(world, key);
}

/// The scheduler looks at the service a moment from now.
pub(super) fn look_soon(world: &mut World, key: &str) {
    let at = world.now + REACTION;
    agenda::wake_service(world, key, at);
}

/// Stops what a deleted service has.
pub(super) fn drain(world: &mut World, key: &str) {
    records::supersede(world, key, "Service deployment stopped because the service was deleted.");
    let Some(service) = world.ecs.services.get(key) else { return };
    let live: Vec<String> = tasks(world, service).filter(|task| !task.stopping).map(|task| task.id.clone()).collect();
    stop_tasks(world, key, &live);
    look_soon(world, key);
}

/// The scheduler looks at a service.
pub(super) fn wake(world: &mut World, key: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    if service.wake_at.is_none_or(|at| at > now) {
        return;
    }
    service.wake_at = None;
    match service.status {
        Status::Active => schedule(world, key),
        Status::Draining => finish_draining(world, key),
        Status::Inactive => {}
    }
}

/// INACTIVE once every task is at least STOPPING: network interfaces outlive the service.
fn finish_draining(world: &mut World, key: &str) {
    let Some(service) = world.ecs.services.get(key) else { return };
    let drained = tasks(world, service).all(|task| task.phase >= Phase::Stopping);
    if let Some(service) = world.ecs.services.get_mut(key).filter(|_| drained) {
        service.status = Status::Inactive;
        service.deployments.clear();
        connect::withdraw(world, key);
    }
}

fn schedule(world: &mut World, key: &str) {
    count_daemons(world, key);
    failing::judge(world, key);
    alarms::judge(world, key);
    let Some(service) = world.ecs.services.get(key) else { return };
    if shifting::is_under_way(service) {
        return shifting::schedule(world, key);
    }
    let Some(primary) = service.primary() else { return };
    let failed = primary.state == Rollout::Failed;
    let primary = primary.id.clone();
    let (ours, old) = seen(world, service, &primary);
    let configuration = &service.configuration;
    let bounds = Bounds::of(service.desired, configuration.minimum_healthy_percent, configuration.maximum_percent);
    let Moves { start, stop } =
        if failed { rolling::moves_when_failed(bounds, &ours, &old) } else { rolling::moves(bounds, &ours, &old) };
    stop_tasks(world, key, &stop);
    launch_when_due(world, key, &primary, start);
    settle(world, key);
}

/// A daemon service wants as many tasks as there are instances for it.
fn count_daemons(world: &mut World, key: &str) {
    let Some(service) = world.ecs.services.get(key).filter(|service| service.daemon) else { return };
    let Some(definition) = task_definitions::find(world, &service.revision.task_definition) else { return };
    let count = instances::daemons(world, &service.cluster, &placement(service), definition);
    if let Some(service) = world.ecs.services.get_mut(key) {
        service.desired = count;
    }
}

fn placement(service: &Service) -> Placement {
    let given = Placement::of(|member| service.plain.get(member).cloned());
    Placement { one_each: service.daemon, ..given }
}

/// Launches so many tasks of a deployment, now or when the service may launch again.
pub(super) fn launch_when_due(world: &mut World, key: &str, deployment: &str, count: usize) {
    let Some(service) = world.ecs.services.get(key).filter(|_| count > 0) else { return };
    let launch_after = service.launch_after;
    if world.now >= launch_after {
        launch_tasks(world, key, deployment, count);
    } else {
        agenda::wake_service(world, key, launch_after);
    }
}

/// The service's tasks that aren't stopping: one deployment's, and all others'; the oldest first.
pub(super) fn seen(world: &World, service: &Service, primary: &str) -> (Vec<Seen>, Vec<Seen>) {
    let failed = |id: &Option<String>| {
        service
            .deployments
            .iter()
            .any(|deployment| Some(&deployment.id) == id.as_ref() && deployment.state == Rollout::Failed)
    };
    let mut live: Vec<&Task> = tasks(world, service).filter(|task| !task.stopping).collect();
    live.sort_by_key(|task| task.created_at);
    let (mut ours, mut old) = (Vec::new(), Vec::new());
    for task in live {
        let seen = Seen { id: task.id.clone(), stands: stands(world, task), failed: failed(&task.deployment) };
        if task.deployment.as_deref() == Some(primary) { ours.push(seen) } else { old.push(seen) }
    }
    (ours, old)
}

fn stands(world: &World, task: &Task) -> Stands {
    if task.is_running() && task.failing.is_none() && instances::is_leaving(world, task) {
        return Stands::Leaving;
    }
    match (task.is_running(), &task.failing) {
        (false, _) => Stands::Pending,
        (true, Some(_)) => Stands::Failing,
        (true, None) if task.counted => Stands::Healthy,
        (true, None) => Stands::Running,
    }
}

pub(super) fn stop_tasks(world: &mut World, key: &str, ids: &[String]) {
    if ids.is_empty() {
        return;
    }
    for id in ids {
        let task = world.ecs.tasks.get(id);
        let deployment = task.and_then(|task| task.deployment.clone()).unwrap_or_default();
        let reason = match task.and_then(|task| task.failing.as_ref()) {
            Some(failing) => failing.reason(),
            None => format!("Scaling activity initiated by (deployment {deployment})"),
        };
        lifecycle::stop(world, id, StopCode::ServiceSchedulerInitiated, &reason);
    }
    if let Some(service) = world.ecs.services.get_mut(key) {
        service.steady = false;
    }
    events::add(world, key, &format!("has stopped {} running tasks: {}.", ids.len(), events::name_tasks(ids)));
}

fn launch_tasks(world: &mut World, key: &str, deployment: &str, count: usize) {
    let mut launched = Vec::new();
    let mut refused = None;
    for _ in 0..count {
        let Some(order) = order(world, key, deployment) else { break };
        match launch::launch(world, &order) {
            Ok(id) => {
                if let Some(service) = world.ecs.services.get_mut(key) {
                    service.tasks.insert(id.clone());
                    service.steady = false;
                }
                launched.push(id);
            }
            Err(refusal) => {
                refused = Some(refusal);
                break;
            }
        }
    }
    if !launched.is_empty() {
        events::add(world, key, &format!("has started {} tasks: {}.", launched.len(), events::name_tasks(&launched)));
    }
    if let Some(refusal) = refused {
        tell_refusal(world, key, &refusal);
    }
}

/// A launch was refused: the service says so, and tries again later.
fn tell_refusal(world: &mut World, key: &str, refusal: &Refusal) {
    let guide = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
    let text = match refusal {
        Refusal::Role(reason) => format!("failed to launch a task with (error {reason})."),
        Refusal::Capacity => format!(
            "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different \
             availability zone. {guide}"
        ),
        Refusal::Unplaced(shortfall) => format!("{} {guide}", shortfall.event()),
    };
    events::add(world, key, &text);
    let later = world.now + RELAUNCH;
    let primary = world.ecs.services.get(key).and_then(Service::primary).map(|primary| primary.id.clone());
    if let Some(primary) = primary.filter(|_| matches!(refusal, Refusal::Role(_))) {
        circuit_breaker::task_failed(world, key, &primary);
    }
    if let Some(service) = world.ecs.services.get_mut(key) {
        service.launch_after = service.launch_after.max(later);
        let at = service.launch_after;
        agenda::wake_service(world, key, at);
    }
}

/// One more task of a deployment.
fn order(world: &World, key: &str, deployment: &str) -> Option<Order> {
    let service = world.ecs.services.get(key)?;
    let own = service.deployments.iter().find(|one| one.id == deployment)?;
    let running = |provider: &str| {
        let of_it =
            tasks(world, service).filter(|task| !task.stopping && task.capacity_provider.as_deref() == Some(provider));
        u32::try_from(of_it.count()).unwrap_or(u32::MAX)
    };
    Some(Order {
        cluster: service.cluster.clone(),
        definition: own.revision.task_definition.clone(),
        group: format!("service:{}", service.name),
        service: Some(key.to_owned()),
        deployment: Some(own.id.clone()),
        started_by: Some(own.id.clone()),
        launch_type: own.revision.launch_type_of_tasks(world),
        capacity_provider: own.revision.next_provider(running),
        network: own.revision.network.clone(),
        placement: placement(service),
        overrides: json!({}),
        enable_execute_command: service.enable_execute_command,
        tags: task_tags(world, service, &own.revision.task_definition),
    })
}

/// The tags that a service's task starts with.
fn task_tags(world: &World, service: &Service, definition: &str) -> Tags {
    let mut tags = match service.propagate_tags.as_str() {
        "SERVICE" => service.tags.clone(),
        "TASK_DEFINITION" => {
            task_definitions::find(world, definition).map(|found| found.tags.clone()).unwrap_or_default()
        }
        _ => Tags::new(),
    };
    if service.enable_managed_tags {
        tags.insert("aws:ecs:clusterName".to_owned(), service.cluster.clone());
        tags.insert("aws:ecs:serviceName".to_owned(), service.name.clone());
    }
    tags
}

/// Says so when the deployment has completed, or the service is steady again.
fn settle(world: &mut World, key: &str) {
    let Some(service) = world.ecs.services.get(key) else { return };
    let Some(primary) = service.primary() else { return };
    let wanted = usize::try_from(service.desired).unwrap_or_default();
    let own: Vec<&Task> = tasks(world, service).filter(|task| !task.has_ended()).collect();
    let ours = own
        .iter()
        .filter(|task| {
            task.deployment.as_ref() == Some(&primary.id) && !task.stopping && task.counted && task.failing.is_none()
        })
        .count();
    let there = ours == wanted && own.len() == wanted;
    if !there || primary.state == Rollout::Failed {
        return;
    }
    let settles_at = primary.settles_at;
    if primary.state == Rollout::InProgress {
        let now = world.now;
        let primary = world.ecs.services.get_mut(key).and_then(|service| service.deployments.first_mut());
        let baked = primary.and_then(|primary| alarms::bakes_until(primary, now));
        let settles_at = settles_at.max(baked.unwrap_or(settles_at));
        if now < settles_at {
            return agenda::wake_service(world, key, settles_at);
        }
        complete(world, key);
    }
    if world.ecs.services.get(key).is_some_and(|service| !service.steady) {
        if let Some(service) = world.ecs.services.get_mut(key) {
            service.steady = true;
        }
        events::add(world, key, "has reached a steady state.");
    }
}

pub(super) fn complete(world: &mut World, key: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    service.deployments.truncate(1);
    let Some(primary) = service.deployments.first_mut() else { return };
    primary.state = Rollout::Completed;
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated_at = now;
    let id = primary.id.clone();
    service.last_completed = Some(primary.clone());
    connect::withdraw(world, key);
    events::add(world, key, &format!("(deployment {id}) deployment completed."));
    records::succeed(world, key);
}

/// What runs of each revision, as `DescribeServices` shows it.
pub(super) fn revision_summaries(world: &World, service: &Service) -> Value {
    let summary = |deployment: &Deployment| {
        let view = deployment.view(world, service);
        json!({
            "arn": revision_arn(world, service, &deployment.id),
            "requestedTaskCount": view.get("desiredCount"),
            "runningTaskCount": view.get("runningCount"),
            "pendingTaskCount": view.get("pendingCount"),
        })
    };
    service.deployments.iter().map(summary).collect()
}
