//! What must not happen on the way, however it all ends: the promises of a pause, of waves, and of the budget of
//! deletions.

use longshore_simulator::Simulator;
use longshore_simulator::recording::Entry;

use crate::stage::{SOMEBODY, Stage};

/// A time in milliseconds since the epoch.
type Time = i64;

/// More services than that are deploying just now.
pub(super) fn deploying(stage: &Stage, most: usize) -> Option<String> {
    let deploying = stage.deploying();
    (deploying > most).then(|| format!("{deploying} services deploy at once, not {most} at the most"))
}

/// Longshore changed something in AWS in a time in which it was told to change nothing.
pub(super) fn while_paused(simulator: &Simulator, (since, until): (Time, Time)) -> Vec<String> {
    let written = writes(simulator, |call| (since..until).contains(&call.time));
    written.iter().map(|call| format!("paused, and yet it called {}", call.operation)).collect()
}

/// More clusters than that were deleted before more was allowed.
pub(super) fn deletions(simulator: &Simulator, allowed_from: Option<Time>, most: usize) -> Option<String> {
    let counts = |call: &Entry| call.operation == "DeleteCluster" && allowed_from.is_none_or(|from| call.time < from);
    let deleted = writes(simulator, counts).len();
    (deleted > most).then(|| format!("{deleted} clusters were deleted before that was allowed, not {most} at the most"))
}

/// What Longshore changed.
fn writes(simulator: &Simulator, counts: impl Fn(&Entry) -> bool) -> Vec<Entry> {
    let calls = simulator.with_world(|world| world.recording.calls(0, Some(true)));
    calls.into_iter().filter(|call| call.outcome == "OK" && call.access_key != SOMEBODY && counts(call)).collect()
}
