//! One file per AWS resource kind, with the same names as in the planner's `kinds`.

mod application_autoscaling;
mod autoscaling;
mod driver;
mod ec2;
mod ecs;
mod ecs_parameters;
mod efs;
mod elbv2;
mod eventbridge;
mod iam;
mod joins;
mod lists;
mod logs;
mod route53;
mod scheduler;
mod service_discovery;

pub(crate) use driver::{Answers, AnyDriver, Ask, Driver, Found, Glimpsed};
pub(crate) use ec2::tags_of as ec2_tags;
pub(crate) use ecs::deployed::deployed;
pub use ecs::one_off::{Started, leave_trace, one_off_tasks, run_task, settle_traces, stop_task, traces};
pub(crate) use ecs::triggered::revision_roles;
pub use ecs::triggered::triggered_tasks;
pub(crate) use elbv2::listener_rule::taken_priorities;
pub(crate) use joins::{Joins, filter, only_missing};
pub(crate) use lists::{Listed, Lists};
pub(crate) use service_discovery::namespaces::namespaces as cloud_map_namespaces;

/// Every driver of this version.
const ALL: &[&dyn AnyDriver] = &[
    &ecs::cluster::ClusterDriver,
    &ecs::cluster_capacity_providers::ClusterCapacityProvidersDriver,
    &ecs::capacity_provider::CapacityProviderDriver,
    &ecs::managed_capacity_provider::ManagedCapacityProviderDriver,
    &ecs::service::ServiceDriver,
    &ecs::task_definition::TaskDefinitionDriver,
    &ec2::launch_template::LaunchTemplateDriver,
    &ec2::security_group::SecurityGroupDriver,
    &ec2::security_group_rule::SecurityGroupRuleDriver,
    &efs::file_system::FileSystemDriver,
    &efs::mount_target::MountTargetDriver,
    &efs::access_point::AccessPointDriver,
    &elbv2::load_balancer::LoadBalancerDriver,
    &elbv2::listener::ListenerDriver,
    &elbv2::target_group::TargetGroupDriver,
    &elbv2::listener_rule::ListenerRuleDriver,
    &iam::role::RoleDriver,
    &iam::instance_profile::InstanceProfileDriver,
    &autoscaling::auto_scaling_group::AutoScalingGroupDriver,
    &logs::log_group::LogGroupDriver,
    &route53::record_set::RecordSetDriver,
    &application_autoscaling::scalable_target::ScalableTargetDriver,
    &scheduler::schedule::ScheduleDriver,
    &eventbridge::rule::RuleDriver,
    &service_discovery::service::DiscoveryServiceDriver,
];

/// Something of the name exists and is not this object's, though it was not seen in this round.
pub(crate) fn already_exists(operation: &str, name: &str) -> crate::fault::Fault {
    crate::fault::Fault::fix(
        operation,
        "AlreadyExists",
        format!("{name} exists and is not this object's"),
        "give this one another name, or take the other over with spec.adoption: Adopt",
    )
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static dyn AnyDriver> {
    ALL.iter().copied()
}

/// The driver of a kind, if this version has one.
pub(crate) fn of(kind: &str) -> Option<&'static dyn AnyDriver> {
    ALL.iter().find(|driver| driver.kind() == kind).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_planner_has_a_driver() {
        let kinds = longshore_planner::kinds::all();
        for rules in kinds.iter() {
            assert!(of(rules.name).is_some(), "{} has no driver", rules.name);
        }
        assert_eq!(ALL.len(), kinds.iter().count());
    }
}
