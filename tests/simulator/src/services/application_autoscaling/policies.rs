//! Scaling policies.

use serde_json::{Map, Value, json};

use super::{DIMENSION, NAMESPACE, Policy, invalid, namespace, not_registered, page, resource_id, seconds};
use crate::call::{Answer, Call, Fault};
use crate::services::elbv2;
use crate::world::World;

/// A page has ten (API reference, `DescribeScalingPolicies`).
const PAGE: usize = 10;
/// "Scaling policies per scalable target: 50" (user guide, "Quotas", target tracking and step scaling together).
const MOST: usize = 50;

pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let (id, name) = (resource_id(call)?.to_owned(), policy_name(call)?.to_owned());
    let kinds = ["TargetTrackingScaling", "StepScaling", "PredictiveScaling"];
    let given = |kind: &&str| call.input.get(format!("{kind}PolicyConfiguration")).is_some();
    let kind = call.text("PolicyType").or_else(|| kinds.into_iter().find(given)).unwrap_or("StepScaling").to_owned();
    let configuration = call.input.get(format!("{kind}PolicyConfiguration")).cloned();
    let configuration = configuration.ok_or_else(|| invalid(format!("A {kind} policy configuration is required")))?;
    check(world, &kind, &configuration)?;
    let Some(target) = world.autoscaling.targets.get(&id) else {
        return Err(not_registered("No scalable target registered", &id));
    };
    if target.policies.len() >= MOST && !target.policies.contains_key(&name) {
        return Err(Fault::bad_request("LimitExceededException", "The maximum number of scaling policies was reached"));
    }
    if target.policies.get(&name).is_some_and(|policy| policy.kind != kind) {
        return Err(invalid("The type of a scaling policy cannot be changed"));
    }
    let unique = world.ids.uuid();
    let arn = world.arn("autoscaling", &format!("scalingPolicy:{unique}:resource/ecs/{id}:policyName/{name}"));
    // Of step scaling they are made by whoever wants them.
    let made: &[&str] = if kind == "TargetTrackingScaling" { &["AlarmHigh", "AlarmLow"] } else { &[] };
    let alarms = made.iter().map(|which| format!("TargetTracking-{id}-{which}-{unique}")).collect();
    let configured = Value::Null;
    let fresh =
        Policy { arn, kind, configuration: configured, alarms, created: world.now, above: 0, below: 0, wanted: 0 };
    let Some(target) = world.autoscaling.targets.get_mut(&id) else { return Ok(json!({})) };
    let policy = target.policies.entry(name).or_insert(fresh);
    policy.configuration = configuration;
    let (arn, alarms) = (policy.arn.clone(), policy.alarms.clone());
    Ok(json!({"PolicyARN": arn, "Alarms": alarm_views(world, &alarms)}))
}

fn check(world: &World, kind: &str, configuration: &Value) -> Result<(), Fault> {
    match kind {
        "TargetTrackingScaling" => check_metric(world, configuration),
        "StepScaling" if configuration["StepAdjustments"].as_array().is_none_or(Vec::is_empty) => {
            Err(invalid("At least one step adjustment must be specified"))
        }
        "PredictiveScaling" if configuration["MetricSpecifications"].as_array().is_none_or(|all| all.len() != 1) => {
            Err(invalid("Exactly one metric specification must be specified"))
        }
        "StepScaling" | "PredictiveScaling" => Ok(()),
        _ => Err(invalid(format!("Unsupported policy type: {kind}"))),
    }
}

