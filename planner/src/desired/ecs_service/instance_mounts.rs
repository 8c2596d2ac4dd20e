//! File systems that tasks mount by the interface of their instance.
//!
//! Developer guide, "Use Amazon EFS volumes with Amazon ECS": on an instance it is the agent that mounts; with `awsvpc` it does so in
//! the task's own network (amazon-ecs-agent, "netns"), else in the instance's. The task role counts in either.

use std::collections::BTreeSet;

use longshore_crds::task_definition::Volume;
use longshore_crds::{EcsServiceSpec, ObjectRef};

use super::{Builder, capacity, has_interfaces, on_own_instances, providers_of};
use crate::desired::efs_file_system::NFS;
use crate::desired::mount_access::MountAccess;
use crate::desired::obstacle::{ClusterReference, FileSystemReference, Obstacle, Reference, Warning};
use crate::engine::FieldPath;

/// What the instances of a cluster must reach for a service's tasks to mount. `groups`: those of the mount targets of the file
/// systems that it names.
pub fn instance_mounts(
    spec: &EcsServiceSpec,
    cluster: &ClusterReference,
    groups: &BTreeSet<String>,
) -> BTreeSet<MountAccess> {
    if has_interfaces(spec, capacity(spec, Some(cluster))) {
        return BTreeSet::new();
    }
    let access =
        |entry: &String, group: &String| MountAccess { entry: entry.clone(), security_group_id: group.clone() };
    let entries = entries(spec, cluster).into_iter();
    entries.flat_map(|entry| groups.iter().map(move |group| access(entry, group))).collect()
}

/// The entries of its cluster on whose instances tasks may run: by a launch type, all but those that ECS manages, on which only
/// their provider starts tasks.
fn entries<'a>(spec: &'a EcsServiceSpec, cluster: &'a ClusterReference) -> BTreeSet<&'a String> {
    let named = providers_of(spec, cluster);
    let by_launch_type = |entry: &String| spec.launch_type.is_some() && !cluster.managed.contains(entry);
    cluster.instances.keys().filter(|entry| by_launch_type(entry) || named.contains(entry)).collect()
}

impl Builder<'_> {
    /// Whether the mount targets of a file system let in the instances that the tasks may run on, where they mount by those.
    pub(super) fn reached_by_instances(
        &self,
        known: &FileSystemReference,
        reference: &ObjectRef,
        at: &FieldPath,
    ) -> Result<(), Obstacle> {
        let (Some(cluster), false) = (self.references.cluster.ready(), self.has_interfaces()) else { return Ok(()) };
        let is_out = |entry: &&String| {
            let reached = cluster.instances.get(*entry);
            !reached.is_some_and(|groups| known.security_group_id.as_ref().is_some_and(|id| groups.contains(id)))
        };
        let out: Vec<&str> = entries(self.spec, cluster).into_iter().filter(is_out).map(String::as_str).collect();
        if out.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{at}.fileSystemRef: the mount targets of EfsFileSystem {} do not let in the instances {} yet, by whose network \
             interface tasks mount it; EcsCluster {} opens port {NFS} to them, unless its mode is Observe or Suspend",
            reference.name,
            out.join(", "),
            self.spec.cluster.name.as_deref().unwrap_or(&cluster.name)
        );
        Err(Obstacle::Waiting { reason: "InstancesNotLetIn".to_owned(), message })
    }

    /// Of instances that somebody else made, and of file systems that somebody else has, nobody knows the security group.
    pub(super) fn warnings_of_mounts(&self) -> Vec<Warning> {
        let (Some(cluster), false) = (self.references.cluster.ready(), self.has_interfaces()) else { return vec![] };
        let own = on_own_instances(self.spec, cluster);
        let warning = |volume: &Volume| {
            let efs = volume.efs_volume_configuration.as_ref()?;
            let message = match &efs.file_system_ref {
                None => format!(
                    "tasks mount it by the network interface of their instance: the security group of its mount targets must \
                     let in that of the instances on port {NFS} (TCP), which Longshore sees to only for an EfsFileSystem \
                     (fileSystemRef)"
                ),
                Some(_) if own => return None,
                Some(reference) => format!(
                    "tasks mount it by the network interface of their instance: put instances that Longshore did not make into \
                     {}; it sees only to those of ec2Capacity with instanceType or instanceTypes",
                    self.clients_of(reference)
                ),
            };
            let at = FieldPath::from("spec.task.volumes").item(&volume.name).member("efsVolumeConfiguration");
            Some(Warning { at, message })
        };
        self.spec.task.volumes.iter().filter_map(warning).collect()
    }

    /// The group whose members a file system lets in, as far as it is known.
    fn clients_of(&self, reference: &ObjectRef) -> String {
        let namespace = reference.namespace.as_ref().unwrap_or(&self.scope.namespace);
        let known = self.references.file_systems.get(&(namespace.clone(), reference.name.clone()));
        let id = known.and_then(Reference::ready).map(|known| known.clients_security_group_id.as_str());
        format!(
            "the security group {} (status.clientsSecurityGroupId of EfsFileSystem {})",
            id.unwrap_or("that it tells"),
            reference.name
        )
    }
}
