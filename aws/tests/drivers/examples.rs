//! The objects of the tests: the project's own examples, with a patch.

use std::collections::BTreeMap;

use longshore_crds::{
    ApplicationLoadBalancerSpec, AwsEnvironmentSpec, EcsClusterSpec, EcsServiceSpec, EcsTaskSpec, EcsTaskTriggerSpec,
    EfsFileSystemSpec,
};
use longshore_planner::desired::Scope;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The spec of the first object of that kind in an example file, with a JSON merge patch applied.
fn spec<T: DeserializeOwned>(file: &str, kind: &str, patch: &Value) -> T {
    patched(file, |document| document["kind"] == kind, patch)
}

fn patched<T: DeserializeOwned>(file: &str, is_it: impl Fn(&Value) -> bool, patch: &Value) -> T {
    let example = format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(example).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let mut object = documents.into_iter().find(is_it).unwrap();
    merge(&mut object["spec"], patch);
    serde_json::from_value(object["spec"].clone()).unwrap()
}

/// RFC 7386.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in members {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name], value);
        }
    }
}

fn environment() -> AwsEnvironmentSpec {
    spec("examples/00-environment.yaml", "AwsEnvironment", &json!({}))
}

pub(crate) fn cluster(patch: &Value) -> EcsClusterSpec {
    spec("examples/10-fargate-web.yaml", "EcsCluster", patch)
}

pub(crate) fn service(patch: &Value) -> EcsServiceSpec {
    spec("examples/10-fargate-web.yaml", "EcsService", patch)
}

/// Example 40's one-off task, patched.
pub(crate) fn task(patch: &Value) -> EcsTaskSpec {
    spec("examples/40-tasks.yaml", "EcsTask", patch)
}

/// Example 40's trigger, patched.
pub(crate) fn trigger(patch: &Value) -> EcsTaskTriggerSpec {
    spec("examples/40-tasks.yaml", "EcsTaskTrigger", patch)
}

/// Example 40's trigger on an event, patched.
pub(crate) fn event_trigger(patch: &Value) -> EcsTaskTriggerSpec {
    patched("examples/40-tasks.yaml", |document| document["metadata"]["name"] == "on-upload", patch)
}

/// Example 20's load balancer.
pub(crate) fn load_balancer() -> ApplicationLoadBalancerSpec {
    spec("examples/20-load-balancer.yaml", "ApplicationLoadBalancer", &json!({}))
}

/// Example 20's file system, patched.
pub(crate) fn file_system(patch: &Value) -> EfsFileSystemSpec {
    spec("examples/20-file-system.yaml", "EfsFileSystem", patch)
}

/// Example 20's service with an EBS volume and a log router, patched.
pub(crate) fn search(patch: &Value) -> EcsServiceSpec {
    spec("examples/20-volumes-and-logs.yaml", "EcsService", patch)
}

/// A service of the example of Service Connect, by name, patched.
pub(crate) fn connected(name: &str, patch: &Value) -> EcsServiceSpec {
    let example = format!("{}/../examples/20-service-connect.yaml", env!("CARGO_MANIFEST_DIR"));
    let documents: Vec<Value> = serde_saphyr::from_multiple(&std::fs::read_to_string(example).unwrap()).unwrap();
    let mut object = documents.into_iter().find(|document| document["metadata"]["name"] == name).unwrap();
    merge(&mut object["spec"], patch);
    serde_json::from_value(object["spec"].clone()).unwrap()
}

/// A patch that gives the service's container another image.
pub(crate) fn image(tag: &str) -> Value {
    let image = format!("public.ecr.aws/nginx/nginx:{tag}");
    json!({"task": {"containerDefinitions": [
        {"name": "web", "image": image, "portMappings": [{"containerPort": 80}]}
    ]}})
}

/// Tasks of the tests may share their instance's namespaces, and be registered in the account's Cloud Map namespaces.
fn with_host_namespaces() -> AwsEnvironmentSpec {
    let mut environment = environment();
    let grant = &mut environment.iam.as_mut().unwrap().grants[0];
    grant.allow_host_namespaces = Some(true);
    grant.cloud_map_namespaces = vec!["shop.internal".to_owned(), "ops.internal".to_owned()];
    environment
}

/// Where an object of the examples lives.
pub(crate) fn scope(object_kind: &'static str, name: &str) -> Scope {
    Scope {
        installation: "installation-1".into(),
        environment_name: "default".into(),
        environment: with_host_namespaces(),
        namespace: "shop".into(),
        namespace_labels: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
        object_kind,
        name: name.into(),
        base: None,
    }
}
