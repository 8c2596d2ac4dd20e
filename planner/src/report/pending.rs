//! The plan in brief.

use longshore_crds::status::PendingStep;

use crate::engine::{Action, Plan, Step};

/// How many steps are told: a status is no log.
const MOST: usize = 20;

/// The steps that are not done yet, in the words of the status.
pub fn pending(plan: &Plan) -> Vec<PendingStep> {
    plan.steps.iter().take(MOST).map(brief).collect()
}

fn brief(step: &Step) -> PendingStep {
    let action = match step.action {
        Action::Create { .. } => "create",
        Action::Update { .. } => "update",
        Action::Delete => "delete",
        Action::Wait => "wait",
        Action::Blocked => "blocked",
    };
    PendingStep {
        action: action.to_owned(),
        resource: step.id.to_string(),
        reason: Some(step.reason.clone()),
        field: Some(step.at.to_string()).filter(|at| !at.is_empty()),
    }
}
