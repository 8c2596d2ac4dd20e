//! `longshore-control-plane start|stop`: the control plane for a person at a terminal.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use longshore_control_plane::{ControlPlane, Leash, Record, ended};

/// A real Kubernetes control plane on loopback.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Starts it in the background and prints the path of its kubeconfig.
    Start {
        /// Where its data, logs and kubeconfig go.
        #[arg(long)]
        dir: PathBuf,
    },
    /// Ends the one that was started in a directory.
    Stop {
        /// The directory given to `start`.
        #[arg(long)]
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().action {
        Action::Start { dir } => start(&dir),
        Action::Stop { dir } => stop(&dir),
    };
    // In words, without the backtrace that a returned error would print.
    done.map_or_else(
        |error| {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn stop(dir: &Path) -> Result<()> {
    let ran = ended(dir)?;
    if ran.is_empty() {
        println!("nothing was running");
    } else {
        println!("ended: {}", ran.join(", "));
    }
    Ok(())
}

fn start(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let running = Record::read(dir)?.unwrap_or_default();
    ensure!(running.running().is_empty(), "{} is in use by a running control plane: stop that first", dir.display());
    let mut plane = ControlPlane::start(dir, &Leash::new()?)?;
    let mut record = Record::default();
    plane.note(&mut record);
    record.write(dir)?;
    plane.detach();
    println!("{}", plane.kubeconfig.display());
    Ok(())
}
