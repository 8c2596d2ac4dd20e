//! What a task takes of the instance that it runs on: whoever has that may reach other tasks there, and the rights of all of
//! them.

use longshore_crds::ContainerDefinition;
use longshore_crds::task_definition::{
    DockerVolumeConfiguration, IpcMode, NetworkMode, PidMode, TaskDefinition, Volume,
};

use super::Granted;
use crate::desired::obstacle::Refusal;
use crate::engine::FieldPath;

/// Those that a container has unless it drops them (Docker reference, "Runtime privilege and Linux capabilities"), and the one
/// that Fargate gives too, which reaches nothing outside of the container.
const HARMLESS: [&str; 15] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
    "SYS_PTRACE",
];

impl Granted<'_> {
    /// Everything that a task definition takes of its instance, and no grant allows.
    pub(super) fn host(&self, content: &TaskDefinition, at: &FieldPath) -> Vec<Refusal> {
        let namespaces = [
            ("networkMode", content.network_mode == Some(NetworkMode::Host)),
            ("pidMode", content.pid_mode == Some(PidMode::Host)),
            ("ipcMode", content.ipc_mode == Some(IpcMode::Host)),
        ];
        let namespaces = namespaces.into_iter().filter(|(_, is_host)| *is_host).filter_map(|(member, _)| {
            let allowed = self.grants.iter().any(|grant| grant.allow_host_namespaces == Some(true));
            self.unless(allowed, "allowHostNamespaces", "host", &at.member(member))
        });
        let containers = content.container_definitions.iter().flat_map(|container| self.privileges(container, at));
        let volumes = content.volumes.iter().flat_map(|volume| self.host_paths(volume, at));
        namespaces.chain(containers).chain(volumes).collect()
    }

    fn privileges(&self, container: &ContainerDefinition, at: &FieldPath) -> Vec<Refusal> {
        let at = at.member("containerDefinitions").item(&container.name);
        let linux = container.linux_parameters.clone().unwrap_or_default();
        let added = linux.capabilities.unwrap_or_default().add;
        let dangerous = added.iter().find(|name| !HARMLESS.contains(&name.as_str()));
        // Docker reference, "Security configuration": these two take a container's confinement away.
        let unconfined = |option: &&String| {
            ["label:disable", "apparmor:unconfined"].contains(&option.replacen('=', ":", 1).as_str())
        };
        let taken = [
            ("privileged", (container.privileged == Some(true)).then_some("privileged")),
            ("linuxParameters.devices", linux.devices.first().map(|device| device.host_path.as_str())),
            ("linuxParameters.capabilities.add", dangerous.map(String::as_str)),
            ("dockerSecurityOptions", container.docker_security_options.iter().find(unconfined).map(String::as_str)),
        ];
        let allowed = self.grants.iter().any(|grant| grant.allow_privileged == Some(true));
        let refused = taken
            .into_iter()
            .filter_map(|(member, what)| self.unless(allowed, "allowPrivileged", what?, &at.member(member)));
        refused.collect()
    }

    fn host_paths(&self, volume: &Volume, at: &FieldPath) -> Vec<Refusal> {
        let at = at.member("volumes").item(&volume.name);
        let host = volume.host.as_ref().and_then(|host| host.source_path.as_deref());
        let host = host.map(|path| (path, at.member("host.sourcePath")));
        let docker = volume.docker_volume_configuration.iter().flat_map(paths);
        let docker = docker.map(|path| (path, at.member("dockerVolumeConfiguration.driverOpts")));
        host.into_iter().chain(docker).filter_map(|(path, at)| self.host_path(path, &at)).collect()
    }

    /// A path that leads up again means another directory than its pattern says.
    fn host_path(&self, path: &str, at: &FieldPath) -> Option<Refusal> {
        if path.split(['/', '\\']).any(|part| part == "..") {
            let message =
                format!("{path} leads up again, so that no grant can cover it: write the directory that is meant");
            return Some(Refusal::new("NotGranted", at.clone(), message));
        }
        self.need("hostPaths", |grant| &grant.host_paths, path, at)
    }

    fn unless(&self, allowed: bool, field: &str, what: &str, at: &FieldPath) -> Option<Refusal> {
        (!allowed).then(|| {
            let message = format!(
                "{what} is not allowed in the namespace {}: it reaches the instance and what else runs there; ask the platform \
                 team to set spec.iam.grants[].{field} of the AwsEnvironment {}, or take it out",
                self.scope.namespace, self.scope.environment_name
            );
            Refusal::new("NotGranted", at.clone(), message)
        })
    }
}

/// Directories of the instance in the options of a Docker volume: with the driver `local` they are those of `mount`, such as
/// `device: /data`, or `o: "lowerdir=/a:/b"` (Docker reference, `docker volume create`, "Driver-specific options").
fn paths(docker: &DockerVolumeConfiguration) -> Vec<&str> {
    let option = |name: &str| docker.driver_opts.get(name).map(String::as_str);
    let elsewhere = option("type").is_some_and(|kind| kind == "tmpfs" || kind.starts_with("nfs"));
    if elsewhere {
        return vec![];
    }
    let directories = option("o").into_iter().flat_map(|options| options.split(','));
    let directories =
        directories.filter_map(|one| Some(one.split_once('=').filter(|(name, _)| name.ends_with("dir"))?.1));
    option("device").into_iter().chain(directories.flat_map(|paths| paths.split(':'))).collect()
}
