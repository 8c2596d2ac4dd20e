//! `Stalled`, `Reconciling` and `Ready`.

use std::fmt;

use super::{Failure, Intent, Remedy, RolledBack, Round, Situation};
use crate::caution::wave::WAITING_FOR_WAVE;
use crate::engine::{Action, Plan, Step};

/// Which condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionKind {
    /// Only a person can mend it.
    Stalled,
    /// Longshore or AWS is at it.
    Reconciling,
    /// AWS is as the spec asks, and it works.
    Ready,
}

impl fmt::Display for ConditionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    True,
    /// It does not.
    False,
    /// That cannot be said.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One condition, without the time of its last change, which only the shell knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub status: Status,
    /// A `CamelCase` word.
    pub reason: String,
    /// For people.
    pub message: String,
}

/// The conditions of a situation, in the order in which they stand in the status.
pub fn conditions(situation: &Situation<'_>) -> Vec<Condition> {
    match situation {
        Situation::Stalled { reason, message } => stalled(reason, message),
        Situation::Waiting { reason, message } => reconciling(reason, message),
        Situation::Suspended { message } => suspended("Suspended", message),
        Situation::Paused { message } => suspended("Paused", message),
        Situation::WouldChange { message } => would_change(message),
        Situation::Ready { reason, message } => ready(reason, message),
        Situation::Planned(round) => planned(round),
    }
}

fn planned(round: &Round<'_>) -> Vec<Condition> {
    if let Some(failure) = worst(round.failures).filter(|failure| failure.remedy == Remedy::Fix) {
        return stalled(&failure.reason, &failure.message);
    }
    if let Some(step) = round.plan.blocked().next() {
        let (reason, message) = blocked(step);
        return stalled(&reason, &message);
    }
    match round.intent {
        Intent::Delete => deleting(round),
        Intent::Observe => observed(round.plan),
        Intent::Manage => managed(round),
    }
}

fn managed(round: &Round<'_>) -> Vec<Condition> {
    if let Some(held) = round.held.as_ref().filter(|_| !round.plan.changes_aws() && round.failures.is_empty()) {
        let tell = if held.stalled { stalled } else { reconciling };
        return tell(held.reason, &held.message);
    }
    if !round.plan.converged() || !round.failures.is_empty() {
        return match round.overdue.as_ref().filter(|_| !round.plan.changes_aws()) {
            Some(overdue) => stalled("ProgressDeadlineExceeded", &format!("{}; {overdue}", progress(round))),
            None => reconciling(&progress_reason(round), &progress(round)),
        };
    }
    match &round.rolled_back {
        Some(RolledBack { revision, why }) => stalled(
            "RolledBack",
            &format!(
                "{revision} was rolled back: {why}. The revision before it is running; this one is not tried again \
                 until the spec (or spec.restartedAt) changes"
            ),
        ),
        None => {
            ready("Converged", if round.deployment.is_empty() { "AWS is as the spec asks" } else { &round.deployment })
        }
    }
}

fn observed(plan: &Plan) -> Vec<Condition> {
    if plan.converged() {
        return ready("Converged", "AWS is as the spec asks; spec.mode is Observe, so nothing is ever changed");
    }
    let changes = plan.steps.iter().filter(|step| step.changes_aws()).count();
    let message = format!("{changes} changes would be made, see status.pending; spec.mode is Observe, so none is");
    would_change(&message)
}

fn would_change(message: &str) -> Vec<Condition> {
    all((Status::False, "WouldChange"), (Status::False, "WouldChange"), (Status::False, "WouldChange"), message)
}

fn deleting(round: &Round<'_>) -> Vec<Condition> {
    reconciling("Deleting", &format!("is being deleted: {}", progress(round)))
}

fn progress_reason(round: &Round<'_>) -> String {
    if in_line(round.plan).is_some() {
        return WAITING_FOR_WAVE.to_owned();
    }
    let waits_only = !round.plan.changes_aws();
    match worst(round.failures) {
        Some(failure) if failure.remedy == Remedy::Retry => failure.reason.clone(),
        Some(_) => "WaitingForAws".to_owned(),
        None if waits_only && !round.deployment.is_empty() => "DeploymentInProgress".to_owned(),
        None => "Progressing".to_owned(),
    }
}

