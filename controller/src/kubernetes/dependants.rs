//! Who must look again when an object changes, and who uses it.

use std::collections::{BTreeMap, BTreeSet};

use kube::{Resource, ResourceExt};
use longshore_crds::ecs_task::Phase;
use longshore_crds::status::{ConditionType, ConditionedStatus};
use longshore_crds::task_definition::Volume;
use longshore_crds::{ClusterRef, EcsService, EcsTask, EcsTaskTrigger, EfsFileSystem, LoadBalancerRef};
use longshore_planner::desired::ALREADY_CLAIMED;
use longshore_planner::one_off::ATTEMPT;

use super::index::{Stores, keys};
use crate::object::{Key, ObjectKind};

impl Stores {
    /// Who must look again when an object changed in a way that others see.
    pub(crate) fn dependants(&self, key: &Key) -> Vec<Key> {
        match key.kind {
            ObjectKind::AwsEnvironment => self.objects_in_environment(&key.name),
            ObjectKind::EcsCluster => self.users_of_cluster(key),
            ObjectKind::EcsService => self.dependants_of_service(key),
            ObjectKind::ApplicationLoadBalancer => {
                self.services_behind(key).into_iter().chain(self.clusters_behind(key)).collect()
            }
            ObjectKind::EfsFileSystem => {
                self.users_of_file_system(key).into_iter().chain(self.clusters_mounting(key)).collect()
            }
            ObjectKind::EcsTask => self.used_by_task(key),
            ObjectKind::EcsTaskTrigger => self.used_by_trigger(key),
        }
    }

    /// What runs in a cluster.
    pub(crate) fn users_of_cluster(&self, cluster: &Key) -> Vec<Key> {
        let is_in = |trigger: &EcsTaskTrigger| cluster_named(&trigger.spec.cluster, trigger).as_ref() == Some(cluster);
        let triggers = keys(&self.triggers, is_in);
        self.services_of(cluster).into_iter().chain(self.tasks_in(cluster)).chain(triggers).collect()
    }

    /// What takes its task definition from a service.
    pub(crate) fn users_of_service(&self, service: &Key) -> Vec<Key> {
        let names = |trigger: &EcsTaskTrigger| {
            let from = trigger.spec.task_from.as_ref();
            trigger.namespace().as_deref() == Some(&service.namespace)
                && from.is_some_and(|from| from.service.name == service.name)
        };
        self.tasks_from(service).into_iter().chain(keys(&self.triggers, names)).collect()
    }

    /// What mounts a file system.
    pub(crate) fn users_of_file_system(&self, file_system: &Key) -> Vec<Key> {
        let mounts = |trigger: &EcsTaskTrigger| mounts_of_trigger(trigger).any(|(key, _)| key == *file_system);
        let triggers = keys(&self.triggers, mounts);
        self.services_mounting(file_system)
            .into_iter()
            .chain(self.tasks_mounting(file_system))
            .chain(triggers)
            .collect()
    }

    /// What waits for a trigger to go.
    fn used_by_trigger(&self, trigger: &Key) -> Vec<Key> {
        let Some(found) = self.trigger(&trigger.namespace, &trigger.name) else { return self.going() };
        let service = found.spec.task_from.as_ref().map(|from| Key {
            kind: ObjectKind::EcsService,
            namespace: trigger.namespace.clone(),
            name: from.service.name.clone(),
        });
        let cluster = cluster_named(&found.spec.cluster, found.as_ref());
        let mounted = mounts_of_trigger(&found).map(|(key, _)| key);
        service.into_iter().chain(cluster).chain(mounted).collect()
    }

    /// What others may have used that are not known any more: who waits for such a thing is going, or a cluster whose instances
    /// mounted it.
    fn going(&self) -> Vec<Key> {
        let clusters = keys(&self.clusters, |cluster| cluster.meta().deletion_timestamp.is_some());
        let services = keys(&self.services, |service| service.meta().deletion_timestamp.is_some());
        let file_systems = keys(&self.file_systems, |file_system| file_system.meta().deletion_timestamp.is_some());
        clusters.into_iter().chain(services).chain(file_systems).chain(self.clusters_that_mount()).collect()
    }

