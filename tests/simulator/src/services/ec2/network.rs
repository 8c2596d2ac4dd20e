//! VPCs, subnets and availability zones: they come with the world and are only looked at.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde::Serialize;
use serde_json::{Value, json};

use super::filters::Filters;
use super::{Tags, page, selected, tags};
use crate::call::{Answer, Fault};
use crate::world::World;

#[derive(Clone, Debug, Serialize)]
pub(super) struct Vpc {
    pub(super) id: String,
    cidr: String,
    pub(super) tags: Tags,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct SubnetRecord {
    pub(super) id: String,
    pub(super) vpc_id: String,
    zone: String,
    block: Block,
    public: bool,
    pub(super) tags: Tags,
    #[serde(skip)]
    used: BTreeSet<u32>,
}

/// A subnet to put into the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSubnet<'a> {
    /// `subnet-...`
    pub id: &'a str,
    /// The VPC it lies in.
    pub vpc_id: &'a str,
    /// Its IPv4 block, such as `10.0.0.0/20`.
    pub cidr: &'a str,
    /// The availability zone, such as `eu-west-1a`.
    pub zone: &'a str,
    /// Whether its route to the Internet is an Internet gateway (which serves public addresses only), not a NAT.
    pub public: bool,
    /// Its tags.
    pub tags: &'a Tags,
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
    /// Whether its route to the Internet serves public addresses only.
    pub public: bool,
    /// How many addresses are left.
    pub free_addresses: usize,
}

/// An IPv4 block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Block {
    first: u32,
    bits: u32,
}

/// EC2 keeps the first four addresses of a subnet and the last for itself (VPC user guide, "Subnet sizing").
const RESERVED_FIRST: u32 = 4;
const RESERVED: u32 = 5;

impl Block {
    /// From `10.0.0.0/16`; a subnet's block has from 16 to 28 bits.
    fn parse(cidr: &str) -> Option<Self> {
        let (address, bits) = cidr.split_once('/')?;
        let first = u32::from(address.parse::<Ipv4Addr>().ok()?);
        let bits = bits.parse().ok().filter(|bits| (16..=28).contains(bits))?;
        let block = Self { first, bits };
        (first & (block.size() - 1) == 0).then_some(block)
    }

    fn size(self) -> u32 {
        1 << (32 - self.bits)
    }

    fn text(self) -> String {
        format!("{}/{}", Ipv4Addr::from(self.first), self.bits)
    }

    fn holds(self, address: Ipv4Addr) -> bool {
        (self.first..=self.first + (self.size() - 1)).contains(&u32::from(address))
    }

    fn contains(self, other: Self) -> bool {
        other.first >= self.first && other.first + (other.size() - 1) <= self.first + (self.size() - 1)
    }
}

impl SubnetRecord {
    fn free(&self) -> usize {
        usize::try_from(self.block.size() - RESERVED).unwrap_or_default().saturating_sub(self.used.len())
    }

    /// The lowest free address, now taken.
    pub(super) fn take_address(&mut self) -> Option<Ipv4Addr> {
        let last = self.block.first + self.block.size() - 2;
        let free = (self.block.first + RESERVED_FIRST..=last).find(|address| !self.used.contains(address))?;
        self.used.insert(free);
        Some(Ipv4Addr::from(free))
    }

    pub(super) fn release_address(&mut self, address: Ipv4Addr) {
        self.used.remove(&u32::from(address));
    }

    pub(super) fn zone(&self) -> &str {
        &self.zone
    }
}

/// Puts a VPC into the world, with the default security group of this id (which lets its members reach each other).
pub fn add_vpc(world: &mut World, id: &str, cidr: &str, tags: &Tags, default_group: &str) -> Result<(), String> {
    Block::parse(cidr).ok_or_else(|| format!("vpc {id}: {cidr} is no block of 16 to 28 bits"))?;
    let vpc = Vpc { id: id.to_owned(), cidr: cidr.to_owned(), tags: tags.clone() };
    world.ec2.vpcs.insert(id.to_owned(), vpc);
    super::groups::add_default(world, default_group, id);
    Ok(())
}

