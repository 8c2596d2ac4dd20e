//! The task definition.

use longshore_crds::task_definition::{Compatibility, NetworkMode};

use super::{Builder, Capacity, Ground, TASK_KEY};
use crate::engine::{Graph, GraphError, Id, Text};
use crate::kinds::ecs::task_definition::{TaskDefinition, TaskDefinitionOutput};

/// Under whose rights a task runs and is started.
pub(super) struct TaskRoles {
    pub(super) task: Option<Text>,
    pub(super) execution: Text,
    /// With which ECS makes the tasks' volumes.
    pub(super) infrastructure: Option<Text>,
}

/// The revision that the spec asks for.
pub(super) struct Revision {
    pub(super) id: Id,
    pub(super) arn: Text,
}

impl Builder<'_> {
    /// `is_rejected` is asked of the content's hash, which is known only once the definition is.
    pub(super) fn task_definition(
        &self,
        graph: &mut Graph,
        ground: &mut Ground,
        is_rejected: impl Fn(&str) -> bool,
    ) -> Result<Revision, GraphError> {
        let Ground { roles, volumes, log_group, pins, .. } = ground;
        let logs = log_group.as_ref();
        let mut content = self.spec.task.clone();
        content.volumes.clone_from(volumes);
        let containers = content.container_definitions.into_iter().map(|container| self.with_logs(container, logs));
        content.container_definitions =
            containers.map(|container| self.with_versions(self.with_image(container, pins), pins)).collect();
        let (compatibility, mode) = match self.capacity {
            Capacity::Fargate => (Compatibility::Fargate, Some(NetworkMode::Awsvpc)),
            Capacity::Instances => (Compatibility::Ec2, content.network_mode),
            // Developer guide, "Amazon ECS task networking for Amazon ECS Managed Instances": "You must specify a network mode".
            Capacity::Managed => (Compatibility::ManagedInstances, content.network_mode.or(Some(NetworkMode::Awsvpc))),
        };
        content.network_mode = mode;
        if content.requires_compatibilities.is_empty() {
            content.requires_compatibilities = vec![compatibility];
        }
        let mut definition = TaskDefinition {
            family: self.spec.task.family.clone().unwrap_or_else(|| self.base.clone()),
            task_role_arn: roles.task.clone(),
            execution_role_arn: Some(roles.execution.clone()),
            infrastructure_role_arn: roles.infrastructure.clone(),
            content,
            rejected: false,
            deployed: self.deployed.clone(),
            tags: self.scope.tags(if self.spec.task.tags.is_empty() { &self.spec.tags } else { &self.spec.task.tags }),
        };
        definition.rejected = is_rejected(&graph.identity(TASK_KEY, &definition)?.fixed);
        let handle = graph.add(TASK_KEY, definition, "spec.task", &[])?;
        Ok(Revision { arn: handle.out(TaskDefinitionOutput::Arn), id: handle.id })
    }
}
