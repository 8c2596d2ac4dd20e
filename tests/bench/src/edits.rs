//! How long an edit waits for its first write to AWS while sweeps go on, one after the other.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kube::api::{Patch, PatchParams};
use longshore_control_plane::wait_for;
use longshore_simulator::recording::Entry;
use serde_json::json;

use crate::bench::Bench;
use crate::figures::{Figures, count};
use crate::fleet::name;
use crate::metrics::sum;
use crate::sweep::by_operation;

/// Between two edits: each is a call of UpdateService, of which AWS grants five a second (Amazon ECS API Reference,
/// "Request throttling for the Amazon ECS API"), and Longshore leaves some of them to others.
const PAUSE: Duration = Duration::from_millis(250);
/// An edit that was not heeded by then never is.
const PATIENCE: Duration = Duration::from_mins(5);
/// What the slowest but one of a hundred edits is to take, in seconds; the median must not take longer on any machine.
const SECONDS: f64 = 1.0;

/// How many sweeps ended.
const SWEEPS: &str = "longshore_sweep_seconds_count";

struct Edit {
    service: String,
    /// By the simulator's clock, in milliseconds.
    at: i64,
}

/// So many services are scaled, each once.
pub(crate) fn measure(bench: &Bench, edits: usize, figures: &mut Figures) -> Result<()> {
    // One sweep follows the other at once.
    let mut controller = bench.controller("1s")?;
    let since = bench.simulator.with_world(|world| world.recording.last());
    let began = Instant::now();
    let made = (0..edits).map(|number| {
        std::thread::sleep((PAUSE * u32::try_from(number)?).saturating_sub(began.elapsed()));
        edit(bench, number)
    });
    let made = made.collect::<Result<Vec<Edit>>>()?;
    let writes = wait_for("the last edit's write", PATIENCE, || {
        let writes = bench.simulator.with_world(|world| world.recording.calls(since, Some(true)));
        let late = made.iter().find(|edit| waited(edit, &writes).is_none());
        Ok(late.map_or(Ok(writes.clone()), |edit| Err(format!("{} is not written", edit.service))))
    })?;
    // One that began before the last edit may go on still.
    let metrics = wait_for("a sweep to end", PATIENCE, || {
        ensure!(controller.process.ended()?.is_none(), "the controller ended:\n{}", controller.process.tail(20));
        let metrics = controller.metrics()?;
        let ended = sum(&metrics, SWEEPS) > 0.0;
        Ok(if ended { Ok(metrics) } else { Err("the first goes on".to_owned()) })
    })?;
    let elapsed = began.elapsed().as_secs_f64();
    let calls = bench.simulator.with_world(|world| world.recording.calls(since, None));
    println!("\n  calls meanwhile:\n{}", by_operation(&calls));
    let mut waits = made.iter().filter_map(|edit| waited(edit, &writes)).collect::<Vec<f64>>();
    waits.sort_by(f64::total_cmp);
    figures.tell("edits", count(edits), "");
    let sweeping = sum(&metrics, "longshore_sweep_seconds_sum") / elapsed;
    figures.tell("sweeps that ended meanwhile", sum(&metrics, SWEEPS), "");
    figures.tell("part of that time in which sweeps went on", sweeping, "");
    figures.hold_to("an edit's first write to AWS: median", percentile(&waits, 50)?, "s", SECONDS);
    figures.aim_at("an edit's first write to AWS: 99th percentile", percentile(&waits, 99)?, "s", SECONDS);
    figures.tell("an edit's first write to AWS: the slowest", percentile(&waits, 100)?, "s");
    controller.process.stop()
}

fn edit(bench: &Bench, number: usize) -> Result<Edit> {
    let service = name(number);
    let patch = Patch::Merge(json!({"spec": {"desiredCount": 3}}));
    let at = bench.simulator.with_world(|world| world.now);
    let edited = bench.runtime.block_on(bench.services().patch(&service, &PatchParams::default(), &patch));
    edited.with_context(|| format!("{service} cannot be edited"))?;
    Ok(Edit { service, at })
}

/// Seconds from the edit to the first write that concerns its service.
fn waited(edit: &Edit, writes: &[Entry]) -> Option<f64> {
    let mentions = |entry: &&Entry| entry.input.to_string().contains(&edit.service);
    let first = writes.iter().find(mentions)?;
    i32::try_from(first.time - edit.at).ok().map(|milliseconds| f64::from(milliseconds) / 1000.0)
}

/// The least that so many percent are not above (nearest rank).
fn percentile(sorted: &[f64], percent: usize) -> Result<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().context("nothing was measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_what_was_measured() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            [50, 99, 100].map(|percent| percentile(&hundred, percent).unwrap().to_bits()),
            [50.0, 99.0, 100.0].map(f64::to_bits)
        );
        assert!(percentile(&[], 99).is_err());
    }
}
