//! `EcsTaskTrigger` -> graph: the task definition as a one-off task's, a role for who starts it, and the schedule.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use longshore_crds::ecs_task::{RevisionOf, TaskFrom};
use longshore_crds::{EcsTaskSpec, EcsTaskTriggerSpec, PropagateTags};
use serde_json::{Value, json};

use super::ecs_service::{Template, check_cluster, template};
use super::ecs_task::{as_service, check_overrides, containers_of, counting, of_service, overrides, usable};
use super::grants::{authorise, authorise_order, authorise_queue};
use super::memory::Memory;
use super::obstacle::{
    ClusterReference, Desired, Fact, Facts, Need, Obstacle, Reference, References, Refusal, RevisionRoles, TaskSource,
    Warning,
};
use super::scope::Scope;
use crate::engine::{FieldPath, Graph, Kind, Text};
use crate::kinds::ecs::service::Network;
use crate::kinds::ecs::task_definition::TaskDefinition;
use crate::kinds::iam::role::{Role, RoleOutput};
use crate::kinds::scheduler::schedule::{EcsParameters, Schedule, Target};
use crate::schedule::{Expression, Shift, moment, on_grid, zone};
use crate::triggered::Watch;

/// The key of the schedule in its object's graph.
pub const SCHEDULE_KEY: &str = "schedule";
/// The inline policy of the role that starts tasks.
const POLICY: &str = "start";
const AT: &str = "spec.schedule";
/// API reference, `EcsParameters`: overrides "should not exceed 8192 characters".
const LONGEST_INPUT: usize = 8192;
/// How long a start is tried again unless the spec says otherwise (API reference, `RetryPolicy`).
const DAY_SECONDS: i32 = 86_400;

/// When a trigger was made, and what time it is: a rate goes on from the one, and what is over by the other is not made.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// `None`: it does not matter any more.
    pub made: Option<Timestamp>,
    /// The present.
    pub now: Timestamp,
}

/// The parts of a trigger that a one-off task has too, as a one-off task's.
pub fn as_task(spec: &EcsTaskTriggerSpec) -> EcsTaskSpec {
    let from = |service| TaskFrom { service, revision: Some(RevisionOf::Deployed) };
    EcsTaskSpec {
        aws_environment: spec.aws_environment.clone(),
        cluster: spec.cluster.clone(),
        task: spec.task.clone(),
        task_from: spec.task_from.as_ref().map(|it| from(it.service.clone())),
        task_role: spec.task_role.clone(),
        execution_role: spec.execution_role.clone(),
        logs: spec.logs.clone(),
        image_resolution: spec.image_resolution,
        overrides: spec.overrides.clone(),
        count: spec.count,
        launch_type: spec.launch_type,
        capacity_provider_strategy: spec.capacity_provider_strategy.clone(),
        platform_version: spec.platform_version.clone(),
        network_configuration: spec.network_configuration.clone(),
        placement_constraints: spec.placement_constraints.clone(),
        placement_strategy: spec.placement_strategy.clone(),
        reference_id: spec.reference_id.clone(),
        enable_ecs_managed_tags: spec.enable_ecs_managed_tags,
        propagate_tags: spec.propagate_tags,
        enable_execute_command: spec.enable_execute_command,
        tags: spec.tags.clone(),
        ..EcsTaskSpec::default()
    }
}

/// What an `EcsTaskTrigger` wants. `source`: the service of `taskFrom`.
pub fn ecs_task_trigger(
    scope: &Scope,
    spec: &EcsTaskTriggerSpec,
    facts: &Facts,
    references: &References,
    source: Option<&Reference<TaskSource>>,
    memory: &Memory,
    times: Times,
) -> Result<Desired, Obstacle> {
    let timing = Timing::read(spec, times)?;
    let task = as_task(spec);
    refuse(&task)?;
    check_cluster(scope, &spec.cluster)?;
    let cluster = usable(&references.cluster)?;
    let source = source.map(usable).transpose()?;
    let Template { mut graph, revision, network, mut pins, mut needs, mut lent } = match source {
        None => template(scope, &as_service(&task), facts, references, memory)?,
        Some(source) => of_service(scope, &task, source, facts)?,
    };
    let containers = source.map_or_else(|| containers_of(&graph), |source| source.containers.clone());
    check_overrides(&task, &containers)?;
    lent.extend(source.iter().flat_map(|source| source.security_groups.iter().cloned()));
    let run = match source {
        None => Run::own(scope, &graph),
        Some(source) => Run::of_service(&source.task_definition_arn, facts, memory, &mut pins, &mut needs),
    };
    let role = starter(scope, spec, cluster, &run);
    let role = graph.add("trigger-role", role, "spec", &[])?.out(RoleOutput::Arn);
    let schedule = schedule(scope, spec, (cluster, network.as_ref()), (revision, role), &timing)?;
    if !timing.is_over {
        let schedule = graph.add(SCHEDULE_KEY, schedule, AT, &[])?;
        if timing.has_passed {
            graph.hold(&schedule.id, "its time has passed");
        }
    }
    let refusals: Vec<Refusal> = authorise(&graph, scope, &lent)
        .into_iter()
        .chain(authorise_order(&task, network.as_ref(), scope, &lent))
        .chain(spec.dead_letter_config.as_ref().and_then(|_| authorise_queue(scope)))
        .collect();
    let watch = Watch {
        cluster: cluster.arn.clone(),
        family: run.family,
        group: scope.base(),
        containers: counting(&task, &containers),
    };
    match (refusals.is_empty(), needs.is_empty()) {
        (false, _) => Err(Obstacle::Refused(refusals)),
        (true, false) => Err(Obstacle::Needs(needs)),
        (true, true) => {
            Ok(Desired { graph, pins, warnings: timing.warnings, watch: Some(watch), ..Desired::default() })
        }
    }
}

