//! The service logs: its contract with the rest of the simulator.

use serde::Serialize;

use crate::call::{Answer, Call, Fault};
use crate::world::World;

/// What exists.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {}

/// Answers a call.
pub fn call(_world: &mut World, call: &Call) -> Answer {
    Err(Fault::unknown_operation(call.service, &call.operation))
}

/// Whether a log group of this name exists.
pub fn group_exists(_world: &World, _name: &str) -> bool {
    true
}

/// Creates a log group, as the awslogs driver does with `awslogs-create-group`; an existing one stays as it is.
pub fn create_group(_world: &mut World, _name: &str) {}
