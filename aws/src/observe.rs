//! Everything that an object may own, read side by side.

use futures::future::join_all;
use longshore_planner::engine::{LookUp, Ownership, World};

use crate::access::{Aws, Read};
use crate::drivers;

/// Reads what the look-ups name. What is not there is left out; what cannot be read is in `unknown`, with why.
/// Kinds that this version has no driver for are left out too: the plan blocks on them by itself.
pub async fn observe(aws: &Aws<Read>, ownership: &Ownership, look_ups: &[LookUp]) -> World {
    let reads = look_ups.iter().filter_map(|at| {
        let driver = drivers::of(&at.id.kind)?;
        Some(async move { (&at.id, driver.read(aws, ownership, at).await) })
    });
    let mut world = World::default();
    for (id, found) in join_all(reads).await {
        match found {
            Ok(found) => world.things.extend(found),
            Err(fault) => drop(world.unknown.insert(id.clone(), fault.unreadable())),
        }
    }
    world
}
