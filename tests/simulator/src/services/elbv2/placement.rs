//! Where a load balancer lies: a subnet in each of its zones with a network interface there, its security groups.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::load_balancers::{self, LoadBalancer, from_ec2};
use super::{Wake, health, invalid, misconfigured};
use crate::call::{Answer, Fault, texts};
use crate::protocol::query;
use crate::services::ec2;
use crate::world::World;

/// How long an interface that a load balancer has left stays, in milliseconds. AWS gives no figure; it is why a
/// security group can't be deleted for a while after its load balancer.
const LINGERS: i64 = 60_000;

/// "Each subnet must have at least 8 free IP addresses" (user guide, "Subnets for your load balancer").
const FREE_ADDRESSES: usize = 8;

/// Subnets by zone, all of one VPC, and security groups.
pub(super) struct Placement {
    pub(super) vpc_id: String,
    pub(super) subnets: BTreeMap<String, String>,
    pub(super) security_groups: Vec<String>,
}

/// Reads and checks the subnets and security groups of an input; those of `there`, a load balancer that exists, have
/// their addresses already.
pub(super) fn read(world: &World, input: &Value, there: Option<&LoadBalancer>) -> Result<Placement, Fault> {
    let mut ids = texts(input.get("Subnets"));
    let mapped = query::items(input, "SubnetMappings");
    if !ids.is_empty() && !mapped.is_empty() {
        return Err(invalid("You can specify either subnets or subnet mappings, but not both"));
    }
    for mapping in mapped {
        if query::text(mapping, "AllocationId").is_some() {
            return Err(misconfigured("Elastic IPs are not supported for load balancers with type 'application'"));
        }
        ids.extend(query::text(mapping, "SubnetId").map(str::to_owned));
    }
    let (mut subnets, mut vpcs) = (BTreeMap::new(), BTreeSet::new());
    for id in ids {
        let missing = || Fault::bad_request("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
        let subnet = ec2::subnet(world, &id).ok_or_else(missing)?;
        let has_interface = there.is_some_and(|there| there.interfaces.contains_key(&id));
        if subnet.free_addresses < FREE_ADDRESSES && !has_interface {
            let message = format!(
                "Not enough IP space available in {id}. ELB requires at least {FREE_ADDRESSES} free IP addresses in each subnet."
            );
            return Err(Fault::bad_request("InvalidSubnet", message));
        }
        if subnets.insert(subnet.availability_zone, id).is_some() {
            let message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return Err(misconfigured(message));
        }
        vpcs.insert(subnet.vpc_id);
    }
    if subnets.len() < 2 {
        return Err(invalid("At least two subnets in two different Availability Zones must be specified"));
    }
    if vpcs.len() > 1 || there.is_some_and(|there| !vpcs.contains(&there.vpc_id)) {
        return Err(misconfigured("All subnets must belong to the same VPC"));
    }
    let vpc_id = vpcs.pop_first().unwrap_or_default();
    let security_groups = checked_groups(world, &vpc_id, texts(input.get("SecurityGroups")))?;
    Ok(Placement { vpc_id, subnets, security_groups })
}

/// Security groups of the VPC; none means the VPC's default group.
fn checked_groups(world: &World, vpc_id: &str, groups: Vec<String>) -> Result<Vec<String>, Fault> {
    for id in &groups {
        match ec2::group_vpc(world, id) {
            Some(owner) if owner == vpc_id => {}
            Some(_) => return Err(misconfigured("One or more security groups are invalid")),
            None => {
                let message = format!("The security group '{id}' does not exist");
                return Err(Fault::bad_request("InvalidSecurityGroup", message));
            }
        }
    }
    if groups.is_empty() { Ok(ec2::default_group(world, vpc_id).into_iter().collect()) } else { Ok(groups) }
}

/// Gives a load balancer an interface in each of its subnets, and takes it out of all others.
pub(super) fn connect(world: &mut World, balancer: &mut LoadBalancer) -> Result<(), Fault> {
    let description = format!("ELB {}", balancer.path());
    let wanted: BTreeSet<&String> = balancer.subnets.values().collect();
    let mut kept = BTreeMap::new();
    for subnet in &wanted {
        let eni = match balancer.interfaces.get(*subnet) {
            Some(there) => there.clone(),
            None => ec2::create_eni(world, subnet, &balancer.security_groups, &description).map_err(from_ec2)?.id,
        };
        kept.insert((*subnet).clone(), eni);
    }
    let left: Vec<String> =
        balancer.interfaces.values().filter(|eni| !kept.values().any(|own| own == *eni)).cloned().collect();
    leave(world, &left);
    balancer.interfaces = kept;
    Ok(())
}

/// The interfaces go after a while.
pub(super) fn leave(world: &mut World, interfaces: &[String]) {
    let at = world.now + LINGERS;
    for eni in interfaces {
        world.elbv2.agenda.add(at, Wake::Interface(eni.clone()));
    }
}

/// `SetSubnets`: these in place of those before.
pub(super) fn set_subnets(world: &mut World, input: &Value) -> Answer {
    let mut balancer = load_balancers::named(world, input)?.clone();
    balancer.subnets = read(world, input, Some(&balancer))?.subnets;
    connect(world, &mut balancer)?;
    let zones: Vec<Value> = balancer.subnets.iter().map(|(zone, subnet)| zone_view(zone, subnet)).collect();
    let arn = balancer.arn.clone();
    world.elbv2.balancers.insert(arn.clone(), balancer);
    health::look_anew(world, &arn);
    Ok(json!({"AvailabilityZones": zones, "IpAddressType": "ipv4"}))
}

/// `SetSecurityGroups`: these in place of those before.
pub(super) fn set_security_groups(world: &mut World, input: &Value) -> Answer {
    let balancer = load_balancers::named(world, input)?;
    let (arn, interfaces): (_, Vec<String>) = (balancer.arn.clone(), balancer.interfaces.values().cloned().collect());
    let given = texts(input.get("SecurityGroups"));
    if given.is_empty() {
        return Err(invalid("At least one security group must be specified"));
    }
    let groups = checked_groups(world, &balancer.vpc_id, given)?;
    for eni in &interfaces {
        ec2::put_into_groups(world, eni, &groups).map_err(from_ec2)?;
    }
    if let Some(balancer) = world.elbv2.balancers.get_mut(&arn) {
        balancer.security_groups.clone_from(&groups);
    }
    Ok(json!({"SecurityGroupIds": groups}))
}

/// A zone as answers show it.
pub(super) fn zone_view(zone: &str, subnet: &str) -> Value {
    json!({"ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": []})
}
