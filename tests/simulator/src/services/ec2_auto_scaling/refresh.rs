//! Instance refreshes: a group's instances are replaced by new ones, a part at a time (user guide, "Use an instance refresh
//! to update instances in an Auto Scaling group").

use serde::Serialize;
use serde_json::{Value, json};

use super::groups::{self, REACTION};
use super::mixed::{self, Mixed};
use super::{Group, Member, invalid, look_after, named, page, required, scaling};
use crate::call::{Answer, Fault, texts};
use crate::clock::iso_time;
use crate::protocol::query;
use crate::services::ec2;
use crate::world::World;

/// A refresh.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Refresh {
    id: String,
    status: Status,
    reason: Option<String>,
    started: i64,
    ended: Option<i64>,
    /// Percent of the desired capacity.
    minimum: i64,
    maximum: i64,
    /// Milliseconds that a new instance gets before it counts.
    warmup: i64,
    protected: Protected,
    /// Those that are still to be replaced, by id.
    left: Vec<String>,
    total: usize,
    /// The template of the desired configuration, where one was given: what new instances are launched from, and the group's
    /// own once all are (API reference, `DesiredConfiguration`).
    wanted: Option<(Value, Option<Mixed>)>,
}

/// How a refresh stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Status {
    InProgress,
    Successful,
    Failed,
    Cancelled,
}

/// What becomes of instances that are protected from scale-in (API reference, `RefreshPreferences`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Protected {
    Refresh,
    Ignore,
    Wait,
}

/// After how long a refresh fails that waits for protected instances ("for up to one hour").
const WAITS: i64 = 3_600_000;

pub(super) fn start(world: &mut World, input: &Value) -> Answer {
    let id = world.ids.uuid();
    let now = world.now;
    let preferences = input.get("Preferences").cloned().unwrap_or(json!({}));
    let number = |member: &str| query::number(&preferences, member);
    let (minimum, warmup) = (number("MinHealthyPercentage")?.unwrap_or(90), number("InstanceWarmup")?.unwrap_or(0));
    let maximum = number("MaxHealthyPercentage")?.unwrap_or(100);
    let protected = match query::text(&preferences, "ScaleInProtectedInstances") {
        None | Some("Wait") => Protected::Wait,
        Some("Refresh") => Protected::Refresh,
        Some("Ignore") => Protected::Ignore,
        Some(other) => return Err(invalid(format!("{other} is not a valid value for ScaleInProtectedInstances"))),
    };
    if !(0..=100).contains(&minimum) || !(100..=200).contains(&maximum) || maximum - minimum > 100 {
        return Err(invalid(
            "MinHealthyPercentage must be between 0 and 100, MaxHealthyPercentage between 100 and 200, and their difference at most 100",
        ));
    }
    let matching = query::flag(&preferences, "SkipMatching").unwrap_or_default();
    let group = named(world, input)?.clone();
    if is_active(&group) {
        let message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.";
        return Err(Fault::bad_request("InstanceRefreshInProgress", message));
    }
    let wanted = match input.get("DesiredConfiguration") {
        Some(desired) => {
            let policy = mixed::read(desired, group.mixed.as_ref())?;
            groups::template(world, desired)?.map(|template| (template, policy))
        }
        None => None,
    };
    let (template, policy) = wanted.as_ref().map_or((&group.template, &group.mixed), |(one, other)| (one, other));
    let current = scaling::version_of(world, template);
    // Skip matching looks at the template and at the types (user guide, "Use an instance refresh with skip matching").
    let is_of_type = |member: &Member| {
        let of = ec2::instance(world, &member.id).map(|instance| &instance.instance_type);
        policy.as_ref().is_none_or(|policy| of.is_some_and(|of| policy.types.contains(of)))
    };
    let matches = |member: &Member| Some(member.version) == current && is_of_type(member);
    let old = group.members().filter(|member| !(matching && matches(member)));
    let left: Vec<String> = old
        .filter(|member| !(protected == Protected::Ignore && member.protected))
        .map(|member| member.id.clone())
        .collect();
    let refresh = Refresh {
        id: id.clone(),
        status: Status::InProgress,
        reason: None,
        started: now,
        ended: None,
        minimum,
        maximum,
        warmup: warmup * 1000,
        protected,
        total: left.len(),
        left,
        wanted,
    };
    if let Some(group) = world.ec2_auto_scaling.groups.get_mut(&group.name) {
        group.refreshes.push(refresh);
    }
    look_after(world, &group.name, REACTION);
    Ok(json!({"InstanceRefreshId": id}))
}

pub(super) fn cancel(world: &mut World, input: &Value) -> Answer {
    let now = world.now;
    let group = named(world, input)?;
    let Some(refresh) = group.refreshes.last_mut().filter(|refresh| refresh.status == Status::InProgress) else {
        let message = "No in progress or pending Instance Refresh found for Auto Scaling group.";
        return Err(Fault::bad_request("ActiveInstanceRefreshNotFound", message));
    };
    (refresh.status, refresh.ended) = (Status::Cancelled, Some(now));
    Ok(json!({"InstanceRefreshId": refresh.id}))
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let name = required(input, "AutoScalingGroupName")?;
    let ids = texts(input.get("InstanceRefreshIds"));
    let group = super::find(world, name);
    let all = group.into_iter().flat_map(|group| group.refreshes.iter().rev());
    let wanted = all.filter(|refresh| ids.is_empty() || ids.contains(&refresh.id));
    let views: Vec<Value> = wanted.map(|refresh| view(name, refresh)).collect();
    page(world, input, "InstanceRefreshes", &views)
}