    /// What waits for a one-off task to end or to go.
    fn used_by_task(&self, task: &Key) -> Vec<Key> {
        let Some(found) = self.task(&task.namespace, &task.name) else { return self.going() };
        let service = found.spec.task_from.as_ref().map(|from| Key {
            kind: ObjectKind::EcsService,
            namespace: task.namespace.clone(),
            name: from.service.name.clone(),
        });
        let waiting = keys(&self.services, |service| {
            let mut after = service.spec.after.iter();
            service.namespace().as_deref() == Some(&task.namespace) && after.any(|it| it.task.name == task.name)
        });
        let cluster = cluster_named(&found.spec.cluster, found.as_ref());
        let mounted = mounts_of_task(&found).map(|(key, _)| key);
        service.into_iter().chain(waiting).chain(cluster).chain(mounted).collect()
    }

    /// The one-off tasks of a cluster that have not ended, or own something there.
    pub(crate) fn tasks_in(&self, cluster: &Key) -> Vec<Key> {
        keys(&self.tasks, |task| !has_ended(task) && cluster_named(&task.spec.cluster, task).as_ref() == Some(cluster))
    }

    /// The one-off tasks that take their task definition from a service, and have not ended.
    pub(crate) fn tasks_from(&self, service: &Key) -> Vec<Key> {
        let names = |task: &EcsTask| {
            let from = task.spec.task_from.as_ref();
            task.namespace().as_deref() == Some(&service.namespace)
                && from.is_some_and(|from| from.service.name == service.name)
        };
        keys(&self.tasks, |task| names(task) && !has_ended(task))
    }

    /// The one-off tasks that mount a file system, and have not ended.
    pub(crate) fn tasks_mounting(&self, file_system: &Key) -> Vec<Key> {
        keys(&self.tasks, |task| !has_ended(task) && mounts_of_task(task).any(|(key, _)| key == *file_system))
    }

    /// Who must look again when a service is gone.
    pub(crate) fn dependants_of_gone_service(&self, service: &Key) -> Vec<Key> {
        let going = keys(&self.clusters, |cluster| cluster.meta().deletion_timestamp.is_some());
        let name = format!("{}/{}", service.namespace, service.name);
        let had_it = keys(&self.load_balancers, |balancer| {
            let going = balancer.meta().deletion_timestamp.is_some();
            going || balancer.status.as_ref().is_some_and(|status| status.services.contains(&name))
        });
        let mounted = keys(&self.file_systems, |file_system| {
            let going = file_system.meta().deletion_timestamp.is_some();
            going || file_system.status.as_ref().is_some_and(|status| status.mounted_by.contains(&name))
        });
        let all = going.into_iter().chain(had_it).chain(mounted);
        let all = all.chain(self.clusters_that_let_in()).chain(self.clusters_that_mount());
        all.chain(self.contested()).chain(self.services_that_allow(service)).collect()
    }

    /// Its cluster, its load balancers and what it mounts, which tell of it; who waits for what it may give up; who lets it in.
    fn dependants_of_service(&self, service: &Key) -> Vec<Key> {
        let Some(found) = self.service(&service.namespace, &service.name) else { return vec![] };
        let others = self.contested().into_iter().chain(self.services_that_allow(service));
        let others = others.filter(|other| other != service).chain(self.users_of_service(service));
        mentions(&found).into_iter().chain(others).collect()
    }

    /// The services that name a cluster.
    pub(crate) fn services_of(&self, cluster: &Key) -> Vec<Key> {
        keys(&self.services, |service| cluster_named(&service.spec.cluster, service).as_ref() == Some(cluster))
    }

    /// The services that name a load balancer.
    pub(crate) fn services_behind(&self, load_balancer: &Key) -> Vec<Key> {
        keys(&self.services, |service| load_balancers_of(service).any(|key| key == *load_balancer))
    }

    /// The services that mount a file system.
    pub(crate) fn services_mounting(&self, file_system: &Key) -> Vec<Key> {
        keys(&self.services, |service| mounts_of(service).any(|(key, _)| key == *file_system))
    }

