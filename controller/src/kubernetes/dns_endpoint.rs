//! The `DNSEndpoint` of an object: external-dns makes records of it.
//!
//! Source: external-dns, "CRD source". It goes with its owner, by Kubernetes' garbage collection.

use std::collections::BTreeMap;
use std::future::Future;

use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::{Value, json};

use super::CALL;
use super::status::{WriteError, read};

const API_VERSION: &str = "externaldns.k8s.io/v1alpha1";

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// It is as it shall be.
    Done,
    /// One of this name is somebody else's, and stays as it is.
    NotOurs,
    /// The cluster does not know the kind, or Longshore has no right to it.
    NotAllowed(String),
}

/// The `DNSEndpoint` of one object, which has its name.
pub(crate) struct DnsEndpoint {
    api: Api<DynamicObject>,
    owner: Value,
    uid: String,
    name: String,
}

impl DnsEndpoint {
    pub(crate) fn of<K: Resource<DynamicType = ()>>(client: Client, object: &K) -> Self {
        let kind = ApiResource {
            group: "externaldns.k8s.io".to_owned(),
            version: "v1alpha1".to_owned(),
            api_version: API_VERSION.to_owned(),
            kind: "DNSEndpoint".to_owned(),
            plural: "dnsendpoints".to_owned(),
        };
        let namespace = object.namespace().unwrap_or_default();
        Self {
            api: Api::namespaced_with(client, &namespace, &kind),
            owner: json!(object.controller_owner_ref(&())),
            uid: object.uid().unwrap_or_default(),
            name: object.name_any(),
        }
    }

    /// Has it lead each host to a name.
    pub(crate) async fn publish(&self, endpoints: &BTreeMap<String, String>) -> Result<Published, WriteError> {
        let wanted = spec(endpoints);
        told(match read(&self.api, &self.name).await {
            Ok(None) => self.create(&wanted).await,
            Ok(Some(there)) if !self.owns(&there) => return Ok(Published::NotOurs),
            Ok(Some(there)) if there.data.get("spec") == Some(&wanted) => Ok(()),
            Ok(Some(_)) => self.patch(&wanted).await,
            Err(error) => Err(error),
        })
    }

    /// Takes it away, if it is this object's.
    pub(crate) async fn withdraw(&self) -> Result<Published, WriteError> {
        told(match read(&self.api, &self.name).await {
            Ok(Some(there)) if self.owns(&there) => self.delete().await,
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        })
    }

    fn owns(&self, there: &DynamicObject) -> bool {
        there.owner_references().iter().any(|owner| owner.uid == self.uid)
    }

    async fn create(&self, spec: &Value) -> Result<(), WriteError> {
        let metadata = json!({"name": self.name, "ownerReferences": [self.owner]});
        let object = json!({"apiVersion": API_VERSION, "kind": "DNSEndpoint", "metadata": metadata, "spec": spec});
        let object: DynamicObject = serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
        answer(self.api.create(&PostParams::default(), &object)).await
    }

    async fn patch(&self, spec: &Value) -> Result<(), WriteError> {
        let patch = Patch::Merge(json!({"spec": spec}));
        answer(self.api.patch(&self.name, &PatchParams::default(), &patch)).await
    }

    async fn delete(&self) -> Result<(), WriteError> {
        match answer(self.api.delete(&self.name, &DeleteParams::default())).await {
            Err(WriteError::Gone) => Ok(()),
            other => other,
        }
    }
}

async fn answer<T>(call: impl Future<Output = kube::Result<T>>) -> Result<(), WriteError> {
    tokio::time::timeout(CALL, call).await.map_err(|_| WriteError::Timeout)?.map(drop).map_err(WriteError::from)
}

/// A kind that is not there is not found, as an object is that is not there: where it cannot be made either.
fn told(outcome: Result<(), WriteError>) -> Result<Published, WriteError> {
    match outcome {
        Ok(()) => Ok(Published::Done),
        Err(WriteError::Gone) => Ok(Published::NotAllowed("this cluster does not know the kind".to_owned())),
        Err(WriteError::Refused(error)) => Ok(Published::NotAllowed(error.to_string())),
        Err(error) => Err(error),
    }
}

/// A CNAME to a load balancer's name becomes an alias record where the zone is Route 53's (external-dns, "AWS").
fn spec(endpoints: &BTreeMap<String, String>) -> Value {
    let endpoint =
        |(host, target): (&String, &String)| json!({"dnsName": host, "recordType": "CNAME", "targets": [target]});
    json!({"endpoints": endpoints.iter().map(endpoint).collect::<Vec<Value>>()})
}
