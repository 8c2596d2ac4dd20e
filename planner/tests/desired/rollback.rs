//! A revision that ECS rolled back is remembered, and not tried again until the spec changes.

use jiff::Timestamp;
use longshore_planner::caution::{Correction, Record, Settled};
use longshore_planner::desired::{LastGood, Memory, Rejected, Said, learn};
use longshore_planner::engine::{Kind, Owner, Seen, State, Thing, World};
use longshore_planner::kinds::ecs::service::{
    Deployment, FailedTask, RolloutState, Service, ServiceDeployment, ServiceDetail, ServiceEvent, outcome,
};
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::report::{Failure, Remedy};
use serde_json::{Value, json};

use crate::objects::{container, desire, environment, hello, scope, value};
use longshore_planner::desired::Desired;

const OLD: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:1";
const OLDER: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:0";
const NEW: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:2";

fn wanted(memory: &Memory, patch: &Value) -> Desired {
    desire(&scope(environment(&json!({}))), &hello(patch), memory).unwrap()
}

fn deployment(status: &str, arn: &str, state: RolloutState) -> Deployment {
    Deployment {
        status: status.into(),
        task_definition: arn.into(),
        rollout_state: Some(state),
        rollout_state_reason: "tasks failed to start".into(),
        ..Deployment::default()
    }
}

/// The wanted revision exists as `NEW`, and the service has these deployments.
fn world(desired: &Desired, detail: &ServiceDetail) -> World {
    let mut world = World::default();
    for (id, node) in desired.graph.iter().filter(|(id, _)| id.kind == TaskDefinition::NAME || id.kind == Service::NAME)
    {
        let thing = Thing {
            value: node.want.clone(),
            state: State::Active,
            owner: Owner::This,
            outputs: [("arn".to_owned(), NEW.to_owned())].into(),
            mentions: vec![],
            detail: serde_json::to_value(detail).unwrap(),
        };
        world.things.insert(id.clone(), thing);
    }
    world
}

fn content_hash(desired: &Desired) -> String {
    desired.graph.iter().find(|(id, _)| id.kind == TaskDefinition::NAME).unwrap().0.fixed.clone()
}

#[test]
fn a_rollback_is_learnt_while_it_happens_and_after_the_fact() {
    let good = Memory {
        last_good: Some(LastGood { content_hash: "old".into(), arn: OLD.into(), roleless: false }),
        ..Memory::default()
    };
    let desired = wanted(&good, &json!({}));
    let going_back =
        vec![deployment("PRIMARY", OLD, RolloutState::InProgress), deployment("ACTIVE", NEW, RolloutState::Failed)];
    let arrived = vec![deployment("PRIMARY", OLD, RolloutState::Completed)];
    let told = ServiceDeployment {
        status: "ROLLBACK_SUCCESSFUL".into(),
        status_reason: "circuit breaker".into(),
        task_definition: NEW.into(),
        ..ServiceDeployment::default()
    };
    let cases = [
        (ServiceDetail { deployments: going_back, ..ServiceDetail::default() }, Some("tasks failed to start")),
        (
            ServiceDetail { deployments: arrived.clone(), service_deployment: Some(told), ..ServiceDetail::default() },
            Some("circuit breaker"),
        ),
        // The service is at the old revision because nobody has asked for the new one yet.
        (ServiceDetail { deployments: arrived, ..ServiceDetail::default() }, None),
        // A first deployment that failed has nothing to go back to.
        (
            ServiceDetail {
                deployments: vec![deployment("PRIMARY", NEW, RolloutState::Failed)],
                ..ServiceDetail::default()
            },
            None,
        ),
    ];
    for (detail, reason) in cases {
        let learnt = learn(&good, &desired.graph, &world(&desired, &detail), Said::default());
        assert_eq!(learnt.rejected.as_ref().map(|rejected| rejected.reason.as_str()), reason, "{detail:?}");
    }
}

fn restarted(restarted_at: Option<&str>) -> Said<'_> {
    Said { restarted_at, ..Said::default() }
}

/// `NEW` was rolled back, and the service runs `OLD` again.
fn rolled_back() -> ServiceDetail {
    ServiceDetail {
        deployments: vec![deployment("PRIMARY", OLD, RolloutState::Completed)],
        service_deployment: Some(ServiceDeployment {
            status: "ROLLBACK_SUCCESSFUL".into(),
            task_definition: NEW.into(),
            ..ServiceDeployment::default()
        }),
        ..ServiceDetail::default()
    }
}

