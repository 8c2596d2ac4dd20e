//! What nobody's spec asked for (other subnets under the same tags, an environment's default, a new version's) reaches
//! services a few at a time: whoever would start a deployment for such a reason needs a slot of the environment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use longshore_crds::aws_environment::RolloutStatus;

use crate::desired::Refusal;
use crate::report::RolledBack;

/// Slots of an environment that does not say how many.
pub const DEFAULT_SLOTS: usize = 5;
/// The reason of an object that waits for a slot.
pub const WAITING_FOR_WAVE: &str = "WaitingForWave";
/// So many objects are named in a message.
const NAMED: usize = 3;
/// Why a deployment failed is told in so many characters; the object itself says it in full.
const LONGEST_WHY: usize = 300;

/// An object that deploys what its spec did not ask for. It stands in the environment's status before the call that
/// starts the deployment, and until that has completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// `Kind/namespace/name`.
    pub object: String,
    /// The object's generation. A later one is a spec edit, which needs no slot.
    pub generation: i64,
    /// Since when.
    pub since: Timestamp,
    /// The revision that ECS had rolled back before: that is not the wave's doing.
    pub rejected: Option<String>,
    /// Why it failed, if it did: no further one begins then.
    pub failed: Option<String>,
}

/// An object that asks for a slot, or tells how far it is.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// `Kind/namespace/name`.
    pub object: &'a str,
    /// Its generation.
    pub generation: i64,
    /// The revision that ECS has rolled back, and why, if that is so.
    pub rolled_back: Option<&'a RolledBack>,
}

impl Asking<'_> {
    fn holds(&self, slot: &Slot) -> bool {
        slot.object == self.object && slot.generation == self.generation
    }

    fn slot(&self, now: Timestamp) -> Slot {
        Slot {
            object: self.object.to_owned(),
            generation: self.generation,
            since: now,
            rejected: self.rolled_back.map(|it| it.revision.clone()),
            failed: None,
        }
    }

    /// Why it failed since it has the slot, if ECS has rolled it back since.
    fn failure(&self, slot: &Slot) -> Option<String> {
        let rolled_back = self.rolled_back.filter(|it| slot.rejected.as_ref() != Some(&it.revision))?;
        Some(format!("{} was rolled back: {}", rolled_back.revision, rolled_back.why))
    }
}

/// What a decision about slots depends on.
#[derive(Clone, Copy, Debug)]
pub struct Wave<'a> {
    /// How many slots there are.
    pub slots: usize,
    /// The generation of every object that lives in the environment.
    pub generations: &'a BTreeMap<String, i64>,
    /// Those that are known to wait.
    pub waiting: &'a BTreeSet<String>,
    /// The time of day.
    pub now: Timestamp,
}

/// Whether an object may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It has a slot.
    Go,
    /// It waits.
    Wait {
        /// How many waves go before it, at least.
        ahead: usize,
        /// Why, for people.
        why: String,
    },
}

/// How far a deployment that has a slot is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Under way.
    Underway,
    /// It completed.
    Done,
    /// Only a person can mend it.
    Failed(String),
}

/// Asks for a slot. Answers what must be written down before anything is called, and whether there is one.
pub fn ask(slots: &[Slot], asking: &Asking<'_>, wave: &Wave<'_>) -> (Vec<Slot>, Turn) {
    let object = asking.object;
    let mut held = current(slots, wave.generations);
    if held.iter().any(|slot| asking.holds(slot)) {
        return (held, Turn::Go);
    }
    let place = 1 + wave.waiting.iter().filter(|other| other.as_str() < object).count();
    let of = wave.waiting.iter().filter(|other| other.as_str() != object).count() + 1;
    let free = wave.slots.saturating_sub(held.len());
    let stopped = stopped(&held);
    if stopped.is_none() && place <= free {
        held.push(asking.slot(wave.now));
        return (held, Turn::Go);
    }
    let why = stopped.map_or_else(|| busy(&held, wave.slots), |refusal| refusal.message);
    let why = format!(
        "WaitingForWave: place {place} of {of}; its own spec has not changed, and {why}. A change of its spec goes at \
         once"
    );
    (held, Turn::Wait { ahead: place.saturating_sub(1) / wave.slots.max(1), why })
}

/// Notes how far an object's deployment is; one that was rolled back since it has the slot has failed, however far it
/// is. Without a slot of that generation there is nothing to note.
pub fn note(slots: &[Slot], asking: &Asking<'_>, progress: &Progress) -> Vec<Slot> {
    let noted = slots.iter().filter_map(|slot| {
        if !asking.holds(slot) {
            return Some(slot.clone());
        }
        let failed = match (asking.failure(slot), progress) {
            (Some(why), _) => Some(why),
            (None, Progress::Done) => return None,
            (None, Progress::Underway) => None,
            (None, Progress::Failed(why)) => Some(why.clone()),
        };
        Some(Slot { failed: failed.map(|why| why.chars().take(LONGEST_WHY).collect()), ..slot.clone() })
    });
    noted.collect()
}

/// The slots that still are: those of objects that exist, and were not edited since.
pub fn current(slots: &[Slot], generations: &BTreeMap<String, i64>) -> Vec<Slot> {
    let is_current = |slot: &&Slot| generations.get(&slot.object).is_some_and(|now| *now <= slot.generation);
    slots.iter().filter(is_current).cloned().collect()
}

/// Why no further object begins, though there may be slots: one has failed.
pub fn stopped(slots: &[Slot]) -> Option<Refusal> {
    let (first, why) = slots.iter().find_map(|slot| Some((slot, slot.failed.as_ref()?)))?;
    let failed = slots.iter().filter(|slot| slot.failed.is_some()).count();
    let more = if failed > 1 { format!(" (and {} more)", failed - 1) } else { String::new() };
    let message = format!(
        "a change from outside the specs reaches no further objects, since {}{more} failed with it: {why}. Mend the \
         cause, take the change back, or change that object's spec: it goes on once that object is Ready or was edited",
        first.object
    );
    Some(Refusal::new("WaveStopped", "", message))
}

/// From an environment's status.
pub fn read(stored: &[RolloutStatus]) -> Vec<Slot> {
    let slots = stored.iter().map(|it| Slot {
        object: it.object.clone(),
        generation: it.generation,
        since: it.since.0,
        rejected: it.rejected.clone(),
        failed: it.failed.clone(),
    });
    slots.collect()
}

/// Into an environment's status.
pub fn write(slots: &[Slot]) -> Vec<RolloutStatus> {
    let stored = slots.iter().map(|slot| RolloutStatus {
        object: slot.object.clone(),
        generation: slot.generation,
        since: Time(slot.since),
        rejected: slot.rejected.clone(),
        failed: slot.failed.clone(),
    });
    stored.collect()
}

fn busy(held: &[Slot], slots: usize) -> String {
    let names: Vec<&str> = held.iter().take(NAMED).map(|slot| slot.object.as_str()).collect();
    let more = held.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let who = if names.is_empty() { String::new() } else { format!(" ({}{more})", names.join(", ")) };
    format!(
        "at most {slots} objects (rollouts.maxConcurrent of the AwsEnvironment) deploy for such a reason at a time, {} \
         do now{who}",
        held.len()
    )
}
