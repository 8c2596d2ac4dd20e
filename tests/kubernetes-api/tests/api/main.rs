//! The API in memory under kube's own client, on virtual time: what a user does, what a seam does, and what kube's
//! watcher makes of it.

#![cfg(test)]

mod faults;
mod user;
mod watcher;
mod world;
