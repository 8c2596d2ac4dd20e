//! What is known of all objects, and who refers to whom.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::runtime::reflector::store::WriterDropped;
use kube::runtime::reflector::{ObjectRef, Store, store};
use kube::runtime::watcher::Event;
use kube::{Client, Resource, ResourceExt};
use longshore_crds::status::{ConditionType, ConditionedStatus};
use longshore_crds::{
    ApplicationLoadBalancer, AwsEnvironment, AwsEnvironmentSpec, EcsCluster, EcsService, EcsTask, EcsTaskTrigger,
    EfsFileSystem, NamespacesFrom,
};
use longshore_planner::caution::wave::WAITING_FOR_WAVE;
use longshore_planner::desired::{Scope, environment, labels_match};
use serde::de::DeserializeOwned;

use super::selection::{Selection, Source};
use super::{ANNOTATION_BASE, ANNOTATION_ENVIRONMENT};
use crate::clock::Clock;
use crate::object::{Key, Object, ObjectKind};
use crate::sweep::settled;

/// An object of an environment.
pub(crate) struct Member {
    pub(crate) key: Key,
    pub(crate) generation: i64,
    /// It has told that it waits for a slot.
    pub(crate) waits_for_wave: bool,
}

impl Member {
    fn of<O: Object>(object: &O) -> Self {
        let reconciling = object.status().and_then(|status| status.condition(ConditionType::Reconciling));
        Self {
            key: Key::of(O::KIND, object),
            generation: object.meta().generation.unwrap_or_default(),
            waits_for_wave: reconciling.is_some_and(|it| it.status == "True" && it.reason == WAITING_FOR_WAVE),
        }
    }
}

/// The watched objects.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) environments: Store<AwsEnvironment>,
    pub(crate) clusters: Store<EcsCluster>,
    pub(crate) services: Store<EcsService>,
    pub(crate) load_balancers: Store<ApplicationLoadBalancer>,
    pub(crate) file_systems: Store<EfsFileSystem>,
    pub(crate) tasks: Store<EcsTask>,
    pub(crate) triggers: Store<EcsTaskTrigger>,
    pub(crate) namespaces: Store<Namespace>,
    /// What time it is, for what an object wants only at times.
    pub(crate) clock: Clock,
}

impl Stores {
    /// What there is now, listed once and not watched: for the command line.
    pub(crate) async fn listed(client: &Client, selection: &Selection) -> Result<Self> {
        Ok(Self {
            environments: listed(selection.environments(client)).await?,
            clusters: listed(selection.objects(client)).await?,
            services: listed(selection.objects(client)).await?,
            load_balancers: listed(selection.objects(client)).await?,
            file_systems: listed(selection.objects(client)).await?,
            tasks: listed(selection.objects(client)).await?,
            triggers: listed(selection.objects(client)).await?,
            namespaces: listed(selection.namespaces(client)).await?,
            clock: Clock::wall(),
        })
    }

    /// Returns when every store has its first list.
    pub(crate) async fn ready(&self) -> Result<(), WriterDropped> {
        self.environments.wait_until_ready().await?;
        self.clusters.wait_until_ready().await?;
        self.services.wait_until_ready().await?;
        self.load_balancers.wait_until_ready().await?;
        self.file_systems.wait_until_ready().await?;
        self.tasks.wait_until_ready().await?;
        self.triggers.wait_until_ready().await?;
        self.namespaces.wait_until_ready().await
    }

    pub(crate) fn environment(&self, name: &str) -> Option<Arc<AwsEnvironment>> {
        self.environments.get(&ObjectRef::new(name))
    }

    pub(crate) fn cluster(&self, namespace: &str, name: &str) -> Option<Arc<EcsCluster>> {
        self.clusters.get(&ObjectRef::new(name).within(namespace))
    }

    pub(crate) fn service(&self, namespace: &str, name: &str) -> Option<Arc<EcsService>> {
        self.services.get(&ObjectRef::new(name).within(namespace))
    }

    pub(crate) fn load_balancer(&self, namespace: &str, name: &str) -> Option<Arc<ApplicationLoadBalancer>> {
        self.load_balancers.get(&ObjectRef::new(name).within(namespace))
    }

    pub(crate) fn file_system(&self, namespace: &str, name: &str) -> Option<Arc<EfsFileSystem>> {
        self.file_systems.get(&ObjectRef::new(name).within(namespace))
    }

    pub(crate) fn task(&self, namespace: &str, name: &str) -> Option<Arc<EcsTask>> {
        self.tasks.get(&ObjectRef::new(name).within(namespace))
    }

    pub(crate) fn trigger(&self, namespace: &str, name: &str) -> Option<Arc<EcsTaskTrigger>> {
        self.triggers.get(&ObjectRef::new(name).within(namespace))
    }

