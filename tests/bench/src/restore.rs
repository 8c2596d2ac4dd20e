//! Objects put into the real API server as a backup is restored: with new UIDs and resource versions, and their status.

use std::path::Path;

use anyhow::{Context, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, Config};
use serde_json::{Value, json};

use crate::fleet::{NAMESPACE, RESOURCES};

/// Requests under way at once.
const AT_ONCE: usize = 16;

/// A client of the API server.
pub(crate) async fn client(kubeconfig: &Path) -> Result<Client> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).context("cannot read the kubeconfig")?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

/// Creates them all, each with its status.
pub(crate) async fn restore(client: &Client, objects: &[Value]) -> Result<()> {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    let namespaces = Api::<DynamicObject>::all_with(client.clone(), &ApiResource::from_gvk(&gvk(&namespace)));
    namespaces.create(&PostParams::default(), &serde_json::from_value(namespace)?).await?;
    for resource in RESOURCES {
        let of_kind = objects.iter().filter(|object| plural(object) == resource);
        let one = |object: &Value| restore_one(client.clone(), resource, object.clone());
        stream::iter(of_kind.map(one)).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    }
    Ok(())
}

async fn restore_one(client: Client, resource: &str, mut object: Value) -> Result<()> {
    let status = object["status"].take();
    let metadata = object["metadata"].as_object_mut().context("an object has metadata")?;
    metadata.retain(|name, _| ["name", "namespace", "labels", "annotations", "finalizers"].contains(&name.as_str()));
    let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
    let (name, namespace) = (text("name").context("an object has a name")?, text("namespace"));
    let api = match namespace {
        Some(namespace) => within(&client, resource, &namespace),
        None => all(&client, resource),
    };
    let object: DynamicObject = serde_json::from_value(object)?;
    api.create(&PostParams::default(), &object).await.with_context(|| format!("{resource} {name} is refused"))?;
    let status = Patch::Merge(json!({"status": status}));
    let patched = api.patch_status(&name, &PatchParams::default(), &status).await;
    patched.map(drop).with_context(|| format!("the status of {resource} {name} is refused"))
}

fn gvk(object: &Value) -> GroupVersionKind {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let (group, version) = text("apiVersion").rsplit_once('/').unwrap_or(("", text("apiVersion")));
    GroupVersionKind::gvk(group, version, text("kind"))
}

/// `ecsservices`
fn plural(object: &Value) -> String {
    format!("{}s", object["kind"].as_str().unwrap_or_default().to_lowercase())
}

/// One of Longshore's resources in all namespaces, or of the cluster.
pub(crate) fn all(client: &Client, resource: &str) -> Api<DynamicObject> {
    Api::all_with(client.clone(), &of(resource))
}

/// One of Longshore's resources in a namespace.
pub(crate) fn within(client: &Client, resource: &str, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &of(resource))
}

fn of(resource: &str) -> ApiResource {
    // The kind's name is of no consequence: requests go by the resource's.
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("ecs.longshore.dev", "v1alpha1", ""), resource)
}
