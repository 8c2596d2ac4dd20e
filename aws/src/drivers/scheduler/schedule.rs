//! `scheduler/schedule`.

use async_trait::async_trait;
use aws_sdk_scheduler::operation::create_schedule::builders::CreateScheduleInputBuilder;
use aws_sdk_scheduler::operation::delete_schedule::builders::DeleteScheduleInputBuilder;
use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::operation::get_schedule::builders::GetScheduleInputBuilder;
use aws_sdk_scheduler::operation::list_schedules::builders::ListSchedulesInputBuilder;
use aws_sdk_scheduler::operation::update_schedule::builders::UpdateScheduleInputBuilder;
use aws_sdk_scheduler::types::{ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleState};
use aws_smithy_types::date_time::{DateTime, Format};
use longshore_planner::engine::{Kind, LookUp, Owner, Ownership, Seen};
use longshore_planner::kinds::scheduler::schedule::{Schedule, ScheduleOutput};

use super::description;
use super::target::{described, target};
use crate::access::{Aws, Read, Write};
use crate::drivers::{Driver, Found, already_exists};
use crate::fault::{Absent, Fault};
use crate::survey::{Claims, Ours, Survey};
use crate::tags::{Marks, Tags};

const CREATE: &str = "scheduler:CreateSchedule";
const GONE: &[&str] = &["ResourceNotFoundException"];
const TAKEN: &str = "ConflictException";
/// The group that every account has: others would have to be made, and their quota is 500 (user guide, "Quotas").
const GROUP: &str = "default";

pub(crate) struct ScheduleDriver;

#[async_trait]
impl Driver for ScheduleDriver {
    type Kind = Schedule;

    async fn read(
        &self,
        aws: &Aws<Read>,
        ownership: &Ownership,
        at: &LookUp,
    ) -> Result<Option<Found<Schedule>>, Fault> {
        let Some(name) = at.member("name") else { return Ok(None) };
        let Some(told) = get(aws, name).await? else { return Ok(None) };
        let seen = Seen::active(kind(&told)).with_output(ScheduleOutput::Arn, told.arn().unwrap_or_default());
        Ok(Some(Found::new(seen, ownership, &description::read(told.description()))))
    }

    /// A list does not tell descriptions: schedules of tasks that no inventory names are read one by one.
    async fn list_ours(&self, survey: &Survey, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let (mut found, mut token) = (vec![], None);
        loop {
            let request = ListSchedulesInputBuilder::default().group_name(GROUP).set_next_token(token);
            let page = survey.aws().read(request).await?;
            for summary in page.schedules() {
                let of_ecs = summary.target().is_some_and(|target| target.arn().contains(":ecs:"));
                let name = summary.name().unwrap_or_default();
                if !of_ecs || claims.known.contains(name) {
                    continue;
                }
                let Some(told) = get(survey.aws(), name).await? else { continue };
                let tags = description::read(told.description());
                found.extend(Ours::of(claims, Schedule::NAME, name, told.arn().unwrap_or_default(), &tags));
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    async fn create(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Schedule) -> Result<Option<String>, Fault> {
        let request = CreateScheduleInputBuilder::default()
            .name(&want.name)
            .group_name(GROUP)
            .description(description::written(&marks.with(&Tags::new())))
            .schedule_expression(&want.expression)
            .set_schedule_expression_timezone(want.timezone.clone())
            .set_start_date(date(want.start_date.as_deref()))
            .flexible_time_window(window(&want)?)
            .state(state(&want))
            .target(described(&want.target).map_err(|error| Fault::unsent(CREATE, &error))?);
        match aws.write(request).await {
            Ok(made) => Ok(Some(made.schedule_arn)),
            Err(fault) if fault.is(TAKEN) => taken(aws, &marks, &want.name).await,
            Err(fault) => Err(fault),
        }
    }

    /// The whole of it: what is left out of an update is gone (API reference, `UpdateSchedule`).
    async fn update(&self, aws: &Aws<Write>, marks: Marks<'_>, want: Schedule, _: Seen<Schedule>) -> Result<(), Fault> {
        let request = UpdateScheduleInputBuilder::default()
            .name(&want.name)
            .group_name(GROUP)
            .description(description::written(&marks.with(&Tags::new())))
            .schedule_expression(&want.expression)
            .set_schedule_expression_timezone(want.timezone.clone())
            .set_start_date(date(want.start_date.as_deref()))
            .flexible_time_window(window(&want)?)
            .state(state(&want))
            .target(described(&want.target).map_err(|error| Fault::unsent(CREATE, &error))?);
        aws.write(request).await.map(drop)
    }

    async fn delete(&self, aws: &Aws<Write>, seen: Seen<Schedule>) -> Result<(), Fault> {
        let request = DeleteScheduleInputBuilder::default().name(&seen.value.name).group_name(GROUP);
        aws.write(request).await.absent_if(GONE).map(drop)
    }
}

async fn get(aws: &Aws<Read>, name: &str) -> Result<Option<GetScheduleOutput>, Fault> {
    aws.read(GetScheduleInputBuilder::default().name(name).group_name(GROUP)).await.absent_if(GONE)
}

/// Ours, if an earlier answer was lost.
async fn taken(aws: &Aws<Write>, marks: &Marks<'_>, name: &str) -> Result<Option<String>, Fault> {
    let told = get(&aws.reader(), name).await?;
    let ours = told.filter(|told| marks.judge(&description::read(told.description())) == Owner::This);
    ours.map(|told| told.arn).ok_or_else(|| already_exists(CREATE, name))
}

fn state(want: &Schedule) -> ScheduleState {
    if want.enabled { ScheduleState::Enabled } else { ScheduleState::Disabled }
}

fn window(want: &Schedule) -> Result<FlexibleTimeWindow, Fault> {
    let window = FlexibleTimeWindow::builder().set_maximum_window_in_minutes(want.flexible_window_minutes);
    let mode = match want.flexible_window_minutes {
        Some(_) => FlexibleTimeWindowMode::Flexible,
        None => FlexibleTimeWindowMode::Off,
    };
    window.mode(mode).build().map_err(|error| Fault::unsent(CREATE, &error))
}

fn date(text: Option<&str>) -> Option<DateTime> {
    DateTime::from_str(text?, Format::DateTime).ok()
}

fn kind(told: &GetScheduleOutput) -> Schedule {
    let (target, mut other) = told.target().map(target).unwrap_or_default();
    let text = |date: Option<&DateTime>| date.and_then(|date| date.fmt(Format::DateTime).ok());
    other.extend(text(told.end_date()).map(|date| format!("endDate: {date}")));
    other.extend(told.kms_key_arn().map(|key| format!("kmsKeyArn: {key}")));
    let deletes = told.action_after_completion() == Some(&ActionAfterCompletion::Delete);
    other.extend(deletes.then(|| "actionAfterCompletion: DELETE".to_owned()));
    Schedule {
        name: told.name().unwrap_or_default().to_owned(),
        expression: told.schedule_expression().unwrap_or_default().to_owned(),
        timezone: told.schedule_expression_timezone().map(str::to_owned),
        start_date: text(told.start_date()),
        flexible_window_minutes: told.flexible_time_window().and_then(FlexibleTimeWindow::maximum_window_in_minutes),
        enabled: told.state() != Some(&ScheduleState::Disabled),
        target,
        other,
    }
}
