//! The simulator on a loopback port.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use longshore_simulator::clock::{Clock, EPOCH};
use longshore_simulator::server::Server;
use longshore_simulator::{Simulator, world_file};

/// A simulated AWS account on a loopback port. Its URL is the first line on standard output.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The world to start with; left out, the world that the examples name.
    #[arg(long)]
    world: Option<PathBuf>,
    /// How many simulated seconds pass in a second.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// A file to write the URL to once requests are answered.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "longshore-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let world = match &arguments.world {
        Some(path) => world_file::parse(&std::fs::read_to_string(path)?)?,
        None => world_file::seed(),
    };
    let server = Server::bind(Simulator::new(world, Clock::new(EPOCH, arguments.speed)), arguments.port).await?;
    let url = server.url()?;
    writeln!(std::io::stdout(), "{url}")?;
    if let Some(path) = &arguments.ready_file {
        std::fs::write(path, &url)?;
    }
    server.run(stopped()).await?;
    Ok(())
}

/// Completes on an interrupt or a request to terminate.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
