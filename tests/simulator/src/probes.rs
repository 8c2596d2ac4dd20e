//! Probes: each sends one request to a load balancer in every second of simulated time, and keeps count.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::wire_time;
use crate::services::elbv2::{self, Outcome, Question, Turns};
use crate::world::World;

/// How often a probe looks, in milliseconds.
const EVERY: i64 = 1_000;

/// How many failures a probe keeps, the first ones.
const KEPT: usize = 10;

/// All probes, by name.
#[derive(Clone, Debug, Default)]
pub struct Probes {
    by_name: BTreeMap<String, Probe>,
}

#[derive(Clone, Debug)]
struct Probe {
    question: Question,
    since: i64,
    next: i64,
    succeeded: u64,
    failed: u64,
    /// The longest run of failures, and the one that goes on.
    longest_failure: u64,
    failing: u64,
    failures: Vec<Failure>,
    turns: Turns,
}

#[derive(Clone, Debug, Serialize)]
struct Failure {
    at: Value,
    outcome: Outcome,
}

impl Probes {
    /// Starts a probe at `now`, in the place of one that has its name; its first look is a second later.
    pub fn add(&mut self, name: String, question: Question, now: i64) {
        let probe = Probe {
            question,
            since: now,
            next: now + EVERY,
            succeeded: 0,
            failed: 0,
            longest_failure: 0,
            failing: 0,
            failures: Vec::new(),
            turns: Turns::new(),
        };
        self.by_name.insert(name, probe);
    }

    /// Ends all probes.
    pub fn clear(&mut self) {
        self.by_name.clear();
    }

    /// When the next look is due.
    pub fn next_due(&self) -> Option<i64> {
        self.by_name.values().map(|probe| probe.next).min()
    }

    /// What each probe has seen so far.
    pub fn view(&self) -> Value {
        let view = |(name, probe): (&String, &Probe)| {
            json!({
                "name": name,
                "url": probe.question.url,
                "since": wire_time(probe.since),
                "secondsOk": probe.succeeded,
                "secondsFailed": probe.failed,
                "longestFailure": probe.longest_failure,
                "firstFailures": probe.failures,
            })
        };
        json!({"probes": self.by_name.iter().map(view).collect::<Vec<_>>()})
    }
}

/// The probes that are due look at the world as it is now.
pub fn look(world: &mut World) {
    let now = world.now;
    let mut probes = std::mem::take(&mut world.probes);
    for probe in probes.by_name.values_mut().filter(|probe| probe.next <= now) {
        let outcome = elbv2::ask(world, &probe.question, &probe.turns);
        elbv2::take_turn(&mut probe.turns, &outcome);
        probe.see(outcome, now);
    }
    world.probes = probes;
}

impl Probe {
    fn see(&mut self, outcome: Outcome, now: i64) {
        self.next += EVERY;
        if outcome.succeeded() {
            self.succeeded += 1;
            self.failing = 0;
            return;
        }
        self.failed += 1;
        self.failing += 1;
        self.longest_failure = self.longest_failure.max(self.failing);
        if self.failures.len() < KEPT {
            self.failures.push(Failure { at: wire_time(now), outcome });
        }
    }
}
