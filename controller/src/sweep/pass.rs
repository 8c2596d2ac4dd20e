//! One look at some objects.

use longshore_aws::Survey;
use longshore_planner::engine::{Drift, Graph, Kinds, Subject, World};

use super::subject::Candidate;
use crate::object::Key;

/// What came of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Swept {
    /// Objects that were looked at.
    pub(crate) objects: usize,
    /// Those that got a turn.
    pub(crate) woken: usize,
    /// Those of which nothing was found out: a read failed. That says nothing about them, so they are not woken.
    pub(crate) unread: usize,
    /// Why, of one of them.
    pub(crate) why: Option<String>,
    /// Requests to AWS.
    pub(crate) calls: u64,
}

/// What is told of an object.
pub(super) trait Tell {
    /// It differs, or that cannot be told from a glance.
    fn wake(&self, key: &Key, why: &str);
    /// It is as it is wanted.
    fn verified(&self, key: &Key, graph: &Graph, world: &World);
}

/// Compares objects with AWS, and drops again what it read of them.
pub(super) async fn pass(
    survey: &Survey,
    kinds: &Kinds,
    candidates: Vec<Candidate>,
    swept: &mut Swept,
    tell: &impl Tell,
) {
    swept.objects += candidates.len();
    let mut subjects: Vec<Subject> = vec![];
    let mut others = vec![];
    for Candidate { key, subject, tells } in candidates {
        match subject {
            Ok(subject) => {
                subjects.push(subject);
                others.push((key, tells));
            }
            Err(why) => {
                swept.woken += 1;
                tell.wake(&key, &why.to_string());
            }
        }
    }
    let glances = survey.glance(&subjects).await;
    for ((subject, glance), (key, tells)) in subjects.iter().zip(glances).zip(others) {
        let why = match subject.judge(glance, kinds) {
            Drift::None(world) if tells(&subject.graph, &world) => {
                tell.verified(&key, &subject.graph, &world);
                continue;
            }
            Drift::None(_) => "its status tells something else".to_owned(),
            Drift::Suspected(why) => why,
            Drift::Unknown(why) => {
                swept.unread += 1;
                swept.why.get_or_insert(why);
                continue;
            }
        };
        swept.woken += 1;
        tell.wake(&key, &why);
    }
}
