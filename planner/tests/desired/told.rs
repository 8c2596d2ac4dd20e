//! What a service's status tells beside its conditions.

use std::collections::BTreeMap;

use longshore_crds::ecs_service::{DeploymentStatus, EcsServiceStatus, FailedContainer, FailedTask, TemplateStatus};
use longshore_planner::engine::{Graph, Id, Kind, Seen, Thing, Unreadable, World};
use longshore_planner::kinds::application_autoscaling::scalable_target::{ScalableTarget, ScalableTargetDetail};
use longshore_planner::kinds::ec2::security_group::SecurityGroup;
use longshore_planner::kinds::ecs::service::{self as ecs, Deployment, RolloutState, Service, ServiceDetail};
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::iam::role::Role;
use longshore_planner::kinds::logs::log_group::LogGroup;
use longshore_planner::report::{Pace, RolledBack, deployment_line, fill_service, service_id};
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::objects::desired;

/// Example 10's, after resources of another kind that have the same keys.
fn graph(patch: &Value) -> Graph {
    let mut alike = Graph::default();
    for key in ["service", "task"] {
        alike.add(key, Role { name: key.to_owned(), path: "/".to_owned(), ..Role::default() }, "spec", &[]).unwrap();
    }
    alike.with(&desired(patch).graph)
}

/// All of it is there.
fn converged(patch: &Value) -> (Graph, World) {
    let (graph, mut cloud) = (graph(patch), Cloud::default());
    cloud.converge(&graph);
    (graph, cloud.world())
}

fn id_of<K: Kind>(graph: &Graph) -> Id {
    graph.iter().map(|(id, _)| id).find(|id| id.kind == K::NAME).unwrap().clone()
}

/// The same with what is told of the service.
fn with_detail(graph: &Graph, world: &World, detail: &ServiceDetail) -> World {
    let mut world = world.clone();
    world.things.get_mut(&id_of::<Service>(graph)).unwrap().detail = json!(detail);
    world
}

fn told(status: &EcsServiceStatus, graph: &Graph, world: &World) -> EcsServiceStatus {
    let mut status = status.clone();
    fill_service(&mut status, graph, world, None, Pace::default());
    status
}

fn primary() -> Deployment {
    Deployment {
        id: "ecs-svc/2".to_owned(),
        status: "PRIMARY".to_owned(),
        task_definition: "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:4".to_owned(),
        desired: 2,
        running: 2,
        rollout_state: Some(RolloutState::Completed),
        ..Deployment::default()
    }
}

fn of(deployments: Vec<Deployment>) -> ServiceDetail {
    ServiceDetail { deployments, ..ServiceDetail::default() }
}

#[test]
fn a_template_of_another_revision_is_not_told_while_the_service_cannot_be_read() {
    let graph = graph(&json!({}));
    let unread =
        World { unknown: [(id_of::<Service>(&graph), Unreadable::for_now("a time-out"))].into(), ..World::default() };
    let template = TemplateStatus { task_definition_arn: "hello:2".to_owned(), ..TemplateStatus::default() };
    for (known, expected) in [(Some("hello:2"), true), (Some("hello:3"), false), (None, false)] {
        let entry = known.map(|arn| {
            let entry = serde_json::from_value(json!({"physical": arn})).unwrap();
            (id_of::<TaskDefinition>(&graph).to_string(), entry)
        });
        let status = EcsServiceStatus {
            template: Some(template.clone()),
            resources: entry.into_iter().collect(),
            ..EcsServiceStatus::default()
        };
        assert_eq!(told(&status, &graph, &unread).template.is_some(), expected, "{known:?}");
    }
}

#[test]
fn what_a_task_is_run_with_is_told_once_all_of_it_is_there() {
    let (graph, world) = converged(&json!({}));
    let output = |id: &Id, name: &str| world.get(id).unwrap().outputs[name].clone();
    let (task, group) = (id_of::<TaskDefinition>(&graph), id_of::<SecurityGroup>(&graph));
    let service = world.seen::<Service>(&id_of::<Service>(&graph)).unwrap().value;
    let template = TemplateStatus {
        task_definition_arn: output(&task, "arn"),
        subnets: service.network.unwrap().subnets,
        security_groups: vec![output(&group, "id")],
        public_ip: false,
    };
    let without = |id: &Id| {
        let mut world = world.clone();
        world.things.remove(id);
        world
    };
    let mut partly = world.clone();
    partly.unknown.insert(id_of::<LogGroup>(&graph), Unreadable::for_now("a time-out"));
    let older = TemplateStatus { task_definition_arn: "hello:2".to_owned(), ..TemplateStatus::default() };
    let resource = serde_json::from_value(json!({"physical": "hello:2"})).unwrap();
    let before = EcsServiceStatus {
        template: Some(older),
        resources: [(task.to_string(), resource)].into(),
        ..EcsServiceStatus::default()
    };
    let cases = [
        ("all was read", world.clone(), Some(template.clone())),
        ("what it does not need was not read", partly, Some(template)),
        ("its revision is gone", without(&task), None),
        ("its security group is gone", without(&group), None),
    ];
    for (what, world, expected) in cases {
        assert_eq!(told(&before, &graph, &world).template, expected, "{what}");
    }
    let (graph, world) =
        converged(&json!({"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED"}}}));
    assert!(told(&before, &graph, &world).template.unwrap().public_ip);
}

