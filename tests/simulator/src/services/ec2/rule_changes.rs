//! Calls that change a group's rules. Each does all of what it is asked, or nothing.

use serde_json::{Value, json};

use super::groups::{SecurityGroup, target};
use super::permissions::{self, check_description, ipv4_block, ipv6_block};
use super::rules::{self, Peer, Rule, no_rule};
use super::{Tags, no_group, required, tags};
use crate::call::{Answer, Fault, texts};
use crate::protocol::query;
use crate::world::World;

/// Rules per direction and address family (VPC user guide, "Amazon VPC quotas").
const RULES_PER_GROUP: usize = 60;

pub(super) fn authorize(world: &mut World, input: &Value, egress: bool) -> Answer {
    let id = target(world, input)?;
    let mut new = permissions::read(input, egress, &world.account_id)?;
    if new.is_empty() {
        return Err(Fault::bad_request("MissingParameter", "The request must contain the parameter ipPermissions"));
    }
    let tags = tags::at_creation(input, "security-group-rule")?;
    new.iter().try_for_each(|rule| check_peer(world, &id, rule))?;
    let mut group = world.ec2.groups.get(&id).ok_or_else(|| no_group(&id))?.clone();
    for rule in &mut new {
        if group.rules.values().any(|present| present.same(rule)) {
            let message = format!("the specified rule \"{}\" already exists", permissions::words(rule));
            return Err(Fault::bad_request("InvalidPermission.Duplicate", message));
        }
        rule.id = world.ids.resource("sgr");
        rule.tags.clone_from(&tags);
        group.rules.insert(rule.id.clone(), rule.clone());
    }
    check_count(&group, egress)?;
    let shown: Vec<Value> = new.iter().map(|rule| rules::shown(world, &id, rule)).collect();
    world.ec2.groups.insert(id, group);
    Ok(json!({"return": true, "securityGroupRuleSet": shown}))
}

pub(super) fn revoke(world: &mut World, input: &Value, egress: bool) -> Answer {
    let id = target(world, input)?;
    let ids = texts(input.get("SecurityGroupRuleId"));
    let named = permissions::read(input, egress, &world.account_id)?;
    let group = world.ec2.groups.get_mut(&id).ok_or_else(|| no_group(&id))?;
    let doomed: Vec<String> = match (ids.is_empty(), named.is_empty()) {
        (false, true) => ids.into_iter().map(|rule| own_rule(group, egress, rule)).collect::<Result<_, _>>()?,
        (true, false) => named.iter().map(|rule| present_rule(group, rule)).collect::<Result<_, _>>()?,
        (true, true) => {
            return Err(Fault::bad_request("MissingParameter", "The request must contain the parameter ipPermissions"));
        }
        (false, false) => {
            let message = "The parameters securityGroupRuleIds and ipPermissions may not be specified together";
            return Err(Fault::bad_request("InvalidParameterCombination", message));
        }
    };
    let gone = doomed.iter().filter_map(|rule| group.rules.remove(rule));
    let shown: Vec<Value> = gone.map(|rule| Value::Object(rules::revoked(&id, &rule))).collect();
    Ok(json!({"return": true, "unknownIpPermissionSet": [], "revokedSecurityGroupRuleSet": shown}))
}

/// New descriptions, by rule id or by permission.
pub(super) fn describe_anew(world: &mut World, input: &Value, egress: bool) -> Answer {
    let id = target(world, input)?;
    let by_permission = permissions::read(input, egress, &world.account_id)?;
    let group = world.ec2.groups.get_mut(&id).ok_or_else(|| no_group(&id))?;
    let mut changes = Vec::new();
    for change in query::items(input, "SecurityGroupRuleDescription") {
        let rule = own_rule(group, egress, required(change, "SecurityGroupRuleId")?.to_owned())?;
        let description = query::text(change, "Description").map(str::to_owned);
        check_description(description.as_deref())?;
        changes.push((rule, description));
    }
    for rule in by_permission {
        changes.push((present_rule(group, &rule)?, rule.description));
    }
    if changes.is_empty() {
        let message = "The request must contain the parameter ipPermissions or securityGroupRuleDescriptions";
        return Err(Fault::bad_request("MissingParameter", message));
    }
    for (rule, description) in changes {
        if let Some(rule) = group.rules.get_mut(&rule) {
            rule.description = description;
        }
    }
    Ok(json!({"return": true}))
}

