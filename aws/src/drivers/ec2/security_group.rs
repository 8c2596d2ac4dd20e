//! `ec2/security-group`, without its rules.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::operation::create_security_group::builders::CreateSecurityGroupInputBuilder;
use aws_sdk_ec2::operation::delete_security_group::builders::DeleteSecurityGroupInputBuilder;
use aws_sdk_ec2::types::{ResourceType, SecurityGroup as Described};
use longshore_planner::engine::{LookUp, Owner, Ownership, Seen};
use longshore_planner::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};

use super::{id_of, retag, specification, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found};
use crate::fault::{Absent, Fault};
use crate::tags::{Marks, Retag, managed};

const CREATE: &str = "ec2:CreateSecurityGroup";

pub(crate) struct SecurityGroupDriver;

#[async_trait]
impl Driver for SecurityGroupDriver {
    type Kind = SecurityGroup;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<SecurityGroup>>, Fault> {
        let Some(group) = find(aws, at).await? else { return Ok(None) };
        let tags = tags_of(group.tags());
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let kind = SecurityGroup {
            name: text(group.group_name()),
            vpc_id: text(group.vpc_id()),
            description: text(group.description()),
            tags: managed(&tags),
        };
        let mut seen = Seen::active(kind).with_output(SecurityGroupOutput::Id, text(group.group_id()));
        if let Some(arn) = group.security_group_arn() {
            seen = seen.with_output(SecurityGroupOutput::Arn, arn);
        }
        Ok(Some(Found::new(seen, ownership, &tags)))
    }

    /// A new group comes with a rule that lets everything out; it stays: a rule of its own in the graph wants it.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: SecurityGroup) -> Result<Option<String>, Fault> {
        let request = CreateSecurityGroupInputBuilder::default()
            .group_name(&want.name)
            .vpc_id(&want.vpc_id)
            .description(&want.description)
            .tag_specifications(specification(ResourceType::SecurityGroup, marks.with(&want.tags)));
        match aws.write(request).await.absent_if(&["InvalidGroup.Duplicate"])? {
            Some(made) => Ok(made.group_id),
            None => require_ours(&aws.reader(), &marks, &want).await,
        }
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: SecurityGroup,
        seen: Seen<SecurityGroup>,
    ) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        retag(aws, id, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<SecurityGroup>) -> Result<(), Fault> {
        let id = seen.outputs.get("id").map_or("", String::as_str);
        let request = DeleteSecurityGroupInputBuilder::default().group_id(id);
        aws.write(request).await.absent_if(&["InvalidGroup.NotFound", "InvalidGroupId.NotFound"]).map(drop)
    }
}

/// By its id, or else by its name, which is unique in the VPC.
async fn find(aws: &Aws<Read>, at: &LookUp) -> Result<Option<Arc<Described>>, Fault> {
    if let Some(physical) = &at.entry.physical
        && let Some(group) = aws.joins().groups.get((), id_of(physical).to_owned()).await?
    {
        return Ok(Some(group));
    }
    let (Some(name), Some(vpc)) = (at.member("name"), at.member("vpcId")) else { return Ok(None) };
    aws.joins().named_groups.get(vpc.to_owned(), name.to_owned()).await
}

async fn require_ours(aws: &Aws<Read>, marks: &Marks<'_>, want: &SecurityGroup) -> Result<Option<String>, Fault> {
    let group = aws.joins().named_groups.get(want.vpc_id.clone(), want.name.clone()).await?;
    match group {
        Some(group) if marks.judge(&tags_of(group.tags())) == Owner::This => Ok(group.group_id.clone()),
        _ => Err(crate::drivers::already_exists(CREATE, &want.name)),
    }
}
