//! `efs/file-system`, with its lifecycle, backups and policy.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_efs::operation::create_file_system::builders::CreateFileSystemInputBuilder;
use aws_sdk_efs::operation::delete_file_system::builders::DeleteFileSystemInputBuilder;
use aws_sdk_efs::operation::update_file_system::builders::UpdateFileSystemInputBuilder;
use aws_sdk_efs::types::{FileSystemDescription as Described, PerformanceMode, ThroughputMode};
use futures::future::join_all;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, State, Unread};
use longshore_planner::kinds::efs::file_system::{FileSystem, FileSystemOutput};
use serde::de::DeserializeOwned;

use super::{GONE, all, detail, id_of, retag, state, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed, already_exists};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, managed};

const CREATE: &str = "elasticfilesystem:CreateFileSystem";
const DESCRIBE: &str = "elasticfilesystem:DescribeFileSystems";
const UPDATE: &str = "elasticfilesystem:UpdateFileSystem";

pub(crate) struct FileSystemDriver;

#[async_trait]
impl Driver for FileSystemDriver {
    type Kind = FileSystem;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<FileSystem>>, Fault> {
        let Some(described) = find(aws, at).await? else { return Ok(None) };
        whole(aws, &described, ownership).await
    }

    /// All file systems are listed, a hundred a call, with their tags. Lifecycle, backups and policy, which cost a call
    /// each, are read once a day: each file system's in one of the day's surveys.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<FileSystem>> {
        let id = |ask: &Ask<'_>| ask.at.entry.physical.as_deref().map(|physical| id_of(physical).to_owned());
        let ids: Vec<String> = asks.iter().filter_map(id).collect();
        let daily = survey.cadence().daily(ids.iter().map(String::as_str));
        let reads = asks.iter().map(|ask| async {
            let file_systems = all(survey).await?;
            let listed = id(ask).and_then(|id| file_systems.get(&id).cloned());
            let Some(described) = listed else {
                return Ok(self.read(survey.aws(), ask.ownership, ask.at).await?.map(Glimpsed::whole));
            };
            if daily.contains(described.file_system_id()) {
                return Ok(whole(survey.aws(), &described, ask.ownership).await?.map(Glimpsed::whole));
            }
            let found = seen(&described, detail::Detail::default())?;
            let found = found.map(|seen| Found::new(seen, ask.ownership, &tags_of(described.tags())));
            Ok(found.map(|found| Glimpsed { found, unread: Unread::Members(&["lifecycle", "backup", "policy"]) }))
        });
        join_all(reads).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let file_systems = all(survey).await?;
        let ours = file_systems.iter().filter_map(|(id, described)| {
            let arn = described.file_system_arn().unwrap_or(id);
            Ours::of(claims, FileSystem::NAME, id, arn, &tags_of(described.tags()))
        });
        Ok(ours.collect())
    }

    /// What has calls of its own follows once it is available.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: FileSystem) -> Result<Option<String>, Fault> {
        if let Some(id) = &want.file_system_id {
            let message = format!("there is no file system {id} in this account and region");
            return Err(Fault::fix(DESCRIBE, "FileSystemNotFound", message, "correct spec.fileSystemId"));
        }
        let request = CreateFileSystemInputBuilder::default()
            .creation_token(&want.creation_token)
            .performance_mode(PerformanceMode::from(want.performance_mode.as_str()))
            .encrypted(want.encrypted)
            .set_kms_key_id(want.kms_key_id.clone())
            .throughput_mode(ThroughputMode::from(want.throughput_mode.as_str()))
            .set_provisioned_throughput_in_mibps(want.provisioned_throughput_in_mibps.map(f64::from))
            .backup(want.backup)
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        if let Some(made) = aws.write(request).await.absent_if(&["FileSystemAlreadyExists"])? {
            return Ok(made.file_system_arn.or(Some(made.file_system_id)));
        }
        let there = aws.reader().joins().file_systems.get((), want.creation_token.clone()).await?;
        match there {
            Some(there) if marks.judge(&tags_of(there.tags())) == Owner::This => Ok(there.file_system_arn.clone()),
            Some(_) => Err(already_exists(CREATE, &want.creation_token)),
            None => {
                let message = format!("{} exists, and EFS does not show it yet", want.creation_token);
                Err(Fault::wait(CREATE, "NotVisibleYet", message))
            }
        }
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: FileSystem,
        seen: Seen<FileSystem>,
    ) -> Result<(), Fault> {
        check_unchangeable(&want, &seen.value)?;
        let id = seen.outputs.get("id").map_or("", String::as_str);
        retag(aws, id, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await?;
        if let State::Pending(why) = &seen.state {
            return Err(Fault::wait(UPDATE, "NotAvailableYet", format!("{id}: {why}")));
        }
        let throughput = |of: &FileSystem| (of.throughput_mode, of.provisioned_throughput_in_mibps);
        if throughput(&want) != throughput(&seen.value) {
            let request = UpdateFileSystemInputBuilder::default()
                .file_system_id(id)
                .throughput_mode(ThroughputMode::from(want.throughput_mode.as_str()))
                .set_provisioned_throughput_in_mibps(want.provisioned_throughput_in_mibps.map(f64::from));
            aws.write(request).await?;
        }
        detail::write(aws, id, &want, &seen.value).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<FileSystem>) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        let request = DeleteFileSystemInputBuilder::default().file_system_id(id);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

/// One that is taken over may be otherwise than the spec says.
fn check_unchangeable(want: &FileSystem, seen: &FileSystem) -> Result<(), Fault> {
    let key = want.kms_key_id.is_some() && want.kms_key_id != seen.kms_key_id;
    let fields = [
        ("encrypted", want.encrypted != seen.encrypted, seen.encrypted.to_string()),
        ("performanceMode", want.performance_mode != seen.performance_mode, seen.performance_mode.to_string()),
        ("kmsKeyId", key, seen.kms_key_id.clone().unwrap_or_default()),
    ];
    let Some((field, _, there)) = fields.into_iter().find(|(_, differs, _)| *differs) else { return Ok(()) };
    Err(Fault::fix(
        UPDATE,
        "Unchangeable",
        format!("{field} of a file system cannot be changed, and of this one it is {there}"),
        format!("write spec.{field} as it is there"),
    ))
}

/// By its id, or else by the token that it was made with.
async fn find(aws: &Aws<Read>, at: &LookUp) -> Result<Option<Arc<Described>>, Fault> {
    let known = at.entry.physical.as_deref().map(id_of);
    for name in [known, at.member("fileSystemId"), at.member("creationToken")].into_iter().flatten() {
        if let Some(found) = aws.joins().file_systems.get((), name.to_owned()).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn whole(
    aws: &Aws<Read>,
    described: &Described,
    ownership: &Ownership,
) -> Result<Option<Found<FileSystem>>, Fault> {
    let Some(detail) = detail::read(aws, described.file_system_id()).await? else { return Ok(None) };
    Ok(seen(described, detail)?.map(|seen| Found::new(seen, ownership, &tags_of(described.tags()))))
}

fn seen(described: &Described, detail: detail::Detail) -> Result<Option<Seen<FileSystem>>, Fault> {
    let id = described.file_system_id();
    let Some(state) = state(&format!("file system {id}"), Some(described.life_cycle_state())) else { return Ok(None) };
    let value = FileSystem {
        creation_token: described.creation_token().to_owned(),
        file_system_id: None,
        encrypted: described.encrypted().unwrap_or(false),
        kms_key_id: described.kms_key_id().map(ToOwned::to_owned),
        performance_mode: word("performance mode", described.performance_mode().as_str())?,
        throughput_mode: word(
            "throughput mode",
            described.throughput_mode().map_or("bursting", ThroughputMode::as_str),
        )?,
        provisioned_throughput_in_mibps: described.provisioned_throughput_in_mibps().map(whole_number),
        lifecycle: detail.lifecycle,
        backup: detail.backup,
        policy: detail.policy,
        tags: managed(&tags_of(described.tags())),
    };
    let mut seen = Seen { state, ..Seen::active(value) }.with_output(FileSystemOutput::Id, id);
    if let Some(arn) = described.file_system_arn() {
        seen = seen.with_output(FileSystemOutput::Arn, arn);
    }
    Ok(Some(seen))
}

/// Longshore provisions whole mebibytes; a part of one that somebody else did is a difference all the same.
#[allow(clippy::cast_possible_truncation, reason = "AWS's own bound is 10,240, and the cast saturates")]
fn whole_number(mibps: f64) -> i32 {
    mibps.ceil() as i32
}

/// One of AWS's words as the planner's own.
fn word<T: DeserializeOwned>(member: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_value(text.into()).map_err(|_| {
        let message = format!("what is there has the {member} \"{text}\", which this version does not know");
        Fault::fix(DESCRIBE, "Unsuitable", message, "install a newer version of Longshore")
    })
}
