//! Which types a provider of Managed Instances launches, as ECS has it.

use aws_sdk_ecs::error::BuildError;
use aws_sdk_ecs::types as api;
use longshore_crds::ecs_cluster::{DecimalRange, InstanceRequirements, Range, RangeFrom};
use serde::de::DeserializeOwned;

/// The words of a list as the type that has them; one that this version does not know is left out.
fn words<'a, T: DeserializeOwned>(given: impl Iterator<Item = &'a str>) -> Vec<T> {
    given.filter_map(word).collect()
}

fn word<T: DeserializeOwned>(given: &str) -> Option<T> {
    serde_json::from_value(given.into()).ok()
}

macro_rules! range {
    ($given:expr, $of:ident) => {
        $given.map(|it| $of { min: it.min(), max: it.max() })
    };
}

macro_rules! built {
    ($range:expr, $of:ident) => {
        $range.map(|it| api::$of::builder().set_min(it.min).set_max(it.max).build())
    };
}

pub(super) fn as_requirements(given: &api::InstanceRequirementsRequest) -> InstanceRequirements {
    let processors = given.v_cpu_count().map(|it| RangeFrom { min: it.min(), max: it.max() });
    let memory = given.memory_mib().map(|it| RangeFrom { min: it.min(), max: it.max() });
    InstanceRequirements {
        v_cpu_count: processors.unwrap_or_default(),
        memory_mib: memory.unwrap_or_default(),
        allowed_instance_types: given.allowed_instance_types().to_vec(),
        excluded_instance_types: given.excluded_instance_types().to_vec(),
        cpu_manufacturers: words(given.cpu_manufacturers().iter().map(api::CpuManufacturer::as_str)),
        memory_gib_per_v_cpu: range!(given.memory_gib_per_v_cpu(), DecimalRange),
        instance_generations: words(given.instance_generations().iter().map(api::InstanceGeneration::as_str)),
        spot_max_price_percentage_over_lowest_price: given.spot_max_price_percentage_over_lowest_price(),
        max_spot_price_as_percentage_of_optimal_on_demand_price: given
            .max_spot_price_as_percentage_of_optimal_on_demand_price(),
        on_demand_max_price_percentage_over_lowest_price: given.on_demand_max_price_percentage_over_lowest_price(),
        bare_metal: given.bare_metal().and_then(|it| word(it.as_str())),
        burstable_performance: given.burstable_performance().and_then(|it| word(it.as_str())),
        require_hibernate_support: given.require_hibernate_support(),
        network_interface_count: range!(given.network_interface_count(), Range),
        network_bandwidth_gbps: range!(given.network_bandwidth_gbps(), DecimalRange),
        baseline_ebs_bandwidth_mbps: range!(given.baseline_ebs_bandwidth_mbps(), Range),
        local_storage: given.local_storage().and_then(|it| word(it.as_str())),
        local_storage_types: words(given.local_storage_types().iter().map(api::LocalStorageType::as_str)),
        total_local_storage_gb: range!(given.total_local_storage_gb(), DecimalRange),
        accelerator_types: words(given.accelerator_types().iter().map(api::AcceleratorType::as_str)),
        accelerator_count: range!(given.accelerator_count(), Range),
        accelerator_manufacturers: words(
            given.accelerator_manufacturers().iter().map(api::AcceleratorManufacturer::as_str),
        ),
        accelerator_names: words(given.accelerator_names().iter().map(api::AcceleratorName::as_str)),
        accelerator_total_memory_mib: range!(given.accelerator_total_memory_mib(), Range),
    }
}

/// A list that is empty is not sent.
fn some<T, U>(all: &[T], of: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!all.is_empty()).then(|| all.iter().map(of).collect())
}

pub(super) fn requirements(want: &InstanceRequirements) -> Result<api::InstanceRequirementsRequest, BuildError> {
    let (processors, memory) = (want.v_cpu_count, want.memory_mib);
    let processors = api::VCpuCountRangeRequest::builder().min(processors.min).set_max(processors.max).build()?;
    let memory = api::MemoryMiBRequest::builder().min(memory.min).set_max(memory.max).build()?;
    Ok(api::InstanceRequirementsRequest::builder()
        .v_cpu_count(processors)
        .memory_mib(memory)
        .set_allowed_instance_types(some(&want.allowed_instance_types, Clone::clone))
        .set_excluded_instance_types(some(&want.excluded_instance_types, Clone::clone))
        .set_cpu_manufacturers(some(&want.cpu_manufacturers, |it| it.as_str().into()))
        .set_memory_gib_per_v_cpu(built!(want.memory_gib_per_v_cpu, MemoryGiBPerVCpuRequest))
        .set_instance_generations(some(&want.instance_generations, |it| it.as_str().into()))
        .set_spot_max_price_percentage_over_lowest_price(want.spot_max_price_percentage_over_lowest_price)
        .set_max_spot_price_as_percentage_of_optimal_on_demand_price(
            want.max_spot_price_as_percentage_of_optimal_on_demand_price,
        )
        .set_on_demand_max_price_percentage_over_lowest_price(want.on_demand_max_price_percentage_over_lowest_price)
        .set_bare_metal(want.bare_metal.map(|it| it.as_str().into()))
        .set_burstable_performance(want.burstable_performance.map(|it| it.as_str().into()))
        .set_require_hibernate_support(want.require_hibernate_support)
        .set_network_interface_count(built!(want.network_interface_count, NetworkInterfaceCountRequest))
        .set_network_bandwidth_gbps(built!(want.network_bandwidth_gbps, NetworkBandwidthGbpsRequest))
        .set_baseline_ebs_bandwidth_mbps(built!(want.baseline_ebs_bandwidth_mbps, BaselineEbsBandwidthMbpsRequest))
        .set_local_storage(want.local_storage.map(|it| it.as_str().into()))
        .set_local_storage_types(some(&want.local_storage_types, |it| it.as_str().into()))
        .set_total_local_storage_gb(built!(want.total_local_storage_gb, TotalLocalStorageGbRequest))
        .set_accelerator_types(some(&want.accelerator_types, |it| it.as_str().into()))
        .set_accelerator_count(built!(want.accelerator_count, AcceleratorCountRequest))
        .set_accelerator_manufacturers(some(&want.accelerator_manufacturers, |it| it.as_str().into()))
        .set_accelerator_names(some(&want.accelerator_names, |it| it.as_str().into()))
        .set_accelerator_total_memory_mib(built!(want.accelerator_total_memory_mib, AcceleratorTotalMemoryMiBRequest))
        .build())
}
