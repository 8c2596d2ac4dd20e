//! `EcsTaskTrigger` -> graph: the task definition as a one-off task's, a role for who starts it, and the schedule, or the
//! rule, by which that happens.

mod event;
mod role;
mod schedule;
mod template;

use jiff::Timestamp;
use longshore_crds::ecs_task::{RevisionOf, TaskFrom, TaskOverride};
use longshore_crds::ecs_task_trigger::{TriggerEvent, TriggerSchedule};
use longshore_crds::{EcsTaskSpec, EcsTaskTriggerSpec};
use serde_json::Value;

use self::event::Told;
use self::role::{Run, Starter};
use self::schedule::Timing;
use super::ecs_service::{Template, check_cluster, template};
use super::ecs_task::{as_service, check_overrides, containers_of, counting, of_service, overrides, usable};
use super::grants::{authorise, authorise_order, authorise_queue};
use super::memory::Memory;
use super::obstacle::{
    ClusterReference, Desired, Facts, Obstacle, Reference, References, Refusal, TaskSource, Warning,
};
use super::scope::Scope;
use crate::engine::{FieldPath, Graph, GraphError, Text};
use crate::kinds::ecs::service::Network;
use crate::kinds::eventbridge::rule::{DEFAULT_BUS, Rule};
use crate::kinds::iam::role::RoleOutput;
use crate::kinds::scheduler::schedule::{EcsParameters, Schedule, Target};
use crate::triggered::Watch;

/// The key of the schedule in its object's graph.
pub const SCHEDULE_KEY: &str = "schedule";
/// The key of the rule.
const RULE_KEY: &str = "rule";
/// API reference, `EcsParameters`: overrides "should not exceed 8192 characters"; `TargetInput` and `TransformerInput` of
/// EventBridge are bound alike.
const LONGEST_INPUT: usize = 8192;

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
        overrides: all_overrides(spec),
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

/// Those of single containers may stand under the event; never in both places.
fn all_overrides(spec: &EcsTaskTriggerSpec) -> Option<TaskOverride> {
    let of_event = spec.event.as_ref().map(|event| &event.container_overrides).filter(|all| !all.is_empty());
    let Some(of_event) = of_event else { return spec.overrides.clone() };
    Some(TaskOverride { container_overrides: of_event.clone(), ..spec.overrides.clone().unwrap_or_default() })
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
    let task = as_task(spec);
    let start = Start::read(spec, &task, times)?;
    refuse(&task)?;
    check_cluster(scope, &spec.cluster)?;
    let cluster = usable(&references.cluster)?;
    let source = source.map(usable).transpose()?;
    let Template { mut graph, revision, network, mut pins, mut needs, mut lent, warnings } = match source {
        None => template(scope, &as_service(&task), facts, references, memory)?,
        Some(source) => of_service(scope, &task, source, facts)?,
    };
    let containers = source.map_or_else(|| containers_of(&graph), |source| source.containers.clone());
    check_overrides(&task, &containers).map_err(|refusal| as_written(spec, refusal))?;
    lent.extend(source.iter().flat_map(|source| source.security_groups.iter().cloned()));
    let run = match source {
        None => Run::own(scope, &graph),
        Some(source) => Run::of_service(&source.task_definition_arn, facts, memory, &mut pins, &mut needs),
    };
    let role = role::role(scope, spec, cluster, &run, &start.starter(scope));
    let role = graph.add("trigger-role", role, "spec", &[])?.out(RoleOutput::Arn);
    let target = target(scope, spec, (cluster, network.as_ref()), (revision, role), start.input());
    start.add(&mut graph, scope, spec, target)?;
    let refusals: Vec<Refusal> = authorise(&graph, scope, &lent)
        .into_iter()
        .chain(authorise_order(&task, network.as_ref(), scope, &lent))
        .chain(spec.dead_letter_config.as_ref().and_then(|_| authorise_queue(scope)))
        .map(|refusal| as_written(spec, refusal))
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
            let otherwise = start.otherwise(scope)?;
            let warnings = start.warnings().into_iter().chain(warnings).collect();
            Ok(Desired { graph, otherwise, pins, warnings, watch: Some(watch), ..Desired::default() })
        }
    }
}

