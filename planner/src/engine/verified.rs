//! What was seen to be as an object wants it, and may be relied on for a while without being read again.
//!
//! Only kinds that [rest](super::Kind::RESTS) are relied on, and only what was settled at the last look, is still wanted
//! exactly so, and was not written to since. A rollout is thus followed by reading what moves, and an edit reads what
//! it may concern. What somebody else changed meanwhile is found by the sweep, as it is for objects that have no turn
//! at all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::graph::{Graph, Node};
use super::identity::{Id, content_hash};
use super::ownership::Owner;
use super::resolve::{Resolution, resolve};
use super::step::Plan;
use super::world::{State, Thing, World};

/// So long one is relied on: as long as drift may go unnoticed in objects that nobody touches, by the sweep's usual
/// interval.
const RELIED_ON: SignedDuration = SignedDuration::from_mins(10);
/// So long after a write a read may tell what was before it (a chosen figure: IAM says only that "changes are not always
/// immediately visible", IAM User Guide, "Changes that I make are not always immediately visible"); what reads as it is
/// wanted then may yet not be.
const DOUBTED: SignedDuration = SignedDuration::from_mins(2);

/// What was verified of one object's resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    sights: BTreeMap<Id, Sight>,
    /// When something was last written to.
    written: BTreeMap<Id, Timestamp>,
}

/// As little of it as will do: its value is the wanted one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sight {
    /// The hash of the value that was wanted, and found.
    want: String,
    owner: Owner,
    outputs: Box<[(Box<str>, Box<str>)]>,
    at: Timestamp,
}

impl Verified {
    /// What needs not be read: as much of the graph as was seen to be so, and recently.
    pub fn recall(&self, graph: &Graph, now: Timestamp) -> World {
        let mut world = World::default();
        for (id, node) in graph.iter() {
            let Some(sight) = self.sights.get(id).filter(|sight| sight.counts(now)) else { continue };
            let want = wanted(node, &world);
            if want.open.is_empty() && content_hash(&want.value) == sight.want {
                world.things.insert(id.clone(), sight.thing(want));
            }
        }
        world
    }

    /// After a look, which recalled what it could at `now`, and what was planned by it. What was recalled is no fresher
    /// for it.
    pub fn after(&self, graph: &Graph, world: &World, plan: &Plan, now: Timestamp) -> Self {
        let doubted = |id: &Id| self.written.get(id).is_some_and(|at| now.duration_since(*at) < DOUBTED);
        let busy: BTreeSet<&Id> = plan.steps.iter().map(|step| &step.id).chain(plan.known_as.keys()).collect();
        let mut sights = BTreeMap::new();
        for (id, node) in graph.iter().filter(|(id, node)| node.rules.rests && !busy.contains(id) && !doubted(id)) {
            let want = wanted(node, world);
            let Some(thing) = world.get(id).filter(|thing| want.open.is_empty() && is_plain(thing)) else { continue };
            let fresh = Sight::of(thing, content_hash(&want.value), now);
            let known = self.sights.get(id).filter(|known| known.counts(now) && known.want == fresh.want);
            sights.insert(id.clone(), known.cloned().unwrap_or(fresh));
        }
        Self { sights, written: self.written.clone() }
    }

    /// These are written to, or a write is tried: they are read again, and so is what follows them.
    pub fn touch<'a>(&mut self, graph: &'a Graph, ids: impl IntoIterator<Item = &'a Id>, now: Timestamp) {
        let mut touched: BTreeSet<&Id> = ids.into_iter().collect();
        self.written.retain(|_, at| now.duration_since(*at) < DOUBTED);
        self.written.extend(touched.iter().map(|id| ((*id).clone(), now)));
        for (other, node) in graph.iter() {
            if node.needs.iter().any(|need| touched.contains(need)) {
                touched.insert(other);
            }
        }
        self.sights.retain(|id, _| !touched.contains(id));
    }

    /// Nothing that was seen is relied on any more; what was written is remembered.
    pub fn forget(&mut self) {
        self.sights.clear();
    }
}

impl Sight {
    fn counts(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < RELIED_ON
    }

    fn of(thing: &Thing, want: String, at: Timestamp) -> Self {
        let outputs = thing.outputs.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
        Self { want, owner: thing.owner.clone(), outputs: outputs.collect(), at }
    }

    fn thing(&self, want: Resolution) -> Thing {
        let outputs = self.outputs.iter().map(|(name, value)| (String::from(&**name), String::from(&**value)));
        Thing {
            value: want.value,
            state: State::Active,
            owner: self.owner.clone(),
            outputs: outputs.collect(),
            mentions: vec![],
            detail: serde_json::Value::Null,
        }
    }
}

/// Whether its value and outputs are all that is to be known of it.
fn is_plain(thing: &Thing) -> bool {
    thing.mentions.is_empty() && thing.detail.is_null()
}

/// The wanted value, with what it refers to filled in. Open where a reference was not seen, or its kind cannot
/// normalise it.
fn wanted(node: &Node, world: &World) -> Resolution {
    let mut want = resolve(&node.want, &|id, output| world.get(id)?.outputs.get(output).cloned());
    if let (true, Ok(value)) = (want.open.is_empty(), node.rules.normalise(&want.value)) {
        want.value = value;
    }
    want
}
