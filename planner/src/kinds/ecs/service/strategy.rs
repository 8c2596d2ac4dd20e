//! Strategies that shift traffic: what ECS fills in of them, and what of two target groups is its own.

use longshore_crds::ecs_service::{
    CanaryConfiguration, DeploymentConfiguration, DeploymentLifecycleHook, DeploymentStrategy, LifecycleHookTarget,
    LinearConfiguration,
};

use super::ServiceTarget;
use crate::engine::Text;

/// `DescribeServices` leaves a rolling strategy out, and a bake time of zero; of the steps that are left out ECS tells its
/// defaults (API reference, `LinearConfiguration` and `CanaryConfiguration`).
pub(super) fn normalise(deployment: &mut DeploymentConfiguration) {
    deployment.strategy = deployment.strategy.filter(|strategy| *strategy != DeploymentStrategy::Rolling);
    deployment.bake_time_in_minutes = deployment.bake_time_in_minutes.filter(|minutes| *minutes != 0);
    let linear = deployment.linear_configuration.take().unwrap_or_default();
    let canary = deployment.canary_configuration.take().unwrap_or_default();
    match deployment.strategy {
        Some(DeploymentStrategy::Linear) => {
            deployment.linear_configuration = Some(LinearConfiguration {
                step_percent: linear.step_percent.or(Some(10.0)),
                step_bake_time_in_minutes: linear.step_bake_time_in_minutes.or(Some(6)),
            });
        }
        Some(DeploymentStrategy::Canary) => {
            deployment.canary_configuration = Some(CanaryConfiguration {
                canary_percent: canary.canary_percent.or(Some(5.0)),
                canary_bake_time_in_minutes: canary.canary_bake_time_in_minutes.or(Some(10)),
            });
        }
        _ => {}
    }
    for hook in &mut deployment.lifecycle_hooks {
        hook.target_type.get_or_insert(LifecycleHookTarget::Lambda);
        hook.lifecycle_stages.sort_by_key(|stage| stage.as_str());
    }
}

/// What is left out of how long a hook is waited for is ECS's to choose. One that names no role has that of the service.
pub(super) fn disown_hooks(
    want: &[DeploymentLifecycleHook],
    role: Option<&Text>,
    seen: &mut [DeploymentLifecycleHook],
) {
    for (want, seen) in want.iter().zip(seen) {
        if want.role_arn.is_none() && seen.role_arn.as_deref() == role.and_then(Text::known) {
            seen.role_arn = None;
        }
        match (&want.timeout_configuration, &mut seen.timeout_configuration) {
            (None, timeout) => *timeout = None,
            (Some(want), Some(seen)) => {
                seen.timeout_in_minutes = seen.timeout_in_minutes.filter(|_| want.timeout_in_minutes.is_some());
                seen.action = seen.action.filter(|_| want.action.is_some());
            }
            (Some(_), None) => {}
        }
    }
}

/// The two groups of an entry are one resource: which of them ECS names first, and calls the alternate one, is its own.
pub(super) fn disown_targets(want: &[ServiceTarget], seen: &mut [ServiceTarget]) {
    for want in want {
        let Some(shift) = &want.advanced_configuration else { continue };
        let swapped = |seen: &&mut ServiceTarget| {
            let alternate = seen.advanced_configuration.as_ref().map(|shift| &shift.alternate_target_group_arn);
            (&seen.container_name, seen.container_port) == (&want.container_name, want.container_port)
                && seen.target_group_arn == shift.alternate_target_group_arn
                && alternate == Some(&want.target_group_arn)
        };
        let Some(seen) = seen.iter_mut().find(swapped) else { continue };
        seen.target_group_arn = want.target_group_arn.clone();
        if let Some(seen) = &mut seen.advanced_configuration {
            seen.alternate_target_group_arn = shift.alternate_target_group_arn.clone();
        }
    }
    seen.sort();
}
