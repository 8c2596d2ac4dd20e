//! Changes of records: each batch as a whole or not at all.

use serde::Deserialize;
use serde_json::Value;

use super::records::{AliasTarget, Record, RecordSet};
use super::{Change, Zone, change_view, zone_id};
use crate::call::{Answer, Call, Fault};
use crate::services::elbv2;
use crate::world::World;

/// How long a change takes, in milliseconds (API reference, `GetChange`: "Typically, changes propagate to all Route 53
/// name servers ... within 60 seconds").
const PROPAGATES: i64 = 30_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneChange {
    action: String,
    resource_record_set: RecordSet,
}

fn refused(message: &str) -> Fault {
    Fault::bad_request("InvalidChangeBatch", format!("[{message}]"))
}

/// `ChangeResourceRecordSets`
pub(super) fn change(world: &mut World, call: &Call) -> Answer {
    let id = zone_id(world, call)?;
    let given = call.input.pointer("/ChangeBatch/Changes").cloned().unwrap_or_default();
    let changes: Vec<OneChange> =
        serde_json::from_value(given).map_err(|error| Fault::bad_request("InvalidInput", error.to_string()))?;
    if changes.is_empty() {
        return Err(Fault::bad_request("InvalidInput", "Invalid request: Expected at least one change"));
    }
    let Some(mut zone) = world.route53.zones.get(&id).cloned() else { return Ok(Value::Null) };
    let in_sync_at = world.now + PROPAGATES;
    for change in changes {
        apply(world, &mut zone, &change.action, change.resource_record_set.canonical(), in_sync_at)?;
    }
    world.route53.zones.insert(id, zone);
    let number = world.ids.unique("C");
    let change = Change { submitted_at: world.now, in_sync_at };
    let view = change_view(world, &number, &change);
    world.route53.changes.insert(number, change);
    Ok(view)
}

fn apply(world: &World, zone: &mut Zone, action: &str, set: RecordSet, in_sync_at: i64) -> Result<(), Fault> {
    let (key, name, kind) = (set.key(), set.name.clone(), set.r#type.clone());
    let what = format!("resource record set [name='{name}', type='{kind}']");
    let there = zone.records.get(&key);
    match action {
        "DELETE" => match there {
            None => Err(refused(&format!("Tried to delete {what} but it was not found"))),
            Some(record) if record.set != set => {
                Err(refused(&format!("Tried to delete {what} but the values provided do not match the current values")))
            }
            Some(_) => {
                zone.records.remove(&key);
                Ok(())
            }
        },
        "CREATE" if there.is_some() => Err(refused(&format!("Tried to create {what} but it already exists"))),
        "CREATE" | "UPSERT" => {
            check(world, zone, &set)?;
            zone.records.insert(key, Record { set, in_sync_at });
            Ok(())
        }
        other => Err(Fault::bad_request("InvalidInput", format!("Invalid action: {other}"))),
    }
}

fn check(world: &World, zone: &Zone, set: &RecordSet) -> Result<(), Fault> {
    let RecordSet { name, .. } = set;
    if *name != zone.name && !name.ends_with(&format!(".{}", zone.name)) {
        return Err(refused(&format!("RRSet with DNS name {name} is not permitted in zone {}", zone.name)));
    }
    let is_cname = set.r#type == "CNAME";
    let conflicts = |record: &&Record| {
        record.set.name == *name && record.set.r#type != set.r#type && (is_cname || record.set.r#type == "CNAME")
    };
    if zone.records.values().any(|record| conflicts(&record)) || is_cname && *name == zone.name {
        let message = format!(
            "RRSet of type {} with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {}",
            set.r#type, zone.name
        );
        return Err(refused(&message));
    }
    match &set.alias_target {
        None if set.ttl.is_none() || set.resource_records.is_empty() => {
            let message = "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none";
            Err(Fault::bad_request("InvalidInput", message))
        }
        None => Ok(()),
        Some(_) if set.ttl.is_some() || !set.resource_records.is_empty() => {
            let message = "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found more than one";
            Err(Fault::bad_request("InvalidInput", message))
        }
        Some(alias) => check_alias(world, zone, set, alias),
    }
}

/// An alias stands for a load balancer's name or for another record of the same zone; the first need not be there, it
/// must only lie in the zone of load balancers.
fn check_alias(world: &World, zone: &Zone, set: &RecordSet, alias: &AliasTarget) -> Result<(), Fault> {
    let AliasTarget { hosted_zone_id: target, dns_name: name, .. } = alias;
    let kind = &set.r#type;
    let words = format!("Tried to create an alias that targets {name}, type {kind} in zone {target}");
    if *target == elbv2::hosted_zone(&world.region) {
        if name.ends_with(&format!(".{}.elb.amazonaws.com.", world.region)) {
            return Ok(());
        }
        return Err(refused(&format!("{words}, but the alias target name does not lie within the target zone")));
    }
    let there = *target == zone.id && zone.records.values().any(|one| one.set.name == *name && one.set.r#type == *kind);
    if there { Ok(()) } else { Err(refused(&format!("{words}, but that target was not found"))) }
}

/// `GetChange`
pub(super) fn get(world: &World, call: &Call) -> Answer {
    let id = call.text("Id").unwrap_or_default().trim_start_matches("/change/");
    let missing = || Fault::not_found("NoSuchChange", format!("Could not find resource with ID: {id}"));
    let change = world.route53.changes.get(id).ok_or_else(missing)?;
    Ok(change_view(world, id, change))
}
