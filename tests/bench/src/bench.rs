//! What is measured: a real API server and a real controller on a simulated AWS, which lives in this process so that
//! its recording is at hand.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use jiff::Timestamp;
use kube::Client;
use kube::api::ListParams;
use longshore_e2e::{Controller, Launch, Provider, Rights, Stack, StackOptions, scratch};
use longshore_simulator::Simulator;
use longshore_simulator::clock::Clock;
use longshore_simulator::server::Server;
use tokio::runtime::Runtime;

use crate::fleet::{Fleet, INSTALLATION, NAMESPACE, RESOURCES};
use crate::restore;

/// Everything that runs. Fields are dropped in this order.
pub(crate) struct Bench {
    stack: Stack,
    pub(crate) client: Client,
    pub(crate) simulator: Simulator,
    /// Where requests to Kubernetes are made and those to AWS are answered.
    pub(crate) runtime: Runtime,
}

impl Bench {
    /// Starts everything but a controller, and restores the fleet.
    pub(crate) fn start(fleet: Fleet, say: fn(&str)) -> Result<Self> {
        let runtime = Runtime::new().context("the asynchronous runtime could not be started")?;
        let simulator = Simulator::new(fleet.world, Clock::new(Timestamp::now().as_millisecond(), 1.0));
        let server = runtime.block_on(Server::bind(simulator.clone(), 0)).context("no port for the simulator")?;
        let provider = Provider::At(server.url()?);
        runtime.spawn(server.run(std::future::pending()));
        let stack = Stack::start(&StackOptions {
            provider,
            dir: scratch()?,
            controller: false,
            rights: Rights::Administrator,
            say,
        })?;
        say("restoring the objects, with their statuses");
        let client = runtime.block_on(restore::client(&stack.plane.kubeconfig))?;
        runtime.block_on(restore::restore(&client, &fleet.objects))?;
        Ok(Self { stack, client, simulator, runtime })
    }

    /// Starts a controller; returns when it is ready.
    pub(crate) fn controller(&self, resync: &str) -> Result<Controller> {
        self.stack.launch(&Launch {
            resync,
            rollout_interval: "10s",
            installation: Some(INSTALLATION),
            ..Launch::default()
        })
    }

    /// Which version of which object there is.
    pub(crate) fn versions(&self) -> Result<BTreeSet<String>> {
        let mut versions = BTreeSet::new();
        for resource in RESOURCES {
            let listed = self.runtime.block_on(restore::all(&self.client, resource).list(&ListParams::default()))?;
            versions.extend(listed.items.into_iter().filter_map(|object| object.metadata.resource_version));
        }
        Ok(versions)
    }

    /// The namespace of the services.
    pub(crate) fn services(&self) -> kube::Api<kube::api::DynamicObject> {
        restore::within(&self.client, "ecsservices", NAMESPACE)
    }
}