    pub(crate) fn namespace_labels(&self, namespace: &str) -> BTreeMap<String, String> {
        self.namespaces.get(&ObjectRef::new(namespace)).map(|n| n.labels().clone()).unwrap_or_default()
    }

    /// The names of all environments.
    pub(crate) fn environment_names(&self) -> Vec<String> {
        self.environments.state().iter().map(|environment| environment.name_any()).collect()
    }

    /// Everything about an object that is not in its spec.
    pub(crate) fn scope<O: Object>(
        &self,
        object: &O,
        installation: &str,
        environment_name: &str,
        environment: &AwsEnvironmentSpec,
    ) -> Scope {
        let namespace = object.namespace().unwrap_or_default();
        Scope {
            installation: installation.to_owned(),
            environment_name: environment_name.to_owned(),
            environment: environment.clone(),
            namespace_labels: self.namespace_labels(&namespace),
            namespace,
            object_kind: O::KIND.name(),
            name: object.name_any(),
            base: object.annotations().get(ANNOTATION_BASE).cloned(),
        }
    }

    /// Whether an object may run in a cluster: its own namespace's, or one that admits it, in the same environment.
    pub(crate) fn may_use_cluster(&self, cluster: &EcsCluster, scope: &Scope) -> Result<(), String> {
        let home = cluster.namespace().unwrap_or_default();
        let what = format!("spec.cluster: EcsCluster {home}/{}", cluster.name_any());
        let admitted = home == scope.namespace
            || cluster.spec.allowed_namespaces.as_ref().is_some_and(|allowed| match allowed.from {
                NamespacesFrom::All => true,
                NamespacesFrom::Same => false,
                NamespacesFrom::Selector => {
                    allowed.selector.as_ref().is_some_and(|selector| labels_match(selector, &scope.namespace_labels))
                }
            });
        if !admitted {
            return Err(format!(
                "{what} does not admit the namespace {}; its owner can add it to spec.allowedNamespaces",
                scope.namespace
            ));
        }
        let its_environment = self.environment_of(cluster);
        if its_environment != scope.environment_name {
            return Err(format!(
                "{what} is in the AwsEnvironment {its_environment}, this object in {}; nothing reaches across",
                scope.environment_name
            ));
        }
        Ok(())
    }

    /// The environment of an object: the pinned one, else the one that it asks for.
    pub(crate) fn environment_of<O: Object>(&self, object: &O) -> String {
        if let Some(pinned) = object.annotations().get(ANNOTATION_ENVIRONMENT) {
            return pinned.clone();
        }
        let labels = self.namespace_labels(&object.namespace().unwrap_or_default());
        // Unpinned, the choice cannot be refused.
        environment::select(object.managed().aws_environment(), &labels, None).unwrap_or_default()
    }

    /// The environment of the object of a key. None for an environment itself, and for what is not there.
    pub(crate) fn environment_of_key(&self, key: &Key) -> Option<String> {
        match key.kind {
            ObjectKind::AwsEnvironment => None,
            ObjectKind::EcsCluster => Some(self.environment_of(self.cluster(&key.namespace, &key.name)?.as_ref())),
            ObjectKind::EcsService => Some(self.environment_of(self.service(&key.namespace, &key.name)?.as_ref())),
            ObjectKind::ApplicationLoadBalancer => {
                Some(self.environment_of(self.load_balancer(&key.namespace, &key.name)?.as_ref()))
            }
            ObjectKind::EfsFileSystem => {
                Some(self.environment_of(self.file_system(&key.namespace, &key.name)?.as_ref()))
            }
            ObjectKind::EcsTask => Some(self.environment_of(self.task(&key.namespace, &key.name)?.as_ref())),
            ObjectKind::EcsTaskTrigger => Some(self.environment_of(self.trigger(&key.namespace, &key.name)?.as_ref())),
        }
    }

    /// Every object that the sweep does not look after.
    pub(crate) fn unsettled(&self) -> Vec<Key> {
        let environments = self.environments.state();
        let mut found: Vec<Key> =
            environments.iter().map(|object| Key::of(ObjectKind::AwsEnvironment, object.as_ref())).collect();
        found.extend(keys(&self.clusters, |cluster| !settled(cluster)));
        found.extend(keys(&self.services, |service| !settled(service)));
        found.extend(keys(&self.load_balancers, |load_balancer| !settled(load_balancer)));
        found.extend(keys(&self.file_systems, |file_system| !settled(file_system)));
        found.extend(keys(&self.tasks, |task| !settled(task)));
        found.extend(keys(&self.triggers, |trigger| !settled(trigger)));
        found
    }

