//! The one-off tasks that a service's revisions wait for.

use std::collections::BTreeMap;

use longshore_crds::EcsService;
use longshore_crds::status::{ConditionType, ConditionedStatus};
use longshore_planner::desired::{Scope, TASK_KEY, TaskReference};
use longshore_planner::engine::{Id, Kind};
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;

use crate::kubernetes::Stores;

/// Those that are there, by name. One of another service's, or of what that has deployed already, says nothing of a
/// revision that is to come.
pub(super) fn tasks(service: &EcsService, scope: &Scope, stores: &Stores) -> BTreeMap<String, TaskReference> {
    let found = service.spec.after.iter().filter_map(|after| {
        let task = stores.task(&scope.namespace, &after.task.name)?;
        let status = task.status.clone().unwrap_or_default();
        let ready = status.condition(ConditionType::Ready).map(|ready| ready.message.clone());
        let reference = TaskReference {
            phase: status.phase,
            task_definition_arn: status.task_definition_arn,
            message: ready.unwrap_or_else(|| "nobody has looked at it yet".to_owned()),
        };
        Some((after.task.name.clone(), reference))
    });
    found.collect()
}

/// By the hash of their content, as the status remembers them.
pub(super) fn revisions(service: &EcsService) -> BTreeMap<String, String> {
    let resources = service.status.iter().flat_map(|status| &status.resources);
    let found = resources.filter_map(|(id, resource)| {
        let id = id.parse::<Id>().ok().filter(|id| id.kind == TaskDefinition::NAME && id.key == TASK_KEY)?;
        Some((id.fixed, resource.physical.clone()?))
    });
    found.collect()
}
