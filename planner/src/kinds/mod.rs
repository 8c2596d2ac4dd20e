//! One file per AWS resource kind, in folders by service: its value, AWS's defaults, what cannot change, readiness.

pub mod application_autoscaling;
pub mod autoscaling;
pub mod ec2;
pub mod ecs;
pub mod efs;
pub mod elbv2;
pub mod eventbridge;
pub mod iam;
pub mod logs;
pub mod route53;
pub mod scheduler;
pub mod service_discovery;

use std::collections::BTreeMap;

use crate::engine::Kinds;

/// Tags that users asked for, without Longshore's own.
pub type Tags = BTreeMap<String, String>;

/// Teardown ranks of every kind in one place, since they mean something only beside each other: in a full deletion
/// lower ranks go first. Roles go last, since a service whose role's policy went first never drains.
pub mod teardown {
    /// `route53/record-set`: nobody is led to what goes.
    pub const RECORD_SET: u8 = 3;
    /// `scheduler/schedule`, `eventbridge/rule`: nothing more is started in what goes.
    pub const SCHEDULE: u8 = 4;
    /// `application-autoscaling/scalable-target`: before its service, which it would scale out again.
    pub const SCALABLE_TARGET: u8 = 5;
    /// `ecs/service`.
    pub const SERVICE: u8 = 10;
    /// `service-discovery/service`: in which the tasks of a service are registered until they stop.
    pub const DISCOVERY_SERVICE: u8 = 15;
    /// `elbv2/listener-rule`: once nothing is behind it, since ECS counts on it while a service drains.
    pub const LISTENER_RULE: u8 = 20;
    /// `elbv2/target-group`: which a listener rule must not use any more.
    pub const TARGET_GROUP: u8 = 25;
    /// `elbv2/listener`.
    pub const LISTENER: u8 = 30;
    /// `elbv2/load-balancer`.
    pub const LOAD_BALANCER: u8 = 35;
    /// `ecs/task-definition`.
    pub const TASK_DEFINITION: u8 = 40;
    /// `efs/access-point`.
    pub const ACCESS_POINT: u8 = 45;
    /// `efs/mount-target`: whose network interface is in a security group.
    pub const MOUNT_TARGET: u8 = 50;
    /// `efs/file-system`: once it has no mount targets.
    pub const FILE_SYSTEM: u8 = 55;
    /// `ecs/cluster-capacity-providers`: a provider that a cluster has cannot go.
    pub const CLUSTER_CAPACITY_PROVIDERS: u8 = 56;
    /// `ecs/capacity-provider`, `ecs/managed-capacity-provider`: before its group, which it would scale out again, and with the
    /// instances that ECS manages.
    pub const CAPACITY_PROVIDER: u8 = 57;
    /// `autoscaling/auto-scaling-group`: with its instances, which are in security groups and in the cluster.
    pub const AUTO_SCALING_GROUP: u8 = 58;
    /// `ec2/launch-template`.
    pub const LAUNCH_TEMPLATE: u8 = 59;
    /// `ec2/security-group-rule`.
    pub const SECURITY_GROUP_RULE: u8 = 60;
    /// `ec2/security-group`.
    pub const SECURITY_GROUP: u8 = 70;
    /// `logs/log-group`.
    pub const LOG_GROUP: u8 = 80;
    /// `ecs/cluster`.
    pub const CLUSTER: u8 = 85;
    /// `iam/instance-profile`: whose role cannot go before it.
    pub const INSTANCE_PROFILE: u8 = 88;
    /// `iam/role`.
    pub const ROLE: u8 = 90;
}

/// Every kind.
pub fn all() -> Kinds {
    Kinds::default()
        .with::<ecs::cluster::Cluster>()
        .with::<ecs::task_definition::TaskDefinition>()
        .with::<ecs::service::Service>()
        .with::<efs::file_system::FileSystem>()
        .with::<efs::mount_target::MountTarget>()
        .with::<efs::access_point::AccessPoint>()
        .with::<iam::role::Role>()
        .with::<logs::log_group::LogGroup>()
        .with::<ec2::security_group::SecurityGroup>()
        .with::<ec2::security_group_rule::SecurityGroupRule>()
        .with::<elbv2::load_balancer::LoadBalancer>()
        .with::<elbv2::listener::Listener>()
        .with::<elbv2::target_group::TargetGroup>()
        .with::<elbv2::listener_rule::ListenerRule>()
        .with::<route53::record_set::RecordSet>()
        .with::<application_autoscaling::scalable_target::ScalableTarget>()
        .with::<scheduler::schedule::Schedule>()
        .with::<iam::instance_profile::InstanceProfile>()
        .with::<ec2::launch_template::LaunchTemplate>()
        .with::<autoscaling::auto_scaling_group::AutoScalingGroup>()
        .with::<ecs::capacity_provider::CapacityProvider>()
        .with::<ecs::managed_capacity_provider::ManagedCapacityProvider>()
        .with::<ecs::cluster_capacity_providers::ClusterCapacityProviders>()
        .with::<eventbridge::rule::Rule>()
        .with::<service_discovery::service::DiscoveryService>()
}

/// Declares the outputs of a kind: an enumeration that names them.
macro_rules! outputs {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl From<$name> for &'static str {
            fn from(output: $name) -> Self {
                match output {
                    $($name::$variant => $word,)+
                }
            }
        }
    };
}
pub(crate) use outputs;
