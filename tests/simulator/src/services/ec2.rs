//! Elastic Compute Cloud, VPC and subnets that come with the world, security groups and their rules, network
//! interfaces of tasks and load balancers, launch templates, instances of Auto Scaling groups, tags.
//!
//! Source: EC2 API reference (operations and "Error codes"), VPC user guide ("Amazon VPC quotas").

mod agent;
mod filters;
mod groups;
mod instance_types;
mod instances;
mod interfaces;
mod launch_templates;
mod network;
mod permissions;
mod reach;
mod rule_changes;
mod rules;
mod tags;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::Value;

use self::filters::Filters;
use crate::call::{Answer, Call, Fault};
use crate::protocol::query;
use crate::world::World;

pub use self::agent::interrupt;
pub use self::groups::{SecurityGroup, add_group, default_group};
pub use self::instance_types::{InstanceType, instance_type, instance_types};
pub use self::instances::{Instance, State as InstanceState, launch, terminate};
pub use self::interfaces::{Eni, create_eni, delete_eni, interface, interface_at, put_into_groups};
pub use self::launch_templates::template_data;
pub use self::network::{NewSubnet, Subnet, add_subnet, add_vpc, first_address, subnet, vpc_contains};
pub use self::reach::{gets_out, lets_in, reaches};
pub use self::rules::{Peer, Rule};

type Tags = BTreeMap<String, String>;

/// What exists, each kind by its ids.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    vpcs: BTreeMap<String, network::Vpc>,
    subnets: BTreeMap<String, network::SubnetRecord>,
    groups: BTreeMap<String, SecurityGroup>,
    interfaces: BTreeMap<String, interfaces::Interface>,
    templates: BTreeMap<String, launch_templates::LaunchTemplate>,
    instances: BTreeMap<String, Instance>,
    #[serde(skip)]
    wakes: instances::Wakes,
    /// The interface that has an address, by VPC and address.
    #[serde(skip)]
    addresses: BTreeMap<(String, Ipv4Addr), String>,
}

/// Answers a call.
pub fn call(world: &mut World, call: &Call) -> Answer {
    let input = &call.input;
    if query::flag(input, "DryRun") == Some(true) {
        return Err(Fault::new(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
    }
    match call.operation.as_str() {
        "DescribeVpcs" => network::describe_vpcs(world, input),
        "DescribeSubnets" => network::describe_subnets(world, input),
        "DescribeAvailabilityZones" => network::describe_zones(world, input),
        "CreateSecurityGroup" => groups::create(world, input),
        "DescribeSecurityGroups" => groups::describe(world, input),
        "DeleteSecurityGroup" => groups::delete(world, input),
        "AuthorizeSecurityGroupIngress" => rule_changes::authorize(world, input, false),
        "AuthorizeSecurityGroupEgress" => rule_changes::authorize(world, input, true),
        "RevokeSecurityGroupIngress" => rule_changes::revoke(world, input, false),
        "RevokeSecurityGroupEgress" => rule_changes::revoke(world, input, true),
        "UpdateSecurityGroupRuleDescriptionsIngress" => rule_changes::describe_anew(world, input, false),
        "UpdateSecurityGroupRuleDescriptionsEgress" => rule_changes::describe_anew(world, input, true),
        "ModifySecurityGroupRules" => rule_changes::modify(world, input),
        "DescribeSecurityGroupRules" => rules::describe(world, input),
        "CreateTags" => tags::create(world, input),
        "DeleteTags" => tags::delete(world, input),
        "DescribeTags" => tags::describe(world, input),
        "DescribeNetworkInterfaces" => interfaces::describe(world, input),
        "CreateLaunchTemplate" => launch_templates::create(world, input),
        "CreateLaunchTemplateVersion" => launch_templates::create_version(world, input),
        "ModifyLaunchTemplate" => launch_templates::modify(world, input),
        "DeleteLaunchTemplate" => launch_templates::delete(world, input),
        "DescribeLaunchTemplates" => launch_templates::describe(world, input),
        "DescribeLaunchTemplateVersions" => launch_templates::describe_versions(world, input),
        "DescribeInstances" => instances::describe(world, input),
        "TerminateInstances" => instances::terminate_all(world, input),
        operation => Err(Fault::unknown_operation(call.service, operation)),
    }
}

/// When the next thing is due.
pub fn next_due(world: &World) -> Option<i64> {
    world.ec2.wakes.next()
}

/// Lets everything happen that is due until `now`.
pub fn advance_to(world: &mut World, now: i64) {
    while let Some((due, id)) = world.ec2.wakes.take_due(now) {
        world.now = world.now.max(due);
        instances::advance(world, &id);
    }
}

/// The instance that a network interface is the own one of.
pub fn instance_with<'a>(world: &'a World, eni: &str) -> Option<&'a Instance> {
    world.ec2.instances.values().find(|instance| instance.eni.as_ref().is_some_and(|own| own.id == eni))
}

