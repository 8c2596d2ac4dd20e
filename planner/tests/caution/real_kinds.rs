//! A service whose tag, or whose number of tasks, something else keeps changing.

use jiff::{SignedDuration, Timestamp};
use longshore_planner::caution::{Look, MOST_CORRECTIONS, Record, hold_scale_in};
use longshore_planner::desired::{Desired, SERVICE_KEY};
use longshore_planner::engine::{Action, Id, Kind, Options, Owner, Plan, State, Thing, World, plan};
use longshore_planner::kinds;
use longshore_planner::kinds::ecs::service::{Deployment, RolloutState, Service, ServiceDetail};
use serde_json::{Value, json};

use crate::objects::desired;

/// Example 10 with a patch, as AWS has it once it has converged.
struct Hello {
    desired: Desired,
    world: World,
    record: Record,
    now: Timestamp,
}

impl Hello {
    fn converged(patch: &Value) -> Self {
        let desired = desired(patch);
        let mut world = World::default();
        // Resources are added after what they refer to, so that every output is known.
        for (id, node) in desired.graph.iter() {
            let plan = plan(&desired.graph, &[].into(), &world, &kinds::all(), &Options::default());
            let want = plan.steps.iter().find(|step| step.id == *id).map(|step| match &step.action {
                Action::Create { want } => want.clone(),
                other => panic!("{id}: {other:?}"),
            });
            let arn = format!("arn:aws:test:::{}", id.key);
            let thing = Thing {
                value: node.rules.normalise(&want.unwrap()).unwrap(),
                state: State::Active,
                owner: Owner::This,
                outputs: ["arn", "id", "name"].map(|output| (output.to_owned(), arn.clone())).into(),
                mentions: vec![],
                detail: Value::Null,
            };
            world.things.insert(id.clone(), thing);
        }
        let mut hello =
            Self { desired, world, record: Record::default(), now: "2026-11-24T12:00:00Z".parse().unwrap() };
        let revision = hello.service()["taskDefinition"].as_str().unwrap().to_owned();
        let detail = ServiceDetail {
            deployments: vec![Deployment {
                status: "PRIMARY".into(),
                task_definition: revision,
                rollout_state: Some(RolloutState::Completed),
                ..Deployment::default()
            }],
            ..ServiceDetail::default()
        };
        let id = hello.id();
        hello.world.things.get_mut(&id).unwrap().detail = serde_json::to_value(detail).unwrap();
        assert!(hello.turn().converged());
        hello
    }

    fn id(&self) -> Id {
        let service = self.desired.graph.iter().find(|(id, _)| id.kind == Service::NAME && id.key == SERVICE_KEY);
        service.unwrap().0.clone()
    }

    fn service(&mut self) -> &mut Value {
        let id = self.id();
        &mut self.world.things.get_mut(&id).unwrap().value
    }

    /// A look; what may be done is done at once.
    fn turn(&mut self) -> Plan {
        loop {
            let plan = plan(&self.desired.graph, &[].into(), &self.world, &kinds::all(), &Options::default());
            let look = Look { asked: "1", graph: &self.desired.graph, world: &self.world, plan: &plan, now: self.now };
            self.record = self.record.after(&look);
            let restrained = self.record.restrain(&look, &kinds::all());
            let Some(step) = restrained.runnable().next() else { return restrained };
            let Action::Update { want, .. } = &step.action else { panic!("{step:?}") };
            self.record = self.record.taken(&look, step);
            let value = want.clone();
            self.world.things.get_mut(&step.id).unwrap().value = value;
        }
    }

    fn undone_after(&mut self, minutes: i64, field: &str, value: Value) -> Plan {
        self.now += SignedDuration::from_mins(minutes);
        *self.service().pointer_mut(field).unwrap() = value;
        self.turn()
    }
}

