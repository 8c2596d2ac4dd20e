//! Watches: every change becomes a turn in the queue, for the object and for those that depend on it. Of the first list
//! after a start, objects that say that they have converged are left to the sweep, which begins then.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Namespace;
use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Client, Resource, ResourceExt};
use longshore_crds::aws_environment::AccessStatus;
use longshore_crds::status::ConditionedStatus;
use longshore_crds::{
    ApplicationLoadBalancer, ApplicationLoadBalancerStatus, AwsEnvironmentStatus, EcsCluster, EcsClusterStatus,
    EcsService, EcsServiceStatus, EcsTask, EcsTaskTrigger, EfsFileSystem, EfsFileSystemStatus,
};
use longshore_planner::caution::{ALLOW_DELETIONS_UNTIL, PAUSED_UNTIL};
use longshore_planner::desired::Opening;
use longshore_planner::one_off::ATTEMPT;
use serde::de::DeserializeOwned;

use super::access::asked_of_environment;
use super::index::Stores;
use super::merge::Merge;
use super::selection::{Selection, Source};
use super::{ANNOTATION_BASE, ANNOTATION_ENVIRONMENT};
use crate::clock::Clock;
use crate::object::{Key, ObjectKind};
use crate::queue::{Queue, Urgency};
use crate::sweep::settled;

/// Annotations of an environment by which its objects go.
const CAUTIONS: [&str; 2] = [PAUSED_UNTIL, ALLOW_DELETIONS_UNTIL];

/// Starts the watches. The second part of the answer runs until a watch ends, which none does by itself.
pub(crate) fn watch(
    client: &Client,
    selection: &Selection,
    queue: &Queue,
    clock: &Clock,
) -> (Stores, impl Future<Output = ()> + Send + 'static) {
    let (environments, environment_writer) = reflector::store();
    let (clusters, cluster_writer) = reflector::store();
    let (services, service_writer) = reflector::store();
    let (load_balancers, load_balancer_writer) = reflector::store();
    let (file_systems, file_system_writer) = reflector::store();
    let (tasks, task_writer) = reflector::store();
    let (triggers, trigger_writer) = reflector::store();
    let (namespaces, namespace_writer) = reflector::store();
    let clock = clock.clone();
    let stores =
        Stores { environments, clusters, services, load_balancers, file_systems, tasks, triggers, namespaces, clock };
    let hub = Arc::new(Hub { stores: stores.clone(), queue: queue.clone(), last: Mutex::default() });
    let all = {
        let (of_environments, of_clusters, of_services, of_balancers, of_file_systems, of_tasks, of_triggers) =
            (hub.clone(), hub.clone(), hub.clone(), hub.clone(), hub.clone(), hub.clone(), hub.clone());
        let environments = follow(selection.environments(client), environment_writer, move |e, seen| {
            let access = e.status.as_ref().map(|status| &status.access).filter(|access| !access.is_empty());
            let access = access.map(|access| hash(&access.iter().map(opened).collect::<Vec<_>>()));
            let view = View { told: held_up(e.status.as_ref()), access, ..View::default() };
            of_environments.saw(ObjectKind::AwsEnvironment, e, None, e.status.as_ref(), view, seen);
        });
        let clusters = follow(selection.objects::<EcsCluster>(client), cluster_writer, move |c, seen| {
            let environment = of_clusters.stores.environment_of(c);
            let seen = seen.unless(settled(c));
            let view = View { shown: let_in_at(c.status.as_ref()), ..View::default() };
            of_clusters.saw(ObjectKind::EcsCluster, c, Some(&environment), c.status.as_ref(), view, seen);
        });
        let services = follow(selection.objects::<EcsService>(client), service_writer, move |s, seen| {
            let environment = of_services.stores.environment_of(s);
            let seen = seen.unless(settled(s));
            let view = View {
                shown: usable_by(s.status.as_ref()),
                access: asked_of_environment(s).map(|asked| hash(&asked)),
                ..View::default()
            };
            of_services.saw(ObjectKind::EcsService, s, Some(&environment), s.status.as_ref(), view, seen);
        });
        let load_balancers =
            follow(selection.objects::<ApplicationLoadBalancer>(client), load_balancer_writer, move |l, seen| {
                let environment = of_balancers.stores.environment_of(l);
                let seen = seen.unless(settled(l));
                let view = View { shown: reachable_by(l.status.as_ref()), ..View::default() };
                of_balancers.saw(
                    ObjectKind::ApplicationLoadBalancer,
                    l,
                    Some(&environment),
                    l.status.as_ref(),
                    view,
                    seen,
                );
            });
        let file_systems = follow(selection.objects::<EfsFileSystem>(client), file_system_writer, move |f, seen| {
            let environment = of_file_systems.stores.environment_of(f);
            let seen = seen.unless(settled(f));
            let view = View { shown: mountable_by(f.status.as_ref()), ..View::default() };
            of_file_systems.saw(ObjectKind::EfsFileSystem, f, Some(&environment), f.status.as_ref(), view, seen);
        });
        let tasks = follow(selection.objects::<EcsTask>(client), task_writer, move |t, seen| {
            let environment = of_tasks.stores.environment_of(t);
            let seen = seen.unless(settled(t));
            let view = View { shown: hash(&t.status.as_ref().and_then(|status| status.phase)), ..View::default() };
            of_tasks.saw(ObjectKind::EcsTask, t, Some(&environment), t.status.as_ref(), view, seen);
        });
        let triggers = follow(selection.objects::<EcsTaskTrigger>(client), trigger_writer, move |t, seen| {
            let environment = of_triggers.stores.environment_of(t);
            let seen = seen.unless(settled(t));
            let status = t.status.as_ref();
            of_triggers.saw(ObjectKind::EcsTaskTrigger, t, Some(&environment), status, View::default(), seen);
        });
        let namespaces = follow(selection.namespaces(client), namespace_writer, move |n, seen| {
            hub.namespace_changed(n, seen);
        });
        async move {
            futures::join!(environments, clusters, services, load_balancers, file_systems, tasks, triggers, namespaces);
        }
    };
    (stores, all)
}

