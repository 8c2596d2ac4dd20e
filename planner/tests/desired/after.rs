//! A revision that waits for a one-off task.

use std::collections::BTreeMap;

use longshore_crds::ecs_task::Phase;
use longshore_planner::desired::{
    Desired, Facts, LastGood, Memory, References, SERVICE_KEY, TASK_KEY, TaskReference, ecs_service,
};
use longshore_planner::engine::{Action, Kinds, Options, World, plan};
use longshore_planner::kinds;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use serde_json::json;

use crate::objects::{cluster, environment, hello, node, scope, value};

const OLD: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:1";
const NEW: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:2";

/// What runs and what is known besides.
#[derive(Clone, Copy, Default)]
struct Known {
    /// How the migration ended, and with which revision.
    task: Option<(Option<Phase>, &'static str)>,
    /// The wanted revision is registered.
    registered: bool,
    /// The last deployment is of it.
    deployed: bool,
    /// A revision before it succeeded.
    before: bool,
}

/// Example 10's service, after a migration.
fn desired(known: Known) -> Desired {
    let spec = hello(&json!({"after": [{"task": {"name": "migrate"}}]}));
    let scope = scope(environment(&json!({})));
    let good = LastGood { content_hash: "old".to_owned(), arn: OLD.to_owned(), roleless: false };
    let memory = Memory { last_good: known.before.then_some(good), ..Memory::default() };
    let references = References::to_cluster(cluster());
    let plain = ecs_service(&scope, &spec, &Facts::new(), &references, &memory).unwrap();
    let (id, _) = plain.graph.iter().find(|(id, _)| id.kind == "ecs/task-definition" && id.key == TASK_KEY).unwrap();
    let task = known.task.map(|(phase, arn)| TaskReference {
        phase,
        task_definition_arn: Some(arn.to_owned()),
        message: "web exited with 1".to_owned(),
    });
    let references = References {
        tasks: task.map(|task| ("migrate".to_owned(), task)).into_iter().collect(),
        revisions: known.registered.then(|| (id.fixed.clone(), NEW.to_owned())).into_iter().collect::<BTreeMap<_, _>>(),
        deployed: known.deployed.then(|| NEW.to_owned()),
        ..references
    };
    ecs_service(&scope, &spec, &Facts::new(), &references, &memory).unwrap()
}

#[test]
fn a_revision_is_rolled_out_once_its_own_migration_has_succeeded_and_not_by_another_one() {
    let known = Known { registered: true, before: true, ..Known::default() };
    let with = |phase, arn| Known { task: Some((Some(phase), arn)), ..known };
    let cases = [
        ("there is none", known, Some((false, "WaitingForTask"))),
        ("nobody has looked at it", Known { task: Some((None, NEW)), ..known }, Some((false, "WaitingForTask"))),
        ("it runs", with(Phase::Running, NEW), Some((false, "WaitingForTask"))),
        ("it has succeeded", with(Phase::Succeeded, NEW), None),
        ("the one before has", with(Phase::Succeeded, OLD), Some((true, "TaskOfAnotherRevision"))),
        ("it has failed", with(Phase::Failed, NEW), Some((true, "TaskFailed"))),
        ("nobody knows", with(Phase::Unknown, NEW), Some((true, "TaskFailed"))),
        (
            "the revision is not registered",
            Known { registered: false, ..with(Phase::Succeeded, OLD) },
            Some((false, "WaitingForTask")),
        ),
        ("it is deployed already", Known { deployed: true, ..known }, None),
    ];
    for (what, known, expected) in cases {
        let desired = desired(known);
        let held = desired.held.as_ref().map(|held| (held.stalled, held.reason));
        assert_eq!(held, expected, "{what}: {:?}", desired.held);
        let revision = value::<Service>(&desired, SERVICE_KEY).task_definition;
        assert_eq!(revision.known() == Some(OLD), expected.is_some(), "{what}: what runs goes on running: {revision}");
        assert!(node::<TaskDefinition>(&desired, TASK_KEY).is_some(), "{what}: the migration needs it");
    }
}

#[test]
fn before_the_first_migration_there_is_no_service_and_one_that_is_there_is_left_alone() {
    let desired = desired(Known { registered: true, ..Known::default() });
    let kinds: Kinds = kinds::all();
    let steps = plan(&desired.graph, &[].into(), &World::default(), &kinds, &Options::default()).steps;
    let of = |kind: &str| steps.iter().find(|step| step.id.kind == kind).map(|step| step.action.clone());
    assert_eq!(of("ecs/service"), Some(Action::Wait));
    assert!(matches!(of("ecs/task-definition"), Some(Action::Create { .. })));
}

#[test]
fn of_several_the_one_that_only_a_person_can_mend_is_told_first() {
    let spec = hello(&json!({"after": [{"task": {"name": "waits"}}, {"task": {"name": "failed"}}]}));
    let task = |phase| TaskReference {
        phase: Some(phase),
        task_definition_arn: Some(NEW.to_owned()),
        message: "web exited with 1".to_owned(),
    };
    let plain = References::to_cluster(cluster());
    let scope = scope(environment(&json!({})));
    let first = ecs_service(&scope, &spec, &Facts::new(), &plain, &Memory::default()).unwrap();
    let (id, _) = first.graph.iter().find(|(id, _)| id.kind == "ecs/task-definition" && id.key == TASK_KEY).unwrap();
    let references = References {
        tasks: [("waits".to_owned(), task(Phase::Running)), ("failed".to_owned(), task(Phase::Failed))].into(),
        revisions: [(id.fixed.clone(), NEW.to_owned())].into(),
        ..plain
    };
    let desired = ecs_service(&scope, &spec, &Facts::new(), &references, &Memory::default()).unwrap();
    let held = desired.held.unwrap();
    assert_eq!((held.stalled, held.reason), (true, "TaskFailed"), "{}", held.message);
}
