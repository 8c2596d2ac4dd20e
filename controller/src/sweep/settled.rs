//! Whom the sweep looks after.

use longshore_crds::Mode;
use longshore_crds::status::{ConditionType, ConditionedStatus, OwnerStatus};

use crate::kubernetes::FINALIZER;
use crate::object::Object;

/// Whether an object says that its last turn left nothing to do: then the sweep compares it with AWS from now on, also
/// after a restart. All others come back by timers of their own.
pub(crate) fn settled<O: Object>(object: &O) -> bool {
    let Some(status) = object.status().filter(|_| O::SWEPT) else { return false };
    let meta = object.meta();
    let current = |generation: Option<i64>| generation.is_some() && generation == meta.generation;
    let ready = status.condition(ConditionType::Ready);
    let ready = ready.is_some_and(|ready| ready.status == "True" && current(ready.observed_generation));
    let ready = ready && current(status.observed_generation()) && status.pending().is_empty();
    let held = meta.finalizers.as_deref().unwrap_or_default().iter().any(|name| name == FINALIZER);
    ready
        && meta.deletion_timestamp.is_none()
        && match object.managed().mode() {
            Mode::Manage => held,
            Mode::Observe => true,
            Mode::Suspend => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_crds::EcsCluster;
    use serde_json::{Value, json};

    fn cluster(patch: &Value) -> EcsCluster {
        let ready = json!({"type": "Ready", "status": "True", "reason": "Converged", "message": "",
            "observedGeneration": 2, "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let mut object = json!({
            "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster",
            "metadata": {"namespace": "shop", "name": "main", "generation": 2, "finalizers": [FINALIZER]},
            "spec": {},
            "status": {"observedGeneration": 2, "conditions": [ready]},
        });
        for (pointer, value) in patch.as_object().unwrap() {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let parent = object.pointer_mut(parent).unwrap();
            match name.parse::<usize>() {
                Ok(position) => parent[position] = value.clone(),
                Err(_) => parent[name] = value.clone(),
            }
        }
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn only_what_has_converged_for_its_current_spec_is_left_to_the_sweep() {
        let step = json!([{"action": "update", "resource": "ecs/cluster:cluster"}]);
        let cases = [
            (json!({}), true),
            (json!({"/metadata/generation": 3}), false),
            (json!({"/status/observedGeneration": 1}), false),
            (json!({"/status/observedGeneration": -1}), false),
            (json!({"/status/conditions/0/status": "False"}), false),
            (json!({"/status/conditions/0/observedGeneration": 1}), false),
            (json!({"/status/conditions": []}), false),
            (json!({"/status": null}), false),
            (json!({"/status/pending": step}), false),
            (json!({"/metadata/deletionTimestamp": "2026-01-01T00:00:00Z"}), false),
            (json!({"/metadata/finalizers": []}), false),
            (json!({"/spec/mode": "Suspend"}), false),
            (json!({"/spec/mode": "Observe", "/metadata/finalizers": []}), true),
        ];
        for (patch, expected) in cases {
            assert_eq!(settled(&cluster(&patch)), expected, "{patch}");
        }
    }
}
