//! How a group comes to have as many instances as it is told to.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::groups::REACTION;
use super::mixed::Choice;
use super::{Group, Member, look_after, refresh};
use crate::protocol::query;
use crate::services::{ec2, ecs};
use crate::world::World;

/// How soon a group looks again while something is under way, and while launches fail, in milliseconds.
const AGAIN: i64 = 10_000;
const AFTER_FAILURE: i64 = 60_000;

/// Somebody wants another number of instances; within its bounds.
pub fn desire(world: &mut World, name: &str, desired: i64) {
    let Some(group) = world.ec2_auto_scaling.groups.get_mut(name) else { return };
    group.desired = desired.max(group.minimum).min(group.maximum);
    look_after(world, name, REACTION);
}

/// Whether an instance may be taken when its group gets smaller is somebody's to say: ECS's, with managed termination
/// protection.
pub fn protect(world: &mut World, instance: &str, protected: bool) {
    let members = world.ec2_auto_scaling.groups.values_mut().flat_map(|group| &mut group.instances);
    for member in members.filter(|member| member.id == instance) {
        member.protected = protected;
    }
}

/// ECS has drained an instance that was to go.
pub fn has_drained(world: &mut World, instance: &str) {
    let waits = |group: &&Group| group.instances.iter().any(|member| member.id == instance && member.waits);
    let Some(name) = world.ec2_auto_scaling.groups.values().find(waits).map(|group| group.name.clone()) else { return };
    ec2::terminate(world, instance);
    look_after(world, &name, REACTION);
}

/// An instance has been ended: its group sees that by its health checks, and replaces it.
pub fn instance_has_ended(world: &mut World, instance: &str) {
    let group = world.ec2_auto_scaling.groups.values().find(|group| group.has(instance));
    let Some(name) = group.map(|group| group.name.clone()) else { return };
    look_after(world, &name, AGAIN);
}

/// A zone fails: its instances end, and new ones go elsewhere until it is back (`None`).
pub fn lose_zone(world: &mut World, zone: Option<&str>) {
    world.settings.lost_zone = zone.map(str::to_owned);
    let lost = |id: &String| ec2::instance(world, id).is_some_and(|instance| Some(instance.zone.as_str()) == zone);
    let all = world.ec2_auto_scaling.groups.values().flat_map(|group| &group.instances);
    let ids: Vec<String> = all.map(|member| member.id.clone()).filter(lost).collect();
    for id in ids {
        ec2::terminate(world, &id);
    }
    let names: Vec<String> = world.ec2_auto_scaling.groups.keys().cloned().collect();
    for name in names {
        look_after(world, &name, REACTION);
    }
}

/// A group looks at itself: what is gone is forgotten, what is missing launched, what is too many goes.
pub(super) fn look(world: &mut World, name: &str) {
    forget_gone(world, name);
    refresh::advance(world, name);
    let Some(group) = world.ec2_auto_scaling.groups.get(name) else { return };
    if group.deleting {
        if group.instances.is_empty() {
            world.ec2_auto_scaling.groups.remove(name);
        } else {
            look_after(world, name, AGAIN);
        }
        return;
    }
    let count = i64::try_from(group.members().count()).unwrap_or(i64::MAX);
    let wanted = group.desired + refresh::surge(group);
    let busy = refresh::is_active(group);
    let next = match count.cmp(&wanted) {
        Ordering::Less if launch(world, name).is_some() => Some(REACTION),
        Ordering::Less => Some(AFTER_FAILURE),
        Ordering::Greater if scale_in(world, name) => Some(REACTION),
        _ => (busy || has_passing(world, name)).then_some(AGAIN),
    };
    if let Some(next) = next {
        look_after(world, name, next);
    }
}

/// Whether instances are on their way out.
fn has_passing(world: &World, name: &str) -> bool {
    let group = world.ec2_auto_scaling.groups.get(name);
    group.is_some_and(|group| {
        group
            .instances
            .iter()
            .any(|member| member.waits || ec2::instance(world, &member.id).is_none_or(|it| !it.state.is_live()))
    })
}

/// Instances that somebody ended are no members any more, and are replaced.
fn forget_gone(world: &mut World, name: &str) {
    let Some(group) = world.ec2_auto_scaling.groups.get(name) else { return };
    let gone = |member: &&Member| {
        ec2::instance(world, &member.id).is_none_or(|instance| match instance.state {
            ec2::InstanceState::Terminated => true,
            ec2::InstanceState::ShuttingDown => !group.deleting,
            _ => false,
        })
    };
    let gone: Vec<String> = group.instances.iter().filter(gone).map(|member| member.id.clone()).collect();
    if let Some(group) = world.ec2_auto_scaling.groups.get_mut(name) {
        group.instances.retain(|member| !gone.contains(&member.id));
    }
}

