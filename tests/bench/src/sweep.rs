//! A start, which sweeps everything: its calls, its writes, and the memory that it all takes.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use longshore_control_plane::wait_for;
use longshore_simulator::recording::Entry;

use crate::bench::Bench;
use crate::figures::{Figures, count};
use crate::metrics::{memory, sum};

/// A sweep of a thousand takes some seconds.
const PATIENCE: Duration = Duration::from_mins(5);
/// What a sweep may cost.
const CALLS_AN_OBJECT: f64 = 0.15;
/// What a thousand services may take of memory, in MiB.
const RESIDENT_MIB: f64 = 60.0;
/// The same without the pages of files: half a program that is not optimised says nothing about the one that is.
const OWN_MIB: f64 = 45.0;
/// What a sweep may take while it goes on, in MiB, without the pages of files: as many as there are after it.
const OWN_PEAK_MIB: f64 = 70.0;

/// A controller as it is installed, started on a world in which nothing is to be done.
pub(crate) fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let before = bench.versions()?;
    let mut controller = bench.controller("10m")?;
    let metrics = wait_for("the first sweep to end", PATIENCE, || {
        ensure!(controller.process.ended()?.is_none(), "the controller ended:\n{}", controller.process.tail(20));
        let metrics = controller.metrics()?;
        let ended = sum(&metrics, "longshore_sweep_seconds_count") > 0.0;
        Ok(if ended { Ok(metrics) } else { Err(controller.process.tail(5)) })
    })?;
    let memory = memory(&controller.process)?;
    let told = |name: &str| sum(&metrics, name);
    let objects = told("longshore_sweep_objects");
    ensure!(objects > 0.0, "nothing was swept:\n{}", controller.process.tail(20));

    let calls = bench.simulator.with_world(|world| world.recording.calls(0, None));
    println!("\n  calls since the start:\n{}", by_operation(&calls));
    figures.tell("objects swept", objects, "");
    figures.tell("duration of the sweep", told("longshore_sweep_seconds_sum"), "s");
    figures.hold_to("AWS calls of the sweep, by object", told("longshore_sweep_calls") / objects, "", CALLS_AN_OBJECT);
    figures.tell("AWS calls since the start, all told", count(calls.len()), "");
    figures.hold_to("writes to AWS", count(calls.iter().filter(|call| call.write).count()), "", 0.0);
    figures.hold_to("objects that the sweep woke", told("longshore_sweep_woken_total"), "", 0.0);
    let written = bench.versions()?.difference(&before).count();
    figures.hold_to("objects written to Kubernetes", count(written), "", 0.0);
    if cfg!(debug_assertions) {
        figures.tell("memory: resident", memory.resident, "MiB");
    } else {
        figures.hold_to("memory: resident", memory.resident, "MiB", RESIDENT_MIB);
    }
    figures.hold_to("memory: resident, but for pages of files", memory.own, "MiB", OWN_MIB);
    figures.tell("memory: the most that ever was resident", memory.peak, "MiB");
    let own_peak = memory.peak - (memory.resident - memory.own);
    figures.hold_to("memory: the most, but for pages of files", own_peak, "MiB", OWN_PEAK_MIB);
    controller.process.stop()
}

pub(crate) fn by_operation(calls: &[Entry]) -> String {
    let mut counted = BTreeMap::<String, usize>::new();
    for call in calls {
        *counted.entry(format!("{}:{}", call.service, call.operation)).or_default() += 1;
    }
    let lines = counted.into_iter().map(|(operation, count)| format!("  {count:6}  {operation}"));
    lines.collect::<Vec<_>>().join("\n")
}