#[test]
fn a_restart_that_was_not_begun_yet_is_not_judged_by_the_rollback_before_it() {
    let good = Memory {
        last_good: Some(LastGood { content_hash: "old".into(), arn: OLD.into(), roleless: false }),
        ..Memory::default()
    };
    let (before, after) = (wanted(&good, &json!({})), wanted(&good, &json!({"restartedAt": "2026-11-24T00:00:00Z"})));
    let rejected = learn(&good, &before.graph, &world(&before, &rolled_back()), Said::default());
    assert!(rejected.rejected.is_some());
    // The service in AWS still carries no restart, then it carries it, and was rolled back once more.
    let at = Some("2026-11-24T00:00:00Z");
    assert_eq!(learn(&rejected, &after.graph, &world(&before, &rolled_back()), restarted(at)).rejected, None);
    let again = learn(&good, &after.graph, &world(&after, &rolled_back()), restarted(at));
    assert_eq!(again.rejected.unwrap().restarted_at.as_deref(), at);
}

#[test]
fn a_rejected_revision_is_not_tried_again_though_none_was_seen_to_complete() {
    let desired = wanted(&Memory::default(), &json!({}));
    let learnt = learn(&Memory::default(), &desired.graph, &world(&desired, &rolled_back()), Said::default());
    assert_eq!(learnt.last_good, Some(LastGood { content_hash: String::new(), arn: OLD.into(), roleless: true }));
    assert_eq!(value::<Service>(&wanted(&learnt, &json!({})), "service").task_definition, OLD.into());
}

#[test]
fn a_completed_revision_is_remembered_as_good() {
    let desired = wanted(&Memory::default(), &json!({}));
    let detail = ServiceDetail {
        deployments: vec![deployment("PRIMARY", NEW, RolloutState::Completed)],
        ..ServiceDetail::default()
    };
    let learnt = learn(&Memory::default(), &desired.graph, &world(&desired, &detail), Said::default());
    assert_eq!(learnt.last_good.map(|good| good.arn), Some(NEW.to_owned()));
}