/// Every watch begins anew so often, with a list of everything. An API server loses no events; should one be lost all the
/// same, an object would be overlooked until the controller is restarted.
const RELIST: Duration = Duration::from_hours(1);

/// What `kubectl apply` keeps for itself: the whole object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Watches one kind. What nobody reads is dropped on arrival: it is more than half of an object.
async fn follow<K>(sources: Vec<Source<K>>, writer: Writer<K>, mut seen: impl FnMut(&K, Seen) + Send)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    let mut merge = Merge::new(sources.len(), writer.as_reader());
    let watches = sources.into_iter().enumerate();
    let watches = watches.map(|(index, source)| listed_and_watched(source).map(move |told| (index, told)).boxed());
    let told = futures::stream::select_all(watches).flat_map(move |(index, told)| {
        let events = match told {
            Ok(event) => merge.take(index, event).into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        futures::stream::iter(events)
    });
    let mut stream = told.reflect(writer).boxed();
    let mut listed = Seen::Listed;
    loop {
        match stream.try_next().await {
            Ok(Some(Event::Apply(object))) => seen(&object, Seen::There),
            Ok(Some(Event::InitApply(object))) => seen(&object, listed),
            Ok(Some(Event::Delete(object))) => seen(&object, Seen::Gone),
            // A list that is made again after a watch broke tells what changed meanwhile.
            Ok(Some(Event::InitDone)) => listed = Seen::There,
            Ok(Some(Event::Init)) => {}
            Ok(None) => return,
            Err(error) => tracing::warn!(%error, kind = %K::kind(&()), "a watch failed; it is tried again"),
        }
    }
}

/// One list, followed for good.
fn listed_and_watched<K>(source: Source<K>) -> impl Stream<Item = watcher::Result<Event<K>>> + Send
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    let config = source.watched();
    let anew = move || watcher(source.api.clone(), config.clone()).take_until(tokio::time::sleep(RELIST));
    futures::stream::repeat_with(anew)
        .flatten()
        .modify(|object| {
            object.managed_fields_mut().clear();
            object.annotations_mut().remove(LAST_APPLIED);
        })
        .default_backoff()
}

/// What a watch tells of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// In the first list after a start. Whatever depends on it is in a first list itself.
    Listed,
    /// The same, and nothing is to be done about it.
    Settled,
    There,
    Gone,
}

impl Seen {
    fn unless(self, settled: bool) -> Self {
        if self == Self::Listed && settled { Self::Settled } else { self }
    }
}

/// What of a status goes beyond its conditions.
#[derive(Clone, Copy, Default)]
struct View {
    /// What others write into it, and the object must tell of.
    told: u64,
    /// What others read in it.
    shown: u64,
    /// What services ask of their environment, and what that has opened for them; `None`: nothing.
    access: Option<u64>,
}

