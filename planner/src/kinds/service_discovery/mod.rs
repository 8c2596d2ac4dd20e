//! Cloud Map.

pub mod service;
