//! The command line.

mod controller;
mod crds;
mod duration;
mod orphans;
mod selected;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs AWS ECS from Kubernetes.
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
    /// Prints the custom resource definitions, for kubectl apply --server-side -f -
    Crds,
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Controller(arguments) => controller::run(&arguments),
        Command::Orphans(arguments) => orphans::run(&arguments),
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
