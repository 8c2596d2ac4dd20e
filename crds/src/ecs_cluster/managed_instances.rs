//! ECS Managed Instances: instances that ECS chooses, launches, patches and takes away, without a group of Auto Scaling.

use crate::{
    rules::{RuleText, Rules},
    task_definition::Switch,
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// EC2 API reference, `InstanceRequirementsRequest.AllowedInstanceTypes`.
const ALLOWED_OR_EXCLUDED: RuleText = (
    "!has(self.allowedInstanceTypes) || !has(self.excludedInstanceTypes)",
    "instanceRequirements: write allowedInstanceTypes or excludedInstanceTypes, not both",
);
/// EC2 API reference, `InstanceRequirementsRequest.SpotMaxPricePercentageOverLowestPrice`.
const ONE_PRICE_OF_SPOT: RuleText = (
    "!has(self.spotMaxPricePercentageOverLowestPrice) || !has(self.maxSpotPriceAsPercentageOfOptimalOnDemandPrice)",
    "instanceRequirements: write spotMaxPricePercentageOverLowestPrice or maxSpotPriceAsPercentageOfOptimalOnDemandPrice, \
     not both",
);
const RANGE: RuleText = ("!has(self.min) || !has(self.max) || self.min <= self.max", "min is at most max");
const RANGE_FROM: RuleText = ("!has(self.max) || self.min <= self.max", "min is at most max");

/// Instances that ECS manages: `instanceLaunchTemplate` of a Managed Instances provider, and what stands beside it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedInstances {
    /// Left out: `ON_DEMAND`. ECS cannot change it: another one is another provider, to which services move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_option_type: Option<CapacityOptionType>,
    /// Which types ECS chooses from; left out: the general-purpose ones that cost least for the tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_requirements: Option<InstanceRequirements>,
    /// The data volume, which all tasks of an instance share; left out: 80 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_configuration: Option<ManagedStorage>,
    /// Disks of the instance itself in place of a data volume, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_storage_configuration: Option<ManagedLocalStorage>,
    /// Left out: BASIC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<ManagedMonitoring>,
    /// FIPS 140 validated modules; left out: in the regions of the US government alone. ECS cannot change it, as capacityOptionType.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fips_enabled: Option<bool>,
    /// When an instance goes that is idle or hardly used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub infrastructure_optimization: Option<InfrastructureOptimization>,
    /// Whether instances that are impaired are replaced; left out: as ECS has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_repair_configuration: Option<AutoRepair>,
    /// Whether instances get the provider's tags; left out: `CAPACITY_PROVIDER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateManagedTags>,
}

words! {
    /// How instances are paid for.
    pub enum CapacityOptionType { OnDemand = "ON_DEMAND", Spot = "SPOT" }
}
words! {
    /// How much CloudWatch is told of instances.
    pub enum ManagedMonitoring { Basic = "BASIC", Detailed = "DETAILED" }
}
words! {
    /// Whose tags managed instances get.
    pub enum PropagateManagedTags { CapacityProvider = "CAPACITY_PROVIDER", None = "NONE" }
}
words! {
    /// Whether types of a kind are wanted.
    pub enum Inclusion { Included = "included", Excluded = "excluded", Required = "required" }
}
words! {
    /// Disks of an instance itself.
    pub enum LocalStorageType { Hdd = "hdd", Ssd = "ssd" }
}
words! {
    /// Who makes a processor.
    pub enum CpuManufacturer { Amazon = "amazon-web-services", Amd = "amd", Intel = "intel" }
}
words! {
    /// How old a type may be.
    pub enum InstanceGeneration { Current = "current", Previous = "previous" }
}
words! {
    /// What computes beside the processor.
    pub enum AcceleratorType { Fpga = "fpga", Gpu = "gpu", Inference = "inference" }
}
words! {
    /// Who makes an accelerator.
    pub enum AcceleratorManufacturer {
        Amazon = "amazon-web-services",
        Amd = "amd",
        Habana = "habana",
        Nvidia = "nvidia",
        Xilinx = "xilinx",
    }
}
words! {
    /// An accelerator by its name.
    pub enum AcceleratorName {
        A100 = "a100",
        A10g = "a10g",
        H100 = "h100",
        Inferentia = "inferentia",
        K520 = "k520",
        K80 = "k80",
        L4 = "l4",
        L40s = "l40s",
        M60 = "m60",
        RadeonProV520 = "radeon-pro-v520",
        T4 = "t4",
        T4g = "t4g",
        V100 = "v100",
        Vu9p = "vu9p",
    }
}

