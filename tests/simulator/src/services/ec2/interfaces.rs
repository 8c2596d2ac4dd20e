//! Network interfaces: those that tasks and load balancers get, and what EC2 tells about them.

use std::net::Ipv4Addr;

use serde::Serialize;
use serde_json::{Value, json};

use super::filters::Filters;
use super::network::no_subnet;
use super::{Tags, no_group, page, selected, tags};
use crate::call::{Answer, Fault};
use crate::world::World;

/// VPC user guide, "Amazon VPC quotas".
const GROUPS_PER_INTERFACE: usize = 5;

#[derive(Clone, Debug, Serialize)]
pub(super) struct Interface {
    pub(super) id: String,
    description: String,
    subnet_id: String,
    vpc_id: String,
    zone: String,
    address: Ipv4Addr,
    mac_address: String,
    private_dns_name: String,
    pub(super) groups: Vec<String>,
    pub(super) tags: Tags,
}

/// A network interface, as those show it whom it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Eni {
    /// `eni-0...`
    pub id: String,
    /// The subnet it lies in.
    pub subnet_id: String,
    /// The private IPv4 address, of the subnet's block.
    pub private_ip: String,
    /// The MAC address.
    pub mac_address: String,
    /// The private DNS name, `ip-10-0-1-23.<region>.compute.internal`.
    pub private_dns_name: String,
    /// The security groups it is in.
    pub groups: Vec<String>,
}

impl Interface {
    fn told(&self) -> Eni {
        Eni {
            id: self.id.clone(),
            subnet_id: self.subnet_id.clone(),
            private_ip: self.address.to_string(),
            mac_address: self.mac_address.clone(),
            private_dns_name: self.private_dns_name.clone(),
            groups: self.groups.clone(),
        }
    }
}

/// Creates a network interface in a subnet with security groups (none: the VPC's default group). Fails with EC2's
/// codes: `InvalidSubnetID.NotFound`, `InvalidGroup.NotFound`, `InsufficientFreeAddressesInSubnet`.
pub fn create_eni(world: &mut World, subnet: &str, groups: &[String], description: &str) -> Result<Eni, Fault> {
    let found = world.ec2.subnets.get(subnet).ok_or_else(|| no_subnet(subnet))?;
    let (vpc_id, zone) = (found.vpc_id.clone(), found.zone().to_owned());
    let groups = groups_or_default(world, subnet, &vpc_id, groups)?;
    let (id, mac) = (world.ids.resource("eni"), world.ids.hex(10));
    let record = world.ec2.subnets.get_mut(subnet).ok_or_else(|| no_subnet(subnet))?;
    let address = record.take_address().ok_or_else(|| {
        let message = format!("There are not enough free addresses in subnet '{subnet}' to satisfy the requested number of network interfaces.");
        Fault::bad_request("InsufficientFreeAddressesInSubnet", message)
    })?;
    let bytes: Vec<&str> = (0..5).filter_map(|byte| mac.get(byte * 2..byte * 2 + 2)).collect();
    let eni = Interface {
        id,
        description: description.to_owned(),
        subnet_id: subnet.to_owned(),
        vpc_id,
        zone,
        address,
        mac_address: format!("0a:{}", bytes.join(":")),
        private_dns_name: format!("ip-{}.{}.compute.internal", address.to_string().replace('.', "-"), world.region),
        groups,
        tags: Tags::new(),
    };
    let told = eni.told();
    world.ec2.addresses.insert((eni.vpc_id.clone(), address), eni.id.clone());
    world.ec2.interfaces.insert(eni.id.clone(), eni);
    Ok(told)
}

/// Deletes a network interface; one that isn't there is no error.
pub fn delete_eni(world: &mut World, id: &str) {
    let Some(eni) = world.ec2.interfaces.remove(id) else { return };
    world.ec2.addresses.remove(&(eni.vpc_id.clone(), eni.address));
    if let Some(subnet) = world.ec2.subnets.get_mut(&eni.subnet_id) {
        subnet.release_address(eni.address);
    }
}

/// The network interface of this id.
pub fn interface(world: &World, id: &str) -> Option<Eni> {
    world.ec2.interfaces.get(id).map(Interface::told)
}

/// The network interface that has an address in a VPC.
pub fn interface_at(world: &World, vpc_id: &str, address: Ipv4Addr) -> Option<Eni> {
    interface(world, world.ec2.addresses.get(&(vpc_id.to_owned(), address))?)
}