/// What is done or waited for just now, the most telling first.
fn progress(round: &Round<'_>) -> String {
    let failures = round.failures.iter().map(|failure| failure.message.clone());
    let deployment = Some(round.deployment.clone()).filter(|text| !text.is_empty());
    let steps = round.plan.steps.iter().filter(|step| step.needs.is_empty()).map(describe);
    let line = in_line(round.plan).map(describe);
    let said: Vec<String> = if deployment.is_some() && !round.plan.changes_aws() {
        failures.chain(line).chain(deployment).collect()
    } else {
        failures.chain(steps).collect()
    };
    if said.is_empty() { "looking again at what AWS has".to_owned() } else { said.join("; ") }
}

/// The step that waits for a slot, if one does.
fn in_line(plan: &Plan) -> Option<&Step> {
    let waits = |step: &&Step| step.action == Action::Wait && step.reason.starts_with(WAITING_FOR_WAVE);
    plan.steps.iter().find(waits)
}

fn describe(step: &Step) -> String {
    match step.action {
        Action::Create { .. } => format!("making {}", step.id),
        Action::Update { .. } => format!("changing {} ({})", step.id, step.reason),
        Action::Delete => format!("deleting {}", step.id),
        Action::Wait | Action::Blocked => format!("{}: {}", step.id, step.reason),
    }
}

/// A blocked step's reason starts with a `CamelCase` word and a colon where it has a word of its own.
fn blocked(step: &Step) -> (String, String) {
    let word = step.reason.split_once(": ").filter(|(word, _)| {
        word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().all(|c| c.is_ascii_alphanumeric())
    });
    let (reason, rest) = word.unwrap_or(("Blocked", step.reason.as_str()));
    let field = if step.at.0.is_empty() { String::new() } else { format!(" ({})", step.at) };
    (reason.to_owned(), format!("{}{field}: {rest}", step.id))
}

fn worst(failures: &[Failure]) -> Option<&Failure> {
    failures.iter().max_by_key(|failure| failure.remedy)
}

fn ready(reason: &str, message: &str) -> Vec<Condition> {
    all((Status::False, reason), (Status::False, reason), (Status::True, reason), message)
}

fn stalled(reason: &str, message: &str) -> Vec<Condition> {
    all((Status::True, reason), (Status::False, reason), (Status::False, reason), message)
}

/// Nobody is at it, and nobody need be.
fn suspended(reason: &str, message: &str) -> Vec<Condition> {
    all((Status::False, reason), (Status::False, reason), (Status::Unknown, reason), message)
}

fn reconciling(reason: &str, message: &str) -> Vec<Condition> {
    all((Status::False, reason), (Status::True, reason), (Status::False, reason), message)
}

