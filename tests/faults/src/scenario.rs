//! Scenarios: what a user does, and what must come of it. They are data: `scenarios.yaml`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use longshore_kubernetes_api::{Key, KubernetesApi, Refusal};
use longshore_simulator::services::{cloudwatch, ec2, ecs};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::doors::DOWN;
use crate::fault::Meanwhile;
use crate::stage::Stage;

/// The kinds of Longshore's objects.
pub(crate) const KINDS: [&str; 7] = [
    "awsenvironments",
    "ecsclusters",
    "ecsservices",
    "applicationloadbalancers",
    "efsfilesystems",
    "ecstasks",
    "ecstasktriggers",
];

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// It begins where this scenario ended, undisturbed; left out: with an empty cluster.
    pub(crate) from: Option<String>,
    /// What users do, one after the other; each is given the time to settle, unless a wait follows.
    pub(crate) acts: Vec<Act>,
    /// The object that is changed or deleted at the moment of a fault.
    #[serde(default = "hello")]
    pub(crate) subject: String,
    /// How it is changed then.
    #[serde(default = "changed")]
    pub(crate) change: Value,
    /// What AWS refuses although nothing goes wrong, since it tells nowhere from when on it would not.
    #[serde(default)]
    pub(crate) refused: Vec<String>,
    /// Where an object ends that does not end ready.
    #[serde(default)]
    pub(crate) end: BTreeMap<String, End>,
    /// What AWS has of these objects stays as it was at the start, whatever their specs say.
    #[serde(default)]
    pub(crate) frozen: bool,
    /// What must never happen on the way.
    #[serde(default)]
    pub(crate) never: Vec<Never>,
    /// What must never be more, in a run in which nobody loses a status or edits meanwhile.
    #[serde(default)]
    pub(crate) most: Most,
    /// Run by itself only to begin others with: it has no points of its own.
    #[serde(default)]
    pub(crate) only_a_start: bool,
}

/// What must never happen on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Never {
    /// A service has fewer healthy tasks, or more at all, than its deployment configuration allows, in any second.
    OutsideOfBounds,
    /// Longshore changes something at AWS, in an undisturbed run.
    Changed,
}

/// Bounds of what happens on the way.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Most {
    /// Services that deploy at once.
    pub(crate) deploying: Option<usize>,
    /// Clusters that are deleted before somebody allows more.
    pub(crate) deletions: Option<usize>,
}

/// How an object ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct End {
    /// `Stalled` is true, for this reason.
    pub(crate) stalled: String,
    /// The image that runs nevertheless.
    pub(crate) image: Option<String>,
    /// A deployment goes on that comes no further.
    #[serde(default)]
    pub(crate) deploying: bool,
    /// No change of the spec mends it.
    #[serde(default)]
    pub(crate) lasting: bool,
}

fn hello() -> String {
    "ecsservices/shop/hello".to_owned()
}

fn changed() -> Value {
    let container =
        json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.29", "portMappings": [{"containerPort": 80}]});
    json!({"spec": {"desiredCount": 1, "task": {"containerDefinitions": [container]}}})
}