#[test]
fn a_rejected_revision_is_kept_marked_and_not_deployed() {
    let content_hash = content_hash(&wanted(&Memory::default(), &json!({})));
    let memory = Memory {
        rejected: Some(Rejected { content_hash, arn: NEW.into(), reason: "no such image".into(), restarted_at: None }),
        last_good: Some(LastGood { content_hash: "old".into(), arn: OLD.into(), roleless: false }),
        ..Memory::default()
    };
    let desired = wanted(&memory, &json!({}));
    assert_eq!(value::<Service>(&desired, "service").task_definition, OLD.into());
    assert!(value::<TaskDefinition>(&desired, "task").rejected);
    let rolled_back = desired.rolled_back.unwrap();
    assert_eq!((rolled_back.revision.as_str(), rolled_back.why.as_str()), ("hello:2", "no such image"));

    let fixed = json!({"task": {"containerDefinitions": [container(&json!({"image": "nginx:2"}))]}});
    for patch in [fixed, json!({"restartedAt": "2026-11-24T00:00:00Z"})] {
        let desired = wanted(&memory, &patch);
        assert!(desired.rolled_back.is_none(), "{patch} is tried");
        assert!(value::<Service>(&desired, "service").task_definition.known().is_none());
    }
    let elsewhere = wanted(&memory, &json!({"tags": [{"key": "a", "value": "b"}]}));
    assert_eq!(
        value::<Service>(&elsewhere, "service").tags.get("a").map(String::as_str),
        Some("b"),
        "the rest converges"
    );
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

#[test]
fn memory_survives_the_status() {
    let memory = Memory {
        rejected: Some(Rejected {
            content_hash: "h".into(),
            arn: NEW.into(),
            reason: "r".into(),
            restarted_at: Some("t".into()),
        }),
        last_good: Some(LastGood { content_hash: "g".into(), arn: OLD.into(), roleless: true }),
        good_before: Some(LastGood { content_hash: "f".into(), arn: OLDER.into(), roleless: false }),
        pins: [("a secret".to_owned(), "its key".to_owned())].into(),
        caution: Record {
            settled: Some(Settled { asked: "3 with service".into(), wanted: "h".into() }),
            pursued: Some(Settled { asked: "4".into(), wanted: "i".into() }),
            corrections: vec![Correction {
                resource: "ecs/service:service".into(),
                field: "tags.team".into(),
                times: vec![at("2026-11-24T12:00:00Z"), at("2026-11-24T12:10:00Z")],
                seen: true,
                contended_since: Some(at("2026-11-24T12:00:00Z")),
            }],
            deletion_admitted_at: Some(at("2026-11-24T13:00:00Z")),
        },
        priorities: [("elbv2/listener-rule:web-0a1b2c3d@1f2e".into(), 7)].into(),
        live: [("web".to_owned(), "web.alternate".to_owned())].into(),
        proceed: None,
    };
    assert_eq!(Memory::read(memory.write(None).as_ref()), memory);
    assert_eq!(Memory::default().write(None), None);
}

#[test]
fn readiness_is_the_deployment_that_was_asked_for() {
    use longshore_planner::engine::Ready;
    let desired = wanted(&Memory::default(), &json!({}));
    let want = Service { task_definition: NEW.into(), ..value(&desired, "service") };
    let seen = |deployments: Vec<Deployment>| {
        let detail = ServiceDetail { deployments, ..ServiceDetail::default() };
        Seen { detail: serde_json::to_value(detail).unwrap(), ..Seen::active(want.clone()) }
    };
    let primary = |state| deployment("PRIMARY", NEW, state);
    let short_of_one = Deployment { desired: 2, running: 1, ..primary(RolloutState::Completed) };
    let cases = [
        (vec![primary(RolloutState::Completed)], "ready"),
        (vec![primary(RolloutState::InProgress)], "wait"),
        (vec![primary(RolloutState::Completed), deployment("ACTIVE", OLD, RolloutState::Completed)], "wait"),
        (vec![deployment("PRIMARY", OLD, RolloutState::Completed)], "wait"),
        (vec![short_of_one], "wait"),
        (vec![primary(RolloutState::Failed)], "broken"),
        (vec![], "wait"),
    ];
    for (deployments, expected) in cases {
        let found = match want.ready(&seen(deployments.clone())) {
            Ready::Ready => "ready",
            Ready::Wait(_) => "wait",
            Ready::Broken(_) => "broken",
        };
        assert_eq!(found, expected, "{deployments:?}");
    }
}

#[test]
fn what_ecs_cannot_start_is_told_in_its_words_until_it_starts_a_task() {
    let unplaced = "(service hello) was unable to place a task because no container instance met all of its requirements. The \
                    closest matching (container-instance 1) has insufficient memory available. For more information, see the \
                    Troubleshooting section of the Amazon ECS Developer Guide.";
    let refused = "(service hello) failed to launch a task with (error ECS was unable to assume the role).";
    let started = "(service hello) has started 1 tasks: (task 1).";
    let steady = "(service hello) has reached a steady state.";
    let cases = [
        (1, vec![unplaced, started], "has insufficient memory available"),
        (1, vec![steady, refused], "; ECS failed to launch a task with (error ECS was unable to assume the role)"),
        (1, vec![started, unplaced], "1 of 2 tasks running"),
        (2, vec![unplaced], "2 of 2 tasks running"),
    ];
    for (running, messages, ending) in cases {
        let primary = Deployment { desired: 2, running, ..deployment("PRIMARY", NEW, RolloutState::Completed) };
        let event = |message: &str| ServiceEvent { message: message.to_owned(), ..ServiceEvent::default() };
        let events = messages.iter().map(|message| event(message)).collect();
        let detail = ServiceDetail { deployments: vec![primary.clone()], events, ..ServiceDetail::default() };
        assert!(outcome(&primary, &detail).ends_with(ending), "{messages:?}: {}", outcome(&primary, &detail));
    }
}

#[test]
fn a_revision_that_was_rejected_under_another_hash_of_its_content_is_not_tried_again() {
    let desired = wanted(&Memory::default(), &json!({}));
    let before = Memory {
        last_good: Some(LastGood { content_hash: "good".into(), arn: OLD.into(), roleless: false }),
        rejected: Some(Rejected {
            content_hash: "an older version's".into(),
            arn: NEW.into(),
            reason: "tasks failed to start".into(),
            restarted_at: None,
        }),
        ..Memory::default()
    };
    // ECS tells nothing of the rollback any more.
    let settled = ServiceDetail {
        deployments: vec![deployment("PRIMARY", OLD, RolloutState::Completed)],
        ..ServiceDetail::default()
    };
    let after = learn(&before, &desired.graph, &world(&desired, &settled), Said::default());
    assert_eq!(after.rejected.as_ref().map(|rejected| rejected.content_hash.clone()), Some(content_hash(&desired)));
    assert_eq!(value::<Service>(&wanted(&after, &json!({})), "service").task_definition, OLD.into());
    assert_eq!(learn(&before, &desired.graph, &world(&desired, &settled), restarted(Some("later"))).rejected, None);
}

/// The service runs this revision, and nothing is under way.
fn running(arn: &str) -> ServiceDetail {
    ServiceDetail { deployments: vec![deployment("PRIMARY", arn, RolloutState::Completed)], ..ServiceDetail::default() }
}

fn good(arn: &str) -> LastGood {
    LastGood { content_hash: "old".into(), arn: arn.into(), roleless: false }
}

#[test]
fn the_revision_before_the_last_good_one_is_remembered_too() {
    let before = Memory { last_good: Some(good(OLD)), ..Memory::default() };
    let desired = wanted(&before, &json!({}));
    let learnt = learn(&before, &desired.graph, &world(&desired, &running(NEW)), Said::default());
    assert_eq!(learnt.last_good.as_ref().map(|good| good.arn.as_str()), Some(NEW));
    assert_eq!(learnt.good_before, Some(good(OLD)));
    let again = learn(&learnt, &desired.graph, &world(&desired, &running(NEW)), Said::default());
    assert_eq!(again, learnt, "the second look teaches nothing");
}

#[test]
fn a_revision_that_completed_is_gone_back_from_by_hand_until_the_spec_or_a_restart_asks_for_it_again() {
    let desired = wanted(&Memory::default(), &json!({}));
    let completed = LastGood { content_hash: content_hash(&desired), arn: NEW.into(), roleless: false };
    let both = Memory { last_good: Some(completed), good_before: Some(good(OLD)), ..Memory::default() };
    let under_way = Memory { last_good: Some(good(OLD)), ..Memory::default() };
    let said = |roll_back| Said { roll_back, ..Said::default() };
    let starting = || ServiceDetail {
        deployments: vec![
            deployment("PRIMARY", NEW, RolloutState::InProgress),
            deployment("ACTIVE", OLD, RolloutState::Completed),
        ],
        ..ServiceDetail::default()
    };
    let cases = [
        (&both, running(NEW), Some("hello:2"), Some(OLD)),
        (&under_way, starting(), Some("hello:2"), Some(OLD)),
        // The memory of it is lost, and ECS still tells.
        (&Memory::default(), starting(), Some("hello:2"), Some(OLD)),
        // Another revision than the spec's: it was meant for what was before.
        (&both, running(NEW), Some("hello:1"), None),
        (&both, running(NEW), None, None),
        // Nothing to go back to.
        (&Memory::default(), running(NEW), Some("hello:2"), None),
    ];
    for (memory, detail, roll_back, back_to) in cases {
        let learnt = learn(memory, &desired.graph, &world(&desired, &detail), said(roll_back));
        let after = wanted(&learnt, &json!({}));
        assert_eq!(value::<Service>(&after, "service").task_definition.known(), back_to, "{roll_back:?}");
        // ECS arrives there, and the annotation is taken away: that changes nothing.
        if back_to.is_some() {
            let arrived = learn(&learnt, &after.graph, &world(&after, &running(OLD)), said(None));
            assert_eq!(
                (arrived.rejected.as_ref(), arrived.last_good.as_ref()),
                (learnt.rejected.as_ref(), learnt.last_good.as_ref())
            );
            assert!(wanted(&arrived, &json!({"restartedAt": "2026-11-28T12:00:00Z"})).rolled_back.is_none());
        }
    }
}

#[test]
fn the_look_that_still_sees_the_old_deployment_completed_does_not_take_the_rollback_back() {
    let desired = wanted(&Memory::default(), &json!({}));
    let completed = LastGood { content_hash: content_hash(&desired), arn: NEW.into(), roleless: false };
    let before = Memory { last_good: Some(completed), good_before: Some(good(OLD)), ..Memory::default() };
    let said = Said { roll_back: Some("hello:2"), ..Said::default() };
    let first = learn(&before, &desired.graph, &world(&desired, &running(NEW)), said);
    let after = wanted(&first, &json!({}));
    assert_eq!(learn(&first, &after.graph, &world(&after, &running(NEW)), said), first);
}

#[test]
fn only_a_deployment_that_is_alone_and_completed_makes_a_revision_good() {
    let desired = wanted(&Memory::default(), &json!({}));
    let cases = [
        (vec![deployment("PRIMARY", NEW, RolloutState::InProgress)], None),
        (
            vec![
                deployment("PRIMARY", NEW, RolloutState::Completed),
                deployment("ACTIVE", OLD, RolloutState::Completed),
            ],
            None,
        ),
        (vec![deployment("PRIMARY", NEW, RolloutState::Completed)], Some(NEW)),
    ];
    for (deployments, expected) in cases {
        let detail = ServiceDetail { deployments, ..ServiceDetail::default() };
        let learnt = learn(&Memory::default(), &desired.graph, &world(&desired, &detail), Said::default());
        assert_eq!(learnt.last_good.map(|good| good.arn).as_deref(), expected, "{detail:?}");
    }
}

#[test]
fn a_completed_revision_is_remembered_by_its_own_content() {
    let desired = wanted(&Memory::default(), &json!({}));
    let detail = ServiceDetail {
        deployments: vec![deployment("PRIMARY", NEW, RolloutState::Completed)],
        ..ServiceDetail::default()
    };
    let mut world = world(&desired, &detail);
    let (id, thing) = world.things.iter().find(|(id, _)| id.kind == TaskDefinition::NAME).unwrap();
    let (mut other, mut another) = (id.clone(), thing.clone());
    // Before it in any order.
    other.fixed = "0".to_owned();
    another.outputs = [("arn".to_owned(), OLD.to_owned())].into();
    world.things.insert(other, another);
    let learnt = learn(&Memory::default(), &desired.graph, &world, Said::default()).last_good.unwrap();
    assert_eq!((learnt.arn.as_str(), learnt.content_hash), (NEW, content_hash(&desired)));
}

#[test]
fn a_rollback_of_another_revision_rejects_nothing_and_the_words_are_those_of_its_own_tasks() {
    let memory = Memory { last_good: Some(good(OLD)), ..Memory::default() };
    let desired = wanted(&memory, &json!({}));
    let told = |status: &str, arn: &str| {
        let service_deployment = ServiceDeployment {
            status: status.into(),
            status_reason: "circuit breaker.".into(),
            task_definition: arn.into(),
            ..ServiceDeployment::default()
        };
        let task = |arn: &str, why: &str| FailedTask {
            task_definition: arn.into(),
            stopped_reason: why.into(),
            ..FailedTask::default()
        };
        let detail = ServiceDetail {
            deployments: vec![deployment("PRIMARY", OLD, RolloutState::Completed)],
            service_deployment: Some(service_deployment),
            failed_tasks: vec![task(OLDER, "of another"), task(NEW, "no such image")],
            ..ServiceDetail::default()
        };
        let learnt = learn(&memory, &desired.graph, &world(&desired, &detail), Said::default());
        learnt.rejected.map(|rejected| rejected.reason)
    };
    assert_eq!(told("ROLLBACK_SUCCESSFUL", OLDER), None);
    assert_eq!(told("SUCCESSFUL", NEW), None);
    let why = told("ROLLBACK_SUCCESSFUL", NEW).unwrap();
    assert!(
        why.starts_with("circuit breaker; ") && why.contains("no such image") && !why.contains("of another"),
        "{why}"
    );
}

#[test]
fn a_priority_that_is_lost_takes_nothing_else_of_the_memory_along() {
    let id = "elbv2/listener-rule:web@1";
    let memory = Memory {
        last_good: Some(good(OLD)),
        priorities: [(id.to_owned(), 7), ("elbv2/listener-rule:api@1".to_owned(), 8)].into(),
        ..Memory::default()
    };
    let failure = |reason: &str| Failure {
        id: id.parse().unwrap(),
        remedy: Remedy::Retry,
        reason: reason.to_owned(),
        message: String::new(),
    };
    assert_eq!(memory.clone().after(&[failure("Throttling")]), memory);
    let after = memory.clone().after(&[failure("PriorityInUse")]);
    assert_eq!(after.priorities.keys().collect::<Vec<_>>(), ["elbv2/listener-rule:api@1"]);
    assert_eq!(Memory { priorities: memory.priorities.clone(), ..after }, memory);
}
