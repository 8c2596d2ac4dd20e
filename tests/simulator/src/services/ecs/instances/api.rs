//! `RegisterContainerInstance`, which only agents call, and what one sees of instances.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::room::{room, view as resources};
use super::{ContainerInstance, INSTANCE_TYPE, ZONE, query, tasks};
use crate::call::{Answer, Call, Fault, texts};
use crate::clock::wire_time;
use crate::services::ecs::tags;
use crate::services::ecs::{clusters, invalid, names};
use crate::world::World;

/// `RegisterContainerInstance`: of the identity document ECS takes the instance's id, type and zone.
pub(in crate::services::ecs) fn register(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let document = call.text("instanceIdentityDocument").unwrap_or_default();
    let document: Value = serde_json::from_str(document).map_err(|_| invalid("Invalid identity document."))?;
    let text = |member: &str| document.get(member).and_then(Value::as_str);
    let ec2_instance = text("instanceId").ok_or_else(|| invalid("Invalid identity document."))?.to_owned();
    let mut attributes: BTreeMap<String, Option<String>> = attributes(call);
    let told = [(INSTANCE_TYPE, "instanceType"), (ZONE, "availabilityZone"), ("ecs.ami-id", "imageId")];
    let known = told.iter().filter_map(|(name, member)| Some(((*name).to_owned(), Some(text(member)?.to_owned()))));
    attributes.extend(known);
    let id = world.ids.hex(32);
    let arn = world.arn("ecs", &format!("container-instance/{cluster}/{id}"));
    let instance = ContainerInstance {
        id: id.clone(),
        arn,
        cluster,
        ec2_instance,
        attributes,
        cpu: integer(call, "CPU"),
        memory: integer(call, "MEMORY"),
        gpus: resource(call, "GPU").map_or(0, |it| texts(it.get("stringSetValue")).len()),
        ports: ports(call, "PORTS"),
        udp_ports: ports(call, "PORTS_UDP"),
        registered_at: world.now,
        inactive: false,
        draining: false,
        provider: None,
        version_info: call.input.get("versionInfo").cloned().unwrap_or(json!({})),
        tags: tags::parse(&call.input)?,
    };
    super::agents::add(world, instance);
    Ok(json!({"containerInstance": world.ecs.instances.get(&id).map(|instance| view(world, instance))}))
}

fn attributes(call: &Call) -> BTreeMap<String, Option<String>> {
    let given = call.input.get("attributes").and_then(Value::as_array).into_iter().flatten();
    let text = |one: &Value, member: &str| one.get(member).and_then(Value::as_str).map(str::to_owned);
    given.filter_map(|one| Some((text(one, "name")?, text(one, "value")))).collect()
}

fn resource<'a>(call: &'a Call, name: &str) -> Option<&'a Value> {
    let given = call.input.get("totalResources").and_then(Value::as_array).into_iter().flatten();
    given.into_iter().find(|one| one.get("name").and_then(Value::as_str) == Some(name))
}

fn integer(call: &Call, name: &str) -> i64 {
    resource(call, name).and_then(|one| one.get("integerValue")).and_then(Value::as_i64).unwrap_or_default()
}

fn ports(call: &Call, name: &str) -> BTreeSet<i64> {
    let values = resource(call, name).map(|one| texts(one.get("stringSetValue"))).unwrap_or_default();
    values.iter().filter_map(|value| value.parse().ok()).collect()
}

/// The instance that a call names, in the cluster that it names.
fn named(world: &World, call: &Call) -> Result<String, Fault> {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let id = names::task_id(call.text("containerInstance").unwrap_or_default());
    let there = world.ecs.instances.get(id).filter(|instance| instance.cluster == cluster && !instance.inactive);
    there.map(|instance| instance.id.clone()).ok_or_else(|| invalid("Referenced container instance not found."))
}

/// `DeregisterContainerInstance`: by force it takes the tasks with it, which ECS counts no longer.
pub(in crate::services::ecs) fn deregister(world: &mut World, call: &Call) -> Answer {
    let id = named(world, call)?;
    let on_it: Vec<String> = tasks(world, &id).map(|task| task.id.clone()).collect();
    let force = call.input.get("force").and_then(Value::as_bool).unwrap_or_default();
    if !on_it.is_empty() && !force {
        return Err(invalid("Found running tasks on the instance."));
    }
    super::agents::remove(world, &id);
    Ok(json!({"containerInstance": world.ecs.instances.get(&id).map(|instance| view(world, instance))}))
}

