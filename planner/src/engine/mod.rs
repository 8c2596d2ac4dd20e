//! The engine: knows no AWS service, and is tested with invented kinds.
//!
//! A reconcile is *observe, plan, act*: [`Graph`] is what an object wants, [`World`] is what was observed,
//! [`plan`] says what to do about the difference.

mod diff;
mod drift;
mod graph;
mod identity;
mod inventory;
mod kind;
mod ownership;
mod plan;
mod prune;
mod resolve;
mod step;
mod text;
mod uses;
mod verified;
mod world;

pub use diff::{Change, differences};
pub use drift::{Drift, Glance, Glimpse, Subject, Unread, Unreadable};
pub use graph::{FieldPath, Graph, GraphError, Handle, Node};
pub use identity::{Id, InvalidId, content_hash};
pub use inventory::{Entry, Inventory, LookUp};
pub use kind::{Kind, KindError, Kinds, Ready, Replacement, Rules};
pub use ownership::{Owner, Ownership, TAG_INSTALLATION, TAG_OBJECT, TAG_PREFIX, TAG_RESOURCE};
pub use plan::{Options, known_as, plan};
pub use prune::upheld;
pub use resolve::{Resolution, resolved};
pub use step::{Action, Plan, Step};
pub use text::{Part, Text};
pub use verified::Verified;
pub use world::{Seen, State, Thing, World};
