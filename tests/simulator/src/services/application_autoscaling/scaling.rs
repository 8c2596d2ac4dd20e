//! What policies and schedules do over time.
//!
//! Application Auto Scaling user guide, "How target tracking scaling works": a policy adds tasks when its metric is above the
//! target for three minutes, and takes some away when it is a tenth below it for fifteen (the alarms that it makes); of
//! several the one that asks for most wins, and tasks go only if all that may take some away agree. ECS developer guide,
//! "Use a target metric to scale Amazon ECS services": none go while a deployment runs.

use serde_json::Value;

use super::targets::{desired, scale};
use super::{Policy, Target};
use crate::services::cloudwatch;
use crate::services::ecs;
use crate::world::World;

/// How often metrics are looked at, in milliseconds.
const MINUTE: i64 = 60_000;
/// Minutes above the target.
const HIGH: u32 = 3;
/// Minutes below it.
const LOW: u32 = 15;
/// Below so much of the target.
const SLACK: f64 = 0.9;
/// Seconds between two scalings in one direction, unless a policy says otherwise.
const COOLDOWN: i64 = 300;

/// When something is to be done next: metrics are looked at in every minute in which there are some.
pub(super) fn next_due(world: &World) -> Option<i64> {
    let targets = || world.autoscaling.targets.iter();
    let measured = targets().any(|(id, target)| !target.policies.is_empty() && cloudwatch::has_load(world, id));
    let minute = measured.then(|| (world.autoscaling.looked_at.max(world.now - MINUTE) / MINUTE + 1) * MINUTE);
    let actions = targets().flat_map(|(_, target)| target.actions.values()).filter_map(|action| action.next);
    actions.chain(minute).min()
}

fn is_set(flags: &Value, flag: &str) -> bool {
    flags.get(flag).and_then(Value::as_bool).unwrap_or(false)
}

/// Does what is due until `now`, which is no later than the next that is due.
pub(super) fn advance_to(world: &mut World, now: i64) {
    world.now = world.now.max(now);
    let ids: Vec<String> = world.autoscaling.targets.keys().cloned().collect();
    for id in &ids {
        act_by_time(world, id);
    }
    if world.now / MINUTE > world.autoscaling.looked_at / MINUTE {
        world.autoscaling.looked_at = world.now;
        for id in &ids {
            act_by_metrics(world, id);
        }
    }
}

/// Scheduled actions set bounds, and so the count if that lies outside (API reference, `ScalableTargetAction`).
fn act_by_time(world: &mut World, id: &str) {
    let now = world.now;
    let Some(target) = world.autoscaling.targets.get_mut(id) else { return };
    let suspended = is_set(&target.suspended, "ScheduledScalingSuspended");
    let mut bounds = (target.minimum, target.maximum);
    for action in target.actions.values_mut().filter(|action| action.next.is_some_and(|next| next <= now)) {
        action.plan(now);
        if !suspended {
            bounds = (action.minimum.unwrap_or(bounds.0), action.maximum.unwrap_or(bounds.1));
        }
    }
    if bounds == (target.minimum, target.maximum) {
        return;
    }
    (target.minimum, target.maximum) = (bounds.0, bounds.1.max(bounds.0));
    clamp(world, id);
}

/// Brings the count between the bounds.
pub(super) fn clamp(world: &mut World, id: &str) {
    let Some(count) = desired(world, id) else { return };
    let Some(target) = world.autoscaling.targets.get(id) else { return };
    let within = count.clamp(target.minimum, target.maximum);
    if within != count {
        let _ = scale(world, id, within);
    }
}

fn act_by_metrics(world: &mut World, id: &str) {
    let Some(count) = desired(world, id) else { return };
    let (running, deploying) = ecs::running(world, id.trim_start_matches("service/"));
    let now = world.now;
    let loads = cloudwatch::loads(world, id);
    let Some(target) = world.autoscaling.targets.get_mut(id) else { return };
    for policy in target.policies.values_mut() {
        policy.look(&loads, running, count);
    }
    let wanted = target.proposal(count, deploying, now);
    if let Some(wanted) = wanted {
        target.note(wanted > count, now);
        let _ = scale(world, id, wanted);
    }
}

impl Policy {
    /// A minute has passed with such a metric; without one nothing is known.
    fn look(&mut self, loads: &Value, running: usize, count: i64) {
        let Some(target) = self
            .configuration
            .get("TargetValue")
            .and_then(Value::as_f64)
            .filter(|_| self.kind == "TargetTrackingScaling")
        else {
            return;
        };
        let Some(load) = loads.get(self.metric()).and_then(Value::as_f64).filter(|_| running > 0) else { return };
        #[allow(clippy::cast_precision_loss, reason = "counts of tasks are small")]
        let value = load / running as f64;
        self.above = if value > target { self.above + 1 } else { 0 };
        self.below = if value < target * SLACK { self.below + 1 } else { 0 };
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts of tasks are small")]
        let wanted = (count as f64 * value / target).ceil() as i64;
        self.wanted = wanted;
    }

    /// What its metric is called in [`cloudwatch::loads`].
    fn metric(&self) -> &str {
        let word = |pointer: &str| self.configuration.pointer(pointer).and_then(Value::as_str);
        let predefined = word("/PredefinedMetricSpecification/PredefinedMetricType");
        predefined.or_else(|| word("/CustomizedMetricSpecification/MetricName")).unwrap_or_default()
    }

    fn cooldown(&self, member: &str) -> i64 {
        self.configuration.get(member).and_then(Value::as_i64).unwrap_or(COOLDOWN) * 1000
    }
}

impl Target {
    /// The count that the policies agree on, if it is another.
    fn proposal(&self, count: i64, deploying: bool, now: i64) -> Option<i64> {
        let is_off = |member: &str| is_set(&self.suspended, member);
        let of = |member: &'static str| self.policies.values().map(move |policy| policy.cooldown(member)).max();
        let out = self.policies.values().filter(|policy| policy.above >= HIGH).map(|policy| policy.wanted).max();
        let out = out.map(|wanted| wanted.min(self.maximum)).filter(|wanted| *wanted > count);
        if let Some(wanted) = out.filter(|_| !is_off("DynamicScalingOutSuspended")) {
            let rested = now >= self.scaled_out + of("ScaleOutCooldown").unwrap_or_default();
            return rested.then_some(wanted);
        }
        let mut tracking = self.policies.values().filter(|policy| policy.kind == "TargetTrackingScaling");
        let agree = tracking.clone().count() > 0 && tracking.all(|policy| policy.below >= LOW && policy.takes_away());
        let wanted = self.policies.values().map(|policy| policy.wanted).max()?.max(self.minimum);
        let rested = now >= self.scaled_in.max(self.scaled_out) + of("ScaleInCooldown").unwrap_or_default();
        let may = agree && rested && !deploying && !is_off("DynamicScalingInSuspended");
        (may && wanted < count).then_some(wanted)
    }

    fn note(&mut self, out: bool, now: i64) {
        if out {
            self.scaled_out = now;
        } else {
            self.scaled_in = now;
        }
        for policy in self.policies.values_mut() {
            (policy.above, policy.below) = (0, 0);
        }
    }
}

impl Policy {
    fn takes_away(&self) -> bool {
        !is_set(&self.configuration, "DisableScaleIn")
    }
}
