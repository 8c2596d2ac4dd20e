//! What an object owns and where to look for it: kept in the object's status, written before the call that makes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::graph::{Graph, Node};
use super::identity::Id;
use super::resolve::resolve;
use super::step::Plan;
use super::world::World;

/// Where one resource is found in AWS. A hint, never a licence to change or delete anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The members of [`super::Kind::ADDRESS`]: strings as they are, anything else as JSON; `None` where the value
    /// was not known yet when it was written.
    pub address: BTreeMap<String, Option<String>>,
    /// The ARN or id that AWS gave it, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical: Option<String>,
}

/// One resource to be read: its identity and where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookUp {
    /// Whose [`super::TAG_RESOURCE`] tag to expect.
    pub id: Id,
    /// Where.
    pub entry: Entry,
}

impl LookUp {
    /// A member of the address, if it is known.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.entry.address.get(name)?.as_deref()
    }
}

/// The inventory of one object: `status.resources`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inventory(pub BTreeMap<Id, Entry>);

impl Inventory {
    /// Every identity in it.
    pub fn ids(&self) -> BTreeSet<Id> {
        self.0.keys().cloned().collect()
    }

    /// Everything to be read for a graph: what it wants, and what the inventory remembers beside that.
    pub fn look_ups(&self, graph: &Graph, world: &World) -> Vec<LookUp> {
        let wanted = graph.iter().map(|(id, node)| {
            let mut entry = entry_of(node, world);
            if let Some(known) = self.0.get(id) {
                entry.physical.clone_from(&known.physical);
                // What is not observed yet was known when it was written down.
                for (name, value) in &mut entry.address {
                    if value.is_none() {
                        *value = known.address.get(name).cloned().flatten();
                    }
                }
            }
            LookUp { id: id.clone(), entry }
        });
        let remembered = self.0.iter().filter(|(id, _)| graph.get(id).is_none());
        wanted.chain(remembered.map(|(id, entry)| LookUp { id: id.clone(), entry: entry.clone() })).collect()
    }

    /// The inventory that must be written before the graph is acted on: with every wanted resource, with what AWS
    /// told of each, and without what is gone.
    pub fn with(&self, graph: &Graph, world: &World, plan: &Plan) -> Self {
        let kept = self.0.iter().filter(|(id, _)| !plan.gone.contains(id));
        let mut next: BTreeMap<Id, Entry> = kept.map(|(id, entry)| (id.clone(), entry.clone())).collect();
        for (id, node) in graph.iter() {
            next.entry(id.clone()).or_default().locate(node, world);
        }
        for (id, entry) in &mut next {
            let observed = plan.known_as.get(id).unwrap_or(id);
            if let Some(physical) = world.get(observed).and_then(|thing| physical(&thing.outputs)) {
                entry.physical = Some(physical);
            }
        }
        Self(next)
    }

    /// With what is known of where those are that `graph` says, as far as they are in it.
    pub fn located(mut self, graph: &Graph, world: &World) -> Self {
        for (id, node) in graph.iter() {
            if let Some(entry) = self.0.get_mut(id) {
                entry.locate(node, world);
            }
        }
        self
    }
}

impl Entry {
    /// What is not known of a node's address now was perhaps known before.
    fn locate(&mut self, node: &Node, world: &World) {
        for (name, value) in entry_of(node, world).address {
            let known = self.address.entry(name).or_default();
            if value.is_some() {
                *known = value;
            }
        }
    }
}

/// What AWS gave a resource to be found by: its ARN, or else its id.
fn physical(outputs: &BTreeMap<String, String>) -> Option<String> {
    outputs.get("arn").or_else(|| outputs.get("id")).cloned()
}

fn entry_of(node: &Node, world: &World) -> Entry {
    let outputs = |id: &Id, output: &str| world.get(id)?.outputs.get(output).cloned();
    let address = node
        .rules
        .address
        .iter()
        .map(|name| {
            let resolution = resolve(node.want.get(*name).unwrap_or(&Value::Null), &outputs);
            let known = Some(resolution.value).filter(|value| resolution.open.is_empty() && !value.is_null());
            ((*name).to_owned(), known.map(text))
        })
        .collect();
    Entry { address, physical: None }
}

/// A string as it is, anything else as JSON.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
