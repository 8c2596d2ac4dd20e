//! `RegisterTargets`, `DeregisterTargets`, `DescribeTargetHealth`.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::target_groups::{self, TargetGroup};
use super::{bounded, invalid, required, targets};
use crate::call::{Answer, Fault};
use crate::protocol::query;
use crate::services::ec2;
use crate::world::World;

/// What an input names: a target, its port or the group's, and the zone given for it.
struct Named {
    id: String,
    port: i64,
    zone: Option<String>,
}

fn read(input: &Value, group: &TargetGroup) -> Result<Vec<Named>, Fault> {
    let named = |item: &Value| {
        let id = required(item, "Id")?.to_owned();
        let port = bounded(item, "Port", 1..=65_535)?.unwrap_or(group.port);
        Ok(Named { id, port, zone: query::text(item, "AvailabilityZone").map(str::to_owned) })
    };
    query::items(input, "Targets").iter().map(named).collect()
}

fn given(input: &Value, group: &TargetGroup) -> Result<Vec<Named>, Fault> {
    let named = read(input, group)?;
    if named.is_empty() { Err(invalid("At least one target must be specified")) } else { Ok(named) }
}

pub(super) fn register(world: &mut World, input: &Value) -> Answer {
    let group = target_groups::named(world, input)?;
    let mut new = given(input, group)?;
    for target in &mut new {
        target.zone = zone(world, group, target)?;
    }
    let arn = group.arn.clone();
    for target in new {
        targets::register(world, &arn, &target.id, target.port, target.zone.as_deref())?;
    }
    Ok(json!({}))
}

/// The zone that a target lies in, once it is sure that it can be one.
///
/// API reference, `TargetDescription`: a zone is found for an address of the VPC, and needed for one outside of it.
fn zone(world: &World, group: &TargetGroup, target: &Named) -> Result<Option<String>, Fault> {
    let refused = |message: String| Err(Fault::bad_request("InvalidTarget", message));
    if group.target_type == "instance" {
        let instance = ec2::instance(world, &target.id).filter(|it| it.state == ec2::InstanceState::Running);
        return match instance {
            Some(instance) => Ok(Some(instance.zone.clone())),
            None => refused(format!(
                "The following targets are not in a running state and cannot be registered: '{}'",
                target.id
            )),
        };
    }
    let Ok(address) = target.id.parse::<Ipv4Addr>() else {
        return Err(invalid(format!("The IP address '{}' is not a valid IPv4 address", target.id)));
    };
    if ec2::vpc_contains(world, &group.vpc_id, address) {
        let eni = ec2::interface_at(world, &group.vpc_id, address);
        let subnet = eni.and_then(|eni| ec2::subnet(world, &eni.subnet_id));
        return Ok(subnet.map(|subnet| subnet.availability_zone).or_else(|| target.zone.clone()));
    }
    // The RFC 1918 ranges and that of RFC 6598, 100.64.0.0/10.
    let [first, second, ..] = address.octets();
    if !(address.is_private() || first == 100 && (64..128).contains(&second)) {
        return refused(format!("The IP address '{address}' is not within a range that targets can be in"));
    }
    match &target.zone {
        Some(zone) => Ok(Some(zone.clone())),
        None => refused(format!(
            "You must specify an Availability Zone for the target '{address}', which is outside the VPC"
        )),
    }
}

pub(super) fn deregister(world: &mut World, input: &Value) -> Answer {
    let group = target_groups::named(world, input)?;
    let old = given(input, group)?;
    let arn = group.arn.clone();
    for target in old {
        targets::deregister(world, &arn, &target.id, target.port);
    }
    Ok(json!({}))
}

/// `DescribeTargetHealth`: of all targets, or of these; one that isn't registered is `unused`.
pub(super) fn describe_health(world: &World, input: &Value) -> Answer {
    let group = target_groups::named(world, input)?;
    let wanted = read(input, group)?;
    let views: Vec<Value> = if wanted.is_empty() {
        group.targets.values().map(|target| target.view(group)).collect()
    } else {
        wanted.iter().map(|target| one(group, target)).collect()
    };
    Ok(json!({"TargetHealthDescriptions": views}))
}

fn one(group: &TargetGroup, named: &Named) -> Value {
    if let Some(target) = group.targets.get(&targets::key(&named.id, named.port)) {
        return target.view(group);
    }
    let description = "Target is not registered to the target group";
    json!({
        "Target": {"Id": named.id, "Port": named.port},
        "TargetHealth": {"State": "unused", "Reason": "Target.NotRegistered", "Description": description},
    })
}
