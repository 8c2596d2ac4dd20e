//! What a group launches: its template as it is, or several types of it and Spot.

use aws_sdk_autoscaling::types::{
    AutoScalingGroup as Described, InstancesDistribution, LaunchTemplate, LaunchTemplateOverrides,
    LaunchTemplateSpecification, MixedInstancesPolicy,
};
use longshore_crds::ecs_cluster::SpotAllocationStrategy;
use longshore_planner::kinds::autoscaling::auto_scaling_group::{AutoScalingGroup, MixedInstances};

/// The template at its version.
pub(super) fn template(want: &AutoScalingGroup) -> LaunchTemplateSpecification {
    LaunchTemplateSpecification::builder()
        .launch_template_id(want.launch_template.to_string())
        .version(want.version.to_string())
        .build()
}

/// In full, since what an update leaves out stays; no price is asked for by an empty one (API reference,
/// `InstancesDistribution.SpotMaxPrice`).
pub(super) fn policy(want: &AutoScalingGroup, mixed: &MixedInstances) -> MixedInstancesPolicy {
    let of_type = |name: &String| LaunchTemplateOverrides::builder().instance_type(name).build();
    let launches = LaunchTemplate::builder()
        .launch_template_specification(template(want))
        .set_overrides(Some(mixed.instance_types.iter().map(of_type).collect()))
        .build();
    let distribution = InstancesDistribution::builder()
        .on_demand_base_capacity(mixed.on_demand_base_capacity)
        .on_demand_percentage_above_base_capacity(mixed.on_demand_percentage_above_base_capacity)
        .spot_allocation_strategy(mixed.spot_allocation_strategy.as_str())
        .spot_max_price(mixed.spot_max_price.clone().unwrap_or_default())
        .build();
    MixedInstancesPolicy::builder().launch_template(launches).instances_distribution(distribution).build()
}

/// The template of a group, wherever it says so.
pub(super) fn template_of(group: &Described) -> Option<&LaunchTemplateSpecification> {
    let mixed = group.mixed_instances_policy().and_then(|policy| policy.launch_template());
    group.launch_template().or(mixed.and_then(|mixed| mixed.launch_template_specification()))
}

/// The types of a policy, in their order.
pub(super) fn types(of: Option<&LaunchTemplate>) -> Vec<String> {
    let overrides = of.map(LaunchTemplate::overrides).unwrap_or_default();
    overrides.iter().filter_map(|one| one.instance_type()).map(str::to_owned).collect()
}

/// The policy of a group, if it has one. Left out is what it is by default.
pub(super) fn mixed_of(group: &Described) -> Option<MixedInstances> {
    let policy = group.mixed_instances_policy()?;
    let unless_told = MixedInstances::unless_told(types(policy.launch_template()));
    let Some(told) = policy.instances_distribution() else { return Some(unless_told) };
    let strategy = told.spot_allocation_strategy().unwrap_or_default();
    let known = SpotAllocationStrategy::ALL.iter().find(|known| known.as_str() == strategy).copied();
    Some(MixedInstances {
        on_demand_base_capacity: told.on_demand_base_capacity().unwrap_or(unless_told.on_demand_base_capacity),
        on_demand_percentage_above_base_capacity: told
            .on_demand_percentage_above_base_capacity()
            .unwrap_or(unless_told.on_demand_percentage_above_base_capacity),
        spot_allocation_strategy: known.unwrap_or(unless_told.spot_allocation_strategy),
        spot_max_price: told.spot_max_price().filter(|price| !price.is_empty()).map(str::to_owned),
        ..unless_told
    })
}
