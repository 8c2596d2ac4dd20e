//! Managed Instances come and go: launched for the tasks that wait, ended when nothing runs on them, and after a fortnight.
//!
//! Developer guide, "Architect for Amazon ECS Managed Instances"; API reference, `InfrastructureOptimization`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::managed::{Managed, Stage};
use super::{LOOKS, look_after, requirements};
use crate::services::ecs::ebs::PRINCIPAL;
use crate::services::ecs::instances::{self, Size};
use crate::services::ecs::task_definitions::Definition;
use crate::services::iam::{self, Access};
use crate::services::{ec2, ecs};
use crate::world::World;

/// How soon ECS looks when a task waits, in milliseconds; AWS gives no figure.
const SOON: i64 = 5_000;
/// Seconds after which an idle instance goes where nobody says; AWS gives no figure.
const IDLE: i64 = 300;
/// "ECS automatically initiates instance draining after 14 days".
const FORTNIGHT: i64 = 14 * 24 * 3_600_000;

/// A task waits for an instance of this provider.
pub(in crate::services::ecs) fn task_waits(world: &mut World, name: &str) {
    if super::is_managed(world, name) {
        look_after(world, name, SOON);
    }
}

/// Ends all instances of a provider.
pub(super) fn end_all(world: &mut World, name: &str) {
    for id in managed(world, name).map(|managed| managed.instances.clone()).unwrap_or_default() {
        ec2::terminate(world, &id);
    }
}

fn managed<'a>(world: &'a World, name: &str) -> Option<&'a Managed> {
    world.ecs.providers.get(name)?.managed.as_ref()
}

fn managed_mut<'a>(world: &'a mut World, name: &str) -> Option<&'a mut Managed> {
    world.ecs.providers.get_mut(name)?.managed.as_mut()
}

/// One look of a provider at its instances and at what waits for more.
pub(super) fn look(world: &mut World, name: &str) {
    forget_gone(world, name);
    let Some(own) = managed(world, name).cloned() else { return };
    match own.stage {
        Stage::Provisioning => {}
        Stage::Deprovisioning if own.instances.is_empty() => {
            if let Some(provider) = world.ecs.providers.get_mut(name) {
                provider.inactive = true;
            }
            return;
        }
        Stage::Deprovisioning => end_all(world, name),
        Stage::Active => {
            let launched = launch(world, name, &own);
            scale_in(world, name, &own);
            if !launched {
                return look_after(world, name, LOOKS);
            }
        }
    }
    let busy = managed(world, name).is_some_and(|own| !own.instances.is_empty() || own.stage != Stage::Active);
    if busy {
        look_after(world, name, SOON * 2);
    }
}

fn forget_gone(world: &mut World, name: &str) {
    let there =
        |id: &String| ec2::instance(world, id).is_some_and(|instance| instance.state != ec2::InstanceState::Terminated);
    let Some(own) = managed(world, name) else { return };
    let left: Vec<String> = own.instances.iter().filter(|id| there(id)).cloned().collect();
    if let Some(own) = managed_mut(world, name) {
        own.instances = left;
    }
}

/// As many instances as the tasks need that wait, beside those that are on their way. Whether none failed.
fn launch(world: &mut World, name: &str, own: &Managed) -> bool {
    let mut launched = true;
    for architecture in ["arm64", "x86_64"] {
        let of_it = |definition: &Definition| of_architecture(definition) == architecture;
        let mut waiting = instances::waiting_of(world, &own.cluster, name, of_it);
        waiting.sort_by_key(|task| std::cmp::Reverse((task.memory, task.cpu)));
        let mut coming = coming(world, own, architecture);
        waiting.retain(|task| !put(&mut coming, task));
        let types = requirements::of(own.template.get("instanceRequirements"));
        let types: Vec<&ec2::InstanceType> = types.into_iter().filter(|it| it.architecture == architecture).collect();
        while let Some(one) = chosen(&types, &waiting) {
            if let Err(why) = launch_one(world, name, own, one) {
                launched = false;
                if let Some(own) = managed_mut(world, name) {
                    own.failed = Some(why);
                }
                break;
            }
            let mut room = vec![super::registered(one)];
            waiting.retain(|task| !put(&mut room, task));
        }
    }
    launched
}

