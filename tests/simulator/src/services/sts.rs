//! The service sts: its contract with the rest of the simulator.

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
