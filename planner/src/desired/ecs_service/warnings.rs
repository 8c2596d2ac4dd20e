//! What will work and is probably not meant.

use longshore_crds::EcsServiceSpec;

use super::service::{MAXIMUM_PERCENT, MINIMUM_HEALTHY_PERCENT};
use crate::desired::obstacle::Warning;
use crate::engine::FieldPath;

/// Rollouts that can never move: ECS rounds the minimum up and the maximum down, and can then neither start a new
/// task nor stop an old one (API reference, `DeploymentConfiguration`).
pub(super) fn warnings(spec: &EcsServiceSpec) -> Vec<Warning> {
    let desired = spec.desired_count.unwrap_or(1);
    let configuration = spec.deployment_configuration.as_ref();
    let minimum = configuration.and_then(|c| c.minimum_healthy_percent).unwrap_or(MINIMUM_HEALTHY_PERCENT);
    let maximum = configuration.and_then(|c| c.maximum_percent).unwrap_or(MAXIMUM_PERCENT);
    let (least, most) = ((desired * minimum + 99) / 100, desired * maximum / 100);
    if desired == 0 || least < desired || most > desired {
        return vec![];
    }
    vec![Warning {
        at: FieldPath::from("spec.deploymentConfiguration"),
        message: format!(
            "a rollout can never move: {minimum} % of {desired} must stay and {maximum} % may run, so ECS can neither \
             stop an old task nor start a new one; raise maximumPercent or lower minimumHealthyPercent"
        ),
    }]
}
