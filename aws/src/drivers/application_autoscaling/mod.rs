//! Application Auto Scaling, of ECS services.

mod forecasts;
mod policies;
pub(super) mod scalable_target;
mod scheduled_actions;
mod steps;
mod tracking;

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::operation::describe_scalable_targets::builders::DescribeScalableTargetsInputBuilder;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};

use crate::access::Core;
use crate::fault::Fault;

/// API reference, `DescribeScalableTargets`: 50 a page.
pub(super) const AT_ONCE: usize = 50;

/// What a resource that is not there is told by.
const GONE: &[&str] = &["ObjectNotFoundException", "ResourceNotFoundException"];

/// AWS's word as one of ours; `None`: it is none of them.
fn word<W: serde::de::DeserializeOwned>(word: &str) -> Option<W> {
    serde_json::from_value(word.into()).ok()
}

/// What scales with the count of a service's tasks.
fn dimension() -> ScalableDimension {
    ScalableDimension::from("ecs:service:DesiredCount")
}

/// The targets of these resource ids.
pub(super) async fn read_scalable_targets(
    core: Arc<Core>,
    ids: Vec<String>,
) -> Result<HashMap<String, Arc<ScalableTarget>>, Fault> {
    scalable_targets(&core, Some(ids)).await
}

/// Those of these resource ids, or all; by resource id.
async fn scalable_targets(
    core: &Core,
    ids: Option<Vec<String>>,
) -> Result<HashMap<String, Arc<ScalableTarget>>, Fault> {
    let request =
        DescribeScalableTargetsInputBuilder::default().service_namespace(ServiceNamespace::Ecs).set_resource_ids(ids);
    let mut found = HashMap::new();
    let mut token = None;
    loop {
        let page = core.send(request.clone().set_next_token(token)).await?;
        let targets = page.scalable_targets.unwrap_or_default().into_iter();
        let counts = targets.filter(|target| *target.scalable_dimension() == dimension());
        found.extend(counts.map(|target| (target.resource_id().to_owned(), Arc::new(target))));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}
