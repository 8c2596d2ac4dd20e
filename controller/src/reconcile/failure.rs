//! What AWS refused, in the words of the object's conditions.

use longshore_aws::{Class, Fault};
use longshore_planner::engine::Step;
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
    fn what_a_person_must_mend_stalls_and_everything_else_is_tried_again() {
        let fix = situation(&Fault::fix("sts:GetCallerIdentity", "WrongAccount", "it is another", "correct it"));
        assert_eq!(fix.1, Outcome::Stalled);
        let retry = situation(&Fault::unanswered("sts:GetCallerIdentity", Fault::TIMEOUT, ""));
        assert_eq!(retry.1, Outcome::Failed { retry_after: None });
    }
}
