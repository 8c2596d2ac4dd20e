//! Capacity providers: those of Auto Scaling groups, with how ECS scales their groups, and in [`managed`] those of Managed
//! Instances.
//!
//! API reference, `CapacityProvider`; developer guide, "Amazon ECS managed scaling behavior", "managed termination
//! protection", "managed draining".

mod fleet;
mod managed;
mod requirements;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Fault, texts};
use crate::services::ecs::instances::{self, Size};
use crate::services::ecs::services::Status;
use crate::services::ecs::tags::{self, Tags};
use crate::services::ecs::{agenda, client, clusters, invalid, names};
use crate::services::{ec2, ec2_auto_scaling};
use crate::world::World;

pub(super) use fleet::task_waits;
use managed::Managed;
pub(super) use managed::{active_of, is_attached, is_managed};

/// The metric `CapacityProviderReservation` has a value each minute.
const LOOKS: i64 = 60_000;
/// For how many looks in a row there must be too many instances before some go ("15 minutes").
const CALM_LOOKS: u32 = 15;

/// A provider.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CapacityProvider {
    pub(super) name: String,
    arn: String,
    /// ARN of the Auto Scaling group; empty of one of Managed Instances.
    group: String,
    /// What one of Managed Instances has.
    managed: Option<Managed>,
    scaling: Scaling,
    termination_protection: bool,
    draining: bool,
    tags: Tags,
    /// Deleted, and still described.
    inactive: bool,
    /// Looks in a row with too many instances.
    calm: u32,
    #[serde(skip)]
    looks_at: Option<i64>,
}

/// `ManagedScaling`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Scaling {
    enabled: bool,
    /// Percent.
    target: i64,
    smallest_step: i64,
    largest_step: i64,
    /// Seconds.
    warmup: i64,
}

const OFF: Scaling = Scaling { enabled: false, target: 100, smallest_step: 1, largest_step: 10_000, warmup: 300 };

impl CapacityProvider {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            arn: String::new(),
            group: String::new(),
            managed: None,
            scaling: OFF,
            termination_protection: false,
            draining: false,
            tags: Tags::new(),
            inactive: false,
            calm: 0,
            looks_at: None,
        }
    }
}

/// Those that every account has.
const FARGATE: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// Whether a name is one of Fargate's.
pub(super) fn is_fargate(name: &str) -> bool {
    FARGATE.contains(&name)
}

/// `CreateCapacityProvider`
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.text("name").unwrap_or_default().to_owned();
    if name.is_empty() || !names::is_plain(&name) {
        return Err(client(
            "The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper and lowercase), numbers, underscores (_), and hyphens (-).",
        ));
    }
    if ["aws", "ecs", "fargate"].iter().any(|prefix| name.to_lowercase().starts_with(prefix)) {
        return Err(client(
            "The specified capacity provider name is invalid. The name cannot be prefixed with \"aws\", \"ecs\", or \"fargate\".",
        ));
    }
    if world.ecs.providers.get(&name).is_some_and(|provider| !provider.inactive) {
        return Err(client(
            "The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.",
        ));
    }
    let given = match (call.input.get("autoScalingGroupProvider"), call.input.get("managedInstancesProvider")) {
        (Some(given), None) => given,
        (None, Some(given)) => return managed::create(world, call, &name, given),
        _ => return Err(client("Specify either an Auto Scaling group provider or a Managed Instances provider.")),
    };
    if call.text("cluster").is_some() {
        return Err(client("A cluster can only be specified for a Managed Instances provider."));
    }
    let group = group(world, given)?;
    let used = world.ecs.providers.values().any(|other| other.group == group && !other.inactive);
    if used {
        return Err(client(
            "The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a unique Auto Scaling group ARN and try again.",
        ));
    }
    let provider = CapacityProvider {
        arn: world.arn("ecs", &format!("capacity-provider/{name}")),
        scaling: scaling(OFF, given)?,
        termination_protection: protection(world, false, &group, given)?,
        // API reference, `AutoScalingGroupProvider.managedDraining`: "The default is on."
        draining: switch(given, "managedDraining").unwrap_or(true),
        tags: tags::parse(&call.input)?,
        group,
        ..CapacityProvider::named(&name)
    };
    check(&provider)?;
    world.ecs.providers.insert(name.clone(), provider);
    Ok(json!({"capacityProvider": shown(world, &name)}))
}

