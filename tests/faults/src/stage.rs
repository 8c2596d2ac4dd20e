//! An AWS, a Kubernetes and a controller between them, all in memory and on virtual time.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use longshore::controller::{Controller, Doors, Settings};
use longshore::{Clock, Timing};
use longshore_kubernetes_api::{Clock as ApiClock, Kinds, KubernetesApi};
use longshore_simulator::Simulator;
use longshore_simulator::World;
use longshore_simulator::call::{Call, Service};
use longshore_simulator::clock::Clock as AwsClock;
use longshore_simulator::recording::Entry;
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::doors::{KubernetesSeam, aws};
use crate::seam::Seam;

/// Whose everything is.
pub(crate) const INSTALLATION: &str = "faults";
/// The access key of a person at the console of AWS.
pub(crate) const SOMEBODY: &str = "AKIASOMEBODYATAWS";
/// How often objects are looked at. A converged object has two turns in an hour; a deployment is looked at less often
/// than by default, since every look costs the suite time and nobody watches.
const TIMING: Timing = Timing { resync: Duration::from_mins(20), rollout: Duration::from_secs(20) };

/// A world between two processes: nothing but data, so that many runs can begin with the same one.
#[derive(Clone)]
pub(crate) struct Snapshot {
    world: World,
    api: KubernetesApi,
    now: i64,
}

/// The world of a run.
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) api: KubernetesApi,
    began: Instant,
    /// The time of day at which it began, in milliseconds since the epoch.
    base: i64,
}

impl Stage {
    /// The account of the examples, and a cluster with nothing but Longshore's definitions.
    pub(crate) fn empty() -> Self {
        let world = longshore_simulator::world_file::seed();
        let api = KubernetesApi::new(kinds(), ApiClock::default());
        Self::of(&Snapshot { now: world.now, world, api })
    }

    /// Goes on from a snapshot.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let Snapshot { world, api, now } = snapshot;
        let simulator = Simulator::new(world.clone(), AwsClock::new(*now, 1.0));
        let start = Timestamp::from_millisecond(*now).unwrap_or_default();
        Self { simulator, api: api.fork(ApiClock::from(start)), began: Instant::now(), base: *now }
    }

    /// The world as it is now; what was called is forgotten.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let world = self.simulator.with_world(|world| {
            let mut world = world.clone();
            world.recording.clear();
            world.faults.clear();
            world
        });
        Snapshot { now: world.now, world, api: self.api.clone() }
    }

    /// Somebody asks AWS for something, by no seam. What it answers.
    pub(crate) fn call(&self, service: &str, operation: &str, input: &Value) -> Value {
        self.simulator.with_world(|world| {
            let service = Service::from_scope(service).unwrap();
            let call = Call {
                service,
                operation: operation.to_owned(),
                input: input.clone(),
                region: world.region.clone(),
                access_key: SOMEBODY.to_owned(),
                account_id: world.account_id.clone(),
                time: world.now,
            };
            let answer = world.call(&call).unwrap();
            world.recording.add(Entry {
                seq: 0,
                time: call.time,
                service: service.name(),
                operation: call.operation,
                input: call.input,
                outcome: "OK".to_owned(),
                write: true,
                access_key: call.access_key,
            });
            answer
        })
    }

    /// How many services are on their way from one revision to another.
    pub(crate) fn deploying(&self) -> usize {
        let services = self.simulator.with_world(|world| serde_json::to_value(&world.ecs)).unwrap_or_default();
        let services = services["services"].as_object().into_iter().flatten();
        let deploys = |service: &Value| service["deployments"].as_array().is_some_and(|all| all.len() > 1);
        services.filter(|(_, service)| deploys(service)).count()
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        time(self.began, self.base)
    }

    /// Starts a controller behind a seam.
    pub(crate) fn start(&self, seam: Seam) -> Process {
        let api = KubernetesSeam { api: self.api.clone(), seam: seam.clone() };
        let (began, base) = (self.began, self.base);
        let client = self.api.client("longshore", api);
        let doors = Doors { client, edge: aws(&self.simulator, &seam), clock: Clock::of(move || time(began, base)) };
        let settings = Settings {
            installation: INSTALLATION.to_owned(),
            selection: longshore::Selection::default(),
            timing: TIMING,
            lease: None,
        };
        let controller = Controller::new(doors, settings, &mut Registry::default());
        Process { seam, running: tokio::spawn(controller.run(CancellationToken::new())) }
    }
}

/// The time of day, of what began so at this moment.
fn time(began: Instant, base: i64) -> Timestamp {
    let passed = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(base.saturating_add(passed)).unwrap_or_default()
}

/// Read once: every run has the same.
fn kinds() -> &'static Kinds {
    static KINDS: OnceLock<Kinds> = OnceLock::new();
    KINDS.get_or_init(|| {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crds/generated");
        let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let definitions: Vec<String> = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
        Kinds::new(definitions.iter().map(String::as_str)).unwrap()
    })
}

/// A running controller. Dropping it is a crash.
pub(crate) struct Process {
    pub(crate) seam: Seam,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Process {
    /// Whether it ended by itself, which it must not.
    pub(crate) fn has_ended(&self) -> bool {
        self.running.is_finished()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.seam.close();
        self.running.abort();
    }
}
