//! One run: a scenario from its start to its end, with at most one thing going wrong.

use std::fmt;
use std::time::Duration;

use longshore_simulator::services::ecs;
use tokio::time::{Instant, sleep};

use crate::doors::DOWN;
use crate::fault::{Kind, Meanwhile};
use crate::name::{Named, Point};
use crate::oracle::{self, Judge};
use crate::scenario::{Act, Never, Pause, Scenario};
use crate::seam::{Injection, Seam};
use crate::stage::{Process, Snapshot, Stage};

const SECOND: Duration = Duration::from_secs(1);
/// Conditions are looked at so often.
const LOOK: Duration = Duration::from_secs(10);
/// Nothing is written for so long, and all is as it shall be: it has settled. Each object has a turn in it, in which it
/// tells what has happened since to others (a cluster: how many services it has).
const CALM: Duration = Duration::from_mins(22);
/// Nothing is written for so long: it has settled, however it is. Every watch has begun anew in it.
const PATIENCE: Duration = Duration::from_mins(75);
/// It must have settled by then.
const LIMIT: Duration = Duration::from_hours(4);
/// What has settled is at rest: nothing is written for so long. Each object has another turn in it.
const REST: Duration = Duration::from_mins(30);

/// Something goes wrong at a point of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) scenario: String,
    pub(crate) kind: Kind,
    pub(crate) point: Point,
    pub(crate) meanwhile: Meanwhile,
}

impl Trial {
    /// A watch leaves out what people say on an environment.
    fn leaves_environment_out(&self) -> bool {
        self.kind == Kind::EventLost && self.point.name.contains(":awsenvironments")
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.scenario, self.kind, self.point, self.meanwhile)
    }
}

/// What came of a run.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The calls between the first act and the last write: where something can go wrong.
    pub(crate) calls: Vec<(Named, Point)>,
    /// What is wrong.
    pub(crate) problems: Vec<String>,
    /// All calls and events, with the time since the start.
    pub(crate) story: Vec<String>,
}

/// Runs a scenario undisturbed. The snapshot is of its end.
pub(crate) async fn undisturbed(scenario: &Scenario, from: Option<&Snapshot>) -> (Outcome, Snapshot) {
    let mut run = Run::begin(scenario, from, None);
    run.play().await;
    run.outcome.problems.extend(oracle::refused(scenario, &run.stage));
    run.outcome.problems.extend(oracle::unquiet(scenario, &run.stage));
    run.outcome.story = run.process.seam.story();
    let snapshot = run.stage.snapshot();
    (run.outcome, snapshot)
}

/// Runs a scenario in which something goes wrong.
pub(crate) async fn disturbed(scenario: &Scenario, from: Option<&Snapshot>, trial: &Trial) -> Outcome {
    let mut run = Run::begin(scenario, from, Some(trial));
    run.play().await;
    if !run.happened {
        run.outcome.problems.push("the point was never reached: the runs up to it differ".to_owned());
    }
    run.outcome.story = run.process.seam.story();
    run.outcome
}

