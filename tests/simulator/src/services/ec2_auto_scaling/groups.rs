//! Groups: made, changed, shown, deleted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Group, Member, invalid, look_after, mixed, named, page, required, scaling, tags};
use crate::call::{Answer, Fault, texts};
use crate::clock::iso_time;
use crate::protocol::query;
use crate::services::ec2;
use crate::world::World;

/// How soon a group acts on a change, in milliseconds.
pub(super) const REACTION: i64 = 2_000;

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let name = required(input, "AutoScalingGroupName")?.to_owned();
    if world.ec2_auto_scaling.groups.contains_key(&name) {
        let message = "AutoScalingGroup by this name already exists - A group with the name already exists";
        return Err(Fault::bad_request("AlreadyExists", message));
    }
    let template = template(world, input)?.ok_or_else(|| {
        invalid("Valid requests must contain either LaunchTemplate, MixedInstancesPolicy or InstanceId parameter.")
    })?;
    let subnets =
        subnets(world, input)?.ok_or_else(|| invalid("At least one Availability Zone or VPC Subnet is required."))?;
    let bound = |member: &str| query::number(input, member)?.ok_or_else(|| invalid(format!("{member} is required.")));
    let (minimum, maximum) = (bound("MinSize")?, bound("MaxSize")?);
    let desired = query::number(input, "DesiredCapacity")?.unwrap_or(minimum);
    check_bounds(minimum, maximum, desired)?;
    let id = world.ids.uuid();
    let group = Group {
        arn: world.arn("autoscaling", &format!("autoScalingGroup:{id}:autoScalingGroupName/{name}")),
        template,
        mixed: mixed::read(input, None)?,
        minimum,
        maximum,
        desired,
        subnets,
        protects_new: query::flag(input, "NewInstancesProtectedFromScaleIn").unwrap_or_default(),
        health_check: (
            query::text(input, "HealthCheckType").unwrap_or("EC2").to_owned(),
            query::number(input, "HealthCheckGracePeriod")?.unwrap_or(0),
        ),
        termination_policies: policies(input).unwrap_or_else(|| vec!["Default".to_owned()]),
        created: world.now,
        tags: tags::read(input)?,
        instances: Vec::new(),
        deleting: false,
        refreshes: Vec::new(),
        name: name.clone(),
    };
    world.ec2_auto_scaling.groups.insert(name.clone(), group);
    look_after(world, &name, REACTION);
    Ok(Value::Null)
}

fn policies(input: &Value) -> Option<Vec<String>> {
    let given = texts(input.get("TerminationPolicies"));
    (!given.is_empty()).then_some(given)
}

/// A template must be there, in the version that is named, when a group is made or changed.
pub(super) fn template(world: &World, input: &Value) -> Result<Option<Value>, Fault> {
    if input.get("LaunchTemplate").is_some() && input.get("MixedInstancesPolicy").is_some() {
        return Err(invalid("Valid requests must contain either LaunchTemplate or MixedInstancesPolicy, not both."));
    }
    let mixed = input.pointer("/MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification");
    let Some(given) = input.get("LaunchTemplate").or(mixed) else { return Ok(None) };
    let found = ec2::template_data(world, given);
    let (id, ..) = found
        .map_err(|fault| invalid(format!("You must use a valid fully-formed launch template. {}", fault.message)))?;
    Ok(Some(json!({
        "LaunchTemplateId": id,
        "Version": query::text(given, "Version").unwrap_or("$Default"),
    })))
}

fn subnets(world: &World, input: &Value) -> Result<Option<Vec<String>>, Fault> {
    let Some(given) = query::text(input, "VPCZoneIdentifier") else { return Ok(None) };
    let ids: Vec<String> = given.split(',').map(|id| id.trim().to_owned()).collect();
    match ids.iter().find(|id| ec2::subnet(world, id).is_none()) {
        Some(unknown) => Err(invalid(format!("The subnet ID '{unknown}' does not exist"))),
        None => Ok(Some(ids)),
    }
}

fn check_bounds(minimum: i64, maximum: i64, desired: i64) -> Result<(), Fault> {
    if minimum < 0 || maximum < minimum {
        return Err(invalid("Max bound must be greater than or equal to min bound"));
    }
    if desired < minimum {
        return Err(invalid(format!("Desired capacity:{desired} must be greater than or equal to min size:{minimum}")));
    }
    if desired > maximum {
        return Err(invalid(format!("Desired capacity:{desired} must be less than or equal to max size:{maximum}")));
    }
    Ok(())
}

/// What is left out stays. New bounds take the desired capacity with them (user guide, "Set scaling limits").
pub(super) fn update(world: &mut World, input: &Value) -> Answer {
    let (template, subnets, policies) = (template(world, input)?, subnets(world, input)?, policies(input));
    let number = |member: &str| query::number(input, member);
    let (minimum, maximum, desired) = (number("MinSize")?, number("MaxSize")?, number("DesiredCapacity")?);
    let grace = number("HealthCheckGracePeriod")?;
    let group = named(world, input)?;
    let policy = mixed::read(input, group.mixed.as_ref())?;
    let (minimum, maximum) = (minimum.unwrap_or(group.minimum), maximum.unwrap_or(group.maximum));
    let desired = desired.unwrap_or_else(|| group.desired.max(minimum).min(maximum));
    check_bounds(minimum, maximum, desired)?;
    (group.minimum, group.maximum, group.desired) = (minimum, maximum, desired);
    // A template of its own takes the place of a policy.
    if policy.is_some() || input.get("LaunchTemplate").is_some() {
        group.mixed = policy;
    }
    group.template = template.unwrap_or_else(|| group.template.clone());
    group.subnets = subnets.unwrap_or_else(|| group.subnets.clone());
    group.termination_policies = policies.unwrap_or_else(|| group.termination_policies.clone());
    group.protects_new = query::flag(input, "NewInstancesProtectedFromScaleIn").unwrap_or(group.protects_new);
    if let Some(kind) = query::text(input, "HealthCheckType") {
        kind.clone_into(&mut group.health_check.0);
    }
    group.health_check.1 = grace.unwrap_or(group.health_check.1);
    let name = group.name.clone();
    look_after(world, &name, REACTION);
    Ok(Value::Null)
}

