//! The sweep: a read-only look for drift. Every so often all objects of an environment that have converged are compared
//! with AWS, by reads of many at once; those that differ, or of which that cannot be told so, get a turn, which reads
//! everything again. It takes the place of a timer of each object's own, which would hardly batch.
//!
//! `settled` says whom it looks after; all others come back by timers of their own (`reconcile/outcome.rs`).

mod pass;
mod settled;
mod subject;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use longshore_aws::{Cadence, Class, Fault, Survey};
use longshore_planner::desired::{Fact, Facts, Need};
use longshore_planner::engine::{Graph, Plan, World};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::object::Key;
use crate::orphans::Claimed;
use crate::queue::{Queue, Urgency, backoff};
use crate::reconcile::{Mark, Reconciler};
use crate::telemetry::SweepMetrics;
pub(crate) use pass::Swept;
use pass::Tell;
pub(crate) use settled::settled;
use subject::Candidate;
pub(crate) use subject::subject;

/// So many objects are compared, and in memory, at once: one full call for security groups' rules.
const CHUNK: usize = 200;
/// How often it is looked whether there are new environments.
const NEW_ENVIRONMENTS: Duration = Duration::from_secs(5);
/// After a sweep that could not read everything, the next one comes sooner than usual, but not at once.
const FIRST_RETRY: Duration = Duration::from_secs(30);
/// What nobody claims is counted so many times a day.
const ORPHANS_A_DAY: u64 = 4;
const DAY: Duration = Duration::from_hours(24);

/// Sweeps every environment.
#[derive(Clone)]
pub(crate) struct Sweeper {
    shell: Arc<Reconciler>,
    queue: Queue,
    metrics: SweepMetrics,
}

impl Sweeper {
    pub(crate) fn new(shell: Arc<Reconciler>, queue: Queue, metrics: SweepMetrics) -> Self {
        Self { shell, queue, metrics }
    }

    /// Sweeps until it is dropped. The first lists of all objects must be in.
    pub(crate) async fn run(self) {
        let mut environments: JoinSet<String> = JoinSet::new();
        let mut swept: BTreeSet<String> = BTreeSet::new();
        loop {
            while let Some(ended) = environments.try_join_next() {
                // A task ends only where its environment is gone: panics are caught.
                let Ok(name) = ended else { continue };
                swept.remove(&name);
            }
            for name in self.shell.stores.environment_names() {
                if swept.insert(name.clone()) {
                    environments.spawn(self.clone().follow(name));
                }
            }
            tokio::time::sleep(NEW_ENVIRONMENTS).await;
        }
    }

    /// Sweeps one environment as long as it exists.
    async fn follow(self, name: String) -> String {
        let interval = self.shell.timing.resync;
        let a_day = rounds_a_day(interval);
        let seconds = self.shell.clock.now().0.as_second().unsigned_abs();
        // Goes on about where the process before this one was.
        let mut round = seconds / interval.as_secs().max(1);
        let mut failures = 0;
        while self.shell.stores.environment(&name).is_some() {
            let orphans = round.is_multiple_of((a_day / ORPHANS_A_DAY).max(1));
            let complete = self.contained(&name, Cadence::new(round, a_day), orphans).await;
            failures = if complete { 0 } else { failures + 1 };
            round += u64::from(complete);
            let wait = if complete { interval } else { backoff(FIRST_RETRY.min(interval), interval, failures - 1) };
            tokio::time::sleep(spread(&name, round, wait)).await;
        }
        self.metrics.forget(&name);
        name
    }

