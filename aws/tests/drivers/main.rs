//! The drivers, through the real SDK, against the simulated AWS: whole objects from nothing to converged and back,
//! each kind by itself, and what happens when AWS says no. Time is tokio's and paused: an hour passes at once.

// A test that finds something unexpected stops there; the lints that forbid it are for the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod account;
mod balanced;
mod capacity;
mod connect;
mod converging;
mod crashes;
mod examples;
mod fencing;
mod following;
mod ignored;
mod instance_balancing;
mod instance_mounting;
mod instance_volumes;
mod instances;
mod kinds;
mod managed;
mod mounting;
mod object;
mod one_off;
mod recorded;
mod registered;
mod rights;
mod seventy;
mod stack;
mod survey;
mod traffic;
mod triggered;
mod volumes;
