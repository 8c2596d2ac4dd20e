//! An AWS that behaves: the real protocols on the wire, deterministic, with a clock that tests can move.
//!
//! There is one handler ([`Simulator::handle`]) and two doors to it: called directly, under an SDK's HTTP
//! connector, for tests on virtual time; and a loopback port ([`server`]) for anything that speaks HTTP.
//! Nothing runs in the background: whenever something looks, the world first moves to the present.

pub mod agenda;
pub mod call;
pub mod clock;
pub mod control;
pub mod cron;
pub mod faults;
pub mod foreign;
pub mod handler;
pub mod ids;
pub mod images;
pub mod limits;
pub mod probes;
pub mod protocol;
pub mod recording;
pub mod server;
pub mod services;
pub mod world;
pub mod world_file;

pub use call::{Answer, Call, Fault, Service};
pub use handler::Simulator;
pub use world::World;
