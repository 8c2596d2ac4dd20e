//! Which mount targets the instances of a cluster reach: for all objects whose tasks mount by the interface of their instance.

use std::collections::BTreeSet;

use kube::{Resource, ResourceExt};
use longshore_crds::ecs_service::LaunchType;
use longshore_crds::{EcsCluster, EcsService, EcsServiceSpec, EcsTaskSpec, EfsFileSystem, Mode};
use longshore_planner::desired::{MountAccess, Scope, as_service, as_task, instance_mounts};
use longshore_planner::engine::Id;

use super::dependants::{cluster_named, mount_of};
use super::index::{Stores, keys};
use crate::object::{Key, Object, ObjectKind};
use crate::references::{cluster_in_aws, may_mount};
use crate::sweep::settled;

/// An object whose tasks run in a cluster, written as a service.
struct Mounter {
    spec: EcsServiceSpec,
    scope: Scope,
    /// What it asks for is made; otherwise what there is stays.
    managed: bool,
}

impl Stores {
    /// What the instances of a cluster are to reach. `scope` is the cluster's, `found` what they reach though its status does not
    /// tell of it. What they reach already stays while an object that asks for it is only looked at, suspended or on its way out,
    /// or is not admitted any more; while any service of the cluster is not where it wants to be, since tasks may still run that
    /// mounted it before; and while nobody has looked at a file system yet, as after a restore.
    pub(crate) fn mount_access(
        &self,
        cluster: &EcsCluster,
        scope: &Scope,
        found: &BTreeSet<MountAccess>,
    ) -> BTreeSet<MountAccess> {
        let reference = cluster_in_aws(cluster, scope);
        let (mut open, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for mounter in self.mounters(cluster, scope) {
            let (asked, used) = self.groups_of(&mounter, cluster);
            open.extend(instance_mounts(&mounter.spec, &reference, &asked));
            kept.extend(instance_mounts(&mounter.spec, &reference, &used));
        }
        let moving = self.services_in(cluster, scope).iter().any(|service| may_be_elsewhere(service));
        let unseen = self.file_systems.state().iter().any(|file_system| is_unseen(file_system));
        let stays =
            |mount: &MountAccess| unseen || kept.contains(mount) || moving && self.has_group(&mount.security_group_id);
        open.extend(reached(cluster).chain(found.iter().cloned()).filter(stays));
        open
    }

    /// The groups of the mount targets of what an object mounts: of those that are opened for it, and of those that are left as
    /// they are.
    fn groups_of(&self, mounter: &Mounter, cluster: &EcsCluster) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut asked, mut used) = (BTreeSet::new(), BTreeSet::new());
        let may_run = mounter.managed && self.may_use_cluster(cluster, &mounter.scope).is_ok();
        let own = &mounter.scope.namespace;
        for (key, _) in mounter.spec.task.volumes.iter().filter_map(|volume| mount_of(volume, own)) {
            let Some(file_system) = self.file_system(&key.namespace, &key.name) else { continue };
            let Some(group) = group_of(&file_system) else { continue };
            let may = may_run && may_mount(&file_system, &mounter.scope, self).is_ok();
            if may { &mut asked } else { &mut used }.insert(group.clone());
        }
        (asked, used)
    }

    /// Everything whose tasks run in a cluster and mount something.
    fn mounters(&self, cluster: &EcsCluster, scope: &Scope) -> Vec<Mounter> {
        let key = Key::of(ObjectKind::EcsCluster, cluster);
        let services = self.services_in(cluster, scope);
        let services = services.iter().filter_map(|it| self.mounter(it.as_ref(), it.spec.clone(), scope));
        let tasks = self.tasks_in(&key).into_iter().filter_map(|key| self.task(&key.namespace, &key.name));
        let tasks = tasks.filter_map(|it| self.mounter(it.as_ref(), self.template_of(it.as_ref(), &it.spec), scope));
        let triggers = self.triggers.state().into_iter();
        let triggers = triggers
            .filter(|it| cluster_named(&it.spec.cluster, it.as_ref()).as_ref() == Some(&key))
            .filter_map(|it| self.mounter(it.as_ref(), self.template_of(it.as_ref(), &as_task(&it.spec)), scope));
        services.chain(tasks).chain(triggers).collect()
    }

    fn mounter<O: Object>(&self, object: &O, spec: EcsServiceSpec, scope: &Scope) -> Option<Mounter> {
        let mounts = spec.task.volumes.iter().any(|volume| mount_of(volume, "").is_some());
        if !mounts || self.environment_of(object) != scope.environment_name {
            return None;
        }
        let managed = object.managed().mode() == Mode::Manage && object.meta().deletion_timestamp.is_none();
        let own = self.scope(object, &scope.installation, &scope.environment_name, &scope.environment);
        Some(Mounter { spec, scope: own, managed })
    }

    /// What a one-off task or a trigger runs: its own template, or that of a service.
    fn template_of(&self, object: &impl ResourceExt, task: &EcsTaskSpec) -> EcsServiceSpec {
        let spec = as_service(task);
        let from = task.task_from.as_ref().map(|from| from.service.name.as_str());
        let service = from.and_then(|name| self.service(&object.namespace().unwrap_or_default(), name));
        match service {
            Some(service) => EcsServiceSpec { task: service.spec.task.clone(), ..spec },
            None => spec,
        }
    }

    /// Whether a file system that is there to stay has this security group: one that is being deleted takes it along.
    fn has_group(&self, security_group_id: &str) -> bool {
        self.file_systems.state().iter().any(|file_system| {
            let going = file_system.meta().deletion_timestamp.is_some();
            !going && group_of(file_system).is_some_and(|group| group == security_group_id)
        })
    }

    /// The clusters whose instances mount a file system, or may have to.
    pub(super) fn clusters_mounting(&self, file_system: &Key) -> BTreeSet<Key> {
        let found = self.file_system(&file_system.namespace, &file_system.name);
        let group = found.as_ref().and_then(|file_system| group_of(file_system));
        let users = self.users_of_file_system(file_system);
        let named: BTreeSet<Key> = users.iter().filter_map(|user| self.cluster_of(user)).collect();
        let mounting = keys(&self.clusters, |cluster| {
            let key = Key::of(ObjectKind::EcsCluster, cluster);
            let may_have_to = !cluster.spec.ec2_capacity.is_empty() && named.contains(&key);
            may_have_to || reached(cluster).any(|one| Some(&one.security_group_id) == group)
        });
        mounting.into_iter().collect()
    }

    /// The cluster that what mounts a file system names.
    fn cluster_of(&self, user: &Key) -> Option<Key> {
        let (namespace, name) = (&user.namespace, &user.name);
        match user.kind {
            ObjectKind::EcsTask => {
                let task = self.task(namespace, name)?;
                cluster_named(&task.spec.cluster, task.as_ref())
            }
            ObjectKind::EcsTaskTrigger => {
                let trigger = self.trigger(namespace, name)?;
                cluster_named(&trigger.spec.cluster, trigger.as_ref())
            }
            _ => {
                let service = self.service(namespace, name)?;
                cluster_named(&service.spec.cluster, service.as_ref())
            }
        }
    }

    /// The clusters whose instances mount anything, of which what is gone may have been the last to ask for it.
    pub(super) fn clusters_that_mount(&self) -> Vec<Key> {
        keys(&self.clusters, |cluster| reached(cluster).next().is_some())
    }
}

/// What a cluster's instances reach already, by its inventory.
fn reached(cluster: &EcsCluster) -> impl Iterator<Item = MountAccess> {
    let resources = cluster.status.iter().flat_map(|status| status.resources.keys());
    resources.filter_map(|id| MountAccess::of_id(&id.parse::<Id>().ok()?))
}

/// The security group of a file system's mount targets, once that is there.
fn group_of(file_system: &EfsFileSystem) -> Option<&String> {
    file_system.status.as_ref()?.security_group_id.as_ref()
}

/// Whether nobody has looked at it yet, so that nobody knows its group.
fn is_unseen(file_system: &EfsFileSystem) -> bool {
    let seen = file_system.status.as_ref().and_then(|status| status.observed_generation);
    seen.is_none_or(|generation| generation < 0)
}

/// Whether tasks may run on instances that are not what the spec asks for.
fn may_be_elsewhere(service: &EcsService) -> bool {
    service.spec.launch_type != Some(LaunchType::Fargate) && !settled(service)
}

#[cfg(test)]
mod tests;
