//! The service ec2: its contract with the rest of the simulator.

use serde::Serialize;

use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {}

/// Answers a call.
pub fn call(_world: &mut World, call: &Call) -> Answer {
    Err(Fault::unknown_operation(call.service, &call.operation))
}

/// A network interface, as a task's attachment shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Eni {
    /// `eni-0...`
    pub id: String,
    /// The private IPv4 address, of the subnet's block.
    pub private_ip: String,
    /// The MAC address.
    pub mac_address: String,
    /// The private DNS name, `ip-10-0-1-23.<region>.compute.internal`.
    pub private_dns_name: String,
}

/// A subnet, as far as others need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subnet {
    /// `subnet-...`
    pub id: String,
    /// The VPC it lies in.
    pub vpc_id: String,
    /// The availability zone it lies in.
    pub availability_zone: String,
    /// How many addresses are left.
    pub free_addresses: usize,
}

/// Creates a network interface in a subnet with security groups (none: the VPC's default group). Fails with EC2's
/// codes: `InvalidSubnetID.NotFound`, `InvalidGroup.NotFound`, `InsufficientFreeAddressesInSubnet`.
pub fn create_eni(world: &mut World, _subnet: &str, _groups: &[String]) -> Result<Eni, Fault> {
    let (id, private_dns_name) = (world.ids.resource("eni"), String::new());
    Ok(Eni { id, private_ip: "10.0.0.4".to_owned(), mac_address: "02:00:00:00:00:01".to_owned(), private_dns_name })
}

/// Deletes a network interface; one that isn't there is no error.
pub fn delete_eni(_world: &mut World, _id: &str) {}

/// The subnet of this id.
pub fn subnet(_world: &World, id: &str) -> Option<Subnet> {
    let (vpc_id, availability_zone) = ("vpc-0".to_owned(), "eu-west-1a".to_owned());
    Some(Subnet { id: id.to_owned(), vpc_id, availability_zone, free_addresses: 250 })
}

/// The VPC of the security group of this id, if the group exists.
pub fn group_vpc(_world: &World, _id: &str) -> Option<String> {
    Some("vpc-0".to_owned())
}
