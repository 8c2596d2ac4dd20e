//! `autoscaling/auto-scaling-group`.

use async_trait::async_trait;
use aws_sdk_autoscaling::operation::create_auto_scaling_group::builders::CreateAutoScalingGroupInputBuilder;
use aws_sdk_autoscaling::operation::delete_auto_scaling_group::builders::DeleteAutoScalingGroupInputBuilder;
use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::builders::DescribeAutoScalingGroupsInputBuilder;
use aws_sdk_autoscaling::operation::update_auto_scaling_group::builders::UpdateAutoScalingGroupInputBuilder;
use aws_sdk_autoscaling::types::{AutoScalingGroup as Described, Filter, LifecycleState};
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen, State, TAG_INSTALLATION, Text};
use longshore_planner::kinds::autoscaling::auto_scaling_group::{
    AutoScalingGroup, AutoScalingGroupDetail, AutoScalingGroupOutput, InstanceRefresh,
};
use serde_json::json;

use super::instance_refresh::{newest, start};
use super::mixed::{mixed_of, policy, template, template_of};
use super::tags::{retag, tag_list, tags_of};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Retag, managed};

const CREATE: &str = "autoscaling:CreateAutoScalingGroup";

pub(crate) struct AutoScalingGroupDriver;

#[async_trait]
impl Driver for AutoScalingGroupDriver {
    type Kind = AutoScalingGroup;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<AutoScalingGroup>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        find(aws, name, ownership).await
    }

    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let tagged = format!("tag:{TAG_INSTALLATION}");
        let tagged = Filter::builder().name(tagged).values(&claims.installation).build();
        let request = DescribeAutoScalingGroupsInputBuilder::default().filters(tagged).max_records(100);
        let ours = groups(survey.aws(), request).await?.into_iter().filter_map(|group| {
            let (name, arn) = (group.auto_scaling_group_name()?, group.auto_scaling_group_arn()?);
            Ours::of(claims, AutoScalingGroup::NAME, name, arn, &tags_of(group.tags()))
        });
        Ok(ours.collect())
    }

    /// How many instances it wants at first is its least; from then on ECS says.
    async fn create(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: AutoScalingGroup,
    ) -> Result<Option<String>, Fault> {
        let request = CreateAutoScalingGroupInputBuilder::default()
            .auto_scaling_group_name(&want.name)
            .min_size(want.min_size)
            .max_size(want.max_size)
            .vpc_zone_identifier(want.subnets.join(","))
            .new_instances_protected_from_scale_in(want.protects_new_instances)
            .set_tags(Some(tag_list(&want.name, marks.with(&want.tags))));
        let request = match &want.mixed {
            Some(mixed) => request.mixed_instances_policy(policy(&want, mixed)),
            None => request.launch_template(template(&want)),
        };
        // The answer tells nothing of what was made; the next look does.
        if aws.write(request).await.absent_if(&["AlreadyExists", "AlreadyExistsFault"])?.is_some() {
            return Ok(None);
        }
        // A list that does not show it yet tells nothing of whose it is.
        let Some(found) = find(&aws.reader(), &want.name, marks.ownership).await? else { return Ok(None) };
        if found.seen.owner != Owner::This {
            return Err(crate::drivers::already_exists(CREATE, &want.name));
        }
        let seen = Seen { value: found.seen.value.normalise(), ..found.seen };
        let arn = seen.outputs.get("arn").cloned();
        self.update(aws, marks, want, seen).await?;
        Ok(arn)
    }

    async fn update(
        &self,
        aws: &Aws<Write>,
        marks: Marks<'_>,
        want: AutoScalingGroup,
        seen: Seen<AutoScalingGroup>,
    ) -> Result<(), Fault> {
        let settings = |group: &AutoScalingGroup| AutoScalingGroup {
            instances_from: group.version.clone(),
            tags: want.tags.clone(),
            ..group.clone()
        };
        if settings(&want) != settings(&seen.value) {
            let request = UpdateAutoScalingGroupInputBuilder::default()
                .auto_scaling_group_name(&want.name)
                .min_size(want.min_size)
                .max_size(want.max_size)
                .vpc_zone_identifier(want.subnets.join(","))
                .new_instances_protected_from_scale_in(want.protects_new_instances);
            let request = match &want.mixed {
                Some(mixed) => request.mixed_instances_policy(policy(&want, mixed)),
                None => request.launch_template(template(&want)),
            };
            aws.write(request).await?;
        }
        if want.instances_from != seen.value.instances_from {
            start(aws, &want).await?;
        }
        retag(aws, &want.name, Retag::of(&marks, &want.tags, &seen.value.tags, &seen.owner)).await
    }

    /// With its instances: ECS keeps those that had tasks from being scaled in, and nothing wants them any more.
    async fn delete(&self, aws: &Aws<Write>, seen: Seen<AutoScalingGroup>) -> Result<(), Fault> {
        let request =
            DeleteAutoScalingGroupInputBuilder::default().auto_scaling_group_name(&seen.value.name).force_delete(true);
        aws.write(request).await.map(drop)
    }
}