/// The instance of this id.
pub fn instance<'a>(world: &'a World, id: &str) -> Option<&'a Instance> {
    world.ec2.instances.get(id)
}

/// User data as they were before they were encoded; `None`: this is no Base64.
fn user_data(encoded: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(encoded).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The security group of this id.
pub fn group<'a>(world: &'a World, id: &str) -> Option<&'a SecurityGroup> {
    world.ec2.groups.get(id)
}

/// The VPC of the security group of this id, if the group exists.
pub fn group_vpc(world: &World, id: &str) -> Option<String> {
    group(world, id).map(|group| group.vpc_id.clone())
}

/// A required text of an input.
fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, Fault> {
    query::text(input, member).ok_or_else(|| {
        Fault::bad_request("MissingParameter", format!("The request must contain the parameter {member}"))
    })
}

fn invalid_value(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidParameterValue", message)
}

fn no_group(id: &str) -> Fault {
    Fault::bad_request("InvalidGroup.NotFound", format!("The security group '{id}' does not exist"))
}

/// A number of an input, by EC2's own error.
fn number(input: &Value, member: &str) -> Result<Option<i64>, Fault> {
    let value = || query::text(input, member).unwrap_or_default().to_owned();
    query::number(input, member)
        .map_err(|_| invalid_value(format!("Invalid value '{}' for {member}. It must be a number.", value())))
}

/// One page of a list as EC2 pages: `MaxResults` from 5 to 1000, `NextToken`.
fn page<T: Clone>(world: &World, input: &Value, items: &[T]) -> Result<(Vec<T>, Option<String>), Fault> {
    let wanted = number(input, "MaxResults")?.unwrap_or(1000);
    if wanted < 5 {
        let message =
            format!("Value ( {wanted} ) for parameter maxResults is invalid. Expecting a value of 5 or greater.");
        return Err(invalid_value(message));
    }
    // EC2 takes a larger value for its own limit.
    let wanted = usize::try_from(wanted).unwrap_or(1000).min(1000);
    let page = world.page(items, wanted, query::text(input, "NextToken"));
    page.map_err(|_| Fault::bad_request("InvalidNextToken", "The specified NextToken is not valid."))
}

/// All of a kind that an input's ids and filters select. Every id must be there.
fn selected<'a, T>(
    all: &'a BTreeMap<String, T>,
    input: &Value,
    ids_member: &str,
    filters: &Filters,
    values: impl Fn(&T, &str) -> Vec<String>,
    tags: impl Fn(&T) -> &Tags,
    missing: impl Fn(&str) -> Fault,
) -> Result<Vec<&'a T>, Fault> {
    let ids = crate::call::texts(input.get(ids_member));
    if let Some(unknown) = ids.iter().find(|id| !all.contains_key(*id)) {
        return Err(missing(unknown));
    }
    let wanted = all.iter().filter(|(id, _)| ids.is_empty() || ids.contains(id)).map(|(_, item)| item);
    Ok(wanted.filter(|item| filters.pass(|name| values(item, name), tags(item))).collect())
}

#[cfg(test)]
#[path = "ec2/tests.rs"]
mod tests;
