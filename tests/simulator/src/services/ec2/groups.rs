//! Security groups.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::filters::Filters;
use super::network::no_vpc;
use super::permissions::{self, plain};
use super::rules::{Peer, Rule};
use super::{Tags, invalid_value, no_group, page, required, selected, tags};
use crate::call::{Answer, Fault, texts};
use crate::protocol::query;
use crate::world::World;

/// The default quota of a region (VPC user guide, "Amazon VPC quotas").
const GROUPS_PER_REGION: usize = 2500;

/// A security group and its rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecurityGroup {
    /// `sg-...`
    pub id: String,
    /// The VPC it lies in.
    pub vpc_id: String,
    /// Unique in the VPC.
    pub name: String,
    /// Can't be changed.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
    /// Its rules in both directions, by id.
    pub rules: BTreeMap<String, Rule>,
}

/// Puts a security group into the world, with EC2's rule that lets everything out.
pub fn add_group(world: &mut World, id: &str, vpc_id: &str, name: &str, description: &str, tags: &Tags) {
    let (id, vpc_id, name) = (id.to_owned(), vpc_id.to_owned(), name.to_owned());
    let mut group = SecurityGroup {
        id,
        vpc_id,
        name,
        description: description.to_owned(),
        tags: tags.clone(),
        rules: BTreeMap::new(),
    };
    add_rule(world, &mut group, true, Peer::Ipv4("0.0.0.0/0".to_owned()));
    world.ec2.groups.insert(group.id.clone(), group);
}

/// The id of a VPC's default group.
pub fn default_group(world: &World, vpc_id: &str) -> Option<String> {
    let mut groups = world.ec2.groups.values();
    groups.find(|group| group.vpc_id == vpc_id && group.name == "default").map(|group| group.id.clone())
}

/// Puts a VPC's default group into the world: it also lets its own members in.
pub(super) fn add_default(world: &mut World, id: &str, vpc_id: &str) {
    add_group(world, id, vpc_id, "default", "default VPC security group", &Tags::new());
    if let Some(mut group) = world.ec2.groups.remove(id) {
        add_rule(world, &mut group, false, Peer::Group(id.to_owned()));
        world.ec2.groups.insert(id.to_owned(), group);
    }
}

fn add_rule(world: &mut World, group: &mut SecurityGroup, egress: bool, peer: Peer) {
    let (protocol, tags) = ("-1".to_owned(), Tags::new());
    let id = world.ids.resource("sgr");
    let rule = Rule { id, egress, protocol, from_port: -1, to_port: -1, peer, description: None, tags };
    group.rules.insert(rule.id.clone(), rule);
}

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let name = checked_name(input)?.to_owned();
    let description = required(input, "GroupDescription")?.to_owned();
    if description.len() > 255 || !description.chars().all(plain) {
        let message = "Invalid security group description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
        return Err(invalid_value(message));
    }
    let Some(vpc_id) = query::text(input, "VpcId") else {
        return Err(Fault::bad_request("VPCIdNotSpecified", "No default VPC for this user"));
    };
    let vpc_id = vpc_id.to_owned();
    if !world.ec2.vpcs.contains_key(&vpc_id) {
        return Err(no_vpc(&vpc_id));
    }
    let tags = tags::at_creation(input, "security-group")?;
    if world.ec2.groups.values().any(|group| group.vpc_id == vpc_id && group.name == name) {
        let message = format!("The security group '{name}' already exists for VPC '{vpc_id}'");
        return Err(Fault::bad_request("InvalidGroup.Duplicate", message));
    }
    if world.ec2.groups.len() >= GROUPS_PER_REGION {
        return Err(Fault::bad_request(
            "SecurityGroupLimitExceeded",
            "You have reached the maximum number of security groups.",
        ));
    }
    let id = world.ids.resource("sg");
    add_group(world, &id, &vpc_id, &name, &description, &tags);
    Ok(json!({"groupId": id, "securityGroupArn": arn(world, &id), "tagSet": tags::shown(&tags)}))
}

