//! Many objects read at once: it tells what reading one by one tells, at a stated cost, and finds just what drifted.

pub(crate) mod cost;
mod drift;
mod failures;
mod fleet;
pub(crate) mod law;
mod orphans;

use longshore_aws::{Cadence, Survey};
use longshore_planner::engine::{Drift, Glance, Subject};
use longshore_planner::kinds;

use crate::account::Account;
use crate::object::Object;
use crate::stack::Stack;

/// What the sweep is told of an object.
pub(crate) fn subject(object: &Object) -> Subject {
    Subject {
        ownership: object.scope.ownership(),
        graph: object.graph(),
        inventory: object.inventory.clone(),
        options: object.options.clone(),
    }
}

/// Both objects of a stack.
fn subjects(stack: &Stack) -> Vec<Subject> {
    [Some(&stack.cluster), stack.service.as_ref()].into_iter().flatten().map(subject).collect()
}

/// What a glance at everything, the slow facts too, comes to.
pub(crate) async fn judged(account: &Account, subjects: &[Subject]) -> Vec<Drift> {
    let survey = account.session.survey(subjects.len(), Cadence::everything());
    verdicts(&survey, subjects).await
}

pub(crate) async fn verdicts(survey: &Survey, subjects: &[Subject]) -> Vec<Drift> {
    let glances: Vec<Glance> = survey.glance(subjects).await;
    subjects.iter().zip(glances).map(|(subject, glance)| subject.judge(glance, &kinds::all())).collect()
}

/// Why an object is suspected to have drifted; none if it is known that it has not.
pub(crate) fn suspicion(drift: &Drift) -> Option<&str> {
    match drift {
        Drift::None(_) => None,
        Drift::Suspected(why) => Some(why),
        Drift::Unknown(why) => panic!("nothing was found out: {why}"),
    }
}
