//! `ec2/security-group`, without its rules.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::operation::create_security_group::builders::CreateSecurityGroupInputBuilder;
use aws_sdk_ec2::operation::delete_security_group::builders::DeleteSecurityGroupInputBuilder;
use aws_sdk_ec2::types::{ResourceType, SecurityGroup as Described};
use futures::future::join_all;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, TAG_INSTALLATION};
use longshore_planner::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};

use super::{id_of, retag, specification, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed, filter};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
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
        Ok(Some(seen(&group, ownership)))
    }

    /// Groups with the installation's tag are listed, a thousand a call; those that are not among them are asked for by
    /// id and by name, two hundred a call. Nothing is left out.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<SecurityGroup>> {
        let reads = asks.iter().map(|ask| async {
            let groups = ours(survey, &ask.ownership.installation).await?;
            let listed = ask.at.entry.physical.as_ref().and_then(|physical| groups.get(id_of(physical)));
            let found = match listed {
                Some(group) => Some(seen(group, ask.ownership)),
                None => self.read(survey.aws(), ask.ownership, ask.at).await?,
            };
            Ok(found.map(Glimpsed::whole))
        });
        join_all(reads).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let groups = ours(survey, &claims.installation).await?;
        let ours = groups.iter().filter_map(|(id, group)| {
            let name = group.group_name().unwrap_or_default();
            Ours::of(
                claims,
                SecurityGroup::NAME,
                name,
                group.security_group_arn().unwrap_or(id),
                &tags_of(group.tags()),
            )
        });
        Ok(ours.collect())
    }

    /// A new group comes with a rule that lets everything out. Where the graph wants that, it is there; else it is a stray.
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

fn seen(group: &Described, ownership: &Ownership) -> Found<SecurityGroup> {
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
    Found::new(seen, ownership, &tags)
}

/// The groups with an installation's tag, by id.
async fn ours(survey: &Survey, installation: &str) -> Result<Arc<HashMap<String, Arc<Described>>>, Fault> {
    let list = |installation: String| {
        let filters = vec![filter(&format!("tag:{TAG_INSTALLATION}"), vec![installation])];
        survey.aws().security_groups(filters, Described::group_id)
    };
    survey.lists().groups.get(installation.to_owned(), list).await
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
