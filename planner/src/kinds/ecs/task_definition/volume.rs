//! When two volumes are the same to ECS.

use longshore_crds::task_definition::{DockerVolumeScope, Volume};

/// Docker's own driver (Docker reference, `docker volume create`, "--driver").
const LOCAL: &str = "local";

/// A root directory of `/` is the default (API reference, `EFSVolumeConfiguration` and `S3FilesVolumeConfiguration`). An
/// EFS volume without transit encryption said reads back as it was given.
pub(super) fn normalise(volume: &mut Volume) {
    if let Some(efs) = &mut volume.efs_volume_configuration {
        efs.root_directory = efs.root_directory.take().filter(|path| path != "/");
        efs.transit_encryption_port = efs.transit_encryption_port.filter(|port| *port != 0);
    }
    if let Some(s3) = &mut volume.s3files_volume_configuration {
        s3.root_directory = s3.root_directory.take().filter(|path| path != "/");
        s3.transit_encryption_port = s3.transit_encryption_port.filter(|port| *port != 0);
    }
    if let Some(docker) = &mut volume.docker_volume_configuration {
        docker.scope.get_or_insert(DockerVolumeScope::Task);
        docker.driver.get_or_insert_with(|| LOCAL.to_owned());
        docker.autoprovision = docker.autoprovision.filter(|on| *on);
    }
    if volume.host.as_ref().is_some_and(|host| host.source_path.is_none()) {
        volume.host = None;
    }
    volume.configured_at_launch = volume.configured_at_launch.filter(|on| *on);
}
