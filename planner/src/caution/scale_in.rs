//! Bounds of a scalable target bring its count between them at once (API reference, `RegisterScalableTarget`): what would take
//! more than half of the tasks away waits for consent.

use std::collections::BTreeSet;

use serde_json::Value;

use super::settled::Look;
use crate::engine::{Action, Kind, Plan, Step};
use crate::kinds::application_autoscaling::scalable_target::ScalableTarget;
use crate::kinds::ecs::service::{Service, ServiceDetail};
use crate::report::service_id;

/// The annotation that consents: `COUNT@GENERATION`.
pub const ALLOW_SCALE_IN: &str = "ecs.longshore.dev/allow-scale-in";

/// The member of a scalable target that says how many there may be.
const MOST: &str = "maxCapacity";

/// The plan, less bounds that would take more than half of the tasks away. `consent`: to how few people have agreed.
#[must_use]
pub fn hold_scale_in(look: &Look<'_>, mut plan: Plan, consent: &BTreeSet<String>) -> Plan {
    let Some(count) = count(look) else { return plan };
    for step in plan.steps.iter_mut().filter(|step| step.id.kind == ScalableTarget::NAME) {
        let Some(most) = newly_at_most(step).filter(|most| most * 2 < count) else { continue };
        if !consent.contains(&most.to_string()) {
            step.action = Action::Blocked;
            step.reason = format!(
                "ScaleInNeedsConsent: {count} tasks are asked for, and with maxCapacity {most} Application Auto Scaling takes {} \
                 of them away at once; raise maxCapacity, or consent with the annotation {ALLOW_SCALE_IN}: {most}@GENERATION",
                count - most
            );
        }
    }
    plan
}

/// Tasks that ECS is asked for.
fn count(look: &Look<'_>) -> Option<i64> {
    let service = look.world.seen::<Service>(service_id(look.graph)?)?;
    service.detail::<ServiceDetail>().map(|detail| detail.desired.into())
}

/// How many there may be from now on, where a step says so.
fn newly_at_most(step: &Step) -> Option<i64> {
    let most = |want: &Value| want.get(MOST)?.as_i64();
    match &step.action {
        Action::Create { want } => most(want),
        Action::Update { want, changes } => {
            let changed = changes.iter().any(|change| change.path.as_str() == MOST);
            most(want).filter(|_| changed)
        }
        Action::Delete | Action::Wait | Action::Blocked => None,
    }
}
