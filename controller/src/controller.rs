//! The controller as a whole: its parts put together, and taken apart in order. Everything outside is handed in, so
//! that a test can run it with every door in memory; dropping [`Controller::run`] is a crash.
//!
//! Of several processes one works, the leader; the others watch, so that they can go on at once. A leader that another
//! one followed ends its turns, of which no call changes anything any more, and stands by again
//! (docs/decisions/0005-leader.md).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use kube::Client;
use longshore_aws::{Edge, Fence};
use prometheus_client::registry::Registry;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::kubernetes::{Election, Events, Leadership, LeaseName, Selection, Stores, fenced, watch};
use crate::queue::{self, Queue, Turn, Urgency};
use crate::reconcile::{Reconciler, Reliance, Timing};
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
    /// Which objects it looks after.
    pub selection: Selection,
    /// How often objects are looked at.
    pub timing: Timing,
    /// The Lease that says who leads; `None`: no other process runs for this installation.
    pub lease: Option<LeaseName>,
}

/// A controller that is put together and does not run yet.
pub struct Controller {
    reconciler: Arc<Reconciler>,
    queue: Queue,
    stores: Stores,
    sweeper: Sweeper,
    watches: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
    health: Health,
    leadership: Leadership,
}

impl Controller {
    /// Puts the parts together; what it counts is registered.
    pub fn new(doors: Doors, settings: Settings, registry: &mut Registry) -> Self {
        let Doors { client, mut edge, clock } = doors;
        edge.metrics.register(registry);
        let queue = Queue::default();
        registry.register_collector(Box::new(QueueDepth(queue.clone())));
        let (stores, watches) = watch(&client, &settings.selection, &queue, &clock);
        let (leadership, fence) = match settings.lease {
            Some(name) => {
                let fence = Fence::closed();
                let election = Election::new(&client, name, clock.clone(), fence.clone(), registry);
                (Leadership::Elected(Box::new(election)), fence)
            }
            None => (Leadership::Alone, Fence::default()),
        };
        edge.fence = fence.clone();
        let client = fenced(&client, &fence);
        let reconciler = Arc::new(Reconciler {
            events: Events::new(client.clone()),
            client,
            clock,
            stores: stores.clone(),
            sessions: Sessions::new(edge, settings.installation.clone()),
            metrics: Metrics::new(registry),
            kinds: longshore_planner::kinds::all(),
            timing: settings.timing,
            reliance: Reliance::default(),
            installation: settings.installation,
            stop: CancellationToken::new(),
        });
        let sweeper = Sweeper::new(reconciler.clone(), queue.clone(), SweepMetrics::new(registry));
        let health = Health::default();
        Self { reconciler, queue, stores, sweeper, watches: Box::pin(watches), health, leadership }
    }

    /// Whether it works, as `/readyz` tells.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Works whenever it leads until `stop` is cancelled, then ends the turns that have begun and lets another lead.
    pub async fn run(self, stop: CancellationToken) -> Result<()> {
        let Self { reconciler, queue, stores, sweeper, watches: watching, health, mut leadership } = self;
        let mut watches = JoinSet::new();
        watches.spawn(watching);
        let mut workers = JoinSet::new();
        tracing::info!(installation = reconciler.installation, "the controller starts");
        let working = async {
            // Nothing is decided before everything is known: what looks unused may be used by an object not listed yet.
            stores.ready().await.context("a watch ended before its first list")?;
            leadership.join().await;
            // One that stands by is ready too: it has all objects, and can lead at once.
            health.ready();
            tracing::info!("ready: the first lists of all objects are in");
            loop {
                leadership.acquire().await;
                let term = reconciler.stop.child_token();
                // Somebody else may have changed AWS meanwhile, so every object is looked at afresh: those that have
                // converged by the sweep, which begins with all of them, the others by turns of their own.
                reconciler.reliance.clear();
                let mut sweeps = JoinSet::new();
                sweeps.spawn(sweeper.clone().run());
                for key in stores.unsettled() {
                    let environment = stores.environment_of_key(&key);
                    queue.wake(key, environment.as_deref(), Urgency::Due);
                }
                for _ in 0..WORKERS {
                    workers.spawn(work(reconciler.clone(), queue.clone(), term.clone()));
                }
                leadership.hold().await;
                term.cancel();
                drop(sweeps);
                // What a turn saw before must not be written in a later term: it ends before this process stands again.
                ensure!(finish(&mut workers).await, "turns did not end after another process took the lead");
            }
        };
        let ended = tokio::select! {
            ended = working => ended,
            ended = watches.join_next() => Err(anyhow!("the watches ended: {ended:?}")),
            // Before it is ready, too.
            () = stop.cancelled() => Ok(()),
        };
        reconciler.stop.cancel();
        resign(&mut leadership, &mut workers).await;
        ended
    }
}

/// One worker: turn after turn, until its term is over.
async fn work(reconciler: Arc<Reconciler>, queue: Queue, term: CancellationToken) {
    let turn = |turn: Turn| {
        let reconciler = reconciler.clone();
        async move { reconciler.turn(&turn).await }
    };
    queue::serve(queue, term, turn).await;
}

/// The turns that have begun are ended while this process still leads; then another may. Calls of turns that had to be
/// cut off may be under way yet: then the others wait until the Lease expires.
async fn resign(leadership: &mut Leadership, workers: &mut JoinSet<()>) {
    let finishing = finish(workers);
    tokio::pin!(finishing);
    let ended = tokio::select! {
        biased;
        ended = &mut finishing => ended,
        () = leadership.hold() => finishing.await,
    };
    if ended {
        leadership.release().await;
    }
}

/// Waits for the turns that have begun; whether all ended by themselves.
async fn finish(workers: &mut JoinSet<()>) -> bool {
    tracing::info!(workers = workers.len(), "turns that have begun are brought to an end");
    let all = async { while workers.join_next().await.is_some() {} };
    let ended = tokio::time::timeout(GRACE, all).await.is_ok();
    if !ended {
        tracing::warn!(seconds = GRACE.as_secs(), "some turns did not end in time; the next start goes on from there");
        workers.abort_all();
    }
    ended
}
