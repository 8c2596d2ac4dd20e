//! Route 53: the hosted zones that come with the world, and their records.
//!
//! Source: Route 53 API reference.

mod changes;
mod records;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault};
use crate::clock::iso_time;
use crate::world::World;

pub use self::records::resolve;

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// By id.
    zones: BTreeMap<String, Zone>,
    /// When each change is in effect everywhere, by the change's id.
    changes: BTreeMap<String, Change>,
}

#[derive(Clone, Debug, Serialize)]
struct Zone {
    id: String,
    /// `example.com.`
    name: String,
    private: bool,
    /// By name, type and set identifier.
    records: BTreeMap<String, records::Record>,
}

#[derive(Clone, Debug, Serialize)]
struct Change {
    submitted_at: i64,
    in_sync_at: i64,
}

/// Puts a hosted zone into the world.
pub fn add_zone(world: &mut World, id: &str, name: &str, private: bool) {
    let name = records::full_name(name);
    let zone = Zone { id: id.to_owned(), name, private, records: BTreeMap::new() };
    world.route53.zones.insert(id.to_owned(), zone);
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    match call.operation.as_str() {
        "ListHostedZonesByName" => list_zones(world, call),
        "ListResourceRecordSets" => records::list(world, call),
        "ChangeResourceRecordSets" => changes::change(world, call),
        "GetChange" => changes::get(world, call),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// The hosted zone that a call names, by its id or `/hostedzone/` and its id.
fn zone_id(world: &World, call: &Call) -> Result<String, Fault> {
    let id = call.text("HostedZoneId").unwrap_or_default().trim_start_matches("/hostedzone/");
    if world.route53.zones.contains_key(id) {
        return Ok(id.to_owned());
    }
    Err(Fault::not_found("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")))
}

fn most(call: &Call, default: usize) -> Result<usize, Fault> {
    let most = call.text("MaxItems").map(str::parse::<usize>).transpose();
    let most = most.map_err(|_| Fault::bad_request("InvalidInput", "MaxItems must be a number"))?;
    Ok(most.unwrap_or(default).clamp(1, default))
}

/// In the order of names read from their ends; from `DNSName` on.
fn list_zones(world: &World, call: &Call) -> Answer {
    let from = call.text("DNSName").map(records::full_name);
    let backwards = |name: &str| name.rsplit('.').map(str::to_owned).collect::<Vec<String>>();
    let mut zones: Vec<&Zone> = world.route53.zones.values().collect();
    zones.sort_by_key(|zone| (backwards(&zone.name), zone.id.clone()));
    let start = from.as_ref().map(|from| backwards(from)).unwrap_or_default();
    let zones: Vec<&Zone> = zones.into_iter().filter(|zone| backwards(&zone.name) >= start).collect();
    let size = most(call, 100)?;
    let next = zones.get(size);
    let shown: Vec<Value> = zones.iter().take(size).map(|zone| zone_view(zone)).collect();
    Ok(json!({
        "HostedZones": shown,
        "DNSName": call.text("DNSName"),
        "IsTruncated": next.is_some(),
        "NextDNSName": next.map(|zone| &zone.name),
        "NextHostedZoneId": next.map(|zone| &zone.id),
        "MaxItems": size.to_string(),
    }))
}

fn zone_view(zone: &Zone) -> Value {
    json!({
        "Id": format!("/hostedzone/{}", zone.id),
        "Name": zone.name,
        "CallerReference": zone.id,
        "Config": {"PrivateZone": zone.private},
        // Each zone has its records of type NS and SOA, which aren't listed here.
        "ResourceRecordSetCount": zone.records.len() + 2,
    })
}

fn change_view(world: &World, id: &str, change: &Change) -> Value {
    json!({"ChangeInfo": {
        "Id": format!("/change/{id}"),
        "Status": if world.now >= change.in_sync_at { "INSYNC" } else { "PENDING" },
        "SubmittedAt": iso_time(change.submitted_at),
    }})
}

#[cfg(test)]
mod tests;
