//! All points of all scenarios, tried side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::fault::Kind;
use crate::name::{Named, Point};
use crate::run::{Outcome, Trial, disturbed, undisturbed};
use crate::scenario::Scenario;
use crate::stage::Snapshot;

/// Prime, and larger than most scenarios have points: the places of a sample are spread.
const STRIDE: usize = 211;

/// After so many trials it is told how far it is.
const TOLD_EVERY: usize = 1000;

/// A trial, and what is wrong.
pub(crate) struct Tried<'a> {
    pub(crate) trial: &'a Trial,
    pub(crate) problems: Vec<String>,
    /// Everything that was called, of a trial that is tried alone.
    pub(crate) story: Vec<String>,
}

/// The scenarios, run once each with nothing going wrong.
pub(crate) struct Suite {
    scenarios: Vec<Scenario>,
    /// Where each ended.
    ends: BTreeMap<String, Snapshot>,
    /// The calls of each.
    calls: BTreeMap<String, Vec<(Named, Point)>>,
}

impl Suite {
    /// Runs every scenario undisturbed, twice: both times the same must happen.
    pub(crate) fn new(scenarios: Vec<Scenario>) -> Self {
        Self::of_those(scenarios, |_| true)
    }

    /// The same with those scenarios alone that are chosen, and with those that they begin with.
    pub(crate) fn of_those(scenarios: Vec<Scenario>, chosen: impl Fn(&Scenario) -> bool) -> Self {
        let mut needed: BTreeSet<String> = BTreeSet::new();
        // A scenario stands after the one that it begins with.
        for scenario in scenarios.iter().rev() {
            if chosen(scenario) || needed.contains(&scenario.name) {
                needed.insert(scenario.name.clone());
                needed.extend(scenario.from.clone());
            }
        }
        let mut suite = Self { scenarios: vec![], ends: BTreeMap::new(), calls: BTreeMap::new() };
        for scenario in scenarios.into_iter().filter(|scenario| needed.contains(&scenario.name)) {
            let (outcome, end) = suite.undisturbed(&scenario);
            let Outcome { problems, story, .. } = &outcome;
            assert!(problems.is_empty(), "{}\n{}, undisturbed: {problems:#?}", story.join("\n"), scenario.name);
            let (again, _) = suite.undisturbed(&scenario);
            assert_eq!(names(&outcome), names(&again), "{}: two undisturbed runs differ", scenario.name);
            suite.ends.insert(scenario.name.clone(), end);
            suite.calls.insert(scenario.name.clone(), outcome.calls);
            suite.scenarios.push(scenario);
        }
        suite
    }

    fn undisturbed(&self, scenario: &Scenario) -> (Outcome, Snapshot) {
        runtime().block_on(undisturbed(scenario, self.start(scenario)))
    }

    fn start(&self, scenario: &Scenario) -> Option<&Snapshot> {
        scenario.from.as_ref().map(|from| &self.ends[from])
    }

    /// Where a scenario ends.
    pub(crate) fn end_of(&self, scenario: &Scenario) -> &Snapshot {
        &self.ends[&scenario.name]
    }

    /// Everything that can go wrong anywhere.
    pub(crate) fn trials(&self) -> Vec<Trial> {
        let mut trials = vec![];
        for scenario in self.scenarios.iter().filter(|scenario| !scenario.only_a_start) {
            for (call, point) in &self.calls[&scenario.name] {
                for (kind, _) in Kind::ALL.into_iter().filter(|(kind, _)| kind.happens_to(call)) {
                    for &(meanwhile, _) in kind.meanwhiles(call) {
                        let scenario = scenario.name.clone();
                        trials.push(Trial { scenario, kind, point: point.clone(), meanwhile });
                    }
                }
            }
        }
        trials
    }

    /// Some of all trials: of each scenario, fault and change of the world meanwhile one, each time at another place.
    pub(crate) fn sample(&self) -> Vec<Trial> {
        let mut groups: BTreeMap<_, Vec<Trial>> = BTreeMap::new();
        for trial in self.trials() {
            groups.entry((trial.scenario.clone(), trial.kind, trial.meanwhile)).or_default().push(trial);
        }
        let chosen = groups.into_values().enumerate();
        chosen
            .filter_map(|(number, mut trials)| {
                (!trials.is_empty()).then(|| trials.swap_remove(number * STRIDE % trials.len()))
            })
            .collect()
    }

    /// Tries them, on all cores; what is wrong with each, in their order.
    pub(crate) fn try_all<'a>(&self, trials: &'a [Trial]) -> Vec<Tried<'a>> {
        let next = AtomicUsize::new(0);
        let tried = Mutex::new(vec![]);
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(trial) = trials.get(number) else { return };
                        let Outcome { problems, story, .. } = self.attempt(trial);
                        print!("{}{}", told(trial, &problems), progress(number, trials.len()));
                        let tried = &mut tried.lock().unwrap_or_else(PoisonError::into_inner);
                        // Ten thousand stories would fill the memory; only one that stands alone is read.
                        let story = if trials.len() == 1 { story } else { vec![] };
                        tried.push((number, Tried { trial, problems, story }));
                    }
                });
            }
        });
        let mut tried = tried.into_inner().unwrap_or_else(PoisonError::into_inner);
        tried.sort_by_key(|(number, _)| *number);
        tried.into_iter().map(|(_, tried)| tried).collect()
    }

    fn attempt(&self, trial: &Trial) -> Outcome {
        let scenario = self.scenarios.iter().find(|scenario| scenario.name == trial.scenario).unwrap();
        let run = || runtime().block_on(disturbed(scenario, self.start(scenario), trial));
        std::panic::catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Outcome { problems: vec!["the run panicked".to_owned()], ..Outcome::default() })
    }
}

/// A line now and then, for whoever waits.
fn progress(number: usize, all: usize) -> String {
    if number > 0 && number.is_multiple_of(TOLD_EVERY) { format!("{number} of {all} trials\n") } else { String::new() }
}

/// What is wrong, and how to see it again.
fn told(trial: &Trial, problems: &[String]) -> String {
    if problems.is_empty() {
        return String::new();
    }
    format!("FAIL {trial}\n     {}\n     again: make faults ONLY='{trial}'\n", problems.join("\n     "))
}

fn names(outcome: &Outcome) -> Vec<String> {
    outcome.calls.iter().map(|(_, point)| point.to_string()).collect()
}

/// One thread, and a clock that jumps to whatever is awaited next.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}
