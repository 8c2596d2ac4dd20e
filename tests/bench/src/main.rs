//! What a thousand services cost, measured on the real controller, the real API server and the simulated AWS, in real
//! time: calls to AWS for a sweep, memory, and how long an edit waits for its first write while sweeps go on.
//!
//! The services are made in memory and on virtual time first (AWS's rate limits would take a quarter of an hour), then
//! put into the API server as a backup is restored, status and all. docs/performance.md explains the figures.

#![allow(clippy::indexing_slicing, reason = "only JSON values are indexed, by member: a missing one reads as null")]

mod bench;
mod edits;
mod figures;
mod fleet;
mod metrics;
mod restore;
mod sweep;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::bench::Bench;
use crate::figures::Figures;

/// Measures what many services cost; fails when a figure is above its limit.
#[derive(Clone, Copy, Debug, Parser)]
struct Arguments {
    /// How many services like example 10's `hello`
    #[arg(long, default_value_t = 1000)]
    services: usize,
    /// How many edits, each of another service, while sweeps go on
    #[arg(long, default_value_t = 100)]
    edits: usize,
}

fn main() -> ExitCode {
    let mut figures = Figures::default();
    let measured = measure(Arguments::parse(), &mut figures);
    println!("\n{figures}");
    match measured {
        Ok(()) if figures.hold() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        // In words, without the backtrace that a returned error would print.
        Err(error) => {
            eprintln!("not everything was measured: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: Arguments, figures: &mut Figures) -> Result<()> {
    let began = Instant::now();
    ensure!(arguments.edits <= arguments.services, "there are no more services to edit than there are");
    say(&format!("making {} services in memory, on virtual time", arguments.services));
    let fleet = fleet::make(arguments.services)?;
    say(&format!("made in {} s", began.elapsed().as_secs()));

    let bench = Bench::start(fleet, say)?;
    say("starting the controller, which sweeps everything");
    sweep::measure(&bench, figures)?;
    say(&format!("editing {} services while sweeps go on", arguments.edits));
    edits::measure(&bench, arguments.edits, figures)?;
    say(&format!("all of it took {} s", began.elapsed().as_secs()));
    Ok(())
}

fn say(what: &str) {
    println!("  ... {what}");
}
