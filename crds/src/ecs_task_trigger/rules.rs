//! What can be said of a trigger from itself alone.

use crate::ecs_service::rules as service;
use crate::ecs_task::rules as task;
use crate::rules::{self, RuleText};

/// Of `EcsTaskTriggerSpec`.
pub(super) const TRIGGER: &[RuleText] = &[
    rules::ENVIRONMENT_FIXED,
    rules::CLUSTER_FIXED,
    ONE_SOURCE,
    CONTAINERS_OF_EVENT,
    OVERRIDES_ONCE,
    task::ONE_SOURCE,
    task::ROLES_OF_TEMPLATE,
    task::CONTAINERS,
    PROPAGATED,
    service::LAUNCH_TYPE_OR_STRATEGY,
    rules::STRATEGY_WEIGHTS,
    rules::STRATEGY_MIX,
];

/// API model of Scheduler, `PropagateTags`: `TASK_DEFINITION` is its only value.
const PROPAGATED: RuleText = (
    "!has(self.propagateTags) || self.propagateTags != 'SERVICE'",
    "propagateTags: SERVICE is for services: write TASK_DEFINITION",
);

const ONE_SOURCE: RuleText = (
    "has(self.schedule) != has(self.event)",
    "exactly one of schedule and event: schedule says at which times tasks are started, event on which events",
);

const CONTAINERS_OF_EVENT: RuleText = (
    "!has(self.task) || !has(self.event) || !has(self.event.containerOverrides) || \
     self.event.containerOverrides.all(o, o.name in self.task.containerDefinitions.map(c, c.name))",
    "event.containerOverrides[].name must be the name of a container in task.containerDefinitions",
);

/// Which of the two would win nobody could tell.
const OVERRIDES_ONCE: RuleText = (
    "!has(self.event) || !has(self.event.containerOverrides) || !has(self.overrides) || \
     !has(self.overrides.containerOverrides)",
    "write all containerOverrides under event: overrides.containerOverrides would be others of the same containers",
);