    /// The objects that live in an environment.
    pub(crate) fn objects_in_environment(&self, name: &str) -> Vec<Key> {
        let mut found = keys(&self.clusters, |cluster| self.environment_of(cluster) == name);
        found.extend(keys(&self.services, |service| self.environment_of(service) == name));
        found.extend(keys(&self.load_balancers, |load_balancer| self.environment_of(load_balancer) == name));
        found.extend(keys(&self.file_systems, |file_system| self.environment_of(file_system) == name));
        found.extend(keys(&self.tasks, |task| self.environment_of(task) == name));
        found.extend(keys(&self.triggers, |trigger| self.environment_of(trigger) == name));
        found
    }

    /// The objects that live in an environment, with what decisions about them all go by.
    pub(crate) fn members_of(&self, environment: &str) -> Vec<Member> {
        let mut found = self.members(&self.clusters, environment);
        found.extend(self.members(&self.services, environment));
        found.extend(self.members(&self.load_balancers, environment));
        found
    }

    fn members<O: Object>(&self, store: &Store<O>, environment: &str) -> Vec<Member> {
        let objects = store.state().into_iter().filter(|object| self.environment_of(object.as_ref()) == environment);
        objects.map(|object| Member::of(object.as_ref())).collect()
    }

    /// The objects of a namespace.
    pub(crate) fn objects_in_namespace(&self, name: &str) -> Vec<Key> {
        let mut found = keys(&self.clusters, |cluster| cluster.namespace().as_deref() == Some(name));
        found.extend(keys(&self.services, |service| service.namespace().as_deref() == Some(name)));
        found.extend(keys(&self.load_balancers, |balancer| balancer.namespace().as_deref() == Some(name)));
        found.extend(keys(&self.tasks, |task| task.namespace().as_deref() == Some(name)));
        found.extend(keys(&self.triggers, |trigger| trigger.namespace().as_deref() == Some(name)));
        found
    }
}

async fn listed<K>(sources: Vec<Source<K>>) -> Result<Store<K>>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let (reader, mut writer) = store();
    writer.apply_watcher_event(&Event::Init);
    for Source { api, fields } in sources {
        let params = ListParams { field_selector: fields, ..ListParams::default() };
        let list = api.list(&params).await.with_context(|| format!("cannot list {}", K::plural(&())))?;
        for object in list.items {
            writer.apply_watcher_event(&Event::InitApply(object));
        }
    }
    writer.apply_watcher_event(&Event::InitDone);
    Ok(reader)
}

/// The keys of those that a question is true of, by name: who is woken together has turns in an order that can be foreseen.
pub(super) fn keys<O: Object>(store: &Store<O>, wanted: impl Fn(&O) -> bool) -> Vec<Key> {
    let objects = store.state().into_iter().filter(|object| wanted(object));
    let mut keys: Vec<Key> = objects.map(|object| Key::of(O::KIND, object.as_ref())).collect();
    keys.sort_unstable();
    keys
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::{Value, json};

    pub(crate) fn stored<K>(objects: &[Value]) -> Store<K>
    where
        K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + 'static,
    {
        let (reader, mut writer) = store();
        for object in objects {
            writer.apply_watcher_event(&Event::Apply(serde_json::from_value(object.clone()).unwrap()));
        }
        reader
    }

    impl Stores {
        /// Of nothing at all.
        pub(crate) fn empty() -> Self {
            Self {
                environments: stored(&[]),
                clusters: stored(&[]),
                services: stored(&[]),
                load_balancers: stored(&[]),
                file_systems: stored(&[]),
                tasks: stored(&[]),
                triggers: stored(&[]),
                namespaces: stored(&[]),
                clock: Clock::wall(),
            }
        }
    }

    #[test]
    fn the_environment_of_a_key_is_the_pinned_one_else_the_spec_s_else_the_namespace_s() {
        let cluster = |name: &str, pinned: &Value, asked: &Value| {
            json!({
                "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster",
                "metadata": {"namespace": "shop", "name": name, "annotations": pinned},
                "spec": {"awsEnvironment": asked},
            })
        };
        let stores = Stores {
            clusters: stored(&[
                cluster("pinned", &json!({ANNOTATION_ENVIRONMENT: "prod"}), &json!("other")),
                cluster("asks", &json!({}), &json!("staging")),
                cluster("silent", &json!({}), &Value::Null),
            ]),
            namespaces: stored(&[json!({
                "metadata": {"name": "shop", "labels": {"ecs.longshore.dev/environment": "team"}},
            })]),
            ..Stores::empty()
        };
        let cases = [
            (ObjectKind::EcsCluster, "pinned", Some("prod")),
            (ObjectKind::EcsCluster, "asks", Some("staging")),
            (ObjectKind::EcsCluster, "silent", Some("team")),
            (ObjectKind::EcsCluster, "gone", None),
            (ObjectKind::EcsService, "pinned", None),
            (ObjectKind::AwsEnvironment, "prod", None),
        ];
        for (kind, name, environment) in cases {
            let key = Key { kind, namespace: "shop".into(), name: name.into() };
            assert_eq!(stores.environment_of_key(&key).as_deref(), environment, "{key}");
        }
    }
}
