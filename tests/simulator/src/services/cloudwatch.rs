//! CloudWatch, as far as others act by it: alarms that tests set off, and loads that they set. It has no API here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::services::ecs;
use crate::world::World;

/// What is known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// The alarms in the state ALARM, by name.
    alarming: BTreeSet<String>,
    /// By `service/CLUSTER/NAME`, and by metric: what all tasks together bear. What one of them bears, which is what
    /// metrics are about, is its share in that.
    loads: BTreeMap<String, Map<String, Value>>,
}

/// Sets what all tasks of a service together bear, by a metric of Application Auto Scaling or by a name of one's own: the
/// percents of CPU of all of them, say, or the requests of a minute.
pub fn set_load(world: &mut World, service: &str, metric: &str, load: f64) {
    let loads = world.cloudwatch.loads.entry(format!("service/{service}")).or_default();
    loads.insert(metric.to_owned(), load.into());
}

/// Whether anything is known of a service.
pub fn has_load(world: &World, resource_id: &str) -> bool {
    world.cloudwatch.loads.contains_key(resource_id)
}

/// The loads of a service, by metric.
pub fn loads(world: &World, resource_id: &str) -> Value {
    world.cloudwatch.loads.get(resource_id).cloned().map(Value::Object).unwrap_or_default()
}

/// An alarm goes off, or is well again.
pub fn set_alarm(world: &mut World, name: &str, alarming: bool) {
    let changed = if alarming {
        world.cloudwatch.alarming.insert(name.to_owned())
    } else {
        world.cloudwatch.alarming.remove(name)
    };
    if changed {
        ecs::alarm_changed(world, name);
    }
}

/// Whether an alarm is in the state ALARM.
pub fn is_alarming(world: &World, name: &str) -> bool {
    world.cloudwatch.alarming.contains(name)
}