/// What Scheduler does not take, though RunTask does.
fn refuse(task: &EcsTaskSpec) -> Result<(), Obstacle> {
    let mut refusals = vec![];
    let network = task.network_configuration.as_ref();
    if network.is_some_and(|network| !network.access.is_empty() || !network.allow_from.is_empty()) {
        let message = "access and allowFrom of a trigger: this version of Longshore cannot do that yet; name a security \
                       group in awsvpcConfiguration.securityGroups, or take the network of a service with taskFrom";
        refusals.push(Refusal::new("NotSupportedYet", "spec.networkConfiguration", message));
    }
    let volumes = task.task.iter().flat_map(|task| &task.volumes);
    for volume in volumes.filter(|volume| volume.configured_at_launch == Some(true)) {
        let message =
            "EventBridge cannot say which EBS volume a task gets (configuredAtLaunch): mount an EFS file system";
        refusals.push(Refusal::new("NotByTrigger", FieldPath::from("spec.task.volumes").item(&volume.name), message));
    }
    if refusals.is_empty() { Ok(()) } else { Err(Obstacle::Refused(refusals)) }
}

/// When it starts tasks, as far as that can be told before AWS is asked.
struct Timing {
    expression: Expression,
    first: Option<Timestamp>,
    /// Its one time has passed: it is neither made nor changed, so that nothing is run for the second time.
    has_passed: bool,
    /// Nor is any start tried again any more.
    is_over: bool,
    warnings: Vec<Warning>,
}

impl Timing {
    fn read(spec: &EcsTaskTriggerSpec, times: Times) -> Result<Self, Refusal> {
        let at = FieldPath::from(AT).member("expression");
        let expression = Expression::read(&spec.schedule.expression)
            .map_err(|why| Refusal::new("InvalidSchedule", at.clone(), why))?;
        let name = spec.schedule.timezone.as_deref().unwrap_or("UTC");
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
                timing.is_over = moment.checked_add(longest_start(spec)).is_ok_and(|end| end <= times.now);
            }
        }
        Ok(timing)
    }
}