/// What starts the tasks.
enum Start<'a> {
    At { schedule: &'a TriggerSchedule, timing: Timing, input: Option<Value> },
    On { event: &'a TriggerEvent, told: Told },
}

impl<'a> Start<'a> {
    fn read(spec: &'a EcsTaskTriggerSpec, task: &EcsTaskSpec, times: Times) -> Result<Self, Obstacle> {
        match (&spec.schedule, &spec.event) {
            (Some(schedule), None) => {
                let timing = Timing::read(spec, schedule, times)?;
                let input = task.overrides.as_ref().map(overrides);
                input.as_ref().map(|input| fits(input, "spec.overrides")).transpose()?;
                Ok(Self::At { schedule, timing, input })
            }
            (None, Some(event)) => Ok(Self::On { event, told: Told::read(event, task.overrides.as_ref())? }),
            _ => Err(Refusal::new("Invalid", "spec", "write exactly one of schedule and event").into()),
        }
    }

    fn starter(&self, scope: &Scope) -> Starter {
        match self {
            Self::At { .. } => Starter::Scheduler,
            Self::On { event, .. } => Starter::Rule(event::rule_arn(scope, event)),
        }
    }

    fn input(&self) -> Option<Value> {
        match self {
            Self::At { input, .. } => input.clone(),
            Self::On { told, .. } => Some(told.input.clone()),
        }
    }

    fn warnings(self) -> Vec<Warning> {
        match self {
            Self::At { timing, .. } => timing.warnings,
            Self::On { told, .. } => told.warnings,
        }
    }

    /// What would start the tasks were it the other form: a schedule that has become a rule, or a rule that has become a
    /// schedule, would start them beside it.
    fn otherwise(&self, scope: &Scope) -> Result<Graph, GraphError> {
        let mut graph = Graph::default();
        let name = scope.base();
        match self {
            Self::At { .. } => {
                let rule = Rule { name, event_bus: DEFAULT_BUS.to_owned(), ..Rule::default() };
                graph.add(RULE_KEY, rule, event::AT, &[])?;
            }
            Self::On { .. } => {
                graph.add(SCHEDULE_KEY, Schedule { name, ..Schedule::default() }, schedule::AT, &[])?;
            }
        }
        Ok(graph)
    }

    fn add(&self, graph: &mut Graph, scope: &Scope, spec: &EcsTaskTriggerSpec, target: Target) -> Result<(), Obstacle> {
        match self {
            Self::At { timing, .. } if timing.is_over => {}
            Self::At { schedule, timing, .. } => {
                let schedule = schedule::schedule(scope, spec, schedule, target, timing);
                let schedule = graph.add(SCHEDULE_KEY, schedule, schedule::AT, &[])?;
                if timing.has_passed {
                    graph.hold(&schedule.id, "its time has passed");
                }
            }
            Self::On { event, told } => {
                let rule = event::rule(scope, spec, event, target, told.paths.clone());
                graph.add(RULE_KEY, rule, event::AT, &[])?;
            }
        }
        Ok(())
    }
}

/// A refusal of an override names the place where it was written.
fn as_written(spec: &EcsTaskTriggerSpec, refusal: Refusal) -> Refusal {
    let of_event = spec.event.as_ref().is_some_and(|event| !event.container_overrides.is_empty());
    match refusal.at.0.strip_prefix("spec.overrides.containerOverrides") {
        Some(rest) if of_event => Refusal { at: FieldPath(format!("{}{rest}", event::OVERRIDES_AT)), ..refusal },
        _ => refusal,
    }
}

/// What `EventBridge` does not take, though `RunTask` does.
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

fn target(
    scope: &Scope,
    spec: &EcsTaskTriggerSpec,
    (cluster, network): (&ClusterReference, Option<&Network>),
    (revision, role): (Text, Text),
    input: Option<Value>,
) -> Target {
    let retry = spec.retry_policy.unwrap_or_default();
    Target {
        cluster: cluster.arn.clone(),
        role_arn: role,
        input,
        maximum_event_age_in_seconds: retry.maximum_event_age_in_seconds,
        maximum_retry_attempts: retry.maximum_retry_attempts,
        dead_letter_arn: spec.dead_letter_config.as_ref().map(|queue| queue.arn.clone()),
        ecs: ecs_parameters(scope, spec, (cluster, network), revision),
    }
}

fn ecs_parameters(
    scope: &Scope,
    spec: &EcsTaskTriggerSpec,
    (cluster, network): (&ClusterReference, Option<&Network>),
    revision: Text,
) -> EcsParameters {
    EcsParameters {
        task_definition_arn: revision,
        task_count: spec.count,
        launch_type: spec.launch_type,
        capacity_provider_strategy: cluster.strategy(&spec.capacity_provider_strategy),
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

/// Whether `EventBridge` passes so much.
fn fits(input: &Value, at: &str) -> Result<(), Refusal> {
    let length = input.to_string().len();
    if length <= LONGEST_INPUT {
        return Ok(());
    }
    let message = format!(
        "as JSON the overrides have {length} bytes, and EventBridge passes {LONGEST_INPUT} at most: put what is long \
         into the task definition, or into a file that the task reads"
    );
    Err(Refusal::new("OverridesTooLong", at, message))
}
