//! Services as callers make, see, change and delete them.

use serde_json::{Map, Value, json};

use super::names::is_name;
use super::{Instance, Kind, Record, Service, add, filter, id_of, invalid, new_id, no_namespace, page, tags};
use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// The words are the simulator's own.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.text("Name").filter(|name| is_name(name));
    let name =
        name.ok_or_else(|| invalid("Name must be labels of letters, digits, - and _, with dots between them."))?;
    let dns = call.input.get("DnsConfig");
    let deprecated = dns.and_then(|dns| dns.get("NamespaceId")).and_then(Value::as_str);
    let given = call.text("NamespaceId").or(deprecated).ok_or_else(|| invalid("NamespaceId must be specified."))?;
    let namespace = world.servicediscovery.namespaces.get(id_of(given)).ok_or_else(|| no_namespace(given))?;
    let (id, kind) = (namespace.id.clone(), namespace.kind);
    let records = dns.map(records).transpose()?.unwrap_or_default();
    if dns.is_some() && (kind == Kind::Http || call.text("Type").is_some()) {
        return Err(invalid("DnsConfig must not be specified for a service that is found by DiscoverInstances alone."));
    }
    let health = |member: &str| call.input.get(member).cloned();
    let (check, custom) = (health("HealthCheckConfig"), health("HealthCheckCustomConfig"));
    if check.is_some() && (custom.is_some() || kind == Kind::Private) {
        return Err(invalid(
            "HealthCheckConfig is for public DNS and HTTP namespaces, without HealthCheckCustomConfig.",
        ));
    }
    let tags = tags::given(&call.input)?;
    let clashes = |other: &Service| {
        let alike = kind != Kind::Http && other.name.eq_ignore_ascii_case(name);
        other.namespace == id && (alike || other.name == name)
    };
    if world.servicediscovery.services.values().any(clashes) {
        return Err(Fault::bad_request("ServiceAlreadyExists", format!("Service already exists: {name}")));
    }
    let routing = dns.and_then(|dns| dns.get("RoutingPolicy")).and_then(Value::as_str).unwrap_or("MULTIVALUE");
    let made = Service {
        description: call.text("Description").map(str::to_owned),
        routing: routing.to_owned(),
        records,
        health_check: check,
        custom_health_check: custom,
        tags,
        request: call.text("CreatorRequestId").map(str::to_owned),
        ..super::service(new_id(world), &id, name)
    };
    let arn = add(world, made);
    let made = world.servicediscovery.services.get(&arn).ok_or_else(|| no_service(&arn))?;
    Ok(json!({"Service": whole(world, made)}))
}

/// API reference, `DnsRecord.Type`: A, AAAA, both, SRV, or CNAME.
fn records(dns: &Value) -> Result<Vec<Record>, Fault> {
    let list = dns.get("DnsRecords").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let record = |one: &Value| {
        let (kind, ttl) = (one.get("Type").and_then(Value::as_str), one.get("TTL").and_then(Value::as_i64));
        match (kind, ttl) {
            (Some(kind), Some(ttl)) if (0..=2_147_483_647).contains(&ttl) => Ok(Record { kind: kind.to_owned(), ttl }),
            _ => Err(invalid("A DnsRecord must have a Type and a TTL from 0 to 2147483647.")),
        }
    };
    let records: Vec<Record> = list.iter().map(record).collect::<Result<_, _>>()?;
    let mut kinds: Vec<&str> = records.iter().map(|record| record.kind.as_str()).collect();
    kinds.sort_unstable();
    match kinds.as_slice() {
        ["A" | "AAAA" | "SRV" | "CNAME"] | ["A", "AAAA"] => Ok(records),
        _ => Err(invalid("DnsRecords must be A, AAAA, A and AAAA, SRV, or CNAME.")),
    }
}

pub(super) fn get(world: &World, call: &Call) -> Answer {
    Ok(json!({"Service": whole(world, of(world, call, "Id")?)}))
}

/// The list tells no namespace (API reference, `ServiceSummary`).
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let namespaces = filter(call, "NAMESPACE_ID");
    let in_them = |one: &Service| namespaces.as_ref().is_none_or(|ids| ids.iter().any(|id| id_of(id) == one.namespace));
    let all: Vec<Service> = world.servicediscovery.services.values().cloned().collect();
    page(world, call, "Services", &all, in_them, |one| Value::Object(summary(world, one)))
}