/// How long after its time a start may still be tried.
fn longest_start(spec: &EcsTaskTriggerSpec) -> SignedDuration {
    let age = spec.retry_policy.and_then(|policy| policy.maximum_event_age_in_seconds).unwrap_or(DAY_SECONDS);
    let window = spec.schedule.flexible_time_window_minutes.unwrap_or_default();
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

/// What is run, for the role that starts it.
struct Run {
    family: String,
    /// The application's role.
    task: Option<Text>,
    /// By which ECS starts it.
    execution: Option<Text>,
}

impl Run {
    /// The task definition of its own.
    fn own(scope: &Scope, graph: &Graph) -> Self {
        let node = graph.iter().find(|(id, _)| id.kind == TaskDefinition::NAME).map(|(_, node)| node);
        let definition = node.and_then(|node| serde_json::from_value::<TaskDefinition>(node.want.clone()).ok());
        definition.map_or_else(
            || Self { family: scope.base(), task: None, execution: None },
            |definition| Self {
                family: definition.family,
                task: definition.task_role_arn,
                execution: definition.execution_role_arn,
            },
        )
    }

    /// A service's revision never changes, so that its roles are asked for once.
    fn of_service(
        arn: &str,
        facts: &Facts,
        memory: &Memory,
        pins: &mut BTreeMap<String, String>,
        needs: &mut Vec<Need>,
    ) -> Self {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let family = name.split(':').next().unwrap_or(name).to_owned();
        let need = Need::RevisionRoles { arn: arn.to_owned() };
        let key = format!("roles of {name}");
        let roles = match (memory.pins.get(&key), facts.get(&need)) {
            (Some(pinned), _) => RevisionRoles::read(pinned),
            (None, Some(Fact::RevisionRoles(roles))) => roles.clone(),
            (None, _) => {
                needs.push(need);
                RevisionRoles::default()
            }
        };
        pins.insert(key, roles.to_string());
        Self { family, task: roles.task.map(Text::from), execution: roles.execution.map(Text::from) }
    }
}

/// The role that Scheduler starts tasks by: nothing but this family, in this cluster, and nothing but the roles that its
/// tasks have (developer guide, "Amazon ECS EventBridge IAM Role").
fn starter(scope: &Scope, spec: &EcsTaskTriggerSpec, cluster: &ClusterReference, run: &Run) -> Role {
    let revisions = scope.arn("ecs", &format!("task-definition/{}:*", run.family));
    let mut statements = vec![json!({
        "Effect": "Allow",
        "Action": "ecs:RunTask",
        "Resource": revisions,
        "Condition": {"ArnEquals": {"ecs:cluster": cluster.arn}},
    })];
    let roles = passed(spec, run);
    if !roles.is_empty() {
        statements.push(json!({
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": roles,
            "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        }));
    }
    let tags = spec.propagate_tags == Some(PropagateTags::TaskDefinition) || spec.enable_ecs_managed_tags == Some(true);
    if tags {
        // Developer guide, "Grant permission to tag resources on creation".
        statements.push(json!({
            "Effect": "Allow",
            "Action": "ecs:TagResource",
            "Resource": scope.arn("ecs", &format!("task/{}/*", cluster.name)),
            "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
        }));
    }
    if let Some(queue) = &spec.dead_letter_config {
        statements.push(json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue.arn}));
    }
    Role {
        name: format!("{}-trigger", scope.base()),
        path: scope.role_path(),
        description: format!("{}: what EventBridge Scheduler may do to start the tasks", scope.ownership().object),
        trust: trust(scope),
        inline: [(POLICY.to_owned(), json!({"Version": "2012-10-17", "Statement": statements}))].into(),
        permissions_boundary: scope.boundary(),
        tags: scope.tags(&spec.tags),
        ..Role::default()
    }
}

/// The two roles of its tasks: what an override names stands in the place of what the task definition names.
fn passed(spec: &EcsTaskTriggerSpec, run: &Run) -> BTreeSet<Text> {
    let overrides = spec.overrides.clone().unwrap_or_default();
    let task = overrides.task_role_arn.map(Text::from).or_else(|| run.task.clone());
    let execution = overrides.execution_role_arn.map(Text::from).or_else(|| run.execution.clone());
    task.into_iter().chain(execution).collect()
}

/// Only schedules of this account may assume it (user guide, "Confused deputy prevention").
fn trust(scope: &Scope) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": scope.environment.account_id}},
        }],
    })
}

fn schedule(
    scope: &Scope,
    spec: &EcsTaskTriggerSpec,
    (cluster, network): (&ClusterReference, Option<&Network>),
    (revision, role): (Text, Text),
    timing: &Timing,
) -> Result<Schedule, Refusal> {
    let retry = spec.retry_policy.unwrap_or_default();
    Ok(Schedule {
        name: scope.base(),
        expression: spec.schedule.expression.clone(),
        timezone: spec.schedule.timezone.clone(),
        start_date: timing.first.map(|first| first.to_string()),
        flexible_window_minutes: spec.schedule.flexible_time_window_minutes,
        enabled: spec.suspend != Some(true),
        target: Target {
            cluster: cluster.arn.clone(),
            role_arn: role,
            input: input(spec)?,
            maximum_event_age_in_seconds: retry.maximum_event_age_in_seconds,
            maximum_retry_attempts: retry.maximum_retry_attempts,
            dead_letter_arn: spec.dead_letter_config.as_ref().map(|queue| queue.arn.clone()),
            ecs: ecs_parameters(scope, spec, network, revision),
        },
        other: vec![],
    })
}

fn ecs_parameters(
    scope: &Scope,
    spec: &EcsTaskTriggerSpec,
    network: Option<&Network>,
    revision: Text,
) -> EcsParameters {
    EcsParameters {
        task_definition_arn: revision,
        task_count: spec.count,
        launch_type: spec.launch_type,
        capacity_provider_strategy: spec.capacity_provider_strategy.clone(),
        platform_version: spec.platform_version.clone(),
        network: network.cloned(),
        group: Some(scope.base()),
        placement_constraints: spec.placement_constraints.clone(),
        placement_strategy: spec.placement_strategy.clone(),
        reference_id: spec.reference_id.clone(),
        enable_ecs_managed_tags: spec.enable_ecs_managed_tags == Some(true),
        enable_execute_command: spec.enable_execute_command == Some(true),
        propagate_tags: spec.propagate_tags,
    }
}

fn input(spec: &EcsTaskTriggerSpec) -> Result<Option<Value>, Refusal> {
    let Some(input) = spec.overrides.as_ref().map(overrides) else { return Ok(None) };
    let length = input.to_string().len();
    if length > LONGEST_INPUT {
        let message = format!(
            "as JSON the overrides have {length} bytes, and EventBridge passes {LONGEST_INPUT} at most: put what is long \
             into the task definition, or into a file that the task reads"
        );
        return Err(Refusal::new("OverridesTooLong", "spec.overrides", message));
    }
    Ok(Some(input))
}