    /// Of the access points of a file system that exist, those that services name: by which.
    pub(crate) fn access_points_in_use(&self, file_system: &EfsFileSystem) -> BTreeMap<String, Vec<String>> {
        let key = Key::of(ObjectKind::EfsFileSystem, file_system);
        let existing = file_system.status.iter().flat_map(|status| &status.access_points);
        let users = |name: &String| {
            let names = |(of, point): (Key, Option<&String>)| of == key && point == Some(name);
            let users = keys(&self.services, |service| mounts_of(service).any(names));
            users.iter().map(ToString::to_string).collect::<Vec<String>>()
        };
        let all = existing.map(|point| (point.name.clone(), users(&point.name)));
        all.filter(|(_, users)| !users.is_empty()).collect()
    }

    /// The services that ask for what others have.
    fn contested(&self) -> Vec<Key> {
        keys(&self.services, |service| {
            let stalled = service.status.as_ref().and_then(|status| status.condition(ConditionType::Stalled));
            stalled.is_some_and(|stalled| stalled.status == "True" && stalled.reason == ALREADY_CLAIMED)
        })
    }

    /// The services that let another one in.
    fn services_that_allow(&self, other: &Key) -> Vec<Key> {
        let allows = |service: &EcsService| {
            let own = service.namespace().unwrap_or_default();
            let allowed = service.spec.network_configuration.iter().flat_map(|network| &network.allow_from);
            let mut named = allowed.filter_map(|allowed| allowed.service.as_ref());
            named.any(|named| named.name == other.name && named.namespace.as_ref().unwrap_or(&own) == &other.namespace)
        };
        keys(&self.services, allows)
    }
}

/// What a service cannot do without: its cluster, its load balancers, the file systems that it mounts.
pub(crate) fn mentions(service: &EcsService) -> Vec<Key> {
    let cluster = cluster_named(&service.spec.cluster, service);
    let balancers: BTreeSet<Key> = load_balancers_of(service).collect();
    let file_systems: BTreeSet<Key> = mounts_of(service).map(|(key, _)| key).collect();
    cluster.into_iter().chain(balancers).chain(file_systems).collect()
}

/// The cluster that an object names, unless by its ARN.
pub(super) fn cluster_named(reference: &ClusterRef, by: &impl ResourceExt) -> Option<Key> {
    let namespace = reference.namespace.clone().or_else(|| by.namespace()).unwrap_or_default();
    reference.name.clone().map(|name| Key { kind: ObjectKind::EcsCluster, namespace, name })
}

/// The load balancers that a service names.
fn load_balancers_of(service: &EcsService) -> impl Iterator<Item = Key> {
    let own = service.namespace().unwrap_or_default();
    let references = service.spec.load_balancers.iter().filter_map(|entry| entry.load_balancer.as_ref());
    references.filter_map(move |reference: &LoadBalancerRef| {
        let namespace = reference.namespace.clone().unwrap_or_else(|| own.clone());
        Some(Key { kind: ObjectKind::ApplicationLoadBalancer, namespace, name: reference.name.clone()? })
    })
}

/// Whether what a one-off task runs has ended, so that it needs nothing any more.
fn has_ended(task: &EcsTask) -> bool {
    let phase = task.status.as_ref().and_then(|status| status.phase);
    let ended = matches!(phase, Some(Phase::Succeeded | Phase::Failed | Phase::Unknown));
    ended && task.annotations().contains_key(ATTEMPT)
}

/// The file systems that a one-off task names, each with the access point.
fn mounts_of_task(task: &EcsTask) -> impl Iterator<Item = (Key, Option<&String>)> {
    let own = task.namespace().unwrap_or_default();
    let volumes = task.spec.task.iter().flat_map(|template| &template.volumes);
    volumes.filter_map(move |volume| mount_of(volume, &own))
}

/// The file systems that a trigger names, each with the access point.
fn mounts_of_trigger(trigger: &EcsTaskTrigger) -> impl Iterator<Item = (Key, Option<&String>)> {
    let own = trigger.namespace().unwrap_or_default();
    let volumes = trigger.spec.task.iter().flat_map(|template| &template.volumes);
    volumes.filter_map(move |volume| mount_of(volume, &own))
}

/// The file systems that a service names, each with the access point.
pub(crate) fn mounts_of(service: &EcsService) -> impl Iterator<Item = (Key, Option<&String>)> {
    let own = service.namespace().unwrap_or_default();
    service.spec.task.volumes.iter().filter_map(move |volume| mount_of(volume, &own))
}

