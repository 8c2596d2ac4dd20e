//! Standing by, renewing, giving back.

use std::hash::{BuildHasher, Hasher, RandomState};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};
use longshore_aws::Fence;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::time::{Instant, sleep_until, timeout};

use super::decide::{Decision, decide};
use super::record::{given_back, renewed, taken};
use super::{ANSWER, LeaseName, RENEW, WRITES_FOR};
use crate::clock::Clock;

/// One candidate for the Lease. Every write of it names the resourceVersion that was last seen, so that of two that
/// write at the same time one is refused.
pub(crate) struct Election {
    api: Api<Lease>,
    name: LeaseName,
    me: String,
    clock: Clock,
    fence: Fence,
    leader: Gauge,
    seen: Seen,
    /// When the last call was begun.
    tried: Instant,
    /// What was told last, not to tell it every two seconds.
    told: Option<String>,
}

/// The Lease as it was last seen. One that vanished stays as it was, without a resourceVersion: whoever held it may
/// write yet.
struct Seen {
    metadata: ObjectMeta,
    spec: LeaseSpec,
    since: Instant,
}

/// Why nothing is known of the Lease, or nothing could be written.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the API server did not answer within {} s", ANSWER.as_secs())]
    NoAnswer,
    #[error("there is no namespace {0}; create it, or name another by --lease-namespace")]
    NoNamespace(String),
    #[error("{0}; the controller's role needs get, create and update for leases of coordination.k8s.io")]
    Forbidden(String),
    #[error("{0}")]
    Refused(Box<kube::Error>),
}

impl Election {
    /// A candidate; the fence is opened while it leads.
    pub(crate) fn new(client: &Client, name: LeaseName, clock: Clock, fence: Fence, registry: &mut Registry) -> Self {
        let leader = Gauge::default();
        registry.register("leader", "1 while this process leads and may write", leader.clone());
        let now = Instant::now();
        Self {
            api: Api::namespaced(client.clone(), &name.namespace),
            seen: Seen { metadata: unmade(&name), spec: LeaseSpec::default(), since: now },
            me: identity(),
            tried: now,
            told: None,
            name,
            clock,
            fence,
            leader,
        }
    }

    /// Returns once it is known who leads.
    pub(crate) async fn join(&mut self) {
        while self.campaigned().await.is_none() {
            sleep_until(self.tried + RENEW).await;
        }
    }

    /// Stands by, and returns when this process leads.
    pub(crate) async fn acquire(&mut self) {
        while self.campaigned().await != Some(true) {
            let next = self.tried + RENEW;
            let Decision::Wait { until } = self.decision() else {
                sleep_until(next).await;
                continue;
            };
            sleep_until(next.min(until)).await;
        }
        tracing::info!(lease = %self.name, me = self.me, "this process leads");
    }

    /// Renews, and returns when another leads. It goes on where it was dropped.
    pub(crate) async fn hold(&mut self) {
        loop {
            sleep_until(self.tried + RENEW).await;
            let renewed = self.renew().await;
            self.leader.set(i64::from(self.fence.is_open()));
            match renewed {
                Ok(true) => self.told = None,
                Ok(false) => break,
                Err(trouble) => self.tell(&trouble),
            }
        }
        self.close();
        tracing::warn!(lease = %self.name, leader = self.holder(), "this process leads no more; it stands by");
    }

    /// Gives the Lease back, if it is ours, so that another need not wait for its end.
    pub(crate) async fn release(&mut self) {
        self.close();
        match self.give_back().await {
            Ok(true) => tracing::info!(lease = %self.name, "the Lease is given back"),
            Ok(false) => {}
            Err(trouble) => tracing::warn!(lease = %self.name, %trouble, "the Lease is not given back; it will expire"),
        }
    }

    /// One look, and a write if it is our turn: whether this process leads, or `None`: that could not be learnt.
    async fn campaigned(&mut self) -> Option<bool> {
        let before = self.seen.spec.holder_identity.clone();
        let leads = match self.campaign().await {
            Ok(leads) => leads,
            Err(trouble) => {
                self.tell(&trouble);
                return None;
            }
        };
        self.told = None;
        self.leader.set(i64::from(self.fence.is_open()));
        if !leads && self.seen.spec.holder_identity != before {
            tracing::info!(lease = %self.name, leader = self.holder(), "this process stands by");
        }
        Some(leads)
    }

    async fn campaign(&mut self) -> Result<bool, Trouble> {
        self.tried = Instant::now();
        self.look().await?;
        match self.decision() {
            Decision::Wait { .. } => Ok(false),
            Decision::Renew => self.claim(renewed(&self.seen.spec, self.clock.now_exactly())).await,
            Decision::Acquire => self.claim(taken(&self.seen.spec, &self.me, self.clock.now_exactly())).await,
        }
    }

