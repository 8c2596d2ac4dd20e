//! The scheduled actions of a scalable target.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::operation::delete_scheduled_action::builders::DeleteScheduledActionInputBuilder;
use aws_sdk_applicationautoscaling::operation::describe_scheduled_actions::builders::DescribeScheduledActionsInputBuilder;
use aws_sdk_applicationautoscaling::operation::put_scheduled_action::builders::PutScheduledActionInputBuilder;
use aws_sdk_applicationautoscaling::types::{ScalableTargetAction, ScheduledAction as Described, ServiceNamespace};
use aws_smithy_types::date_time::{DateTime, Format};
use longshore_planner::kinds::application_autoscaling::scheduled_action::ScheduledAction;

use super::{GONE, dimension};
use crate::access::{Aws, Read, Write};
use crate::fault::{Absent, Fault};

const PUT: &str = "application-autoscaling:PutScheduledAction";

/// All of one target, by name.
pub(super) async fn read(aws: &Aws<Read>, resource_id: &str) -> Result<BTreeMap<String, ScheduledAction>, Fault> {
    let request = DescribeScheduledActionsInputBuilder::default()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(resource_id)
        .scalable_dimension(dimension());
    let mut actions = BTreeMap::new();
    let mut token = None;
    loop {
        let page = aws.read(request.clone().set_next_token(token)).await?;
        let described = page.scheduled_actions.unwrap_or_default();
        actions.extend(described.iter().map(|action| (action.scheduled_action_name().to_owned(), seen(action))));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(actions);
        }
    }
}

/// Puts what differs, and takes away what is not wanted. What a put leaves out stays as it was, but for the times (API
/// reference, `PutScheduledAction`): an action that is to lose a bound is made anew.
pub(super) async fn set(
    aws: &Aws<Write>,
    resource_id: &str,
    want: &BTreeMap<String, ScheduledAction>,
    seen: &BTreeMap<String, ScheduledAction>,
) -> Result<(), Fault> {
    for (name, action) in want.iter().filter(|(name, action)| seen.get(*name) != Some(action)) {
        if seen.get(name).is_some_and(|seen| leaves_out(action, seen)) {
            delete(aws, resource_id, name).await?;
        }
        put(aws, resource_id, name, action).await?;
    }
    for name in seen.keys().filter(|name| !want.contains_key(*name)) {
        delete(aws, resource_id, name).await?;
    }
    Ok(())
}

/// Whether a bound is no longer wanted of an action that stays.
fn leaves_out(want: &ScheduledAction, seen: &ScheduledAction) -> bool {
    let bounds = [(want.min_capacity, seen.min_capacity), (want.max_capacity, seen.max_capacity)];
    bounds.into_iter().any(|(want, seen)| want.is_none() && seen.is_some())
}

async fn put(aws: &Aws<Write>, resource_id: &str, name: &str, action: &ScheduledAction) -> Result<(), Fault> {
    let bounds = ScalableTargetAction::builder()
        .set_min_capacity(action.min_capacity)
        .set_max_capacity(action.max_capacity)
        .build();
    let request = PutScheduledActionInputBuilder::default()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(resource_id)
        .scalable_dimension(dimension())
        .scheduled_action_name(name)
        .schedule(&action.schedule)
        .set_timezone(action.timezone.clone())
        .set_start_time(time(action.start_time.as_ref())?)
        .set_end_time(time(action.end_time.as_ref())?)
        .scalable_target_action(bounds);
    aws.write(request).await.map(drop)
}

fn time(time: Option<&String>) -> Result<Option<DateTime>, Fault> {
    let read = time.map(|time| DateTime::from_str(time, Format::DateTimeWithOffset));
    read.transpose().map_err(|_| Fault::unexpected(PUT, "time"))
}

async fn delete(aws: &Aws<Write>, resource_id: &str, name: &str) -> Result<(), Fault> {
    let request = DeleteScheduledActionInputBuilder::default()
        .service_namespace(ServiceNamespace::Ecs)
        .scheduled_action_name(name)
        .resource_id(resource_id)
        .scalable_dimension(dimension());
    aws.write(request).await.absent_if(GONE).map(drop)
}

fn seen(action: &Described) -> ScheduledAction {
    let told = |time: Option<&DateTime>| time.and_then(|time| time.fmt(Format::DateTime).ok());
    let bounds = action.scalable_target_action();
    ScheduledAction {
        schedule: action.schedule().to_owned(),
        timezone: action.timezone().map(ToOwned::to_owned),
        start_time: told(action.start_time()),
        end_time: told(action.end_time()),
        min_capacity: bounds.and_then(ScalableTargetAction::min_capacity),
        max_capacity: bounds.and_then(ScalableTargetAction::max_capacity),
    }
}
