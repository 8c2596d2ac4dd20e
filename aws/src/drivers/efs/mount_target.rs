//! `efs/mount-target`, which has no tags: its file system's say whose it is.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_efs::operation::create_mount_target::builders::CreateMountTargetInputBuilder;
use aws_sdk_efs::operation::delete_mount_target::builders::DeleteMountTargetInputBuilder;
use aws_sdk_efs::operation::describe_mount_target_security_groups::builders::DescribeMountTargetSecurityGroupsInputBuilder;
use aws_sdk_efs::operation::modify_mount_target_security_groups::builders::ModifyMountTargetSecurityGroupsInputBuilder;
use aws_sdk_efs::types::MountTargetDescription as Described;
use futures::future::join_all;
use longshore_planner::engine::{LookUp, Owner, Ownership, Seen, Text, Unread};
use longshore_planner::kinds::efs::mount_target::{MountTarget, MountTargetOutput};

use super::{GONE, state, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::Marks;

const CREATE: &str = "elasticfilesystem:CreateMountTarget";

pub(crate) struct MountTargetDriver;

#[async_trait]
impl Driver for MountTargetDriver {
    type Kind = MountTarget;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<MountTarget>>, Fault> {
        let Some(described) = find(aws, at).await? else { return Ok(None) };
        let Some(groups) = security_groups(aws, described.mount_target_id()).await? else { return Ok(None) };
        found(aws, &described, groups, ownership).await
    }

    /// Those of one file system by one call; their security groups, which cost a call each, are read once an hour.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<MountTarget>> {
        let reads = asks.iter().map(|ask| async {
            if survey.cadence().hourly() {
                return Ok(self.read(survey.aws(), ask.ownership, ask.at).await?.map(Glimpsed::whole));
            }
            let Some(described) = find(survey.aws(), ask.at).await? else { return Ok(None) };
            let found = found(survey.aws(), &described, vec![], ask.ownership).await?;
            Ok(found.map(|found| Glimpsed { found, unread: Unread::Members(&["securityGroups"]) }))
        });
        join_all(reads).await
    }

    /// None carries tags.
    async fn list_ours(&self, _: &Survey, _: &Claims) -> Result<Vec<Ours>, Fault> {
        Ok(vec![])
    }

    async fn create(&self, aws: &Aws<Write>, _: Marks<'_>, want: MountTarget) -> Result<Option<String>, Fault> {
        let file_system = want.file_system.to_string();
        let request = CreateMountTargetInputBuilder::default()
            .file_system_id(&file_system)
            .subnet_id(&want.subnet)
            .set_security_groups(Some(texts(&want.security_groups)));
        if let Some(made) = aws.write(request).await.absent_if(&["MountTargetConflict"])? {
            return Ok(Some(made.mount_target_id));
        }
        let reader = aws.reader();
        let there = reader.joins().mount_targets.get((), file_system).await?.unwrap_or_default();
        match there.iter().find(|target| target.subnet_id() == want.subnet) {
            Some(target) => Ok(Some(target.mount_target_id().to_owned())),
            None => Err(Fault::wait(
                CREATE,
                "MountTargetConflict",
                format!("the zone of {} has a mount target of this file system in another subnet", want.subnet),
            )),
        }
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        _: Marks<'_>,
        want: MountTarget,
        seen: Seen<MountTarget>,
    ) -> Result<(), Fault> {
        if want.security_groups == seen.value.security_groups {
            return Ok(());
        }
        let request = ModifyMountTargetSecurityGroupsInputBuilder::default()
            .mount_target_id(seen.outputs.get("id").map_or("", String::as_str))
            .set_security_groups(Some(texts(&want.security_groups)));
        aws.write(request).await.map(drop)
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<MountTarget>) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        let request = DeleteMountTargetInputBuilder::default().mount_target_id(id);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

fn texts(groups: &[Text]) -> Vec<String> {
    groups.iter().map(ToString::to_string).collect()
}

/// Among its file system's, by its subnet.
async fn find(aws: &Aws<Read>, at: &LookUp) -> Result<Option<Described>, Fault> {
    let (Some(file_system), Some(subnet)) = (at.member("fileSystem"), at.member("subnet")) else { return Ok(None) };
    let there = aws.joins().mount_targets.get((), file_system.to_owned()).await?.unwrap_or_default();
    Ok(there.iter().find(|target| target.subnet_id() == subnet).cloned())
}

/// `None`: it went away meanwhile.
async fn security_groups(aws: &Aws<Read>, id: &str) -> Result<Option<Vec<String>>, Fault> {
    let request = DescribeMountTargetSecurityGroupsInputBuilder::default().mount_target_id(id);
    Ok(aws.read(request).await.absent_if(GONE)?.map(|answer| answer.security_groups))
}

async fn found(
    aws: &Aws<Read>,
    described: &Described,
    groups: Vec<String>,
    ownership: &Ownership,
) -> Result<Option<Found<MountTarget>>, Fault> {
    let (id, file_system) = (described.mount_target_id(), described.file_system_id());
    let Some(state) = state(&format!("mount target {id}"), Some(described.life_cycle_state())) else { return Ok(None) };
    let Some(parent) = aws.joins().file_systems.get((), file_system.to_owned()).await? else { return Ok(None) };
    let owner = match ownership.judge(&tags_of(parent.tags())) {
        Owner::This => Owner::Parent,
        other => other,
    };
    let groups: BTreeSet<String> = groups.into_iter().collect();
    let value = MountTarget {
        file_system: file_system.into(),
        subnet: described.subnet_id().to_owned(),
        security_groups: groups.into_iter().map(Text::from).collect(),
    };
    let seen = Seen { state, owner, ..Seen::active(value) }.with_output(MountTargetOutput::Id, id);
    Ok(Some(Found::untagged(seen)))
}