/// The ARN of the group that is named by its ARN or its whole name.
fn group(world: &World, given: &Value) -> Result<String, Fault> {
    let named = given.get("autoScalingGroupArn").and_then(Value::as_str).unwrap_or_default();
    ec2_auto_scaling::find(world, named).map(|group| group.arn.clone()).ok_or_else(|| {
        client("The specified Auto Scaling group does not exist. Specify a valid Auto Scaling group ARN and try again.")
    })
}

fn switch(given: &Value, member: &str) -> Option<bool> {
    given.get(member).and_then(Value::as_str).map(|value| value == "ENABLED")
}

fn scaling(before: Scaling, given: &Value) -> Result<Scaling, Fault> {
    let Some(given) = given.get("managedScaling") else { return Ok(before) };
    let number = |member: &str, before: i64, least: i64, most: i64| match given.get(member).and_then(Value::as_i64) {
        None => Ok(before),
        Some(value) if (least..=most).contains(&value) => Ok(value),
        Some(value) => {
            Err(invalid(format!("Invalid value {value} for {member}: it must be between {least} and {most}.")))
        }
    };
    Ok(Scaling {
        enabled: switch(given, "status").unwrap_or(before.enabled),
        target: number("targetCapacity", before.target, 1, 100)?,
        smallest_step: number("minimumScalingStepSize", before.smallest_step, 1, 10_000)?,
        largest_step: number("maximumScalingStepSize", before.largest_step, 1, 10_000)?,
        warmup: number("instanceWarmupPeriod", before.warmup, 0, 10_000)?,
    })
}

/// The group must protect its instances, so that ECS can let some of them go.
fn protection(world: &World, before: bool, group: &str, given: &Value) -> Result<bool, Fault> {
    let wanted = switch(given, "managedTerminationProtection").unwrap_or(before);
    let protecting = ec2_auto_scaling::find(world, group).is_some_and(ec2_auto_scaling::is_protecting);
    if wanted && !protecting {
        return Err(invalid(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled.",
        ));
    }
    Ok(wanted)
}

fn check(provider: &CapacityProvider) -> Result<(), Fault> {
    if provider.termination_protection && !provider.scaling.enabled {
        return Err(invalid(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, managed scaling must be enabled.",
        ));
    }
    Ok(())
}

/// The provider that a call names by name or ARN, if it is there and not deleted.
fn named(world: &World, given: &str) -> Result<String, Fault> {
    let name = given.rsplit('/').next().unwrap_or(given);
    let there = world.ecs.providers.get(name).filter(|provider| !provider.inactive);
    there.map(|provider| provider.name.clone()).ok_or_else(|| {
        client(format!(
            "The specified capacity provider '{given}' was not found. Specify a valid name or ARN and try again."
        ))
    })
}

/// `UpdateCapacityProvider`: what is left out stays.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let name = named(world, call.text("name").unwrap_or_default())?;
    if is_managed(world, &name) || call.input.get("managedInstancesProvider").is_some() {
        return managed::update(world, call, &name);
    }
    let given = call.input.get("autoScalingGroupProvider").cloned().unwrap_or(json!({}));
    let Some(mut provider) = world.ecs.providers.get(&name).cloned() else { return Ok(Value::Null) };
    provider.scaling = scaling(provider.scaling.clone(), &given)?;
    provider.termination_protection = protection(world, provider.termination_protection, &provider.group, &given)?;
    provider.draining = switch(&given, "managedDraining").unwrap_or(provider.draining);
    check(&provider)?;
    world.ecs.providers.insert(name.clone(), provider);
    Ok(json!({"capacityProvider": shown(world, &name)}))
}

