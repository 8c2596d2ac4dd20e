//! `scheduler/schedule`: when EventBridge Scheduler starts tasks, and which.

use jiff::Timestamp;
use longshore_crds::PropagateTags;
use longshore_crds::ecs_service::{CapacityProviderStrategyItem, LaunchType, PlacementConstraint, PlacementStrategy};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::ecs::service::Network;
use crate::kinds::{outputs, teardown};
use crate::schedule::Expression;

/// A schedule of the group `default`: the members of `CreateSchedule` and `UpdateSchedule`. It has no tags; whose it is
/// stands in its description (docs/decisions/0014-triggers.md).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// At most 64 characters.
    pub name: String,
    /// `cron(...)`, `rate(...)` or `at(...)`.
    pub expression: String,
    /// IANA's name; `None` is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// When what repeats at a rate is due first (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Minutes within which it may start late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flexible_window_minutes: Option<i32>,
    /// Whether it starts anything.
    pub enabled: bool,
    /// What it starts.
    pub target: Target,
    /// What Longshore never asks for, in words: only ever seen, and a difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<String>,
}

/// A task of ECS, and what becomes of a start that fails: the target of a schedule, or of a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// ARN of the cluster.
    pub cluster: String,
    /// The role that it is started by.
    pub role_arn: Text,
    /// The overrides of `RunTask`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Seconds after which a start is given up; `None` is a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_event_age_in_seconds: Option<i32>,
    /// How often it is tried again; `None` is 185.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<i32>,
    /// ARN of the queue that is told of a start that was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_arn: Option<String>,
    /// The other members of `RunTask`.
    pub ecs: EcsParameters,
}

/// `EcsParameters` of the APIs of Scheduler and EventBridge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EcsParameters {
    /// ARN of the revision: of a family alone the newest revision would run, a rejected one too.
    pub task_definition_arn: Text,
    /// `None` is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_count: Option<i32>,
    /// Mutually exclusive with a strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// At most six.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Fargate's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// Where its interfaces are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// By it the tasks are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Conditions on instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_constraints: Vec<PlacementConstraint>,
    /// The order matters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_strategy: Vec<PlacementStrategy>,
    /// What events repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Whether tasks are tagged with their cluster.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enable_ecs_managed_tags: bool,
    /// Whether commands can be run in containers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enable_execute_command: bool,
    /// Whose tags the tasks take over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
}

/// API reference, `CreateSchedule`: `RetryPolicy`'s defaults, and those of the rest. A rule's are the same (user guide of
/// EventBridge, "How EventBridge retries delivering events").
const MAXIMUM_AGE_SECONDS: i32 = 86_400;
const MAXIMUM_ATTEMPTS: i32 = 185;
const UTC: &str = "UTC";

outputs! {
    /// What others refer to.
    ScheduleOutput {
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for Schedule {
    const NAME: &'static str = "scheduler/schedule";
    const TEARDOWN: u8 = teardown::SCHEDULE;
    const FIXED: &'static [&'static str] = &["name"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const RESTS: bool = true;
    const TIMED: &'static [&'static str] = &["startDate"];
    const CHANGED_BY: &'static [&'static str] = &["CreateSchedule", "UpdateSchedule", "DeleteSchedule"];
    type Output = ScheduleOutput;

    fn normalise(mut self) -> Self {
        self.timezone.get_or_insert_with(|| UTC.to_owned());
        if let Some(read) = self.start_date.as_ref().and_then(|time| time.parse::<Timestamp>().ok()) {
            self.start_date = Some(read.to_string());
        }
        self.target = self.target.normalise();
        self
    }

    /// A rate goes on from where it began: any time at which it is due is as good a beginning as another. AWS takes no
    /// notice of one elsewhere.
    fn disown(&self, seen: &mut Self) {
        if self.starts_alike(seen) {
            seen.start_date.clone_from(&self.start_date);
        }
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}

impl Schedule {
    fn starts_alike(&self, other: &Self) -> bool {
        let Ok(Expression::Rate(period)) = Expression::read(&self.expression) else { return false };
        let second = |date: &Option<String>| Some(date.as_ref()?.parse::<Timestamp>().ok()?.as_second());
        let (Some(one), Some(two)) = (second(&self.start_date), second(&other.start_date)) else { return false };
        one.abs_diff(two).checked_rem(period.as_secs().unsigned_abs()) == Some(0)
    }
}

impl Target {
    pub(crate) fn normalise(mut self) -> Self {
        self.maximum_event_age_in_seconds.get_or_insert(MAXIMUM_AGE_SECONDS);
        self.maximum_retry_attempts.get_or_insert(MAXIMUM_ATTEMPTS);
        self.ecs = self.ecs.normalise();
        self
    }
}

impl EcsParameters {
    /// Security groups and subnets have no order, nor have constraints and a strategy of capacity providers.
    fn normalise(mut self) -> Self {
        self.task_count.get_or_insert(1);
        if let Some(network) = &mut self.network {
            network.subnets.sort();
            network.security_groups.sort();
        }
        self.capacity_provider_strategy.sort_by(|one, other| one.capacity_provider.cmp(&other.capacity_provider));
        for item in &mut self.capacity_provider_strategy {
            item.base = item.base.filter(|base| *base != 0);
            item.weight = item.weight.filter(|weight| *weight != 0);
        }
        self.placement_constraints.sort_by_key(|constraint| format!("{constraint:?}"));
        self.propagate_tags = self.propagate_tags.filter(|tags| *tags != PropagateTags::None);
        self
    }
}
