//! CloudWatch, as far as others act by it: alarms that tests set off. It has no API here.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::services::ecs;
use crate::world::World;

/// What is known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// The alarms in the state ALARM, by name.
    alarming: BTreeSet<String>,
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
