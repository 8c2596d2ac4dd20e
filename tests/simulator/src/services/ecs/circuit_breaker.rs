//! The deployment circuit breaker: counts tasks that fail, ends the deployment, rolls back.
//!
//! Developer guide, "How the Amazon ECS deployment circuit breaker detects failures". A task that ends by itself
//! before it ever counted as healthy is taken as failed: reports of the real service show crash loops tripping it.

use crate::services::ecs::deployments::{self, Rollout};
use crate::services::ecs::service_config::{Breaker, Threshold};
use crate::services::ecs::{events, service_deployments, shifting};
use crate::world::World;

/// The wait before the next launch after a round of failures, in milliseconds; it doubles with each round.
const BACKOFF: i64 = 10_000;

/// The longest such wait (developer guide, "Service throttle logic": fifteen minutes).
const LONGEST_BACKOFF: i64 = 900_000;

/// After so many rounds of failures in a row the service says that it can't start tasks.
const COMPLAINS_AFTER: u32 = 4;

/// How long a rollback takes at least, in milliseconds.
const ROLLBACK: i64 = 30_000;

/// How many failed tasks trip the breaker at a desired count (API reference, `ThresholdConfiguration`).
pub(super) fn threshold(breaker: &Breaker, desired: u32) -> u32 {
    let (kind, value) = match &breaker.threshold {
        Some(Threshold { kind, value }) => (kind.as_str(), *value),
        None => ("BOUNDED_PERCENT", 50),
    };
    let share = u32::try_from((u64::from(desired) * u64::from(value)).div_ceil(100)).unwrap_or(u32::MAX);
    match kind {
        "COUNT" => value,
        "UNBOUNDED_PERCENT" => share.max(1),
        _ => share.clamp(3, 200),
    }
}

/// A task of a deployment counts as healthy.
pub(super) fn task_is_healthy(world: &mut World, key: &str, id: &str) {
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    let resets = service.configuration.breaker.reset_on_healthy_task.unwrap_or(true);
    let primary = service.deployments.first_mut().filter(|primary| primary.id == id);
    if let Some(primary) = primary {
        service.failed_rounds = 0;
        if resets {
            primary.failed_tasks = 0;
        }
    }
}

/// A task of a deployment failed.
pub(super) fn task_failed(world: &mut World, key: &str, id: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    let breaker = service.configuration.breaker.clone();
    let limit = threshold(&breaker, service.desired);
    let Some(primary) = service.deployments.first_mut().filter(|primary| primary.id == id) else { return };
    let counts = primary.state == Rollout::InProgress;
    if counts {
        primary.failed_tasks += 1;
        primary.updated_at = now;
    }
    let trips = counts && breaker.enable && primary.failed_tasks >= limit;
    let complains = back_off(world, key);
    if trips {
        trip(world, key, breaker.rollback, Cause::Tasks);
    } else if complains {
        let text = "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section.";
        events::add(world, key, text);
    }
}

/// Puts off the next launch; failures of the same round do so once. Tells whether it is time to complain.
fn back_off(world: &mut World, key: &str) -> bool {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(key) else { return false };
    if now < service.launch_after {
        return false;
    }
    let doublings = service.failed_rounds.min(10);
    service.failed_rounds += 1;
    service.launch_after = now + (BACKOFF << doublings).min(LONGEST_BACKOFF);
    service.failed_rounds == COMPLAINS_AFTER
}

/// Why a deployment has failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    Tasks,
    Alarm,
    Hook,
    Traffic,
}

impl Cause {
    /// Who ended it, and what that saw.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Tasks => ("ECS deployment circuit breaker", "tasks failed to start"),
            Self::Alarm => ("ECS deployment alarms", "alarm detected"),
            Self::Hook => ("ECS deployment lifecycle hooks", "hook execution failure(s) detected"),
            Self::Traffic => ("ECS deployment", "traffic could not be shifted"),
        }
    }

    /// As a service deployment tells it.
    fn outcome(self, what: &str) -> String {
        let why = match self {
            Self::Tasks => "the circuit breaker threshold was exceeded",
            Self::Alarm => "a CloudWatch alarm was detected",
            Self::Hook => "of hook execution failure(s)",
            Self::Traffic => "traffic could not be shifted",
        };
        format!("Service deployment {what} because {why}.")
    }
}

/// The deployment has failed.
pub(super) fn trip(world: &mut World, key: &str, rolls_back: bool, cause: Cause) {
    let now = world.now;
    let Some(primary) = world.ecs.services.get_mut(key).and_then(|service| service.deployments.first_mut()) else {
        return;
    };
    primary.state = Rollout::Failed;
    let (who, what) = cause.words();
    primary.reason = format!("{who}: {what}.");
    primary.updated_at = now;
    let id = primary.id.clone();
    events::add(world, key, &format!("(deployment {id}) deployment failed: {what}."));
    if rolls_back {
        roll_back(world, key, &cause.outcome("rolled back"));
    } else {
        service_deployments::supersede(world, key, &cause.outcome("stopped"));
    }
    deployments::look_soon(world, key);
}

/// Somebody has the deployment rolled back.
pub(super) fn stopped_by_user(world: &mut World, key: &str) {
    if let Some(primary) = world.ecs.services.get_mut(key).and_then(|service| service.deployments.first_mut()) {
        primary.state = Rollout::Failed;
        primary.reason = format!("ECS deployment {} stopped.", primary.id);
    }
    roll_back(world, key, "Service deployment rolled back because it was stopped by the user.");
}

/// The last completed deployment becomes the primary one again, under its own id, and the service's revision with it.
/// The first deployment ever has nothing to go back to.
pub(super) fn roll_back(world: &mut World, key: &str, why: &str) {
    let now = world.now;
    shifting::undo(world, key);
    let Some(service) = world.ecs.services.get_mut(key) else { return };
    let failed = service.primary().map(|primary| primary.id.clone());
    let Some(mut back) = service.last_completed.clone().filter(|last| Some(&last.id) != failed.as_ref()) else {
        return service_deployments::fail_rollback(world, key);
    };
    back.state = Rollout::InProgress;
    back.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", back.id);
    back.updated_at = now;
    back.failed_tasks = 0;
    back.alarms.clear();
    back.shift = None;
    back.settles_at = now + ROLLBACK;
    service.revision = back.revision.clone();
    service.failed_rounds = 0;
    service.launch_after = now;
    service.steady = false;
    let id = back.id.clone();
    service.deployments.retain(|deployment| deployment.id != id);
    service.deployments.insert(0, back);
    events::add(world, key, &format!("rolling back to deployment {id}."));
    service_deployments::begin_rollback(world, key, &id, why);
    deployments::look_soon(world, key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_half_of_the_desired_count_within_3_and_200_unless_configured() {
        let breaker = |threshold: Option<(&str, u32)>| Breaker {
            enable: true,
            rollback: true,
            reset_on_healthy_task: None,
            threshold: threshold.map(|(kind, value)| Threshold { kind: kind.to_owned(), value }),
        };
        let cases = [
            (None, 1, 3),
            (None, 6, 3),
            (None, 25, 13),
            (None, 1000, 200),
            (Some(("COUNT", 7)), 100, 7),
            (Some(("BOUNDED_PERCENT", 10)), 10, 3),
            (Some(("UNBOUNDED_PERCENT", 10)), 10, 1),
            (Some(("UNBOUNDED_PERCENT", 100)), 1000, 1000),
        ];
        for (configured, desired, expected) in cases {
            assert_eq!(threshold(&breaker(configured), desired), expected, "{configured:?} at {desired}");
        }
    }
}