/// API reference, `PredefinedMetricSpecification`: a resource label is for `ALBRequestCountPerTarget` alone, and names a
/// load balancer and a target group that is behind it.
fn check_metric(world: &World, tracking: &Value) -> Result<(), Fault> {
    if tracking.get("TargetValue").and_then(Value::as_f64).is_none() {
        return Err(invalid(
            "1 validation error detected: Value null at 'targetTrackingScalingPolicyConfiguration.targetValue' failed to satisfy constraint: Member must not be null",
        ));
    }
    let metric = &tracking["PredefinedMetricSpecification"];
    let customized = &tracking["CustomizedMetricSpecification"];
    if !customized.is_null() {
        let one = customized["MetricName"].is_string() && customized["Statistic"].is_string();
        let several = customized["Metrics"].as_array().is_some_and(|metrics| !metrics.is_empty());
        let message = "A customized metric needs a name, a namespace and a statistic, or metrics";
        return if metric.is_null() && one != several { Ok(()) } else { Err(invalid(message)) };
    }
    let label = metric.get("ResourceLabel").and_then(Value::as_str);
    match (metric["PredefinedMetricType"].as_str(), label) {
        (Some("ALBRequestCountPerTarget"), Some(label)) if is_behind(world, label) => Ok(()),
        (Some("ALBRequestCountPerTarget"), _) => Err(invalid(
            "The resource label is missing or not valid, or its target group is not attached to its load balancer",
        )),
        (Some("ECSServiceAverageCPUUtilization" | "ECSServiceAverageMemoryUtilization"), None) => Ok(()),
        (Some("ECSServiceAverageCPUUtilization" | "ECSServiceAverageMemoryUtilization"), Some(_)) => {
            Err(invalid("A resource label can be specified for ALBRequestCountPerTarget alone"))
        }
        _ => Err(invalid("The metric is missing or not valid for this service namespace")),
    }
}

/// Whether the target group of a label is behind its load balancer: `app/NAME/ID/targetgroup/NAME/ID`.
fn is_behind(world: &World, label: &str) -> bool {
    let Some((balancer, group)) = label.split_once("/targetgroup/") else { return false };
    let arn = world.arn("elasticloadbalancing", &format!("targetgroup/{group}"));
    let attached = elbv2::target_group(world, &arn).and_then(|group| group.balancer.as_deref());
    attached.is_some_and(|arn| arn.ends_with(&format!(":loadbalancer/{balancer}")))
}

fn policy_name(call: &Call) -> Result<&str, Fault> {
    call.text("PolicyName").ok_or_else(|| invalid("1 validation error detected: Value null at 'policyName' failed to satisfy constraint: Member must not be null"))
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    namespace(call)?;
    let (of, names) = (call.text("ResourceId"), call.texts("PolicyNames"));
    let targets = world.autoscaling.targets.iter().filter(|(id, _)| of.is_none_or(|of| of == id.as_str()));
    let policies =
        targets.flat_map(|(id, target)| target.policies.iter().map(move |(name, policy)| (id, name, policy)));
    let views: Vec<Value> = policies
        .filter(|(_, name, _)| names.is_empty() || names.contains(name))
        .map(|(id, name, policy)| view(world, id, name, policy))
        .collect();
    let (policies, next) = page(world, call, &views, PAGE)?;
    let mut answer = Map::from_iter([("ScalingPolicies".to_owned(), policies.into())]);
    answer.extend(next.map(|token| ("NextToken".to_owned(), token.into())));
    Ok(answer.into())
}

fn view(world: &World, id: &str, name: &str, policy: &Policy) -> Value {
    let mut view = json!({
        "PolicyARN": policy.arn,
        "PolicyName": name,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "PolicyType": policy.kind,
        "Alarms": alarm_views(world, &policy.alarms),
        "CreationTime": seconds(policy.created),
    });
    if let Some(members) = view.as_object_mut() {
        members.insert(format!("{}PolicyConfiguration", policy.kind), policy.configuration.clone());
    }
    view
}

fn alarm_views(world: &World, names: &[String]) -> Vec<Value> {
    let arn = |name: &String| world.arn("cloudwatch", &format!("alarm:{name}"));
    names.iter().map(|name| json!({"AlarmName": name, "AlarmARN": arn(name)})).collect()
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let (id, name) = (resource_id(call)?, policy_name(call)?);
    let target = world.autoscaling.targets.get_mut(id);
    match target.and_then(|target| target.policies.remove(name)) {
        Some(_) => Ok(json!({})),
        None => Err(not_registered(&format!("No scaling policy found with name {name}"), id)),
    }
}