/// What was last seen of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Last {
    /// What its own reconcile depends on.
    own: u64,
    /// What others see of it.
    others: u64,
    /// See [`View::access`].
    access: Option<u64>,
}

/// Where the watches come together.
struct Hub {
    stores: Stores,
    queue: Queue,
    last: Mutex<HashMap<Key, Last>>,
}

impl Hub {
    /// `environment`: of an object that belongs to one.
    fn saw<K: ResourceExt>(
        &self,
        kind: ObjectKind,
        object: &K,
        environment: Option<&str>,
        status: Option<&impl ConditionedStatus>,
        view: View,
        seen: Seen,
    ) {
        let key = Key::of(kind, object);
        if seen == Seen::Gone {
            return self.gone(&key, object, environment);
        }
        let now = Last {
            own: hash(&(own_view(object), view.told)),
            others: hash(&(others_view(object, status), view.shown)),
            access: view.access,
        };
        let before = self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), now);
        if seen == Seen::Settled {
            return;
        }
        // Our own status patches change neither.
        if before.map(|before| before.own) != Some(now.own) {
            self.queue.wake(key.clone(), environment, Urgency::Edit);
        }
        if seen == Seen::Listed {
            return;
        }
        if before.map(|before| before.others) != Some(now.others) {
            for dependant in self.stores.dependants(&key) {
                self.wake(dependant);
            }
        }
        if before.and_then(|before| before.access) != now.access {
            self.wake_all(self.stores.concerned_by_access(&key, environment));
        }
    }

    fn gone<K: ResourceExt>(&self, key: &Key, object: &K, environment: Option<&str>) {
        let before = self.last.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        self.queue.wake(key.clone(), environment, Urgency::Edit);
        for dependant in self.stores.dependants(key) {
            self.wake(dependant);
        }
        if before.is_some_and(|before| before.access.is_some()) {
            self.wake_all(self.stores.concerned_by_access(key, environment));
        }
        self.wake_what_it_used(object, key.kind);
    }

    fn wake_all(&self, keys: Vec<Key>) {
        for key in keys {
            self.wake(key);
        }
    }

    /// Something that the object refers to, or waits for, changed.
    fn wake(&self, key: Key) {
        let environment = self.stores.environment_of_key(&key);
        self.queue.wake(key, environment.as_deref(), Urgency::WakeUp);
    }

    /// What waits for its users to go, or for what they had, is woken when they do.
    fn wake_what_it_used<K: ResourceExt>(&self, object: &K, kind: ObjectKind) {
        if kind == ObjectKind::EcsService {
            for dependant in self.stores.dependants_of_gone_service(&Key::of(kind, object)) {
                self.wake(dependant);
            }
        }
        if let Some(name) = object.annotations().get(ANNOTATION_ENVIRONMENT)
            && self
                .stores
                .environment(name)
                .is_some_and(|environment| environment.metadata.deletion_timestamp.is_some())
        {
            let key = Key { kind: ObjectKind::AwsEnvironment, namespace: String::new(), name: name.clone() };
            self.wake(key);
        }
    }

    fn namespace_changed(&self, namespace: &Namespace, seen: Seen) {
        let key =
            Key { kind: ObjectKind::AwsEnvironment, namespace: namespace.name_any(), name: "\0labels".to_owned() };
        let now = Last { own: hash(namespace.labels()), others: 0, access: None };
        let before = self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(key, now);
        if seen != Seen::Listed && before != Some(now) {
            for object in self.stores.objects_in_namespace(&namespace.name_any()) {
                self.wake(object);
            }
            // What is granted goes by labels.
            for environment in self.stores.environments_asked_by(&namespace.name_any()) {
                self.wake(environment);
            }
        }
    }
}

/// What an object's own reconcile depends on; not its status, nor what Longshore itself writes into its metadata.
fn own_view<K: ResourceExt>(object: &K) -> u64 {
    let own = [ANNOTATION_ENVIRONMENT, ANNOTATION_BASE, ATTEMPT];
    let annotations: Vec<_> = object.annotations().iter().filter(|(key, _)| !own.contains(&key.as_str())).collect();
    let deleted = object.meta().deletion_timestamp.is_some();
    hash(&(object.uid(), object.meta().generation, deleted, annotations))
}