/// The message stands once where it matters, and is empty on conditions that say nothing.
fn all(stalled: (Status, &str), reconciling: (Status, &str), ready: (Status, &str), message: &str) -> Vec<Condition> {
    let condition = |kind, (status, reason): (Status, &str)| {
        let told = kind == ConditionKind::Ready || status == Status::True;
        Condition {
            kind,
            status,
            reason: reason.to_owned(),
            message: if told { message.to_owned() } else { String::new() },
        }
    };
    vec![
        condition(ConditionKind::Stalled, stalled),
        condition(ConditionKind::Reconciling, reconciling),
        condition(ConditionKind::Ready, ready),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::Held;
    use crate::engine::{FieldPath, Id};
    use std::collections::BTreeSet;

    fn step(action: Action, reason: &str) -> Plan {
        let step = Step {
            id: Id::new("ecs/service", "service"),
            action,
            reason: reason.to_owned(),
            at: FieldPath::from("spec"),
            needs: BTreeSet::new(),
        };
        Plan { steps: vec![step], ..Plan::default() }
    }

    fn failure(remedy: Remedy) -> Failure {
        let id = Id::new("iam/role", "task");
        Failure { id, remedy, reason: "AccessDenied".into(), message: "iam:CreateRole is not allowed".into() }
    }

    fn round<'a>(plan: &'a Plan, failures: &'a [Failure], intent: Intent) -> Round<'a> {
        Round { plan, failures, intent, rolled_back: None, held: None, deployment: String::new(), overdue: None }
    }

    /// Which of the three are true, and the reason of `Ready`.
    fn told(situation: &Situation<'_>) -> (Vec<ConditionKind>, String) {
        let conditions = conditions(situation);
        let kinds: Vec<ConditionKind> = conditions.iter().map(|condition| condition.kind).collect();
        assert_eq!(kinds, [ConditionKind::Stalled, ConditionKind::Reconciling, ConditionKind::Ready]);
        let holds = conditions.iter().filter(|condition| condition.status == Status::True).map(|c| c.kind).collect();
        (holds, conditions.last().unwrap().reason.clone())
    }

    #[test]
    fn the_conditions_tell_the_situation() {
        use ConditionKind::{Ready, Reconciling, Stalled};
        let empty = Plan::default();
        let update = step(Action::Update { want: serde_json::Value::Null, changes: vec![] }, "differs in tags");
        let wait = step(Action::Wait, "1 of 2 running");
        let line = step(Action::Wait, "WaitingForWave: place 2 of 3");
        let exists = step(Action::Blocked, "AlreadyExists: it is not ours");
        let plain = step(Action::Blocked, "cannot be read: no");
        let spoken = step(Action::Blocked, "No rights: none");
        let fix = [failure(Remedy::Wait), failure(Remedy::Fix), failure(Remedy::Retry)];
        let cases: Vec<(Round<'_>, Vec<ConditionKind>, &str)> = vec![
            (round(&empty, &[], Intent::Manage), vec![Ready], "Converged"),
            (round(&update, &[], Intent::Manage), vec![Reconciling], "Progressing"),
            (round(&wait, &[], Intent::Manage), vec![Reconciling], "Progressing"),
            (
                Round { deployment: "1 of 2 running".into(), ..round(&wait, &[], Intent::Manage) },
                vec![Reconciling],
                "DeploymentInProgress",
            ),
            (
                Round { overdue: Some("no progress".into()), ..round(&wait, &[], Intent::Manage) },
                vec![Stalled],
                "ProgressDeadlineExceeded",
            ),
            (
                Round { overdue: Some("no progress".into()), ..round(&update, &[], Intent::Manage) },
                vec![Reconciling],
                "Progressing",
            ),
            (round(&line, &[], Intent::Manage), vec![Reconciling], "WaitingForWave"),
            (
                Round { deployment: "2 of 2 running".into(), ..round(&line, &[], Intent::Manage) },
                vec![Reconciling],
                "WaitingForWave",
            ),
            (round(&exists, &[], Intent::Manage), vec![Stalled], "AlreadyExists"),
            (round(&plain, &[], Intent::Manage), vec![Stalled], "Blocked"),
            (round(&spoken, &[], Intent::Manage), vec![Stalled], "Blocked"),
            (round(&update, &fix, Intent::Manage), vec![Stalled], "AccessDenied"),
            (round(&update, &fix[..1], Intent::Manage), vec![Reconciling], "WaitingForAws"),
            (round(&update, &fix[2..], Intent::Manage), vec![Reconciling], "AccessDenied"),
            (round(&empty, &[], Intent::Observe), vec![Ready], "Converged"),
            (round(&update, &[], Intent::Observe), vec![], "WouldChange"),
            (round(&update, &[], Intent::Delete), vec![Reconciling], "Deleting"),
            (round(&plain, &[], Intent::Delete), vec![Stalled], "Blocked"),
        ];
        for (round, holds, reason) in cases {
            assert_eq!(told(&Situation::Planned(round.clone())), (holds, reason.to_owned()), "{round:?}");
        }
    }

    #[test]
    fn what_is_done_and_waited_for_is_told_in_words() {
        let update = step(Action::Update { want: serde_json::Value::Null, changes: vec![] }, "differs in tags");
        let create = step(Action::Create { want: serde_json::Value::Null }, "does not exist");
        let delete = step(Action::Delete, "no longer wanted");
        let wait = step(Action::Wait, "it settles");
        let line = step(Action::Wait, "WaitingForWave: place 2 of 3");
        let mut needy = wait.clone();
        needy.steps[0].needs.insert(Id::new("iam/role", "task"));
        let refused = [failure(Remedy::Retry)];
        let deployment = "1 of 2 running";
        let cases: Vec<(&Plan, &[Failure], &str, &str)> = vec![
            (&create, &[], "", "making ecs/service:service"),
            (&update, &[], "", "changing ecs/service:service (differs in tags)"),
            (&delete, &[], "", "deleting ecs/service:service"),
            (&wait, &[], "", "ecs/service:service: it settles"),
            // What waits for another step says no more than that does.
            (&needy, &[], "", "looking again at what AWS has"),
            (&update, &refused, "", "iam:CreateRole is not allowed; changing ecs/service:service (differs in tags)"),
            // A deployment is told once nothing else is changed, in place of the step that waits for it.
            (&update, &[], deployment, "changing ecs/service:service (differs in tags)"),
            (&wait, &[], deployment, "1 of 2 running"),
            (&wait, &refused, deployment, "iam:CreateRole is not allowed; 1 of 2 running"),
            (&line, &[], deployment, "ecs/service:service: WaitingForWave: place 2 of 3; 1 of 2 running"),
        ];
        for (plan, failures, deployment, expected) in cases {
            let round = Round { deployment: deployment.to_owned(), ..round(plan, failures, Intent::Manage) };
            let told = conditions(&Situation::Planned(round));
            assert_eq!(told.last().unwrap().message, expected);
        }
    }

    #[test]
    fn conditions_are_spelled_as_kubernetes_has_them() {
        let kinds = [ConditionKind::Stalled, ConditionKind::Reconciling, ConditionKind::Ready];
        assert_eq!(kinds.map(|kind| kind.to_string()), ["Stalled", "Reconciling", "Ready"]);
        let statuses = [Status::True, Status::False, Status::Unknown];
        assert_eq!(statuses.map(|status| status.to_string()), ["True", "False", "Unknown"]);
    }

    #[test]
    fn a_rollback_is_a_failure_once_everything_else_is_done() {
        let rolled_back = RolledBack { revision: "hello:4".into(), why: "no such image".into() };
        let (empty, update) = (Plan::default(), step(Action::Delete, "no longer wanted"));
        let calm = Round { rolled_back: Some(rolled_back.clone()), ..round(&empty, &[], Intent::Manage) };
        let busy = Round { rolled_back: Some(rolled_back), ..round(&update, &[], Intent::Manage) };
        assert_eq!(told(&Situation::Planned(calm)), (vec![ConditionKind::Stalled], "RolledBack".to_owned()));
        assert_eq!(told(&Situation::Planned(busy)).0, [ConditionKind::Reconciling]);
    }

    #[test]
    fn a_revision_that_waits_is_told_once_nothing_is_changed_any_more() {
        let held = |stalled| Some(Held { stalled, reason: "WaitingForTask", message: "migrate".into() });
        let (wait, update) = (step(Action::Wait, "held"), step(Action::Delete, "no longer wanted"));
        let cases = [
            (&wait, false, vec![ConditionKind::Reconciling], "WaitingForTask"),
            (&wait, true, vec![ConditionKind::Stalled], "WaitingForTask"),
            (&update, true, vec![ConditionKind::Reconciling], "Progressing"),
        ];
        for (plan, stalled, holds, reason) in cases {
            let round = Round { held: held(stalled), ..round(plan, &[], Intent::Manage) };
            assert_eq!(told(&Situation::Planned(round)), (holds, reason.to_owned()));
        }
    }

    #[test]
    fn what_is_left_alone_is_neither_ready_nor_stalled() {
        let message = "until 6".to_owned();
        for (situation, reason) in [
            (Situation::Suspended { message: message.clone() }, "Suspended"),
            (Situation::Paused { message }, "Paused"),
        ] {
            assert_eq!(told(&situation), (vec![], reason.to_owned()));
            let ready = conditions(&situation).pop().unwrap();
            assert_eq!((ready.status, ready.message.as_str()), (Status::Unknown, "until 6"));
        }
    }

    #[test]
    fn what_a_person_must_mend_is_stalled_with_the_words() {
        let situation = Situation::Stalled { reason: "NotGranted".into(), message: "ask for it".into() };
        let conditions = conditions(&situation);
        let messages: Vec<&str> = conditions.iter().map(|condition| condition.message.as_str()).collect();
        assert_eq!(messages, ["ask for it", "", "ask for it"]);
        assert_eq!(told(&situation).0, [ConditionKind::Stalled]);
    }
}
