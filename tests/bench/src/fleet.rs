//! A cluster and its services, made by the controller itself, in memory and on virtual time.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use longshore::controller::{Controller, Doors, Settings};
use longshore::{Clock, Timing};
use longshore_e2e::{example, hello, project};
use longshore_kubernetes_api::{Clock as ApiClock, Kinds, KubernetesApi, Seamless};
use longshore_sdk_connector::edge;
use longshore_simulator::clock::Clock as AwsClock;
use longshore_simulator::{Simulator, World, world_file};
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Whose everything is.
pub(crate) const INSTALLATION: &str = "bench";
/// Where the services are.
pub(crate) const NAMESPACE: &str = "shop";
/// The resources of Longshore, in the order in which they are restored.
pub(crate) const RESOURCES: [&str; 3] = ["awsenvironments", "ecsclusters", "ecsservices"];
/// How long ago it all began, so that everything of it lies in the past when the clock is the wall's. At AWS's rate of
/// one new task definition a second, that is enough for many thousands.
const AGO: Duration = Duration::from_hours(24);
/// A service that has not become ready by then never does.
const PATIENCE: Duration = Duration::from_hours(12);
/// Nobody watches the rollouts.
const TIMING: Timing = Timing { resync: Duration::from_hours(24), rollout: Duration::from_mins(2) };

/// What there is when all is ready.
pub(crate) struct Fleet {
    /// AWS.
    pub(crate) world: World,
    /// The objects with their statuses, the environment first.
    pub(crate) objects: Vec<Value>,
}

/// The name of a service.
pub(crate) fn name(number: usize) -> String {
    format!("hello-{number:04}")
}

/// Makes example 10's cluster with so many of its services, and waits until all are ready.
pub(crate) fn make(services: usize) -> Result<Fleet> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(converge(services))
}

async fn converge(services: usize) -> Result<Fleet> {
    let start = Timestamp::now() - AGO;
    let mut world = world_file::seed();
    world.now = start.as_millisecond();
    // The default quota is 1,000 roles (IAM User Guide, "IAM and AWS STS quotas"); it can be raised to 5,000.
    world.settings.roles_per_account = 5000;
    let simulator = Simulator::new(world, AwsClock::new(start.as_millisecond(), 1.0));
    let api = KubernetesApi::new(&kinds()?, ApiClock::from(start));
    let began = Instant::now();
    let doors = Doors {
        client: api.client("longshore", Seamless),
        edge: edge(&simulator),
        clock: Clock::of(move || start + began.elapsed()),
    };
    let settings = Settings {
        installation: INSTALLATION.to_owned(),
        selection: longshore::Selection::default(),
        timing: TIMING,
        lease: None,
    };
    let stop = CancellationToken::new();
    let running = tokio::spawn(Controller::new(doors, settings, &mut Registry::default()).run(stop.clone()));
    api.apply(&example("00-environment.yaml")?)?;
    let hello = hello(NAMESPACE)?;
    for number in 0..services {
        api.apply(&hello.replace("name: hello", &format!("name: {}", name(number))))?;
    }
    while let Some(waiting) = not_ready(&api, services) {
        ensure!(!running.is_finished(), "the controller ended by itself");
        ensure!(began.elapsed() < PATIENCE, "not ready after {} virtual hours: {waiting}", PATIENCE.as_secs() / 3600);
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    stop.cancel();
    running.await.context("the controller panicked")??;
    let objects = RESOURCES.into_iter().flat_map(|resource| api.list(resource)).collect();
    let world = simulator.with_world(|world| {
        world.recording.clear();
        world.clone()
    });
    Ok(Fleet { world, objects })
}

fn kinds() -> Result<Kinds> {
    let files = std::fs::read_dir(project("crds/generated")).context("no CRDs: `make generate` writes them")?;
    let texts = files.map(|entry| std::fs::read_to_string(entry?.path())).collect::<Result<Vec<_>, _>>()?;
    Ok(Kinds::new(texts.iter().map(String::as_str))?)
}

/// An object that is not ready yet, with its conditions.
fn not_ready(api: &KubernetesApi, services: usize) -> Option<String> {
    let all = api.list("ecsservices");
    if all.len() < services {
        return Some(format!("{} services of {services}", all.len()));
    }
    let waiting = all.into_iter().find(|object| !is_ready(object))?;
    Some(format!("{}: {}", waiting["metadata"]["name"], waiting["status"]["conditions"]))
}

/// Whether an object's condition `Ready` is true, of its present generation.
pub(crate) fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let ready = conditions.and_then(|conditions| conditions.iter().find(|condition| condition["type"] == "Ready"));
    ready.is_some_and(|ready| {
        ready["status"] == "True" && ready["observedGeneration"] == object["metadata"]["generation"]
    })
}
