//! A plan: the steps between what is and what should be.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::diff::Change;
use super::graph::FieldPath;
use super::identity::Id;

/// What is to be done about one resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Make it.
    Create {
        /// The whole wanted value.
        want: Value,
    },
    /// Change it in place; the driver gets the whole wanted value, never a delta.
    Update {
        /// The whole wanted value.
        want: Value,
        /// What differs, for people.
        changes: Vec<Change>,
    },
    /// Take it away.
    Delete,
    /// Nothing can be done now; it will be, by itself.
    Wait,
    /// Nothing can be done until a person acts.
    Blocked,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Which resource.
    pub id: Id,
    /// What.
    pub action: Action,
    /// Why, for people. A blocked step's starts with a `CamelCase` word and a colon, which the condition takes as its
    /// reason.
    pub reason: String,
    /// The field of the spec that asks for it; empty for a resource that is no longer wanted.
    pub at: FieldPath,
    /// What must be settled before it can be taken; empty: now.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<Id>,
}

impl Step {
    /// Whether it changes AWS and everything that it needs is known: it can be taken now.
    pub fn runnable(&self) -> bool {
        self.changes_aws() && self.needs.is_empty()
    }

    /// Whether it would change AWS.
    pub fn changes_aws(&self) -> bool {
        matches!(self.action, Action::Create { .. } | Action::Update { .. } | Action::Delete)
    }
}

/// The steps between a graph and a world.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// In an order in which they can be taken.
    pub steps: Vec<Step>,
    /// Inventory entries of which nothing is left, or which turned out to be somebody else's: to be forgotten.
    pub gone: BTreeSet<Id>,
    /// Where a wanted resource exists under another identity: an older normaliser hashed its fixed fields
    /// differently, yet the fields are equal.
    pub known_as: BTreeMap<Id, Id>,
}

impl Plan {
    /// Whether nothing is to be done or waited for.
    pub fn converged(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps to take now, side by side.
    pub fn runnable(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.runnable())
    }

    /// The steps that need a person.
    pub fn blocked(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.action == Action::Blocked)
    }

    /// Whether any step would change AWS, now or later.
    pub fn changes_aws(&self) -> bool {
        self.steps.iter().any(Step::changes_aws)
    }

    /// The step for a resource, if there is one.
    pub fn step(&self, id: &Id) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}