/// `DeleteCapacityProvider`: refused while a cluster has it; described as INACTIVE afterwards. One of Managed Instances is its
/// cluster's as long as it is there, and goes with its instances once no strategy names it.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = named(world, call.text("capacityProvider").unwrap_or_default())?;
    managed::check_cluster(world, call, &name)?;
    let of_managed = is_managed(world, &name);
    let listed = world.ecs.clusters.values().any(|it| it.active && it.capacity_providers.contains(&name));
    if if of_managed { is_asked_of(world, &name) } else { listed } {
        return Err(client("The specified capacity provider is in use and cannot be removed."));
    }
    if of_managed {
        managed::delete(world, &name);
    } else if let Some(provider) = world.ecs.providers.get_mut(&name) {
        provider.inactive = true;
    }
    Ok(json!({"capacityProvider": shown(world, &name)}))
}

/// Whether a service's strategy names a provider, or a task is on its instances (developer guide, "Deleting an Amazon ECS Managed
/// Instances capacity provider").
fn is_asked_of(world: &World, name: &str) -> bool {
    let names = |item: &Value| item.get("capacityProvider").and_then(Value::as_str) == Some(name);
    let services = world.ecs.services.values().filter(|service| service.status != Status::Inactive);
    let mut tasks = world.ecs.tasks.values().filter(|task| task.is_live());
    let clusters = world.ecs.clusters.values().filter(|cluster| cluster.active);
    clusters.flat_map(|cluster| &cluster.default_strategy).any(names)
        || services.flat_map(|service| &service.revision.strategy).any(names)
        || tasks.any(|task| task.capacity_provider.as_deref() == Some(name))
}

/// `DescribeCapacityProviders`: those that are named, or all; at most ten a page. Those of Managed Instances are their cluster's
/// and stand in no list but that of it (API reference, `DescribeCapacityProviders.cluster`).
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let with_tags = texts(call.input.get("include")).iter().any(|it| it == "TAGS");
    let wanted = call.texts("capacityProviders");
    let short = |given: &String| given.rsplit('/').next().unwrap_or(given).to_owned();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    let cluster = call.text("cluster").map(|given| names::short_cluster(world, given)).transpose()?;
    let all: Vec<String> = if let Some(cluster) = &cluster {
        let own = world.ecs.providers.values().filter(|it| !it.inactive);
        let own = own.filter(|it| it.managed.as_ref().is_some_and(|managed| managed.cluster == *cluster));
        let attached = clusters::active(world, cluster)?.capacity_providers.iter().cloned();
        let of_cluster: BTreeSet<String> = own.map(|it| it.name.clone()).chain(attached).collect();
        of_cluster.into_iter().filter(|name| wanted.is_empty() || wanted.iter().any(|it| short(it) == *name)).collect()
    } else if wanted.is_empty() {
        let own =
            world.ecs.providers.values().filter(|it| !it.inactive && it.managed.is_none()).map(|it| it.name.clone());
        FARGATE.iter().map(|name| (*name).to_owned()).chain(own).collect()
    } else {
        wanted.iter().map(short).collect()
    };
    for name in all {
        match world.ecs.providers.get(&name) {
            Some(provider) => found.push(view(world, provider, with_tags)),
            None if is_fargate(&name) => found.push(json!({
                "capacityProviderArn": world.arn("ecs", &format!("capacity-provider/{name}")),
                "name": name, "status": "ACTIVE", "tags": [],
            })),
            None => failures
                .push(json!({"arn": world.arn("ecs", &format!("capacity-provider/{name}")), "reason": "MISSING"})),
        }
    }
    let most = call.input.get("maxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let (page, next) = world.page(&found, most.unwrap_or(10).clamp(1, 10), call.text("nextToken"))?;
    Ok(json!({"capacityProviders": page, "failures": failures, "nextToken": next}))
}

/// As answers to changes show it.
fn shown(world: &World, name: &str) -> Value {
    world.ecs.providers.get(name).map_or(Value::Null, |provider| view(world, provider, true))
}