/// `UpdateContainerInstancesState`: at most ten.
pub(in crate::services::ecs) fn update_state(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let draining = match call.text("status") {
        Some("DRAINING") => true,
        Some("ACTIVE") => false,
        other => return Err(invalid(format!("Invalid container instance status: {}", other.unwrap_or_default()))),
    };
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in call.texts("containerInstances") {
        let id = names::task_id(&given).to_owned();
        let known = world.ecs.instances.get(&id).is_some_and(|it| it.cluster == cluster && !it.inactive);
        if known {
            super::agents::drain(world, &id, draining);
            found.extend(world.ecs.instances.get(&id).map(|instance| view(world, instance)));
        } else {
            failures.push(json!({"arn": given, "reason": "MISSING"}));
        }
    }
    Ok(json!({"containerInstances": found, "failures": failures}))
}

fn status(instance: &ContainerInstance) -> &'static str {
    match (instance.inactive, instance.draining) {
        (true, _) => "INACTIVE",
        (false, true) => "DRAINING",
        (false, false) => "ACTIVE",
    }
}

/// `ListContainerInstances`: all that are active, or those that a filter lets through.
pub(in crate::services::ecs) fn list(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let filter =
        call.text("filter").map(query::parse).transpose().map_err(|why| invalid(format!("Invalid filter: {why}")))?;
    let wanted = |instance: &&ContainerInstance| filter.as_ref().is_none_or(|filter| filter.holds(world, instance));
    let arns: Vec<String> = super::registered(world, &cluster)
        .filter(|instance| call.text("status").is_none_or(|wanted| wanted == status(instance)))
        .filter(wanted)
        .map(|instance| instance.arn.clone())
        .collect();
    let (page, next) = world.page(&arns, names::page_size(call, 100)?, call.text("nextToken"))?;
    Ok(json!({"containerInstanceArns": page, "nextToken": next}))
}

/// `DescribeContainerInstances`: at most a hundred.
pub(in crate::services::ecs) fn describe(world: &mut World, call: &Call) -> Answer {
    let cluster = names::cluster_name(world, call)?;
    clusters::active(world, &cluster)?;
    let given = call.texts("containerInstances");
    if given.is_empty() {
        return Err(invalid("Container instances cannot be empty."));
    }
    if given.len() > 100 {
        return Err(invalid("Container instances cannot have more than 100 elements."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in given {
        let id = names::task_id(&given);
        if let Some(instance) = world.ecs.instances.get(id).filter(|instance| instance.cluster == cluster) {
            found.push(view(world, instance));
        } else {
            let arn = world.arn("ecs", &format!("container-instance/{cluster}/{id}"));
            failures.push(json!({"arn": arn, "reason": "MISSING"}));
        }
    }
    Ok(json!({"containerInstances": found, "failures": failures}))
}

fn view(world: &World, instance: &ContainerInstance) -> Value {
    let left = room(world, instance);
    let gpus = |count: usize| (instance.gpus > 0).then_some((instance.ec2_instance.as_str(), count));
    let attribute = |(name, value): (&String, &Option<String>)| json!({"name": name, "value": value});
    let count = |so: &dyn Fn(&crate::services::ecs::tasks::Task) -> bool| {
        tasks(world, &instance.id).filter(|task| so(task)).count()
    };
    json!({
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.ec2_instance,
        "version": 1,
        "versionInfo": instance.version_info,
        "remainingResources": resources((left.cpu, left.memory), [&left.ports, &left.udp_ports], gpus(left.gpus)),
        "registeredResources": resources(
            (instance.cpu, instance.memory),
            [&instance.ports, &instance.udp_ports],
            gpus(instance.gpus),
        ),
        "capacityProviderName": instance.provider,
        "status": status(instance),
        "agentConnected": !instance.inactive,
        "runningTasksCount": count(&|task| task.is_running()),
        "pendingTasksCount": count(&|task| task.is_pending()),
        "attributes": instance.attributes.iter().map(attribute).collect::<Vec<_>>(),
        "registeredAt": wire_time(instance.registered_at),
        "attachments": [],
        "tags": tags::view(&instance.tags),
    })
}
