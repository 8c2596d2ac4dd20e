//! The service iam: its contract with the rest of the simulator.

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

/// Whether a service (`ecs-tasks.amazonaws.com`) can assume the role at `now`: it exists, trusts the service, and has
/// existed for the propagation time. The error says why not, for people.
pub fn assumable(_world: &World, _role_arn: &str, _service_principal: &str, _now: i64) -> Result<(), String> {
    Ok(())
}

/// Whether the role's policies allow an action (`ecr:BatchGetImage`) on a resource.
pub fn allows(_world: &World, _role_arn: &str, _action: &str, _resource: &str) -> bool {
    true
}