/// The data volume of managed instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedStorage {
    /// GiB.
    #[serde(rename = "storageSizeGiB")]
    #[schemars(range(min = 30, max = 16384))]
    pub storage_size_gib: i32,
}

/// Disks of managed instances themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedLocalStorage {
    /// Whether they are used; what they hold goes with the instance.
    pub use_local_storage: bool,
}

/// When an instance goes that is idle or hardly used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InfrastructureOptimization {
    /// Seconds until then; -1: never; left out: as ECS judges.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 3600))]
    pub scale_in_after: Option<i32>,
}

/// Whether instances that are impaired are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoRepair {
    /// Whether ECS does so.
    pub actions_status: Switch,
}

/// Which types ECS chooses from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[ALLOWED_OR_EXCLUDED, ONE_PRICE_OF_SPOT]))]
#[serde(rename_all = "camelCase")]
pub struct InstanceRequirements {
    /// Virtual processors.
    pub v_cpu_count: RangeFrom,
    /// MiB of memory.
    #[serde(rename = "memoryMiB")]
    pub memory_mib: RangeFrom,
    /// These alone, such as m7g.large or m7*; left out: every type that is as asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 400),
        inner(length(max = 30), regex(pattern = r"^[a-zA-Z0-9.*-]+$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub allowed_instance_types: Vec<String>,
    /// Not these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 400),
        inner(length(max = 30), regex(pattern = r"^[a-zA-Z0-9.*-]+$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub excluded_instance_types: Vec<String>,
    /// Left out: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 3), extend("x-kubernetes-list-type" = "set"))]
    pub cpu_manufacturers: Vec<CpuManufacturer>,
    /// GiB of memory for each virtual processor.
    #[serde(rename = "memoryGiBPerVCpu", skip_serializing_if = "Option::is_none")]
    pub memory_gib_per_v_cpu: Option<DecimalRange>,
    /// Left out: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 2), extend("x-kubernetes-list-type" = "set"))]
    pub instance_generations: Vec<InstanceGeneration>,
    /// Most percent above the lowest price of Spot; left out: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub spot_max_price_percentage_over_lowest_price: Option<i32>,
    /// Most percent of the price of On-Demand, in place of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_spot_price_as_percentage_of_optimal_on_demand_price: Option<i32>,
    /// Most percent above the lowest price of On-Demand; left out: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub on_demand_max_price_percentage_over_lowest_price: Option<i32>,
    /// Left out: excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bare_metal: Option<Inclusion>,
    /// Left out: excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burstable_performance: Option<Inclusion>,
    /// Left out: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_hibernate_support: Option<bool>,
    /// Network interfaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_interface_count: Option<Range>,
    /// Gigabits a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_bandwidth_gbps: Option<DecimalRange>,
    /// Megabits a second to EBS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_ebs_bandwidth_mbps: Option<Range>,
    /// Left out: included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_storage: Option<Inclusion>,
    /// Left out: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 2), extend("x-kubernetes-list-type" = "set"))]
    pub local_storage_types: Vec<LocalStorageType>,
    /// GB of disks of the instance itself.
    #[serde(rename = "totalLocalStorageGB", skip_serializing_if = "Option::is_none")]
    pub total_local_storage_gb: Option<DecimalRange>,
    /// Left out: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 3), extend("x-kubernetes-list-type" = "set"))]
    pub accelerator_types: Vec<AcceleratorType>,
    /// How many accelerators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerator_count: Option<Range>,
    /// Left out: of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 5), extend("x-kubernetes-list-type" = "set"))]
    pub accelerator_manufacturers: Vec<AcceleratorManufacturer>,
    /// Left out: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 14), extend("x-kubernetes-list-type" = "set"))]
    pub accelerator_names: Vec<AcceleratorName>,
    /// MiB of accelerators' memory in all.
    #[serde(rename = "acceleratorTotalMemoryMiB", skip_serializing_if = "Option::is_none")]
    pub accelerator_total_memory_mib: Option<Range>,
}

/// Whole numbers from one on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[RANGE_FROM]))]
#[serde(rename_all = "camelCase")]
pub struct RangeFrom {
    /// At least.
    #[schemars(range(min = 0))]
    pub min: i32,
    /// At most; left out: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max: Option<i32>,
}

/// Whole numbers between two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[RANGE]))]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// At least.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min: Option<i32>,
    /// At most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max: Option<i32>,
}

/// Numbers between two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = Rules(&[RANGE]))]
#[serde(rename_all = "camelCase")]
pub struct DecimalRange {
    /// At least.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min: Option<f64>,
    /// At most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max: Option<f64>,
}
