//! Drift: whether AWS is still as an object's last turn left it, by a look at many objects at once that may not read
//! everything of each.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::graph::Graph;
use super::identity::Id;
use super::inventory::{Inventory, LookUp};
use super::kind::Kinds;
use super::ownership::Ownership;
use super::plan::{Options, plan};
use super::resolve::resolve;
use super::world::{Thing, World};

/// An object that has converged: what it wants, and where that is.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Whose.
    pub ownership: Ownership,
    /// What it wants.
    pub graph: Graph,
    /// Where it is.
    pub inventory: Inventory,
    /// How it wants to be dealt with.
    pub options: Options,
}

/// What a look at many objects tells of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Glance {
    /// What exists.
    pub things: BTreeMap<Id, Glimpse>,
    /// What could not be read.
    pub unknown: BTreeMap<Id, Unreadable>,
}

/// One resource of which perhaps not everything was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Glimpse {
    /// As far as it was read.
    pub thing: Thing,
    /// The rest.
    pub unread: Unread,
}

/// What of a resource was not read. It is taken to be as wanted: each cadence at which it is read all the same is
/// stated where the resource's driver reads many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Everything was read.
    Nothing,
    /// These members of its value.
    Members(&'static [&'static str]),
    /// Its whole value: only that it is there was read, and what it is cannot change.
    Value,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// For people.
    pub why: String,
    /// Whether it passes by itself, such as a throttle: then it says nothing about the object.
    pub passes: bool,
}

impl Unreadable {
    /// For what passes by itself.
    pub fn for_now(why: impl Into<String>) -> Self {
        Self { why: why.into(), passes: true }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// What a glance comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Drift {
    /// AWS is as the object wants it, and this is what there is.
    None(World),
    /// It is not, or that cannot be told from a glance: the object must look for itself. The reason is for people.
    Suspected(String),
    /// Nothing was found out.
    Unknown(String),
}

impl Subject {
    /// What to read: what the object wants. What it only remembers is left out: whether that may go was decided by the
    /// turn that ended converged, and nothing that happens in AWS makes it due.
    pub fn look_ups(&self) -> Vec<LookUp> {
        self.look_ups_in(&World::default())
    }

    fn look_ups_in(&self, world: &World) -> Vec<LookUp> {
        let all = self.inventory.look_ups(&self.graph, world);
        all.into_iter().filter(|at| self.graph.get(&at.id).is_some()).collect()
    }

    /// Plans, and tells whether anything is to be done. It decides nothing else: who then acts reads everything again.
    pub fn judge(&self, glance: Glance, kinds: &Kinds) -> Drift {
        if let Some((id, unreadable)) = glance.unknown.iter().find(|(_, unreadable)| !unreadable.passes) {
            return Drift::Suspected(format!("{id}: {}", unreadable.why));
        }
        if let Some((id, unreadable)) = glance.unknown.iter().next() {
            return Drift::Unknown(format!("{id}: {}", unreadable.why));
        }
        let world = glance.into_world(&self.graph);
        // An id that another resource now has leads elsewhere.
        let moved = self.look_ups_in(&world).into_iter().zip(self.look_ups()).find(|(now, then)| now != then);
        if let Some((at, _)) = moved {
            return Drift::Suspected(format!("{} is to be looked for elsewhere", at.id));
        }
        let wanted = self.inventory.0.keys().filter(|id| self.graph.get(id).is_some()).cloned().collect();
        let plan = plan(&self.graph, &wanted, &world, kinds, &self.options);
        match plan.steps.first() {
            Some(step) => Drift::Suspected(format!("{}: {}", step.id, step.reason)),
            None if !plan.known_as.is_empty() => Drift::Suspected("it is known under another identity".to_owned()),
            None => Drift::None(world),
        }
    }
}

impl Glance {
    /// The world in which what was not read is as wanted.
    fn into_world(mut self, graph: &Graph) -> World {
        let mut world = World::default();
        for (id, node) in graph.iter() {
            let Some(glimpse) = self.things.remove(id) else { continue };
            let output = |id: &Id, output: &str| world.get(id)?.outputs.get(output).cloned();
            let thing = glimpse.completed(&resolve(&node.want, &output).value);
            world.things.insert(id.clone(), thing);
        }
        world.things.extend(self.things.into_iter().map(|(id, glimpse)| (id, glimpse.thing)));
        world
    }
}

impl Glimpse {
    fn completed(self, want: &Value) -> Thing {
        let Self { mut thing, unread } = self;
        match unread {
            Unread::Nothing => {}
            Unread::Value => thing.value = want.clone(),
            Unread::Members(names) => {
                let Some(members) = thing.value.as_object_mut() else { return thing };
                for name in names {
                    match want.get(*name) {
                        Some(value) => drop(members.insert((*name).to_owned(), value.clone())),
                        None => drop(members.remove(*name)),
                    }
                }
            }
        }
        thing
    }
}