fn checked_name(input: &Value) -> Result<&str, Fault> {
    let name = required(input, "GroupName")?;
    if name.len() > 255 || !name.chars().all(plain) {
        let message = format!(
            "Value ({name}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."
        );
        return Err(invalid_value(message));
    }
    if name.starts_with("sg-") {
        return Err(invalid_value(format!(
            "invalid value for parameter groupName: {name}. Group names may not be in the format sg-*"
        )));
    }
    if name == "default" {
        return Err(Fault::bad_request("InvalidGroup.Reserved", "The security group 'default' is reserved"));
    }
    Ok(name)
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let id = target(world, input)?;
    let group = world.ec2.groups.get(&id).ok_or_else(|| no_group(&id))?;
    if group.name == "default" {
        let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(Fault::bad_request("CannotDelete", message));
    }
    let peer = Peer::Group(id.clone());
    let others = world.ec2.groups.values().filter(|other| other.id != id);
    let referenced = others.flat_map(|other| other.rules.values()).any(|rule| rule.peer == peer);
    let attached = world.ec2.interfaces.values().any(|eni| eni.groups.contains(&id));
    if referenced || attached {
        return Err(Fault::bad_request("DependencyViolation", format!("resource {id} has a dependent object")));
    }
    world.ec2.groups.remove(&id);
    Ok(json!({"return": true, "groupId": id}))
}

/// The id of the group that a changing call is about. A name is enough only in a default VPC, and there is none here.
pub(super) fn target(world: &World, input: &Value) -> Result<String, Fault> {
    let Some(id) = query::text(input, "GroupId") else {
        if let Some(name) = query::text(input, "GroupName") {
            let message = format!("The security group '{name}' does not exist in default VPC 'null'");
            return Err(Fault::bad_request("InvalidGroup.NotFound", message));
        }
        return Err(Fault::bad_request(
            "MissingParameter",
            "The request must contain the parameter groupName or groupId",
        ));
    };
    check_id(id)?;
    if world.ec2.groups.contains_key(id) { Ok(id.to_owned()) } else { Err(no_group(id)) }
}

/// Ids have a form; those of the world file are shorter than AWS's, so only the prefix is judged.
fn check_id(id: &str) -> Result<(), Fault> {
    if id.starts_with("sg-") {
        return Ok(());
    }
    Err(Fault::bad_request("InvalidGroupId.Malformed", format!("Invalid id: \"{id}\" (expecting \"sg-...\")")))
}

const FILTERS: &[&str] = &[
    "description",
    "egress.ip-permission.cidr",
    "egress.ip-permission.group-id",
    "group-id",
    "group-name",
    "ip-permission.cidr",
    "ip-permission.group-id",
    "owner-id",
    "vpc-id",
];

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let filters = Filters::read(input, FILTERS)?;
    texts(input.get("GroupId")).iter().try_for_each(|id| check_id(id))?;
    let names = texts(input.get("GroupName"));
    if let Some(name) = names.first() {
        let message = format!("The security group '{name}' does not exist in default VPC 'null'");
        return Err(Fault::bad_request("InvalidGroup.NotFound", message));
    }
    let values = |group: &SecurityGroup, name: &str| match name {
        "description" => vec![group.description.clone()],
        "group-id" => vec![group.id.clone()],
        "group-name" => vec![group.name.clone()],
        "owner-id" => vec![world.account_id.clone()],
        "vpc-id" => vec![group.vpc_id.clone()],
        peers => peer_values(group, peers),
    };
    let found = selected(&world.ec2.groups, input, "GroupId", &filters, values, |group| &group.tags, no_group)?;
    let (found, next) = page(world, input, &found)?;
    let shown: Vec<Value> = found.iter().map(|group| shown(world, group)).collect();
    Ok(json!({"securityGroupInfo": shown, "nextToken": next}))
}

fn peer_values(group: &SecurityGroup, filter: &str) -> Vec<String> {
    let (egress, by_block) = (filter.starts_with("egress."), filter.rsplit('.').next() == Some("cidr"));
    let rules = group.rules.values().filter(|rule| rule.egress == egress);
    let value = |rule: &Rule| match (&rule.peer, by_block) {
        (Peer::Ipv4(block), true) => Some(block.clone()),
        (Peer::Group(id), false) => Some(id.clone()),
        _ => None,
    };
    rules.filter_map(value).collect()
}

fn shown(world: &World, group: &SecurityGroup) -> Value {
    let rules = |egress: bool| group.rules.values().filter(move |rule| rule.egress == egress);
    json!({
        "groupId": group.id,
        "groupName": group.name,
        "groupDescription": group.description,
        "vpcId": group.vpc_id,
        "ownerId": world.account_id,
        "securityGroupArn": arn(world, &group.id),
        "ipPermissions": permissions::shown(rules(false), &world.account_id),
        "ipPermissionsEgress": permissions::shown(rules(true), &world.account_id),
        "tagSet": tags::shown(&group.tags),
    })
}

fn arn(world: &World, id: &str) -> String {
    world.arn("ec2", &format!("security-group/{id}"))
}
