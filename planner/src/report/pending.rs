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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{FieldPath, Id};
    use std::collections::BTreeSet;

    fn step(action: Action, at: &str) -> Step {
        let id = Id::new("ecs/service", "service");
        Step { id, action, reason: "why".to_owned(), at: FieldPath::from(at), needs: BTreeSet::new() }
    }

    #[test]
    fn a_step_is_told_with_its_field_where_one_asks_for_it() {
        let want = serde_json::Value::Null;
        let cases = [
            (Action::Create { want: want.clone() }, "spec.task", "create"),
            (Action::Update { want, changes: vec![] }, "spec", "update"),
            (Action::Delete, "", "delete"),
            (Action::Wait, "spec", "wait"),
            (Action::Blocked, "spec", "blocked"),
        ];
        for (action, at, word) in cases {
            let told = PendingStep {
                action: word.to_owned(),
                resource: "ecs/service:service".to_owned(),
                reason: Some("why".to_owned()),
                field: Some(at.to_owned()).filter(|at| !at.is_empty()),
            };
            assert_eq!(pending(&Plan { steps: vec![step(action, at)], ..Plan::default() }), [told]);
        }
    }

    #[test]
    fn of_many_steps_the_first_are_told() {
        let steps = vec![step(Action::Delete, ""); MOST + 1];
        assert_eq!(pending(&Plan { steps, ..Plan::default() }).len(), MOST);
    }
}
