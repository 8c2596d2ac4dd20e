//! Cloud Map: namespaces, the services in them, and who is registered there.
//!
//! Source: AWS Cloud Map API reference. Namespaces come with the world, or are made by ECS; services are made by ECS for
//! Service Connect, and by callers; only ECS registers instances. What DNS would answer is not simulated.

mod names;
mod services;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
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
    /// How its names are found.
    pub kind: Kind,
}

/// How the names of a namespace are found (API reference, `Namespace.Type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// By `DiscoverInstances` alone.
    #[default]
    #[serde(rename = "HTTP")]
    Http,
    /// Also by DNS, in a VPC.
    #[serde(rename = "DNS_PRIVATE")]
    Private,
    /// Also by DNS, by everybody.
    #[serde(rename = "DNS_PUBLIC")]
    Public,
}

/// A name, and who answers to it.
#[derive(Clone, Debug, Default, Serialize)]
struct Service {
    id: String,
    arn: String,
    name: String,
    namespace: String,
    description: Option<String>,
    routing: String,
    records: Vec<Record>,
    /// As it was given.
    health_check: Option<Value>,
    /// As it was given.
    custom_health_check: Option<Value>,
    tags: BTreeMap<String, String>,
    request: Option<String>,
    created: i64,
    /// The service of ECS that it was made for by Service Connect, by key.
    offered_by: Option<String>,
    /// By id, which is the task's.
    instances: BTreeMap<String, Instance>,
}

/// What DNS has of each instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Record {
    kind: String,
    ttl: i64,
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
pub fn add_namespace(world: &mut World, id: &str, name: &str, kind: Kind) {
    let arn = world.arn("servicediscovery", &format!("namespace/{id}"));
    let namespace = Namespace { id: id.to_owned(), arn, name: name.to_owned(), kind };
    world.servicediscovery.namespaces.insert(id.to_owned(), namespace);
}

/// Puts a service into the world, in a namespace by its id: with an address in DNS, where that has any.
pub fn add_service(world: &mut World, id: &str, namespace: &str, name: &str) {
    let dns = world.servicediscovery.namespaces.get(namespace).is_some_and(|namespace| namespace.kind != Kind::Http);
    let records = if dns { vec![Record { kind: "A".to_owned(), ttl: 60 }] } else { vec![] };
    add(world, Service { records, ..service(id.to_owned(), namespace, name) });
}

fn service(id: String, namespace: &str, name: &str) -> Service {
    let routing = "MULTIVALUE".to_owned();
    Service { id, name: name.to_owned(), namespace: namespace.to_owned(), routing, ..Service::default() }
}

fn add(world: &mut World, service: Service) -> String {
    let arn = world.arn("servicediscovery", &format!("service/{}", service.id));
    let created = world.now;
    world.servicediscovery.services.insert(arn.clone(), Service { arn: arn.clone(), created, ..service });
    arn
}

fn new_id(world: &mut World) -> String {
    world.ids.resource("srv").replacen("srv-0", "srv-", 1)
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
    add_namespace(world, &id, name, Kind::Http);
    world.arn("servicediscovery", &format!("namespace/{id}"))
}

/// The types of the records of a service, by its ARN; `None`: there is no such service.
pub fn record_types<'a>(world: &'a World, arn: &str) -> Option<Vec<&'a str>> {
    let service = world.servicediscovery.services.get(arn)?;
    Some(service.records.iter().map(|record| record.kind.as_str()).collect())
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
    let id = new_id(world);
    add(world, Service { offered_by: Some(by.to_owned()), ..service(id, namespace, name) })
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
        "GetNamespace" => get_namespace(world, call),
        "CreateService" => services::create(world, call),
        "GetService" => services::get(world, call),
        "ListServices" => services::list(world, call),
        "UpdateService" => services::update(world, call),
        "DeleteService" => services::delete(world, call),
        "ListInstances" => services::list_instances(world, call),
        "TagResource" => tags::tag(world, call),
        "UntagResource" => tags::untag(world, call),
        "ListTagsForResource" => tags::list(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// The end of an ARN, or an id as it is.
fn id_of(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidInput", message)
}

/// At most a hundred of what there is; what passes no filter is left out of its page (API reference, `ListServices`: "Cloud Map
/// gets `MaxResults` services and then filters them based on the specified criteria").
fn page<T: Clone>(
    world: &World,
    call: &Call,
    member: &str,
    items: &[T],
    passes: impl Fn(&T) -> bool,
    view: impl Fn(&T) -> Value,
) -> Answer {
    let wanted = call.input.get("MaxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let (items, next) = world.page(items, wanted.unwrap_or(100), call.text("NextToken"))?;
    let shown: Vec<Value> = items.iter().filter(|item| passes(item)).map(view).collect();
    let mut answer = json!({member: shown});
    if let (Some(next), Some(members)) = (next, answer.as_object_mut()) {
        members.insert("NextToken".to_owned(), next.into());
    }
    Ok(answer)
}

/// The values of a filter of this name, if there is one.
fn filter(call: &Call, name: &str) -> Option<Vec<String>> {
    let mut filters = call.input.get("Filters").and_then(Value::as_array).into_iter().flatten();
    let wanted = filters.find(|filter| filter.get("Name").and_then(Value::as_str) == Some(name))?;
    Some(crate::call::texts(wanted.get("Values")))
}

fn show_namespace(world: &World, namespace: &Namespace) -> Value {
    let services = world.servicediscovery.services.values().filter(|service| service.namespace == namespace.id);
    json!({
        "Id": namespace.id,
        "Arn": namespace.arn,
        "ResourceOwner": world.account_id,
        "Name": namespace.name,
        "Type": namespace.kind,
        "ServiceCount": services.count(),
    })
}

fn list_namespaces(world: &World, call: &Call) -> Answer {
    let all: Vec<Namespace> = world.servicediscovery.namespaces.values().cloned().collect();
    let names = filter(call, "NAME");
    let passes = |one: &Namespace| names.as_ref().is_none_or(|names| names.contains(&one.name));
    page(world, call, "Namespaces", &all, passes, |one| show_namespace(world, one))
}

fn get_namespace(world: &World, call: &Call) -> Answer {
    let id = id_of(call.text("Id").unwrap_or_default());
    let namespace = world.servicediscovery.namespaces.get(id).ok_or_else(|| no_namespace(id))?;
    Ok(json!({"Namespace": show_namespace(world, namespace)}))
}

fn no_namespace(id: &str) -> Fault {
    Fault::bad_request("NamespaceNotFound", format!("Namespace not found: {id}"))
}
