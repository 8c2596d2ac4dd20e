//! Finalizer and pins, in one patch.

use kube::api::{Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::CALL;
use super::status::WriteError;

/// As long as it is there, Kubernetes keeps the object: what it owns in AWS is taken away first.
pub(crate) const FINALIZER: &str = "ecs.longshore.dev/finalizer";
/// The environment that the object lives in.
pub(crate) const ANNOTATION_ENVIRONMENT: &str = "ecs.longshore.dev/environment";
/// The base of its names in AWS.
pub(crate) const ANNOTATION_BASE: &str = "ecs.longshore.dev/base";

/// Writes the finalizer and these annotations, before anything is made in AWS. Answers the object as it is then.
pub(crate) async fn pin<K>(api: &Api<K>, object: &K, annotations: &[(&str, &str)]) -> Result<K, WriteError>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(FINALIZER.to_owned());
    let annotations: Map<_, _> = annotations.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    let metadata = Map::from_iter([
        ("finalizers".to_owned(), json!(finalizers)),
        ("annotations".to_owned(), Value::Object(annotations)),
    ]);
    patch_metadata(api, object, metadata).await
}

/// Writes one annotation, or takes it away, unless the object changed since it was read. Answers the object as it is then.
pub(crate) async fn annotate<K>(api: &Api<K>, object: &K, key: &str, value: Option<&str>) -> Result<K, WriteError>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    patch_metadata(api, object, Map::from_iter([("annotations".to_owned(), json!({key: value}))])).await
}

/// Takes the finalizer away: nothing of the object is left in AWS, or it is meant to stay there.
pub(crate) async fn release<K>(api: &Api<K>, object: &K) -> Result<K, WriteError>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    let finalizers: Vec<&String> = object.finalizers().iter().filter(|name| *name != FINALIZER).collect();
    patch_metadata(api, object, Map::from_iter([("finalizers".to_owned(), json!(finalizers))])).await
}

async fn patch_metadata<K>(api: &Api<K>, object: &K, mut metadata: Map<String, Value>) -> Result<K, WriteError>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    // With the resourceVersion, so that a finalizer that somebody else adds meanwhile is not lost.
    metadata.insert("resourceVersion".to_owned(), json!(object.resource_version()));
    let patch = Patch::Merge(json!({"metadata": metadata}));
    let (name, params) = (object.name_any(), PatchParams::default());
    let call = api.patch(&name, &params, &patch);
    tokio::time::timeout(CALL, call).await.map_err(|_| WriteError::Timeout)?.map_err(WriteError::from)
}