/// What others see of an object: its spec, whether it is ready, and what its annotations say about them too.
fn others_view<K: ResourceExt>(object: &K, status: Option<&impl ConditionedStatus>) -> u64 {
    let ready = status
        .map(|status| status.conditions().iter().map(|c| (c.type_.clone(), c.status.clone())).collect::<Vec<_>>());
    let said: Vec<_> = CAUTIONS.iter().map(|name| object.annotations().get(*name)).collect();
    hash(&(object.uid(), object.meta().generation, object.meta().deletion_timestamp.is_some(), ready, said))
}

/// Where services find a load balancer.
fn reachable_by(status: Option<&ApplicationLoadBalancerStatus>) -> u64 {
    let Some(status) = status else { return 0 };
    let listeners: Vec<_> = status.listeners.iter().map(|listener| (&listener.name, &listener.listener_arn)).collect();
    hash(&(&status.security_group_id, listeners))
}

/// What others need of a service: who lets it in its group, who runs its task definition what that is run with.
fn usable_by(status: Option<&EcsServiceStatus>) -> u64 {
    let Some(status) = status else { return 0 };
    let template = status.template.as_ref();
    let template = template.map(|it| (&it.task_definition_arn, &it.subnets, &it.security_groups, it.public_ip));
    let good = status.memory.as_ref().and_then(|memory| Some(&memory.last_good.as_ref()?.task_definition_arn));
    hash(&(&status.security_group_id, template, good, status.observed_generation))
}

/// Which mount targets let the instances of a cluster in, which services wait for that mount by these.
fn let_in_at(status: Option<&EcsClusterStatus>) -> u64 {
    let entries = status.iter().flat_map(|status| &status.ec2_capacity);
    let open = entries.map(|entry| (&entry.name, &entry.mount_target_security_group_ids));
    hash(&open.filter(|(_, groups)| !groups.is_empty()).collect::<Vec<_>>())
}

/// What services need to mount a file system.
fn mountable_by(status: Option<&EfsFileSystemStatus>) -> u64 {
    let Some(status) = status else { return 0 };
    let targets: Vec<_> = status.mount_targets.iter().map(|target| (&target.subnet_id, target.available)).collect();
    let points: Vec<_> = status.access_points.iter().map(|point| (&point.name, &point.access_point_id)).collect();
    let groups = (&status.security_group_id, &status.clients_security_group_id);
    hash(&(&status.file_system_id, groups, targets, points))
}

/// What services need of what is opened for them.
fn opened(entry: &AccessStatus) -> impl Hash {
    let usable = entry.clients_security_group_id.clone().filter(|_| entry.unused_since.is_none());
    (Opening::told(entry), usable, entry.unused_since.is_some(), entry.refused.clone())
}

/// What the objects of an environment found out together: deletions are paused, a wave has stopped.
fn held_up(status: Option<&AwsEnvironmentStatus>) -> u64 {
    let paused = status.and_then(|status| status.deletions.as_ref()?.paused_since.as_ref());
    let rollouts = status.map(|status| status.rollouts.as_slice()).unwrap_or_default();
    let failed: Vec<_> = rollouts.iter().filter_map(|it| Some((&it.object, it.failed.as_ref()?))).collect();
    hash(&(paused.map(|since| since.0), failed))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hub() -> Hub {
        Hub { stores: Stores::empty(), queue: Queue::default(), last: Mutex::default() }
    }

    fn cluster(generation: i64) -> EcsCluster {
        let object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster",
            "metadata": {"namespace": "shop", "name": "main", "uid": "1", "generation": generation}, "spec": {},
        });
        serde_json::from_value(object).unwrap()
    }

    fn saw(hub: &Hub, cluster: &EcsCluster, seen: Seen) -> usize {
        hub.saw(ObjectKind::EcsCluster, cluster, Some("prod"), cluster.status.as_ref(), View::default(), seen);
        hub.queue.depth().objects
    }

    #[tokio::test(start_paused = true)]
    async fn of_the_first_list_only_what_has_not_converged_gets_a_turn() {
        for (settled, turns) in [(false, 1), (true, 0)] {
            let hub = hub();
            assert_eq!(saw(&hub, &cluster(1), Seen::Listed.unless(settled)), turns);
            assert_eq!(saw(&hub, &cluster(1), Seen::There), turns, "it is known by then");
            assert_eq!(saw(&hub, &cluster(2), Seen::There), 1, "an edit");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_after_the_first_list_gets_a_turn_whatever_it_says_of_itself() {
        assert_eq!(saw(&hub(), &cluster(1), Seen::There.unless(true)), 1);
    }
}
