//! First, do no harm: what the plan says and is not done now, on invented kinds and on real ones.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../engine/cloud.rs"]
#[allow(dead_code, reason = "the engine's own tests use all of it")]
mod cloud;
mod contention;
mod deletion_budget;
#[path = "../engine/kinds.rs"]
#[allow(dead_code, reason = "the engine's own tests use all of it")]
mod kinds;
mod object;
#[path = "../desired/objects.rs"]
#[allow(dead_code, reason = "the tests of desired graphs use all of it")]
mod objects;
mod real_kinds;
mod unasked;
mod wave;
