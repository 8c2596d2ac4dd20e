//! How many tasks services have, for tests that hold them to their bounds at every moment.

use crate::services::ecs::deployments::Rollout;
use crate::services::ecs::rolling::Bounds;
use crate::services::ecs::services::{Status, tasks};
use crate::world::World;

/// One service at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// `CLUSTER/NAME`.
    pub service: String,
    /// Tasks that run and count as healthy.
    pub healthy: usize,
    /// Tasks that run or are started, and are not stopping.
    pub live: usize,
    /// Fewest that must be healthy.
    pub minimum: usize,
    /// Most that there may be.
    pub maximum: usize,
}

impl Census {
    /// Whether it is what its deployment configuration allows.
    pub fn is_within_bounds(&self) -> bool {
        self.healthy >= self.minimum && self.live <= self.maximum
    }
}

/// How many tasks of a service run, and whether a deployment of it does.
pub fn running(world: &World, key: &str) -> (usize, bool) {
    let Some(service) = world.ecs.services.get(key) else { return (0, false) };
    let deploying = service.primary().is_some_and(|primary| primary.state == Rollout::InProgress);
    (tasks(world, service).filter(|task| task.is_running()).count(), deploying)
}

/// How many tasks of a service are asked for.
pub fn desired(world: &World, key: &str) -> Option<u64> {
    world.ecs.services.get(key).map(|service| u64::from(service.desired))
}

/// All services that are active.
pub fn census(world: &World) -> Vec<Census> {
    let active = world.ecs.services.iter().filter(|(_, service)| service.status == Status::Active);
    let counted = active.map(|(key, service)| {
        let configuration = &service.configuration;
        // Who shifts traffic has both revisions whole, whatever the percentages of rolling updates.
        let (minimum, maximum) = if configuration.shifts() {
            (100, 200)
        } else {
            (configuration.minimum_healthy_percent, configuration.maximum_percent)
        };
        let bounds = Bounds::of(service.desired, minimum, maximum);
        let live = || tasks(world, service).filter(|task| !task.stopping);
        let healthy = live().filter(|task| task.is_running() && task.counted && task.failing.is_none()).count();
        Census { service: key.clone(), healthy, live: live().count(), minimum: bounds.minimum, maximum: bounds.maximum }
    });
    counted.collect()
}
