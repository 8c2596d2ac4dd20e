//! `EventBridge`.

pub(super) mod rule;
mod target;
