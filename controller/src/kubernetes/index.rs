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
use kube::{Api, Client, Resource, ResourceExt};
use longshore_crds::status::{ConditionType, ConditionedStatus};
use longshore_crds::{AwsEnvironment, AwsEnvironmentSpec, EcsCluster, EcsService, NamespacesFrom};
use longshore_planner::caution::wave::WAITING_FOR_WAVE;
use longshore_planner::desired::{Scope, environment, labels_match};
use serde::de::DeserializeOwned;

use super::{ANNOTATION_BASE, ANNOTATION_ENVIRONMENT};
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
    pub(crate) namespaces: Store<Namespace>,
}

impl Stores {
    /// What there is now, listed once and not watched: for the command line.
    pub(crate) async fn listed(client: &Client) -> Result<Self> {
        Ok(Self {
            environments: listed(client).await?,
            clusters: listed(client).await?,
            services: listed(client).await?,
            namespaces: listed(client).await?,
        })
    }

    /// Returns when every store has its first list.
    pub(crate) async fn ready(&self) -> Result<(), WriterDropped> {
        self.environments.wait_until_ready().await?;
        self.clusters.wait_until_ready().await?;
        self.services.wait_until_ready().await?;
        self.namespaces.wait_until_ready().await
    }

    pub(crate) fn environment(&self, name: &str) -> Option<Arc<AwsEnvironment>> {
        self.environments.get(&ObjectRef::new(name))
    }

    pub(crate) fn cluster(&self, namespace: &str, name: &str) -> Option<Arc<EcsCluster>> {
        self.clusters.get(&ObjectRef::new(name).within(namespace))
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
            ObjectKind::EcsService => {
                let at = ObjectRef::new(&key.name).within(&key.namespace);
                Some(self.environment_of(self.services.get(&at)?.as_ref()))
            }
        }
    }

    /// The services that name a cluster.
    pub(crate) fn services_of(&self, cluster: &Key) -> Vec<Key> {
        let names = |service: &EcsService| {
            let reference = &service.spec.cluster;
            let own = service.namespace().unwrap_or_default();
            reference.name.as_ref() == Some(&cluster.name)
                && reference.namespace.as_ref().unwrap_or(&own) == &cluster.namespace
        };
        keys(&self.services, names)
    }

    /// Every object that the sweep does not look after.
    pub(crate) fn unsettled(&self) -> Vec<Key> {
        let environments = self.environments.state();
        let mut found: Vec<Key> =
            environments.iter().map(|object| Key::of(ObjectKind::AwsEnvironment, object.as_ref())).collect();
        found.extend(keys(&self.clusters, |cluster| !settled(cluster)));
        found.extend(keys(&self.services, |service| !settled(service)));
        found
    }

    /// The objects that live in an environment.
    pub(crate) fn objects_in_environment(&self, name: &str) -> Vec<Key> {
        let mut found = keys(&self.clusters, |cluster| self.environment_of(cluster) == name);
        found.extend(keys(&self.services, |service| self.environment_of(service) == name));
        found
    }

    /// The objects that live in an environment, with what decisions about them all go by.
    pub(crate) fn members_of(&self, environment: &str) -> Vec<Member> {
        let mut found = self.members(&self.clusters, environment);
        found.extend(self.members(&self.services, environment));
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
        found
    }

    /// Who must look again when an object changed in a way that others see.
    pub(crate) fn dependants(&self, key: &Key) -> Vec<Key> {
        match key.kind {
            ObjectKind::AwsEnvironment => self.objects_in_environment(&key.name),
            ObjectKind::EcsCluster => self.services_of(key),
            ObjectKind::EcsService => self.cluster_of(key).into_iter().collect(),
        }
    }

    /// The cluster that a service names, whose status counts the service's tasks.
    fn cluster_of(&self, service: &Key) -> Option<Key> {
        let found = self.services.get(&ObjectRef::new(&service.name).within(&service.namespace))?;
        let reference = &found.spec.cluster;
        let namespace = reference.namespace.clone().unwrap_or_else(|| service.namespace.clone());
        Some(Key { kind: ObjectKind::EcsCluster, namespace, name: reference.name.clone()? })
    }
}

async fn listed<K>(client: &Client) -> Result<Store<K>>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let list = Api::<K>::all(client.clone()).list(&ListParams::default()).await;
    let list = list.with_context(|| format!("cannot list {}", K::plural(&())))?;
    let (reader, mut writer) = store();
    writer.apply_watcher_event(&Event::Init);
    for object in list.items {
        writer.apply_watcher_event(&Event::InitApply(object));
    }
    writer.apply_watcher_event(&Event::InitDone);
    Ok(reader)
}

fn keys<O: Object>(store: &Store<O>, wanted: impl Fn(&O) -> bool) -> Vec<Key> {
    store.state().into_iter().filter(|object| wanted(object)).map(|object| Key::of(O::KIND, object.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn stored<K>(objects: &[Value]) -> Store<K>
    where
        K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + 'static,
    {
        let (reader, mut writer) = store();
        for object in objects {
            writer.apply_watcher_event(&Event::Apply(serde_json::from_value(object.clone()).unwrap()));
        }
        reader
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
            environments: stored(&[]),
            clusters: stored(&[
                cluster("pinned", &json!({ANNOTATION_ENVIRONMENT: "prod"}), &json!("other")),
                cluster("asks", &json!({}), &json!("staging")),
                cluster("silent", &json!({}), &Value::Null),
            ]),
            services: stored(&[]),
            namespaces: stored(&[json!({
                "metadata": {"name": "shop", "labels": {"ecs.longshore.dev/environment": "team"}},
            })]),
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

    #[test]
    fn a_cluster_looks_again_when_its_services_change_and_they_when_it_does() {
        let service = |name: &str, cluster: &Value| {
            json!({
                "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
                "metadata": {"namespace": "shop", "name": name},
                "spec": {"cluster": cluster, "task": {"containerDefinitions": [{"name": "web", "image": "nginx"}]}},
            })
        };
        let stores = Stores {
            environments: stored(&[]),
            clusters: stored(&[]),
            services: stored(&[
                service("here", &json!({"name": "main"})),
                service("there", &json!({"name": "main", "namespace": "platform"})),
                service("foreign", &json!({"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main"})),
            ]),
            namespaces: stored(&[]),
        };
        let cases = [
            (ObjectKind::EcsService, "shop", "here", vec!["EcsCluster/shop/main"]),
            (ObjectKind::EcsService, "shop", "there", vec!["EcsCluster/platform/main"]),
            (ObjectKind::EcsService, "shop", "foreign", vec![]),
            (ObjectKind::EcsService, "shop", "gone", vec![]),
            (ObjectKind::EcsCluster, "shop", "main", vec!["EcsService/shop/here"]),
            (ObjectKind::EcsCluster, "platform", "main", vec!["EcsService/shop/there"]),
        ];
        for (kind, namespace, name, expected) in cases {
            let key = Key { kind, namespace: namespace.into(), name: name.into() };
            let found: Vec<String> = stores.dependants(&key).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{key}");
        }
    }
}
