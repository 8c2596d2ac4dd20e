//! A rule's target, from AWS's structures to the planner's and back.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types as aws;
use aws_smithy_types::error::operation::BuildError;
use longshore_planner::kinds::scheduler::schedule::Target;
use serde_json::json;

use crate::drivers::ecs_parameters::ecs_parameters;

ecs_parameters!(mod ecs of aws_sdk_eventbridge);

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
        .ecs_parameters(ecs::parameters(&target.ecs)?)
        .build()
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
        ecs: ecs.map(ecs::of_ecs).unwrap_or_default(),
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
