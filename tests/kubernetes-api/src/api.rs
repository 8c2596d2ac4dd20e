//! The API as tests use it: clients, and a user's own hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::Client;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::door::{Door, DoorService};
use crate::key::Key;
use crate::kind::{Kind, Kinds};
use crate::metadata::{self, text};
use crate::patch;
use crate::recording::Recorded;
use crate::refusal::{self, Refusal};
use crate::seam::Seam;
use crate::server::Server;
use crate::store::Scope;
use crate::write::Part;

/// Where `kubectl apply` keeps what was applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Why something could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Not YAML.
    #[error("this is not YAML: {0}")]
    Yaml(#[from] serde_saphyr::Error),
    /// The server refused.
    #[error("the API server refused: {0}")]
    Refused(#[from] Refusal),
}

/// A Kubernetes API server in memory. Clones are the same server.
#[derive(Clone)]
pub struct KubernetesApi(Arc<Server>);

impl KubernetesApi {
    /// A cluster with the namespaces that every cluster has, and nothing else.
    pub fn new(kinds: &Kinds, clock: Clock) -> Self {
        Self(Arc::new(Server::new(kinds.clone(), clock)))
    }

    /// Another server with the same objects and the same past, under this clock; it has its own recording.
    pub fn fork(&self, clock: Clock) -> Self {
        Self(Arc::new(self.0.fork(clock)))
    }

    /// A client of its own for a process, whose calls and events this seam judges and counts anew. Needs a runtime.
    pub fn client(&self, name: &str, seam: impl Seam + 'static) -> Client {
        Client::new(DoorService(Arc::new(Door::new(self.0.clone(), name, Arc::new(seam)))), "default")
    }

    /// Does what `kubectl apply` does with these YAML documents, and returns the objects as they are then.
    pub fn apply(&self, yaml: &str) -> Result<Vec<Value>, ApplyError> {
        let documents: Vec<Value> = serde_saphyr::from_multiple(yaml)?;
        let documents = documents.into_iter().filter(|document| !document.is_null());
        documents.map(|document| Ok(self.apply_one(document)?)).collect()
    }

    fn apply_one(&self, mut object: Value) -> Result<Value, Refusal> {
        let kind = self.0.kinds.of(&object).ok_or_else(refusal::no_such_resource)?;
        if kind.namespaced && text(&object, "namespace").is_empty() {
            metadata::set(&mut object, "namespace", json!("default"));
        }
        let key = Key::new(&kind.plural, text(&object, "namespace"), text(&object, "name"));
        let mut annotations = metadata::field(&object, "annotations").as_object().cloned().unwrap_or_default();
        annotations.insert(LAST_APPLIED.to_owned(), json!(object.to_string()));
        metadata::set(&mut object, "annotations", Value::Object(annotations));
        let (answer, _) = match self.get(&key) {
            None => self.0.write(|writer| writer.create(kind, &key.namespace, object)),
            Some(live) => {
                let last = metadata::field(&live, "annotations").get(LAST_APPLIED).and_then(Value::as_str);
                let last = last.and_then(|last| serde_json::from_str(last).ok()).unwrap_or_default();
                let patch = patch::three_way(&last, &object);
                self.0.write(|writer| writer.patch(kind, &key, Part::Main, &patch))
            }
        };
        Ok(answer?.object.as_ref().clone())
    }

    /// Changes an object as `kubectl edit` does: all but its status.
    pub fn edit(&self, key: &Key, change: impl FnOnce(&mut Value)) -> Result<Value, Refusal> {
        self.update(key, Part::Main, change)
    }

    /// Changes an object's status, as the controller of its kind does.
    pub fn edit_status(&self, key: &Key, change: impl FnOnce(&mut Value)) -> Result<Value, Refusal> {
        self.update(key, Part::Status, change)
    }

    fn update(&self, key: &Key, part: Part, change: impl FnOnce(&mut Value)) -> Result<Value, Refusal> {
        let kind = self.kind(key)?;
        let mut object = self.get(key).ok_or_else(|| refusal::not_found(kind, &key.name))?;
        change(&mut object);
        let (answer, _) = self.0.write(|writer| writer.replace(kind, key, part, object));
        Ok(answer?.object.as_ref().clone())
    }

    /// Deletes an object as `kubectl delete --wait=false` does.
    pub fn delete(&self, key: &Key) -> Result<(), Refusal> {
        let kind = self.kind(key)?;
        let (answer, _) = self.0.write(|writer| writer.delete(kind, key, &Value::Null));
        answer.map(|_| ())
    }

    fn kind(&self, key: &Key) -> Result<&Kind, Refusal> {
        self.0.kinds.plural(&key.resource).ok_or_else(refusal::no_such_resource)
    }

    /// An object as it is now.
    pub fn get(&self, key: &Key) -> Option<Value> {
        self.0.object(key).map(|object| object.as_ref().clone())
    }

    /// All objects of a resource (`ecsservices`) in all namespaces.
    pub fn list(&self, resource: &str) -> Vec<Value> {
        let objects = self.0.read(|store| store.within(&Scope(Key::new(resource, "", ""))));
        objects.iter().map(|object| object.as_ref().clone()).collect()
    }

    /// The whole state. What differs from run to run can be taken out with [`comparable`].
    pub fn dump(&self) -> BTreeMap<Key, Value> {
        self.0.read(|store| store.objects().map(|(key, object)| (key.clone(), object.as_ref().clone())).collect())
    }

    /// Every call of every client, in the order of arrival. What users do by [`apply`](Self::apply) and so on is not
    /// among them.
    pub fn calls(&self) -> Vec<Recorded> {
        self.0.recording.all()
    }

    /// Forgets the past, as etcd does after some minutes: who watches from a resourceVersion of before gets 410 Gone.
    pub fn forget_history(&self) {
        self.0.forget();
    }
}

/// An object without what differs between two runs in which the same happened: its UID, its resourceVersion, and when
/// it was made and deleted.
pub fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
            metadata.remove(name);
        }
        if let Some(deleted) = metadata.get_mut("deletionTimestamp") {
            *deleted = json!("TIME");
        }
    }
    object
}
