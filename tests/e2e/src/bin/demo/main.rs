//! `longshore-demo run|up|down`: Longshore shown to somebody who has just cloned it.

#![allow(clippy::indexing_slicing, reason = "only JSON values are indexed, by member: a missing one reads as null")]

mod acts;
mod screen;
mod stage;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use longshore_control_plane::{Record, ended};
use longshore_e2e::{Provider, Rights, Stack, StackOptions, project, scratch};

use crate::screen::Screen;

/// Simulated seconds in a second: a rollout that takes ECS two minutes takes twelve seconds.
const SPEED: u32 = 10;

/// Shows Longshore running a service on a simulated AWS.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Shows the life of a service, from `kubectl apply` to nothing left, and ends by itself.
    Run,
    /// Starts control plane, AWS and controller, and leaves them running.
    Up {
        /// What answers there is used as AWS, in place of the simulator.
        #[arg(long)]
        aws_endpoint: Option<String>,
    },
    /// Ends what `up` started.
    Down,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().action {
        Action::Run => run(),
        Action::Up { aws_endpoint } => up(aws_endpoint).map(|()| ExitCode::SUCCESS),
        Action::Down => down().map(|()| ExitCode::SUCCESS),
    };
    // In words, without the backtrace that a returned error would print.
    done.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

/// Where `up` keeps its state.
fn state() -> PathBuf {
    project(".run")
}

fn run() -> Result<ExitCode> {
    let screen = Screen::new();
    screen.title("Longshore: one Kubernetes object, running in ECS");
    screen.say(
        "Everything here is real but AWS: the Kubernetes API server, kubectl, the controller. AWS is the project's \
         simulator on a loopback port, ten times as fast as the real one. Nothing leaves this machine.",
    );
    let provider = Provider::Simulator { speed: SPEED };
    let options = StackOptions {
        provider,
        dir: scratch()?,
        controller: true,
        rights: Rights::Administrator,
        say: |what| println!("  ... {what}"),
    };
    let stack = Stack::start(&options)?;
    screen.say(&format!("All is running. Logs and kubeconfig: {}", stack.dir().display()));
    Ok(if acts::play(&stack, &screen) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn up(aws_endpoint: Option<String>) -> Result<()> {
    let dir = state();
    let running = Record::read(&dir)?.unwrap_or_default();
    ensure!(running.running().is_empty(), "it is up already ({}); `make down` ends it", running.running().join(", "));
    let provider = aws_endpoint.map_or(Provider::Simulator { speed: SPEED }, Provider::At);
    let options = StackOptions {
        provider: provider.clone(),
        dir: dir.clone(),
        controller: true,
        rights: Rights::Administrator,
        say: |what| println!("  ... {what}"),
    };
    let mut stack = Stack::start(&options)?;
    stack.detach()?;
    let dir = std::fs::canonicalize(&dir).context("cannot resolve the directory")?;
    println!();
    println!("Everything is up, and stays so until `make down`. In your shell:");
    println!();
    println!("  export KUBECONFIG={}", stack.plane.kubeconfig.display());
    println!("  export AWS_ENDPOINT_URL={} AWS_REGION=eu-west-1", stack.aws.url());
    println!("  export AWS_ACCESS_KEY_ID=dummy AWS_SECRET_ACCESS_KEY=dummy");
    println!("  export PATH={}:$PATH    # this kubectl", stack.plane.kubectl.parent().unwrap_or(&dir).display());
    println!();
    println!("Then, for example:");
    println!();
    println!("  kubectl apply -f examples/00-environment.yaml -f examples/10-fargate-web.yaml");
    println!("  kubectl get ecssvc -n shop --watch");
    println!();
    if !matches!(provider, Provider::Simulator { .. }) {
        println!("The ids in examples/00-environment.yaml must be those of your AWS endpoint.");
    }
    println!("Logs: {}", dir.display());
    Ok(())
}

fn down() -> Result<()> {
    let ran = ended(&state())?;
    if ran.is_empty() {
        println!("nothing was running");
    } else {
        println!("ended: {}", ran.join(", "));
    }
    Ok(())
}
