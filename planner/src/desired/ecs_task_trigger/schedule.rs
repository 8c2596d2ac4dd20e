//! The schedule of a trigger: when `EventBridge Scheduler` starts tasks.

use jiff::{SignedDuration, Timestamp};
use longshore_crds::EcsTaskTriggerSpec;
use longshore_crds::ecs_task_trigger::TriggerSchedule;

use super::Times;
use crate::desired::obstacle::{Refusal, Warning};
use crate::desired::scope::Scope;
use crate::engine::FieldPath;
use crate::kinds::scheduler::schedule::{Schedule, Target};
use crate::schedule::{Expression, Shift, moment, on_grid, zone};

/// Where it stands in the spec.
pub(super) const AT: &str = "spec.schedule";
/// How long a start is tried again unless the spec says otherwise (API reference, `RetryPolicy`).
const DAY_SECONDS: i32 = 86_400;

/// When it starts tasks, as far as that can be told before AWS is asked.
pub(super) struct Timing {
    expression: Expression,
    first: Option<Timestamp>,
    /// Its one time has passed: it is neither made nor changed, so that nothing is run for the second time.
    pub(super) has_passed: bool,
    /// Nor is any start tried again any more.
    pub(super) is_over: bool,
    pub(super) warnings: Vec<Warning>,
}

impl Timing {
    pub(super) fn read(spec: &EcsTaskTriggerSpec, schedule: &TriggerSchedule, times: Times) -> Result<Self, Refusal> {
        let at = FieldPath::from(AT).member("expression");
        let expression =
            Expression::read(&schedule.expression).map_err(|why| Refusal::new("InvalidSchedule", at.clone(), why))?;
        let name = schedule.timezone.as_deref().unwrap_or("UTC");
        let Some(zone) = zone(name) else {
            let message =
                format!("{name} is no time zone: write its name of the IANA database, such as Europe/Stockholm");
            return Err(Refusal::new("InvalidSchedule", FieldPath::from(AT).member("timezone"), message));
        };
        let mut timing = Self { expression, first: None, has_passed: false, is_over: false, warnings: vec![] };
        match &timing.expression {
            Expression::Cron(cron) => {
                let warn = |shift: Shift| Warning { at: at.clone(), message: told(&shift, name) };
                timing.warnings = cron.shifts(times.now, &zone).into_iter().map(warn).collect();
            }
            Expression::Rate(period) => {
                let made = times.made.and_then(|made| Timestamp::from_second(made.as_second()).ok());
                let first = made.and_then(|made| made.checked_add(*period).ok());
                timing.first = first.and_then(|first| on_grid(first, *period, times.now));
            }
            Expression::At(time) => {
                let Some(moment) = moment(*time, &zone) else {
                    let message = format!("the clocks of {name} leave {time} out: write a time that there is");
                    return Err(Refusal::new("InvalidSchedule", at, message));
                };
                if times.made.is_some_and(|made| moment <= made) {
                    let message = format!(
                        "{time} ({name}) had passed before this object was made, so that nothing is run: write a time \
                         that is to come, or delete the object"
                    );
                    return Err(Refusal::new("SchedulePassed", at, message));
                }
                timing.has_passed = moment <= times.now;
                timing.is_over = moment.checked_add(longest_start(spec, schedule)).is_ok_and(|end| end <= times.now);
            }
        }
        Ok(timing)
    }
}

/// How long after its time a start may still be tried.
fn longest_start(spec: &EcsTaskTriggerSpec, schedule: &TriggerSchedule) -> SignedDuration {
    let age = spec.retry_policy.and_then(|policy| policy.maximum_event_age_in_seconds).unwrap_or(DAY_SECONDS);
    let window = schedule.flexible_time_window_minutes.unwrap_or_default();
    SignedDuration::from_secs(i64::from(age)) + SignedDuration::from_mins(i64::from(window))
}

/// User guide, "Daylight savings time": "If a cron expression falls on a non-existent date and time, your schedule
/// invocation is skipped", and in autumn it "runs only once".
fn told(shift: &Shift, zone: &str) -> String {
    match shift {
        Shift::Skipped(time) => format!(
            "the clocks of {zone} leave {time} out, so that Scheduler skips that run; choose an hour at which no clocks \
             change, or no time zone, if each day counts"
        ),
        Shift::Doubled(time) => {
            format!("the clocks of {zone} show {time} twice; Scheduler runs it once, at the first of the two")
        }
    }
}

/// The schedule, with its target.
pub(super) fn schedule(
    scope: &Scope,
    spec: &EcsTaskTriggerSpec,
    schedule: &TriggerSchedule,
    target: Target,
    timing: &Timing,
) -> Schedule {
    Schedule {
        name: scope.base(),
        expression: schedule.expression.clone(),
        timezone: schedule.timezone.clone(),
        start_date: timing.first.map(|first| first.to_string()),
        flexible_window_minutes: schedule.flexible_time_window_minutes,
        enabled: spec.suspend != Some(true),
        target,
        other: vec![],
    }
}
