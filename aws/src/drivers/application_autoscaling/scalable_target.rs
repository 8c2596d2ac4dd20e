//! `application-autoscaling/scalable-target`, with its scaling policies.

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::operation::deregister_scalable_target::builders::DeregisterScalableTargetInputBuilder;
use aws_sdk_applicationautoscaling::operation::list_tags_for_resource::builders::ListTagsForResourceInputBuilder;
use aws_sdk_applicationautoscaling::operation::register_scalable_target::builders::RegisterScalableTargetInputBuilder;
use aws_sdk_applicationautoscaling::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_applicationautoscaling::operation::untag_resource::builders::UntagResourceInputBuilder;
use aws_sdk_applicationautoscaling::types::{ScalableTarget as Described, ServiceNamespace, SuspendedState};
use futures::future::join_all;
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, Unread};
use longshore_planner::kinds::application_autoscaling::scalable_target::{
    ScalableTarget, ScalableTargetDetail, ScalableTargetOutput, Suspended,
};

use super::{GONE, dimension, policies, scalable_targets, scheduled_actions};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Answers, Ask, Driver, Found, Glimpsed, already_exists};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, Tags, managed};

const REGISTER: &str = "application-autoscaling:RegisterScalableTarget";

pub(crate) struct ScalableTargetDriver;

#[async_trait]
impl Driver for ScalableTargetDriver {
    type Kind = ScalableTarget;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<ScalableTarget>>, Fault> {
        let Some(id) = at.member("resourceId") else { return Ok(None) };
        let Some(described) = aws.joins().scalable_targets.get((), id.to_owned()).await? else { return Ok(None) };
        whole(aws, &described, ownership).await
    }

