//! What tasks mount, and what they need for it.

use std::collections::BTreeSet;

use longshore_crds::ObjectRef;
use longshore_crds::ecs_service::{FileSystemType, ServiceVolumeConfiguration};
use longshore_crds::task_definition::{
    EfsAuthorizationConfig, EfsVolumeConfiguration, OperatingSystemFamily, S3FilesVolumeConfiguration, Switch, Volume,
};
use serde_json::{Value, json};

use super::Builder;
use crate::desired::obstacle::{FileSystemReference, Obstacle, Reference};
use crate::engine::{FieldPath, Text};
use crate::kinds::ecs::service::{ServiceEbsVolume, ServiceVolume};

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
            let s3 = volume.s3files_volume_configuration.as_ref();
            mounts.statements.extend(s3.map(|s3| self.s3_statement(&volume.name, s3)));
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
            self.reached_by_instances(known, &reference, at)?;
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
        let id = efs.file_system_id.as_deref().unwrap_or_default();
        let file_system = self.scope.arn("elasticfilesystem", &format!("file-system/{id}"));
        let access_point = access_point_id.map(|id| self.scope.arn("elasticfilesystem", &format!("access-point/{id}")));
        Some(self.client_statement("elasticfilesystem", volume, &file_system, access_point))
    }

    /// S3 Files takes no mount without a role (API reference, `S3FilesVolumeConfiguration`; S3 user guide, "How S3 Files
    /// works with IAM").
    fn s3_statement(&self, volume: &str, s3: &S3FilesVolumeConfiguration) -> Value {
        self.client_statement("s3files", volume, &s3.file_system_arn, s3.access_point_arn.clone())
    }

    /// API reference, `ServiceManagedEBSVolumeConfiguration.filesystemType`.
    fn file_system_of_platform(&self) -> FileSystemType {
        let platform = self.spec.task.runtime_platform.as_ref().and_then(|platform| platform.operating_system_family);
        let linux = platform.is_none_or(|family| family == OperatingSystemFamily::Linux);
        if linux { FileSystemType::Xfs } else { FileSystemType::Ntfs }
    }

    fn client_statement(&self, service: &str, volume: &str, file_system: &str, access_point: Option<String>) -> Value {
        let containers = &self.spec.task.container_definitions;
        let mut mounted = containers.iter().flat_map(|container| &container.mount_points);
        let writes = mounted.any(|mount| mount.source_volume == volume && mount.read_only != Some(true));
        let actions = ["ClientMount", "ClientWrite"].map(|action| format!("{service}:{action}"));
        let mut statement = json!({
            "Effect": "Allow",
            "Action": actions.get(..if writes { 2 } else { 1 }),
            "Resource": file_system,
        });
        if let (Some(arn), Some(members)) = (access_point, statement.as_object_mut()) {
            let key = format!("{service}:AccessPointArn");
            members.insert("Condition".to_owned(), json!({"StringEquals": {key: arn}}));
        }
        statement
    }

    /// What the volumes with `configuredAtLaunch` are, each by the role that it names or the one that is made.
    pub(super) fn volume_configurations(&self, made: Option<&Text>) -> Vec<ServiceVolume> {
        let configurations = self.spec.volume_configurations.iter();
        let volume = |configuration: &ServiceVolumeConfiguration| {
            let mut volume = configuration.managed_ebs_volume.clone()?;
            volume.filesystem_type.get_or_insert(self.file_system_of_platform());
            let role_arn = volume.role_arn.clone().map(Text::from).or_else(|| made.cloned())?;
            let managed_ebs_volume = ServiceEbsVolume { role_arn, volume };
            Some(ServiceVolume { name: configuration.name.clone(), managed_ebs_volume })
        };
        configurations.filter_map(volume).collect()
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
