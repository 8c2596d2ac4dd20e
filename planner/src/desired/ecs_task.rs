//! `EcsTask` -> graph, and the order for what is run once that is there: log group, roles, security group and task
//! definition of its own, or nothing but the order, with a service's task definition.

use std::collections::BTreeMap;

use longshore_crds::ecs_service::AwsVpcConfiguration;
use longshore_crds::ecs_task::TaskOverride;
use longshore_crds::task_definition::{LogDriver, Switch};
use longshore_crds::{ContainerDefinition, EcsServiceSpec, EcsTaskSpec};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ecs_service::{Template, check_cluster, template};
use super::grants::{authorise, authorise_order};
use super::memory::Memory;
use super::obstacle::{ClusterReference, Desired, Facts, Obstacle, Reference, References, Refusal, TaskSource};
use super::scope::Scope;
use super::subnets;
use crate::engine::{Graph, Kind, TAG_INSTALLATION, TAG_OBJECT, Text, content_hash};
use crate::kinds::ecs::service::Network;
use crate::kinds::ecs::task_definition::TaskDefinition;
use crate::one_off::{Order, Policy};

/// What Argo CD and Flux mark as theirs: they make again what is deleted.
const TRACKING_LABELS: [&str; 4] = [
    "app.kubernetes.io/instance",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/name",
    "helm.toolkit.fluxcd.io/name",
];
const TRACKING_ANNOTATION: &str = "argocd.argoproj.io/tracking-id";

/// The mark by which something in Git makes an object again that is deleted, if it has one.
pub fn tracked_by(labels: &BTreeMap<String, String>, annotations: &BTreeMap<String, String>) -> Option<&'static str> {
    let label = TRACKING_LABELS.into_iter().find(|label| labels.contains_key(*label));
    label.or_else(|| annotations.contains_key(TRACKING_ANNOTATION).then_some(TRACKING_ANNOTATION))
}

/// The parts of a one-off task that a service has too, as a service's.
pub fn as_service(spec: &EcsTaskSpec) -> EcsServiceSpec {
    EcsServiceSpec {
        aws_environment: spec.aws_environment.clone(),
        cluster: spec.cluster.clone(),
        task: spec.task.clone().unwrap_or_default(),
        task_role: spec.task_role.clone(),
        execution_role: spec.execution_role.clone(),
        logs: spec.logs.clone(),
        launch_type: spec.launch_type,
        capacity_provider_strategy: spec.capacity_provider_strategy.clone(),
        platform_version: spec.platform_version.clone(),
        network_configuration: spec.network_configuration.clone(),
        placement_constraints: spec.placement_constraints.clone(),
        placement_strategy: spec.placement_strategy.clone(),
        enable_execute_command: spec.enable_execute_command,
        image_resolution: spec.image_resolution,
        tags: spec.tags.clone(),
        ..EcsServiceSpec::default()
    }
}

/// What an `EcsTask` wants. `source`: the service of `taskFrom`; `tracked`: see [`tracked_by`].
pub fn ecs_task(
    scope: &Scope,
    spec: &EcsTaskSpec,
    facts: &Facts,
    references: &References,
    source: Option<&Reference<TaskSource>>,
    memory: &Memory,
    tracked: Option<&str>,
) -> Result<Desired, Obstacle> {
    refuse(spec, tracked)?;
    check_cluster(scope, &spec.cluster)?;
    let cluster = usable(&references.cluster)?;
    let Template { graph, revision, network, pins, needs, mut lent, warnings } = match source {
        None => template(scope, &as_service(spec), facts, references, memory)?,
        Some(source) => of_service(scope, spec, usable(source)?, facts)?,
    };
    let containers = match source.and_then(Reference::ready) {
        Some(source) => source.containers.clone(),
        None => containers_of(&graph),
    };
    check_overrides(spec, &containers)?;
    lent.extend(source.and_then(Reference::ready).iter().flat_map(|source| source.security_groups.iter().cloned()));
    let order = Order {
        cluster: cluster.arn.clone(),
        request: request(scope, spec, cluster, &revision, network.as_ref()),
        content: content(spec),
        started_by: scope.base(),
        containers: counting(spec, &containers),
        logs: logs(&containers),
    };
    let refusals: Vec<Refusal> = authorise(&graph, scope, &lent)
        .into_iter()
        .chain(authorise_order(spec, network.as_ref(), scope, &lent))
        .collect();
    match (refusals.is_empty(), needs.is_empty()) {
        (false, _) => Err(Obstacle::Refused(refusals)),
        (true, false) => Err(Obstacle::Needs(needs)),
        (true, true) => Ok(Desired { graph, pins, warnings, order: Some(order), ..Desired::default() }),
    }
}

