//! EBS volumes that ECS makes for each task of a service, by an infrastructure role.
//!
//! Developer guide, "Use Amazon EBS volumes with Amazon ECS".

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::call::Fault;
use crate::services::ecs::invalid;
use crate::services::ecs::task_definitions::Definition;
use crate::services::ecs::tasks::Task;
use crate::services::iam::{self, Access};
use crate::world::World;

/// The service that assumes infrastructure roles.
pub(super) const PRINCIPAL: &str = "ecs.amazonaws.com";

/// A volume that was made for a task.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Volume {
    /// The task, by id.
    task: String,
    /// The role with which ECS made it, and deletes it.
    role: String,
}

/// A volume with `configuredAtLaunch` and its configuration belong together (API reference, `ServiceVolumeConfiguration`
/// and `Volume`); one of the two is what a configuration says of its size. The words are the simulator's own.
pub(super) fn check(attached: &Map<String, Value>, definition: &Definition) -> Result<(), Fault> {
    let configurations = list(attached.get("volumeConfigurations"));
    let volumes = list(definition.body.get("volumes"));
    let configured = |volume: &&Value| volume.get("configuredAtLaunch") == Some(&Value::Bool(true));
    let at_launch: Vec<&str> = volumes.iter().filter(configured).map(name).collect();
    for configuration in configurations {
        if !at_launch.contains(&name(configuration)) {
            let message = format!("The task definition has no volume {} with configuredAtLaunch.", name(configuration));
            return Err(invalid(message));
        }
        let managed = |member: &str| configuration.pointer(&format!("/managedEBSVolume/{member}"));
        if managed("sizeInGiB").is_none() && managed("snapshotId").is_none() {
            return Err(invalid("You must specify either a volume size or a snapshot ID."));
        }
        if managed("roleArn").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(invalid("roleArn can not be empty."));
        }
    }
    match at_launch.iter().find(|volume| !configurations.iter().any(|one| name(one) == **volume)) {
        Some(volume) => Err(invalid(format!("The volume {volume} is configured at launch, and has no configuration."))),
        None => Ok(()),
    }
}

/// Makes a task's volumes, or says why not: developer guide, "Status reasons for Amazon EBS volume attachment to Amazon
/// ECS tasks", which has one reason for a role that cannot be assumed and for one that may not make volumes.
pub(super) fn make(world: &mut World, task: &Task) -> Result<(), String> {
    for role in roles(world, task) {
        if !may(world, &role, "ec2:CreateVolume", &task.arn) || !may(world, &role, "ec2:AttachVolume", &task.arn) {
            return Err(format!(
                "ECS was unable to assume the configured ECS Infrastructure Role '{role}'. Please verify that the role being \
                 passed has the proper trust relationship with Amazon ECS"
            ));
        }
        let id = world.ids.resource("vol");
        world.ecs.volumes.insert(id, Volume { task: task.id.clone(), role });
    }
    Ok(())
}

/// Deletes the volumes of a task that has stopped; without its role a volume stays.
pub(super) fn delete(world: &mut World, task: &Task) {
    let own = world.ecs.volumes.iter().filter(|(_, volume)| volume.task == task.id);
    let gone = own.filter(|(_, volume)| may(world, &volume.role, "ec2:DeleteVolume", &task.arn));
    for id in gone.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
        world.ecs.volumes.remove(&id);
    }
}

/// The role of each volume of the deployment that a task belongs to.
fn roles(world: &World, task: &Task) -> Vec<String> {
    let service = task.service.as_ref().and_then(|key| world.ecs.services.get(key));
    let deployment = service.and_then(|service| {
        service.deployments.iter().find(|deployment| Some(&deployment.id) == task.deployment.as_ref())
    });
    let configurations = deployment.and_then(|deployment| deployment.revision.attached.get("volumeConfigurations"));
    let role = |one: &Value| one.pointer("/managedEBSVolume/roleArn").and_then(Value::as_str).map(str::to_owned);
    list(configurations).iter().filter_map(role).collect()
}

/// Whether ECS can do that under the role, with the tags that it gives its volumes.
fn may(world: &World, role: &str, action: &str, task: &str) -> bool {
    let tags = [("AmazonECSManaged", "true"), ("AmazonECSCreated", task)];
    let keys = ["aws:requesttag", "aws:resourcetag"];
    let context: BTreeMap<String, String> = keys
        .into_iter()
        .flat_map(|key| tags.map(|(tag, value)| (format!("{key}/{}", tag.to_lowercase()), value.to_owned())))
        .collect();
    let volume = world.arn("ec2", "volume/*");
    iam::assumable(world, role, PRINCIPAL, world.now).is_ok()
        && iam::allowed(world, &Access { role: Some(role), action, resource: &volume, context }, None)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn name(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}