async fn groups(aws: &Aws<Read>, request: DescribeAutoScalingGroupsInputBuilder) -> Result<Vec<Described>, Fault> {
    let (mut found, mut token) = (vec![], None);
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        found.extend(page.auto_scaling_groups.unwrap_or_default());
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(found);
        }
    }
}

async fn find(aws: &Aws<Read>, name: &str, ownership: &Ownership) -> Result<Option<Found<AutoScalingGroup>>, Fault> {
    let request = DescribeAutoScalingGroupsInputBuilder::default().auto_scaling_group_names(name);
    let Some(group) = groups(aws, request).await?.into_iter().next() else { return Ok(None) };
    let template = template_of(&group);
    let version = template.and_then(|template| template.version()).unwrap_or_default();
    let tags = tags_of(group.tags());
    let mut kind = AutoScalingGroup {
        name: name.to_owned(),
        launch_template: template.and_then(|template| template.launch_template_id()).unwrap_or_default().into(),
        version: version.into(),
        instances_from: version.into(),
        mixed: mixed_of(&group),
        min_size: group.min_size().unwrap_or_default(),
        max_size: group.max_size().unwrap_or_default(),
        subnets: subnets(&group),
        protects_new_instances: group.new_instances_protected_from_scale_in().unwrap_or_default(),
        tags: managed(&tags),
    };
    let older = outdated(&group, version, kind.instance_types());
    // Asked for only where it can say anything.
    let refresh = if older.is_some() { newest(aws, name).await? } else { None };
    kind.instances_from = instances_from(&kind, older, refresh.as_ref());
    let detail = AutoScalingGroupDetail {
        desired_capacity: group.desired_capacity().unwrap_or_default(),
        in_service: in_service(&group),
        refresh,
    };
    let arn = group.auto_scaling_group_arn().unwrap_or_default();
    let seen = Seen { state: state(&group, &detail), detail: json!(detail), ..Seen::active(kind) };
    Ok(Some(Found::new(seen.with_output(AutoScalingGroupOutput::Arn, arn), ownership, &tags)))
}

/// `Status`: "The current state of the group when the `DeleteAutoScalingGroup` operation is in progress" (API reference,
/// `AutoScalingGroup`).
fn state(group: &Described, detail: &AutoScalingGroupDetail) -> State {
    if group.status().is_some() {
        return State::Deleting(format!("its {} instances are being terminated", group.instances().len()));
    }
    match detail.refresh.as_ref().filter(|refresh| refresh.is_active()) {
        Some(refresh) => {
            let done = refresh.percentage.unwrap_or_default();
            State::Pending(format!("its instances are being replaced: {done} % done"))
        }
        None => State::Active,
    }
}

/// The version of an instance that is not as the group launches them, and its type where that is why.
fn outdated(group: &Described, version: &str, types: &[String]) -> Option<String> {
    let staying = group.instances().iter().filter(|instance| is_staying(instance.lifecycle_state()));
    let from = staying.filter_map(|instance| {
        let from = instance.launch_template().and_then(|template| template.version()).unwrap_or_default();
        let of_type = instance.instance_type().unwrap_or_default();
        let launched = types.is_empty() || types.iter().any(|it| it == of_type);
        match (from == version, launched) {
            (true, true) => None,
            (false, _) => Some(from.to_owned()),
            (true, false) => Some(format!("{from} as {of_type}")),
        }
    });
    from.min()
}

fn is_staying(state: Option<&LifecycleState>) -> bool {
    !state.is_some_and(|state| state.as_str().starts_with("Terminat"))
}

/// See [`AutoScalingGroup::instances_from`]. One whose replacement failed is not begun again by itself.
fn instances_from(group: &AutoScalingGroup, older: Option<String>, refresh: Option<&InstanceRefresh>) -> Text {
    let replaced = refresh.is_some_and(|refresh| (refresh.is_active() || refresh.has_failed()) && group.is_of(refresh));
    older.filter(|_| !replaced).map_or_else(|| group.version.clone(), Text::from)
}

fn in_service(group: &Described) -> i32 {
    let count = group.instances().iter().filter(|it| it.lifecycle_state() == Some(&LifecycleState::InService)).count();
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn subnets(group: &Described) -> Vec<String> {
    let ids = group.vpc_zone_identifier().unwrap_or_default().split(',');
    ids.filter(|id| !id.is_empty()).map(str::to_owned).collect()
}
