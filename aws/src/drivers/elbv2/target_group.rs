//! `elbv2/target-group`, without its targets.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::operation::create_target_group::builders::CreateTargetGroupInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::delete_target_group::builders::DeleteTargetGroupInputBuilder;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group::builders::ModifyTargetGroupInputBuilder;
use aws_sdk_elasticloadbalancingv2::types::{Matcher, ProtocolEnum, TargetGroup as Described, TargetTypeEnum};
use futures::future::join_all;
use longshore_crds::ecs_service::ProtocolVersion;
use longshore_planner::engine::{Kind, LookUp, Ownership, Seen, Unread};
use longshore_planner::kinds::elbv2::Attributes;
use longshore_planner::kinds::elbv2::target_group::{HealthCheck, TargetGroup, TargetGroupOutput, TargetType};

use super::{GONE, attributes, joins, made_by_us, retag, suffix, tag_list, word};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, managed};

const CREATE: &str = "elasticloadbalancing:CreateTargetGroup";
const DESCRIBE: &str = "elasticloadbalancing:DescribeTargetGroups";

pub(crate) struct TargetGroupDriver;

#[async_trait]
impl Driver for TargetGroupDriver {
    type Kind = TargetGroup;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<TargetGroup>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        let Some(described) = aws.joins().target_groups.get((), name.to_owned()).await? else { return Ok(None) };
        whole(aws, &described, ownership).await
    }

    /// All groups are listed, four hundred a call. Attributes, which cost a call each, and tags, and so whose a group is,
    /// are read once a day: each group's in one of the day's surveys.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<TargetGroup>> {
        let daily = survey.cadence().daily(asks.iter().filter_map(|ask| ask.at.member("name")));
        let reads = asks.iter().map(|ask| async {
            let Some(name) = ask.at.member("name") else { return Ok(None) };
            let groups = all(survey).await?;
            let Some(described) = groups.get(name) else { return Ok(None) };
            if daily.contains(name) {
                return Ok(whole(survey.aws(), described, ask.ownership).await?.map(Glimpsed::whole));
            }
            let found = Found::untagged(seen(described, kind(described)?));
            Ok(Some(Glimpsed { found, unread: Unread::Members(&["attributes", "tags"]) }))
        });
        join_all(reads).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let groups = all(survey).await?;
        let unknown = groups.iter().filter(|(name, _)| !claims.known.contains(*name));
        let found = unknown.map(|(name, described)| async move {
            let arn = described.target_group_arn().unwrap_or_default();
            let tags = survey.aws().elb_tags(arn).await?.unwrap_or_default();
            Ok(Ours::of(claims, TargetGroup::NAME, name, arn, &tags))
        });
        join_all(found).await.into_iter().filter_map(Result::transpose).collect()
    }

    /// Asked for one that exists with the same settings, AWS answers with that (API reference, `CreateTargetGroup`).
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: TargetGroup) -> Result<Option<String>, Fault> {
        let check = &want.health_check;
        let request = CreateTargetGroupInputBuilder::default()
            .name(&want.name)
            .protocol(ProtocolEnum::from(want.protocol.as_str()))
            .protocol_version(want.protocol_version.as_str())
            .port(want.port)
            .vpc_id(&want.vpc_id)
            .target_type(target_type(want.target_type))
            .health_check_enabled(true)
            .health_check_protocol(ProtocolEnum::from(check.protocol.as_str()))
            .health_check_port(&check.port)
            .health_check_path(&check.path)
            .health_check_interval_seconds(check.interval_seconds)
            .health_check_timeout_seconds(check.timeout_seconds)
            .healthy_threshold_count(check.healthy_threshold_count)
            .unhealthy_threshold_count(check.unhealthy_threshold_count)
            .matcher(matcher(&want))
            .set_tags(Some(tag_list(marks.with(&want.tags))));
        let made = aws.write(request).await.absent_if(&["DuplicateTargetGroupName"])?;
        let arn = made.and_then(|made| made.target_groups?.into_iter().next()?.target_group_arn);
        let (reader, answered) = (aws.reader(), arn.is_some());
        let arn = if answered {
            arn
        } else {
            let there = reader.joins().target_groups.get((), want.name.clone()).await?;
            there.and_then(|there| there.target_group_arn.clone())
        };
        let arn = made_by_us(&reader, &marks, CREATE, &want.name, arn, answered).await?;
        attributes::set_on_target_group(aws, &arn, &want.attributes).await?;
        Ok(Some(arn))
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: TargetGroup,
        seen: Seen<TargetGroup>,
    ) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        if want.health_check != seen.value.health_check {
            let check = &want.health_check;
            let request = ModifyTargetGroupInputBuilder::default()
                .target_group_arn(arn)
                .health_check_enabled(true)
                .health_check_protocol(ProtocolEnum::from(check.protocol.as_str()))
                .health_check_port(&check.port)
                .health_check_path(&check.path)
                .health_check_interval_seconds(check.interval_seconds)
                .health_check_timeout_seconds(check.timeout_seconds)
                .healthy_threshold_count(check.healthy_threshold_count)
                .unhealthy_threshold_count(check.unhealthy_threshold_count)
                .matcher(matcher(&want));
            aws.write(request).await?;
        }
        if want
            .attributes
            .iter()
            .any(|(name, value)| seen.value.attributes.get(name).map_or("", String::as_str) != value)
        {
            attributes::set_on_target_group(aws, arn, &want.attributes).await?;
        }
        retag(aws, arn, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<TargetGroup>) -> Result<(), Fault> {
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        let request = DeleteTargetGroupInputBuilder::default().target_group_arn(arn);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

/// Every group of the account, by name.
async fn all(survey: &Survey) -> Result<Arc<HashMap<String, Arc<Described>>>, Fault> {
    let list = |()| async move { joins::all_target_groups(&survey.aws().core()).await };
    survey.lists().target_groups.get((), list).await
}

async fn whole(
    aws: &Aws<Read>,
    described: &Described,
    ownership: &Ownership,
) -> Result<Option<Found<TargetGroup>>, Fault> {
    let arn = described.target_group_arn().unwrap_or_default();
    let Some(tags) = aws.elb_tags(arn).await? else { return Ok(None) };
    let Some(attributes) = attributes::of_target_group(aws, arn).await? else { return Ok(None) };
    let kind = TargetGroup { attributes, tags: managed(&tags), ..kind(described)? };
    Ok(Some(Found::new(seen(described, kind), ownership, &tags)))
}

fn seen(described: &Described, kind: TargetGroup) -> Seen<TargetGroup> {
    let arn = described.target_group_arn().unwrap_or_default();
    let suffix = format!("targetgroup/{}", suffix(arn, ":targetgroup/"));
    Seen::active(kind).with_output(TargetGroupOutput::Arn, arn).with_output(TargetGroupOutput::ArnSuffix, suffix)
}

/// All but attributes and tags.
fn kind(described: &Described) -> Result<TargetGroup, Fault> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = Option::unwrap_or_default;
    let matcher = described.matcher();
    let health_check = HealthCheck {
        protocol: word(
            DESCRIBE,
            "protocol of health checks",
            described.health_check_protocol().map(ProtocolEnum::as_str),
        )?,
        port: text(described.health_check_port()),
        path: text(described.health_check_path()),
        interval_seconds: number(described.health_check_interval_seconds()),
        timeout_seconds: number(described.health_check_timeout_seconds()),
        healthy_threshold_count: number(described.healthy_threshold_count()),
        unhealthy_threshold_count: number(described.unhealthy_threshold_count()),
        codes: text(matcher.and_then(|matcher| matcher.grpc_code().or(matcher.http_code()))),
    };
    Ok(TargetGroup {
        name: text(described.target_group_name()),
        protocol: word(DESCRIBE, "protocol", described.protocol().map(ProtocolEnum::as_str))?,
        protocol_version: word(DESCRIBE, "protocol version", described.protocol_version())?,
        port: number(described.port()),
        vpc_id: text(described.vpc_id()),
        target_type: word(DESCRIBE, "target type", described.target_type().map(TargetTypeEnum::as_str))?,
        health_check,
        attributes: Attributes::new(),
        tags: Tags::new(),
    })
}

fn target_type(want: TargetType) -> TargetTypeEnum {
    match want {
        TargetType::Ip => TargetTypeEnum::Ip,
        TargetType::Instance => TargetTypeEnum::Instance,
        TargetType::Lambda => TargetTypeEnum::Lambda,
        TargetType::Alb => TargetTypeEnum::Alb,
    }
}

fn matcher(want: &TargetGroup) -> Matcher {
    let codes = &want.health_check.codes;
    match want.protocol_version {
        ProtocolVersion::Grpc => Matcher::builder().grpc_code(codes).build(),
        ProtocolVersion::Http1 | ProtocolVersion::Http2 => Matcher::builder().http_code(codes).build(),
    }
}
