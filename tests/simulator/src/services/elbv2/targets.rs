//! Targets: what is registered with a target group, and how it stands.

use serde::Serialize;
use serde_json::{Value, json};

use super::target_groups::TargetGroup;
use super::{Wake, attributes, health, target_groups};
use crate::call::Fault;
use crate::world::World;

/// User guide, "Quotas for your Application Load Balancers": targets per target group.
const TARGETS: usize = 1000;

/// How a target stands (API reference, `TargetHealth`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum State {
    /// The load balancer doesn't check it yet.
    Registering,
    /// Its first health checks haven't decided yet.
    Checking,
    /// It gets requests.
    Healthy,
    /// It gets requests only when no target is healthy.
    Unhealthy(Failure),
    /// Deregistered; it gets no new requests.
    Draining,
    /// No load balancer uses its target group.
    NotInUse,
    /// The load balancer has no subnet in its zone.
    ZoneNotEnabled,
}

/// What a health check met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Failure {
    /// No answer within the timeout: what a security group keeps out, for one.
    Timeout,
    /// No connection: nothing listens on the port.
    Refused,
    /// An answer with an HTTP status that the target group doesn't expect.
    Status(u16),
}

impl State {
    /// The name, the reason code and the description.
    pub fn words(&self) -> (&'static str, Option<&'static str>, Option<String>) {
        let told = |state, reason, description: &str| (state, Some(reason), Some(description.to_owned()));
        match self {
            Self::Healthy => ("healthy", None, None),
            Self::Registering => told("initial", "Elb.RegistrationInProgress", "Target registration is in progress"),
            Self::Checking => told("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
            Self::Unhealthy(Failure::Timeout) => told("unhealthy", "Target.Timeout", "Request timed out"),
            Self::Unhealthy(Failure::Refused) => told("unhealthy", "Target.FailedHealthChecks", "Health checks failed"),
            Self::Unhealthy(Failure::Status(code)) => {
                let text = format!("Health checks failed with these codes: [{code}]");
                told("unhealthy", "Target.ResponseCodeMismatch", &text)
            }
            Self::Draining => {
                told("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
            }
            Self::NotInUse => {
                let text = "Target group is not configured to receive traffic from the load balancer";
                told("unused", "Target.NotInUse", text)
            }
            Self::ZoneNotEnabled => {
                let text = "Target is in an Availability Zone that is not enabled for the load balancer";
                told("unused", "Target.NotInUse", text)
            }
        }
    }
}

/// A registered target.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Target {
    /// Its IP address, or an instance's id.
    pub(super) id: String,
    pub(super) port: i64,
    pub(super) zone: Option<String>,
    pub(super) state: State,
    /// Checks in a row that passed, and that failed.
    pub(super) passed: i64,
    pub(super) failed: i64,
    /// When the check began that waits for its answer.
    pub(super) asked_at: Option<i64>,
    /// When something happens to it next.
    #[serde(skip)]
    pub(super) due: Option<i64>,
}

impl Target {
    pub(super) fn view(&self, group: &TargetGroup) -> Value {
        let (state, reason, description) = self.state.words();
        json!({
            "Target": {"Id": self.id, "Port": self.port, "AvailabilityZone": self.zone},
            "HealthCheckPort": group.check.port_of(self.port).to_string(),
            "TargetHealth": {"State": state, "Reason": reason, "Description": description},
        })
    }
}

/// A target's place in its group.
pub(super) fn key(id: &str, port: i64) -> String {
    format!("{id}:{port}")
}

/// Wakes a target at a time; only its latest request counts.
pub(super) fn wake(world: &mut World, group: &str, key: &str, at: i64) {
    let target = world.elbv2.groups.get_mut(group).and_then(|group| group.targets.get_mut(key));
    if let Some(target) = target {
        target.due = Some(at);
        world.elbv2.agenda.add(at, Wake::Target(group.to_owned(), key.to_owned()));
    }
}

/// Registers a target; one that is registered stays as it is, one that drains begins anew.
pub fn register(world: &mut World, group: &str, id: &str, port: i64, zone: Option<&str>) -> Result<(), Fault> {
    let found = world.elbv2.groups.get_mut(group).ok_or_else(target_groups::not_found)?;
    let key = key(id, port);
    if found.targets.get(&key).is_some_and(|target| target.state != State::Draining) {
        return Ok(());
    }
    if found.targets.len() >= TARGETS && !found.targets.contains_key(&key) {
        let message = format!("The maximum number of targets per target group is '{TARGETS}'");
        return Err(Fault::bad_request("TooManyTargets", message));
    }
    let target = Target {
        id: id.to_owned(),
        port,
        zone: zone.map(str::to_owned),
        state: State::Registering,
        passed: 0,
        failed: 0,
        asked_at: None,
        due: None,
    };
    found.targets.insert(key.clone(), target);
    health::begin(world, group, &key);
    Ok(())
}

/// Deregisters a target, which then drains; one that isn't registered is no error. Tells until when it drains, in
/// milliseconds since the epoch.
///
/// User guide, "Deregistration delay": the state is `draining` until the delay has passed, even where no request is
/// under way and the target could go at once.
pub fn deregister(world: &mut World, group: &str, id: &str, port: i64) -> i64 {
    let now = world.now;
    let Some(found) = world.elbv2.groups.get_mut(group) else { return now };
    let drained = now + attributes::deregistration_delay(&found.attributes);
    let key = key(id, port);
    let Some(target) = found.targets.get_mut(&key) else { return now };
    if target.state == State::Draining {
        return target.due.unwrap_or(now);
    }
    if drained == now || found.balancer.is_none() {
        found.targets.remove(&key);
        return now;
    }
    target.state = State::Draining;
    target.asked_at = None;
    wake(world, group, &key, drained);
    drained
}

/// How a target stands, if it is registered.
pub fn target_health<'a>(world: &'a World, group: &str, id: &str, port: i64) -> Option<&'a State> {
    let group = world.elbv2.groups.get(group)?;
    group.targets.get(&key(id, port)).map(|target| &target.state)
}
