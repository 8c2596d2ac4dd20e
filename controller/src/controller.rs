//! The controller as a whole: its parts put together, and taken apart in order. Everything outside is handed in, so
//! that a test can run it with every door in memory; dropping [`Controller::run`] is a crash.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kube::Client;
use longshore_aws::Edge;
use prometheus_client::registry::Registry;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::kubernetes::{Events, Stores, watch};
use crate::queue::{self, Queue, Turn};
use crate::reconcile::{Reconciler, Timing};
use crate::sessions::Sessions;
use crate::sweep::Sweeper;
use crate::telemetry::{Health, Metrics, QueueDepth, SweepMetrics};

/// So many objects are worked on at the same time. Most of a turn is waiting for AWS, whose limits the pacer keeps.
const WORKERS: usize = 32;
/// Once told to stop, turns that have begun may take so long to end: less than the 30 seconds that Kubernetes gives a
/// pod.
const GRACE: Duration = Duration::from_secs(25);

/// What a controller reaches the outside through.
#[derive(Clone)]
pub struct Doors {
    /// Kubernetes.
    pub client: Client,
    /// AWS.
    pub edge: Edge,
    /// The time of day.
    pub clock: Clock,
}

/// What a controller is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names this installation in the tags of everything it makes.
    pub installation: String,
    /// How often objects are looked at.
    pub timing: Timing,
}

/// A controller that is put together and does not run yet.
pub struct Controller {
    reconciler: Arc<Reconciler>,
    queue: Queue,
    stores: Stores,
    sweeper: Sweeper,
    watches: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
    health: Health,
}

impl Controller {
    /// Puts the parts together; what it counts is registered.
    pub fn new(doors: Doors, settings: Settings, registry: &mut Registry) -> Self {
        let Doors { client, edge, clock } = doors;
        edge.metrics.register(registry);
        let queue = Queue::default();
        registry.register_collector(Box::new(QueueDepth(queue.clone())));
        let (stores, watches) = watch(&client, &queue);
        let reconciler = Arc::new(Reconciler {
            events: Events::new(client.clone()),
            client,
            clock,
            stores: stores.clone(),
            sessions: Sessions::new(edge, settings.installation.clone()),
            metrics: Metrics::new(registry),
            kinds: longshore_planner::kinds::all(),
            timing: settings.timing,
            installation: settings.installation,
            stop: CancellationToken::new(),
        });
        let sweeper = Sweeper::new(reconciler.clone(), queue.clone(), SweepMetrics::new(registry));
        Self { reconciler, queue, stores, sweeper, watches: Box::pin(watches), health: Health::default() }
    }

    /// Whether it works, as `/readyz` tells.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Works until `stop` is cancelled, then ends the turns that have begun.
    pub async fn run(self, stop: CancellationToken) -> Result<()> {
        let mut watches = JoinSet::new();
        watches.spawn(self.watches);
        let mut workers = JoinSet::new();
        // It only reads, and is dropped wherever it is.
        let mut sweeps = JoinSet::new();
        tracing::info!(installation = self.reconciler.installation, "the controller starts");
        let working = async {
            // Nothing is decided before everything is known: what looks unused may be used by an object not listed yet.
            self.stores.ready().await.context("a watch ended before its first list")?;
            for _ in 0..WORKERS {
                workers.spawn(work(self.reconciler.clone(), self.queue.clone()));
            }
            sweeps.spawn(self.sweeper.run());
            self.health.ready();
            tracing::info!("ready: the first lists of all objects are in");
            let ended = watches.join_next().await;
            bail!("the watches ended: {ended:?}")
        };
        let ended = tokio::select! {
            ended = working => ended,
            // Before it is ready, too.
            () = stop.cancelled() => Ok(()),
        };
        self.reconciler.stop.cancel();
        sweeps.abort_all();
        finish(&mut workers).await;
        ended
    }
}

/// One worker: turn after turn, until it is told to stop.
async fn work(reconciler: Arc<Reconciler>, queue: Queue) {
    let stop = reconciler.stop.clone();
    let turn = |turn: Turn| {
        let reconciler = reconciler.clone();
        async move { reconciler.turn(&turn).await }
    };
    queue::serve(queue, stop, turn).await;
}

async fn finish(workers: &mut JoinSet<()>) {
    tracing::info!("stopping: turns that have begun are brought to an end");
    let all = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::warn!(seconds = GRACE.as_secs(), "some turns did not end in time; the next start goes on from there");
        workers.abort_all();
    }
}