/// What a user does.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Act {
    /// `kubectl apply -f` a file of the examples, or only the objects of one kind or of one name in it, under another name,
    /// changed by a JSON merge patch.
    Apply { file: String, kind: Option<String>, only: Option<String>, named: Option<String>, patch: Option<Value> },
    /// `kubectl edit`, by a JSON merge patch.
    Edit { object: String, patch: Value },
    /// `kubectl annotate` with a time that lies so many minutes ahead.
    Annotate { object: String, annotation: String, minutes: i64 },
    /// `kubectl delete`.
    Delete(String),
    /// The status subresource is emptied by hand.
    EmptyStatus(String),
    /// While no controller runs, everything is made anew from what was applied: other UIDs, no status, no finalizers.
    Restore,
    /// No controller runs for so many seconds.
    Away(u64),
    /// Somebody changes something in AWS by hand; the input has the names of the API. `{of: OBJECT, resource: KIND:KEY}`
    /// in it stands for what that object has made, by the beginning of its identity: its ARN or id, or with
    /// `member: NAME` that part of what it is found by.
    Aws { service: String, operation: String, input: Value },
    /// A pipeline registers what a service runs with another image, and has the service run that.
    Deploy { service: String, image: String },
    /// An alarm of CloudWatch goes off, or is well again.
    Alarm { name: String, alarming: bool },
    /// What a function answers at a stage of a deployment: `SUCCEEDED`, `FAILED` or `IN_PROGRESS`.
    Hook { function: String, answer: String },
    /// So much is what all tasks of a service, by the resource id of its scalable target, bear from now on.
    Load { service: Value, metric: String, value: f64 },
    /// EC2 takes back one of the instances of Spot, two minutes after it has said so.
    SpotInterruption,
    /// So many tasks are asked for now, in an undisturbed run.
    Count { service: Value, is: u64 },
    /// So often schedules have started tasks by now, in an undisturbed run.
    Runs(usize),
    /// The next act comes after so many seconds, whatever goes on.
    Wait(u64),
    /// The next act comes so many seconds after a service was first seen on its way to another revision, if it ever is.
    IntoDeployment(u64),
}

/// How long to wait before the next act.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pause {
    /// From now.
    For(Duration),
    /// From when a deployment goes on.
    IntoDeployment(Duration),
}

/// All of them.
pub(crate) fn all() -> Vec<Scenario> {
    serde_saphyr::from_str(include_str!("scenarios.yaml")).unwrap()
}

impl Act {
    /// How long to wait before the next act; `None`: until all is settled.
    pub(crate) fn pause(&self) -> Option<Pause> {
        match self {
            Self::Wait(seconds) => Some(Pause::For(Duration::from_secs(*seconds))),
            Self::IntoDeployment(seconds) => Some(Pause::IntoDeployment(Duration::from_secs(*seconds))),
            _ => None,
        }
    }

    pub(crate) fn perform(&self, stage: &Stage) {
        let api = &stage.api;
        match self {
            Self::Apply { file, kind, only, named, patch } => {
                let is_meant = |document: &Value| {
                    kind.as_ref().is_none_or(|kind| document["kind"] == *kind)
                        && only.as_ref().is_none_or(|name| document["metadata"]["name"] == *name)
                };
                apply(api, file, is_meant, named.as_deref(), patch.as_ref());
            }
            Self::Aws { service, operation, input } => drop(stage.call(service, operation, &resolved(input, api))),
            // What was deleted at the moment of a fault is not there any more.
            Self::Edit { object, .. }
            | Self::Annotate { object, .. }
            | Self::Delete(object)
            | Self::EmptyStatus(object)
                if api.get(&key(object)).is_none() => {}
            // AWS refuses to deploy what is going.
            Self::Deploy { service, .. } if !lives(api, &key(service)) => {}
            Self::Deploy { service, image } => deploy(stage, service, image),
            Self::Edit { object, patch } => edit(api, &key(object), patch).unwrap(),
            Self::Annotate { object, annotation, minutes } => {
                let patch = json!({"metadata": {"annotations": {annotation: ahead(stage, *minutes)}}});
                edit(api, &key(object), &patch).unwrap();
            }
            Self::Delete(object) => api.delete(&key(object)).unwrap(),
            Self::EmptyStatus(object) => empty_status(api, &key(object)),
            Self::Restore => restore(api),
            Self::Alarm { name, alarming } => {
                stage.simulator.with_world(|world| cloudwatch::set_alarm(world, name, *alarming));
            }
            Self::Hook { function, answer } => {
                stage.simulator.with_world(|world| ecs::set_hook_answer(world, function, answer));
            }
            Self::Load { service, metric, value } => {
                let service = named(service, api);
                stage.simulator.with_world(|world| cloudwatch::set_load(world, &service, metric, *value));
            }
            Self::SpotInterruption => interrupt(stage),
            Self::Count { .. } | Self::Runs(_) | Self::Away(_) | Self::Wait(_) | Self::IntoDeployment(_) => {}
        }
    }

