//! What others than the spec decide on: the images that a pipeline deploys.

use std::borrow::Cow;

use longshore_crds::EcsServiceSpec;

use crate::desired::obstacle::{ClusterReference, DeployedRevision, Fact, Facts, Need, Obstacle};

/// The spec with the images that the service runs in place of those that are not its to say, and the ARN of the revision
/// that they were found in.
pub(super) fn with_deployed<'a>(
    spec: &'a EcsServiceSpec,
    cluster: &ClusterReference,
    service: &str,
    facts: &Facts,
) -> Result<(Cow<'a, EcsServiceSpec>, Option<String>), Obstacle> {
    if spec.ignore_changes.is_empty() {
        return Ok((Cow::Borrowed(spec), None));
    }
    let need = Need::Deployed { cluster: cluster.arn.clone(), service: service.to_owned() };
    match facts.get(&need) {
        Some(Fact::Deployed(Some(revision))) => Ok((Cow::Owned(carried(spec, revision)), Some(revision.arn.clone()))),
        // It is not there yet: the spec says what it begins with.
        Some(_) => Ok((Cow::Borrowed(spec), None)),
        None => Err(Obstacle::Needs(vec![need])),
    }
}

fn carried(spec: &EcsServiceSpec, revision: &DeployedRevision) -> EcsServiceSpec {
    let mut spec = spec.clone();
    let ignored = |name: &str| spec.ignore_changes.iter().any(|ignored| ignored.container_name == name);
    let images: Vec<Option<&String>> = spec
        .task
        .container_definitions
        .iter()
        .map(|container| revision.images.get(&container.name).filter(|_| ignored(&container.name)))
        .collect();
    let containers = spec.task.container_definitions.iter().zip(images).map(|(container, image)| {
        let mut container = container.clone();
        container.image = image.cloned().unwrap_or(container.image);
        container
    });
    spec.task.container_definitions = containers.collect();
    spec
}
