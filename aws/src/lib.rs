//! AWS at the edge: sessions, limits, error classes, joined reads and one driver per resource kind.
//!
//! Every outward call goes through one function ([`call`]): pace, fence, send in time, classify, count. What may be
//! sent is decided by types: [`Aws<Read>`] sends operations that change nothing, and only an [`Aws<Write>`], which
//! Observe mode never asks a [`Session`] for, sends the others.
//!
//! - [`observe`] reads everything that an object may own into a `World`.
//! - [`act`] takes one step of a plan.
//! - [`run_task`], [`stop_task`] and [`one_off_tasks`] are for tasks that run to their end; [`triggered_tasks`] are those
//!   that AWS starts by itself.
//! - a [`Survey`] reads the resources of many objects at once, for drift and for what nobody claims.
//! - [`tasks`] has what people at the command line ask for: tasks, what they write, commands that run in them.
//! - [`find`] looks up facts that an object's graph depends on, such as subnets by their tags.

pub mod access;
mod act;
mod call;
mod certificates;
mod classes;
pub mod drivers;
mod fault;
mod fence;
mod find;
mod joined;
mod metrics;
mod observe;
mod pace;
mod punctual;
mod session;
mod stored;
mod survey;
mod tags;
pub mod tasks;

pub use access::{Aws, Read, Write};
pub use act::act;
pub use classes::Class;
pub use drivers::{Started, leave_trace, one_off_tasks, run_task, settle_traces, stop_task, traces, triggered_tasks};
pub use fault::Fault;
pub use fence::{Fence, Stopped};
pub use find::find;
pub use metrics::Metrics;
pub use observe::observe;
pub use session::{AssumeRole, Edge, Session, SessionConfig};
pub use survey::{Cadence, Claims, Ours, Survey};