/// API reference, `RuntimePlatform.cpuArchitecture`: `X86_64` where nothing is said.
fn of_architecture(definition: &Definition) -> &'static str {
    let given = definition.body.pointer("/runtimePlatform/cpuArchitecture").and_then(Value::as_str);
    if given == Some("ARM64") { "arm64" } else { "x86_64" }
}

/// What instances have that are launched and not registered yet.
fn coming(world: &World, own: &Managed, architecture: &str) -> Vec<Size> {
    let live = own.instances.iter().filter_map(|id| ec2::instance(world, id)).filter(|it| it.state.is_live());
    let unregistered = live.filter(|it| !instances::is_registered(world, &it.id));
    let types = unregistered.filter_map(|it| ec2::instance_type(&it.instance_type));
    types.filter(|it| it.architecture == architecture).map(super::registered).collect()
}

fn put(bins: &mut [Size], task: &Size) -> bool {
    let fits = |bin: &&mut Size| task.memory <= bin.memory && task.cpu <= bin.cpu && task.gpus <= bin.gpus;
    let Some(bin) = bins.iter_mut().find(fits) else { return false };
    bin.memory -= task.memory;
    bin.cpu -= task.cpu;
    bin.gpus -= task.gpus;
    true
}

/// The smallest type with room for all that waits, else the largest that has room for one of it: "placing multiple smaller tasks on
/// larger instances".
fn chosen(types: &[&'static ec2::InstanceType], waiting: &[Size]) -> Option<&'static ec2::InstanceType> {
    let fits = |of: &ec2::InstanceType, task: &Size| put(&mut [super::registered(of)], task);
    let total = waiting.iter().fold(Size { cpu: 0, memory: 0, gpus: 0 }, |sum, task| Size {
        cpu: sum.cpu + task.cpu,
        memory: sum.memory + task.memory,
        gpus: sum.gpus + task.gpus,
    });
    let some = |of: &&&'static ec2::InstanceType| waiting.iter().any(|task| fits(of, task));
    let whole = types.iter().filter(some).find(|of| fits(of, &total));
    whole.or_else(|| types.iter().rev().find(some)).copied()
}

/// By the infrastructure role: it must be assumable by ECS, may launch, and may pass the instances' role to EC2.
fn launch_one(world: &mut World, name: &str, own: &Managed, of: &ec2::InstanceType) -> Result<(), String> {
    let role = own.infrastructure_role.clone();
    iam::assumable(world, &role, PRINCIPAL, world.now)
        .map_err(|_| format!("ECS was unable to assume the infrastructure role {role}."))?;
    let profile = own.text("ec2InstanceProfileArn").unwrap_or_default();
    let passed = iam::role_of(world, profile).unwrap_or_default();
    let instance = world.arn("ec2", "instance/*");
    let managed = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let asked = [
        ("ec2:CreateFleet", instance.as_str(), managed("aws:requesttag/amazonecsmanaged", "true")),
        ("ec2:RunInstances", instance.as_str(), managed("aws:requesttag/amazonecsmanaged", "true")),
        ("iam:PassRole", passed.as_str(), managed("iam:passedtoservice", "ec2.amazonaws.com")),
    ];
    for (action, resource, context) in asked {
        if !iam::allowed(world, &Access { role: Some(&role), action, resource, context }, None) {
            return Err(format!("{role} is not authorized to perform: {action} on resource: {resource}"));
        }
    }
    let tags = tags(world, name, own)?;
    let image = format!("ami-0managed{}", of.architecture.replace('_', ""));
    world.foreign.images.entry(image.clone()).or_insert_with(|| of.architecture.to_owned());
    let user_data = BASE64_STANDARD.encode(format!("ECS_CLUSTER={}\n", own.cluster));
    let mut data = json!({
        "InstanceType": of.name, "ImageId": image, "UserData": user_data,
        "IamInstanceProfile": {"Arn": profile}, "SecurityGroupId": own.network("securityGroups"),
    });
    if let Some(data) = data.as_object_mut().filter(|_| own.text("capacityOptionType") == Some("SPOT")) {
        data.insert("InstanceMarketOptions".to_owned(), json!({"MarketType": "spot"}));
    }
    let subnet = subnet(world, own).ok_or("no subnet can be reached")?;
    let id = ec2::launch(world, &subnet, ("managed".to_owned(), 1), &data, &tags).map_err(|fault| fault.message)?;
    if let Some(own) = managed_mut(world, name) {
        own.instances.push(id);
        own.failed = None;
    }
    Ok(())
}

/// EC2 refuses to put a key with a slash into an instance's metadata (EC2 user guide, "Work with instance tags in instance
/// metadata").
fn tags(world: &World, name: &str, own: &Managed) -> Result<BTreeMap<String, String>, String> {
    let mut tags = BTreeMap::from([("AmazonECSManaged".to_owned(), "true".to_owned())]);
    if own.propagates_tags() {
        tags.extend(world.ecs.providers.get(name).map(|provider| provider.tags.clone()).unwrap_or_default());
    }
    let in_metadata = own.template.get("instanceMetadataTagsPropagation") == Some(&Value::Bool(true));
    match tags.keys().find(|key| in_metadata && key.contains('/')) {
        Some(key) => {
            Err(format!("'{key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{{1,255}})"))
        }
        None => Ok(tags),
    }
}

/// The subnet with the fewest of its instances.
fn subnet(world: &World, own: &Managed) -> Option<String> {
    let count = |subnet: &String| {
        let there = own_live(world, own).filter(|it| it.eni.as_ref().is_some_and(|eni| eni.subnet_id == *subnet));
        there.count()
    };
    let reachable = |subnet: &String| {
        let zone = ec2::subnet(world, subnet).map(|subnet| subnet.availability_zone);
        zone.is_some() && zone != world.settings.lost_zone
    };
    own.network("subnets").into_iter().filter(reachable).min_by_key(count)
}

fn own_live<'a>(world: &'a World, own: &'a Managed) -> impl Iterator<Item = &'a ec2::Instance> {
    own.instances.iter().filter_map(|id| ec2::instance(world, id)).filter(|it| it.state.is_live())
}

/// Idle instances end, and old ones are drained.
fn scale_in(world: &mut World, name: &str, own: &Managed) {
    let now = world.now;
    let after = own.scale_in_after.unwrap_or(IDLE);
    let registered = instances::of_provider(world, &own.cluster, name);
    let idle_now: Vec<String> = registered.iter().filter(|(_, busy)| !busy).map(|(id, _)| id.clone()).collect();
    let old = own_live(world, own).filter(|it| now - it.launched_at() >= FORTNIGHT).map(|it| it.id.clone());
    for id in old.collect::<Vec<_>>() {
        ecs::drain_by_agent(world, &id);
    }
    let drained = instances::drained(world, &own.cluster, name);
    let mut idle = own.idle.clone();
    idle.retain(|id, _| idle_now.contains(id));
    for id in &idle_now {
        idle.entry(id.clone()).or_insert(now);
    }
    let due = |(id, since): (&String, &i64)| (after >= 0 && now - since >= after * 1000).then(|| id.clone());
    let ends: Vec<String> = idle.iter().filter_map(due).chain(drained).collect();
    if let Some(own) = managed_mut(world, name) {
        own.idle = idle;
    }
    for id in ends {
        ec2::terminate(world, &id);
    }
}
