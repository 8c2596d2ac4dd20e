//! Elastic Container Service.

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

/// Lets everything happen that is due until `now`.
pub fn advance_to(_world: &mut World, _now: i64) {}
