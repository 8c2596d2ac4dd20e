//! A rule's target, from AWS's structures to the planner's and back.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types as aws;
use aws_smithy_types::error::operation::BuildError;
use longshore_crds::ecs_service::{CapacityProviderStrategyItem, PlacementConstraint, PlacementStrategy};
use longshore_crds::task_definition::Switch;
use longshore_planner::kinds::ecs::service::Network;
use longshore_planner::kinds::scheduler::schedule::{EcsParameters, Target};
use serde::de::DeserializeOwned;
use serde_json::json;

/// The id of the one target that a rule of ours has.
pub(super) const ID: &str = "task";

/// What `<name>` in an input stands for; `None`: the input is passed as it is.
pub(super) type Paths = Option<BTreeMap<String, String>>;

/// As AWS takes it.
pub(super) fn described(target: &Target, paths: &Paths) -> Result<aws::Target, BuildError> {
    let retry = aws::RetryPolicy::builder()
        .set_maximum_event_age_in_seconds(target.maximum_event_age_in_seconds)
        .set_maximum_retry_attempts(target.maximum_retry_attempts);
    let queue = target.dead_letter_arn.as_ref().map(|arn| aws::DeadLetterConfig::builder().arn(arn).build());
    let text = target.input.as_ref().map(ToString::to_string);
    let template = paths.as_ref().zip(text.clone()).map(|(paths, text)| {
        let paths = paths.clone().into_iter().collect();
        aws::InputTransformer::builder().input_template(text).set_input_paths_map(Some(paths)).build()
    });
    aws::Target::builder()
        .id(ID)
        .arn(&target.cluster)
        .role_arn(target.role_arn.known().unwrap_or_default())
        .set_input(text.filter(|_| paths.is_none()))
        .set_input_transformer(template.transpose()?)
        .set_dead_letter_config(queue)
        .retry_policy(retry.build())
        .ecs_parameters(parameters(&target.ecs)?)
        .build()
}

fn parameters(ecs: &EcsParameters) -> Result<aws::EcsParameters, BuildError> {
    let providers: Result<Vec<_>, BuildError> = ecs.capacity_provider_strategy.iter().map(provider).collect();
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

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
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
    let groups = network.security_groups.iter().filter_map(|group| group.known().map(str::to_owned)).collect();
    let awsvpc = aws::AwsVpcConfiguration::builder()
        .set_subnets(Some(network.subnets.clone()))
        .set_security_groups(some(groups))
        .assign_public_ip(network.assign_public_ip.as_str().into());
    Ok(aws::NetworkConfiguration::builder().awsvpc_configuration(awsvpc.build()?).build())
}

/// As the planner compares it, the paths that its input refers to, and what of it Longshore never asks for.
pub(super) fn target(described: &aws::Target) -> (Target, Paths, Vec<String>) {
    let retry = described.retry_policy();
    let ecs = described.ecs_parameters();
    let transformer = described.input_transformer();
    let input = transformer.map(aws::InputTransformer::input_template).or(described.input());
    let target = Target {
        cluster: described.arn().to_owned(),
        role_arn: described.role_arn().unwrap_or_default().into(),
        // What is no JSON is another's, and differs from all that is.
        input: input.map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text))),
        maximum_event_age_in_seconds: retry.and_then(aws::RetryPolicy::maximum_event_age_in_seconds),
        maximum_retry_attempts: retry.and_then(aws::RetryPolicy::maximum_retry_attempts),
        dead_letter_arn: described.dead_letter_config().and_then(|queue| queue.arn()).map(str::to_owned),
        ecs: ecs.map(of_ecs).unwrap_or_default(),
    };
    let paths = transformer.map(|it| it.input_paths_map().cloned().unwrap_or_default().into_iter().collect());
    let tags = ecs.map(aws::EcsParameters::tags).filter(|tags| !tags.is_empty());
    let others = [
        ("tags of the tasks", tags.is_some()),
        ("inputPath", described.input_path().is_some()),
        ("parameters of Kinesis", described.kinesis_parameters().is_some()),
        ("parameters of Run Command", described.run_command_parameters().is_some()),
        ("parameters of Batch", described.batch_parameters().is_some()),
        ("parameters of SQS", described.sqs_parameters().is_some()),
        ("parameters of HTTP", described.http_parameters().is_some()),
        ("parameters of Redshift", described.redshift_data_parameters().is_some()),
        ("parameters of SageMaker", described.sage_maker_pipeline_parameters().is_some()),
        ("parameters of AppSync", described.app_sync_parameters().is_some()),
    ];
    let other = others.into_iter().filter(|(_, there)| *there).map(|(what, _)| what.to_owned()).collect();
    (target, paths, other)
}

fn of_ecs(ecs: &aws::EcsParameters) -> EcsParameters {
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
        Some(PlacementStrategy { type_: word(one.r#type()?.as_str())?, field: one.field().map(str::to_owned) })
    });
    EcsParameters {
        task_definition_arn: ecs.task_definition_arn().into(),
        task_count: ecs.task_count(),
        launch_type: ecs.launch_type().and_then(|launch_type| word(launch_type.as_str())),
        capacity_provider_strategy: providers.collect(),
        platform_version: ecs.platform_version().map(str::to_owned),
        network: ecs.network_configuration().and_then(|network| network.awsvpc_configuration()).map(of_network),
        group: ecs.group().map(str::to_owned),
        placement_constraints: constraints.collect(),
        placement_strategy: strategies.collect(),
        reference_id: ecs.reference_id().map(str::to_owned),
        enable_ecs_managed_tags: ecs.enable_ecs_managed_tags(),
        enable_execute_command: ecs.enable_execute_command(),
        propagate_tags: ecs.propagate_tags().and_then(|tags| word(tags.as_str())),
    }
}

fn of_network(network: &aws::AwsVpcConfiguration) -> Network {
    Network {
        subnets: network.subnets().to_vec(),
        security_groups: network.security_groups().iter().map(|id| id.as_str().into()).collect(),
        assign_public_ip: network.assign_public_ip().and_then(|ip| word(ip.as_str())).unwrap_or(Switch::Disabled),
    }
}

/// AWS's word as one of ours; `None`: it is none of them.
fn word<W: DeserializeOwned>(word: &str) -> Option<W> {
    serde_json::from_value(word.into()).ok()
}