#[test]
fn groups_of_tasks_that_may_still_run_are_told_until_the_new_ones_are_alone() {
    let (graph, world) = converged(&json!({}));
    let own = world.get(&id_of::<SecurityGroup>(&graph)).unwrap().outputs["id"].clone();
    let under_way = Deployment { rollout_state: Some(RolloutState::InProgress), ..primary() };
    let before = Deployment { id: "ecs-svc/1".to_owned(), status: "ACTIVE".to_owned(), ..primary() };
    let status = EcsServiceStatus { security_group_ids: vec!["sg-before".to_owned()], ..EcsServiceStatus::default() };
    let both = vec!["sg-before".to_owned(), own.clone()];
    let both: Vec<String> = std::collections::BTreeSet::from_iter(both).into_iter().collect();
    let cases = [
        ("it is done", with_detail(&graph, &world, &of(vec![primary()])), vec![own]),
        ("it is under way", with_detail(&graph, &world, &of(vec![under_way])), both.clone()),
        ("the one before is not gone", with_detail(&graph, &world, &of(vec![primary(), before])), both),
        ("there is no service", World::default(), vec![]),
    ];
    for (what, world, expected) in cases {
        assert_eq!(told(&status, &graph, &world).security_group_ids, expected, "{what}");
    }
}

/// A deployment that failed, with more tasks and events than are told.
fn failing() -> ServiceDetail {
    let container = |name: &str, image: &str, exit_code, reason: &str| ecs::FailedContainer {
        name: name.to_owned(),
        image: image.to_owned(),
        exit_code,
        reason: reason.to_owned(),
    };
    let task = |number: u8| ecs::FailedTask {
        task: format!("task-{number}"),
        stop_code: "EssentialContainerExited".to_owned(),
        containers: vec![container("web", "nginx:2", Some(1), "OutOfMemoryError"), container("log", "", None, "")],
        ..ecs::FailedTask::default()
    };
    let event = |number: u8| ecs::ServiceEvent { message: format!("event {number}"), ..ecs::ServiceEvent::default() };
    let failed = Deployment {
        running: 1,
        pending: 1,
        failed_tasks: 4,
        rollout_state: Some(RolloutState::Failed),
        rollout_state_reason: "tasks failed to start".to_owned(),
        created_at: "2026-11-29T12:00:00Z".to_owned(),
        ..primary()
    };
    ServiceDetail {
        failed_tasks: (1..=4).map(task).collect(),
        events: (1..=4).map(event).collect(),
        ..of(vec![failed])
    }
}

#[test]
fn a_deployment_is_told_with_the_first_tasks_that_failed_and_the_newest_events() {
    let (graph, world) = converged(&json!({}));
    let task = |number: u8| FailedTask {
        task_id: format!("task-{number}"),
        stopped_reason: None,
        stop_code: Some("EssentialContainerExited".to_owned()),
        containers: vec![
            FailedContainer {
                name: "web".to_owned(),
                image: Some("nginx:2".to_owned()),
                exit_code: Some(1),
                reason: Some("OutOfMemoryError".to_owned()),
            },
            FailedContainer { name: "log".to_owned(), image: None, exit_code: None, reason: None },
        ],
    };
    let expected = DeploymentStatus {
        id: Some("ecs-svc/2".to_owned()),
        task_definition: Some(primary().task_definition),
        revision: Some("hello:4".to_owned()),
        desired: Some(2),
        running: Some(1),
        pending: Some(1),
        failed_tasks: Some(4),
        rollout_state: Some("FAILED".to_owned()),
        reason: Some("tasks failed to start".to_owned()),
        started_at: Some("2026-11-29T12:00:00Z".to_owned()),
        tasks: (1..=3).map(task).collect(),
        events: (1..=3).map(|number| format!("event {number}")).collect(),
        ..DeploymentStatus::default()
    };
    let seen = with_detail(&graph, &world, &failing());
    assert_eq!(told(&EcsServiceStatus::default(), &graph, &seen).deployment, Some(expected.clone()));
    let mut status = EcsServiceStatus::default();
    let rolled_back = RolledBack { revision: "hello:4".to_owned(), why: "it crashed".to_owned() };
    fill_service(&mut status, &graph, &seen, Some(&rolled_back), Pace::default());
    let rolled_back = DeploymentStatus {
        rollout_state: Some("ROLLED_BACK".to_owned()),
        reason: Some("it crashed".to_owned()),
        ..expected
    };
    assert_eq!(status.deployment, Some(rolled_back));
    let quiet = told(&EcsServiceStatus::default(), &graph, &with_detail(&graph, &world, &of(vec![primary()])));
    let quiet = quiet.deployment.unwrap();
    assert_eq!(quiet.rollout_state.as_deref(), Some("COMPLETED"));
    assert_eq!((quiet.reason, quiet.started_at), (None, None), "what ECS does not say");
}

