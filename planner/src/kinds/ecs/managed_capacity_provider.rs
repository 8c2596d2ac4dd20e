//! `ecs/managed-capacity-provider`: a capacity provider of ECS Managed Instances, which ECS launches and takes away itself.
//!
//! Beside [`super::capacity_provider`], with which it shares nothing but the calls: it belongs to one cluster, and says itself
//! what is launched.

use longshore_crds::ecs_cluster::{
    CapacityOptionType, Inclusion, InstanceGeneration, InstanceRequirements, ManagedMonitoring, PropagateManagedTags,
};
use longshore_crds::task_definition::Switch;
use serde::{Deserialize, Serialize};

use crate::engine::{Kind, Ready, Seen, Text};
use crate::kinds::{Tags, outputs, teardown};

/// A capacity provider of Managed Instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedCapacityProvider {
    /// Unique in account and region, among those of Auto Scaling groups too (developer guide, "Troubleshooting Amazon ECS Managed
    /// Instances errors": "already exists with account or a different cluster"). It stands for what ECS cannot change as well:
    /// `UpdateCapacityProvider` takes neither `capacityOptionType` nor `fipsEnabled`.
    pub name: String,
    /// The name of its one cluster.
    pub cluster: String,
    /// ARN of the role by which ECS launches instances.
    pub infrastructure_role: Text,
    /// What is launched.
    pub launch: ManagedLaunch,
    /// Seconds until an idle instance goes, -1: never; `None`: as ECS judges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_in_after: Option<i32>,
    /// Whether impaired instances are replaced; `None`: as ECS has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_repair: Option<Switch>,
    /// Whose tags instances get.
    pub propagate_tags: PropagateManagedTags,
    /// Users' tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// `InstanceLaunchTemplate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedLaunch {
    /// ARN.
    pub instance_profile: Text,
    /// Ids; order has no meaning.
    pub subnets: Vec<String>,
    /// Ids; order has no meaning.
    pub security_groups: Vec<Text>,
    /// How instances are paid for.
    pub capacity_option_type: CapacityOptionType,
    /// Which types; `None`: as ECS chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<InstanceRequirements>,
    /// GiB of the data volume; `None` is 80.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_size: Option<i32>,
    /// Whether disks of the instance itself stand in for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub local_storage: bool,
    /// How much CloudWatch is told.
    pub monitoring: ManagedMonitoring,
    /// FIPS modules; `None`: as the region has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fips_enabled: Option<bool>,
    /// Whether an instance's tags are in its metadata, which takes no key with a slash (API reference,
    /// `InstanceLaunchTemplate.instanceMetadataTagsPropagation`).
    pub metadata_tags: bool,
}

impl ManagedLaunch {
    /// GiB (developer guide, "Architect for Amazon ECS Managed Instances", "Instance storage").
    pub const DEFAULT_STORAGE: i32 = 80;
}

/// EC2 API reference, `InstanceRequirementsRequest`.
const DEFAULT_SPOT_PRICE: i32 = 100;
/// EC2 API reference, `InstanceRequirementsRequest`.
const DEFAULT_ON_DEMAND_PRICE: i32 = 20;

/// What ECS says of a provider beside its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedProviderDetail {
    /// Why it could not be made or changed, in ECS's words.
    pub failed: Option<String>,
}

outputs! {
    /// What others refer to.
    ManagedCapacityProviderOutput {
        /// The ARN.
        Arn = "arn",
        /// The name.
        Name = "name",
    }
}

impl Kind for ManagedCapacityProvider {
    const NAME: &'static str = "ecs/managed-capacity-provider";
    const TEARDOWN: u8 = teardown::CAPACITY_PROVIDER;
    const FIXED: &'static [&'static str] = &["name", "cluster"];
    const ADDRESS: &'static [&'static str] = &["name", "cluster"];
    const CHANGED_BY: &'static [&'static str] =
        &["UpdateCapacityProvider", "TagResource", "UntagResource", "DeleteCapacityProvider"];
    type Output = ManagedCapacityProviderOutput;

    fn normalise(mut self) -> Self {
        let launch = &mut self.launch;
        launch.subnets.sort();
        launch.security_groups.sort();
        launch.storage_size = launch.storage_size.filter(|size| *size != ManagedLaunch::DEFAULT_STORAGE);
        launch.requirements = launch.requirements.take().map(normal);
        self
    }

    /// What nobody asks for ECS may choose, and tell.
    fn disown(&self, seen: &mut Self) {
        if self.launch.requirements.is_none() {
            seen.launch.requirements = None;
        }
        if self.launch.fips_enabled.is_none() {
            seen.launch.fips_enabled = None;
        }
        if self.auto_repair.is_none() {
            seen.auto_repair = None;
        }
    }

    fn ready(&self, seen: &Seen<Self>) -> Ready {
        match seen.detail::<ManagedProviderDetail>().and_then(|detail| detail.failed) {
            Some(why) => Ready::Broken(format!("CapacityProviderFailed: ECS could not do what was asked of it: {why}")),
            None => Ready::Ready,
        }
    }
}

/// With what EC2 takes for what is left out (EC2 API reference, `InstanceRequirementsRequest`), and without order.
fn normal(mut asked: InstanceRequirements) -> InstanceRequirements {
    let without = |given: Option<Inclusion>, default: Inclusion| given.filter(|it| *it != default);
    asked.bare_metal = without(asked.bare_metal, Inclusion::Excluded);
    asked.burstable_performance = without(asked.burstable_performance, Inclusion::Excluded);
    asked.local_storage = without(asked.local_storage, Inclusion::Included);
    asked.require_hibernate_support = asked.require_hibernate_support.filter(|it| *it);
    let price = &mut asked.spot_max_price_percentage_over_lowest_price;
    *price = price.filter(|it| *it != DEFAULT_SPOT_PRICE);
    let price = &mut asked.on_demand_max_price_percentage_over_lowest_price;
    *price = price.filter(|it| *it != DEFAULT_ON_DEMAND_PRICE);
    asked.allowed_instance_types.sort();
    asked.excluded_instance_types.sort();
    asked.cpu_manufacturers.sort_unstable();
    asked.instance_generations.sort_unstable();
    if asked.instance_generations == InstanceGeneration::ALL {
        asked.instance_generations.clear();
    }
    asked.local_storage_types.sort_unstable();
    asked.accelerator_types.sort_unstable();
    asked.accelerator_manufacturers.sort_unstable();
    asked.accelerator_names.sort_unstable();
    asked
}