#[test]
fn bounds_that_take_more_than_half_of_the_tasks_away_wait_for_consent() {
    let scaled = |most: i32| {
        let cpu = json!({"name": "cpu", "predefinedMetricType": "ECSServiceAverageCPUUtilization", "targetValue": 60});
        json!({"desiredCount": null, "autoscaling": {"minCapacity": 1, "maxCapacity": most, "targetTracking": [cpu]}})
    };
    let cases = [
        ("half stays", 20, 40, "", None),
        ("less than half stays", 19, 40, "", Some("allow-scale-in: 19@GENERATION")),
        ("that was consented to", 19, 40, "19", None),
        ("something else was consented to", 19, 40, "20", Some("21 of them away at once")),
        ("few run", 19, 10, "", None),
    ];
    for (what, most, count, consent, held) in cases {
        let mut hello = Hello::converged(&scaled(50));
        let id = hello.id();
        let detail = &mut hello.world.things.get_mut(&id).unwrap().detail;
        detail["desired"] = json!(count);
        hello.desired = desired(&scaled(most));
        let plan = plan(&hello.desired.graph, &[].into(), &hello.world, &kinds::all(), &Options::default());
        let look = Look { asked: "2", graph: &hello.desired.graph, world: &hello.world, plan: &plan, now: hello.now };
        let plan = hold_scale_in(&look, plan.clone(), &[consent.to_owned()].into());
        let blocked = plan.blocked().next().map(|step| step.reason.clone());
        match (blocked, held) {
            (None, None) => {}
            (Some(reason), Some(words)) => {
                assert!(reason.starts_with("ScaleInNeedsConsent: ") && reason.contains(words), "{what}: {reason}");
            }
            (reason, _) => panic!("{what}: {reason:?}"),
        }
    }
}

#[test]
fn a_tag_or_a_count_that_something_else_keeps_writing_is_contended() {
    let patch = json!({"tags": [{"key": "team", "value": "shop"}], "desiredCount": 2});
    let cases = [
        ("/tags/team", json!("platform"), "Longshore sets tags.team to \"shop\", and something else to \"platform\""),
        ("/desiredCount", json!(0), "Longshore sets desiredCount to 2, and something else to 0"),
    ];
    for (field, value, words) in cases {
        let mut hello = Hello::converged(&patch);
        for _ in 0..MOST_CORRECTIONS {
            assert!(hello.undone_after(10, field, value.clone()).converged(), "{field}");
        }
        let plan = hello.undone_after(10, field, value);
        let step = plan.blocked().next().expect("it is contended");
        assert!(step.reason.starts_with("Contended: since 2026-11-24T12:10:00Z"), "{}", step.reason);
        for word in [words, "UpdateService", "TagResource", "CloudTrail"] {
            assert!(step.reason.contains(word), "no {word} in {}", step.reason);
        }
    }
}

#[test]
fn a_count_that_is_not_longshores_may_change_every_minute() {
    let mut hello = Hello::converged(&json!({"desiredCount": null}));
    hello.service().as_object_mut().unwrap().insert("desiredCount".into(), json!(1));
    for count in 0..20 {
        assert!(hello.undone_after(1, "/desiredCount", json!(count)).converged());
    }
    assert!(hello.record.corrections.is_empty());
}

#[test]
fn what_an_edit_has_overtaken_is_pursued_no_more() {
    let mut hello = Hello::converged(&json!({"desiredCount": 2}));
    *hello.service().pointer_mut("/desiredCount").unwrap() = json!(1);
    let plan = plan(&hello.desired.graph, &[].into(), &hello.world, &kinds::all(), &Options::default());
    let look = |asked| Look { asked, graph: &hello.desired.graph, world: &hello.world, plan: &plan, now: hello.now };
    let step = plan.runnable().next().expect("the count is put right");
    let pursuing = hello.record.after(&look("2")).taken(&look("2"), step);
    assert!(pursuing.after(&look("2")).pursued.is_some());
    assert_eq!(pursuing.after(&look("3")).pursued, None);
}
