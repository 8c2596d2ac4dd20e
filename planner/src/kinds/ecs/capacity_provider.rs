//! `ecs/capacity-provider` of an Auto Scaling group.

use longshore_crds::task_definition::Switch;
use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A capacity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityProvider {
    /// Unique in account and region; it begins with none of `aws`, `ecs` and `fargate` (API reference,
    /// `CreateCapacityProvider`).
    pub name: String,
    /// ARN of the group. A group has one provider, and a provider keeps its group.
    pub auto_scaling_group: Text,
    /// How ECS scales the group.
    pub scaling: Scaling,
    /// Whether an instance with tasks is kept when the group gets smaller.
    pub managed_termination_protection: Switch,
    /// Whether tasks are moved before their instance goes.
    pub managed_draining: Switch,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// `ManagedScaling`, with its defaults (API reference).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaling {
    /// Whether ECS scales it.
    pub status: Switch,
    /// Percent of instances that are to be in use.
    pub target_capacity: i32,
    /// Fewest instances that are added at once.
    pub minimum_scaling_step_size: i32,
    /// Most instances that are added at once.
    pub maximum_scaling_step_size: i32,
    /// Seconds until a new instance counts.
    pub instance_warmup_period: i32,
}

impl Scaling {
    /// What `ManagedScaling` is where it says nothing but whether it is on.
    pub const fn unless_told(status: Switch) -> Self {
        Self {
            status,
            target_capacity: 100,
            minimum_scaling_step_size: 1,
            maximum_scaling_step_size: 10_000,
            instance_warmup_period: 300,
        }
    }
}

outputs! {
    /// What others refer to.
    CapacityProviderOutput {
        /// The ARN.
        Arn = "arn",
        /// The name.
        Name = "name",
    }
}

impl Kind for CapacityProvider {
    const NAME: &'static str = "ecs/capacity-provider";
    const TEARDOWN: u8 = teardown::CAPACITY_PROVIDER;
    const FIXED: &'static [&'static str] = &["name"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const RESTS: bool = true;
    const CHANGED_BY: &'static [&'static str] =
        &["UpdateCapacityProvider", "TagResource", "UntagResource", "DeleteCapacityProvider"];
    type Output = CapacityProviderOutput;

    /// What says how ECS scales means nothing while it does not.
    fn normalise(mut self) -> Self {
        if self.scaling.status == Switch::Disabled {
            self.scaling = Scaling::unless_told(Switch::Disabled);
        }
        self
    }

    fn ready(&self, _: &Seen<Self>) -> Ready {
        Ready::Ready
    }
}