/// One more, in the zone with the fewest; `None`: it could not be launched.
fn launch(world: &mut World, name: &str) -> Option<()> {
    let group = world.ec2_auto_scaling.groups.get(name).cloned()?;
    let in_subnet = |subnet: &String| {
        let there = group.members().filter_map(|member| ec2::instance(world, &member.id));
        there.filter(|instance| instance.eni.as_ref().is_some_and(|eni| eni.subnet_id == *subnet)).count()
    };
    let reachable = |subnet: &&String| {
        let zone = ec2::subnet(world, subnet).map(|subnet| subnet.availability_zone);
        zone.is_some() && zone != world.settings.lost_zone
    };
    let subnet = group.subnets.iter().filter(reachable).min_by_key(|subnet| in_subnet(subnet)).cloned()?;
    let (template, mixed) = refresh::launches(&group);
    let (id, number, data) = ec2::template_data(world, template).ok()?;
    let mut tags: BTreeMap<String, String> = group
        .tags
        .iter()
        .filter(|(_, (_, propagates))| *propagates)
        .map(|(key, (value, _))| (key.clone(), value.clone()))
        .collect();
    tags.insert("aws:autoscaling:groupName".to_owned(), name.to_owned());
    // What one pool has not, the next may have.
    let choices =
        mixed.map_or(vec![Choice { instance_type: None, spot: false }], |it| it.choices(&there(world, &group)));
    let instance = choices
        .iter()
        .find_map(|choice| ec2::launch(world, &subnet, (id.clone(), number), &chosen(&data, choice), &tags).ok())?;
    let group = world.ec2_auto_scaling.groups.get_mut(name)?;
    group.instances.push(Member { id: instance, protected: group.protects_new, version: number, waits: false });
    Some(())
}

/// The types of a group's instances, and whether they are Spot.
fn there(world: &World, group: &Group) -> Vec<(String, bool)> {
    let members = group.members().filter_map(|member| ec2::instance(world, &member.id));
    members.map(|instance| (instance.instance_type.clone(), instance.spot)).collect()
}

/// A template's data with what a policy says of the type and of Spot (API reference, `RunInstances.InstanceMarketOptions`).
fn chosen(data: &Value, choice: &Choice) -> Value {
    let mut data = data.clone();
    if let Some(members) = data.as_object_mut() {
        members.extend(choice.instance_type.iter().map(|it| ("InstanceType".to_owned(), json!(it))));
        if choice.spot {
            members.insert("InstanceMarketOptions".to_owned(), json!({"MarketType": "spot"}));
        }
    }
    data
}

/// The default policy (user guide, "Default termination policy"): of the zone with the most the one of the oldest template,
/// then the oldest; never one that is protected. Tells whether one goes.
fn scale_in(world: &mut World, name: &str) -> bool {
    let Some(group) = world.ec2_auto_scaling.groups.get(name) else { return false };
    let zone = |member: &Member| ec2::instance(world, &member.id).map(|instance| instance.zone.clone());
    let crowd = |member: &Member| group.members().filter(|other| zone(other) == zone(member)).count();
    let free = group.members().filter(|member| !member.protected);
    let chosen = free.min_by_key(|member| (std::cmp::Reverse(crowd(member)), member.version));
    let Some(id) = chosen.map(|member| member.id.clone()) else { return false };
    let_go(world, name, &id);
    true
}

/// An instance is to go: at once, or once ECS has moved its tasks (developer guide, "Safely shut down Amazon ECS workloads
/// running on EC2 instances": a lifecycle hook holds it until then).
pub(super) fn let_go(world: &mut World, name: &str, id: &str) {
    if !ecs::drain_instance(world, id) {
        ec2::terminate(world, id);
        return look_after(world, name, REACTION);
    }
    let group = world.ec2_auto_scaling.groups.get_mut(name);
    for member in group.into_iter().flat_map(|group| &mut group.instances).filter(|member| member.id == id) {
        member.waits = true;
    }
    look_after(world, name, AGAIN);
}

/// The smallest and the largest of what a group launches (developer guide, "Amazon ECS managed scaling behavior", sorts types
/// by each of their parameters): the same where it launches one type.
pub fn launches(world: &World, group: &Group) -> Option<[&'static ec2::InstanceType; 2]> {
    let (_, _, data) = ec2::template_data(world, &group.template).ok()?;
    let of_template = query::text(&data, "InstanceType").map(str::to_owned);
    let types = group.mixed.as_ref().map(|mixed| mixed.types.clone()).filter(|types| !types.is_empty());
    let types = types.unwrap_or_else(|| of_template.into_iter().collect());
    let mut known: Vec<_> = types.iter().filter_map(|it| ec2::instance_type(it)).collect();
    known.sort_by_key(|it| (it.left(), it.cpu));
    Some([*known.first()?, *known.last()?])
}

/// The number of the version that a template of a group stands for.
pub(super) fn version_of(world: &World, template: &Value) -> Option<i64> {
    ec2::template_data(world, template).ok().map(|(_, number, _)| number)
}
