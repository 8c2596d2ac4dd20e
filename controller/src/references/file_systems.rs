//! The file systems that a service mounts.

use std::collections::BTreeMap;

use kube::{Resource, ResourceExt};
use longshore_crds::{EcsService, EfsFileSystem, EfsFileSystemStatus};
use longshore_planner::desired::{FileSystemReference, Reference, Scope, allows};

use super::{is_going, waiting};
use crate::kubernetes::{Stores, mounts_of};

/// By namespace and name. One that is not there is told by the planner.
pub(super) fn references(
    service: &EcsService,
    scope: &Scope,
    stores: &Stores,
) -> BTreeMap<(String, String), Reference<FileSystemReference>> {
    let found = mounts_of(service).filter_map(|(key, _)| {
        let file_system = stores.file_system(&key.namespace, &key.name)?;
        let known = match may_mount(&file_system, scope, stores) {
            // It goes whatever the file system says by now.
            Err(refused) if !is_going(service) => refused,
            _ => known(&file_system, service),
        };
        Some(((key.namespace, key.name), known))
    });
    found.collect()
}

fn name_of(file_system: &EfsFileSystem) -> String {
    format!("EfsFileSystem {}/{}", file_system.namespace().unwrap_or_default(), file_system.name_any())
}

/// Whether the file system admits the object: its own namespace's, or one that it allows, in the same environment.
pub(crate) fn may_mount(
    file_system: &EfsFileSystem,
    scope: &Scope,
    stores: &Stores,
) -> Result<(), Reference<FileSystemReference>> {
    let what = name_of(file_system);
    let namespace = file_system.namespace().unwrap_or_default();
    let allowed = file_system.spec.allowed_namespaces.as_ref();
    if !allows(&namespace, allowed, &scope.namespace, &scope.namespace_labels) {
        let message = format!(
            "{what} does not admit the namespace {}; its owner can add it to spec.allowedNamespaces",
            scope.namespace
        );
        return Err(waiting("FileSystemNotAllowed", message));
    }
    let its_environment = stores.environment_of(file_system);
    if its_environment != scope.environment_name {
        let message = format!(
            "{what} is in the AwsEnvironment {its_environment}, this object in {}; nothing reaches across",
            scope.environment_name
        );
        return Err(waiting("FileSystemNotAllowed", message));
    }
    if file_system.meta().deletion_timestamp.is_some() {
        return Err(waiting("FileSystemDeleting", format!("{what} is being deleted")));
    }
    Ok(())
}

/// By what its status tells. A service that is not there yet waits until every zone can be reached: its first tasks
/// would fail there. One that is goes on with what it has.
fn known(file_system: &EfsFileSystem, service: &EcsService) -> Reference<FileSystemReference> {
    let what = name_of(file_system);
    let status = file_system.status.clone().unwrap_or_default();
    let EfsFileSystemStatus {
        file_system_id,
        security_group_id,
        clients_security_group_id,
        mount_targets,
        access_points,
        ..
    } = status;
    let (Some(file_system_id), Some(clients_security_group_id)) = (file_system_id, clients_security_group_id) else {
        return waiting("FileSystemNotReady", format!("{what} is not in AWS yet"));
    };
    let made = service.status.as_ref().is_some_and(|status| status.service_arn.is_some());
    let reached = !mount_targets.is_empty() && mount_targets.iter().all(|target| target.available);
    if !made && !reached {
        return waiting("FileSystemNotReady", format!("{what} cannot be reached in every zone yet"));
    }
    let id = |name: &str| {
        let point = access_points.iter().find(|point| point.name == name);
        point.map(|point| point.access_point_id.clone())
    };
    let points = file_system.spec.access_points.iter().map(|point| (point.name.clone(), id(&point.name)));
    Reference::Ready(FileSystemReference {
        file_system_id,
        clients_security_group_id,
        security_group_id,
        access_points: points.collect(),
    })
}
