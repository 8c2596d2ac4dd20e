//! What will work and is probably not meant.

use longshore_crds::EcsServiceSpec;
use longshore_crds::ecs_service::Autoscaling;

use super::service::percentages;
use crate::desired::obstacle::Warning;
use crate::engine::FieldPath;

/// All of them.
pub(super) fn warnings(spec: &EcsServiceSpec) -> Vec<Warning> {
    rollout(spec).into_iter().chain(scaling(spec)).chain(exec(spec)).collect()
}

/// Developer guide, "Monitor Amazon ECS containers with ECS Exec", "Considerations": the agent writes into the container.
fn exec(spec: &EcsServiceSpec) -> Option<Warning> {
    let containers = &spec.task.container_definitions;
    let read_only = containers.iter().find(|container| container.readonly_root_filesystem == Some(true));
    let container = read_only.filter(|_| spec.enable_execute_command == Some(true))?;
    let message = format!(
        "no command can be run in the container {}: its root file system is read-only, and ECS Exec writes there; take \
         readonlyRootFilesystem out to use it",
        container.name
    );
    Some(Warning { at: FieldPath::from("spec.enableExecuteCommand"), message })
}

fn scaling(spec: &EcsServiceSpec) -> Option<Warning> {
    let idle = |scaling: &&Autoscaling| {
        scaling.target_tracking.is_empty()
            && scaling.step_scaling.is_empty()
            && scaling.predictive_scaling.is_empty()
            && scaling.scheduled_actions.is_empty()
    };
    let scaling = spec.autoscaling.as_ref().filter(idle)?;
    let message = format!(
        "no metric is followed: the count only stays between {} and {}; add an entry, or set desiredCount instead",
        scaling.min_capacity, scaling.max_capacity
    );
    Some(Warning { at: FieldPath::from("spec.autoscaling.targetTracking"), message })
}

/// A rollout that can never move: ECS rounds the minimum up and the maximum down, and can then neither start a new
/// task nor stop an old one (API reference, `DeploymentConfiguration`).
fn rollout(spec: &EcsServiceSpec) -> Option<Warning> {
    let fewest = spec.autoscaling.as_ref().map(|scaling| scaling.min_capacity);
    let desired = fewest.or(spec.desired_count).unwrap_or(1);
    let (minimum, maximum) = percentages(spec);
    let (least, most) = ((desired * minimum + 99) / 100, desired * maximum / 100);
    if desired == 0 || least < desired || most > desired {
        return None;
    }
    Some(Warning {
        at: FieldPath::from("spec.deploymentConfiguration"),
        message: format!(
            "a rollout can never move: {minimum} % of {desired} must stay and {maximum} % may run, so ECS can neither \
             stop an old task nor start a new one; raise maximumPercent or lower minimumHealthyPercent"
        ),
    })
}
