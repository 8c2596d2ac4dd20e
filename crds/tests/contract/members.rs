//! ECS's members are all taken, by ECS's own names and types; what is not stands here with its reason.

use longshore_crds::crds;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// Members that are not taken.
const NOT_TAKEN: &[(&str, &str)] = &[
    ("CreateServiceRequest.clientToken", "Longshore's own: a service's name is unique, so that no token is needed"),
    ("CreateServiceRequest.taskDefinition", "spec.task holds what is registered"),
    ("InstanceLaunchTemplate.capacityReservations", "not built yet, as capacityOptionType: RESERVED"),
    ("InstanceLaunchTemplate.ec2InstanceProfileArn", "Longshore's own: it makes one for each entry"),
    (
        "InstanceLaunchTemplate.instanceMetadataTagsPropagation",
        "Longshore's tags have a slash in their keys, which EC2 takes in no metadata",
    ),
    ("InstanceLaunchTemplate.nitroEnclavesEnabled", "newer than the SDK"),
    ("InstanceLaunchTemplate.networkConfiguration", "the entry's subnets, and a security group that is made for it"),
    ("RunTaskRequest.clientToken", "Longshore's own: by it no task is run twice"),
    ("RunTaskRequest.startedBy", "Longshore's own: by it an object's tasks are found"),
    ("RunTaskRequest.taskDefinition", "spec.task and spec.taskFrom say what is run"),
    ("RunTaskRequest.volumeConfigurations", "not built yet: an EFS file system can be mounted"),
    ("TaskOverride.inferenceAcceleratorOverrides", "Elastic Inference has ended"),
];

/// Members that are taken in another form.
const OTHER_FORM: &[(&str, &str)] = &[
    ("CreateServiceRequest.cluster", "a reference: {name} of an EcsCluster, or {arn}"),
    ("RunTaskRequest.cluster", "a reference: {name} of an EcsCluster, or {arn}"),
    ("TaskOverride.cpu", "a number as well as a string, as in a task definition"),
    ("TaskOverride.memory", "a number as well as a string, as in a task definition"),
    ("RegisterTaskDefinitionRequest.cpu", "a number as well as a string, as ECS reads both"),
    ("RegisterTaskDefinitionRequest.memory", "a number as well as a string, as ECS reads both"),
];

/// Values of ECS's enumerations that are not taken.
const VALUES_NOT_TAKEN: &[(&str, &str, &str)] = &[
    ("CreateServiceRequest.launchType", "MANAGED_INSTANCES", "in the model, but not to be sent"),
    ("RunTaskRequest.launchType", "MANAGED_INSTANCES", "in the model, but not to be sent"),
    ("InstanceLaunchTemplate.capacityOptionType", "RESERVED", "not built yet: On-Demand and Spot can be had"),
    ("ResourceRequirement.type", "InferenceAccelerator", "Elastic Inference has ended"),
];

/// Strings of ECS whose values its documentation enumerates.
const ENUMERATED: &[(&str, &str)] = &[("ClusterSetting.value", "the values of containerInsights, the only setting")];

/// Longshore's own members, by the shape of ECS beside whose members they stand.
const OURS: &[(&str, &[&str])] = &[
    (
        "CreateClusterRequest",
        &["adoption", "allowedNamespaces", "awsEnvironment", "deletionPolicy", "ec2Capacity", "mode"],
    ),
    (
        "CreateServiceRequest",
        &[
            "adoption",
            "after",
            "autoscaling",
            "awsEnvironment",
            "deletionPolicy",
            "executionRole",
            "ignoreChanges",
            "imageResolution",
            "logs",
            "mode",
            "progressDeadlineSeconds",
            "restartOnSecretChange",
            "restartedAt",
            "task",
            "taskRole",
        ],
    ),
    ("EFSAuthorizationConfig", &["accessPointRef"]),
    ("EFSVolumeConfiguration", &["fileSystemRef"]),
    // Members of ECS too, of the provider around the template.
    ("InstanceLaunchTemplate", &["autoRepairConfiguration", "infrastructureOptimization", "propagateTags"]),
    (
        "LoadBalancer",
        &[
            "deregistrationDelaySeconds",
            "dns",
            "healthCheck",
            "listener",
            "loadBalancer",
            "name",
            "protocol",
            "protocolVersion",
            "rules",
            "slowStartSeconds",
            "testRule",
            "testListener",
            "stickiness",
        ],
    ),
    ("NetworkConfiguration", &["access", "allowFrom"]),
    (
        "RunTaskRequest",
        &[
            "activeDeadlineSeconds",
            "adoption",
            "awsEnvironment",
            "backoffLimit",
            "deletionPolicy",
            "executionRole",
            "imageResolution",
            "logs",
            "mode",
            "task",
            "taskFrom",
            "taskRole",
            "ttlSecondsAfterFinished",
        ],
    ),
    ("ServiceRegistry", &["registry"]),
];

/// What is found to differ, and which exceptions were met on the way.
struct Comparison {
    shapes: Value,
    wrong: Vec<String>,
    met: BTreeSet<String>,
}