fn view(group: &str, refresh: &Refresh) -> Value {
    let done = refresh.total.saturating_sub(refresh.left.len());
    let mut view = json!({
        "InstanceRefreshId": refresh.id,
        "AutoScalingGroupName": group,
        "Status": refresh.status,
        "StatusReason": refresh.reason,
        "StartTime": iso_time(refresh.started),
        "EndTime": refresh.ended.map(iso_time),
        "PercentageComplete": (done * 100).checked_div(refresh.total).unwrap_or(100),
        "InstancesToUpdate": refresh.left.len(),
        "DesiredConfiguration": refresh.wanted.as_ref().map(|(template, policy)| match policy {
            Some(policy) => json!({"MixedInstancesPolicy": policy.view(template)}),
            None => json!({"LaunchTemplate": template}),
        }),
    });
    if let Some(members) = view.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    view
}

/// Whether one is under way.
pub(super) fn is_active(group: &Group) -> bool {
    group.refreshes.last().is_some_and(|refresh| refresh.status == Status::InProgress)
}

/// What a group launches from: with a refresh under way, what that was started for.
pub(super) fn launches(group: &Group) -> (&Value, Option<&Mixed>) {
    let active = group.refreshes.last().filter(|refresh| refresh.status == Status::InProgress);
    let wanted = active.and_then(|refresh| refresh.wanted.as_ref());
    wanted.map_or((&group.template, group.mixed.as_ref()), |(template, policy)| (template, policy.as_ref()))
}

/// How many instances more than wanted a refresh has launched first.
pub(super) fn surge(group: &Group) -> i64 {
    let Some(refresh) = group.refreshes.last().filter(|refresh| refresh.status == Status::InProgress) else { return 0 };
    let left = i64::try_from(refresh.left.len()).unwrap_or(i64::MAX);
    (group.desired * (refresh.maximum - 100) / 100)
        .max(i64::from(refresh.minimum == 100 && group.desired > 0))
        .min(left)
}

/// The next step of a refresh: as many old instances go as the minimum of healthy ones lets go.
pub(super) fn advance(world: &mut World, name: &str) {
    let Some(group) = world.ec2_auto_scaling.groups.get(name).cloned() else { return };
    let Some(refresh) = group.refreshes.last().filter(|refresh| refresh.status == Status::InProgress) else { return };
    let mut left = refresh.left.clone();
    left.retain(|id| group.members().any(|member| member.id == *id));
    let ready = |member: &&Member| is_ready(world, member, refresh.warmup);
    let healthy = i64::try_from(group.members().filter(ready).count()).unwrap_or(i64::MAX);
    // What is half gone counts as unhealthy; the share is rounded down, so that one instance of a small group can go.
    let least = (group.desired * refresh.minimum).div_euclid(100).min((group.desired + surge(&group) - 1).max(0));
    let waits = |id: &&String| {
        refresh.protected == Protected::Wait
            && group.instances.iter().any(|member| member.id == **id && member.protected)
    };
    let free: Vec<String> = left.iter().filter(|id| !waits(id)).cloned().collect();
    let go = usize::try_from((healthy - least).max(0)).unwrap_or_default();
    let going: Vec<String> = free.into_iter().take(go).collect();
    let now = world.now;
    let started = refresh.started;
    let settled = i64::try_from(group.members().count()).ok() == Some(group.desired) && healthy == group.desired;
    let mut reached = None;
    if let Some(refresh) = world.ec2_auto_scaling.groups.get_mut(name).and_then(|group| group.refreshes.last_mut()) {
        left.retain(|id| !going.contains(id));
        refresh.left.clone_from(&left);
        if left.is_empty() && going.is_empty() && settled {
            (refresh.status, refresh.ended) = (Status::Successful, Some(now));
            reached.clone_from(&refresh.wanted);
        } else if !left.is_empty() && going.is_empty() && now - started > WAITS {
            let reason = "Timed out waiting for instances that are protected from scale in.";
            (refresh.status, refresh.ended, refresh.reason) = (Status::Failed, Some(now), Some(reason.to_owned()));
        }
    }
    if let (Some(wanted), Some(group)) = (reached, world.ec2_auto_scaling.groups.get_mut(name)) {
        (group.template, group.mixed) = wanted;
    }
    for id in going {
        scaling::let_go(world, name, &id);
    }
}

/// Whether an instance runs, and has for as long as it is given.
fn is_ready(world: &World, member: &Member, warmup: i64) -> bool {
    ec2::instance(world, &member.id).is_some_and(|instance| {
        instance.state == ec2::InstanceState::Running && world.now - instance.launched_at() >= warmup
    })
}
