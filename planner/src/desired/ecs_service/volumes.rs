//! The file systems that tasks mount, and what they need for it.

use std::collections::BTreeSet;

use longshore_crds::ObjectRef;
use longshore_crds::task_definition::{EfsAuthorizationConfig, EfsVolumeConfiguration, Switch, Volume};
use serde_json::{Value, json};

use super::Builder;
use crate::desired::obstacle::{FileSystemReference, Obstacle, Reference};
use crate::engine::FieldPath;

/// What is mounted.
#[derive(Clone, Debug, Default)]
pub(super) struct Mounts {
    /// The volumes, each by ids.
    pub(super) volumes: Vec<Volume>,
    /// What the task role must allow.
    pub(super) statements: Vec<Value>,
    /// The groups whose members reach the file systems, each once.
    pub(super) clients: BTreeSet<String>,
}

impl Builder<'_> {
    /// Every volume as ECS takes it. Encryption in transit and the task role are used unless the spec says otherwise.
    pub(super) fn mounts(&self) -> Result<Mounts, Obstacle> {
        let mut mounts = Mounts::default();
        for volume in &self.spec.task.volumes {
            let mut volume = volume.clone();
            if let Some(efs) = &volume.efs_volume_configuration {
                let at = FieldPath::from("spec.task.volumes").item(&volume.name).member("efsVolumeConfiguration");
                let resolved = self.resolved(efs, &at, &mut mounts.clients)?;
                mounts.statements.extend(self.statement(&volume.name, &resolved));
                volume.efs_volume_configuration = Some(resolved);
            }
            mounts.volumes.push(volume);
        }
        Ok(mounts)
    }

    fn resolved(
        &self,
        efs: &EfsVolumeConfiguration,
        at: &FieldPath,
        clients: &mut BTreeSet<String>,
    ) -> Result<EfsVolumeConfiguration, Obstacle> {
        let mut resolved = efs.clone();
        let mut authorization = resolved.authorization_config.take().unwrap_or_default();
        if let Some(reference) = resolved.file_system_ref.take() {
            let known = self.file_system(&reference, at)?;
            if let Some(name) = authorization.access_point_ref.take() {
                authorization.access_point_id = Some(access_point(known, &reference, &name, at)?);
            }
            resolved.file_system_id = Some(known.file_system_id.clone());
            clients.insert(known.clients_security_group_id.clone());
        }
        let encrypted = *resolved.transit_encryption.get_or_insert(Switch::Enabled);
        authorization.iam.get_or_insert(encrypted);
        resolved.authorization_config = Some(authorization);
        Ok(resolved)
    }

    fn file_system(&self, reference: &ObjectRef, at: &FieldPath) -> Result<&FileSystemReference, Obstacle> {
        let namespace = reference.namespace.as_ref().unwrap_or(&self.scope.namespace);
        match self.references.file_systems.get(&(namespace.clone(), reference.name.clone())) {
            Some(Reference::Ready(known)) => Ok(known),
            Some(Reference::Waiting { reason, message }) => {
                Err(Obstacle::Waiting { reason: reason.clone(), message: format!("{at}.fileSystemRef: {message}") })
            }
            None => Err(Obstacle::Waiting {
                reason: "FileSystemNotFound".to_owned(),
                message: format!(
                    "{at}.fileSystemRef: there is no EfsFileSystem {} in namespace {namespace}; make it, or correct the name",
                    reference.name
                ),
            }),
        }
    }

    /// For that file system alone, and by that access point alone where one is named (EFS user guide, "Using IAM to
    /// control access to file systems"). Who only reads may not write.
    fn statement(&self, volume: &str, efs: &EfsVolumeConfiguration) -> Option<Value> {
        let EfsAuthorizationConfig { access_point_id, iam, .. } = efs.authorization_config.clone().unwrap_or_default();
        if iam != Some(Switch::Enabled) {
            return None;
        }
        let containers = &self.spec.task.container_definitions;
        let mut mounted = containers.iter().flat_map(|container| &container.mount_points);
        let writes = mounted.any(|mount| mount.source_volume == volume && mount.read_only != Some(true));
        let actions = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"];
        let id = efs.file_system_id.as_deref().unwrap_or_default();
        let mut statement = json!({
            "Effect": "Allow",
            "Action": actions.get(..if writes { 2 } else { 1 }),
            "Resource": self.scope.arn("elasticfilesystem", &format!("file-system/{id}")),
        });
        if let (Some(id), Some(members)) = (access_point_id, statement.as_object_mut()) {
            let arn = self.scope.arn("elasticfilesystem", &format!("access-point/{id}"));
            let only = json!({"StringEquals": {"elasticfilesystem:AccessPointArn": arn}});
            members.insert("Condition".to_owned(), only);
        }
        Some(statement)
    }
}

/// The id of an access point that a file system names.
fn access_point(
    known: &FileSystemReference,
    reference: &ObjectRef,
    name: &str,
    at: &FieldPath,
) -> Result<String, Obstacle> {
    let at = at.member("authorizationConfig.accessPointRef");
    let waiting = |reason: &str, message: String| Obstacle::Waiting { reason: reason.to_owned(), message };
    match known.access_points.get(name) {
        Some(Some(id)) => Ok(id.clone()),
        Some(None) => Err(waiting(
            "FileSystemNotReady",
            format!("{at}: EfsFileSystem {} has no access point {name} in AWS yet", reference.name),
        )),
        None => Err(waiting(
            "AccessPointNotFound",
            format!(
                "{at}: EfsFileSystem {} has no access point {name}; add it to its spec.accessPoints, or correct the name",
                reference.name
            ),
        )),
    }
}
