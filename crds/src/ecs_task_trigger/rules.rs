//! What can be said of a trigger from itself alone.

use crate::ecs_service::rules as service;
use crate::rules::{self, RuleText};

/// Of `EcsTaskTriggerSpec`.
pub(super) const TRIGGER: &[RuleText] = &[
    rules::ENVIRONMENT_FIXED,
    CLUSTER_FIXED,
    ONE_SOURCE,
    ROLES_OF_TEMPLATE,
    CONTAINERS,
    PROPAGATED,
    service::LAUNCH_TYPE_OR_STRATEGY,
    rules::STRATEGY_WEIGHTS,
    rules::STRATEGY_MIX,
];

/// What holds of `task` in a service holds here, where there is one.
pub(super) const TEMPLATE: &[RuleText] = service::TEMPLATE;
pub(super) const HAS_TASK: &str = "has(self.task)";

const CLUSTER_FIXED: RuleText = (
    "self.cluster == oldSelf.cluster",
    "cluster can't be changed: make another object, and delete this one when the other is ready",
);

const ONE_SOURCE: RuleText = (
    "has(self.task) != has(self.taskFrom)",
    "exactly one of task and taskFrom: task says what is run, taskFrom names the service whose task definition is",
);

const ROLES_OF_TEMPLATE: RuleText = (
    "has(self.task) || (!has(self.taskRole) && !has(self.executionRole) && !has(self.logs) && !has(self.imageResolution))",
    "taskRole, executionRole, logs and imageResolution belong to task; with taskFrom the service's are taken, and \
     overrides.taskRoleArn names another role",
);

const CONTAINERS: RuleText = (
    "!has(self.task) || !has(self.overrides) || !has(self.overrides.containerOverrides) || \
     self.overrides.containerOverrides.all(o, o.name in self.task.containerDefinitions.map(c, c.name))",
    "overrides.containerOverrides[].name must be the name of a container in task.containerDefinitions",
);

/// API model of Scheduler, `PropagateTags`: `TASK_DEFINITION` is its only value.
const PROPAGATED: RuleText = (
    "!has(self.propagateTags) || self.propagateTags != 'SERVICE'",
    "propagateTags: SERVICE is for services: write TASK_DEFINITION",
);
