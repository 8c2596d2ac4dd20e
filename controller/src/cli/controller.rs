//! `longshore controller`: puts the parts together, and takes them apart in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use longshore_aws::Edge;
use prometheus_client::registry::Registry;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::duration;
use crate::kubernetes::{Events, client, installation_id, watch};
use crate::queue::Queue;
use crate::reconcile::{Reconciler, Timing};
use crate::sessions::Sessions;
use crate::telemetry::{Health, Metrics, serve, start_logs};

/// So many objects are worked on at the same time. Most of a turn is waiting for AWS, whose limits the pacer keeps.
const WORKERS: usize = 32;
/// After a signal, turns that have begun may take so long to end: less than the 30 seconds that Kubernetes gives a pod.
const GRACE: Duration = Duration::from_secs(25);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where /healthz, /readyz and /metrics are served
    #[arg(long, default_value = "127.0.0.1:8080", env = "LONGSHORE_LISTEN")]
    listen: SocketAddr,
    /// Names this installation in the tags of everything it makes; left out: the UID of the namespace kube-system
    #[arg(long, env = "LONGSHORE_INSTALLATION")]
    installation: Option<String>,
    /// How often an object that is as it should be is compared with AWS
    #[arg(long, default_value = "10m", value_parser = duration::parse, env = "LONGSHORE_RESYNC")]
    resync: Duration,
    /// How often a deployment that goes on is looked at
    #[arg(long, default_value = "10s", value_parser = duration::parse, env = "LONGSHORE_ROLLOUT_INTERVAL")]
    rollout_interval: Duration,
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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("the asynchronous runtime could not be started")?.block_on(control(arguments))
}

async fn control(arguments: &Arguments) -> Result<()> {
    let client = client().await?;
    let installation = match &arguments.installation {
        Some(installation) => installation.clone(),
        None => installation_id(&client).await?,
    };
    let mut registry = Registry::with_prefix("longshore");
    let metrics = Metrics::new(&mut registry);
    let aws_metrics = longshore_aws::Metrics::default();
    aws_metrics.register(&mut registry);
    let (stop, health, queue) = (CancellationToken::new(), Health::default(), Queue::default());
    let served = serve(arguments.listen, health.clone(), registry, stop.clone()).await?;
    let (stores, watches) = watch(&client, &queue);
    let mut watches = tokio::spawn(watches);
    let reconciler = Arc::new(Reconciler {
        events: Events::new(client.clone()),
        client,
        stores: stores.clone(),
        sessions: Sessions::new(Edge::new(aws_metrics), installation.clone()),
        metrics,
        kinds: longshore_planner::kinds::all(),
        timing: Timing { resync: arguments.resync, rollout: arguments.rollout_interval },
        installation,
        stop: stop.clone(),
    });
    tracing::info!(installation = reconciler.installation, listen = %arguments.listen, "the controller starts");
    let mut workers = JoinSet::new();
    let ended = async {
        // Nothing is decided before everything is known: what looks unused may be used by an object not listed yet.
        stores.ready().await.context("a watch ended before its first list")?;
        for _ in 0..WORKERS {
            workers.spawn(work(reconciler.clone(), queue.clone()));
        }
        health.ready();
        tracing::info!("ready: the first lists of all objects are in");
        tokio::select! {
            told = told_to_stop() => told,
            watched = &mut watches => bail!("the watches ended: {watched:?}"),
        }
    };
    let ended = tokio::select! {
        ended = ended => ended,
        // Before it is ready, too.
        told = told_to_stop() => told,
    };
    stop.cancel();
    finish(&mut workers).await;
    watches.abort();
    served.await.context("the health server did not end well")?;
    ended
}

/// One worker: turn after turn, until it is told to stop.
async fn work(reconciler: Arc<Reconciler>, queue: Queue) {
    loop {
        let turn = tokio::select! {
            biased;
            () = reconciler.stop.cancelled() => return,
            turn = queue.next() => turn,
        };
        let next = reconciler.turn(&turn).await;
        queue.done(&turn.key, next);
        let (objects, due) = queue.depth();
        reconciler.metrics.depth(objects, due);
    }
}

async fn finish(workers: &mut JoinSet<()>) {
    tracing::info!("stopping: turns that have begun are brought to an end");
    let all = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::warn!(seconds = GRACE.as_secs(), "some turns did not end in time; the next start goes on from there");
        workers.abort_all();
    }
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