/// Rules by id, each given whole: protocol, ports, peer, description.
pub(super) fn modify(world: &mut World, input: &Value) -> Answer {
    let id = target(world, input)?;
    let mut group = world.ec2.groups.get(&id).ok_or_else(|| no_group(&id))?.clone();
    let updates = query::items(input, "SecurityGroupRule");
    if updates.is_empty() {
        return Err(Fault::bad_request(
            "MissingParameter",
            "The request must contain the parameter securityGroupRules",
        ));
    }
    for update in updates {
        let rule_id = required(update, "SecurityGroupRuleId")?;
        let present = group.rules.get(rule_id).ok_or_else(|| no_rule(rule_id))?;
        let request = update.get("SecurityGroupRule").cloned().unwrap_or_default();
        let rule = requested(&request, present)?;
        check_peer(world, &id, &rule)?;
        if group.rules.values().any(|other| other.id != rule.id && other.same(&rule)) {
            let message = format!("the specified rule \"{}\" already exists", permissions::words(&rule));
            return Err(Fault::bad_request("InvalidPermission.Duplicate", message));
        }
        group.rules.insert(rule.id.clone(), rule);
    }
    check_count(&group, false)?;
    check_count(&group, true)?;
    world.ec2.groups.insert(id, group);
    Ok(json!({"return": true}))
}

fn requested(request: &Value, present: &Rule) -> Result<Rule, Fault> {
    let (protocol, from_port, to_port) = permissions::ports(request)?;
    let block = query::text(request, "CidrIpv4").map(ipv4_block).transpose()?.map(Peer::Ipv4);
    let block_v6 = query::text(request, "CidrIpv6").map(ipv6_block).transpose()?.map(Peer::Ipv6);
    let list = query::text(request, "PrefixListId").map(|id| Peer::PrefixList(id.to_owned()));
    let group = query::text(request, "ReferencedGroupId").map(|id| Peer::Group(id.to_owned()));
    let mut peers = [block, block_v6, list, group].into_iter().flatten();
    let (Some(peer), None) = (peers.next(), peers.next()) else {
        let message = "Exactly one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId must be specified";
        return Err(Fault::bad_request("InvalidParameterCombination", message));
    };
    let kind = std::mem::discriminant::<Peer>;
    if kind(&peer) != kind(&present.peer) {
        let message = "You may not change the source or destination type of a security group rule.";
        return Err(Fault::bad_request("InvalidParameterValue", message));
    }
    let description = query::text(request, "Description").map(str::to_owned);
    check_description(description.as_deref())?;
    let (id, egress, tags): (String, bool, Tags) = (present.id.clone(), present.egress, present.tags.clone());
    Ok(Rule { id, egress, protocol, from_port, to_port, peer, description, tags })
}

/// A group that a rule refers to is there, in the same VPC.
fn check_peer(world: &World, id: &str, rule: &Rule) -> Result<(), Fault> {
    let Peer::Group(peer) = &rule.peer else { return Ok(()) };
    let vpc = |id: &str| world.ec2.groups.get(id).map(|group| &group.vpc_id);
    match (vpc(peer), vpc(id)) {
        (Some(theirs), Some(ours)) if theirs == ours => Ok(()),
        (Some(_), _) => {
            let message = format!("You have specified two resources that belong to different networks: {id}, {peer}.");
            Err(Fault::bad_request("InvalidGroup.NotFound", message))
        }
        (None, _) => Err(no_group(peer)),
    }
}

fn check_count(group: &SecurityGroup, egress: bool) -> Result<(), Fault> {
    let count =
        |ipv6: bool| group.rules.values().filter(|rule| rule.egress == egress && rule.counts_for_ipv6(ipv6)).count();
    if count(false) > RULES_PER_GROUP || count(true) > RULES_PER_GROUP {
        let message = "The maximum number of rules per security group has been reached.";
        return Err(Fault::bad_request("RulesPerSecurityGroupLimitExceeded", message));
    }
    Ok(())
}

/// The id, if it is one of the group's rules in this direction.
fn own_rule(group: &SecurityGroup, egress: bool, id: String) -> Result<String, Fault> {
    match group.rules.get(&id) {
        Some(rule) if rule.egress == egress => Ok(id),
        _ => Err(no_rule(&id)),
    }
}

/// The id of the group's rule that is the same as this one.
fn present_rule(group: &SecurityGroup, rule: &Rule) -> Result<String, Fault> {
    let present = group.rules.values().find(|present| present.same(rule));
    present.map(|present| present.id.clone()).ok_or_else(|| {
        Fault::bad_request("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    })
}
