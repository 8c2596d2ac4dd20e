//! Scalable targets.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{DIMENSION, NAMESPACE, Target, invalid, namespace, not_registered, page, resource_id, seconds};
use crate::call::{Answer, Call, Fault, texts};
use crate::services::ecs;
use crate::world::World;

/// A page has fifty (API reference, `DescribeScalableTargets`).
const PAGE: usize = 50;

/// Makes one, or changes its bounds; and brings the service's count between them at once. Tags are taken "when it is
/// created" (API reference, `RegisterScalableTarget`).
pub(super) fn register(world: &mut World, call: &Call) -> Answer {
    let id = resource_id(call)?.to_owned();
    let Some(count) = desired(world, &id) else { return Err(invalid(format!("ECS service doesn't exist: {id}"))) };
    let there = world.autoscaling.targets.get(&id);
    let bound = |member: &str, before: Option<i64>| call.input.get(member).and_then(Value::as_i64).or(before);
    let minimum = bound("MinCapacity", there.map(|target| target.minimum));
    let maximum = bound("MaxCapacity", there.map(|target| target.maximum));
    let (Some(minimum), Some(maximum)) = (minimum, maximum) else {
        return Err(invalid(
            "Both min capacity and max capacity must be specified when registering a new scalable target",
        ));
    };
    if minimum < 0 || maximum < minimum {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    let arn = if let Some(target) = there {
        target.arn.clone()
    } else {
        let unique = world.ids.hex(34);
        world.arn("application-autoscaling", &format!("scalable-target/{unique}"))
    };
    let (now, tags) = (world.now, tags(call.input.get("Tags")));
    let target = world.autoscaling.targets.entry(id.clone()).or_insert_with(|| Target {
        arn: arn.clone(),
        minimum,
        maximum,
        suspended: json!({
            "DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false}),
        created: now,
        tags,
        policies: BTreeMap::new(),
        actions: BTreeMap::new(),
        scaled_out: 0,
        scaled_in: 0,
    });
    (target.minimum, target.maximum) = (minimum, maximum);
    if let (Some(new), Some(suspended)) =
        (call.input.get("SuspendedState").and_then(Value::as_object), target.suspended.as_object_mut())
    {
        suspended.extend(new.clone());
    }
    if !(minimum..=maximum).contains(&count) {
        scale(world, &id, count.clamp(minimum, maximum))?;
    }
    Ok(json!({"ScalableTargetARN": arn}))
}

/// How many tasks a service is to have; `None` where there is no such service.
pub(super) fn desired(world: &mut World, id: &str) -> Option<i64> {
    let (cluster, name) = id.strip_prefix("service/")?.split_once('/')?;
    let input = json!({"cluster": cluster, "services": [name]});
    let answer = ecs::call(world, &within(world, "DescribeServices", input)).ok()?;
    let service = answer.pointer("/services/0").filter(|service| service["status"] == "ACTIVE")?;
    service["desiredCount"].as_i64()
}

/// As Application Auto Scaling does it, through ECS's own API.
pub(super) fn scale(world: &mut World, id: &str, to: i64) -> Result<(), Fault> {
    let Some((cluster, name)) = id.strip_prefix("service/").and_then(|id| id.split_once('/')) else { return Ok(()) };
    let input = json!({"cluster": cluster, "service": name, "desiredCount": to});
    ecs::call(world, &within(world, "UpdateService", input)).map(drop)
}

/// A call that AWS makes itself.
fn within(world: &World, operation: &str, input: Value) -> Call {
    Call {
        service: crate::call::Service::Ecs,
        operation: operation.to_owned(),
        input,
        region: world.region.clone(),
        access_key: "APPLICATIONAUTOSCALING".to_owned(),
        account_id: world.account_id.clone(),
        time: world.now,
    }
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    namespace(call)?;
    let ids = call.texts("ResourceIds");
    if ids.len() > PAGE {
        return Err(invalid(
            "1 validation error detected: Value at 'resourceIds' failed to satisfy constraint: Member must have length less than or equal to 50",
        ));
    }
    let targets = world.autoscaling.targets.iter().filter(|(id, _)| ids.is_empty() || ids.contains(id));
    let views: Vec<Value> = targets.map(|(id, target)| view(world, id, target)).collect();
    let (targets, next) = page(world, call, &views, PAGE)?;
    let mut answer = Map::from_iter([("ScalableTargets".to_owned(), targets.into())]);
    answer.extend(next.map(|token| ("NextToken".to_owned(), token.into())));
    Ok(answer.into())
}

fn view(world: &World, id: &str, target: &Target) -> Value {
    let role = format!(
        "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
        world.account_id
    );
    json!({
        "ServiceNamespace": NAMESPACE,
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": role,
        "CreationTime": seconds(target.created),
        "SuspendedState": target.suspended,
        "ScalableTargetARN": target.arn,
    })
}

/// Its policies go with it. The count stays as it is.
pub(super) fn deregister(world: &mut World, call: &Call) -> Answer {
    let id = resource_id(call)?;
    match world.autoscaling.targets.remove(id) {
        Some(_) => Ok(json!({})),
        None => Err(not_registered("No scalable target found", id)),
    }
}

pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let more = tags(call.input.get("Tags"));
    by_arn(world, call)?.tags.extend(more);
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let keys = texts(call.input.get("TagKeys"));
    by_arn(world, call)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list_tags(world: &mut World, call: &Call) -> Answer {
    Ok(json!({"Tags": by_arn(world, call)?.tags}))
}

fn by_arn<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Target, Fault> {
    let arn = call.text("ResourceARN").unwrap_or_default();
    let found = world.autoscaling.targets.values_mut().find(|target| target.arn == arn);
    found.ok_or_else(|| {
        Fault::bad_request("ResourceNotFoundException", format!("The specified resource doesn't exist: {arn}"))
    })
}

fn tags(value: Option<&Value>) -> BTreeMap<String, String> {
    let tags = value.and_then(Value::as_object).into_iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}
