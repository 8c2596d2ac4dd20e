//! The pure core of Longshore: what should exist, what does, and the steps between.
//!
//! Nothing here does I/O: no clock, no network, no Kubernetes client, no AWS SDK (its `Cargo.toml` names
//! none, so the compiler keeps it so). The shell around it observes, calls [`engine::plan`] and acts.
//!
//! - [`engine`] knows no AWS service: identities, symbolic outputs, graphs, worlds, diffs and plans.
//! - [`caution`] keeps back what a plan says and would do harm now.
//! - [`kinds`] has one file per AWS resource kind, in folders by service.
//! - [`one_off`] says what to do next about a task that runs to its end, and never lets it run twice.
//! - [`event_pattern`] checks which events start tasks.
//! - [`schedule`] reads when tasks are started, and tells when the next is due.
//! - [`triggered`] says how far the tasks are that AWS started by itself.
//! - [`report`] makes conditions of what a round found.
//! - [`desired`] has one file per Kubernetes object kind: its spec and facts in, a graph out.

pub mod caution;
pub mod desired;
pub mod engine;
pub mod event_pattern;
pub mod kinds;
pub mod names;
pub mod one_off;
pub mod report;
pub mod schedule;
pub mod triggered;
