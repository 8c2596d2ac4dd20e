//! What can be said of a one-off task from itself alone.

use crate::ecs_service::rules as service;
use crate::rules::{self, RuleText};

/// Of `EcsTaskSpec`.
pub(super) const TASK: &[RuleText] = &[
    rules::ENVIRONMENT_FIXED,
    rules::CLUSTER_FIXED,
    ONE_SOURCE,
    ROLES_OF_TEMPLATE,
    CONTAINERS,
    PROPAGATED,
    service::LAUNCH_TYPE_OR_STRATEGY,
    rules::STRATEGY_WEIGHTS,
    rules::STRATEGY_MIX,
];

/// What holds of `task` in a service holds here, where there is one.
pub(crate) const TEMPLATE: &[RuleText] = service::TEMPLATE;
pub(crate) const HAS_TASK: &str = "has(self.task)";

pub(crate) const ONE_SOURCE: RuleText = (
    "has(self.task) != has(self.taskFrom)",
    "exactly one of task and taskFrom: task says what is run, taskFrom names the service whose task definition is",
);

pub(crate) const ROLES_OF_TEMPLATE: RuleText = (
    "has(self.task) || (!has(self.taskRole) && !has(self.executionRole) && !has(self.logs) && !has(self.imageResolution))",
    "taskRole, executionRole, logs and imageResolution belong to task; with taskFrom the service's are taken, and \
     overrides.taskRoleArn names another role",
);

pub(crate) const CONTAINERS: RuleText = (
    "!has(self.task) || !has(self.overrides) || !has(self.overrides.containerOverrides) || \
     self.overrides.containerOverrides.all(o, o.name in self.task.containerDefinitions.map(c, c.name))",
    "overrides.containerOverrides[].name must be the name of a container in task.containerDefinitions",
);

/// API reference, `RunTask`: "An error will be received if you specify the SERVICE option when running a task."
const PROPAGATED: RuleText = (
    "!has(self.propagateTags) || self.propagateTags != 'SERVICE'",
    "propagateTags: SERVICE is for services: write TASK_DEFINITION, or tags",
);

/// What has been started is not another thing afterwards.
macro_rules! fixed {
    ($member:literal) => {
        (
            concat!(
                "!has(oldSelf.status) || !has(oldSelf.status.startTime) || \
                 (has(self.spec.",
                $member,
                ") == has(oldSelf.spec.",
                $member,
                ") && (!has(self.spec.",
                $member,
                ") || self.spec.",
                $member,
                " == oldSelf.spec.",
                $member,
                "))"
            ),
            concat!(
                "spec.",
                $member,
                " can't be changed any more: the task has been started; make another object, under another name"
            ),
        )
    };
}

pub(super) const TASK_FIXED: RuleText = fixed!("task");
pub(super) const TASK_FROM_FIXED: RuleText = fixed!("taskFrom");
pub(super) const OVERRIDES_FIXED: RuleText = fixed!("overrides");
pub(super) const COUNT_FIXED: RuleText = fixed!("count");