    /// The bounds are read fifty a call. Policies, scheduled actions and tags, and so whose a target is, cost a call each and
    /// are read once a day: each target's in one of the day's surveys.
    async fn read_all(&self, survey: &Survey, asks: &[Ask<'_>]) -> Answers<Glimpsed<ScalableTarget>> {
        let daily = survey.cadence().daily(asks.iter().filter_map(|ask| ask.at.member("resourceId")));
        let reads = asks.iter().map(|ask| async {
            let Some(id) = ask.at.member("resourceId") else { return Ok(None) };
            let described = survey.aws().joins().scalable_targets.get((), id.to_owned()).await?;
            let Some(described) = described else { return Ok(None) };
            if daily.contains(id) {
                return Ok(whole(survey.aws(), &described, ask.ownership).await?.map(Glimpsed::whole));
            }
            let found = Found::untagged(seen(&described, kind(&described)));
            Ok(Some(Glimpsed { found, unread: Unread::Members(&["policies", "scheduledActions", "tags"]) }))
        });
        join_all(reads).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let targets = scalable_targets(&survey.aws().core(), None).await?;
        let unknown = targets.iter().filter(|(id, _)| !claims.known.contains(*id));
        let found = unknown.map(|(id, described)| async move {
            let arn = described.scalable_target_arn().unwrap_or_default();
            let tags = tags_of(survey.aws(), arn).await?.unwrap_or_default();
            Ok(Ours::of(claims, ScalableTarget::NAME, id, arn, &tags))
        });
        join_all(found).await.into_iter().filter_map(Result::transpose).collect()
    }

    /// To register is to change where there is a target already (API reference, `RegisterScalableTarget`), so that it is
    /// looked for once more: somebody else's bounds are not ours to change.
    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: ScalableTarget) -> Result<Option<String>, Fault> {
        let reader = aws.reader();
        let there = reader.joins().scalable_targets.get((), want.resource_id.clone()).await?;
        let tags = match &there {
            None => Some(marks.with(&want.tags).into_iter().collect()),
            Some(there) => {
                require_ours(&reader, &marks, there).await?;
                None
            }
        };
        let made = aws.write(bounds(&want).set_tags(tags)).await?;
        let id = &want.resource_id;
        policies::set(aws, id, &want.policies, &policies::read(&reader, id).await?.policies).await?;
        scheduled_actions::set(aws, id, &want.scheduled_actions, &scheduled_actions::read(&reader, id).await?).await?;
        Ok(made.scalable_target_arn)
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: ScalableTarget,
        seen: Seen<ScalableTarget>,
    ) -> Result<(), Fault> {
        let mut was = seen.value.clone().normalise();
        want.disown(&mut was);
        let held = |target: &ScalableTarget| (target.min_capacity, target.max_capacity, target.suspended_state);
        if held(&want) != held(&was) {
            aws.write(bounds(&want)).await?;
        }
        policies::set(aws, &want.resource_id, &want.policies, &was.policies).await?;
        scheduled_actions::set(aws, &want.resource_id, &want.scheduled_actions, &was.scheduled_actions).await?;
        let arn = seen.outputs.get("arn").map_or("", String::as_str);
        retag(aws, arn, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    /// Its policies and scheduled actions go with it (API reference, `DeregisterScalableTarget`).
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<ScalableTarget>) -> Result<(), Fault> {
        let request = DeregisterScalableTargetInputBuilder::default()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(&seen.value.resource_id)
            .scalable_dimension(dimension());
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

fn bounds(want: &ScalableTarget) -> RegisterScalableTargetInputBuilder {
    let suspended = SuspendedState::builder()
        .dynamic_scaling_in_suspended(want.suspended_state.dynamic_scaling_in_suspended)
        .dynamic_scaling_out_suspended(want.suspended_state.dynamic_scaling_out_suspended)
        .scheduled_scaling_suspended(want.suspended_state.scheduled_scaling_suspended)
        .build();
    RegisterScalableTargetInputBuilder::default()
        .suspended_state(suspended)
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(&want.resource_id)
        .scalable_dimension(dimension())
        .min_capacity(want.min_capacity)
        .max_capacity(want.max_capacity)
}

async fn whole(
    aws: &Aws<Read>,
    described: &Described,
    ownership: &Ownership,
) -> Result<Option<Found<ScalableTarget>>, Fault> {
    let arn = described.scalable_target_arn().unwrap_or_default();
    let Some(tags) = tags_of(aws, arn).await? else { return Ok(None) };
    let read = policies::read(aws, described.resource_id()).await?;
    let scheduled_actions = scheduled_actions::read(aws, described.resource_id()).await?;
    let detail = ScalableTargetDetail { policy_arns: read.arns };
    let kind = ScalableTarget { policies: read.policies, scheduled_actions, tags: managed(&tags), ..kind(described) };
    let seen = Seen { detail: serde_json::to_value(detail).unwrap_or_default(), ..seen(described, kind) };
    Ok(Some(Found::new(seen, ownership, &tags)))
}

fn seen(described: &Described, kind: ScalableTarget) -> Seen<ScalableTarget> {
    let arn = described.scalable_target_arn().unwrap_or_default();
    Seen::active(kind).with_output(ScalableTargetOutput::Arn, arn)
}

/// All but policies, scheduled actions and tags.
fn kind(described: &Described) -> ScalableTarget {
    let suspended = described.suspended_state();
    let is = |flag: fn(&SuspendedState) -> Option<bool>| suspended.and_then(flag).unwrap_or(false);
    ScalableTarget {
        suspended_state: Suspended {
            dynamic_scaling_in_suspended: is(SuspendedState::dynamic_scaling_in_suspended),
            dynamic_scaling_out_suspended: is(SuspendedState::dynamic_scaling_out_suspended),
            scheduled_scaling_suspended: is(SuspendedState::scheduled_scaling_suspended),
        },
        resource_id: described.resource_id().to_owned(),
        min_capacity: described.min_capacity(),
        max_capacity: described.max_capacity(),
        ..ScalableTarget::default()
    }
}

/// `None`: it went away meanwhile.
async fn tags_of(aws: &Aws<Read>, arn: &str) -> Result<Option<Tags>, Fault> {
    let request = ListTagsForResourceInputBuilder::default().resource_arn(arn);
    let answer = aws.read(request).await.absent_if(GONE)?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

async fn require_ours(aws: &Aws<Read>, marks: &Marks<'_>, there: &Described) -> Result<(), Fault> {
    let tags = tags_of(aws, there.scalable_target_arn().unwrap_or_default()).await?.unwrap_or_default();
    match marks.judge(&tags) {
        Owner::This => Ok(()),
        _ => Err(already_exists(REGISTER, there.resource_id())),
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
