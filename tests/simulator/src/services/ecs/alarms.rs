//! Alarms that watch a deployment (developer guide, "How CloudWatch alarms detect Amazon ECS deployment failures"): one that
//! goes off fails it. Where one is off already as the deployment begins, none is watched until its end. Once the new tasks
//! run and the old are gone they are watched for a bake time more.

use serde_json::{Value, json};

use crate::services::cloudwatch;
use crate::services::ecs::circuit_breaker::{self, Cause};
use crate::services::ecs::deployments::{self, Deployment, Rollout};
use crate::services::ecs::services::Service;
use crate::world::World;

/// "Amazon ECS computes this time period based on the alarm configuration"; of two periods of a minute, in milliseconds.
const BAKE: i64 = 120_000;

/// What a deployment that begins now is watched by.
pub(super) fn watched(world: &World, service: &Service) -> Vec<String> {
    let alarms = service.configuration.alarms();
    let names: Vec<String> = alarms.filter(|alarms| alarms["enable"] == true).map(names).unwrap_or_default();
    if names.iter().any(|name| cloudwatch::is_alarming(world, name)) { vec![] } else { names }
}

fn names(alarms: &Value) -> Vec<String> {
    crate::call::texts(alarms.get("alarmNames"))
}

/// An alarm went off, or is well again.
pub fn changed(world: &mut World, name: &str) {
    let watched = |deployment: &Deployment| deployment.alarms.iter().any(|alarm| alarm == name);
    let services = world.ecs.services.iter().filter(|(_, service)| service.primary().is_some_and(watched));
    let keys: Vec<String> = services.map(|(key, _)| key.clone()).collect();
    for key in keys {
        deployments::look_soon(world, &key);
    }
}

/// The deployment fails if one of its alarms is off.
pub(super) fn judge(world: &mut World, key: &str) {
    let Some(service) = world.ecs.services.get(key) else { return };
    let Some(primary) = service.primary().filter(|primary| primary.state == Rollout::InProgress) else { return };
    if primary.alarms.iter().any(|name| cloudwatch::is_alarming(world, name)) {
        let rolls_back = service.configuration.alarms().is_some_and(|alarms| alarms["rollback"] == true);
        circuit_breaker::trip(world, key, rolls_back, Cause::Alarm);
    }
}

/// Until when a deployment whose tasks have just come to run is watched; `None`: there is nothing to watch.
pub(super) fn bakes_until(deployment: &mut Deployment, now: i64) -> Option<i64> {
    (!deployment.alarms.is_empty()).then(|| *deployment.bakes_until.get_or_insert(now + BAKE))
}

/// As `DescribeServiceDeployments` shows it.
pub(super) fn view(configuration: &Value, triggered: bool, ended: bool) -> Value {
    let alarms = &configuration["alarms"];
    let status = match (alarms["enable"] == true, triggered, ended) {
        (false, ..) => "DISABLED",
        (true, true, _) => "TRIGGERED",
        (true, false, true) => "MONITORING_COMPLETE",
        (true, false, false) => "MONITORING",
    };
    json!({"status": status, "alarmNames": names(alarms), "triggeredAlarmNames": []})
}
