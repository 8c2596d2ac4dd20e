//! `autoscaling/auto-scaling-group`: keeps as many instances as a capacity provider asks for.

use std::collections::BTreeSet;

use longshore_crds::ecs_cluster::SpotAllocationStrategy;
use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A group. How many instances it wants between its bounds is ECS's (developer guide, "Automatically manage Amazon ECS
/// capacity with cluster auto scaling"), and so are the tag `AmazonECSManaged`, the policies and the lifecycle hook that
/// ECS puts there: none of it is in here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoScalingGroup {
    /// At most 255 characters, unique in account and region.
    pub name: String,
    /// Id of the launch template.
    pub launch_template: Text,
    /// The number of the version that is launched.
    pub version: Text,
    /// The number of the version that instances are from, or are being replaced by ones from: where they are of several,
    /// one that is not the group's; of one whose type the group does not launch any more, with that type.
    pub instances_from: Text,
    /// What is launched where that is not the template's type, On-Demand, alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixed: Option<MixedInstances>,
    /// Fewest instances.
    pub min_size: i32,
    /// Most instances.
    pub max_size: i32,
    /// Where instances are; order has no meaning.
    pub subnets: Vec<String>,
    /// Whether what it launches is kept when it gets smaller, so that ECS says which instance may go.
    pub protects_new_instances: bool,
    /// Users' tags; instances get them too.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// A mixed instances policy (API reference, `MixedInstancesPolicy`): the template's other data hold for all types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MixedInstances {
    /// The first is wanted most.
    pub instance_types: Vec<String>,
    /// So many first are On-Demand.
    pub on_demand_base_capacity: i32,
    /// Percent of the others.
    pub on_demand_percentage_above_base_capacity: i32,
    /// Which Spot instances.
    pub spot_allocation_strategy: SpotAllocationStrategy,
    /// US dollars an hour; `None`: as much as On-Demand costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot_max_price: Option<String>,
}

impl MixedInstances {
    /// A policy that says no more than which types (API reference, `InstancesDistribution`: the defaults).
    pub fn unless_told(instance_types: Vec<String>) -> Self {
        Self {
            instance_types,
            on_demand_base_capacity: 0,
            on_demand_percentage_above_base_capacity: 100,
            spot_allocation_strategy: SpotAllocationStrategy::LowestPrice,
            spot_max_price: None,
        }
    }

    /// Whether it has Spot instances: they are as the strategy and the price say.
    fn has_spot(&self) -> bool {
        self.on_demand_percentage_above_base_capacity < 100
    }
}

/// What the object's status tells of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoScalingGroupDetail {
    /// How many instances it wants.
    pub desired_capacity: i32,
    /// How many are in service.
    pub in_service: i32,
    /// The last replacement of instances.
    pub refresh: Option<InstanceRefresh>,
}

/// A replacement of instances (API reference, `InstanceRefresh`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceRefresh {
    /// Its id.
    pub id: String,
    /// Such as `InProgress`.
    pub status: String,
    /// AWS's reason.
    pub reason: Option<String>,
    /// How much of it is done.
    pub percentage: Option<i32>,
    /// The number of the version that it was started for, where it says.
    pub version: Option<String>,
    /// The types that it was started for, where those are not the template's alone.
    pub instance_types: Vec<String>,
}

impl InstanceRefresh {
    /// Whether it goes on (API reference, `InstanceRefresh.Status`).
    pub fn is_active(&self) -> bool {
        matches!(self.status.as_str(), "Pending" | "InProgress" | "Baking" | "Cancelling" | "RollbackInProgress")
    }

    /// Whether it came to its end without having replaced everything.
    pub fn has_failed(&self) -> bool {
        matches!(self.status.as_str(), "Failed" | "Cancelled" | "RollbackFailed" | "RollbackSuccessful")
    }
}

impl AutoScalingGroup {
    /// The types that it launches, in their order, where that is not the template's alone.
    pub fn instance_types(&self) -> &[String] {
        self.mixed.as_ref().map(|mixed| mixed.instance_types.as_slice()).unwrap_or_default()
    }

    /// Whether a refresh was started for what the group launches now.
    pub fn is_of(&self, refresh: &InstanceRefresh) -> bool {
        let sorted = |types: &[String]| types.iter().cloned().collect::<BTreeSet<_>>();
        let version = self.version.known();
        version.is_some()
            && refresh.version.as_deref() == version
            && sorted(&refresh.instance_types) == sorted(self.instance_types())
    }
}

outputs! {
    /// What others refer to.
    AutoScalingGroupOutput {
        /// The ARN.
        Arn = "arn",
    }
}

impl Kind for AutoScalingGroup {
    const NAME: &'static str = "autoscaling/auto-scaling-group";
    const TEARDOWN: u8 = teardown::AUTO_SCALING_GROUP;
    const FIXED: &'static [&'static str] = &["name"];
    const ADDRESS: &'static [&'static str] = &["name"];
    const CHANGED_BY: &'static [&'static str] = &[
        "UpdateAutoScalingGroup",
        "StartInstanceRefresh",
        "CancelInstanceRefresh",
        "CreateOrUpdateTags",
        "DeleteTags",
        "DeleteAutoScalingGroup",
    ];
    type Output = AutoScalingGroupOutput;

    /// What says which Spot instances means nothing where there are none.
    fn normalise(mut self) -> Self {
        self.subnets.sort();
        if let Some(mixed) = self.mixed.as_mut().filter(|mixed| !mixed.has_spot()) {
            mixed.spot_allocation_strategy = SpotAllocationStrategy::LowestPrice;
            mixed.spot_max_price = None;
        }
        self
    }

    fn ready(&self, seen: &Seen<Self>) -> Ready {
        let refresh = seen.detail::<AutoScalingGroupDetail>().and_then(|detail| detail.refresh);
        let failed = refresh.filter(|refresh| refresh.has_failed() && self.is_of(refresh));
        let Some(refresh) = failed else { return Ready::Ready };
        Ready::Broken(format!(
            "InstanceRefreshFailed: instances were to be replaced by ones from version {} of the launch template, and the \
             instance refresh {} is {}{}: mend what it names, then start another (aws autoscaling start-instance-refresh \
             --auto-scaling-group-name {}), or change the spec",
            self.version,
            refresh.id,
            refresh.status,
            refresh.reason.map(|reason| format!(": {reason}")).unwrap_or_default(),
            self.name
        ))
    }
}
