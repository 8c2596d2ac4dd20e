//! The kinds of objects that are reconciled, and what the reconcile needs to know of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::{Resource, ResourceExt};
use longshore_crds::ecs_service::{EcsServiceStatus, ServiceLoadBalancer};
use longshore_crds::ecs_task::RunStatus;
use longshore_crds::ecs_task_trigger::TriggeredRun;
use longshore_crds::status::OwnerStatus;
use longshore_crds::task_definition::Volume;
use longshore_crds::{
    ApplicationLoadBalancer, ApplicationLoadBalancerStatus, EcsCluster, EcsClusterStatus, EcsService, EcsTask,
    EcsTaskStatus, EcsTaskTrigger, EcsTaskTriggerStatus, EfsFileSystem, EfsFileSystemStatus, Managed,
};
use longshore_planner::desired::{
    Desired, Facts, Memory, Obstacle, Reference, References, Scope, Times, application_load_balancer, as_service,
    as_task, ecs_cluster, ecs_service, ecs_task, ecs_task_trigger, efs_file_system, let_balancers_in,
    let_instances_mount, mounts_in_aws, records_of_gone, retained_by, task_policy, tracked_by,
};
use longshore_planner::engine::{Graph, Id, World};
use longshore_planner::one_off::{Attempt, Next, Policy};
use longshore_planner::report::{
    Pace, RolledBack, fill_cluster, fill_file_system, fill_load_balancer, fill_service, fill_task, fill_trigger,
    outdated_service, overdue_service, service_id,
};
use longshore_planner::triggered::is_under_way;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kubernetes::{Stores, mount_of};
use crate::references::{references, runs_spec_of, task_source};

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ObjectKind {
    AwsEnvironment,
    EcsCluster,
    EcsService,
    ApplicationLoadBalancer,
    EfsFileSystem,
    EcsTask,
    EcsTaskTrigger,
}

impl ObjectKind {
    /// As users write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AwsEnvironment => "AwsEnvironment",
            Self::EcsCluster => "EcsCluster",
            Self::EcsService => "EcsService",
            Self::ApplicationLoadBalancer => "ApplicationLoadBalancer",
            Self::EfsFileSystem => "EfsFileSystem",
            Self::EcsTask => "EcsTask",
            Self::EcsTaskTrigger => "EcsTaskTrigger",
        }
    }
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) kind: ObjectKind,
    /// Empty for an AwsEnvironment.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    /// The key of an object.
    pub(crate) fn of(kind: ObjectKind, object: &impl ResourceExt) -> Self {
        Self { kind, namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
    }

    /// As kubectl takes it: `ecsservice hello --namespace shop`.
    pub(crate) fn in_kubectl(&self) -> String {
        let kind = self.kind.name().to_ascii_lowercase();
        if self.namespace.is_empty() {
            format!("{kind} {}", self.name)
        } else {
            format!("{kind} {} --namespace {}", self.name, self.namespace)
        }
    }

    /// As Events refer to it.
    pub(crate) fn reference(&self) -> ObjectReference {
        ObjectReference {
            api_version: Some(format!("{}/{}", longshore_crds::GROUP, longshore_crds::VERSION)),
            kind: Some(self.kind.name().to_owned()),
            namespace: Some(self.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            name: Some(self.name.clone()),
            ..ObjectReference::default()
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{}/{}", self.kind.name(), self.name)
        } else {
            write!(f, "{}/{}/{}", self.kind.name(), self.namespace, self.name)
        }
    }
}

/// What a status tells beside what was seen in AWS.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    /// The revision that the spec asks for was rolled back.
    pub(crate) rolled_back: Option<&'a RolledBack>,
    /// Who uses the object.
    pub(crate) users: &'a [Key],
    /// By what the progress of its rollout is judged.
    pub(crate) pace: Pace,
}

impl Beside<'_> {
    /// Those who use the object, as `namespace/name`.
    fn user_names(&self) -> Vec<String> {
        self.users.iter().map(|key| format!("{}/{}", key.namespace, key.name)).collect()
    }
}

