//! The objects of the cases: the project's own examples, with a patch.

use std::collections::BTreeMap;

use longshore_crds::aws_environment::AccessStatus;
use longshore_crds::{AwsEnvironmentSpec, EcsServiceSpec};
use longshore_planner::desired::{
    ClusterReference, Desired, Fact, Facts, Memory, Need, Obstacle, Opening, Reference, References, Scope, StoredFact,
    ecs_service, openings,
};
use longshore_planner::engine::{Kind, Node};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The spec of the first object of that kind in an example file, with a JSON merge patch applied.
pub(crate) fn spec<T: DeserializeOwned>(file: &str, kind: &str, patch: &Value) -> T {
    patched(file, |document| document["kind"] == kind, patch)
}

/// The same of the object of that name.
pub(crate) fn named<T: DeserializeOwned>(file: &str, name: &str, patch: &Value) -> T {
    patched(file, |document| document["metadata"]["name"] == name, patch)
}

fn patched<T: DeserializeOwned>(file: &str, is_it: impl Fn(&Value) -> bool, patch: &Value) -> T {
    let example = format!("{}/../examples/{file}", env!("CARGO_MANIFEST_DIR"));
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

pub(crate) fn environment(patch: &Value) -> AwsEnvironmentSpec {
    spec("00-environment.yaml", "AwsEnvironment", patch)
}

/// Example 00, in which tasks may also share their instance's namespaces.
pub(crate) fn with_host_namespaces() -> AwsEnvironmentSpec {
    let mut environment = environment(&json!({}));
    environment.iam.as_mut().unwrap().grants[0].allow_host_namespaces = Some(true);
    environment
}

/// The service of example 10.
pub(crate) fn hello(patch: &Value) -> EcsServiceSpec {
    spec("10-fargate-web.yaml", "EcsService", patch)
}

/// A container of example 10's, with more members.
pub(crate) fn container(more: &Value) -> Value {
    let mut container =
        json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [{"containerPort": 80}]});
    merge(&mut container, more);
    container
}

pub(crate) fn scope(environment: AwsEnvironmentSpec) -> Scope {
    Scope {
        installation: "installation-1".into(),
        environment_name: "default".into(),
        environment,
        namespace: "shop".into(),
        namespace_labels: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
        object_kind: "EcsService",
        name: "hello".into(),
        base: None,
    }
}

pub(crate) fn cluster() -> Reference<ClusterReference> {
    Reference::Ready(ClusterReference {
        arn: "arn:aws:ecs:eu-west-1:123456789012:cluster/main".into(),
        name: "main".into(),
        ..ClusterReference::default()
    })
}

pub(crate) fn desire(scope: &Scope, spec: &EcsServiceSpec, memory: &Memory) -> Result<Desired, Obstacle> {
    desire_where(scope, spec, memory, |_| None)
}

/// As AWS answers; what it says nothing of has no key of a customer's.
pub(crate) fn desire_where(
    scope: &Scope,
    spec: &EcsServiceSpec,
    memory: &Memory,
    answer: impl Fn(&Need) -> Option<Fact>,
) -> Result<Desired, Obstacle> {
    let mut facts = Facts::new();
    loop {
        let references = References { access: opened(spec), ..References::to_cluster(cluster()) };
        let desired = ecs_service(scope, spec, &facts, &references, memory);
        let Err(Obstacle::Needs(needs)) = &desired else { return desired };
        for need in needs {
            let stored = |arn: &String| StoredFact { arn: arn.clone(), key: None, version: "1".to_owned() };
            let fact = match (answer(need), need) {
                (Some(fact), _) => fact,
                (None, Need::Secret { arn } | Need::Parameter { arn }) => Fact::Stored(Some(stored(arn))),
                (None, Need::ImageDigest { .. }) => Fact::ImageDigest(Some(format!("sha256:{}", "0".repeat(64)))),
                (None, other) => return Err(Obstacle::Needs(vec![other.clone()])),
            };
            facts.insert(need.clone(), fact);
        }
    }
}

/// The environment has opened everything that a service asks for.
pub(crate) fn opened(spec: &EcsServiceSpec) -> Vec<AccessStatus> {
    let entry = |opening: &Opening| AccessStatus {
        clients_security_group_id: Some(format!("sg-0clients{}", opening.from_port)),
        ..opening.entry()
    };
    openings(spec).iter().map(entry).collect()
}

/// Example 10 with a patch, in example 00's environment.
pub(crate) fn desired(patch: &Value) -> Desired {
    desire(&scope(environment(&json!({}))), &hello(patch), &Memory::default()).unwrap()
}

/// The refusals that a patch of example 10 meets.
pub(crate) fn refused(patch: &Value) -> Vec<(String, String, String)> {
    match desire(&scope(environment(&json!({}))), &hello(patch), &Memory::default()) {
        Err(Obstacle::Refused(refusals)) => refusals.into_iter().map(|r| (r.reason, r.at.0, r.message)).collect(),
        Ok(_) => vec![],
        Err(other) => panic!("{other:?}"),
    }
}

/// The node of a kind and key.
pub(crate) fn node<'a, K: Kind>(desired: &'a Desired, key: &str) -> Option<&'a Node> {
    desired.graph.iter().find(|(id, _)| id.kind == K::NAME && id.key == key).map(|(_, node)| node)
}

/// Its value.
pub(crate) fn value<K: Kind>(desired: &Desired, key: &str) -> K {
    serde_json::from_value(node::<K>(desired, key).expect("the node is wanted").want.clone()).unwrap()
}
