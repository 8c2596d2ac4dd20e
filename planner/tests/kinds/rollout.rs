//! What is told of a service's rollout, in words.

use longshore_planner::kinds::ecs::service::{
    Deployment, FailedContainer, FailedTask, LifecycleHook, RolloutState, ServiceDeployment, ServiceDetail,
    ServiceEvent, Traffic, outcome,
};

fn shifting(status: &str, stage: &str, hooks: Vec<LifecycleHook>) -> ServiceDeployment {
    ServiceDeployment {
        arn: "arn:aws:ecs:eu-west-1:123456789012:service-deployment/main/hello/EZe5".to_owned(),
        status: status.to_owned(),
        task_definition: "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:4".to_owned(),
        stage: stage.to_owned(),
        traffic: Some(Traffic { production: "10".to_owned(), test: "10".to_owned() }),
        hooks,
        ..ServiceDeployment::default()
    }
}

fn hook(status: &str, timeout_action: &str) -> LifecycleHook {
    LifecycleHook {
        function: Some("arn:hook".to_owned()),
        status: status.to_owned(),
        expires_at: "2026-11-29T12:00:00Z".to_owned(),
        timeout_action: timeout_action.to_owned(),
        ..LifecycleHook::default()
    }
}

#[test]
fn a_shift_is_told_while_it_is_under_way_and_with_what_it_waits_for() {
    let shifted = "POST_SCALE_UP, 10 % of the traffic";
    let by_hand = "by itself at 2026-11-29T12:00:00Z: annotate ecs.longshore.dev/continue=EZe5 to go on, or \
                   ecs.longshore.dev/roll-back=hello:4 to go back";
    let cases = [
        ("IN_PROGRESS", "", vec![], None),
        ("SUCCESSFUL", "POST_SCALE_UP", vec![], None),
        ("IN_PROGRESS", "POST_SCALE_UP", vec![], Some(shifted.to_owned())),
        ("ROLLBACK_IN_PROGRESS", "POST_SCALE_UP", vec![], Some(shifted.to_owned())),
        ("IN_PROGRESS", "POST_SCALE_UP", vec![hook("SUCCEEDED", "CONTINUE")], Some(shifted.to_owned())),
        (
            "IN_PROGRESS",
            "POST_SCALE_UP",
            vec![hook("SUCCEEDED", ""), hook("IN_PROGRESS", "ROLLBACK")],
            Some(format!("{shifted}; arn:hook has not answered yet")),
        ),
        (
            "IN_PROGRESS",
            "POST_SCALE_UP",
            vec![hook("AWAITING_ACTION", "CONTINUE")],
            Some(format!("{shifted}; it is paused, and goes on {by_hand}")),
        ),
        (
            "IN_PROGRESS",
            "POST_SCALE_UP",
            vec![hook("AWAITING_ACTION", "ROLLBACK")],
            Some(format!("{shifted}; it is paused, and goes back {by_hand}")),
        ),
    ];
    for (status, stage, hooks, expected) in cases {
        assert_eq!(shifting(status, stage, hooks).words(), expected, "{status} {stage}");
    }
}

fn container(name: &str, exit_code: Option<i32>, reason: &str) -> FailedContainer {
    FailedContainer { name: name.to_owned(), image: format!("{name}:1"), exit_code, reason: reason.to_owned() }
}

fn failed(stopped_reason: &str, containers: Vec<FailedContainer>) -> FailedTask {
    FailedTask {
        task: "0f3a".to_owned(),
        task_definition: "hello:4".to_owned(),
        stopped_reason: stopped_reason.to_owned(),
        containers,
        ..FailedTask::default()
    }
}

#[test]
fn a_task_that_failed_is_told_by_the_containers_that_did_and_by_each_reason_once() {
    let exited = "Essential container in task exited";
    let pull = "CannotPullContainerError: no such image";
    let cases = [
        (failed("", vec![]), "task 0f3a"),
        (
            failed(exited, vec![container("web", Some(1), ""), container("log", Some(0), "")]),
            "task 0f3a: Essential container in task exited: container web (image web:1) exited with 1",
        ),
        (
            failed("", vec![container("web", None, pull), container("log", None, "")]),
            "task 0f3a: container web (image web:1): CannotPullContainerError: no such image",
        ),
        (
            failed(pull, vec![container("web", None, pull)]),
            "task 0f3a: CannotPullContainerError: no such image: container web (image web:1)",
        ),
        (
            failed(exited, vec![container("web", Some(0), "OutOfMemoryError")]),
            "task 0f3a: Essential container in task exited: container web (image web:1) exited with 0: \
             OutOfMemoryError",
        ),
    ];
    for (task, expected) in cases {
        assert_eq!(task.words(), expected);
    }
}

fn primary() -> Deployment {
    Deployment {
        id: "ecs-svc/2".to_owned(),
        status: "PRIMARY".to_owned(),
        task_definition: "hello:4".to_owned(),
        desired: 3,
        running: 3,
        ..Deployment::default()
    }
}

#[test]
fn a_rollout_is_told_in_one_line_with_what_is_in_its_way() {
    let before = |running: i32| Deployment { id: "ecs-svc/1".to_owned(), running, ..primary() };
    let failing = Deployment {
        running: 1,
        failed_tasks: 2,
        rollout_state: Some(RolloutState::Failed),
        rollout_state_reason: "tasks failed to start".to_owned(),
        ..primary()
    };
    let quiet = Deployment { rollout_state_reason: String::new(), failed_tasks: 0, ..failing.clone() };
    let starting = Deployment { running: 2, pending: 1, ..primary() };
    let event = "(service hello) was unable to place a task because no container instance met all of its requirements.";
    let refused = ServiceDetail {
        events: vec![ServiceEvent { message: event.to_owned(), ..ServiceEvent::default() }],
        no_room: Some("1 of 1 instances have too little memory".to_owned()),
        ..ServiceDetail::default()
    };
    let of = |task_definition: &str| {
        let task = FailedTask { task_definition: task_definition.to_owned(), ..failed("it crashed", vec![]) };
        ServiceDetail { failed_tasks: vec![task], ..ServiceDetail::default() }
    };
    let beside = |other| ServiceDetail { deployments: vec![primary(), other], ..ServiceDetail::default() };
    let cases = [
        (primary(), ServiceDetail::default(), "3 of 3 tasks running"),
        (primary(), beside(before(2)), "3 of 3 tasks running, 2 of the revision before still running"),
        (primary(), beside(before(0)), "3 of 3 tasks running"),
        (primary(), of("hello:4"), "3 of 3 tasks running; task 0f3a: it crashed"),
        (primary(), of("hello:3"), "3 of 3 tasks running"),
        (failing, ServiceDetail::default(), "1 of 3 tasks running, 2 failed (tasks failed to start)"),
        (quiet, ServiceDetail::default(), "1 of 3 tasks running"),
        (
            Deployment { running: 2, ..primary() },
            refused.clone(),
            "2 of 3 tasks running; ECS was unable to place a task because no container instance met all of its \
             requirements: 1 of 1 instances have too little memory",
        ),
        // All are started: what was refused once is no news.
        (starting, refused, "2 of 3 tasks running, 1 starting"),
    ];
    for (deployment, detail, expected) in cases {
        assert_eq!(outcome(&deployment, &detail), expected);
    }
}
