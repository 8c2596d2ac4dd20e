//! Objects applied to a real API server, with AWS simulated or emulated: the harness of the end-to-end tests and of
//! the demo.
//!
//! A [`Stack`] is everything that runs: control plane, something that answers as AWS, and the controller, each a
//! process of its own. Tests speak to Kubernetes through kubectl ([`Namespace`]), as a user would, and to AWS over the
//! wire ([`Aws`]), so that nothing of Longshore's own code judges Longshore.

#![allow(clippy::indexing_slicing, reason = "only JSON values are indexed, by member: a missing one reads as null")]

mod aws;
mod controller;
mod emulator;
mod environment;
mod helm;
mod namespace;
mod object;
mod place;
mod programs;
mod python;
mod rights;
mod simulator;
mod stack;

pub use aws::{Aws, elements};
pub use controller::{Controller, Launch};
pub use emulator::Emulator;
pub use environment::{SHOP, balanced, balancer, example, hello};
pub use helm::{Helm, RELEASE, SYSTEM, chart};
pub use namespace::Namespace;
pub use object::{Condition, condition, names_all, number, text};
pub use place::{project, scratch};
pub use programs::longshore;
pub use python::Python;
pub use rights::{Difference, Right, compare, rights_of};
pub use simulator::Simulator;
pub use stack::{Provider, Rights, Stack, StackOptions, start_simulator};
