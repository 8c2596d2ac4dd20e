//! Objects become graphs: the examples as they are, and what a change of a field changes.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod access;
mod after;
mod balanced;
mod capacity;
mod claims;
mod cloud;
mod clusters;
mod connect;
mod content;
mod dns;
mod event_triggers;
mod exec;
mod execution_role;
mod file_systems;
mod grants;
mod host;
mod ignored;
mod instance_balancing;
mod instance_mounts;
mod instances;
mod keys;
mod load_balancers;
mod managed;
mod moving;
mod objects;
mod priorities;
mod refusals;
mod registries;
mod resolved;
mod rollback;
mod room;
mod scaling;
mod shape;
mod shifting;
mod tasks;
mod told;
mod traffic;
mod triggers;
mod volumes;
