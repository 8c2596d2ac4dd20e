//! The role that AWS starts a trigger's tasks by, and what it passes.

use std::collections::{BTreeMap, BTreeSet};

use longshore_crds::{EcsTaskTriggerSpec, PropagateTags};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::desired::memory::Memory;
use crate::desired::obstacle::{ClusterReference, Fact, Facts, Need, RevisionRoles};
use crate::desired::scope::Scope;
use crate::engine::{Graph, Kind, Text};
use crate::kinds::ecs::task_definition::TaskDefinition;
use crate::kinds::iam::role::Role;

/// The inline policy of the role that starts tasks.
const POLICY: &str = "start";

/// Who starts the tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Starter {
    /// `EventBridge Scheduler`.
    Scheduler,
    /// `EventBridge`, by the rule of this ARN.
    Rule(String),
}

/// What is run, for the role that starts it.
pub(super) struct Run {
    pub(super) family: String,
    /// The application's role.
    task: Option<Text>,
    /// By which ECS starts it.
    execution: Option<Text>,
}

impl Run {
    /// The task definition of its own.
    pub(super) fn own(scope: &Scope, graph: &Graph) -> Self {
        let node = graph.iter().find(|(id, _)| id.kind == TaskDefinition::NAME).map(|(_, node)| node);
        let definition = node.and_then(|node| TaskDefinition::deserialize(&node.want).ok());
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
    pub(super) fn of_service(
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

/// The role that tasks are started by: nothing but this family, in this cluster, and nothing but the roles that its
/// tasks have (developer guide, "Amazon ECS EventBridge IAM Role").
pub(super) fn role(
    scope: &Scope,
    spec: &EcsTaskTriggerSpec,
    cluster: &ClusterReference,
    run: &Run,
    starter: &Starter,
) -> Role {
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
    // What a rule gives up goes to the queue by the queue's own policy (user guide, "Using dead-letter queues to process
    // undelivered events in EventBridge").
    if let Some(queue) = spec.dead_letter_config.as_ref().filter(|_| *starter == Starter::Scheduler) {
        statements.push(json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue.arn}));
    }
    Role {
        name: format!("{}-trigger", scope.base()),
        path: scope.role_path(),
        description: format!("{}: what {} may do to start the tasks", scope.ownership().object, starter.name()),
        trust: trust(scope, starter),
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

impl Starter {
    fn name(&self) -> &'static str {
        match self {
            Self::Scheduler => "EventBridge Scheduler",
            Self::Rule(_) => "EventBridge",
        }
    }

    fn principal(&self) -> &'static str {
        match self {
            Self::Scheduler => "scheduler.amazonaws.com",
            Self::Rule(_) => "events.amazonaws.com",
        }
    }
}

/// Only schedules of this account may assume it (user guide of Scheduler, "Confused deputy prevention"), or only the one
/// rule, as in the roles that EventBridge's console makes.
fn trust(scope: &Scope, starter: &Starter) -> Value {
    let mut source = json!({"aws:SourceAccount": scope.environment.account_id});
    if let (Starter::Rule(arn), Some(members)) = (starter, source.as_object_mut()) {
        members.insert("aws:SourceArn".to_owned(), json!(arn));
    }
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": starter.principal()},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": source},
        }],
    })
}
