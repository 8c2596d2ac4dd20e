//! What the tests have in common.

use kube::{Api, Client};
use longshore_crds::EcsCluster;
use longshore_kubernetes_api::{Clock, Key, Kinds, KubernetesApi};
use serde_json::json;

pub(crate) fn api() -> KubernetesApi {
    let kinds = Kinds::new([
        include_str!("../../../../crds/generated/awsenvironment.yaml"),
        include_str!("../../../../crds/generated/ecscluster.yaml"),
        include_str!("../../../../crds/generated/ecsservice.yaml"),
    ]);
    KubernetesApi::new(&kinds.unwrap(), Clock::default())
}

pub(crate) fn clusters(client: Client) -> Api<EcsCluster> {
    Api::namespaced(client, "default")
}

/// A cluster that nothing is said of.
pub(crate) fn cluster(name: &str) -> EcsCluster {
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": {}})).unwrap()
}

pub(crate) fn key(name: &str) -> Key {
    Key::new("ecsclusters", "default", name)
}

pub(crate) fn yaml(name: &str) -> String {
    format!("{{apiVersion: ecs.longshore.dev/v1alpha1, kind: EcsCluster, metadata: {{name: {name}}}, spec: {{}}}}")
}
