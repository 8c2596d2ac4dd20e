//! Instances that a cluster has of its own: a capacity provider, and its Auto Scaling group with what that launches, or instances
//! that ECS manages.

use super::ManagedInstances;
use crate::{
    rules::{RuleText, Rules},
    tag::Tag,
    task_definition::Switch,
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A group that is there already says itself what it launches, and how many; so does ECS of instances that it manages.
const ONE_SOURCE: RuleText = (
    "(has(self.autoScalingGroupArn) ? 1 : 0) + (has(self.managedInstances) ? 1 : 0) + \
     (has(self.instanceType) || has(self.instanceTypes) ? 1 : 0) == 1",
    "write one of: instanceType or instanceTypes, for a group that is made; autoScalingGroupArn, of one that is there; \
     managedInstances, for instances that ECS launches itself",
);
const OF_MANAGED: RuleText = (
    "!has(self.managedInstances) || !(has(self.amiParameter) || has(self.imageId) || has(self.amiUpdatePolicy) || \
     has(self.minSize) || has(self.maxSize) || has(self.rootVolumeGiB) || has(self.instanceRole) || \
     has(self.instancesDistribution) || has(self.managedScaling) || has(self.managedTerminationProtection) || \
     has(self.managedDraining))",
    "with managedInstances ECS chooses images and how many instances there are: leave out amiParameter, imageId, \
     amiUpdatePolicy, minSize, maxSize, rootVolumeGiB, instanceRole, instancesDistribution, managedScaling, \
     managedTerminationProtection and managedDraining",
);
const ONE_OR_SEVERAL: RuleText = (
    "!has(self.instanceType) || !has(self.instanceTypes)",
    "write instanceType, or instanceTypes in its place: not both",
);
/// As the planner's `is_arm`, by the EC2 instance types guide, "Instance type naming conventions". A launch template has one
/// image, and an image one architecture.
const ONE_PROCESSOR: RuleText = (
    "!has(self.instanceTypes) || self.instanceTypes.all(t, t.matches('^(a1[.]|[a-z]+[0-9]+[^.]*g)') == \
     self.instanceTypes[0].matches('^(a1[.]|[a-z]+[0-9]+[^.]*g)'))",
    "instanceTypes: an image runs on processors of one kind: name types with Graviton, such as m7g.large, or types without, \
     not both; for both write two entries",
);
const OF_OWN_GROUP: RuleText = (
    "!has(self.autoScalingGroupArn) || !(has(self.amiParameter) || has(self.imageId) || has(self.amiUpdatePolicy) || \
     has(self.minSize) || has(self.maxSize) || has(self.rootVolumeGiB) || has(self.subnets) || has(self.instanceRole) || \
     has(self.instancesDistribution))",
    "with autoScalingGroupArn what it launches is the group's own: leave out instancesDistribution, amiParameter, imageId, \
     amiUpdatePolicy, minSize, maxSize, rootVolumeGiB, subnets and instanceRole",
);
const ONE_IMAGE: RuleText = (
    "!has(self.imageId) || !(has(self.amiParameter) || has(self.amiUpdatePolicy))",
    "imageId names one image: leave out amiParameter and amiUpdatePolicy, or imageId",
);
const BOUNDS: RuleText = (
    "has(self.autoScalingGroupArn) || has(self.managedInstances) || (has(self.maxSize) && (!has(self.minSize) || self.minSize <= self.maxSize))",
    "write maxSize, which is at least minSize",
);
/// API reference, `AutoScalingGroupProvider.managedTerminationProtection`: managed scaling "must also be used".
const PROTECTION_NEEDS_SCALING: RuleText = (
    "!has(self.managedTerminationProtection) || self.managedTerminationProtection == 'DISABLED' || \
     !has(self.managedScaling) || !has(self.managedScaling.status) || self.managedScaling.status == 'ENABLED'",
    "managedTerminationProtection: ENABLED needs managedScaling.status: ENABLED",
);

/// API reference, `InstancesDistribution.SpotMaxPrice`.
const PRICE_OF_SPOT: RuleText = (
    "!has(self.spotMaxPrice) || double(self.spotMaxPrice) >= 0.001",
    "spotMaxPrice is at least 0.001 US dollars an hour; without it the price of On-Demand is the most that is paid",
);

/// Instances that a cluster has of its own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[ONE_SOURCE, ONE_OR_SEVERAL, ONE_PROCESSOR, OF_OWN_GROUP, OF_MANAGED, ONE_IMAGE, BOUNDS, PROTECTION_NEEDS_SCALING]))]
#[serde(rename_all = "camelCase")]
pub struct Ec2Capacity {
    /// By which strategies name it, as a capacity provider: in this cluster before any of the account.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// Such as m7g.large.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), regex(pattern = r"^[a-z0-9-]+\.[a-z0-9-]+$"))]
    pub instance_type: Option<String>,
    /// Several types of one kind of processor, in place of instanceType: the first is wanted most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 40),
        inner(length(max = 32), regex(pattern = r"^[a-z0-9-]+\.[a-z0-9-]+$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub instance_types: Vec<String>,
    /// How many are On-Demand and how many Spot; left out: all are On-Demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances_distribution: Option<InstancesDistribution>,
    /// A group that is there, in place of one that is made; the environment must grant it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 1600),
        regex(pattern = r"^arn:aws(-[a-z]+)*:autoscaling:[a-z0-9-]+:[0-9]{12}:autoScalingGroup:.+$")
    )]
    pub auto_scaling_group_arn: Option<String>,
    /// Instances that ECS chooses, launches, patches and takes away, in place of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_instances: Option<ManagedInstances>,
    /// AWS's parameter that names the image; left out: the ECS-optimised one of Amazon Linux 2023 for this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^/aws/service/.+$"))]
    pub ami_parameter: Option<String>,
    /// One image, in place of a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^ami-[0-9a-z]+$"))]
    pub image_id: Option<String>,
    /// Left out: Pinned, to the image that the parameter named first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ami_update_policy: Option<AmiUpdatePolicy>,
    /// Fewest instances; left out: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5000))]
    pub min_size: Option<i32>,
    /// Most instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5000))]
    pub max_size: Option<i32>,
    /// By which ECS keeps as many instances as tasks need.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_scaling: Option<ManagedScaling>,
    /// Whether an instance with tasks is kept when the group gets smaller; left out: as managedScaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_termination_protection: Option<Switch>,
    /// Whether tasks are moved before their instance goes; left out: ENABLED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_draining: Option<Switch>,
    /// Left out: the image's.
    #[serde(rename = "rootVolumeGiB", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub root_volume_gib: Option<i32>,
    /// Left out: the environment's private ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "set"))]
    pub subnets: Vec<String>,
    /// What instances may do beside what ECS's agent needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_role: Option<InstanceRole>,
    /// Tags of all that is made for it, and of its instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 40), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"]))]
    pub tags: Vec<Tag>,
}

words! {
    /// When instances get a new image.
    pub enum AmiUpdatePolicy { Pinned = "Pinned", Latest = "Latest" }
}

/// How many instances are On-Demand and how many Spot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[PRICE_OF_SPOT]))]
#[serde(rename_all = "camelCase")]
pub struct InstancesDistribution {
    /// So many first are On-Demand; left out: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5000))]
    pub on_demand_base_capacity: Option<i32>,
    /// Percent of the others that are On-Demand, the rest being Spot; left out: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub on_demand_percentage_above_base_capacity: Option<i32>,
    /// Which Spot instances; left out: lowest-price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot_allocation_strategy: Option<SpotAllocationStrategy>,
    /// US dollars an hour; left out: the price of On-Demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255), regex(pattern = r"^[0-9]+(\.[0-9]+)?$"))]
    pub spot_max_price: Option<String>,
}

words! {
    /// Which Spot instances are asked for.
    pub enum SpotAllocationStrategy {
        CapacityOptimized = "capacity-optimized",
        CapacityOptimizedPrioritized = "capacity-optimized-prioritized",
        LowestPrice = "lowest-price",
        PriceCapacityOptimized = "price-capacity-optimized",
    }
}

/// By which ECS keeps as many instances as tasks need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedScaling {
    /// Left out: ENABLED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Switch>,
    /// Percent of the instances that are to be in use; left out: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub target_capacity: Option<i32>,
    /// Left out: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub minimum_scaling_step_size: Option<i32>,
    /// Left out: 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub maximum_scaling_step_size: Option<i32>,
    /// Seconds until a new instance counts; left out: 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10000))]
    pub instance_warmup_period: Option<i32>,
}

/// What instances may do beside what ECS's agent needs; never what tasks may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstanceRole {
    /// Session Manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_manager: Option<bool>,
    /// The CloudWatch agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_agent: Option<bool>,
}

/// What is known of instances that a cluster has of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ec2CapacityStatus {
    /// The spec's name.
    pub name: String,
    /// The capacity provider in AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_provider: Option<String>,
    /// ARN of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_scaling_group_arn: Option<String>,
    /// The security group that instances are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_id: Option<String>,
    /// The security groups of mount targets that let these instances in, for tasks that mount by their interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mount_target_security_group_ids: Vec<String>,
    /// The image that new instances get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// Instances that the group wants just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_capacity: Option<i32>,
    /// Instances that are in service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_service: Option<i32>,
    /// How far the replacement of instances is, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_refresh: Option<String>,
}
