//! What a service runs.

use std::collections::BTreeMap;

use longshore_planner::desired::DeployedRevision;

use super::service::exists;
use super::task_definition::registered;
use crate::access::{Aws, Read};
use crate::fault::Fault;

/// `None`: there is no such service.
pub(crate) async fn deployed(aws: &Aws<Read>, cluster: &str, service: &str) -> Result<Option<DeployedRevision>, Fault> {
    let service = aws.joins().services.get(cluster.to_owned(), service.to_owned()).await?;
    let Some(service) = service.filter(|service| exists(service)) else { return Ok(None) };
    let arn = service.task_definition().unwrap_or_default();
    // What runs was registered. Without it what somebody has deployed just now would be taken back.
    let Some(revision) = registered(aws, arn).await? else {
        let message =
            format!("{} runs {arn}, of which ECS tells nothing yet", service.service_name().unwrap_or_default());
        return Err(Fault::wait("ecs:DescribeTaskDefinition", "NotVisibleYet", message));
    };
    let containers = revision.described.container_definitions().iter();
    let image = |(name, image): (Option<&str>, Option<&str>)| Some((name?.to_owned(), image?.to_owned()));
    let images: BTreeMap<String, String> =
        containers.filter_map(|container| image((container.name(), container.image()))).collect();
    Ok(Some(DeployedRevision { arn: arn.to_owned(), images }))
}
