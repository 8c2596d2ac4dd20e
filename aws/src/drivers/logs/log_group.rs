//! `logs/log-group`.

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::operation::associate_kms_key::builders::AssociateKmsKeyInputBuilder;
use aws_sdk_cloudwatchlogs::operation::create_log_group::builders::CreateLogGroupInputBuilder;
use aws_sdk_cloudwatchlogs::operation::delete_log_group::builders::DeleteLogGroupInputBuilder;
use aws_sdk_cloudwatchlogs::operation::delete_retention_policy::builders::DeleteRetentionPolicyInputBuilder;
use aws_sdk_cloudwatchlogs::operation::describe_log_groups::builders::DescribeLogGroupsInputBuilder;
use aws_sdk_cloudwatchlogs::operation::disassociate_kms_key::builders::DisassociateKmsKeyInputBuilder;
use aws_sdk_cloudwatchlogs::operation::list_tags_for_resource::builders::ListTagsForResourceInputBuilder;
use aws_sdk_cloudwatchlogs::operation::put_retention_policy::builders::PutRetentionPolicyInputBuilder;
use aws_sdk_cloudwatchlogs::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_cloudwatchlogs::operation::untag_resource::builders::UntagResourceInputBuilder;
use aws_sdk_cloudwatchlogs::types::LogGroup as Described;
use futures::future::join_all;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, Unread};
use longshore_planner::kinds::logs::log_group::{LogGroup, LogGroupOutput};

use super::listing;
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, managed};

const CREATE: &str = "logs:CreateLogGroup";
/// What the names of the groups that Longshore makes begin with.
const OWN: &str = "/longshore/";

pub(crate) struct LogGroupDriver;

#[async_trait]
impl Driver for LogGroupDriver {
    type Kind = LogGroup;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<LogGroup>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        let Some(group) = describe(aws, name).await? else { return Ok(None) };
        let arn = arn(&group);
        let Some(tags) = tags_of(aws, &arn).await? else { return Ok(None) };
        let seen = seen(name, &group);
        let seen = Seen { value: LogGroup { tags: managed(&tags), ..seen.value }, ..seen };
        Ok(Some(Found::new(seen, ownership, &tags)))
    }

    /// Groups are listed with those that lie beside them (`/longshore/`), fifty a call, without their tags. Those, and
    /// so whose a group is, cost a call each and are read once a day: each group's in one of the day's surveys.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<LogGroup>> {
        let whole = survey.cadence().daily(asks.iter().filter_map(|ask| ask.at.member("name")));
        let reads = asks.iter().map(|ask| async {
            let Some(name) = ask.at.member("name") else { return Ok(None) };
            let Some(group) = listed(survey, name).await? else { return Ok(None) };
            let seen = seen(name, &group);
            if !whole.contains(name) {
                let found = Found::untagged(seen);
                return Ok(Some(Glimpsed { found, unread: Unread::Members(&["tags"]) }));
            }
            let Some(tags) = tags_of(survey.aws(), &arn(&group)).await? else { return Ok(None) };
            let seen = Seen { value: LogGroup { tags: managed(&tags), ..seen.value }, ..seen };
            Ok(Some(Glimpsed::whole(Found::new(seen, ask.ownership, &tags))))
        });
        join_all(reads).await
    }

    /// Longshore's own groups all lie under one beginning. Tags are asked for only where no object knows the group.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let groups = listing::groups(survey.aws(), OWN, usize::MAX).await?;
        let mut ours = vec![];
        for (name, group) in groups.found.iter().filter(|(name, _)| !claims.known.contains(*name)) {
            let arn = arn(group);
            let tags = tags_of(survey.aws(), &arn).await?.unwrap_or_default();
            ours.extend(Ours::of(claims, LogGroup::NAME, name, arn, &tags));
        }
        Ok(ours)
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: LogGroup) -> Result<Option<String>, Fault> {
        let request = CreateLogGroupInputBuilder::default()
            .log_group_name(&want.name)
            .set_kms_key_id(want.kms_key_id.clone())
            .set_tags(Some(marks.with(&want.tags).into_iter().collect()));
        if aws.write(request).await.absent_if(&["ResourceAlreadyExistsException"])?.is_none() {
            require_ours(&aws.reader(), &marks, &want.name).await?;
        }
        if want.retention_in_days.is_some() {
            retain(aws, &want).await?;
        }
        Ok(None)
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: LogGroup,
        seen: Seen<LogGroup>,
    ) -> Result<(), Fault> {
        if want.retention_in_days != seen.value.retention_in_days {
            retain(aws, &want).await?;
        }
        if want.kms_key_id != seen.value.kms_key_id {
            encrypt(aws, &want).await?;
        }
        let change = Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner);
        retag(aws, seen.outputs.get("arn").map_or("", String::as_str), change).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<LogGroup>) -> Result<(), Fault> {
        let request = DeleteLogGroupInputBuilder::default().log_group_name(&seen.value.name);
        aws.write(request).await.absent_if(&["ResourceNotFoundException"]).map(drop)
    }
}

