//! The objects that users write: one file per kind, with the schema and rules that the API server applies.
//!
//! [`AwsEnvironment`] is an account and region, [`EcsCluster`] a cluster, [`EcsService`] a service with all that is its
//! own, [`ApplicationLoadBalancer`] what traffic comes through, [`EfsFileSystem`] what tasks store, [`EcsTask`] what runs
//! once, [`EcsTaskTrigger`] what AWS starts by itself. Where ECS has the member, it has ECS's name, nesting and values. No
//! I/O happens here.

pub mod application_load_balancer;
pub mod aws_environment;
pub mod ecs_cluster;
pub mod ecs_service;
pub mod ecs_task;
pub mod ecs_task_trigger;
pub mod efs_file_system;
pub mod generated;
mod lifecycle;
mod policy_document;
mod reference;
mod rules;
mod schema;
mod size;
pub mod status;
mod tag;
pub mod task_definition;
mod words;

pub use application_load_balancer::{
    ApplicationLoadBalancer, ApplicationLoadBalancerSpec, ApplicationLoadBalancerStatus,
};
pub use aws_environment::{AwsEnvironment, AwsEnvironmentSpec, AwsEnvironmentStatus};
pub use ecs_cluster::{EcsCluster, EcsClusterSpec, EcsClusterStatus};
pub use ecs_service::{EcsService, EcsServiceSpec, EcsServiceStatus};
pub use ecs_task::{EcsTask, EcsTaskSpec, EcsTaskStatus};
pub use ecs_task_trigger::{EcsTaskTrigger, EcsTaskTriggerSpec, EcsTaskTriggerStatus};
pub use efs_file_system::{EfsFileSystem, EfsFileSystemSpec, EfsFileSystemStatus};
pub use lifecycle::{Adoption, AllowedNamespaces, DeletionPolicy, Managed, Mode, NamespacesFrom};
pub use policy_document::PolicyDocument;
pub use reference::{ClusterRef, LoadBalancerRef, ObjectRef, SecurityGroupRef};
pub use size::{Size, SizeError};
pub use tag::{PropagateTags, Tag};
pub use task_definition::{ContainerDefinition, TaskDefinition};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// The API group of every kind.
pub const GROUP: &str = "ecs.longshore.dev";

/// The version that is served and stored.
pub const VERSION: &str = "v1alpha1";

/// Tells Helm to leave an object where it is when its release goes (Helm's "Charts tips and tricks", resource policies).
const HELM_POLICY: (&str, &str) = ("helm.sh/resource-policy", "keep");

/// The definitions that a Kubernetes cluster needs, in the order in which people meet them. With a definition all of its
/// objects go, so that Helm must not delete one.
pub fn crds() -> Vec<CustomResourceDefinition> {
    let mut definitions = vec![
        AwsEnvironment::crd(),
        EcsCluster::crd(),
        EcsService::crd(),
        ApplicationLoadBalancer::crd(),
        EfsFileSystem::crd(),
        EcsTask::crd(),
        EcsTaskTrigger::crd(),
    ];
    for definition in &mut definitions {
        let (policy, keep) = HELM_POLICY;
        definition.metadata.annotations = Some([(policy.to_owned(), keep.to_owned())].into());
    }
    definitions
}
