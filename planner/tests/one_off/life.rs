//! A model of AWS and of a controller that dies: however it goes, no attempt is run twice.

use jiff::{SignedDuration, Timestamp};
use longshore_crds::ecs_task::{ContainerStatus, Phase, RunStatus};
use longshore_planner::one_off::{Attempt, Next, Policy, Sight, Trace, decide, left_behind, merged, ran_before};
use proptest::prelude::*;

use crate::decisions::{at, order, policy};

/// What goes wrong at a step, or between two.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// Nothing.
    Step,
    /// The process dies before it writes what it decided.
    DiesBefore,
    /// It dies after it wrote, before the call.
    DiesBeforeCall,
    /// The call takes effect and its answer is lost.
    LosesReply,
    /// AWS refuses the call.
    Refused,
    /// The status is lost.
    StatusLost,
    /// The object is made again: another UID, neither status nor annotation.
    MadeAgain,
    /// Nobody looks for so many minutes.
    Away(i64),
}

#[derive(Default)]
struct Model {
    now: i64,
    uid: u32,
    attempt: Option<Attempt>,
    told: Vec<RunStatus>,
    traces: Vec<Trace>,
    /// What AWS started: token, attempt, when.
    started: Vec<(String, u32, i64)>,
}

/// Minutes that a task runs, and that ECS remembers it and its token afterwards (API reference, `RunTask`).
const RUNS: i64 = 3;
const REMEMBERED: i64 = RUNS + 60;

impl Model {
    fn time(&self) -> Timestamp {
        at(0) + SignedDuration::from_mins(self.now)
    }

    fn seen(&self) -> Vec<Sight> {
        let known = self.started.iter().enumerate().filter(|(_, (.., at))| self.now < at + REMEMBERED);
        let sights = known.map(|(number, (_, attempt, started))| {
            let stopped = self.now >= started + RUNS;
            let web =
                ContainerStatus { name: "web".into(), exit_code: stopped.then_some(1), ..ContainerStatus::default() };
            Sight {
                record: RunStatus {
                    task_arn: format!("arn:task/{number}"),
                    attempt: *attempt,
                    last_status: if stopped { "STOPPED" } else { "RUNNING" }.into(),
                    stopped_at: stopped.then(|| at(started + RUNS).to_string()),
                    containers: vec![web],
                    ..RunStatus::default()
                },
                content: order().content,
                created_at: at(*started),
                task_definition: None,
            }
        });
        sights.collect()
    }

    /// One turn, as the shell takes it.
    fn turn(&mut self, policy: &Policy, event: Event) {
        let uid = format!("uid{}", self.uid);
        if self.attempt.is_none() {
            let before = left_behind(&self.traces, &order(), &uid).filter(|left| left.outcome.is_some());
            let before = before.or_else(|| ran_before(&self.seen(), &order(), self.time()));
            self.attempt = before.or_else(|| left_behind(&self.traces, &order(), &uid));
            if self.attempt.is_none() {
                let first = Attempt::next(None, &order(), (1, 1), &uid, self.time());
                self.traces.insert(0, Trace::of(&first, &uid, self.time()));
            }
        }
        loop {
            let begun = self.attempt.as_ref().map_or(self.time(), |attempt| attempt.at);
            self.told = merged(&self.told, &self.seen(), begun, self.time());
            match decide(policy, self.attempt.as_ref(), &self.told, self.time()) {
                Next::Begin { number, call } => {
                    if matches!(event, Event::DiesBefore) {
                        return;
                    }
                    self.attempt =
                        Some(Attempt::next(self.attempt.as_ref(), &order(), (number, call), &uid, self.time()));
                }
                Next::Run => {
                    if matches!(event, Event::DiesBeforeCall) {
                        return;
                    }
                    let attempt = self.attempt.as_mut().unwrap();
                    let known =
                        self.started.iter().any(|(token, _, at)| *token == attempt.token && self.now < at + REMEMBERED);
                    if !known && matches!(event, Event::Refused) {
                        attempt.refused = true;
                        return;
                    }
                    if !known {
                        self.started.push((attempt.token.clone(), attempt.number, self.now));
                    }
                    if matches!(event, Event::LosesReply) {
                        return;
                    }
                }
                Next::Finished { phase, .. } => {
                    let attempt = self.attempt.as_mut().unwrap();
                    attempt.outcome = Some(phase);
                    let trace = Trace::of(&attempt.clone(), &uid, self.time());
                    self.traces.insert(0, trace);
                    return;
                }
                Next::Wait(_) | Next::Stop { .. } => return,
            }
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Step),
        1 => Just(Event::DiesBefore),
        1 => Just(Event::DiesBeforeCall),
        1 => Just(Event::LosesReply),
        1 => Just(Event::Refused),
        1 => Just(Event::StatusLost),
        1 => Just(Event::MadeAgain),
        1 => prop_oneof![Just(2_i64), Just(29), Just(33), Just(40), Just(90), Just(3000)].prop_map(Event::Away),
    ]
}

proptest! {
    #[test]
    fn no_attempt_is_run_twice_and_never_more_than_are_allowed(
        events in prop::collection::vec(event(), 1..40),
        backoff_limit in 0_u32..3,
    ) {
        let policy = Policy { backoff_limit, ..policy() };
        let mut model = Model::default();
        for event in &events {
            match event {
                Event::StatusLost => model.told.clear(),
                Event::MadeAgain => {
                    model.uid += 1;
                    model.attempt = None;
                    model.told.clear();
                }
                Event::Away(minutes) => model.now += minutes,
                _ => {}
            }
            model.turn(&policy, *event);
            model.now += 1;
            let mut attempts: Vec<u32> = model.started.iter().map(|(_, attempt, _)| *attempt).collect();
            attempts.sort_unstable();
            let all = attempts.len();
            attempts.dedup();
            prop_assert_eq!(attempts.len(), all, "run twice: {:?} {:?}", &model.started, &events);
            prop_assert!(attempts.iter().all(|attempt| *attempt <= backoff_limit + 1), "{:?}", attempts);
        }
    }
}

#[test]
fn undisturbed_it_is_run_as_often_as_it_may_fail() {
    let mut model = Model::default();
    let policy = Policy { backoff_limit: 2, ..policy() };
    for _ in 0..30 {
        model.turn(&policy, Event::Step);
        model.now += 1;
    }
    assert_eq!(model.started.len(), 3);
    assert_eq!(model.attempt.unwrap().outcome, Some(Phase::Failed));
}
