//! The resources of many objects, read at once: for drift, and for what is ours and nobody claims.
//!
//! What a survey costs is stated in `docs/performance.md`. It has connections and rate limits in common with everybody
//! else, and takes of the limits only what the others leave.

mod cadence;
mod once;
mod ours;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures::future::{join_all, try_join_all};
use longshore_planner::desired::{Fact, Need};
use longshore_planner::engine::{Glance, LookUp, Subject};

use crate::access::{Aws, Core, Read};
use crate::drivers::{self, Ask, Joins, Lists};
use crate::fault::Fault;
use crate::find::find;
pub use cadence::Cadence;
pub(crate) use once::Once;
pub use ours::{Claims, Ours};

/// One look at everything. What it lists, it lists once and remembers until it is dropped; what is judged by it is thus
/// as old as the survey, and whoever acts on a difference reads again.
pub struct Survey {
    aws: Aws<Read>,
    lists: Lists,
    objects: usize,
    cadence: Cadence,
}

impl Survey {
    pub(crate) fn new(core: &Arc<Core>, objects: usize, cadence: Cadence) -> Self {
        let aws = Aws::new(core, &Arc::new(Joins::new(core)));
        Self { aws, lists: Lists::default(), objects, cadence }
    }

    /// Looks at the resources that these objects want; the answers are in their order.
    pub async fn glance(&self, subjects: &[Subject]) -> Vec<Glance> {
        let look_ups: Vec<Vec<LookUp>> = subjects.iter().map(Subject::look_ups).collect();
        let mut by_kind: BTreeMap<&str, Vec<(usize, Ask<'_>)>> = BTreeMap::new();
        for (number, (subject, look_ups)) in subjects.iter().zip(&look_ups).enumerate() {
            for at in look_ups {
                by_kind.entry(&at.id.kind).or_default().push((number, Ask { ownership: &subject.ownership, at }));
            }
        }
        let reads = by_kind.into_iter().filter_map(|(kind, asked)| {
            let driver = drivers::of(kind)?;
            let asks: Vec<Ask<'_>> = asked.iter().map(|(_, ask)| *ask).collect();
            Some(async move { (asked, driver.read_all(self, &asks).await) })
        });
        let mut glances: Vec<Glance> = subjects.iter().map(|_| Glance::default()).collect();
        for (asked, answers) in join_all(reads).await {
            for ((number, ask), answer) in asked.into_iter().zip(answers) {
                let Some(glance) = glances.get_mut(number) else { continue };
                match answer {
                    Ok(found) => glance.things.extend(found),
                    Err(fault) => drop(glance.unknown.insert(ask.at.id.clone(), fault.unreadable())),
                }
            }
        }
        glances
    }

    /// Everything that carries the installation's tags, of every kind. What `claims` knows may be left out where it
    /// would take a call to find out that it does.
    pub async fn ours(&self, claims: &Claims) -> Result<Vec<Ours>, Fault> {
        let lists = drivers::all().map(|driver| driver.list_ours(self, claims));
        Ok(try_join_all(lists).await?.into_iter().flatten().collect())
    }

    /// Answers one need of an object that is looked at.
    pub async fn find(&self, need: &Need) -> Result<Fact, Fault> {
        find(&self.aws, need).await
    }

    /// How many requests it has sent, repeats included.
    pub fn calls(&self) -> u64 {
        self.aws.sent()
    }

    pub(crate) fn aws(&self) -> &Aws<Read> {
        &self.aws
    }

    pub(crate) fn lists(&self) -> &Lists {
        &self.lists
    }

    /// How many objects it looks at: a list of the whole account that would take more calls than that is given up.
    pub(crate) fn objects(&self) -> usize {
        self.objects
    }

    pub(crate) fn cadence(&self) -> Cadence {
        self.cadence
    }
}

impl fmt::Debug for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Survey").field("objects", &self.objects).field("cadence", &self.cadence).finish_non_exhaustive()
    }
}