/// Puts a subnet into the world.
pub fn add_subnet(world: &mut World, new: &NewSubnet<'_>) -> Result<(), String> {
    let id = new.id;
    let vpc = world.ec2.vpcs.get(new.vpc_id).ok_or_else(|| format!("subnet {id}: there is no VPC {}", new.vpc_id))?;
    let block =
        Block::parse(new.cidr).ok_or_else(|| format!("subnet {id}: {} is no block of 16 to 28 bits", new.cidr))?;
    if !Block::parse(&vpc.cidr).is_some_and(|around| around.contains(block)) {
        return Err(format!("subnet {id}: {} lies outside the VPC's {}", new.cidr, vpc.cidr));
    }
    let overlaps = |other: &&SubnetRecord| {
        other.vpc_id == new.vpc_id && (other.block.contains(block) || block.contains(other.block))
    };
    if let Some(other) = world.ec2.subnets.values().find(overlaps) {
        return Err(format!("subnet {id}: {} overlaps with {}", new.cidr, other.id));
    }
    if !new.zone.starts_with(&world.region) {
        return Err(format!("subnet {id}: the zone {} is not of {}", new.zone, world.region));
    }
    let (vpc_id, zone, tags) = (new.vpc_id.to_owned(), new.zone.to_owned(), new.tags.clone());
    let record =
        SubnetRecord { id: id.to_owned(), vpc_id, zone, block, public: new.public, tags, used: BTreeSet::new() };
    world.ec2.subnets.insert(id.to_owned(), record);
    Ok(())
}

/// Whether an address lies in a VPC's block.
pub fn vpc_contains(world: &World, vpc_id: &str, address: Ipv4Addr) -> bool {
    let block = world.ec2.vpcs.get(vpc_id).and_then(|vpc| Block::parse(&vpc.cidr));
    block.is_some_and(|block| block.holds(address))
}

/// The first address of a VPC's block that isn't EC2's own: a client inside the VPC may have it.
pub fn first_address(world: &World, vpc_id: &str) -> Option<Ipv4Addr> {
    let block = Block::parse(&world.ec2.vpcs.get(vpc_id)?.cidr)?;
    Some(Ipv4Addr::from(block.first + RESERVED_FIRST))
}

/// The subnet of this id.
pub fn subnet(world: &World, id: &str) -> Option<Subnet> {
    let record = world.ec2.subnets.get(id)?;
    Some(Subnet {
        id: record.id.clone(),
        vpc_id: record.vpc_id.clone(),
        availability_zone: record.zone.clone(),
        public: record.public,
        free_addresses: record.free(),
    })
}

pub(super) fn no_subnet(id: &str) -> Fault {
    Fault::bad_request("InvalidSubnetID.NotFound", format!("The subnet ID '{id}' does not exist"))
}

pub(super) fn no_vpc(id: &str) -> Fault {
    Fault::bad_request("InvalidVpcID.NotFound", format!("The vpc ID '{id}' does not exist"))
}

pub(super) fn describe_vpcs(world: &World, input: &Value) -> Answer {
    let filters =
        Filters::read(input, &["vpc-id", "cidr", "cidr-block", "is-default", "isDefault", "state", "owner-id"])?;
    let values = |vpc: &Vpc, name: &str| {
        vec![match name {
            "vpc-id" => vpc.id.clone(),
            "cidr" | "cidr-block" => vpc.cidr.clone(),
            "state" => "available".to_owned(),
            "owner-id" => world.account_id.clone(),
            _ => "false".to_owned(),
        }]
    };
    let vpcs = selected(&world.ec2.vpcs, input, "VpcId", &filters, values, |vpc| &vpc.tags, no_vpc)?;
    let (vpcs, next) = page(world, input, &vpcs)?;
    let shown = vpcs.iter().map(|vpc| {
        json!({
            "vpcId": vpc.id,
            "cidrBlock": vpc.cidr,
            "cidrBlockAssociationSet": [{
                "associationId": format!("vpc-cidr-assoc-{}", vpc.id.trim_start_matches("vpc-")),
                "cidrBlock": vpc.cidr,
                "cidrBlockState": {"state": "associated"},
            }],
            "dhcpOptionsId": "default",
            "instanceTenancy": "default",
            "isDefault": false,
            "ownerId": world.account_id,
            "state": "available",
            "tagSet": tags::shown(&vpc.tags),
        })
    });
    Ok(json!({"vpcSet": shown.collect::<Vec<_>>(), "nextToken": next}))
}

const SUBNET_FILTERS: &[&str] = &[
    "availability-zone",
    "availabilityZone",
    "availability-zone-id",
    "availabilityZoneId",
    "cidr",
    "cidr-block",
    "cidrBlock",
    "default-for-az",
    "map-public-ip-on-launch",
    "owner-id",
    "state",
    "subnet-arn",
    "subnet-id",
    "vpc-id",
];