    /// Whether the Lease is still ours, and has been all the time.
    async fn renew(&mut self) -> Result<bool, Trouble> {
        self.tried = Instant::now();
        while self.is_mine() {
            if self.claim(renewed(&self.seen.spec, self.clock.now_exactly())).await? {
                return Ok(true);
            }
            // Somebody wrote it: perhaps we ourselves, and the answer was lost. Since nobody else ever writes our
            // name, and we don't take it here but only renew, it was nobody else's in between if it is ours now.
            self.look().await?;
        }
        Ok(false)
    }

    async fn give_back(&mut self) -> Result<bool, Trouble> {
        self.look().await?;
        while self.is_mine() {
            if self.put(given_back(&self.seen.spec, self.clock.now_exactly())).await? {
                return Ok(true);
            }
            self.look().await?;
        }
        Ok(false)
    }

    /// Writes the Lease as ours; the fence opens by when that was *begun*.
    async fn claim(&mut self, spec: LeaseSpec) -> Result<bool, Trouble> {
        let began = Instant::now();
        let written = self.put(spec).await?;
        if written {
            self.fence.open_until(began + WRITES_FOR);
        }
        Ok(written)
    }

    /// Writes the Lease if it is as it was last seen; whether it was.
    async fn put(&mut self, spec: LeaseSpec) -> Result<bool, Trouble> {
        let lease = Lease { metadata: self.seen.metadata.clone(), spec: Some(spec) };
        let params = PostParams::default();
        let exists = lease.metadata.resource_version.is_some();
        let answer = if exists {
            timeout(ANSWER, self.api.replace(&self.name.name, &params, &lease)).await
        } else {
            timeout(ANSWER, self.api.create(&params, &lease)).await
        };
        match answer.map_err(|_| Trouble::NoAnswer)? {
            Ok(lease) => {
                self.saw(lease);
                Ok(true)
            }
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(kube::Error::Api(status)) if status.code == 404 && exists => Ok(false),
            Err(error) => Err(self.trouble(error)),
        }
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let answer = timeout(ANSWER, self.api.get_opt(&self.name.name)).await.map_err(|_| Trouble::NoAnswer)?;
        match answer.map_err(|error| self.trouble(error))? {
            Some(lease) => self.saw(lease),
            None => self.seen.metadata = unmade(&self.name),
        }
        Ok(())
    }

    fn saw(&mut self, lease: Lease) {
        // Any write to it is taken for a sign of life.
        if lease.metadata.resource_version != self.seen.metadata.resource_version {
            let Lease { metadata, spec } = lease;
            self.seen = Seen { metadata, spec: spec.unwrap_or_default(), since: Instant::now() };
        }
    }

    fn decision(&self) -> Decision {
        decide(&self.seen.spec, &self.me, self.seen.since, Instant::now())
    }

    /// Whether the Lease is there and ours, as it was last seen.
    fn is_mine(&self) -> bool {
        self.seen.metadata.resource_version.is_some() && self.decision() == Decision::Renew
    }

    /// Who holds it, for the log.
    fn holder(&self) -> &str {
        self.seen.spec.holder_identity.as_deref().filter(|holder| !holder.is_empty()).unwrap_or("nobody")
    }

    fn close(&self) {
        self.fence.close();
        self.leader.set(0);
    }

    fn trouble(&self, error: kube::Error) -> Trouble {
        match error {
            kube::Error::Api(status) if status.code == 404 => Trouble::NoNamespace(self.name.namespace.clone()),
            kube::Error::Api(status) if status.code == 403 => Trouble::Forbidden(status.message),
            error => Trouble::Refused(Box::new(error)),
        }
    }

    fn tell(&mut self, trouble: &Trouble) {
        let (lease, writes) = (&self.name, self.fence.is_open());
        let words = format!("the Lease {lease} cannot be had: {trouble}");
        let words = if writes { words } else { format!("{words}; this process writes nothing until then") };
        if self.told.as_ref() != Some(&words) {
            tracing::warn!("{words}");
            self.told = Some(words);
        }
    }
}

/// Of a Lease that is not there.
fn unmade(name: &LeaseName) -> ObjectMeta {
    ObjectMeta { name: Some(name.name.clone()), namespace: Some(name.namespace.clone()), ..ObjectMeta::default() }
}

/// The pod's name, with something that no other process has: a process that was started again is another holder.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "longshore".to_owned());
    // The standard library's hashers are seeded by the system's randomness.
    format!("{host}_{:016x}", RandomState::new().build_hasher().finish())
}