fn view(world: &World, provider: &CapacityProvider, with_tags: bool) -> Value {
    let tags = if with_tags { tags::view(&provider.tags) } else { json!([]) };
    let mut view = json!({"capacityProviderArn": provider.arn, "name": provider.name, "tags": tags});
    let own = match &provider.managed {
        Some(managed) => managed::view(world, managed, provider.inactive),
        None => of_group(provider),
    };
    if let (Some(view), Value::Object(own)) = (view.as_object_mut(), own) {
        view.extend(own);
    }
    view
}

fn of_group(provider: &CapacityProvider) -> Value {
    let word = |on: bool| if on { "ENABLED" } else { "DISABLED" };
    json!({
        "status": if provider.inactive { "INACTIVE" } else { "ACTIVE" },
        "autoScalingGroupProvider": {
            "autoScalingGroupArn": provider.group,
            "managedScaling": {
                "status": word(provider.scaling.enabled),
                "targetCapacity": provider.scaling.target,
                "minimumScalingStepSize": provider.scaling.smallest_step,
                "maximumScalingStepSize": provider.scaling.largest_step,
                "instanceWarmupPeriod": provider.scaling.warmup,
            },
            "managedTerminationProtection": word(provider.termination_protection),
            "managedDraining": word(provider.draining),
        },
        "updateStatus": if provider.inactive { "DELETE_COMPLETE" } else { "UPDATE_COMPLETE" },
        "type": "EC2_AUTOSCALING",
    })
}

/// The tags of a provider that is there, by its name.
pub(super) fn tags_mut<'a>(world: &'a mut World, name: &str) -> Option<&'a mut Tags> {
    world.ecs.providers.get_mut(name).filter(|provider| !provider.inactive).map(|provider| &mut provider.tags)
}

/// Whether a cluster may name it.
pub(super) fn is_there(world: &World, name: &str) -> bool {
    is_fargate(name) || world.ecs.providers.get(name).is_some_and(|provider| !provider.inactive)
}

/// The provider of an EC2 instance's group, in a cluster that has it.
pub(super) fn of_instance(world: &World, cluster: &str, ec2_instance: &str) -> Option<String> {
    let attached = &world.ecs.clusters.get(cluster)?.capacity_providers;
    let launched = |provider: &&CapacityProvider| {
        let own = provider.managed.as_ref().filter(|managed| managed.cluster == cluster);
        own.is_some_and(|managed| managed.instances.iter().any(|id| id == ec2_instance))
    };
    if let Some(provider) = world.ecs.providers.values().find(launched) {
        return Some(provider.name.clone());
    }
    let of = |provider: &&CapacityProvider| {
        let group = ec2_auto_scaling::find(world, &provider.group);
        !provider.inactive && group.is_some_and(|group| group.has(ec2_instance))
    };
    let found = world.ecs.providers.values().filter(|provider| attached.contains(&provider.name)).find(of);
    found.map(|provider| provider.name.clone())
}

/// Whether instances of this provider are drained before they end.
pub(super) fn drains(world: &World, name: &str) -> bool {
    world.ecs.providers.get(name).is_some_and(|provider| provider.draining && !provider.inactive)
}

/// A cluster has these providers now: from then on they are looked after.
pub(super) fn attach(world: &mut World, names: &[String]) {
    for name in names.iter().filter(|name| !is_managed(world, name)).cloned().collect::<Vec<_>>() {
        look_after(world, &name, LOOKS);
    }
}

fn look_after(world: &mut World, name: &str, milliseconds: i64) {
    let at = world.now + milliseconds;
    let Some(provider) = world.ecs.providers.get_mut(name).filter(|provider| !provider.inactive) else { return };
    if provider.looks_at.is_none_or(|earlier| at < earlier) {
        provider.looks_at = Some(at);
        agenda::wake_provider(world, name, at);
    }
}