/// A namespaced object that owns things in AWS.
pub(crate) trait Object:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + fmt::Debug
    + DeserializeOwned
    + Serialize
    + Send
    + Sync
    + 'static
{
    const KIND: ObjectKind;
    /// Whether the sweep looks after it once it has converged; else it comes back by itself.
    const SWEPT: bool = true;
    type Status: OwnerStatus + Clone + PartialEq + Serialize + Send + Sync;

    fn managed(&self) -> &(dyn Managed + Sync);
    fn status(&self) -> Option<&Self::Status>;
    /// The spec's `restartedAt`, where it has one.
    fn restarted_at(&self) -> Option<&str> {
        None
    }
    /// The spec's `progressDeadlineSeconds`, where it has one.
    fn progress_deadline_seconds(&self) -> Option<i32> {
        None
    }
    /// Since when a rollout has come no further, by what the status tells, if that is longer ago than it may be.
    fn overdue(_status: &Self::Status, _now: Timestamp) -> Option<String> {
        None
    }
    /// The keys of what stays in AWS when it is wanted no more.
    fn retained(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
    /// The object as resources, as far as facts and other objects allow.
    fn desired(&self, scope: &Scope, facts: &Facts, stores: &Stores, memory: &Memory) -> Result<Desired, Obstacle>;
    /// The objects that use this one: it is not deleted before they are.
    fn users(&self, _stores: &Stores) -> Vec<Key> {
        vec![]
    }
    /// What was seen and is older than what the status tells already, and why: it says nothing.
    fn outdated(&self, _graph: &Graph, _world: &World, _now: Timestamp) -> Option<(Id, String)> {
        None
    }
    /// Whether the status tells what was seen; how a rollout goes is told by the turns that it causes.
    fn tells(&self, graph: &Graph, world: &World, users: &[Key]) -> bool {
        let mut told = self.status().cloned().unwrap_or_default();
        Self::fill(&mut told, graph, world, &Beside { users, ..Beside::default() });
        self.status() == Some(&told)
    }
    /// What its tasks are judged by, of an object that runs some to their end.
    fn run_policy(&self) -> Option<Policy> {
        None
    }
    /// The service, in the same namespace, whose present spec a task runs to its end.
    fn runs_spec_of(&self) -> Option<&str> {
        None
    }
    /// Whether resources of its own are made for a task that runs to its end.
    fn has_template(&self) -> bool {
        false
    }
    /// The tasks that its status tells of.
    fn told_runs(&self) -> &[RunStatus] {
        &[]
    }
    /// The cluster that its status says they are in.
    fn told_cluster(&self) -> Option<String> {
        None
    }
    /// When the object goes by itself, once they have ended.
    fn goes_at(&self) -> Option<Timestamp> {
        None
    }
    /// Tells how far they are.
    fn tell_run(_: &mut Self::Status, _: Option<&Attempt>, _: &[RunStatus], _: &Next, _: Timestamp) {}
    /// The tasks that AWS started for it, as its status tells of them.
    fn triggered(&self) -> &[TriggeredRun] {
        &[]
    }
    /// Tells of them.
    fn tell_triggered(_: &mut Self::Status, _: Vec<TriggeredRun>) {}
    /// When there is something to see of it again, by what its status tells.
    fn due_at(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }
    /// What the status tells of this kind beside conditions.
    fn fill(status: &mut Self::Status, graph: &Graph, world: &World, beside: &Beside<'_>);
}

impl Object for EcsCluster {
    const KIND: ObjectKind = ObjectKind::EcsCluster;
    type Status = EcsClusterStatus;

    fn managed(&self) -> &(dyn Managed + Sync) {
        &self.spec
    }

    fn status(&self) -> Option<&Self::Status> {
        self.status.as_ref()
    }

    fn desired(&self, scope: &Scope, facts: &Facts, stores: &Stores, memory: &Memory) -> Result<Desired, Obstacle> {
        let cluster = ecs_cluster(scope, &self.spec, facts, memory)?;
        if self.spec.ec2_capacity.is_empty() {
            return Ok(cluster);
        }
        let cluster = let_balancers_in(cluster, scope, &self.spec, &stores.balancer_access(self, scope))?;
        let lost = self.status.as_ref().is_none_or(|status| status.resources.is_empty());
        let found = if lost { mounts_in_aws(scope, facts)? } else { BTreeSet::new() };
        let mounts = stores.mount_access(self, scope, &found);
        Ok(let_instances_mount(cluster, scope, &self.spec, &mounts, &found)?)
    }

    fn users(&self, stores: &Stores) -> Vec<Key> {
        stores.users_of_cluster(&Key::of(Self::KIND, self))
    }

    fn fill(status: &mut Self::Status, graph: &Graph, world: &World, _: &Beside<'_>) {
        fill_cluster(status, graph, world);
    }
}

impl Object for EcsService {
    const KIND: ObjectKind = ObjectKind::EcsService;
    type Status = EcsServiceStatus;

    fn managed(&self) -> &(dyn Managed + Sync) {
        &self.spec
    }

    fn status(&self) -> Option<&Self::Status> {
        self.status.as_ref()
    }

    fn restarted_at(&self) -> Option<&str> {
        self.spec.restarted_at.as_deref()
    }

    fn users(&self, stores: &Stores) -> Vec<Key> {
        stores.users_of_service(&Key::of(Self::KIND, self))
    }

    fn progress_deadline_seconds(&self) -> Option<i32> {
        self.spec.progress_deadline_seconds
    }

    fn overdue(status: &Self::Status, now: Timestamp) -> Option<String> {
        overdue_service(status, now)
    }

    fn retained(&self) -> BTreeSet<String> {
        retained_by(&self.spec)
    }

    fn desired(&self, scope: &Scope, facts: &Facts, stores: &Stores, memory: &Memory) -> Result<Desired, Obstacle> {
        let references = references(self, scope, stores);
        if self.metadata.deletion_timestamp.is_none() {
            return ecs_service(scope, &self.spec, facts, &references, memory);
        }
        // What is behind a load balancer that is no more went with it, but for names that lead there.
        let mut spec = self.spec.clone();
        let (known, gone) = spec.load_balancers.into_iter().partition(|entry| {
            let reference = references.listeners.get(&entry.name);
            entry.target_group_arn.is_some() || reference.is_some_and(|reference| reference.ready().is_some())
        });
        spec.load_balancers = known;
        let gone: Vec<ServiceLoadBalancer> = gone;
        // What its environment has opened for it is not its own.
        spec.network_configuration.iter_mut().for_each(|network| network.access.clear());
        // Nor does it mount again what is no more.
        spec.task.volumes.iter_mut().for_each(|volume| forget_unknown(volume, &scope.namespace, &references));
        let mut desired = ecs_service(scope, &spec, facts, &references, memory)?;
        records_of_gone(&mut desired.graph, &gone)?;
        Ok(desired)
    }

    fn outdated(&self, graph: &Graph, world: &World, now: Timestamp) -> Option<(Id, String)> {
        let why = outdated_service(self.status.as_ref()?, graph, world, now)?;
        Some((service_id(graph)?.clone(), why))
    }

    fn tells(&self, graph: &Graph, world: &World, _: &[Key]) -> bool {
        let Some(status) = &self.status else { return false };
        let mut told = status.clone();
        fill_service(&mut told, graph, world, None, Pace::default());
        // Some of it takes reads that a glance spares itself.
        told.deployment.clone_from(&status.deployment);
        told == *status
    }

    fn fill(status: &mut Self::Status, graph: &Graph, world: &World, beside: &Beside<'_>) {
        fill_service(status, graph, world, beside.rolled_back, beside.pace);
    }
}

/// A volume of which nobody knows any more what it is.
fn forget_unknown(volume: &mut Volume, namespace: &str, references: &References) {
    let Some((key, point)) = mount_of(volume, namespace) else { return };
    let known = references.file_systems.get(&(key.namespace, key.name)).and_then(Reference::ready);
    let has = |name: &String| known.is_some_and(|known| known.access_points.get(name).is_some_and(Option::is_some));
    if known.is_none() || !point.is_none_or(has) {
        volume.efs_volume_configuration = None;
    }
}

impl Object for ApplicationLoadBalancer {
    const KIND: ObjectKind = ObjectKind::ApplicationLoadBalancer;
    type Status = ApplicationLoadBalancerStatus;

    fn managed(&self) -> &(dyn Managed + Sync) {
        &self.spec
    }

    fn status(&self) -> Option<&Self::Status> {
        self.status.as_ref()
    }

    fn desired(&self, scope: &Scope, facts: &Facts, _: &Stores, _: &Memory) -> Result<Desired, Obstacle> {
        application_load_balancer(scope, &self.spec, facts)
    }

    fn users(&self, stores: &Stores) -> Vec<Key> {
        stores.services_behind(&Key::of(Self::KIND, self))
    }

    fn fill(status: &mut Self::Status, graph: &Graph, world: &World, beside: &Beside<'_>) {
        fill_load_balancer(status, graph, world, &beside.user_names());
    }
}

impl Object for EfsFileSystem {
    const KIND: ObjectKind = ObjectKind::EfsFileSystem;
    type Status = EfsFileSystemStatus;

    fn managed(&self) -> &(dyn Managed + Sync) {
        &self.spec
    }

    fn status(&self) -> Option<&Self::Status> {
        self.status.as_ref()
    }

    fn desired(&self, scope: &Scope, facts: &Facts, stores: &Stores, _: &Memory) -> Result<Desired, Obstacle> {
        let going = self.metadata.deletion_timestamp.is_some();
        let in_use = if going { BTreeMap::new() } else { stores.access_points_in_use(self) };
        efs_file_system(scope, &self.spec, facts, &in_use)
    }

    fn users(&self, stores: &Stores) -> Vec<Key> {
        stores.users_of_file_system(&Key::of(Self::KIND, self))
    }

    fn fill(status: &mut Self::Status, graph: &Graph, world: &World, beside: &Beside<'_>) {
        fill_file_system(status, graph, world, &beside.user_names());
    }
}

impl Object for EcsTask {
    const KIND: ObjectKind = ObjectKind::EcsTask;
    type Status = EcsTaskStatus;

    fn managed(&self) -> &(dyn Managed + Sync) {
        &self.spec
    }

    fn status(&self) -> Option<&Self::Status> {
        self.status.as_ref()
    }

    fn desired(&self, scope: &Scope, facts: &Facts, stores: &Stores, memory: &Memory) -> Result<Desired, Obstacle> {
        let mut service = EcsService { metadata: self.metadata.clone(), spec: as_service(&self.spec), status: None };
        let references = references(&service, scope, stores);
        let mut spec = self.spec.clone();
        if self.metadata.deletion_timestamp.is_some() {
            // It does not mount again what is no more.
            service.spec.task.volumes.iter_mut().for_each(|it| forget_unknown(it, &scope.namespace, &references));
            spec.task = spec.task.map(|_| service.spec.task);
        }
        let source = task_source(self, scope, stores);
        ecs_task(scope, &spec, facts, &references, source.as_ref(), memory, tracked(self))
    }

    fn runs_spec_of(&self) -> Option<&str> {
        runs_spec_of(self)
    }

    fn has_template(&self) -> bool {
        self.spec.task.is_some()
    }

    fn run_policy(&self) -> Option<Policy> {
        Some(task_policy(&self.spec))
    }

    fn told_runs(&self) -> &[RunStatus] {
        self.status.as_ref().map(|status| status.tasks.as_slice()).unwrap_or_default()
    }

    fn told_cluster(&self) -> Option<String> {
        self.status.as_ref()?.cluster_arn.clone()
    }

    fn goes_at(&self) -> Option<Timestamp> {
        let ttl = self.spec.ttl_seconds_after_finished.filter(|_| tracked(self).is_none())?;
        let ended = self.status.as_ref()?.completion_time.as_ref()?.0;
        ended.checked_add(SignedDuration::from_secs(ttl)).ok()
    }

    fn tell_run(
        status: &mut Self::Status,
        attempt: Option<&Attempt>,
        records: &[RunStatus],
        next: &Next,
        now: Timestamp,
    ) {
        fill_task(status, attempt, records, next, now);
    }

    fn fill(_: &mut Self::Status, _: &Graph, _: &World, _: &Beside<'_>) {}
}

/// How long after the time of a run there is something to see of it: Scheduler starts within a minute of the time (user guide,
/// "Schedule types in EventBridge Scheduler").
const SEEN_AFTER: SignedDuration = SignedDuration::from_secs(75);
/// How often a run that has not ended is looked at.
const RUNS: SignedDuration = SignedDuration::from_secs(30);
/// How often it is looked whether an event has started something: ECS tells of a task for an hour after it has stopped.
const EVENTS: SignedDuration = SignedDuration::from_mins(2);

impl Object for EcsTaskTrigger {
    const KIND: ObjectKind = ObjectKind::EcsTaskTrigger;
    /// What it started is seen by its own turns only, since ECS forgets a task in an hour.
    const SWEPT: bool = false;
    type Status = EcsTaskTriggerStatus;

    fn managed(&self) -> &(dyn Managed + Sync) {
        &self.spec
    }

    fn status(&self) -> Option<&Self::Status> {
        self.status.as_ref()
    }

    fn desired(&self, scope: &Scope, facts: &Facts, stores: &Stores, memory: &Memory) -> Result<Desired, Obstacle> {
        let going = self.metadata.deletion_timestamp.is_some();
        let task = EcsTask { metadata: self.metadata.clone(), spec: as_task(&self.spec), status: None };
        let mut service = EcsService { metadata: self.metadata.clone(), spec: as_service(&task.spec), status: None };
        let references = references(&service, scope, stores);
        let mut spec = self.spec.clone();
        if going {
            // It does not mount again what is no more.
            service.spec.task.volumes.iter_mut().for_each(|it| forget_unknown(it, &scope.namespace, &references));
            spec.task = spec.task.map(|_| service.spec.task);
        }
        let source = task_source(&task, scope, stores);
        // What goes is looked for whatever its times say.
        let made = self.metadata.creation_timestamp.as_ref().filter(|_| !going).map(|made| made.0);
        let times = Times { made, now: stores.clock.timestamp() };
        ecs_task_trigger(scope, &spec, facts, &references, source.as_ref(), memory, times)
    }

    fn triggered(&self) -> &[TriggeredRun] {
        self.status.as_ref().map(|status| status.last_runs.as_slice()).unwrap_or_default()
    }

    fn tell_triggered(status: &mut Self::Status, runs: Vec<TriggeredRun>) {
        status.last_runs = runs;
    }

    fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.triggered().iter().any(is_under_way) {
            return now.checked_add(RUNS).ok();
        }
        if self.spec.event.is_some() && self.spec.suspend != Some(true) {
            return now.checked_add(EVENTS).ok();
        }
        let next: Timestamp = self.status.as_ref()?.next_run.as_ref()?.parse().ok()?;
        next.checked_add(SEEN_AFTER).ok()
    }

    fn fill(status: &mut Self::Status, graph: &Graph, world: &World, beside: &Beside<'_>) {
        fill_trigger(status, graph, world, beside.pace.now);
    }
}

/// What of an object says that something in Git makes it again.
fn tracked(task: &EcsTask) -> Option<&'static str> {
    tracked_by(task.labels(), task.annotations())
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_planner::engine::{Seen, Thing};
    use longshore_planner::kinds::ecs::cluster::{Cluster, ClusterDetail, ClusterOutput};
    use serde_json::json;

    fn seen(running_tasks: i32) -> (Graph, World) {
        let value = Cluster { name: "main".to_owned(), ..Cluster::default() };
        let mut graph = Graph::default();
        let id = graph.add("cluster", value.clone(), "spec", &[]).unwrap().id;
        let detail = ClusterDetail { status: "ACTIVE".to_owned(), running_tasks, ..ClusterDetail::default() };
        let seen = Seen { detail: json!(detail), ..Seen::active(value) }.with_output(ClusterOutput::Arn, "arn");
        (graph, World { things: [(id, Thing::erase(seen).unwrap())].into(), ..World::default() })
    }

    #[test]
    fn a_status_that_counts_otherwise_is_out_of_date() {
        let (graph, world) = seen(2);
        let mut status = EcsClusterStatus::default();
        EcsCluster::fill(&mut status, &graph, &world, &Beside::default());
        let object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster", "metadata": {"name": "main"}, "spec": {},
            "status": status,
        });
        let object: EcsCluster = serde_json::from_value(object).unwrap();
        assert!(object.tells(&graph, &world, &[]));
        assert!(!object.tells(&graph, &seen(3).1, &[]));
    }
}
