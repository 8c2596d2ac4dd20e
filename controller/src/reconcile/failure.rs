//! What AWS refused, in the words of the object's conditions.

use longshore_aws::{Class, Fault};
use longshore_planner::engine::{Action, Plan, Step};
use longshore_planner::report::{Failure, Remedy, Situation};

use super::outcome::Outcome;

/// A step that AWS refused.
pub(super) fn failure(step: &Step, fault: &Fault) -> Failure {
    let field = if step.at.0.is_empty() { String::new() } else { format!(" ({})", step.at) };
    Failure {
        id: step.id.clone(),
        remedy: remedy(fault.class),
        reason: reason(&fault.code),
        message: format!("{}{field}: {fault}", step.id),
    }
}

/// What AWS accepted in this turn and does not show: the same step stands in the plan again. It is not taken twice in
/// a turn, but ever more slowly: a read may be out of date, or AWS (or somebody else) does not keep what was asked for.
pub(super) fn unheeded(plan: &Plan, taken: &[Step], failures: &[Failure]) -> Vec<Failure> {
    let again = |step: &&Step| taken.iter().any(|done| done.id == step.id && done.action == step.action);
    let told = |step: &&Step| failures.iter().any(|failure| failure.id == step.id);
    let steps = plan.runnable().filter(|step| again(step) && !told(step));
    steps
        .map(|step| Failure {
            id: step.id.clone(),
            remedy: if matches!(step.action, Action::Update { .. }) { Remedy::Retry } else { Remedy::Wait },
            reason: "NotSeenYet".to_owned(),
            message: format!(
                "{} ({}): AWS accepted this and does not show it yet; it is looked at again. If this stays so, \
                 something undoes it, or this AWS does not know what was asked for",
                step.id, step.reason
            ),
        })
        .collect()
}

/// What a fault means that no single resource has: there is no session, or a fact could not be asked for.
pub(super) fn situation(fault: &Fault) -> (Situation<'static>, Outcome) {
    let (reason, message) = (reason(&fault.code), fault.to_string());
    match fault.class {
        Class::Fix => (Situation::Stalled { reason, message }, Outcome::Stalled),
        Class::Wait | Class::Retry => {
            (Situation::Waiting { reason, message }, Outcome::Failed { retry_after: fault.retry_after })
        }
    }
}

fn remedy(class: Class) -> Remedy {
    match class {
        Class::Wait => Remedy::Wait,
        Class::Retry => Remedy::Retry,
        Class::Fix => Remedy::Fix,
    }
}

/// A condition's reason is a word: EC2's codes have dots.
fn reason(code: &str) -> String {
    let word: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) { word } else { format!("Aws{word}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_planner::engine::{FieldPath, Id};
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_becomes_a_reason_that_kubernetes_takes() {
        let cases = [
            ("AccessDenied", "AccessDenied"),
            ("InvalidGroup.Duplicate", "InvalidGroupDuplicate"),
            ("500", "Aws500"),
            ("", "Aws"),
        ];
        for (code, expected) in cases {
            assert_eq!(reason(code), expected);
        }
    }

    #[test]
    fn what_aws_accepts_and_does_not_show_is_not_taken_twice_in_a_turn() {
        let step = |id: &str, action: Action| Step {
            id: Id::new("ecs/service", id),
            action,
            reason: "differs in x".to_owned(),
            at: FieldPath::default(),
            needs: BTreeSet::new(),
        };
        let update = |to: i32| Action::Update { want: json!(to), changes: vec![] };
        let taken =
            [step("same", update(1)), step("other", update(1)), step("made", Action::Create { want: json!(1) })];
        let plan = Plan {
            steps: vec![
                step("same", update(1)),
                step("other", update(2)),
                step("made", Action::Create { want: json!(1) }),
                step("new", update(1)),
            ],
            ..Plan::default()
        };
        let found: Vec<_> =
            unheeded(&plan, &taken, &[]).into_iter().map(|failure| (failure.id.key.clone(), failure.remedy)).collect();
        assert_eq!(found, [("same".to_owned(), Remedy::Retry), ("made".to_owned(), Remedy::Wait)]);
        let told = unheeded(&plan, &taken, &[]);
        assert_eq!(unheeded(&plan, &taken, &told), [], "each is told once");
    }

    #[test]
    fn what_a_person_must_mend_stalls_and_everything_else_is_tried_again() {
        let fix = situation(&Fault::fix("sts:GetCallerIdentity", "WrongAccount", "it is another", "correct it"));
        assert_eq!(fix.1, Outcome::Stalled);
        let retry = situation(&Fault::unanswered("sts:GetCallerIdentity", Fault::TIMEOUT, ""));
        assert_eq!(retry.1, Outcome::Failed { retry_after: None });
    }
}