struct Run<'a> {
    scenario: &'a Scenario,
    trial: Option<&'a Trial>,
    stage: Stage,
    process: Process,
    judge: Judge,
    happened: bool,
    /// When something last happened to the controller: the start, or the fault.
    disturbed: Instant,
    /// The number of the first call that comes of the acts.
    first: usize,
    /// How many calls there were when conditions were last looked at.
    looked_at: usize,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn begin(scenario: &'a Scenario, from: Option<&Snapshot>, trial: Option<&'a Trial>) -> Self {
        let stage = from.map_or_else(Stage::empty, Stage::of);
        let injection = trial.map(|trial| Injection { point: trial.point.clone(), kind: trial.kind });
        let process = stage.start(Seam::new(injection));
        let meanwhile = trial.map_or(Meanwhile::Nothing, |trial| trial.meanwhile);
        let mut judge = Judge::begin(scenario, meanwhile, &stage);
        if trial.is_some_and(Trial::leaves_environment_out) {
            judge.leave_out();
        }
        Self {
            scenario,
            trial,
            stage,
            process,
            judge,
            happened: false,
            disturbed: Instant::now(),
            first: 0,
            looked_at: 0,
            outcome: Outcome::default(),
        }
    }

    async fn play(&mut self) {
        // The controller is up before anybody does anything.
        self.pass(Duration::from_secs(1)).await;
        let scenario = self.scenario;
        self.first = if scenario.acts.is_empty() { 0 } else { self.process.seam.count() };
        for (number, act) in scenario.acts.iter().enumerate() {
            self.perform(act).await;
            match (act.pause(), scenario.acts.get(number + 1).and_then(Act::pause)) {
                (Some(pause), _) => self.pause(pause).await,
                (None, Some(_)) => {}
                (None, None) => self.settle().await,
            }
        }
        if scenario.acts.is_empty() {
            self.settle().await;
        }
        self.outcome.calls = self.points();
        self.judge_end();
        self.rest().await;
        if self.process.has_ended() {
            self.outcome.problems.push("the controller ended".to_owned());
        }
    }

    async fn perform(&mut self, act: &Act) {
        let down = act.down();
        if down.is_some() {
            self.process.seam.close();
        }
        act.perform(&self.stage);
        self.judge.user_did(&self.stage.api);
        self.judge.acted(act, &self.stage);
        if self.trial.is_none() {
            self.tell(act.unmet(&self.stage).into_iter().collect());
        }
        if let Some(down) = down {
            self.restart(down).await;
        }
    }

    /// Lets a moment pass, and counts every service's tasks in each second of it.
    async fn moment(&self, moment: Duration) -> Vec<String> {
        if !self.scenario.never.contains(&Never::OutsideOfBounds) {
            sleep(moment).await;
            return vec![];
        }
        let (until, mut outside) = (Instant::now() + moment, vec![]);
        while Instant::now() < until {
            sleep(SECOND.min(until - Instant::now())).await;
            let census = self.stage.simulator.with_world(|world| ecs::census(world));
            let wrong = census.into_iter().filter(|service| !service.is_within_bounds());
            outside.extend(wrong.map(|service| format!("outside of its bounds: {service:?}")));
        }
        outside
    }

    /// Lets time pass between two acts.
    async fn pause(&mut self, pause: Pause) {
        match pause {
            Pause::For(duration) => self.pass(duration).await,
            Pause::IntoDeployment(duration) => {
                let began = Instant::now();
                while self.stage.deploying() == 0 && began.elapsed() < PATIENCE {
                    self.look(LOOK).await;
                }
                self.pass(duration).await;
            }
        }
    }

    /// Lets time pass.
    async fn pass(&mut self, duration: Duration) {
        let until = Instant::now() + duration;
        while Instant::now() < until {
            self.look(LOOK.min(until - Instant::now())).await;
        }
    }

    /// Until nothing is done any more.
    async fn settle(&mut self) {
        let began = Instant::now();
        loop {
            self.look(LOOK).await;
            let since = self.disturbed.max(began);
            let calm_for = self.process.seam.last_write().map_or(since, |last| last.max(since)).elapsed();
            if calm_for >= PATIENCE || (calm_for >= CALM && self.judge.has_arrived(&self.stage)) {
                return;
            }
            if began.elapsed() > LIMIT {
                self.outcome.problems.push(format!("after {} h it has not settled", LIMIT.as_secs() / 3600));
                return;
            }
        }
    }

    /// Waits for a moment, or for the fault; then looks whether any condition lies.
    async fn look(&mut self, moment: Duration) {
        let seam = self.process.seam.clone();
        let mut found = vec![];
        tokio::select! {
            biased;
            () = seam.fault(), if !self.happened => self.meanwhile().await,
            outside = self.moment(moment) => found = outside,
        }
        self.tell(found);
        let called = self.process.seam.count();
        if called != self.looked_at {
            self.looked_at = called;
            let lies = self.judge.lies(&self.stage);
            self.tell(lies);
        }
    }

    /// Adds problems that are not known yet.
    fn tell(&mut self, problems: Vec<String>) {
        let known = &self.outcome.problems;
        let new: Vec<String> = problems.into_iter().filter(|problem| !known.contains(problem)).collect();
        self.outcome.problems.extend(new);
    }

    /// The fault has just happened.
    async fn meanwhile(&mut self) {
        self.happened = true;
        self.disturbed = Instant::now();
        let Some(trial) = self.trial else { return };
        self.judge.before(trial.meanwhile, &self.stage.api);
        self.scenario.meanwhile(trial.meanwhile, &self.stage.api);
        self.judge.user_did(&self.stage.api);
        if trial.kind.is_crash() {
            self.restart(DOWN).await;
        }
    }

    /// The process is gone, and after a while there is another one.
    async fn restart(&mut self, down: Duration) {
        let seam = self.process.seam.successor();
        sleep(down).await;
        self.process = self.stage.start(seam);
    }

    /// What is called while nothing changes is looked at in the scenario in which nothing is done.
    fn points(&self) -> Vec<(Named, Point)> {
        let calls = self.process.seam.calls();
        let last = calls.iter().rposition(|(call, _)| call.write).map_or(calls.len(), |last| last + 1);
        let last = if self.scenario.acts.is_empty() { calls.len() } else { last };
        calls.get(self.first..last).unwrap_or_default().to_vec()
    }

    fn judge_end(&mut self) {
        self.outcome.problems.extend(self.judge.end(&self.stage));
    }

    /// Whatever has settled stays as it is.
    async fn rest(&mut self) {
        let since = self.process.seam.count();
        sleep(REST).await;
        let writes = self.process.seam.writes_since(since);
        if !writes.is_empty() {
            self.outcome.problems.push(format!("writes at rest: {}", writes.join(", ")));
        }
    }
}
