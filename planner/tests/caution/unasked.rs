//! Which updates start a deployment that nobody asked for: those of a service whose spec has not changed.

use longshore_planner::caution::{Look, MOST_CORRECTIONS, Record, Settled};
use longshore_planner::engine::{Action, Change, FieldPath, Graph, Id, Kind, Owner, Plan, State, Step, Thing, World};
use longshore_planner::kinds;
use longshore_planner::kinds::ecs::service::{Deployment, RolloutState, Service, ServiceDetail};
use serde_json::{Value, json};

use crate::objects::{desired, value};

fn update(field: &str) -> Plan {
    let change = Change { path: field.to_owned(), from: Value::Null, to: Value::Null };
    let step = Step {
        id: Id::new(Service::NAME, "service"),
        action: Action::Update { want: Value::Null, changes: vec![change] },
        reason: format!("differs in {field}"),
        at: FieldPath::default(),
        needs: [].into(),
    };
    Plan { steps: vec![step], ..Plan::default() }
}

/// The service of example 10, with its only deployment in that state.
fn world(state: RolloutState) -> World {
    let primary = Deployment { status: "PRIMARY".into(), rollout_state: Some(state), ..Deployment::default() };
    let detail = ServiceDetail { deployments: vec![primary], ..ServiceDetail::default() };
    let thing = Thing {
        value: serde_json::to_value(value::<Service>(&desired(&json!({})), "service")).unwrap(),
        state: State::Active,
        owner: Owner::This,
        outputs: [].into(),
        mentions: vec![],
        detail: serde_json::to_value(detail).unwrap(),
    };
    World { things: [(Id::new(Service::NAME, "service"), thing)].into(), ..World::default() }
}

#[test]
fn a_slot_is_needed_for_what_starts_a_deployment_unless_the_spec_has_changed() {
    let world = world(RolloutState::Completed);
    let cases = [
        ("network.subnets", "3", true),
        ("taskDefinition", "3", true),
        ("platformVersion", "3", true),
        ("capacityProviderStrategy", "3", true),
        ("desiredCount", "3", false),
        ("tags.team", "3", false),
        ("deploymentConfiguration.maximumPercent", "3", false),
        ("enableExecuteCommand", "3", false),
        // An edit, and a consent, never wait.
        ("network.subnets", "4", false),
        ("network.subnets", "3 with service", false),
    ];
    for (field, asked, expected) in cases {
        let settled = Settled { asked: "3".into(), wanted: "before the subnets changed".into() };
        let record = Record { settled: Some(settled), ..Record::default() };
        let plan = update(field);
        let look = Look {
            asked,
            graph: &Graph::default(),
            world: &world,
            plan: &plan,
            now: "2026-11-24T12:00:00Z".parse().unwrap(),
        };
        assert_eq!(record.needs_slot(&look, &kinds::all()), expected, "{field} {asked}");
        let held = record.without_slot(&look, &kinds::all(), "WaitingForWave: place 1 of 1");
        assert_eq!(held.steps[0].action == Action::Wait, expected, "{field} {asked}");
        assert_eq!(record.restrain(&look, &kinds::all()), plan, "no deployment runs");
        assert!(!Record::default().needs_slot(&look, &kinds::all()), "it has never converged");
    }
}

#[test]
fn while_a_deployment_runs_no_other_one_is_started_that_nobody_asked_for() {
    let world = world(RolloutState::InProgress);
    for (field, asked, waits) in
        [("taskDefinition", "3", true), ("taskDefinition", "4", false), ("desiredCount", "3", false)]
    {
        let settled = Settled { asked: "3".into(), wanted: String::new() };
        let record = Record { settled: Some(settled), ..Record::default() };
        let plan = update(field);
        let look = Look {
            asked,
            graph: &Graph::default(),
            world: &world,
            plan: &plan,
            now: "2026-11-24T12:00:00Z".parse().unwrap(),
        };
        let step = &record.restrain(&look, &kinds::all()).steps[0];
        assert_eq!(step.action == Action::Wait, waits, "{field} {asked}");
        assert_eq!(step.reason.contains("until the deployment that runs has ended"), waits);
    }
}

/// Looks at a service whose subnets are not the wanted ones, or are.
struct Looks {
    graph: Graph,
    world: World,
    record: Record,
    now: jiff::Timestamp,
}

impl Looks {
    fn begin(record: Record) -> Self {
        let graph = desired(&json!({})).graph;
        let id = graph.iter().find(|(id, _)| id.kind == Service::NAME).unwrap().0.clone();
        let things = world(RolloutState::Completed).things.into_values().map(|thing| (id.clone(), thing));
        let world = World { things: things.collect(), ..World::default() };
        Self { graph, world, record, now: "2026-11-24T12:00:00Z".parse().unwrap() }
    }

    /// One look after so many minutes; what may be done then is.
    fn at(&mut self, minutes: i64, asked: &str, mut plan: Plan) -> Step {
        plan.steps[0].id = self.world.things.keys().next().unwrap().clone();
        self.now += jiff::SignedDuration::from_mins(minutes);
        let look = Look { asked, graph: &self.graph, world: &self.world, plan: &plan, now: self.now };
        self.record = self.record.after(&look);
        let restrained = self.record.restrain(&look, &kinds::all());
        for step in restrained.runnable() {
            self.record = self.record.taken(&look, step);
        }
        restrained.steps[0].clone()
    }

    /// The subnets differ; whether they are set.
    fn differs(&mut self, minutes: i64, asked: &str) -> bool {
        self.at(minutes, asked, update("network.subnets")).changes_aws()
    }

    /// They are as wanted, and the deployment runs.
    fn runs(&mut self, minutes: i64, asked: &str) {
        let mut plan = update("network.subnets");
        plan.steps[0].action = Action::Wait;
        self.at(minutes, asked, plan);
    }
}

#[test]
fn a_deployment_that_aws_takes_back_each_time_is_contended_though_it_never_completed() {
    let settled = Settled { asked: "3".into(), wanted: "before the subnets changed".into() };
    let mut looks = Looks::begin(Record { settled: Some(settled), ..Record::default() });
    for time in 0..=MOST_CORRECTIONS {
        assert!(looks.differs(5, "4"), "time {time}: once as asked for, and three times more");
        looks.runs(1, "4");
    }
    let step = looks.at(5, "4", update("network.subnets"));
    assert!(step.reason.starts_with("Contended: since 2026-11-24T12:11:00Z"), "{step:?}");
    assert!(looks.differs(1, "5"), "an edit is tried at once");
}

#[test]
fn edits_of_one_field_in_quick_succession_are_no_corrections() {
    let mut looks = Looks::begin(Record::default());
    for generation in 1..20 {
        let asked = generation.to_string();
        assert!(looks.differs(1, &asked));
        looks.runs(1, &asked);
        assert!(looks.record.corrections.iter().all(|correction| correction.times.is_empty()));
    }
}

#[test]
fn what_was_set_on_the_way_is_forgotten_once_the_object_has_converged() {
    let mut looks = Looks::begin(Record::default());
    looks.differs(1, "1");
    looks.runs(1, "1");
    let look = Look { asked: "1", graph: &looks.graph, world: &looks.world, plan: &Plan::default(), now: looks.now };
    let record = looks.record.after(&look);
    assert_eq!((record.corrections, record.pursued), (vec![], None));
    assert_eq!(record.settled, looks.record.pursued);
}
