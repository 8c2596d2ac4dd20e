//! `longshore controller`: what it is told, its signals, and its health and metrics server.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{ArgAction, Args, ValueEnum};
use longshore_aws::Edge;
use prometheus_client::registry::Registry;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::duration;
use super::selected::Selected;
use crate::clock::Clock;
use crate::controller::{Controller, Doors, Settings};
use crate::kubernetes::{LeaseName, client, installation_id};
use crate::reconcile::Timing;
use crate::telemetry::{serve, start_logs};

/// Bytes of a thread's stack. The SDK reads the larger answers of EC2, such as a version of a launch template, in one frame
/// for all of its members: where nothing is optimised, more than the two megabytes that a thread has otherwise.
const STACK: usize = 8 << 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where /healthz, /readyz and /metrics are served
    #[arg(long, default_value = "127.0.0.1:8080", env = "LONGSHORE_LISTEN")]
    listen: SocketAddr,
    /// Names this installation in the tags of everything it makes; left out: the UID of the namespace kube-system
    #[arg(long, env = "LONGSHORE_INSTALLATION")]
    installation: Option<String>,
    #[command(flatten)]
    selected: Selected,
    /// How often the objects that are as they should be are compared with AWS, all in one sweep
    #[arg(long, default_value = "10m", value_parser = duration::parse, env = "LONGSHORE_RESYNC")]
    resync: Duration,
    /// How often a deployment that goes on is looked at
    #[arg(long, default_value = "10s", value_parser = duration::parse, env = "LONGSHORE_ROLLOUT_INTERVAL")]
    rollout_interval: Duration,
    /// Whether several of these may run: one leads, by a Lease of Kubernetes, and the others stand by
    #[arg(long, default_value_t = true, action = ArgAction::Set, require_equals = true, num_args = 0..=1,
          default_missing_value = "true", env = "LONGSHORE_LEADER_ELECT")]
    leader_elect: bool,
    /// The Lease's namespace; left out: that of the pod, or of the kubeconfig's context
    #[arg(long, env = "LONGSHORE_LEASE_NAMESPACE")]
    lease_namespace: Option<String>,
    /// The Lease's name; each installation needs its own
    #[arg(long, default_value = "longshore", env = "LONGSHORE_LEASE_NAME")]
    lease_name: String,
    /// How logs are written to standard error
    #[arg(long, default_value = "text", env = "LONGSHORE_LOG_FORMAT")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Runs until it is told to stop.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    start_logs(arguments.log_format == LogFormat::Json);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    runtime.context("the asynchronous runtime could not be started")?.block_on(control(arguments))
}

async fn control(arguments: &Arguments) -> Result<()> {
    let stop = CancellationToken::new();
    let client = client().await?;
    let installation = match &arguments.installation {
        Some(installation) => installation.clone(),
        None => installation_id(&client).await?,
    };
    let lease = arguments.leader_elect.then(|| LeaseName {
        namespace: arguments.lease_namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned()),
        name: arguments.lease_name.clone(),
    });
    let timing = Timing { resync: arguments.resync, rollout: arguments.rollout_interval };
    let settings = Settings { installation, selection: arguments.selected.selection(), timing, lease };
    let doors = Doors { client, edge: Edge::default(), clock: Clock::wall() };
    let mut registry = Registry::with_prefix("longshore");
    let controller = Controller::new(doors, settings, &mut registry);
    let server = serve(arguments.listen, controller.health(), registry, stop.clone()).await?;
    tracing::info!(listen = %arguments.listen, "health and metrics are served");
    let working = controller.run(stop.clone());
    tokio::pin!(working);
    let ended = tokio::select! {
        ended = &mut working => ended,
        told = told_to_stop() => {
            stop.cancel();
            told.and(working.await)
        }
    };
    stop.cancel();
    server.await.context("the health server did not end well")?;
    ended
}

async fn told_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
