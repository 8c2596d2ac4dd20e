//! What an object wants: resources, in an order in which each follows what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;

use super::identity::{Id, content_hash};
use super::kind::{Kind, Rules};
use super::resolve::outputs_in;
use super::text::Text;

/// Where in the object's spec something comes from, such as `spec.task.containerDefinitions[web].image`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FieldPath(pub String);

impl FieldPath {
    /// The path of a member below this one.
    pub fn member(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}.{name}", self.0)) }
    }

    /// The path of the item of that name in the list at this path.
    pub fn item(&self, name: &str) -> Self {
        Self(format!("{}[{name}]", self.0))
    }
}

impl From<&str> for FieldPath {
    fn from(path: &str) -> Self {
        Self(path.to_owned())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One wanted resource.
#[derive(Clone, Debug)]
pub struct Node {
    /// The normalised value; its texts may be symbolic.
    pub want: Value,
    /// The kind's rules.
    pub rules: Rules,
    /// What it needs: the resources whose outputs it contains, and those it merely follows.
    pub needs: BTreeSet<Id>,
    /// What must exist before it, whether settled or not.
    pub beside: BTreeSet<Id>,
    /// What uses it cannot go while it is not as wanted.
    pub upheld: bool,
    /// Why it is neither made nor changed for now.
    pub held: Option<String>,
    /// The field of the spec that asks for it.
    pub at: FieldPath,
}

/// A graph that cannot be built: a defect in a `desired` function, or names in a spec that collide.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two resources of one kind have the same key.
    #[error("two resources are named {0}; each needs a name of its own")]
    Duplicate(Id),
    /// A resource refers to one that is not in the graph.
    #[error("{id} needs {needs}, which is not part of the graph")]
    Missing {
        /// Who refers.
        id: Box<Id>,
        /// To what.
        needs: Box<Id>,
    },
    /// A value cannot be written as JSON.
    #[error("{kind}:{key} cannot be written down: {reason}")]
    Unwritable {
        /// The resource kind.
        kind: &'static str,
        /// The key.
        key: String,
        /// What serde said.
        reason: String,
    },
}

/// The resources that an object wants. A resource can only refer to resources added before it, so that the
/// order of adding is an order of making, and a cycle cannot be built.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: BTreeMap<Id, Node>,
    order: Vec<Id>,
}

impl Graph {
    /// Adds a resource. `key` names it within the object, `at` is the field of the spec that asks for it, and
    /// `after` are resources that must be settled first though none of their outputs is used.
    pub fn add<K: Kind>(
        &mut self,
        key: &str,
        value: K,
        at: impl Into<FieldPath>,
        after: &[&Id],
    ) -> Result<Handle<K>, GraphError> {
        let want = write(key, value)?;
        let rules = Rules::of::<K>();
        let id = identify(&rules, key, &want);
        let needs: BTreeSet<Id> = outputs_in(&want).into_iter().chain(after.iter().map(|id| (*id).clone())).collect();
        if let Some(missing) = needs.iter().find(|id| !self.nodes.contains_key(id)) {
            return Err(GraphError::Missing { needs: Box::new(missing.clone()), id: Box::new(id) });
        }
        if self.order.iter().any(|other| other.same_place(&id)) {
            return Err(GraphError::Duplicate(id));
        }
        self.nodes.insert(
            id.clone(),
            Node { want, rules, needs, beside: BTreeSet::new(), upheld: false, held: None, at: at.into() },
        );
        self.order.push(id.clone());
        Ok(Handle { id, kind: PhantomData })
    }

    /// A resource is acted on as soon as another exists: it need not be settled. What belongs to a service, and is no part
    /// of its deployments, does not wait until one of them ends.
    pub fn put_beside(&mut self, id: &Id, other: &Id) -> Result<(), GraphError> {
        let missing = || GraphError::Missing { needs: Box::new(other.clone()), id: Box::new(id.clone()) };
        if !self.nodes.contains_key(other) {
            return Err(missing());
        }
        self.nodes.get_mut(id).ok_or_else(missing)?.beside.insert(other.clone());
        Ok(())
    }

    /// What uses this resource cannot go while it is not as wanted: in a deletion it is put right first. It may need no
    /// other.
    pub fn uphold(&mut self, id: &Id) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.upheld = true;
        }
    }

    /// These resources too, less those that it has already.
    pub fn with(mut self, other: &Self) -> Self {
        for (id, node) in other.iter().filter(|(id, _)| self.get(id).is_none()).collect::<Vec<_>>() {
            self.nodes.insert(id.clone(), node.clone());
            self.order.push(id.clone());
        }
        self
    }

    /// Some of its resources.
    pub(super) fn only(&self, keep: impl Fn(&Id, &Node) -> bool) -> Self {
        let nodes: BTreeMap<Id, Node> = self
            .nodes
            .iter()
            .filter(|(id, node)| keep(id, node))
            .map(|(id, node)| (id.clone(), node.clone()))
            .collect();
        Self { order: self.order.iter().filter(|id| nodes.contains_key(*id)).cloned().collect(), nodes }
    }

    /// A resource is neither made nor changed for now, and stays if it is there.
    pub fn hold(&mut self, id: &Id, why: &str) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.held = Some(why.to_owned());
        }
    }

    /// The identity that a value would have in this graph.
    pub fn identity<K: Kind>(&self, key: &str, value: &K) -> Result<Id, GraphError> {
        Ok(identify(&Rules::of::<K>(), key, &write(key, value.clone())?))
    }

    /// A resource by identity.
    pub fn get(&self, id: &Id) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// All resources, each after what it needs.
    pub fn iter(&self) -> impl Iterator<Item = (&Id, &Node)> {
        self.order.iter().filter_map(|id| Some((id, self.nodes.get(id)?)))
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many resources are wanted.
    pub fn len(&self) -> usize {
        self.order.len()
    }
}

fn write<K: Kind>(key: &str, value: K) -> Result<Value, GraphError> {
    serde_json::to_value(value.normalise()).map_err(|e| GraphError::Unwritable {
        kind: K::NAME,
        key: key.to_owned(),
        reason: e.to_string(),
    })
}

/// The identity of a wanted value: kind, key, and a hash of the fixed members, symbolic as they are. A change of
/// a fixed member far upstream changes the identity named in the symbolic text, and so cascades.
fn identify(rules: &Rules, key: &str, want: &Value) -> Id {
    let mut id = Id::new(rules.name, key);
    if !rules.fixed.is_empty() {
        id.fixed = content_hash(&rules.fixed_members(want));
    }
    id
}

/// A resource in a graph, to refer to.
#[derive(Clone, Debug)]
pub struct Handle<K> {
    /// Its identity.
    pub id: Id,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Handle<K> {
    /// One of its outputs: symbolic until it exists.
    pub fn out(&self, output: K::Output) -> Text {
        Text::out(self.id.clone(), output.into())
    }
}