    /// One sweep, and where it is their turn a count of orphans; whether the sweep could read everything. A panic is told
    /// and contained: it is a defect, and must not end the sweeps.
    async fn contained(&self, name: &str, cadence: Cadence, orphans: bool) -> bool {
        let round = async {
            let complete = self.sweep(name, cadence).await;
            if complete && orphans {
                self.count_orphans(name).await;
            }
            complete
        };
        AssertUnwindSafe(round).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(environment = name, "the sweep panicked: a defect in Longshore; it is tried again");
            self.shell.metrics.panics.inc();
            self.metrics.failed(name);
            false
        })
    }

    /// One sweep; whether it could read everything.
    async fn sweep(&self, name: &str, cadence: Cadence) -> bool {
        let began = Instant::now();
        let swept = match self.look(name, cadence).await {
            Ok(swept) => swept,
            Err(fault) => {
                tracing::warn!(environment = name, %fault, "the sweep could not begin; it is tried again");
                self.metrics.failed(name);
                return false;
            }
        };
        self.metrics.swept(name, &swept, began.elapsed());
        let Swept { objects, woken, unread, calls, .. } = swept;
        if let Some(why) = &swept.why {
            tracing::warn!(environment = name, unread, why, "the sweep could not read everything; it is tried again");
            return false;
        }
        tracing::info!(environment = name, objects, woken, calls, took = ?began.elapsed(), "swept");
        true
    }

    async fn look(&self, name: &str, cadence: Cadence) -> Result<Swept, Fault> {
        let Some(environment) = self.shell.stores.environment(name) else { return Ok(Swept::default()) };
        let opened = self.shell.sessions.of(name, &environment.spec).await?;
        let keys = subject::settled_in(&self.shell.stores, name);
        let survey = opened.session.survey(keys.len(), cadence);
        let (mut swept, mut facts) = (Swept::default(), Facts::new());
        let told =
            Told { sweeper: self, environment: name, mark: self.shell.reliance.mark(), at: self.shell.clock.now().0 };
        for chunk in keys.chunks(CHUNK) {
            let found = self.candidates(&survey, chunk, &mut facts).await?;
            pass::pass(&survey, &self.shell.kinds, found, &mut swept, &told).await;
        }
        swept.calls = survey.calls();
        Ok(swept)
    }

    /// The objects of some keys, and what they want; what must be asked for that is asked once a sweep. What only a person
    /// can mend is told by the turns of those who need it, and is no reason not to look at the others.
    async fn candidates(&self, survey: &Survey, keys: &[Key], facts: &mut Facts) -> Result<Vec<Candidate>, Fault> {
        let mut refused: BTreeSet<Need> = BTreeSet::new();
        loop {
            let find = |key| subject::find(key, &self.shell, facts);
            let found: Vec<Candidate> = keys.iter().filter_map(find).collect();
            let needs: BTreeSet<Need> = found.iter().flat_map(Candidate::needs).cloned().collect();
            let asked = |need: &Need| facts.contains_key(need) || refused.contains(need);
            let open: Vec<Need> = needs.into_iter().filter(|need| !asked(need)).collect();
            if open.is_empty() {
                return Ok(found);
            }
            for need in open {
                let answer = survey.find(&need).await;
                note(need, answer, facts, &mut refused)?;
            }
        }
    }

    async fn count_orphans(&self, name: &str) {
        let Some(environment) = self.shell.stores.environment(name) else { return };
        let claimed = Claimed::of(&self.shell.stores, &self.shell.installation);
        let found = async {
            let opened = self.shell.sessions.of(name, &environment.spec).await?;
            claimed.orphans(&opened.session, &environment.spec).await
        };
        match found.await {
            Ok(orphans) => self.metrics.orphans(name, orphans.len()),
            Err(fault) => tracing::warn!(environment = name, %fault, "what nobody claims could not be counted"),
        }
    }
}

/// What a sweep finds out is told to the queue and to the turns.
struct Told<'a> {
    sweeper: &'a Sweeper,
    environment: &'a str,
    /// When it began: its lists are as old.
    mark: Mark,
    at: Timestamp,
}

impl Tell for Told<'_> {
    fn wake(&self, key: &Key, why: &str) {
        tracing::info!(object = %key, why, "the sweep wakes it");
        self.sweeper.shell.reliance.forget(key);
        self.sweeper.queue.wake(key.clone(), Some(self.environment), Urgency::WakeUp);
    }

    fn verified(&self, key: &Key, graph: &Graph, world: &World) {
        let reliance = &self.sweeper.shell.reliance;
        let verified = reliance.seen(key).after(graph, world, &Plan::default(), self.at);
        reliance.keep(key, self.mark, verified);
    }
}

/// What came of asking for a fact. What only a person can mend is noted, and no reason not to ask for the others.
fn note(need: Need, answer: Result<Fact, Fault>, facts: &mut Facts, refused: &mut BTreeSet<Need>) -> Result<(), Fault> {
    match answer {
        Ok(fact) => drop(facts.insert(need, fact)),
        Err(fault) if fault.class == Class::Fix => drop(refused.insert(need)),
        Err(fault) => return Err(fault),
    }
    Ok(())
}

fn rounds_a_day(interval: Duration) -> u64 {
    (DAY.as_secs() / interval.as_secs().max(1)).max(1)
}

/// Environments that were begun with at the same moment must not go on at the same moments: between nine tenths of the
/// time and all of it, always the same for a name and a round, so that a test is repeatable.
fn spread(name: &str, round: u64, wait: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    (name, round).hash(&mut hasher);
    let part = u32::try_from(hasher.finish() % 100).unwrap_or(0);
    wait.mul_f64(0.9 + f64::from(part) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_are_as_many_a_day_as_fit_and_one_at_least() {
        let cases = [(1, 86_400), (600, 144), (86_400, 1), (1_000_000, 1)];
        for (seconds, expected) in cases {
            assert_eq!(rounds_a_day(Duration::from_secs(seconds)), expected, "{seconds} s");
        }
    }

    /// Otherwise one service whose secret nobody may read would keep the sweep from all others.
    #[test]
    fn what_only_a_person_can_mend_stops_no_sweep_and_what_passes_does() {
        let need = |host: &str| Need::Certificates { host: host.to_owned() };
        let fault = |code: &str| Err(Fault::answered("acm:ListCertificates", code, "", 400));
        let cases = [
            ("known", Ok(Fact::Certificates(vec![])), Ok((1, 0))),
            ("refused", fault("AccessDeniedException"), Ok((0, 1))),
            ("slow", fault("ThrottlingException"), Err(Class::Retry)),
        ];
        for (host, answer, expected) in cases {
            let (mut facts, mut refused) = (Facts::new(), BTreeSet::new());
            let noted = note(need(host), answer, &mut facts, &mut refused).map_err(|fault| fault.class);
            assert_eq!(noted.map(|()| (facts.len(), refused.len())), expected, "{host}");
        }
    }

    #[test]
    fn sweeps_are_spread_and_never_later_than_asked_for() {
        let interval = Duration::from_mins(10);
        let waits: std::collections::BTreeSet<Duration> =
            (0..50).map(|round| spread("prod", round, interval)).collect();
        assert!(waits.len() > 20, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= interval && *wait >= interval.mul_f64(0.9)), "{waits:?}");
    }
}
