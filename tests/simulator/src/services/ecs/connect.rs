//! How services find each other: Service Connect, and (in `registries`) Cloud Map registrations.
//!
//! Developer guide, "Use Service Connect to connect Amazon ECS services with short names". The proxies themselves are not
//! simulated.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::call::Fault;
use crate::services::ecs::task_definitions::{self, Definition};
use crate::services::ecs::tasks::Task;
use crate::services::ecs::{clusters, ebs, invalid, registries};
use crate::services::iam::{self, Access};
use crate::services::servicediscovery::{self, Instance};
use crate::world::World;

fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

/// The configuration, if it is on.
fn configuration(attached: &Map<String, Value>) -> Option<&Value> {
    let configuration = attached.get("serviceConnectConfiguration")?;
    (configuration.get("enabled") == Some(&Value::Bool(true))).then_some(configuration)
}

fn offers(configuration: &Value) -> impl Iterator<Item = &Value> {
    configuration.get("services").and_then(Value::as_array).into_iter().flatten()
}

fn discovery_name(offer: &Value) -> &str {
    text(offer, "discoveryName").or_else(|| text(offer, "portName")).unwrap_or_default()
}

/// The namespace: the one that is named, else the cluster's default.
fn namespace<'a>(
    world: &'a World,
    configuration: &Value,
    cluster: &str,
) -> Result<&'a servicediscovery::Namespace, Fault> {
    let default = || clusters::active(world, cluster).ok().and_then(clusters::default_namespace);
    let given = text(configuration, "namespace").map(str::to_owned).or_else(default);
    let given = given.ok_or_else(|| {
        invalid("A namespace must be specified, since the cluster does not have a default Service Connect namespace.")
    })?;
    let known = servicediscovery::namespace(world, &given);
    known.ok_or_else(|| {
        Fault::bad_request("NamespaceNotFoundException", format!("The specified namespace {given} wasn't found."))
    })
}

/// Checks what a service offers, and where it is registered, against its task definition and what Cloud Map has (API
/// reference, `ServiceConnectService`, `ServiceRegistry`). The words are the simulator's own.
pub(super) fn check(
    world: &World,
    attached: &Map<String, Value>,
    definition: &Definition,
    key: &str,
) -> Result<(), Fault> {
    registries::check(world, attached, definition)?;
    let Some(configuration) = configuration(attached) else { return Ok(()) };
    let cluster = key.split('/').next().unwrap_or_default();
    let namespace = namespace(world, configuration, cluster)?;
    for offer in offers(configuration) {
        let name = text(offer, "portName").unwrap_or_default();
        if port(definition, name).is_none() {
            return Err(invalid(format!(
                "The portName {name} is not the name of a port mapping in the task definition."
            )));
        }
        if offer.get("clientAliases").and_then(Value::as_array).is_none_or(|aliases| aliases.len() != 1) {
            return Err(invalid("Each service of Service Connect must have one client alias."));
        }
        let name = discovery_name(offer);
        if servicediscovery::is_taken(world, &namespace.id, name, key) {
            return Err(invalid(format!("The discoveryName {name} is already in use in the namespace.")));
        }
    }
    Ok(())
}

/// The port of a mapping.
fn port(definition: &Definition, name: &str) -> Option<i64> {
    let containers = definition.containers().iter();
    let mut mappings =
        containers.flat_map(|one| one.get("portMappings").and_then(Value::as_array).into_iter().flatten());
    mappings.find(|mapping| text(mapping, "name") == Some(name))?.get("containerPort")?.as_i64()
}

/// The names that a service offers are there from now on.
pub(super) fn offer(world: &mut World, key: &str) {
    for (namespace, name) in offered(world, key) {
        servicediscovery::offer(world, &namespace, &name, key);
    }
}

/// What no deployment offers any more goes.
pub(super) fn withdraw(world: &mut World, key: &str) {
    let offered = offered(world, key);
    let arns: Vec<String> =
        offered.iter().map(|(namespace, name)| servicediscovery::offer(world, namespace, name, key)).collect();
    servicediscovery::withdraw(world, key, &arns);
}

/// Namespaces, by id, and names of all deployments of a service.
fn offered(world: &World, key: &str) -> Vec<(String, String)> {
    let Some(service) = world.ecs.services.get(key) else { return vec![] };
    let configurations = service.deployments.iter().filter_map(|one| configuration(&one.revision.attached));
    let names = configurations.filter_map(|configuration| {
        let namespace = namespace(world, configuration, &service.cluster).ok()?.id.clone();
        Some(offers(configuration).map(move |offer| (namespace.clone(), discovery_name(offer).to_owned())))
    });
    names.flatten().collect()
}

