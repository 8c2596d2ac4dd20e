//! The controller and command line: watches objects, observes AWS, plans, acts and reports.
//!
//! - [`cli`]: the commands.
//! - [`controller`]: the parts put together; what is outside is handed in.
//! - `reconcile`: observe -> plan -> act -> report, for any kind of object.
//! - `queue`: whose turn it is.
//! - `sweep`: a read-only look for drift at all that has converged, by reads of many objects at once.
//! - `orphans`: what is ours in AWS and no object claims.
//! - `references`: what an object refers to, as the other objects stand.
//! - `kubernetes`: watches, index, status, finalizers, events, lease: the only place that writes to Kubernetes.
//! - `telemetry`: logs, metrics, health.

pub mod cli;
mod clock;
pub mod controller;
mod kubernetes;
mod object;
mod orphans;
mod queue;
mod reconcile;
mod references;
mod sessions;
mod sweep;
mod telemetry;

pub use clock::Clock;
pub use kubernetes::{LeaseName, Selection};
pub use reconcile::Timing;
pub use telemetry::Health;
