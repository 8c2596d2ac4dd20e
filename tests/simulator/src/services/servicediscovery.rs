//! Cloud Map: namespaces, the services in them, and who is registered there.
//!
//! Source: AWS Cloud Map API reference. What comes with the world, and what ECS makes of itself; callers can only look.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// By id.
    namespaces: BTreeMap<String, Namespace>,
    /// By ARN.
    services: BTreeMap<String, Service>,
}

/// Where names are unique.
#[derive(Clone, Debug, Serialize)]
pub struct Namespace {
    /// `ns-...`
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
}

/// A name, and who answers to it.
#[derive(Clone, Debug, Serialize)]
struct Service {
    id: String,
    arn: String,
    name: String,
    namespace: String,
    /// The service of ECS that it was made for by Service Connect, by key.
    offered_by: Option<String>,
    /// By id, which is the task's.
    instances: BTreeMap<String, Instance>,
}

/// Where an instance is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// Its address.
    pub address: String,
    /// Its port, where one is registered.
    pub port: Option<i64>,
}

/// Puts a namespace into the world.
pub fn add_namespace(world: &mut World, id: &str, name: &str) {
    let arn = world.arn("servicediscovery", &format!("namespace/{id}"));
    let namespace = Namespace { id: id.to_owned(), arn, name: name.to_owned() };
    world.servicediscovery.namespaces.insert(id.to_owned(), namespace);
}

/// Puts a service into the world, in a namespace by its id.
pub fn add_service(world: &mut World, id: &str, namespace: &str, name: &str) {
    add(world, id.to_owned(), namespace, name, None);
}

fn add(world: &mut World, id: String, namespace: &str, name: &str, offered_by: Option<String>) {
    let arn = world.arn("servicediscovery", &format!("service/{id}"));
    let (name, namespace) = (name.to_owned(), namespace.to_owned());
    let service = Service { id, arn: arn.clone(), name, namespace, offered_by, instances: BTreeMap::new() };
    world.servicediscovery.services.insert(arn, service);
}

/// The namespace of this name or ARN.
pub fn namespace<'a>(world: &'a World, given: &str) -> Option<&'a Namespace> {
    world.servicediscovery.namespaces.values().find(|namespace| namespace.arn == given || namespace.name == given)
}

/// The namespace of this name, which is made if it is not there.
pub fn namespace_or_new(world: &mut World, name: &str) -> String {
    if let Some(known) = namespace(world, name) {
        return known.arn.clone();
    }
    let id = world.ids.resource("ns").replacen("ns-0", "ns-", 1);
    add_namespace(world, &id, name);
    world.arn("servicediscovery", &format!("namespace/{id}"))
}

/// Whether there is a service of this ARN.
pub fn service_exists(world: &World, arn: &str) -> bool {
    world.servicediscovery.services.contains_key(arn)
}

/// Whether a name in a namespace is another's than this service of ECS.
pub fn is_taken(world: &World, namespace: &str, name: &str, by: &str) -> bool {
    let named = |service: &&Service| service.namespace == namespace && service.name == name;
    world.servicediscovery.services.values().find(named).is_some_and(|other| other.offered_by.as_deref() != Some(by))
}

/// A service of ECS offers a name: the ARN of the Cloud Map service for it.
pub fn offer(world: &mut World, namespace: &str, name: &str, by: &str) -> String {
    if let Some(known) = arn_of(world, namespace, name) {
        return known;
    }
    let id = world.ids.resource("srv").replacen("srv-0", "srv-", 1);
    add(world, id.clone(), namespace, name, Some(by.to_owned()));
    world.arn("servicediscovery", &format!("service/{id}"))
}

/// The ARN of the service of this name.
pub fn arn_of(world: &World, namespace: &str, name: &str) -> Option<String> {
    let named = |service: &&Service| service.namespace == namespace && service.name == name;
    world.servicediscovery.services.values().find(named).map(|service| service.arn.clone())
}

/// A service of ECS offers nothing any more but what has these ARNs.
pub fn withdraw(world: &mut World, by: &str, but: &[String]) {
    let stays = |arn: &String, service: &mut Service| service.offered_by.as_deref() != Some(by) || but.contains(arn);
    world.servicediscovery.services.retain(|arn, service| stays(arn, service));
}

/// A task answers to a name from now on.
pub fn register(world: &mut World, service: &str, task: &str, instance: Instance) {
    if let Some(service) = world.servicediscovery.services.get_mut(service) {
        service.instances.insert(task.to_owned(), instance);
    }
}

/// A task answers to no name any more.
pub fn deregister(world: &mut World, task: &str) {
    for service in world.servicediscovery.services.values_mut() {
        service.instances.remove(task);
    }
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "ListNamespaces" => list_namespaces(world, call),
        "ListServices" => list_services(world, call),
        "ListInstances" => list_instances(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

fn page(world: &World, call: &Call, member: &str, items: &[Value]) -> Answer {
    let wanted = call.input.get("MaxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let (items, next) = world.page(items, wanted.unwrap_or(100), call.text("NextToken"))?;
    Ok(json!({member: items, "NextToken": next}))
}

fn list_namespaces(world: &World, call: &Call) -> Answer {
    let view = |one: &Namespace| json!({"Id": one.id, "Arn": one.arn, "Name": one.name, "Type": "HTTP"});
    let all: Vec<Value> = world.servicediscovery.namespaces.values().map(view).collect();
    page(world, call, "Namespaces", &all)
}

fn list_services(world: &World, call: &Call) -> Answer {
    let filters = call.input.get("Filters").and_then(Value::as_array).into_iter().flatten();
    let mut wanted = filters.filter(|filter| filter.get("Name").and_then(Value::as_str) == Some("NAMESPACE_ID"));
    let namespaces = wanted.next().map(|filter| crate::call::texts(filter.get("Values")));
    let in_them = |one: &&Service| namespaces.as_ref().is_none_or(|ids| ids.contains(&one.namespace));
    let view = |one: &Service| json!({"Id": one.id, "Arn": one.arn, "Name": one.name, "Type": "HTTP", "InstanceCount": one.instances.len()});
    let all: Vec<Value> = world.servicediscovery.services.values().filter(in_them).map(view).collect();
    page(world, call, "Services", &all)
}

/// As ECS registers them (developer guide, "Service discovery considerations": the address, and a port of SRV).
fn list_instances(world: &World, call: &Call) -> Answer {
    let id = call.text("ServiceId").unwrap_or_default();
    let service = world.servicediscovery.services.values().find(|one| one.id == id);
    let service = service.ok_or_else(|| Fault::bad_request("ServiceNotFound", format!("Service not found: {id}")))?;
    let view = |(id, instance): (&String, &Instance)| {
        let mut attributes = json!({"AWS_INSTANCE_IPV4": instance.address});
        if let (Some(port), Some(members)) = (instance.port, attributes.as_object_mut()) {
            members.insert("AWS_INSTANCE_PORT".to_owned(), port.to_string().into());
        }
        json!({"Id": id, "Attributes": attributes})
    };
    let all: Vec<Value> = service.instances.iter().map(view).collect();
    page(world, call, "Instances", &all)
}