/// A deployment's Cloud Map services, as `DescribeServices` shows them.
pub(super) fn resources(world: &World, attached: &Map<String, Value>, key: &str) -> Option<Value> {
    let configuration = configuration(attached)?;
    let cluster = key.split('/').next().unwrap_or_default();
    let namespace = namespace(world, configuration, cluster).ok()?.id.clone();
    let resource = |offer: &Value| {
        let name = discovery_name(offer);
        let arn = servicediscovery::arn_of(world, &namespace, name);
        json!({"discoveryName": name, "discoveryArn": arn})
    };
    Some(offers(configuration).map(resource).collect())
}

/// A task that runs now answers to the names of its deployment.
pub(super) fn register(world: &mut World, id: &str) {
    let Some(task) = world.ecs.tasks.get(id).cloned() else { return };
    let Some((attached, definition)) =
        attached(world, &task).zip(task_definitions::find(world, &task.definition).cloned())
    else {
        return;
    };
    for (arn, instance) in registries::places(world, &task, &attached) {
        servicediscovery::register(world, &arn, id, instance);
    }
    let Some(address) = task.attachment.as_ref().and_then(|it| it.eni.as_ref()).map(|eni| eni.private_ip.clone())
    else {
        return;
    };
    let mut places: Vec<(String, Option<i64>)> = vec![];
    if let Some(configuration) = configuration(&attached)
        && let Ok(namespace) = namespace(world, configuration, &task.cluster)
    {
        for offer in offers(configuration) {
            let listens = port(&definition, text(offer, "portName").unwrap_or_default());
            let port = offer.get("ingressPortOverride").and_then(Value::as_i64).or(listens);
            places.extend(servicediscovery::arn_of(world, &namespace.id, discovery_name(offer)).map(|arn| (arn, port)));
        }
    }
    for (arn, port) in places {
        servicediscovery::register(world, &arn, id, Instance { address: address.clone(), port });
    }
}

/// What is attached to the deployment that a task belongs to.
fn attached(world: &World, task: &Task) -> Option<Map<String, Value>> {
    let service = world.ecs.services.get(task.service.as_ref()?)?;
    let own = service.deployments.iter().find(|deployment| Some(&deployment.id) == task.deployment.as_ref())?;
    Some(own.revision.attached.clone())
}

/// The proxy of a task, as a container that logs.
pub(super) fn proxy(world: &World, task: &Task) -> Option<Value> {
    let attached = attached(world, task)?;
    let log = configuration(&attached)?.get("logConfiguration")?.clone();
    Some(json!({"name": "ecs-service-connect", "logConfiguration": log}))
}

/// Why the proxies cannot have certificates: ECS asks an authority for them by the role of each offer, which must allow it
/// for an authority with the tag `AmazonECSManaged` (developer guide, "Encrypt Amazon ECS Service Connect traffic", and the
/// policy `AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity`).
pub(super) fn tls_refusal(world: &World, task: &Task) -> Option<String> {
    let attached = attached(world, task)?;
    let mut tls = offers(configuration(&attached)?).filter_map(|offer| offer.get("tls"));
    let refused = tls.find(|tls| !issues(world, tls))?;
    let role = text(refused, "roleArn").unwrap_or_default();
    Some(format!(
        "ECS was unable to assume the configured ECS Infrastructure Role '{role}'. Please verify that the role being passed \
         has the proper trust relationship with Amazon ECS"
    ))
}

fn issues(world: &World, tls: &Value) -> bool {
    let role = text(tls, "roleArn").unwrap_or_default();
    let authority = tls.pointer("/issuerCertificateAuthority/awsPcaAuthorityArn").and_then(Value::as_str);
    let context = [
        ("aws:resourcetag/amazonecsmanaged", "true"),
        ("acm-pca:templatearn", "arn:aws:acm-pca:::template/EndEntityCertificate/V1"),
    ];
    let context: BTreeMap<String, String> = context.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    authority.is_some_and(|authority| {
        world.foreign.certificate_authorities.contains(authority)
            && iam::assumable(world, role, ebs::PRINCIPAL, world.now).is_ok()
            && iam::allowed(
                world,
                &Access {
                    role: Some(role),
                    action: "acm-pca:IssueCertificate",
                    resource: authority,
                    context: context.clone(),
                },
                None,
            )
    })
}