/// The file system, and its access point, that a volume names. `own`: the namespace of the object that has the volume.
pub(crate) fn mount_of<'a>(volume: &'a Volume, own: &str) -> Option<(Key, Option<&'a String>)> {
    let efs = volume.efs_volume_configuration.as_ref()?;
    let reference = efs.file_system_ref.as_ref()?;
    let namespace = reference.namespace.clone().unwrap_or_else(|| own.to_owned());
    let key = Key { kind: ObjectKind::EfsFileSystem, namespace, name: reference.name.clone() };
    Some((key, efs.authorization_config.as_ref().and_then(|config| config.access_point_ref.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::index::tests::stored;
    use serde_json::{Value, json};

    fn service(name: &str, cluster: &Value, more: &Value) -> Value {
        let mut object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
            "metadata": {"namespace": "shop", "name": name},
            "spec": {"cluster": cluster, "task": {"containerDefinitions": [{"name": "web", "image": "nginx"}]}},
        });
        for (pointer, value) in more.as_object().unwrap() {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            object.pointer_mut(parent).unwrap()[name] = value.clone();
        }
        object
    }

    fn check(stores: &Stores, cases: &[(ObjectKind, &str, &str, Vec<&str>)]) {
        for (kind, namespace, name, expected) in cases {
            let key = Key { kind: *kind, namespace: (*namespace).into(), name: (*name).into() };
            let found: Vec<String> = stores.dependants(&key).iter().map(ToString::to_string).collect();
            assert_eq!(&found, expected, "{key}");
        }
    }

    #[test]
    fn a_cluster_looks_again_when_its_services_change_and_they_when_it_does() {
        let stores = Stores {
            services: stored(&[
                service("here", &json!({"name": "main"}), &json!({})),
                service("there", &json!({"name": "main", "namespace": "platform"}), &json!({})),
                service("foreign", &json!({"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main"}), &json!({})),
            ]),
            ..Stores::empty()
        };
        let cases = [
            (ObjectKind::EcsService, "shop", "here", vec!["EcsCluster/shop/main"]),
            (ObjectKind::EcsService, "shop", "there", vec!["EcsCluster/platform/main"]),
            (ObjectKind::EcsService, "shop", "foreign", vec![]),
            (ObjectKind::EcsService, "shop", "gone", vec![]),
            (ObjectKind::EcsCluster, "shop", "main", vec!["EcsService/shop/here"]),
            (ObjectKind::EcsCluster, "platform", "main", vec!["EcsService/shop/there"]),
        ];
        check(&stores, &cases);
    }

    #[test]
    fn who_stands_behind_a_load_balancer_waits_for_a_claim_or_lets_a_service_in_looks_again() {
        let cluster = json!({"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main"});
        let entry = |balancer: Value| {
            json!({"/spec/loadBalancers": [
                {"name": "web", "loadBalancer": balancer, "listener": "https", "containerName": "web", "containerPort": 80},
            ]})
        };
        let claimed = json!({"/status": {"conditions": [{"type": "Stalled", "status": "True",
            "reason": ALREADY_CLAIMED, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
        let allows = json!({"/spec/networkConfiguration": {"allowFrom": [
            {"service": {"name": "web"}, "port": 80}]}});
        let stores = Stores {
            services: stored(&[
                service("web", &cluster, &entry(json!({"name": "public"}))),
                service("far", &cluster, &entry(json!({"name": "public", "namespace": "edge"}))),
                service("late", &cluster, &claimed),
                service("api", &cluster, &allows),
            ]),
            ..Stores::empty()
        };
        let mut of_web = vec!["ApplicationLoadBalancer/shop/public", "EcsService/shop/late", "EcsService/shop/api"];
        let key = Key { kind: ObjectKind::EcsService, namespace: "shop".into(), name: "web".into() };
        let found: BTreeSet<String> = stores.dependants(&key).iter().map(ToString::to_string).collect();
        assert_eq!(found, of_web.drain(..).map(ToOwned::to_owned).collect());
        let cases = [
            (ObjectKind::ApplicationLoadBalancer, "shop", "public", vec!["EcsService/shop/web"]),
            (ObjectKind::ApplicationLoadBalancer, "edge", "public", vec!["EcsService/shop/far"]),
            (ObjectKind::EcsService, "shop", "late", vec![]),
        ];
        check(&stores, &cases);
    }
}