pub(super) fn describe_subnets(world: &World, input: &Value) -> Answer {
    let filters = Filters::read(input, SUBNET_FILTERS)?;
    let values = |subnet: &SubnetRecord, name: &str| {
        vec![match name {
            "availability-zone" | "availabilityZone" => subnet.zone.clone(),
            "availability-zone-id" | "availabilityZoneId" => zone_id(world, &subnet.zone),
            "cidr" | "cidr-block" | "cidrBlock" => subnet.block.text(),
            "map-public-ip-on-launch" | "default-for-az" => "false".to_owned(),
            "owner-id" => world.account_id.clone(),
            "state" => "available".to_owned(),
            "subnet-arn" => world.arn("ec2", &format!("subnet/{}", subnet.id)),
            "subnet-id" => subnet.id.clone(),
            _ => subnet.vpc_id.clone(),
        }]
    };
    let subnets = selected(&world.ec2.subnets, input, "SubnetId", &filters, values, |subnet| &subnet.tags, no_subnet)?;
    let (subnets, next) = page(world, input, &subnets)?;
    let shown: Vec<Value> = subnets.iter().map(|subnet| shown_subnet(world, subnet)).collect();
    Ok(json!({"subnetSet": shown, "nextToken": next}))
}

fn shown_subnet(world: &World, subnet: &SubnetRecord) -> Value {
    json!({
        "subnetId": subnet.id,
        "subnetArn": world.arn("ec2", &format!("subnet/{}", subnet.id)),
        "vpcId": subnet.vpc_id,
        "cidrBlock": subnet.block.text(),
        "availabilityZone": subnet.zone,
        "availabilityZoneId": zone_id(world, &subnet.zone),
        "availableIpAddressCount": subnet.free(),
        "assignIpv6AddressOnCreation": false,
        "defaultForAz": false,
        "enableDns64": false,
        "ipv6Native": false,
        "mapPublicIpOnLaunch": false,
        "ownerId": world.account_id,
        "state": "available",
        "tagSet": tags::shown(&subnet.tags),
    })
}

/// The zones are those that the world's subnets lie in.
pub(super) fn describe_zones(world: &World, input: &Value) -> Answer {
    let filters = Filters::read(
        input,
        &["zone-name", "zone-id", "zone-type", "state", "region-name", "opt-in-status", "group-name"],
    )?;
    let names = crate::call::texts(input.get("ZoneName"));
    let ids = crate::call::texts(input.get("ZoneId"));
    let all: BTreeSet<&str> = world.ec2.subnets.values().map(SubnetRecord::zone).collect();
    if let Some(unknown) = names.iter().find(|name| !all.contains(name.as_str())) {
        return Err(super::invalid_value(format!("Invalid availability zone: [{unknown}]")));
    }
    let values = |zone: &str, name: &str| {
        vec![match name {
            "zone-name" => zone.to_owned(),
            "zone-id" => zone_id(world, zone),
            "zone-type" => "availability-zone".to_owned(),
            "state" => "available".to_owned(),
            "opt-in-status" => "opt-in-not-required".to_owned(),
            _ => world.region.clone(),
        }]
    };
    let wanted = all.into_iter().filter(|zone| {
        let by_name = names.is_empty() || names.iter().any(|name| name == zone);
        let by_id = ids.is_empty() || ids.contains(&zone_id(world, zone));
        by_name && by_id && filters.pass(|name| values(zone, name), &Tags::new())
    });
    let shown = wanted.map(|zone| {
        json!({
            "zoneName": zone,
            "zoneId": zone_id(world, zone),
            "zoneState": "available",
            "zoneType": "availability-zone",
            "regionName": world.region,
            "groupName": world.region,
            "networkBorderGroup": world.region,
            "optInStatus": "opt-in-not-required",
        })
    });
    Ok(json!({"availabilityZoneInfo": shown.collect::<Vec<_>>()}))
}

/// A zone's id, `euw1-az1` for `eu-west-1a`: which letter is which number differs by account, here a is 1.
fn zone_id(world: &World, zone: &str) -> String {
    let mut parts = world.region.split('-');
    let (area, direction, digit) = (parts.next(), parts.next(), parts.next());
    let direction = direction.unwrap_or_default().chars().next().map(String::from).unwrap_or_default();
    let number = zone.chars().last().map_or(1, |letter| u32::from(letter).saturating_sub(u32::from('a')) + 1);
    format!("{}{direction}{}-az{number}", area.unwrap_or_default(), digit.unwrap_or_default())
}