/// API reference, `UpdateService`: nothing can be changed in an HTTP namespace; what is left out of `DnsConfig` and
/// `HealthCheckConfig` is deleted, and no type of a record becomes another. The operation is over at once.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let service = of(world, call, "Id")?;
    let kind = world.servicediscovery.namespaces.get(&service.namespace).map(|namespace| namespace.kind);
    if kind.is_none_or(|kind| kind == Kind::Http) {
        return Err(invalid("A service that is associated with an HTTP namespace can't be updated."));
    }
    let arn = service.arn.clone();
    let change = call.input.get("Service").cloned().unwrap_or_default();
    let wanted = change.get("DnsConfig").map(records).transpose()?.unwrap_or_default();
    let known = |wanted: &Record| service.records.iter().any(|record| record.kind == wanted.kind);
    if !wanted.iter().all(known) {
        return Err(invalid("The record types of a service can't be changed."));
    }
    if let Some(service) = world.servicediscovery.services.get_mut(&arn) {
        service.records = wanted;
        service.health_check = change.get("HealthCheckConfig").cloned();
        if let Some(description) = change.get("Description").and_then(Value::as_str) {
            service.description = Some(description.to_owned());
        }
    }
    Ok(json!({"OperationId": world.ids.resource("op")}))
}

/// "If the service still contains one or more registered instances, the request fails" (API reference, `DeleteService`).
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let service = of(world, call, "Id")?;
    if !service.instances.is_empty() {
        let message = "Service contains registered instances; delete the instances before deleting the service";
        return Err(Fault::bad_request("ResourceInUse", message));
    }
    let arn = service.arn.clone();
    world.servicediscovery.services.remove(&arn);
    Ok(json!({}))
}

/// As ECS registers them (developer guide, "Service discovery considerations": the address, and a port of SRV).
pub(super) fn list_instances(world: &World, call: &Call) -> Answer {
    let service = of(world, call, "ServiceId")?;
    let view = |(id, instance): &(String, Instance)| {
        let mut attributes = json!({"AWS_INSTANCE_IPV4": instance.address});
        if let (Some(port), Some(members)) = (instance.port, attributes.as_object_mut()) {
            members.insert("AWS_INSTANCE_PORT".to_owned(), port.to_string().into());
        }
        json!({"Id": id, "Attributes": attributes})
    };
    let all: Vec<(String, Instance)> = service.instances.iter().map(|(id, one)| (id.clone(), one.clone())).collect();
    page(world, call, "Instances", &all, |_| true, view)
}

fn of<'a>(world: &'a World, call: &Call, member: &str) -> Result<&'a Service, Fault> {
    let id = id_of(call.text(member).unwrap_or_default());
    world.servicediscovery.services.values().find(|one| one.id == id).ok_or_else(|| no_service(id))
}

fn no_service(id: &str) -> Fault {
    Fault::bad_request("ServiceNotFound", format!("Service not found: {id}"))
}

fn summary(world: &World, service: &Service) -> Map<String, Value> {
    let records = service.records.iter().map(|record| json!({"Type": record.kind, "TTL": record.ttl}));
    let dns = json!({"RoutingPolicy": service.routing, "DnsRecords": records.collect::<Vec<_>>()});
    let members = [
        ("Id", json!(service.id)),
        ("Arn", json!(service.arn)),
        ("ResourceOwner", json!(world.account_id)),
        ("Name", json!(service.name)),
        ("Type", json!(if service.records.is_empty() { "HTTP" } else { "DNS_HTTP" })),
        ("Description", json!(service.description)),
        ("InstanceCount", json!(service.instances.len())),
        ("DnsConfig", if service.records.is_empty() { Value::Null } else { dns }),
        ("HealthCheckConfig", json!(service.health_check)),
        ("HealthCheckCustomConfig", json!(service.custom_health_check)),
        ("CreateDate", json!(service.created / 1000)),
        ("CreatedByAccount", json!(world.account_id)),
    ];
    let there = members.into_iter().filter(|(_, value)| !value.is_null());
    there.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn whole(world: &World, service: &Service) -> Map<String, Value> {
    let mut members = summary(world, service);
    members.insert("NamespaceId".to_owned(), json!(service.namespace));
    members.extend(service.request.iter().map(|request| ("CreatorRequestId".to_owned(), json!(request))));
    members
}