/// All but its tags.
fn seen(name: &str, group: &Described) -> Seen<LogGroup> {
    let kind = LogGroup {
        name: name.to_owned(),
        retention_in_days: group.retention_in_days(),
        kms_key_id: group.kms_key_id().map(str::to_owned),
        tags: Tags::new(),
    };
    Seen::active(kind).with_output(LogGroupOutput::Arn, arn(group)).with_output(LogGroupOutput::Name, name)
}

/// The group of exactly this name, out of a list; by itself where the list was too long.
async fn listed(survey: &Survey, name: &str) -> Result<Option<Described>, Fault> {
    let Some(prefix) = listing::prefix(name) else { return describe(survey.aws(), name).await };
    let list = |prefix: String| async move { listing::groups(survey.aws(), &prefix, survey.objects()).await };
    let groups = survey.lists().log_groups.get(prefix.to_owned(), list).await?;
    match groups.found.get(name) {
        None if !groups.whole => describe(survey.aws(), name).await,
        found => Ok(found.cloned()),
    }
}

/// The group of exactly this name: the first of those that begin with it, since names come sorted.
async fn describe(aws: &Aws<Read>, name: &str) -> Result<Option<Described>, Fault> {
    let request = DescribeLogGroupsInputBuilder::default().log_group_name_prefix(name).limit(50);
    let groups = aws.read(request).await?.log_groups.unwrap_or_default();
    Ok(groups.into_iter().find(|group| group.log_group_name() == Some(name)))
}

/// Without the `:*` by which policies mean the group's streams.
fn arn(group: &Described) -> String {
    let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
    arn.strip_suffix(":*").unwrap_or(arn).to_owned()
}

/// `None`: it went away meanwhile.
async fn tags_of(aws: &Aws<Read>, arn: &str) -> Result<Option<Tags>, Fault> {
    let request = ListTagsForResourceInputBuilder::default().resource_arn(arn);
    let answer = aws.read(request).await.absent_if(&["ResourceNotFoundException"])?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

/// It exists: fine if an earlier create of ours made it.
async fn require_ours(aws: &Aws<Read>, marks: &Marks<'_>, name: &str) -> Result<(), Fault> {
    let tags = match describe(aws, name).await? {
        Some(group) => tags_of(aws, &arn(&group)).await?,
        None => None,
    };
    match marks.judge(&tags.unwrap_or_default()) {
        Owner::This => Ok(()),
        _ => Err(crate::drivers::already_exists(CREATE, name)),
    }
}

async fn retain(aws: &Aws<Write>, want: &LogGroup) -> Result<(), Fault> {
    if let Some(days) = want.retention_in_days {
        let request = PutRetentionPolicyInputBuilder::default().log_group_name(&want.name).retention_in_days(days);
        aws.write(request).await.map(drop)
    } else {
        let request = DeleteRetentionPolicyInputBuilder::default().log_group_name(&want.name);
        aws.write(request).await.map(drop)
    }
}

async fn encrypt(aws: &Aws<Write>, want: &LogGroup) -> Result<(), Fault> {
    if let Some(key) = &want.kms_key_id {
        let request = AssociateKmsKeyInputBuilder::default().log_group_name(&want.name).kms_key_id(key);
        aws.write(request).await.map(drop)
    } else {
        let request = DisassociateKmsKeyInputBuilder::default().log_group_name(&want.name);
        aws.write(request).await.map(drop)
    }
}

async fn retag(aws: &Aws<Write>, arn: &str, change: Retag) -> Result<(), Fault> {
    if !change.set.is_empty() {
        let tags = change.set.into_iter().collect();
        aws.write(TagResourceInputBuilder::default().resource_arn(arn).set_tags(Some(tags))).await?;
    }
    if !change.remove.is_empty() {
        let keys = Some(change.remove);
        aws.write(UntagResourceInputBuilder::default().resource_arn(arn).set_tag_keys(keys)).await?;
    }
    Ok(())
}
