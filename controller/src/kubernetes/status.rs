//! Status writes: JSON merge patches with a resourceVersion, and only where something differs.

use kube::api::{Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use longshore_aws::Stopped;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::CALL;

/// Why Kubernetes took no write.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The object changed since it was read: read it again.
    #[error("the object changed meanwhile")]
    Conflict,
    /// The object is gone.
    #[error("the object is gone")]
    Gone,
    /// This process does not lead, or no longer: nothing was sent, and nobody is told.
    #[error("this process does not lead")]
    NotLeader,
    /// No answer.
    #[error("the API server did not answer in time")]
    Timeout,
    /// Everything else.
    #[error("the API server refused: {0}")]
    Refused(Box<kube::Error>),
}

impl From<kube::Error> for WriteError {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Service(inner) if inner.downcast_ref() == Some(&Stopped::NotLeader) => Self::NotLeader,
            kube::Error::Service(inner) if inner.is::<Stopped>() => Self::Timeout,
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            kube::Error::Api(status) if status.code == 404 => Self::Gone,
            _ => Self::Refused(Box::new(error)),
        }
    }
}

/// The object as it is now; `None`: it is gone.
pub(crate) async fn read<K>(api: &Api<K>, name: &str) -> Result<Option<K>, WriteError>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    tokio::time::timeout(CALL, api.get_opt(name)).await.map_err(|_| WriteError::Timeout)?.map_err(WriteError::from)
}

/// Brings an object's status from `old` to `new`. `None`: they are equal, and nothing was written.
pub(crate) async fn write_status<K>(api: &Api<K>, object: &K, old: &Value, new: &Value) -> Result<Option<K>, WriteError>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    let Some(difference) = merge_difference(old, new) else { return Ok(None) };
    let patch = json!({"metadata": {"resourceVersion": object.resource_version()}, "status": difference});
    let name = object.name_any();
    let patch = Patch::Merge(patch);
    let params = PatchParams::default();
    let call = api.patch_status(&name, &params, &patch);
    tokio::time::timeout(CALL, call).await.map_err(|_| WriteError::Timeout)?.map(Some).map_err(WriteError::from)
}

/// The merge patch (RFC 7386) that makes `new` of `old`; `None` if they are equal.
pub(crate) fn merge_difference(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    let (Some(before), Some(after)) = (old.as_object(), new.as_object()) else { return Some(new.clone()) };
    let mut patch = Map::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, value) in after {
        let changed = match before.get(name) {
            None => Some(value.clone()),
            Some(old) => merge_difference(old, value),
        };
        if let Some(value) = changed {
            patch.insert(name.clone(), value);
        }
    }
    Some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patch_says_only_what_differs_and_removes_what_is_gone() {
        let cases = [
            (json!({"a": 1}), json!({"a": 1}), None),
            (json!({"a": 1}), json!({"a": 2}), Some(json!({"a": 2}))),
            (json!({"a": 1, "b": 1}), json!({"a": 1}), Some(json!({"b": null}))),
            (json!({"m": {"x": 1, "y": 1}}), json!({"m": {"y": 2}}), Some(json!({"m": {"x": null, "y": 2}}))),
            (json!({"l": [1, 2]}), json!({"l": [2]}), Some(json!({"l": [2]}))),
            (json!(null), json!({"a": 1}), Some(json!({"a": 1}))),
        ];
        for (old, new, expected) in cases {
            assert_eq!(merge_difference(&old, &new), expected, "{old} -> {new}");
        }
    }
}
