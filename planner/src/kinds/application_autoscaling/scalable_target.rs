//! `application-autoscaling/scalable-target`: between which counts a service's tasks follow metrics and times.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::scaling_policy::ScalingPolicy;
use super::scheduled_action::ScheduledAction;
use crate::engine::{Kind, Ready, Seen};
use crate::kinds::{Tags, outputs, teardown};

/// A service as a scalable target, with its scaling policies and scheduled actions. Those have neither tags nor a life of
/// their own: they are deleted with their target (API reference, `DeregisterScalableTarget`), and whose the target is, they
/// are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalableTarget {
    /// `service/CLUSTER/NAME` (API reference, `RegisterScalableTarget`).
    pub resource_id: String,
    /// Fewest tasks.
    pub min_capacity: i32,
    /// Most tasks.
    pub max_capacity: i32,
    /// What does not scale for the time being.
    #[serde(default)]
    pub suspended_state: Suspended,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, ScalingPolicy>,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scheduled_actions: BTreeMap<String, ScheduledAction>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// What does not scale: `SuspendedState` of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(clippy::struct_field_names, reason = "the names of the API")]
pub struct Suspended {
    /// Policies take no tasks away.
    pub dynamic_scaling_in_suspended: bool,
    /// Policies add no tasks.
    pub dynamic_scaling_out_suspended: bool,
    /// Scheduled actions do nothing.
    pub scheduled_scaling_suspended: bool,
}

/// What is told of a target beside its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalableTargetDetail {
    /// The ARNs of its policies, by name: alarms of CloudWatch name them.
    pub policy_arns: BTreeMap<String, String>,
}

outputs! {
    /// What others refer to.
    ScalableTargetOutput {
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for ScalableTarget {
    const NAME: &'static str = "application-autoscaling/scalable-target";
    const TEARDOWN: u8 = teardown::SCALABLE_TARGET;
    const FIXED: &'static [&'static str] = &["resourceId"];
    const ADDRESS: &'static [&'static str] = &["resourceId"];
    const CHANGED_BY: &'static [&'static str] = &[
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "DeleteScalingPolicy",
        "PutScheduledAction",
        "DeleteScheduledAction",
        "TagResource",
        "UntagResource",
        "DeregisterScalableTarget",
    ];
    type Output = ScalableTargetOutput;

    fn normalise(mut self) -> Self {
        self.policies = self.policies.into_iter().map(|(name, policy)| (name, policy.normalise())).collect();
        let actions = self.scheduled_actions.into_iter();
        self.scheduled_actions = actions.map(|(name, action)| (name, action.normalise())).collect();
        self
    }

    /// A scheduled action changes the bounds themselves (API reference, `ScalableTargetAction`), and they stay so until
    /// another does: what one of them has set is as wanted as what was asked for at first.
    fn disown(&self, seen: &mut Self) {
        let (lowest, highest) = (seen.min_capacity, seen.max_capacity);
        let mut actions = self.scheduled_actions.values();
        if actions.any(|action| action.min_capacity == Some(lowest)) {
            seen.min_capacity = self.min_capacity;
        }
        let mut actions = self.scheduled_actions.values();
        if actions.any(|action| action.max_capacity == Some(highest)) {
            seen.max_capacity = self.max_capacity;
        }
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
