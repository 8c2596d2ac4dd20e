//! What can be said of a trigger from itself alone.

use crate::ecs_service::rules as service;
use crate::ecs_task::rules as task;
use crate::rules::{self, RuleText};

/// Of `EcsTaskTriggerSpec`.
pub(super) const TRIGGER: &[RuleText] = &[
    rules::ENVIRONMENT_FIXED,
    rules::CLUSTER_FIXED,
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