/// The provider's minute: it protects what has tasks, and asks its group for as many instances as tasks need.
pub(super) fn look(world: &mut World, name: &str) {
    let now = world.now;
    let Some(provider) = world.ecs.providers.get_mut(name).filter(|it| it.looks_at == Some(now) && !it.inactive) else {
        return;
    };
    provider.looks_at = None;
    let provider = provider.clone();
    if provider.managed.is_some() {
        return managed::advance(world, name);
    }
    let clusters =
        world.ecs.clusters.values().filter(|it| it.active && it.capacity_providers.iter().any(|one| one == name));
    let Some(cluster) = clusters.map(|cluster| cluster.name.clone()).next() else { return };
    if provider.termination_protection {
        for (ec2_instance, busy) in instances::of_provider(world, &cluster, name) {
            ec2_auto_scaling::protect(world, &ec2_instance, busy);
        }
    }
    if provider.scaling.enabled {
        scale(world, &provider, &cluster);
    }
    look_after(world, name, LOOKS);
}

/// `CapacityProviderReservation` is M / N x 100, of M instances that are needed and N that there are; it is to be the target.
fn scale(world: &mut World, provider: &CapacityProvider, cluster: &str) {
    let Some(group) = ec2_auto_scaling::find(world, &provider.group).cloned() else { return };
    let Some(sizes) = ec2_auto_scaling::launches(world, &group).map(|types| types.map(registered)) else { return };
    let busy = instances::of_provider(world, cluster, &provider.name).into_iter().filter(|(_, busy)| *busy).count();
    let waiting = instances::waiting(world, cluster, &provider.name);
    let needed = i64::try_from(busy + packed(&waiting, &sizes)).unwrap_or(i64::MAX);
    let wanted = (needed * 100 + provider.scaling.target - 1) / provider.scaling.target;
    let wanted = wanted.max(group.minimum).min(group.maximum);
    let calm = if wanted < group.desired { provider.calm + 1 } else { 0 };
    if let Some(provider) = world.ecs.providers.get_mut(&provider.name) {
        provider.calm = calm;
    }
    let step = (wanted - group.desired).abs().clamp(provider.scaling.smallest_step, provider.scaling.largest_step);
    if wanted > group.desired {
        ec2_auto_scaling::desire(world, &group.name, group.desired + step);
    } else if calm >= CALM_LOOKS {
        ec2_auto_scaling::desire(world, &group.name, (group.desired - step).max(wanted));
    }
}

/// How many new instances these tasks need, the largest first, each where it fits first. Of several types the largest counts,
/// and a task that the smallest has no room for does not.
fn packed(waiting: &[Size], [smallest, size]: &[Size; 2]) -> usize {
    let fits = |task: &&Size, of: &Size| task.memory <= of.memory && task.cpu <= of.cpu && task.gpus <= of.gpus;
    let mut waiting: Vec<&Size> = waiting.iter().filter(|task| fits(task, smallest)).collect();
    waiting.sort_by_key(|task| std::cmp::Reverse((task.memory, task.cpu)));
    let mut bins: Vec<Size> = Vec::new();
    for task in waiting {
        let room = bins.iter_mut().find(|bin| fits(&task, bin));
        match room {
            Some(bin) => {
                bin.memory -= task.memory;
                bin.cpu -= task.cpu;
                bin.gpus -= task.gpus;
            }
            None => bins.push(Size {
                memory: size.memory - task.memory,
                cpu: size.cpu - task.cpu,
                gpus: size.gpus - task.gpus,
            }),
        }
    }
    bins.len()
}

/// The size of an instance of a type, as its agent registers it.
fn registered(of: &ec2::InstanceType) -> Size {
    Size { cpu: of.cpu, memory: of.left(), gpus: of.gpus }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_packed_onto_as_few_instances_as_first_fit_finds() {
        let of = |memory: i64| Size { memory, cpu: 0, gpus: 0 };
        let size = |memory: i64| Size { memory, cpu: 2048, gpus: 0 };
        let cases = [
            (vec![], 1000, 0),
            (vec![500, 500], 1000, 1),
            (vec![600, 600, 400], 1000, 2),
            (vec![400, 400, 400], 1000, 2),
            (vec![2000], 1000, 0),
            (vec![600, 400, 400], 500, 1),
        ];
        for (tasks, smallest, expected) in cases {
            let waiting: Vec<Size> = tasks.iter().map(|memory| of(*memory)).collect();
            assert_eq!(packed(&waiting, &[size(smallest), size(1000)]), expected, "{tasks:?} {smallest}");
        }
    }
}
