//! `EfsFileSystem` -> graph: security groups and their rule, file system, mount targets, access points.

mod network;

pub(super) use network::NFS;

use std::collections::BTreeMap;

use longshore_crds::EfsFileSystemSpec;
use longshore_crds::efs_file_system::{PerformanceMode, ThroughputMode};
use serde_json::{Value, json};

use super::grants::authorise;
use super::obstacle::{Desired, Facts, Obstacle, Refusal};
use super::scope::Scope;
use crate::engine::{FieldPath, Graph, GraphError, Text, content_hash};
use crate::kinds::efs::access_point::AccessPoint;
use crate::kinds::efs::file_system::{FileSystem, FileSystemOutput};
use crate::kinds::efs::mount_target::MountTarget;

/// The key of the file system in its object's graph.
const FILE_SYSTEM_KEY: &str = "file-system";
/// The key of the security group that clients are put into.
pub const CLIENTS_KEY: &str = "clients";

/// What an `EfsFileSystem` wants. `in_use`: who names each of the access points that exist, by its name.
pub fn efs_file_system(
    scope: &Scope,
    spec: &EfsFileSystemSpec,
    facts: &Facts,
    in_use: &BTreeMap<String, Vec<String>>,
) -> Result<Desired, Obstacle> {
    let builder = Builder { scope, spec, facts };
    let refusals = builder.taken_away(in_use);
    if !refusals.is_empty() {
        return Err(Obstacle::Refused(refusals));
    }
    let mut graph = Graph::default();
    let own = builder.security_groups(&mut graph)?;
    let file_system = graph.add(FILE_SYSTEM_KEY, builder.file_system(), "spec", &[])?.out(FileSystemOutput::Id);
    // What may not be named is not asked about either.
    let refusals = authorise(&graph, scope, &std::collections::BTreeSet::new());
    if !refusals.is_empty() {
        return Err(Obstacle::Refused(refusals));
    }
    for subnet in builder.subnets()? {
        let target = MountTarget {
            file_system: file_system.clone(),
            subnet: subnet.clone(),
            security_groups: vec![own.clone()],
        };
        graph.add(&subnet, target, "spec.subnets", &[])?;
    }
    builder.access_points(&mut graph, &file_system)?;
    Ok(Desired { graph, ..Desired::default() })
}

/// What every part of the graph is built from.
struct Builder<'a> {
    scope: &'a Scope,
    spec: &'a EfsFileSystemSpec,
    facts: &'a Facts,
}

impl Builder<'_> {
    /// An access point goes when nothing mounts it any more: its clients would lose their files.
    fn taken_away(&self, in_use: &BTreeMap<String, Vec<String>>) -> Vec<Refusal> {
        let gone = in_use.iter().filter(|(name, _)| self.spec.access_points.iter().all(|point| point.name != **name));
        let refuse = |(name, users): (&String, &Vec<String>)| {
            let message = format!(
                "the access point {name} is mounted by {}; put it back, or take it out of their spec.task.volumes first",
                users.join(", ")
            );
            Refusal::new("AccessPointInUse", "spec.accessPoints", message)
        };
        gone.map(refuse).collect()
    }

    fn file_system(&self) -> FileSystem {
        let spec = self.spec;
        let encrypted = spec.encrypted.unwrap_or(true);
        let performance_mode = spec.performance_mode.unwrap_or(PerformanceMode::GeneralPurpose);
        FileSystem {
            creation_token: self.token(&json!([encrypted, spec.kms_key_id, performance_mode])),
            file_system_id: spec.file_system_id.clone(),
            encrypted,
            kms_key_id: spec.kms_key_id.clone(),
            performance_mode,
            throughput_mode: spec.throughput_mode.unwrap_or(ThroughputMode::Bursting),
            provisioned_throughput_in_mibps: spec.provisioned_throughput_in_mibps,
            lifecycle: spec.lifecycle.clone().unwrap_or_default(),
            backup: spec.backup.unwrap_or(false),
            policy: spec.policy.as_ref().map(|policy| Value::Object(policy.0.clone())),
            tags: self.scope.tags(&spec.tags),
        }
    }

    fn access_points(&self, graph: &mut Graph, file_system: &Text) -> Result<(), GraphError> {
        for point in &self.spec.access_points {
            let path = point.path.clone().unwrap_or_else(|| "/".to_owned());
            let fixed = json!([file_system, point.name, path, point.posix_user, point.creation_info]);
            let value = AccessPoint {
                file_system: file_system.clone(),
                client_token: self.token(&fixed),
                path,
                posix_user: point.posix_user.clone(),
                creation_info: point.creation_info.clone(),
                tags: self.scope.tags(&self.spec.tags),
            };
            graph.add(&point.name, value, FieldPath::from("spec.accessPoints").item(&point.name), &[])?;
        }
        Ok(())
    }

    /// A token of at most 64 characters that is another one where what cannot be changed is: EFS answers a token that it
    /// knows with what was made by it.
    fn token(&self, fixed: &Value) -> String {
        let hash = content_hash(&json!([self.scope.base(), fixed]));
        let readable: String = self.scope.base().chars().take(TOKEN_LENGTH - hash.len() - 1).collect();
        format!("{readable}-{hash}")
    }
}

/// API reference, `CreateFileSystem` and `CreateAccessPoint`.
const TOKEN_LENGTH: usize = 64;