#[test]
fn events_of_a_service_that_is_calm_are_no_news() {
    let (graph, world) = converged(&json!({}));
    let before = || Deployment { id: "ecs-svc/1".to_owned(), status: "ACTIVE".to_owned(), ..primary() };
    let lacking = Deployment { running: 1, ..primary() };
    let under_way = Deployment { rollout_state: Some(RolloutState::InProgress), ..primary() };
    let cases = [
        ("calm", vec![primary()], false),
        ("a task is missing", vec![lacking], true),
        ("the one before is not gone", vec![primary(), before()], true),
        ("it is under way", vec![under_way], true),
    ];
    for (what, deployments, expected) in cases {
        let detail = ServiceDetail { deployments, ..failing() };
        let status = told(&EcsServiceStatus::default(), &graph, &with_detail(&graph, &world, &detail));
        assert_eq!(!status.deployment.unwrap().events.is_empty(), expected, "{what}");
    }
}

#[test]
fn a_shift_of_traffic_is_told_while_it_is_under_way() {
    let (graph, world) = converged(&json!({}));
    for (status, stage, expected) in
        [("IN_PROGRESS", "BAKE_TIME", Some("EZe5")), ("IN_PROGRESS", "", None), ("SUCCESSFUL", "BAKE_TIME", None)]
    {
        let shift = ecs::ServiceDeployment {
            arn: "arn/EZe5".to_owned(),
            status: status.to_owned(),
            stage: stage.to_owned(),
            ..ecs::ServiceDeployment::default()
        };
        let detail = ServiceDetail { service_deployment: Some(shift), ..of(vec![primary()]) };
        let told = told(&EcsServiceStatus::default(), &graph, &with_detail(&graph, &world, &detail));
        assert_eq!(told.deployment.unwrap().service_deployment.as_deref(), expected, "{status} {stage}");
    }
}

#[test]
fn scaling_policies_are_told_as_they_were_read_last_and_not_where_nothing_scales() {
    let arns = |arn: &str| BTreeMap::from([("cpu".to_owned(), arn.to_owned())]);
    let mut scaling = graph(&json!({}));
    let target = scaling.add("scaling", ScalableTarget::default(), "spec.autoscaling", &[]).unwrap().id;
    let detail = ScalableTargetDetail { policy_arns: arns("arn:new") };
    let thing = Thing::erase(Seen { detail: json!(detail), ..Seen::active(ScalableTarget::default()) }).unwrap();
    let seen = World { things: [(target, thing)].into(), ..World::default() };
    let before = EcsServiceStatus { scaling_policy_arns: arns("arn:old"), ..EcsServiceStatus::default() };
    let cases = [
        ("they were read", &scaling, seen, arns("arn:new")),
        ("they were not", &scaling, World::default(), arns("arn:old")),
        ("it does not scale", &graph(&json!({})), World::default(), BTreeMap::new()),
    ];
    for (what, graph, world, expected) in cases {
        assert_eq!(told(&before, graph, &world).scaling_policy_arns, expected, "{what}");
    }
}

#[test]
fn the_deployment_is_told_in_one_line() {
    let (graph, world) = converged(&json!({}));
    assert_eq!(service_id(&graph), Some(&id_of::<Service>(&graph)));
    let lacking = Deployment { running: 1, ..primary() };
    let cases = [
        (with_detail(&graph, &world, &of(vec![lacking])), "hello:4: 1 of 2 tasks running"),
        (with_detail(&graph, &world, &of(vec![])), ""),
        (World::default(), ""),
    ];
    for (world, expected) in cases {
        assert_eq!(deployment_line(&graph, &world), expected);
    }
}
