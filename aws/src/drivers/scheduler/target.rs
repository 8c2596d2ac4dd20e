//! A schedule's target, from AWS's structures to the planner's and back.

use aws_sdk_scheduler::types as aws;
use aws_smithy_types::error::operation::BuildError;
use longshore_planner::kinds::scheduler::schedule::Target;
use serde_json::json;

use crate::drivers::ecs_parameters::ecs_parameters;

ecs_parameters!(mod ecs of aws_sdk_scheduler);

/// As AWS takes it.
pub(super) fn described(target: &Target) -> Result<aws::Target, BuildError> {
    let retry = aws::RetryPolicy::builder()
        .set_maximum_event_age_in_seconds(target.maximum_event_age_in_seconds)
        .set_maximum_retry_attempts(target.maximum_retry_attempts);
    let queue = target.dead_letter_arn.as_ref().map(|arn| aws::DeadLetterConfig::builder().arn(arn).build());
    aws::Target::builder()
        .arn(&target.cluster)
        .role_arn(target.role_arn.known().unwrap_or_default())
        .set_input(target.input.as_ref().map(ToString::to_string))
        .set_dead_letter_config(queue)
        .retry_policy(retry.build())
        .ecs_parameters(ecs::parameters(&target.ecs)?)
        .build()
}

/// As the planner compares it, and what of it Longshore never asks for.
pub(super) fn target(described: &aws::Target) -> (Target, Vec<String>) {
    let retry = described.retry_policy();
    let ecs = described.ecs_parameters();
    let target = Target {
        cluster: described.arn().to_owned(),
        role_arn: described.role_arn().into(),
        // What is no JSON is another's, and differs from all that is.
        input: described.input().map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text))),
        maximum_event_age_in_seconds: retry.and_then(aws::RetryPolicy::maximum_event_age_in_seconds),
        maximum_retry_attempts: retry.and_then(aws::RetryPolicy::maximum_retry_attempts),
        dead_letter_arn: described.dead_letter_config().and_then(|queue| queue.arn()).map(str::to_owned),
        ecs: ecs.map(ecs::of_ecs).unwrap_or_default(),
    };
    let tags = ecs.map(aws::EcsParameters::tags).filter(|tags| !tags.is_empty());
    let others = [
        ("tags of the tasks", tags.is_some()),
        ("parameters of EventBridge", described.event_bridge_parameters().is_some()),
        ("parameters of Kinesis", described.kinesis_parameters().is_some()),
        ("parameters of SageMaker", described.sage_maker_pipeline_parameters().is_some()),
        ("parameters of SQS", described.sqs_parameters().is_some()),
    ];
    let other = others.into_iter().filter(|(_, there)| *there).map(|(what, _)| what.to_owned()).collect();
    (target, other)
}
