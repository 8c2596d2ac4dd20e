//! `application-autoscaling/scalable-target`: between which counts a service's tasks follow metrics.

use std::collections::BTreeMap;

use longshore_crds::ecs_service::PredefinedMetric;
use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// Seconds between two scalings in one direction, of an ECS service (user guide, "Target tracking scaling policies",
/// "Define cooldown periods").
pub const COOLDOWN_SECONDS: i32 = 300;

/// A service as a scalable target, with its scaling policies. Policies have neither tags nor a life of their own: they
/// are deleted with their target (API reference, `DeregisterScalableTarget`), and whose the target is, they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalableTarget {
    /// `service/CLUSTER/NAME` (API reference, `RegisterScalableTarget`).
    pub resource_id: String,
    /// Fewest tasks.
    pub min_capacity: i32,
    /// Most tasks.
    pub max_capacity: i32,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, ScalingPolicy>,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// A scaling policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase", tag = "type")]
pub enum ScalingPolicy {
    /// A metric is held near a value.
    #[serde(rename = "TargetTrackingScaling")]
    TargetTracking {
        /// Which metric.
        metric: PredefinedMetric,
        /// For `ALBRequestCountPerTarget`: the ends of the load balancer's and the target group's ARNs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource_label: Option<Text>,
        /// The value.
        target_value: f64,
        /// Seconds after a reduction before the next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scale_in_cooldown: Option<i32>,
        /// Seconds after an increase before the next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scale_out_cooldown: Option<i32>,
        /// Whether it only ever adds tasks.
        #[serde(default)]
        disable_scale_in: bool,
    },
    /// What Longshore never asks for: only ever seen.
    Other {
        /// AWS's word for what sort it is, and of which metric.
        what: String,
    },
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
        "TagResource",
        "UntagResource",
        "DeregisterScalableTarget",
    ];
    type Output = ScalableTargetOutput;

    fn normalise(mut self) -> Self {
        for policy in self.policies.values_mut() {
            if let ScalingPolicy::TargetTracking { scale_in_cooldown, scale_out_cooldown, .. } = policy {
                scale_in_cooldown.get_or_insert(COOLDOWN_SECONDS);
                scale_out_cooldown.get_or_insert(COOLDOWN_SECONDS);
            }
        }
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