impl Comparison {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("api-members/ecs.json");
        let data: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        Self { shapes: data["shapes"].clone(), wrong: Vec::new(), met: BTreeSet::new() }
    }

    /// Compares a shape of ECS with a schema.
    fn shape(&mut self, name: &str, schema: &Value) {
        let members = self.shapes[name].as_object().unwrap_or_else(|| panic!("no shape {name}")).clone();
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        for (member, kind) in &members {
            let at = format!("{name}.{member}");
            match (properties.get(member), self.excepted(NOT_TAKEN, &at)) {
                (Some(_), true) => self.wrong.push(format!("{at} is taken: take it off the list")),
                (None, false) => self.wrong.push(format!("{at} is not taken, and no reason is given")),
                (Some(_), false) if self.excepted(OTHER_FORM, &at) => {}
                (Some(property), false) => self.kind(&at, kind, property),
                (None, true) => {}
            }
        }
        let ours = OURS.iter().find(|(shape, _)| *shape == name).map_or(&[][..], |(_, members)| members);
        for property in properties.keys().filter(|property| !members.contains_key(*property)) {
            let at = format!("{name}.{property}");
            if ours.contains(&property.as_str()) {
                self.met.insert(at);
            } else {
                self.wrong.push(format!("{at} is no member of ECS, and not listed as ours"));
            }
        }
    }

    /// Compares the type of a member with a schema.
    fn kind(&mut self, at: &str, kind: &Value, schema: &Value) {
        let word = kind.as_str().or_else(|| kind[0].as_str()).unwrap();
        let expected = match word {
            "list" => "array",
            "map" | "shape" | "document" => "object",
            "enum" | "string" => "string",
            "integer" | "long" => "integer",
            "double" | "float" => "number",
            other => other,
        };
        if schema["type"] != expected {
            self.wrong.push(format!("{at} is {expected} in ECS, and {} here", schema["type"]));
            return;
        }
        match word {
            "list" => self.kind(at, &kind[1], &schema["items"]),
            "map" => self.kind(at, &kind[1], &schema["additionalProperties"]),
            "shape" => self.shape(kind[1].as_str().unwrap(), schema),
            "enum" => self.values(at, &kind.as_array().unwrap()[1..], schema),
            "string" if schema.get("enum").is_some() && !self.excepted(ENUMERATED, at) => {
                self.wrong.push(format!("{at} is free text in ECS, and enumerated here"));
            }
            _ => {}
        }
    }

    fn values(&mut self, at: &str, values: &[Value], schema: &Value) {
        let words = |values: &[Value]| -> BTreeSet<String> {
            values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
        };
        let mut expected = words(values);
        for (_, value, _) in VALUES_NOT_TAKEN.iter().filter(|(member, ..)| *member == at) {
            self.met.insert(format!("{at}={value}"));
            if !expected.remove(*value) {
                self.wrong.push(format!("{at}: ECS has no value {value}: take it off the list"));
            }
        }
        let taken = words(schema["enum"].as_array().map_or(&[], Vec::as_slice));
        if taken != expected {
            self.wrong.push(format!("{at}: ECS has {expected:?}, taken are {taken:?}"));
        }
    }

    fn excepted(&mut self, list: &[(&str, &str)], at: &str) -> bool {
        let found = list.iter().any(|(member, _)| *member == at);
        if found {
            self.met.insert(at.to_owned());
        }
        found
    }

    /// The exceptions that concern nothing any more.
    fn stale(&self) -> Vec<String> {
        let single = [NOT_TAKEN, OTHER_FORM, ENUMERATED].concat();
        let values = VALUES_NOT_TAKEN.iter().map(|(at, value, _)| format!("{at}={value}"));
        let ours =
            OURS.iter().flat_map(|(shape, members)| members.iter().map(move |member| format!("{shape}.{member}")));
        single
            .into_iter()
            .map(|(at, _)| at.to_owned())
            .chain(values)
            .chain(ours)
            .filter(|exception| !self.met.contains(exception))
            .map(|exception| format!("{exception} is on a list of exceptions, but was not met"))
            .collect()
    }
}

#[test]
fn every_member_of_ecs_is_taken_or_has_a_reason() {
    let spec = |kind: &str| {
        let crd = crds().into_iter().find(|crd| crd.spec.names.kind == kind).unwrap();
        let schema = crd.spec.versions[0].schema.clone().unwrap().open_api_v3_schema.unwrap();
        serde_json::to_value(&schema.properties.unwrap()["spec"]).unwrap()
    };
    let mut comparison = Comparison::new();
    let cluster = spec("EcsCluster");
    comparison.shape("CreateClusterRequest", &cluster);
    let managed = &cluster["properties"]["ec2Capacity"]["items"]["properties"]["managedInstances"];
    comparison.shape("InstanceLaunchTemplate", managed);
    for (shape, member) in [
        ("AutoRepairConfiguration", "autoRepairConfiguration"),
        ("InfrastructureOptimization", "infrastructureOptimization"),
    ] {
        comparison.shape(shape, &managed["properties"][member]);
    }
    let service = spec("EcsService");
    comparison.shape("CreateServiceRequest", &service);
    comparison.shape("RegisterTaskDefinitionRequest", &service["properties"]["task"]);
    comparison.shape("RunTaskRequest", &spec("EcsTask"));
    let wrong = [comparison.wrong.clone(), comparison.stale()].concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
