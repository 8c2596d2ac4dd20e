//! The engine by itself: invented kinds on an invented cloud that refuses what AWS would refuse.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cases;
mod cloud;
mod drift;
mod inventory;
mod kinds;
mod laws;
mod spec;
mod verified;
