//! A Kubernetes API server in memory, under kube's `Client`, for tests on virtual time.
//!
//! It serves what Longshore uses, as the real one does (`tests/conformance` holds them against each other), and
//! refuses with 501 what it does not model, so that no test passes by accident. [`KubernetesApi`] is the server and a
//! user's hand; [`KubernetesApi::client`] makes a client for a process, whose [`Seam`] decides call by call and event
//! by event what goes wrong. Nothing runs in the background: what Kubernetes' controllers would do (emptying
//! namespaces) is done when the write that causes it ends.
//!
//! Not modelled: validation by schema and CEL, selectors, server-side apply, garbage collection by owners.

mod api;
mod clock;
mod door;
mod key;
mod kind;
mod metadata;
mod patch;
mod read;
mod recording;
mod refusal;
mod request;
mod schema;
mod seam;
mod server;
mod store;
mod watch;
mod write;

pub use api::{ApplyError, KubernetesApi, comparable};
pub use clock::Clock;
pub use key::Key;
pub use kind::{DefinitionError, Kinds};
pub use recording::{Outcome, Recorded};
pub use refusal::{Refusal, conflict_on, internal_error, not_allowed, timed_out, too_many_requests, unavailable};
pub use seam::{Call, Delivery, Event, FOREVER, Seam, Seamless, Verb, Verdict};