    /// How long no controller runs.
    pub(crate) fn down(&self) -> Option<Duration> {
        match self {
            Self::Restore => Some(DOWN),
            Self::Away(seconds) => Some(Duration::from_secs(*seconds)),
            _ => None,
        }
    }

    /// What is not as it should be at this moment of an undisturbed run.
    pub(crate) fn unmet(&self, stage: &Stage) -> Option<String> {
        match self {
            Self::Count { service, is } => {
                let service = named(service, &stage.api);
                let desired = stage.simulator.with_world(|world| ecs::desired(world, &service));
                (desired != Some(*is))
                    .then(|| format!("{desired:?} tasks are asked for, and not {is}, {}", stage.now()))
            }
            Self::Runs(are) => {
                let runs = stage.simulator.with_world(|world| {
                    world.scheduler.firings.iter().filter(|firing| firing.failure.is_none()).count()
                });
                (runs != *are).then(|| format!("schedules have started {runs} tasks, and not {are}, {}", stage.now()))
            }
            _ => None,
        }
    }
}

/// A time as annotations have it: whole seconds.
fn ahead(stage: &Stage, minutes: i64) -> String {
    let now = Timestamp::from_second(stage.now().as_second()).unwrap();
    (now + SignedDuration::from_mins(minutes)).to_string()
}

fn apply(
    api: &KubernetesApi,
    file: &str,
    is_meant: impl Fn(&Value) -> bool,
    named: Option<&str>,
    patch: Option<&Value>,
) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(file);
    let text = std::fs::read_to_string(file).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    for mut document in documents.into_iter().filter(is_meant) {
        if let Some(name) = named {
            document["metadata"]["name"] = json!(name);
        }
        if let Some(patch) = patch {
            merge(&mut document, patch);
        }
        // JSON is YAML.
        api.apply(&document.to_string()).unwrap();
    }
}

/// As pipelines do: what `DescribeTaskDefinition` tells is registered again, without what only ECS says and without tags.
fn deploy(stage: &Stage, service: &str, image: &str) {
    let service = resolved(&json!({"of": service, "resource": "ecs/service:"}), &stage.api);
    let cluster = service.as_str().unwrap().split('/').nth(1).unwrap();
    let described = stage.call("ecs", "DescribeServices", &json!({"cluster": cluster, "services": [service]}));
    let runs = json!({"taskDefinition": described["services"][0]["taskDefinition"]});
    let mut revision = stage.call("ecs", "DescribeTaskDefinition", &runs)["taskDefinition"].clone();
    let of_ecs = [
        "taskDefinitionArn",
        "revision",
        "status",
        "registeredAt",
        "registeredBy",
        "compatibilities",
        "requiresAttributes",
    ];
    revision.as_object_mut().unwrap().retain(|member, _| !of_ecs.contains(&member.as_str()));
    revision["containerDefinitions"][0]["image"] = json!(image);
    let made = stage.call("ecs", "RegisterTaskDefinition", &revision);
    let arn = &made["taskDefinition"]["taskDefinitionArn"];
    stage.call("ecs", "UpdateService", &json!({"cluster": cluster, "service": service, "taskDefinition": arn}));
}

/// Where instances are gone already, there is nothing to take back.
fn interrupt(stage: &Stage) {
    stage.simulator.with_world(|world| {
        let all = serde_json::to_value(&world.ec2).unwrap();
        all["instances"].as_object().unwrap().keys().any(|id| ec2::interrupt(world, id))
    });
}

/// Neither gone nor going.
fn lives(api: &KubernetesApi, key: &Key) -> bool {
    api.get(key).is_some_and(|object| object["metadata"]["deletionTimestamp"].is_null())
}

/// `CLUSTER/NAME` of a service.
fn named(service: &Value, api: &KubernetesApi) -> String {
    let id = resolved(service, api);
    id.as_str().unwrap_or_default().trim_start_matches("service/").to_owned()
}

