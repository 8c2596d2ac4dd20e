//! The service's log group.

use std::collections::BTreeSet;

use longshore_crds::task_definition::{LogConfiguration, LogDriver};
use longshore_crds::{ContainerDefinition, DeletionPolicy, EcsServiceSpec};

use super::Builder;
use crate::engine::{Graph, GraphError, Handle};
use crate::kinds::logs::log_group::LogGroup;

/// What a forgotten log group costs is bounded unless the spec says otherwise.
const DEFAULT_RETENTION_DAYS: i32 = 30;

/// The key of the log group in its object's graph.
const LOGS_KEY: &str = "logs";

/// The keys of what stays in AWS when a service wants it no more, or is deleted itself.
pub fn retained_by(spec: &EcsServiceSpec) -> BTreeSet<String> {
    let policy = spec.logs.as_ref().and_then(|logs| logs.deletion_policy);
    (policy == Some(DeletionPolicy::Retain)).then(|| LOGS_KEY.to_owned()).into_iter().collect()
}

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
        let handle = graph.add(LOGS_KEY, group, "spec.logs", &[])?;
        Ok(Some(OwnLogGroup { name, handle }))
    }

    /// Containers that say nothing of logs write to the service's group, each under its own name.
    pub(super) fn with_logs(
        &self,
        mut container: ContainerDefinition,
        group: Option<&OwnLogGroup>,
    ) -> ContainerDefinition {
        if let (None, Some(group)) = (&container.log_configuration, group) {
            let logs = self.spec.logs.as_ref();
            let options = [
                ("awslogs-group", Some(group.name.clone())),
                ("awslogs-region", Some(self.scope.environment.region.clone())),
                ("awslogs-stream-prefix", Some(container.name.clone())),
                ("mode", logs.and_then(|logs| logs.mode).map(|mode| mode.to_string())),
                ("max-buffer-size", logs.and_then(|logs| logs.max_buffer_size.clone())),
            ];
            let given = options.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
            container.log_configuration = Some(LogConfiguration {
                log_driver: LogDriver::Awslogs,
                options: given.collect(),
                secret_options: vec![],
            });
        }
        container
    }
}