pub(super) fn set_desired(world: &mut World, input: &Value) -> Answer {
    let desired = query::number(input, "DesiredCapacity")?.unwrap_or_default();
    let group = named(world, input)?;
    let name = group.name.clone();
    if desired > group.maximum {
        let message = format!(
            "New SetDesiredCapacity value {desired} is above max value {} for the AutoScalingGroup.",
            group.maximum
        );
        return Err(invalid(message));
    }
    if desired < group.minimum {
        let message = format!(
            "New SetDesiredCapacity value {desired} is below min value {} for the AutoScalingGroup.",
            group.minimum
        );
        return Err(invalid(message));
    }
    scaling::desire(world, &name, desired);
    Ok(Value::Null)
}

/// Refused while there are instances, unless it is forced.
pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let force = query::flag(input, "ForceDelete").unwrap_or_default();
    let group = named(world, input)?;
    if !group.instances.is_empty() && !force {
        let message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.";
        return Err(Fault::bad_request("ResourceInUse", message));
    }
    group.deleting = true;
    (group.minimum, group.desired) = (0, 0);
    let (name, members) = (group.name.clone(), group.instances.clone());
    for member in members {
        ec2::terminate(world, &member.id);
    }
    look_after(world, &name, REACTION);
    Ok(Value::Null)
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let names = texts(input.get("AutoScalingGroupNames"));
    let filters = query::items(input, "Filters");
    let tagged = |group: &&Group| {
        filters.iter().all(|filter| {
            let (name, values) = (query::text(filter, "Name").unwrap_or_default(), texts(filter.get("Values")));
            match name.split_once(':') {
                Some(("tag", key)) => group.tags.get(key).is_some_and(|(value, _)| values.contains(value)),
                _ if name == "tag-key" => group.tags.keys().any(|key| values.contains(key)),
                _ => group.tags.values().any(|(value, _)| values.contains(value)),
            }
        })
    };
    let all = world.ec2_auto_scaling.groups.values();
    let wanted = all.filter(|group| names.is_empty() || names.contains(&group.name)).filter(tagged);
    let views: Vec<Value> = wanted.map(|group| view(world, group)).collect();
    page(world, input, "AutoScalingGroups", &views)
}

fn view(world: &World, group: &Group) -> Value {
    let subnets = group.subnets.iter().filter_map(|id| ec2::subnet(world, id));
    let zones: BTreeSet<String> = subnets.map(|subnet| subnet.availability_zone).collect();
    let mut view = json!({
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "MinSize": group.minimum,
        "MaxSize": group.maximum,
        "DesiredCapacity": group.desired,
        "DefaultCooldown": 300,
        "AvailabilityZones": zones,
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "HealthCheckType": group.health_check.0,
        "HealthCheckGracePeriod": group.health_check.1,
        "Instances": group.instances.iter().map(|member| member_view(world, group, member)).collect::<Vec<_>>(),
        "CreatedTime": iso_time(group.created),
        "SuspendedProcesses": [],
        "VPCZoneIdentifier": group.subnets.join(","),
        "EnabledMetrics": [],
        "Tags": tags::view(group),
        "TerminationPolicies": group.termination_policies,
        "NewInstancesProtectedFromScaleIn": group.protects_new,
        "ServiceLinkedRoleARN": format!("arn:aws:iam::{}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", world.account_id),
        "CapacityRebalance": false,
    });
    if let Some(members) = view.as_object_mut() {
        match &group.mixed {
            Some(mixed) => members.insert("MixedInstancesPolicy".to_owned(), mixed.view(&group.template)),
            None => members.insert("LaunchTemplate".to_owned(), group.template.clone()),
        };
        if group.deleting {
            members.insert("Status".to_owned(), json!("Delete in progress"));
        }
    }
    view
}

/// An instance as its group shows it.
pub(super) fn member_view(world: &World, group: &Group, member: &Member) -> Value {
    let instance = ec2::instance(world, &member.id);
    let state = match instance.map(|instance| instance.state) {
        Some(ec2::InstanceState::Pending) => "Pending",
        Some(ec2::InstanceState::Running) if member.waits => "Terminating:Wait",
        Some(ec2::InstanceState::Running) => "InService",
        _ => "Terminating",
    };
    let template = query::text(&group.template, "LaunchTemplateId").unwrap_or_default();
    json!({
        "InstanceId": member.id,
        "InstanceType": instance.map(|instance| instance.instance_type.clone()),
        "AvailabilityZone": instance.map(|instance| instance.zone.clone()),
        "LifecycleState": state,
        "HealthStatus": "Healthy",
        "LaunchTemplate": {"LaunchTemplateId": template, "Version": member.version.to_string()},
        "ProtectedFromScaleIn": member.protected,
    })
}

/// The group of this ARN or name.
pub fn find<'a>(world: &'a World, group: &str) -> Option<&'a Group> {
    let name = group.rsplit_once("autoScalingGroupName/").map_or(group, |(_, name)| name);
    world.ec2_auto_scaling.groups.get(name)
}

/// Whether a group protects what it launches from being taken when it gets smaller.
pub fn is_protecting(group: &Group) -> bool {
    group.protects_new
}