pub(super) fn usable<T>(reference: &Reference<T>) -> Result<&T, Obstacle> {
    match reference {
        Reference::Ready(thing) => Ok(thing),
        Reference::Waiting { reason, message } => {
            Err(Obstacle::Waiting { reason: reason.clone(), message: message.clone() })
        }
    }
}

fn refuse(spec: &EcsTaskSpec, tracked: Option<&str>) -> Result<(), Obstacle> {
    let mut refusals = vec![];
    if let (Some(_), Some(mark)) = (spec.ttl_seconds_after_finished, tracked) {
        let message = format!(
            "the object carries {mark}, so that Argo CD or Flux would make it again once it is deleted; take \
             ttlSecondsAfterFinished away, and the task out of Git when it is done with"
        );
        refusals.push(Refusal::new("TtlUnderGitOps", "spec.ttlSecondsAfterFinished", message));
    }
    let network = spec.network_configuration.as_ref();
    if network.is_some_and(|network| !network.access.is_empty() || !network.allow_from.is_empty()) {
        let message = "access and allowFrom of a one-off task: this version of Longshore cannot do that yet; name a \
                       security group in awsvpcConfiguration.securityGroups, or take the network of a service with taskFrom";
        refusals.push(Refusal::new("NotSupportedYet", "spec.networkConfiguration", message));
    }
    if refusals.is_empty() { Ok(()) } else { Err(Obstacle::Refused(refusals)) }
}

/// With a service's task definition nothing is made: it runs where the service's tasks run, unless the spec says otherwise.
pub(super) fn of_service(
    scope: &Scope,
    spec: &EcsTaskSpec,
    source: &TaskSource,
    facts: &Facts,
) -> Result<Template, Obstacle> {
    let own = spec.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    let given = |own: Option<&Vec<String>>, of_service: &Vec<String>| {
        own.filter(|own| !own.is_empty()).unwrap_or(of_service).clone()
    };
    let public = own.and_then(|own| own.assign_public_ip).map_or(source.public_ip, |ip| ip == Switch::Enabled);
    let subnets = match own.map(|own| &own.subnets).filter(|subnets| !subnets.is_empty()) {
        Some(subnets) => subnets.clone(),
        None if public == source.public_ip => source.subnets.clone(),
        None => {
            let at = "spec.networkConfiguration.awsvpcConfiguration.subnets";
            subnets::of_environment(scope, public, "task", at, facts)?
        }
    };
    let groups = given(own.map(|own| &own.security_groups), &source.security_groups);
    Ok(Template {
        graph: Graph::default(),
        revision: source.task_definition_arn.clone().into(),
        network: has_network(source, own).then(|| Network {
            subnets,
            security_groups: groups.into_iter().map(Text::from).collect(),
            assign_public_ip: if public { Switch::Enabled } else { Switch::Disabled },
        }),
        pins: BTreeMap::new(),
        needs: vec![],
        lent: source.security_groups.iter().cloned().collect(),
        warnings: vec![],
    })
}

/// A service whose tasks have their instance's interface has neither subnets nor groups.
fn has_network(source: &TaskSource, own: Option<&AwsVpcConfiguration>) -> bool {
    own.is_some() || !source.subnets.is_empty()
}

/// The containers of the task definition that a graph registers.
pub(super) fn containers_of(graph: &Graph) -> Vec<ContainerDefinition> {
    let definitions = graph.iter().filter(|(id, _)| id.kind == TaskDefinition::NAME);
    let definitions = definitions.filter_map(|(_, node)| TaskDefinition::deserialize(&node.want).ok());
    definitions.flat_map(|definition| definition.content.container_definitions).collect()
}

/// ECS would refuse the call.
pub(super) fn check_overrides(spec: &EcsTaskSpec, containers: &[ContainerDefinition]) -> Result<(), Refusal> {
    let overrides = spec.overrides.iter().flat_map(|overrides| &overrides.container_overrides);
    let unknown = overrides.filter(|one| !containers.iter().any(|container| container.name == one.name));
    let Some(unknown) = unknown.map(|one| &one.name).next() else { return Ok(()) };
    let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
    let message = format!("the task definition has no container {unknown}; it has {}", names.join(", "));
    Err(Refusal::new("NoSuchContainer", "spec.overrides.containerOverrides", message))
}