/// An input with what objects have made in the place of what names it.
fn resolved(input: &Value, api: &KubernetesApi) -> Value {
    match (input, input["of"].as_str(), input["resource"].as_str()) {
        (_, Some(object), Some(resource)) => {
            let object = api.get(&key(object)).unwrap();
            let made = object["status"]["resources"].as_object().unwrap();
            let (_, entry) = made.iter().find(|(id, _)| id.starts_with(resource)).unwrap();
            if let Some(member) = input["member"].as_str() {
                return entry["address"][member].clone();
            }
            // EC2 calls things by id.
            let physical = entry["physical"].as_str().unwrap();
            if physical.starts_with("arn:aws:ec2:") { json!(physical.rsplit('/').next()) } else { json!(physical) }
        }
        (Value::Object(members), ..) => {
            members.iter().map(|(name, value)| (name.clone(), resolved(value, api))).collect()
        }
        (Value::Array(items), ..) => items.iter().map(|item| resolved(item, api)).collect(),
        _ => input.clone(),
    }
}

fn edit(api: &KubernetesApi, key: &Key, patch: &Value) -> Result<(), Refusal> {
    api.edit(key, |object| merge(object, patch)).map(drop)
}

fn empty_status(api: &KubernetesApi, key: &Key) {
    api.edit_status(key, |object| object["status"] = json!({})).unwrap();
}

fn restore(api: &KubernetesApi) {
    for (key, object) in KINDS.into_iter().flat_map(|resource| objects(api, resource)) {
        api.edit(&key, |object| object["metadata"]["finalizers"] = json!([])).unwrap();
        api.delete(&key).unwrap();
        let metadata = json!({"name": key.name, "namespace": key.namespace});
        let again = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": metadata, "spec": object["spec"],
        });
        api.apply(&again.to_string()).unwrap();
    }
}

/// The objects of a kind.
pub(crate) fn objects(api: &KubernetesApi, resource: &str) -> Vec<(Key, Value)> {
    let text = |object: &Value, member: &str| object["metadata"][member].as_str().unwrap_or_default().to_owned();
    let keyed = |object: Value| (Key::new(resource, &text(&object, "namespace"), &text(&object, "name")), object);
    api.list(resource).into_iter().map(keyed).collect()
}

impl Scenario {
    /// What happens at the moment of a fault. An object that is gone, or going, is neither changed nor deleted.
    pub(crate) fn meanwhile(&self, meanwhile: Meanwhile, api: &KubernetesApi) {
        let subject = key(&self.subject);
        let lives = lives(api, &subject);
        match meanwhile {
            Meanwhile::Changed if lives => edit(api, &subject, &self.change).unwrap(),
            Meanwhile::Deleted if lives => api.delete(&subject).unwrap(),
            Meanwhile::StatusGone => {
                let all = KINDS.into_iter().flat_map(|resource| objects(api, resource));
                all.for_each(|(key, _)| empty_status(api, &key));
            }
            Meanwhile::Nothing | Meanwhile::Changed | Meanwhile::Deleted => {}
        }
    }

    /// Whether users lose what only the status says.
    pub(crate) fn loses_status(&self) -> bool {
        self.acts.iter().any(|act| matches!(act, Act::EmptyStatus(_) | Act::Restore))
    }

    /// How an object ends that is still there then.
    pub(crate) fn end_of(&self, object: &str, meanwhile: Meanwhile) -> Option<&End> {
        // What was wrong with the spec is mended by the change of it.
        let mended = meanwhile == Meanwhile::Changed && object == self.subject && !self.frozen;
        self.end.get(object).filter(|end| end.lasting || !mended)
    }
}

/// `ecsservices/shop/hello`, `namespaces/shop`.
pub(crate) fn key(text: &str) -> Key {
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [resource, namespace, name] => Key::new(resource, namespace, name),
        [resource, name] => Key::new(resource, "", name),
        _ => panic!("{text} is no object"),
    }
}

/// As scenarios write it.
pub(crate) fn written(key: &Key) -> String {
    let parts = [&key.resource, &key.namespace, &key.name];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("/")
}

/// RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
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
