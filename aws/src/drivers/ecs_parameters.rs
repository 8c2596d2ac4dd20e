//! `EcsParameters`, from the planner's structures to AWS's and back. The APIs of Scheduler and of EventBridge have the same
//! shapes, each in types of its own SDK, so that a macro writes for both what would else stand twice.

use serde::de::DeserializeOwned;

/// A module that converts `EcsParameters` of one SDK.
macro_rules! ecs_parameters {
    (mod $name:ident of $sdk:ident) => {
        mod $name {
            use aws_smithy_types::error::operation::BuildError;
            use longshore_crds::ecs_service::{CapacityProviderStrategyItem, PlacementConstraint, PlacementStrategy};
            use longshore_crds::task_definition::Switch;
            use longshore_planner::kinds::ecs::service::Network;
            use longshore_planner::kinds::scheduler::schedule::EcsParameters;
            use $sdk::types as aws;

            use $crate::drivers::ecs_parameters::{some, word};

            /// As AWS takes them.
            pub(super) fn parameters(ecs: &EcsParameters) -> Result<aws::EcsParameters, BuildError> {
                let providers: Result<Vec<_>, BuildError> =
                    ecs.capacity_provider_strategy.iter().map(provider).collect();
                aws::EcsParameters::builder()
                    .task_definition_arn(ecs.task_definition_arn.known().unwrap_or_default())
                    .set_task_count(ecs.task_count)
                    .set_launch_type(ecs.launch_type.map(|word| word.as_str().into()))
                    .set_capacity_provider_strategy(some(providers?))
                    .set_platform_version(ecs.platform_version.clone())
                    .set_network_configuration(ecs.network.as_ref().map(network).transpose()?)
                    .set_group(ecs.group.clone())
                    .set_placement_constraints(some(ecs.placement_constraints.iter().map(constraint).collect()))
                    .set_placement_strategy(some(ecs.placement_strategy.iter().map(strategy).collect()))
                    .set_reference_id(ecs.reference_id.clone())
                    .enable_ecs_managed_tags(ecs.enable_ecs_managed_tags)
                    .enable_execute_command(ecs.enable_execute_command)
                    .set_propagate_tags(ecs.propagate_tags.map(|word| word.as_str().into()))
                    .build()
            }

            fn provider(item: &CapacityProviderStrategyItem) -> Result<aws::CapacityProviderStrategyItem, BuildError> {
                let built = aws::CapacityProviderStrategyItem::builder().capacity_provider(&item.capacity_provider);
                built.set_weight(item.weight).set_base(item.base).build()
            }

            fn constraint(constraint: &PlacementConstraint) -> aws::PlacementConstraint {
                let built = aws::PlacementConstraint::builder().r#type(constraint.type_.as_str().into());
                built.set_expression(constraint.expression.clone()).build()
            }

            fn strategy(strategy: &PlacementStrategy) -> aws::PlacementStrategy {
                let built = aws::PlacementStrategy::builder().r#type(strategy.type_.as_str().into());
                built.set_field(strategy.field.clone()).build()
            }

            fn network(network: &Network) -> Result<aws::NetworkConfiguration, BuildError> {
                let groups =
                    network.security_groups.iter().filter_map(|group| group.known().map(str::to_owned)).collect();
                let awsvpc = aws::AwsVpcConfiguration::builder()
                    .set_subnets(Some(network.subnets.clone()))
                    .set_security_groups(some(groups))
                    .assign_public_ip(network.assign_public_ip.as_str().into());
                Ok(aws::NetworkConfiguration::builder().awsvpc_configuration(awsvpc.build()?).build())
            }

            /// As the planner compares them.
            pub(super) fn of_ecs(ecs: &aws::EcsParameters) -> EcsParameters {
                let providers = ecs.capacity_provider_strategy().iter().map(|item| CapacityProviderStrategyItem {
                    capacity_provider: item.capacity_provider().to_owned(),
                    weight: Some(item.weight()),
                    base: Some(item.base()),
                });
                let constraints = ecs.placement_constraints().iter().filter_map(|one| {
                    let expression = one.expression().map(str::to_owned);
                    Some(PlacementConstraint { type_: word(one.r#type()?.as_str())?, expression })
                });
                let strategies = ecs.placement_strategy().iter().filter_map(|one| {
                    Some(PlacementStrategy {
                        type_: word(one.r#type()?.as_str())?,
                        field: one.field().map(str::to_owned),
                    })
                });
                EcsParameters {
                    task_definition_arn: ecs.task_definition_arn().into(),
                    task_count: ecs.task_count(),
                    launch_type: ecs.launch_type().and_then(|launch_type| word(launch_type.as_str())),
                    capacity_provider_strategy: providers.collect(),
                    platform_version: ecs.platform_version().map(str::to_owned),
                    network: ecs
                        .network_configuration()
                        .and_then(|network| network.awsvpc_configuration())
                        .map(of_network),
                    group: ecs.group().map(str::to_owned),
                    placement_constraints: constraints.collect(),
                    placement_strategy: strategies.collect(),
                    reference_id: ecs.reference_id().map(str::to_owned),
                    enable_ecs_managed_tags: Option::from(ecs.enable_ecs_managed_tags()) == Some(true),
                    enable_execute_command: Option::from(ecs.enable_execute_command()) == Some(true),
                    propagate_tags: ecs.propagate_tags().and_then(|tags| word(tags.as_str())),
                }
            }

            fn of_network(network: &aws::AwsVpcConfiguration) -> Network {
                Network {
                    subnets: network.subnets().to_vec(),
                    security_groups: network.security_groups().iter().map(|id| id.as_str().into()).collect(),
                    assign_public_ip: network
                        .assign_public_ip()
                        .and_then(|ip| word(ip.as_str()))
                        .unwrap_or(Switch::Disabled),
                }
            }
        }
    };
}
pub(super) use ecs_parameters;

/// `None` of an empty list.
pub(super) fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

/// AWS's word as one of ours; `None`: it is none of them.
pub(super) fn word<W: DeserializeOwned>(word: &str) -> Option<W> {
    serde_json::from_value(word.into()).ok()
}
