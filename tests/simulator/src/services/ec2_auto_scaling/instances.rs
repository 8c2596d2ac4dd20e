//! What is said of single instances of groups.

use serde_json::{Value, json};

use super::groups::member_view;
use super::{Group, Member, invalid, named, page, required, scaling};
use crate::call::{Answer, texts};
use crate::protocol::query;
use crate::world::World;

pub(super) fn set_protection(world: &mut World, input: &Value) -> Answer {
    let ids = texts(input.get("InstanceIds"));
    let protected = query::flag(input, "ProtectedFromScaleIn").unwrap_or_default();
    let group = named(world, input)?;
    if let Some(unknown) = ids.iter().find(|id| !group.instances.iter().any(|member| member.id == **id)) {
        return Err(invalid(format!("The instance {unknown} is not part of Auto Scaling group {}.", group.name)));
    }
    for member in group.instances.iter_mut().filter(|member| ids.contains(&member.id)) {
        member.protected = protected;
    }
    Ok(json!({}))
}

fn all(world: &World) -> impl Iterator<Item = (&Group, &Member)> {
    let groups = world.ec2_auto_scaling.groups.values();
    groups.flat_map(|group| group.instances.iter().map(move |member| (group, member)))
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let ids = texts(input.get("InstanceIds"));
    let wanted = all(world).filter(|(_, member)| ids.is_empty() || ids.contains(&member.id));
    let view = |(group, member): (&Group, &Member)| {
        let mut view = member_view(world, group, member);
        if let Some(members) = view.as_object_mut() {
            members.insert("AutoScalingGroupName".to_owned(), json!(group.name));
            members.insert("HealthStatus".to_owned(), json!("HEALTHY"));
        }
        view
    };
    let views: Vec<Value> = wanted.map(view).collect();
    page(world, input, "AutoScalingInstances", &views)
}

/// With the desired capacity, or to be replaced.
pub(super) fn terminate(world: &mut World, input: &Value) -> Answer {
    let id = required(input, "InstanceId")?.to_owned();
    let fewer = query::flag(input, "ShouldDecrementDesiredCapacity").unwrap_or_default();
    let found = all(world).find(|(_, member)| member.id == id);
    let Some(name) = found.map(|(group, _)| group.name.clone()) else {
        return Err(invalid(format!("Instance Id not found - No managed instance found for instance ID: {id}")));
    };
    if let Some(group) = world.ec2_auto_scaling.groups.get_mut(&name).filter(|_| fewer) {
        if group.desired <= group.minimum {
            let message = "Currently, desiredSize equals minSize. Terminating instance without replacement will violate group's min size constraint.";
            return Err(invalid(message));
        }
        group.desired -= 1;
    }
    scaling::let_go(world, &name, &id);
    Ok(
        json!({"Activity": {"ActivityId": world.ids.uuid(), "AutoScalingGroupName": name, "StatusCode": "InProgress", "Progress": 0}}),
    )
}
