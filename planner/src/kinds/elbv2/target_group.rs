//! `elbv2/target-group`: where a service's tasks are registered by ECS.

use longshore_crds::ecs_service::{ProtocolVersion, TargetProtocol};
use serde::{Deserialize, Serialize};

use super::{Attributes, disown_attributes};
use crate::engine::{Kind, Ready, Seen};
use crate::kinds::{Tags, outputs, teardown};

/// A target group, with its attributes, and without its targets: those are ECS's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroup {
    /// At most 32 letters, digits and hyphens, unique in account and region (API reference, `CreateTargetGroup`).
    pub name: String,
    /// What is spoken to targets.
    pub protocol: TargetProtocol,
    /// Which version of HTTP.
    pub protocol_version: ProtocolVersion,
    /// The port of targets that are registered without one.
    pub port: i32,
    /// The VPC.
    pub vpc_id: String,
    /// What targets are.
    pub target_type: TargetType,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// Those that are Longshore's to set, by AWS's names (API reference, `TargetGroupAttribute`).
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// What targets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetType {
    /// Tasks with an interface of their own.
    Ip,
    /// Ports of instances.
    Instance,
    /// What Longshore never asks for: only ever seen.
    Lambda,
    /// What Longshore never asks for: only ever seen.
    Alb,
}

/// How targets are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// What is spoken.
    pub protocol: TargetProtocol,
    /// A number, or `traffic-port`.
    pub port: String,
    /// What is asked for.
    pub path: String,
    /// Seconds between checks.
    pub interval_seconds: i32,
    /// Seconds that one may take.
    pub timeout_seconds: i32,
    /// Successes in a row that make a target healthy.
    pub healthy_threshold_count: i32,
    /// Failures in a row that make it unhealthy.
    pub unhealthy_threshold_count: i32,
    /// Codes that count as success: of gRPC where that is spoken, or else of HTTP.
    pub codes: String,
}

outputs! {
    /// What others refer to.
    TargetGroupOutput {
        /// The ARN.
        Arn = "arn",
        /// The end of the ARN, as metrics name it: `targetgroup/NAME/ID`.
        ArnSuffix = "arnSuffix",
    }
}

impl Kind for TargetGroup {
    const NAME: &'static str = "elbv2/target-group";
    const TEARDOWN: u8 = teardown::TARGET_GROUP;
    // API reference, `ModifyTargetGroup`: only the health check can be modified.
    const FIXED: &'static [&'static str] = &["name", "protocol", "protocolVersion", "port", "vpcId", "targetType"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const CHANGED_BY: &'static [&'static str] =
        &["ModifyTargetGroup", "ModifyTargetGroupAttributes", "AddTags", "RemoveTags", "DeleteTargetGroup"];
    type Output = TargetGroupOutput;

    fn normalise(mut self) -> Self {
        self.health_check.codes.retain(|c| !c.is_whitespace());
        self
    }

    fn disown(&self, seen: &mut Self) {
        disown_attributes(&self.attributes, &mut seen.attributes);
    }

    /// Whether its targets are healthy is the service's readiness: ECS counts a task only once they are.
    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
