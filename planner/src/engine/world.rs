//! What was observed.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::drift::Unreadable;
use super::identity::Id;
use super::kind::{Kind, KindError};
use super::ownership::Owner;

/// Where a resource is in its life, as far as AWS says. A resource that is gone is not in the world at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It exists and can be used.
    Active,
    /// AWS is still making or changing it; the reason is for people.
    Pending(String),
    /// AWS is taking it away; its name is still taken. The reason is for people.
    Deleting(String),
}

/// One observed resource, its value typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<K> {
    /// The same struct that says what is wanted.
    pub value: K,
    /// Where it is in its life.
    pub state: State,
    /// Whose it is.
    pub owner: Owner,
    /// What others may refer to: `arn`, `id`, `name`.
    pub outputs: BTreeMap<String, String>,
    /// Names, ids and ARNs that it uses just now beside those in its value, such as the task definitions of
    /// deployments that still run. What is mentioned is not deleted.
    pub mentions: Vec<String>,
    /// What the object's status tells of it and no plan depends on, such as deployments and events.
    pub detail: Value,
}

impl<K> Seen<K> {
    /// An active resource of this object, with nothing more to tell.
    pub fn active(value: K) -> Self {
        Self {
            value,
            state: State::Active,
            owner: Owner::This,
            outputs: BTreeMap::new(),
            mentions: vec![],
            detail: Value::Null,
        }
    }

    /// The same with one more output.
    pub fn with_output(mut self, name: impl Into<&'static str>, value: impl Into<String>) -> Self {
        self.outputs.insert(name.into().to_owned(), value.into());
        self
    }

    /// `detail` as the kind's own type; `None` where the driver told none.
    pub fn detail<D: DeserializeOwned>(&self) -> Option<D> {
        D::deserialize(&self.detail).ok()
    }
}

/// One observed resource, its value erased to JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thing {
    /// See [`Seen::value`].
    pub value: Value,
    /// See [`Seen::state`].
    pub state: State,
    /// See [`Seen::owner`].
    pub owner: Owner,
    /// See [`Seen::outputs`].
    pub outputs: BTreeMap<String, String>,
    /// See [`Seen::mentions`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// See [`Seen::detail`].
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

impl Thing {
    /// Erases the type; the value is normalised on the way, so that everything in a world is.
    pub fn erase<K: Kind>(seen: Seen<K>) -> Result<Self, KindError> {
        let value = serde_json::to_value(seen.value.normalise()).map_err(|e| KindError::new(K::NAME, &e))?;
        Ok(Self {
            value,
            state: seen.state,
            owner: seen.owner,
            outputs: seen.outputs,
            mentions: seen.mentions,
            detail: seen.detail,
        })
    }

    /// The typed view.
    pub fn typed<K: Kind>(&self) -> Result<Seen<K>, KindError> {
        Ok(Seen {
            value: K::deserialize(&self.value).map_err(|e| KindError::new(K::NAME, &e))?,
            state: self.state.clone(),
            owner: self.owner.clone(),
            outputs: self.outputs.clone(),
            mentions: self.mentions.clone(),
            detail: self.detail.clone(),
        })
    }

    /// Whether Longshore may change or delete it on behalf of this object.
    pub fn is_ours(&self) -> bool {
        matches!(self.owner, Owner::This | Owner::Parent)
    }
}

/// Everything that was observed of one object's resources in one round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// What exists.
    pub things: BTreeMap<Id, Thing>,
    /// What could not be read, and why: it is neither made nor deleted, and holds up what depends on it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<Id, Unreadable>,
}

impl World {
    /// A resource by identity.
    pub fn get(&self, id: &Id) -> Option<&Thing> {
        self.things.get(id)
    }

    /// The typed view of a resource, if it exists and reads as that kind.
    pub fn seen<K: Kind>(&self, id: &Id) -> Option<Seen<K>> {
        self.get(id).and_then(|thing| thing.typed().ok())
    }
}
