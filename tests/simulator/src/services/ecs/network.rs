//! The awsvpc configuration of services and tasks: checked against EC2, and as it reads back.

use serde_json::{Value, json};

use crate::call::{Call, Fault, texts};
use crate::services::ec2;
use crate::services::ecs::invalid;
use crate::services::ecs::task_definitions::Definition;
use crate::world::World;

/// Whether tasks get a network interface of their own (API reference, `CreateService.networkConfiguration`: "required for task
/// definitions that use the awsvpc network mode to receive their own elastic network interface, and it isn't supported for
/// other network modes").
pub(super) fn is_awsvpc(definition: &Definition) -> bool {
    definition.text("networkMode") == Some("awsvpc")
}

/// What a call asks for, which must fit the task definition.
pub(super) fn asked(world: &World, call: &Call, definition: &Definition) -> Result<Option<Value>, Fault> {
    let given = call.input.get("networkConfiguration").filter(|given| !given.is_null());
    check(definition, given.is_some())?;
    given.map(|given| resolve(world, given)).transpose()
}

/// Tasks with an interface of their own need one, and others must be given none.
pub(super) fn check(definition: &Definition, given: bool) -> Result<(), Fault> {
    match (is_awsvpc(definition), given) {
        (true, false) => Err(invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")),
        (false, true) => {
            Err(invalid("Network Configuration is not valid for the given networkMode of this task definition."))
        }
        (true, true) | (false, false) => Ok(()),
    }
}

/// Checks a network configuration against what EC2 has, and gives it as it reads back.
pub(super) fn resolve(world: &World, given: &Value) -> Result<Value, Fault> {
    let vpc = given.get("awsvpcConfiguration").ok_or_else(|| invalid("awsvpcConfiguration can not be empty."))?;
    let (subnets, groups) = (texts(vpc.get("subnets")), texts(vpc.get("securityGroups")));
    if subnets.is_empty() {
        return Err(invalid("subnets can not be empty."));
    }
    if subnets.len() > 16 {
        return Err(invalid("subnets can have at most 16 items."));
    }
    if groups.len() > 5 {
        return Err(invalid("securityGroups can have at most 5 items."));
    }
    let mut network = None;
    for id in &subnets {
        let subnet = ec2::subnet(world, id).ok_or_else(|| {
            let message = format!("Error retrieving subnet information for [{id}]: The subnet ID '{id}' does not exist (ErrorCode: InvalidSubnetID.NotFound)");
            invalid(message)
        })?;
        if *network.get_or_insert_with(|| subnet.vpc_id.clone()) != subnet.vpc_id {
            return Err(invalid("subnets must be in the same VPC."));
        }
    }
    for id in &groups {
        let owner = ec2::group_vpc(world, id).ok_or_else(|| {
            let message = format!("Error retrieving security group information for [{id}]: The security group '{id}' does not exist (ErrorCode: InvalidGroup.NotFound)");
            invalid(message)
        })?;
        if network.as_ref().is_some_and(|network| *network != owner) {
            return Err(invalid(format!(
                "Security group {id} does not appear to belong to the same VPC as the input subnets."
            )));
        }
    }
    let public = vpc.get("assignPublicIp").and_then(Value::as_str).unwrap_or("DISABLED");
    Ok(json!({"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups, "assignPublicIp": public}}))
}

/// The subnets of a resolved configuration.
pub(super) fn subnets(configuration: &Value) -> Vec<String> {
    texts(configuration.pointer("/awsvpcConfiguration/subnets"))
}

/// The security groups of a resolved configuration.
pub(super) fn groups(configuration: &Value) -> Vec<String> {
    texts(configuration.pointer("/awsvpcConfiguration/securityGroups"))
}

/// Whether tasks get a public address.
pub(super) fn assigns_public_ip(configuration: &Value) -> bool {
    configuration.pointer("/awsvpcConfiguration/assignPublicIp").and_then(Value::as_str) == Some("ENABLED")
}

/// Whether two resolved configurations mean the same: the order of ids carries no meaning.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    sorted(subnets(one)) == sorted(subnets(other))
        && sorted(groups(one)) == sorted(groups(other))
        && assigns_public_ip(one) == assigns_public_ip(other)
}
