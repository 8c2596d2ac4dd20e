//! Whatever pauses, dies, is slow or gets lost: two never write at the same time, and in the end somebody leads.

use std::time::Duration;

use longshore_aws::Fence;
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::super::{ANSWER, RENEW, TERM};
use super::SECOND;
use super::candidate::Candidate;
use super::server::{Fate, Server};

const CANDIDATES: usize = 3;
/// No request arrives later after it was sent.
const LATEST: Duration = Duration::from_secs(20);
/// How often the fences are looked at.
const STEP: Duration = Duration::from_millis(200);

#[derive(Clone, Debug)]
enum Disturbance {
    /// A whole process stops.
    Stop(usize),
    Continue(usize),
    /// A process dies, and another is started in its place.
    Restart(usize),
    /// A process ends in order, and another is started in its place.
    Replace(usize),
    /// The next requests, whosesoever, meet with this.
    Weather(Vec<Fate>),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => (0..400_u64, 0..400_u64).prop_map(|(before, after)| Fate::Answered(before, after)),
        2 => (0..20_000_u64, 0..3000_u64).prop_map(|(before, after)| Fate::Answered(before, after)),
        2 => (0..20_000_u64).prop_map(Fate::AnswerLost),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Refused),
    ]
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    let which = 0..CANDIDATES;
    prop_oneof![
        4 => which.clone().prop_map(Disturbance::Stop),
        4 => which.clone().prop_map(Disturbance::Continue),
        1 => which.clone().prop_map(Disturbance::Restart),
        1 => which.prop_map(Disturbance::Replace),
        3 => proptest::collection::vec(fate(), 1..12).prop_map(Disturbance::Weather),
    ]
}

/// Every process that ever was, and until when a call of it may be under way.
struct World {
    server: Server,
    all: Vec<Process>,
    /// Which of them are meant to live.
    living: [usize; CANDIDATES],
}

struct Process {
    candidate: Candidate,
    writes_until: Option<Instant>,
    /// It ends in order: with nothing under way.
    resigned: bool,
}

impl World {
    fn new() -> Self {
        let mut world = Self { server: Server::default(), all: vec![], living: [0; CANDIDATES] };
        (0..CANDIDATES).for_each(|place| world.start(place));
        world
    }

    fn start(&mut self, place: usize) {
        self.living[place] = self.all.len();
        let candidate = Candidate::start(&self.server);
        self.all.push(Process { candidate, writes_until: None, resigned: false });
    }

    fn at(&mut self, place: usize) -> &mut Process {
        &mut self.all[self.living[place]]
    }

    /// Time goes on, and every fence is watched, those of the dead too.
    async fn pass(&mut self, time: Duration) {
        let (end, mut step) = (Instant::now() + time, Duration::from_millis(1));
        while Instant::now() < end {
            sleep(step).await;
            self.look();
            // The first moments after a disturbance count most.
            step = STEP.min(step.mul_f64(1.1));
        }
    }

    fn look(&mut self) {
        let now = Instant::now();
        let Some(leader) = self.all.iter().position(|process| process.candidate.fence.is_open()) else { return };
        for (other, process) in self.all.iter().enumerate().filter(|(other, _)| *other != leader) {
            assert!(!process.candidate.fence.is_open(), "{leader} and {other} may both write");
            let until = process.writes_until.filter(|_| !process.resigned);
            assert!(until.is_none_or(|until| until < now), "a call of {other} may be under way while {leader} writes");
        }
        self.all[leader].writes_until = Some(now + Fence::LONGEST);
    }

    fn somebody_leads(&self) -> bool {
        self.all.iter().any(|process| process.candidate.fence.is_open())
    }

    fn disturb(&mut self, disturbance: Disturbance) {
        match disturbance {
            Disturbance::Stop(place) => self.at(place).candidate.stop(true),
            Disturbance::Continue(place) => self.at(place).candidate.stop(false),
            Disturbance::Restart(place) => {
                self.at(place).candidate.kill();
                self.start(place);
            }
            // One that is stopped hears of nothing.
            Disturbance::Replace(place) if self.at(place).candidate.is_stopped() => {}
            Disturbance::Replace(place) => {
                let process = self.at(place);
                process.candidate.tell_to_end();
                process.resigned = true;
                self.start(place);
            }
            Disturbance::Weather(fates) => self.server.weather(fates),
        }
    }
}

async fn live_through(disturbances: Vec<(u64, Disturbance)>) {
    let mut world = World::new();
    for (after, disturbance) in disturbances {
        world.pass(SECOND * u32::try_from(after).unwrap()).await;
        world.disturb(disturbance);
    }
    world.server.weather(vec![]);
    (0..CANDIDATES).for_each(|place| world.at(place).candidate.stop(false));
    // Until then requests arrive that were sent before, and renew the Lease of one that is dead.
    world.pass(LATEST + TERM + RENEW + ANSWER + SECOND).await;
    assert!(world.somebody_leads(), "nobody leads");
    world.pass(TERM).await;
    assert!(world.somebody_leads(), "nobody leads any more");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn two_never_write_at_the_same_time_and_in_the_end_somebody_leads(
        disturbances in proptest::collection::vec((0..40_u64, disturbance()), 0..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(live_through(disturbances));
    }
}
