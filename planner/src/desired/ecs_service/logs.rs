//! The service's log group.

use longshore_crds::ContainerDefinition;
use longshore_crds::task_definition::{LogConfiguration, LogDriver};

use super::Builder;
use crate::engine::{Graph, GraphError, Handle};
use crate::kinds::logs::log_group::LogGroup;

/// What a forgotten log group costs is bounded unless the spec says otherwise.
const DEFAULT_RETENTION_DAYS: i32 = 30;

/// A log group of the object's own.
pub(super) struct OwnLogGroup {
    pub(super) name: String,
    pub(super) handle: Handle<LogGroup>,
}

impl Builder<'_> {
    /// One for the service, if any of its containers says nothing of logs.
    pub(super) fn log_group(&self, graph: &mut Graph) -> Result<Option<OwnLogGroup>, GraphError> {
        if self.spec.task.container_definitions.iter().all(|container| container.log_configuration.is_some()) {
            return Ok(None);
        }
        let name = format!("/longshore/{}", self.base);
        let logs = self.spec.logs.as_ref();
        let group = LogGroup {
            name: name.clone(),
            retention_in_days: Some(logs.and_then(|logs| logs.retention_in_days).unwrap_or(DEFAULT_RETENTION_DAYS)),
            kms_key_id: logs.and_then(|logs| logs.kms_key_id.clone()),
            tags: self.scope.tags(&self.spec.tags),
        };
        let handle = graph.add("logs", group, "spec.logs", &[])?;
        Ok(Some(OwnLogGroup { name, handle }))
    }

    /// Containers that say nothing of logs write to the service's group, each under its own name.
    pub(super) fn with_logs(
        &self,
        mut container: ContainerDefinition,
        group: Option<&OwnLogGroup>,
    ) -> ContainerDefinition {
        if let (None, Some(group)) = (&container.log_configuration, group) {
            let options = [
                ("awslogs-group", group.name.clone()),
                ("awslogs-region", self.scope.environment.region.clone()),
                ("awslogs-stream-prefix", container.name.clone()),
            ];
            container.log_configuration = Some(LogConfiguration {
                log_driver: LogDriver::Awslogs,
                options: options.map(|(key, value)| (key.to_owned(), value)).into(),
                secret_options: vec![],
            });
        }
        container
    }
}