/// What a one-off task is judged by.
pub fn task_policy(spec: &EcsTaskSpec) -> Policy {
    Policy {
        count: usize::try_from(spec.count.unwrap_or(1)).unwrap_or(1),
        backoff_limit: spec.backoff_limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or_default(),
        active_deadline_seconds: spec.active_deadline_seconds,
    }
}

/// Of a task with overrides those containers, else the essential ones: a sidecar may end as it likes.
pub(super) fn counting(spec: &EcsTaskSpec, containers: &[ContainerDefinition]) -> Vec<String> {
    let overridden: Vec<String> = spec
        .overrides
        .iter()
        .flat_map(|overrides| &overrides.container_overrides)
        .map(|one| one.name.clone())
        .collect();
    let essential = containers.iter().filter(|container| container.essential != Some(false));
    let essential = essential.map(|container| container.name.clone());
    if overridden.is_empty() { essential.collect() } else { overridden }
}

/// Where containers that write to CloudWatch Logs do so.
fn logs(containers: &[ContainerDefinition]) -> BTreeMap<String, (String, String)> {
    let written = containers.iter().filter_map(|container| {
        let logs = container.log_configuration.as_ref().filter(|logs| logs.log_driver == LogDriver::Awslogs)?;
        let option = |name: &str| logs.options.get(name).cloned();
        Some((container.name.clone(), (option("awslogs-group")?, option("awslogs-stream-prefix")?)))
    });
    written.collect()
}

/// What tells two one-off tasks of the same name apart: what is run, and not how often, how long, or in what mode.
fn content(spec: &EcsTaskSpec) -> String {
    let what = EcsTaskSpec {
        backoff_limit: None,
        active_deadline_seconds: None,
        ttl_seconds_after_finished: None,
        mode: None,
        adoption: None,
        deletion_policy: None,
        ..spec.clone()
    };
    content_hash(&json!(what))
}

/// `RunTask`'s members.
fn request(
    scope: &Scope,
    spec: &EcsTaskSpec,
    cluster: &ClusterReference,
    revision: &Text,
    network: Option<&Network>,
) -> Value {
    // Whose it is; which attempt, the call says.
    let ownership = scope.ownership();
    let mut tags = scope.tags(&spec.tags);
    tags.extend([(TAG_INSTALLATION.to_owned(), ownership.installation), (TAG_OBJECT.to_owned(), ownership.object)]);
    let tags: Vec<Value> = tags.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let members = [
        ("cluster", json!(cluster.arn)),
        ("taskDefinition", json!(revision)),
        ("count", json!(spec.count.unwrap_or(1))),
        ("launchType", json!(spec.launch_type)),
        ("capacityProviderStrategy", json!(cluster.strategy(&spec.capacity_provider_strategy))),
        ("platformVersion", json!(spec.platform_version)),
        ("placementConstraints", json!(spec.placement_constraints)),
        ("placementStrategy", json!(spec.placement_strategy)),
        (
            "networkConfiguration",
            network.map_or(Value::Null, |network| {
                json!({"awsvpcConfiguration": {
                    "subnets": network.subnets,
                    "securityGroups": network.security_groups,
                    "assignPublicIp": network.assign_public_ip,
                }})
            }),
        ),
        ("overrides", spec.overrides.as_ref().map_or(Value::Null, overrides)),
        ("group", json!(spec.group)),
        ("referenceId", json!(spec.reference_id)),
        ("startedBy", json!(scope.base())),
        ("enableECSManagedTags", json!(spec.enable_ecs_managed_tags)),
        ("propagateTags", json!(spec.propagate_tags)),
        ("enableExecuteCommand", json!(spec.enable_execute_command)),
        ("tags", json!(tags)),
    ];
    let given =
        members.into_iter().filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|it| !it.is_empty()));
    Value::Object(given.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// A size is a number or a text in the spec, and a text to ECS.
pub(super) fn overrides(overrides: &TaskOverride) -> Value {
    let mut value = json!(overrides);
    for size in ["cpu", "memory"] {
        if let Some(Value::Number(number)) = value.get(size) {
            let text = number.to_string();
            if let Some(members) = value.as_object_mut() {
                members.insert(size.to_owned(), text.into());
            }
        }
    }
    value
}
