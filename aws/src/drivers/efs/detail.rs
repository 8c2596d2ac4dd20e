//! What of a file system has calls of its own: lifecycle, backups, policy.

use aws_sdk_efs::operation::delete_file_system_policy::builders::DeleteFileSystemPolicyInputBuilder;
use aws_sdk_efs::operation::describe_backup_policy::builders::DescribeBackupPolicyInputBuilder;
use aws_sdk_efs::operation::describe_file_system_policy::builders::DescribeFileSystemPolicyInputBuilder;
use aws_sdk_efs::operation::describe_lifecycle_configuration::builders::DescribeLifecycleConfigurationInputBuilder;
use aws_sdk_efs::operation::put_backup_policy::builders::PutBackupPolicyInputBuilder;
use aws_sdk_efs::operation::put_file_system_policy::builders::PutFileSystemPolicyInputBuilder;
use aws_sdk_efs::operation::put_lifecycle_configuration::builders::PutLifecycleConfigurationInputBuilder;
use aws_sdk_efs::types::{
    BackupPolicy, LifecyclePolicy, Status, TransitionToArchiveRules, TransitionToIaRules,
    TransitionToPrimaryStorageClassRules,
};
use longshore_crds::efs_file_system::Lifecycle;
use longshore_planner::kinds::efs::file_system::FileSystem;
use serde_json::Value;

use super::GONE;
use crate::access::{Aws, Read, Write};
use crate::fault::{Absent, Fault};

/// Said of a file system that has none (API reference, `DescribeFileSystemPolicy`, `DescribeBackupPolicy`).
const NO_POLICY: &[&str] = &["PolicyNotFound"];

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Detail {
    pub(super) lifecycle: Lifecycle,
    pub(super) backup: bool,
    pub(super) policy: Option<Value>,
}

/// `None`: the file system went away meanwhile.
pub(super) async fn read(aws: &Aws<Read>, id: &str) -> Result<Option<Detail>, Fault> {
    let request = DescribeLifecycleConfigurationInputBuilder::default().file_system_id(id);
    let Some(lifecycle) = aws.read(request).await.absent_if(GONE)? else { return Ok(None) };
    let request = DescribeBackupPolicyInputBuilder::default().file_system_id(id);
    let backup = match aws.read(request).await.absent_if(NO_POLICY) {
        Err(fault) if GONE.iter().any(|code| fault.is(code)) => return Ok(None),
        answer => answer?.and_then(|answer| answer.backup_policy),
    };
    let request = DescribeFileSystemPolicyInputBuilder::default().file_system_id(id);
    let policy = match aws.read(request).await.absent_if(NO_POLICY) {
        Err(fault) if GONE.iter().any(|code| fault.is(code)) => return Ok(None),
        answer => answer?.and_then(|answer| answer.policy),
    };
    Ok(Some(Detail {
        lifecycle: seen_lifecycle(lifecycle.lifecycle_policies()),
        backup: backup.is_some_and(|policy| matches!(policy.status(), Status::Enabled | Status::Enabling)),
        policy: policy.and_then(|text| serde_json::from_str(&text).ok()),
    }))
}

/// Writes what differs of a file system that is available.
pub(super) async fn write(aws: &Aws<Write>, id: &str, want: &FileSystem, seen: &FileSystem) -> Result<(), Fault> {
    if want.lifecycle != seen.lifecycle {
        let policies = Some(lifecycle(&want.lifecycle));
        let request = PutLifecycleConfigurationInputBuilder::default().file_system_id(id);
        aws.write(request.set_lifecycle_policies(policies)).await?;
    }
    if want.backup != seen.backup {
        let status = if want.backup { Status::Enabled } else { Status::Disabled };
        let policy = BackupPolicy::builder().status(status).build().ok();
        aws.write(PutBackupPolicyInputBuilder::default().file_system_id(id).set_backup_policy(policy)).await?;
    }
    match &want.policy {
        same if *same == seen.policy => {}
        Some(policy) => {
            let request = PutFileSystemPolicyInputBuilder::default().file_system_id(id).policy(policy.to_string());
            aws.write(request).await?;
        }
        None => drop(aws.write(DeleteFileSystemPolicyInputBuilder::default().file_system_id(id)).await?),
    }
    Ok(())
}

/// One transition in each (API reference, `PutLifecycleConfiguration`); an empty list takes all away.
fn lifecycle(want: &Lifecycle) -> Vec<LifecyclePolicy> {
    let one = LifecyclePolicy::builder;
    let ia = want.transition_to_ia.map(|word| one().transition_to_ia(TransitionToIaRules::from(word.as_str())).build());
    let archive = want
        .transition_to_archive
        .map(|word| one().transition_to_archive(TransitionToArchiveRules::from(word.as_str())).build());
    let primary = want.transition_to_primary_storage_class.map(|word| {
        let word = TransitionToPrimaryStorageClassRules::from(word.as_str());
        one().transition_to_primary_storage_class(word).build()
    });
    ia.into_iter().chain(archive).chain(primary).collect()
}

/// A word that this version does not know is a difference, and is put right.
fn seen_lifecycle(policies: &[LifecyclePolicy]) -> Lifecycle {
    fn word<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Option<T> {
        serde_json::from_value(text?.into()).ok()
    }
    let mut seen = Lifecycle::default();
    for policy in policies {
        seen.transition_to_ia =
            seen.transition_to_ia.or(word(policy.transition_to_ia().map(TransitionToIaRules::as_str)));
        seen.transition_to_archive =
            seen.transition_to_archive.or(word(policy.transition_to_archive().map(TransitionToArchiveRules::as_str)));
        let primary = policy.transition_to_primary_storage_class();
        seen.transition_to_primary_storage_class = seen
            .transition_to_primary_storage_class
            .or(word(primary.map(TransitionToPrimaryStorageClassRules::as_str)));
    }
    seen
}
