//! What the status of a file system tells beside the conditions.

use longshore_crds::EfsFileSystemStatus;
use longshore_crds::efs_file_system::{AccessPointStatus, MountTargetStatus};

use crate::desired::{CLIENTS_KEY, SECURITY_GROUP_KEY};
use crate::engine::{Graph, Id, Kind, State, World};
use crate::kinds::ec2::security_group::SecurityGroup;
use crate::kinds::efs::access_point::AccessPoint;
use crate::kinds::efs::file_system::FileSystem;
use crate::kinds::efs::mount_target::MountTarget;

/// Fills in what AWS says of a file system, and which services mount it, as `namespace/name`. Of what could not be read,
/// what was told before stays: services go by it.
pub fn fill_file_system(status: &mut EfsFileSystemStatus, graph: &Graph, world: &World, services: &[String]) {
    status.mounted_by = services.to_vec();
    status.mounted_by.sort();
    if graph.iter().any(|(id, _)| world.unknown.contains_key(id)) {
        return;
    }
    let output = |id: &Id, name: &str| world.get(id)?.outputs.get(name).cloned();
    let file_system = ids::<FileSystem>(graph).next();
    status.file_system_id = file_system.and_then(|id| output(id, "id"));
    status.file_system_arn = file_system.and_then(|id| output(id, "arn"));
    let group = |key: &str| ids::<SecurityGroup>(graph).find(|id| id.key == key).and_then(|id| output(id, "id"));
    status.security_group_id = group(SECURITY_GROUP_KEY);
    status.clients_security_group_id = group(CLIENTS_KEY);
    status.mount_targets = ids::<MountTarget>(graph).filter_map(|id| mount_target(id, world)).collect();
    let access_point = |id: &Id| Some(AccessPointStatus { name: id.key.clone(), access_point_id: output(id, "id")? });
    status.access_points = ids::<AccessPoint>(graph).filter_map(access_point).collect();
}

fn ids<K: Kind>(graph: &Graph) -> impl Iterator<Item = &Id> {
    graph.iter().map(|(id, _)| id).filter(|id| id.kind == K::NAME)
}

fn mount_target(id: &Id, world: &World) -> Option<MountTargetStatus> {
    let seen = world.seen::<MountTarget>(id)?;
    let mount_target_id = seen.outputs.get("id")?.clone();
    Some(MountTargetStatus { subnet_id: seen.value.subnet, mount_target_id, available: seen.state == State::Active })
}
