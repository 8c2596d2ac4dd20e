//! Kinds of `EventBridge`.

pub mod rule;
