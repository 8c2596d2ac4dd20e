//! The command line.

mod change;
mod controller;
mod crds;
mod deployed;
mod duration;
mod exec;
mod git;
mod logs;
mod orphans;
mod place;
mod restart;
mod rollback;
mod running;
mod selected;
mod status;
mod target;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Runs AWS ECS from Kubernetes.
///
/// As `kubectl-longshore` in PATH it is kubectl's: `kubectl longshore status ecssvc/hello`.
#[derive(Debug, Parser)]
#[command(name = "longshore", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watches objects and makes AWS match them, until it is told to stop
    Controller(controller::Arguments),
    /// Lists what this installation made in AWS and no object claims; deletes nothing
    Orphans(orphans::Arguments),
    /// Shows an object with what it needs, its tasks, what it has in AWS, and why it is not ready
    Status(status::Arguments),
    /// Prints what the containers of a service, a one-off task or a trigger write
    Logs(logs::Arguments),
    /// Runs a command in a container of a service, by ECS Exec
    Exec(exec::Arguments),
    /// Goes back to the revision that ran before, until the spec changes
    Rollback(rollback::Arguments),
    /// Replaces every task of a service, by a new deployment of the same revision
    Restart(restart::Arguments),
    /// Prints the custom resource definitions, for kubectl apply --server-side -f -
    Crds,
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Controller(arguments) => controller::run(&arguments),
        Command::Orphans(arguments) => wait_for(orphans::run(&arguments)),
        Command::Status(arguments) => wait_for(status::run(&arguments)),
        Command::Logs(arguments) => wait_for(logs::run(&arguments)),
        Command::Exec(arguments) => wait_for(exec::run(&arguments)),
        Command::Rollback(arguments) => wait_for(rollback::run(&arguments)),
        Command::Restart(arguments) => wait_for(restart::run(&arguments)),
        Command::Crds => crds::run(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With its causes, each on a line of its own.
            eprintln!("longshore: {error:?}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what somebody waits for at a terminal.
fn wait_for(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the asynchronous runtime could not be started")?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
