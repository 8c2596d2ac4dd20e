//! What tests do to tasks behind ECS's back.

use crate::call::Fault;
use crate::services::ecs::tasks::StopCode;
use crate::services::ecs::{lifecycle, names};
use crate::world::World;

/// Ends a task from outside: with an exit code its first essential container exits with it, as a crash does;
/// otherwise the task is stopped for the reason given, as AWS does for maintenance.
pub fn stop_task_from_outside(
    world: &mut World,
    task: &str,
    reason: Option<&str>,
    exit_code: Option<i32>,
) -> Result<(), Fault> {
    let id = names::task_id(task).to_owned();
    let found = world.ecs.tasks.get(&id).ok_or_else(|| Fault::not_found("", format!("no task {id}")))?;
    let essential =
        found.containers.iter().find(|container| container.essential).map(|container| container.name.clone());
    match exit_code.zip(essential) {
        Some((code, container)) => lifecycle::exit(world, &id, &container, code),
        None => lifecycle::stop(
            world,
            &id,
            StopCode::ServiceSchedulerInitiated,
            reason.unwrap_or("Task stopped for maintenance."),
        ),
    }
    Ok(())
}