/// Puts a network interface into these security groups, and out of all others. Fails as [`create_eni`] does.
pub fn put_into_groups(world: &mut World, id: &str, groups: &[String]) -> Result<(), Fault> {
    let Some(eni) = world.ec2.interfaces.get(id) else { return Ok(()) };
    let groups = groups_or_default(world, &eni.subnet_id, &eni.vpc_id, groups)?;
    if let Some(eni) = world.ec2.interfaces.get_mut(id) {
        eni.groups = groups;
    }
    Ok(())
}

fn groups_or_default(world: &World, subnet: &str, vpc_id: &str, groups: &[String]) -> Result<Vec<String>, Fault> {
    if groups.len() > GROUPS_PER_INTERFACE {
        let message = "You have exceeded the number of security groups allowed per network interface.";
        return Err(Fault::bad_request("SecurityGroupsPerInterfaceLimitExceeded", message));
    }
    for id in groups {
        let group = world.ec2.groups.get(id).ok_or_else(|| no_group(id))?;
        if group.vpc_id != vpc_id {
            let message = format!("Security group {id} and subnet {subnet} belong to different networks.");
            return Err(Fault::bad_request("InvalidParameter", message));
        }
    }
    if !groups.is_empty() {
        return Ok(groups.to_vec());
    }
    Ok(super::default_group(world, vpc_id).into_iter().collect())
}

const FILTERS: &[&str] = &[
    "addresses.private-ip-address",
    "availability-zone",
    "description",
    "group-id",
    "group-name",
    "mac-address",
    "network-interface-id",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "requester-managed",
    "status",
    "subnet-id",
    "vpc-id",
];

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let filters = Filters::read(input, FILTERS)?;
    let values = |eni: &Interface, name: &str| match name {
        "group-id" => eni.groups.clone(),
        "group-name" => {
            eni.groups.iter().filter_map(|id| world.ec2.groups.get(id)).map(|group| group.name.clone()).collect()
        }
        "availability-zone" => vec![eni.zone.clone()],
        "description" => vec![eni.description.clone()],
        "mac-address" => vec![eni.mac_address.clone()],
        "network-interface-id" => vec![eni.id.clone()],
        "owner-id" => vec![world.account_id.clone()],
        "private-dns-name" => vec![eni.private_dns_name.clone()],
        "private-ip-address" | "addresses.private-ip-address" => vec![eni.address.to_string()],
        "requester-managed" => vec!["true".to_owned()],
        "status" => vec!["in-use".to_owned()],
        "subnet-id" => vec![eni.subnet_id.clone()],
        _ => vec![eni.vpc_id.clone()],
    };
    let missing = |id: &str| {
        Fault::bad_request(
            "InvalidNetworkInterfaceID.NotFound",
            format!("The networkInterface ID '{id}' does not exist"),
        )
    };
    let found =
        selected(&world.ec2.interfaces, input, "NetworkInterfaceId", &filters, values, |eni| &eni.tags, missing)?;
    let (found, next) = page(world, input, &found)?;
    let shown: Vec<Value> = found.iter().map(|eni| shown(world, eni)).collect();
    Ok(json!({"networkInterfaceSet": shown, "nextToken": next}))
}

fn shown(world: &World, eni: &Interface) -> Value {
    let name = |id: &String| world.ec2.groups.get(id).map(|group| group.name.clone());
    let groups: Vec<Value> = eni.groups.iter().map(|id| json!({"groupId": id, "groupName": name(id)})).collect();
    let address = json!({"primary": true, "privateIpAddress": eni.address, "privateDnsName": eni.private_dns_name});
    json!({
        "networkInterfaceId": eni.id,
        "description": eni.description,
        "interfaceType": "interface",
        "subnetId": eni.subnet_id,
        "vpcId": eni.vpc_id,
        "availabilityZone": eni.zone,
        "macAddress": eni.mac_address,
        "privateIpAddress": eni.address,
        "privateDnsName": eni.private_dns_name,
        "privateIpAddressesSet": [address],
        "groupSet": groups,
        "ownerId": world.account_id,
        "requesterManaged": true,
        "sourceDestCheck": true,
        "status": "in-use",
        "tagSet": tags::shown(&eni.tags),
    })
}
