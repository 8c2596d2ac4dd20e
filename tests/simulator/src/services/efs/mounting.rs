//! Whether a task mounts a file system.

use std::collections::BTreeMap;

use crate::services::ec2::{self, Eni};
use crate::services::iam;
use crate::world::World;

/// The port of NFS.
const NFS: i64 = 2049;

/// What is mounted, and from where.
#[derive(Clone, Debug)]
pub struct Mount<'a> {
    /// The file system, by id.
    pub file_system: &'a str,
    /// The access point, by id.
    pub access_point: Option<&'a str>,
    /// Whose rights are used; none: nobody's.
    pub role: Option<&'a str>,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// The network interface that it goes through; `None`: nobody knows it, and it is taken to reach every mount target.
    pub from: Option<&'a Eni>,
}

/// Why a task cannot mount, in the words of the mount helper (developer guide, "Stopped task error messages":
/// `ResourceInitializationError`, "failed to invoke EFS utils commands"; amazon-efs-utils).
pub fn refusal(world: &World, mount: &Mount<'_>) -> Option<String> {
    if let Some(why) = mount.from.and_then(|from| unreachable(world, mount.file_system, from)) {
        return Some(why);
    }
    let point = mount.access_point.map(|id| world.efs.access_points.get(id));
    let entered = point.is_none_or(|point| {
        point.is_some_and(|point| point.file_system == mount.file_system && point.life.state(world.now) == "available")
    });
    (!entered || !allowed(world, mount))
        .then(|| "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'".to_owned())
}

/// Why a network interface does not get to a file system.
fn unreachable(world: &World, id: &str, from: &Eni) -> Option<String> {
    let zone = ec2::subnet(world, &from.subnet_id).map(|subnet| subnet.availability_zone)?;
    // A name that is the mount target's of the task's own zone (user guide, "Mounting file systems using DNS names").
    let here = |target: &&super::mount_targets::MountTarget| target.file_system == id && target.zone == zone;
    let target = world.efs.mount_targets.values().find(here);
    let target = target.filter(|target| target.life.state(world.now) == "available");
    let Some(eni) = target.and_then(|target| ec2::interface(world, &target.interface)) else {
        return Some(format!(
            "Failed to resolve \"{id}.efs.{}.amazonaws.com\" - check that your file system ID is correct, and ensure that \
             the VPC has an EFS mount target for this file system ID.",
            world.region
        ));
    };
    (!ec2::reaches(world, from, &eni, NFS)).then(|| "mount.nfs4: Connection timed out".to_owned())
}

/// User guide, "Using IAM to control access to file systems": without a policy of its own a file system lets everybody
/// in who reaches it; with one, that or the role's own policies must allow it, and none may deny it.
fn allowed(world: &World, mount: &Mount<'_>) -> bool {
    let Some(file_system) = world.efs.file_systems.get(mount.file_system) else { return false };
    let Some(policy) = &file_system.policy else { return true };
    let resource = world.arn("elasticfilesystem", &format!("file-system/{}", mount.file_system));
    let mut context = BTreeMap::from([
        ("aws:securetransport".to_owned(), mount.encrypted.to_string()),
        ("elasticfilesystem:accessedviamounttarget".to_owned(), "true".to_owned()),
    ]);
    if let Some(id) = mount.access_point {
        let arn = world.arn("elasticfilesystem", &format!("access-point/{id}"));
        context.insert("elasticfilesystem:accesspointarn".to_owned(), arn);
    }
    let action = "elasticfilesystem:ClientMount";
    iam::allowed(world, &iam::Access { role: mount.role, action, resource: &resource, context }, Some(policy))
}
