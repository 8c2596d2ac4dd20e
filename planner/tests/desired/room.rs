//! What is told of tasks that find no room on container instances.

use std::collections::BTreeSet;

use longshore_crds::TaskDefinition;
use longshore_planner::kinds::ecs::service::{
    Asked, Deployment, InstanceRoom, Lack, Port, ServiceDetail, ServiceEvent, TaskNeeds, no_room, outcome,
};
use serde_json::{Value, json};

/// The needs of a task of one container, patched, that runs on instances with `bridge`.
fn needs(container: &Value, mode: &str, constraints: &Value) -> TaskNeeds {
    let mut one = json!({"name": "web", "image": "nginx"});
    crate::objects::merge(&mut one, container);
    let definition: TaskDefinition =
        serde_json::from_value(json!({"networkMode": mode, "containerDefinitions": [one]})).unwrap();
    TaskNeeds::of(&definition, &serde_json::from_value::<Vec<_>>(constraints.clone()).unwrap())
}

fn bridge(container: &Value) -> TaskNeeds {
    needs(container, "bridge", &json!([]))
}

fn instance(number: u8, memory: i64, cpu: i64) -> InstanceRoom {
    InstanceRoom {
        id: format!("c{number}"),
        ec2_instance: format!("i-{number}"),
        instance_type: "m7g.large".to_owned(),
        takes_tasks: true,
        cpu,
        memory,
        tasks: 2,
        ..InstanceRoom::default()
    }
}

#[test]
fn a_task_asks_for_its_size_or_for_what_its_containers_reserve() {
    let of = |task: &Value| {
        let mut definition = json!({"containerDefinitions": [
            {"name": "a", "image": "a", "cpu": 128, "memory": 512, "memoryReservation": 256},
            {"name": "b", "image": "b", "memory": 100, "resourceRequirements": [{"type": "GPU", "value": "2"}],
             "portMappings": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 53, "hostPort": 53, "protocol": "udp"},
                              {"containerPort": 81}, {"containerPort": 82, "hostPort": 0}]},
        ]});
        crate::objects::merge(&mut definition, task);
        TaskNeeds::of(&serde_json::from_value(definition).unwrap(), &[])
    };
    let summed = of(&json!({}));
    assert_eq!((summed.cpu, summed.memory, summed.gpus, summed.interface), (128, 356, 2, false));
    assert_eq!(summed.ports, BTreeSet::from([Port(8080, false), Port(53, true)]));
    let sized = of(&json!({"cpu": "1 vCPU", "memory": "2 GB", "networkMode": "awsvpc"}));
    assert_eq!((sized.cpu, sized.memory, sized.interface, sized.ports.len()), (1024, 2048, true, 0));
}

#[test]
fn what_instances_lack_is_told_with_what_is_free_and_what_is_asked_for() {
    let taken = |number: u8| InstanceRoom { ports: [Port(8080, false)].into(), ..instance(number, 4096, 2048) };
    let with_gpus = |free: usize| InstanceRoom { gpus: free, registered_gpus: 1, ..instance(1, 4096, 2048) };
    let large = bridge(&json!({"memory": 2048, "cpu": 1024}));
    let fixed = bridge(&json!({"memory": 128, "portMappings": [{"containerPort": 80, "hostPort": 8080}]}));
    let gpu = bridge(&json!({"memory": 128, "resourceRequirements": [{"type": "GPU", "value": "1"}]}));
    let drained = InstanceRoom { takes_tasks: false, ..instance(1, 8000, 2048) };
    let cases = [
        (
            large.clone(),
            vec![instance(1, 633, 2048), instance(2, 1500, 2048)],
            "2 of 2 instances have too little memory: a task asks for 2048 MiB, and the most that is free is 1500 MiB, on i-2 \
             (m7g.large)",
        ),
        (
            large.clone(),
            vec![instance(1, 633, 2048), instance(2, 4096, 512)],
            "1 of 2 instances have too little memory: a task asks for 2048 MiB, and the most that is free is 4096 MiB, on i-2 \
             (m7g.large); 1 of 2 instances have too little CPU: a task asks for 1024 units, and the most that is free is 2048, \
             on i-1 (m7g.large)",
        ),
        (
            fixed,
            vec![taken(1), taken(2)],
            "on 2 of 2 instances port 8080 of the host is taken, which a task has once on an instance: on i-1 (m7g.large) 8080 \
             is service api's",
        ),
        (gpu.clone(), vec![instance(1, 4096, 2048)], "no instance has a GPU, and a task asks for 1"),
        (
            gpu,
            vec![with_gpus(0)],
            "1 of 1 instances have too few GPUs: a task asks for 1, and the most that are free are 0",
        ),
        (large.clone(), vec![], "of the instances that the task may be on, there are none"),
        (
            large,
            vec![drained],
            "of the instances that the task may be on, none of 1 takes tasks: they are drained, or their agents are not \
             connected",
        ),
    ];
    let asked = Asked { holders: vec![("c1".into(), Port(8080, false), "service api".into())], ..Asked::default() };
    for (needs, instances, expected) in cases {
        assert_eq!(no_room(&needs, &instances, &asked, "").as_deref(), Some(expected));
    }
}

#[test]
fn a_task_fits_where_as_much_is_free_as_it_asks_for() {
    let task = bridge(&json!({"memory": 2048, "cpu": 1024}));
    let cases = [
        (instance(1, 2048, 1024), None),
        (instance(1, 2047, 1024), Some(Lack::Memory)),
        (instance(1, 2048, 1023), Some(Lack::Cpu)),
    ];
    for (instance, expected) in cases {
        assert_eq!(task.lacks(&instance), expected, "{instance:?}");
    }
}

#[test]
fn what_ecs_alone_can_tell_is_told_beside_its_words() {
    let awsvpc = needs(&json!({"memory": 128}), "awsvpc", &json!([]));
    let zone = json!([{"type": "memberOf", "expression": "attribute:zone == x"}, {"type": "distinctInstance"}]);
    let placed = needs(&json!({"memory": 128}), "bridge", &zone);
    assert_eq!((placed.constraints.as_slice(), placed.distinct), (&["attribute:zone == x".to_owned()][..], true));
    let member = needs(&json!({"memory": 128}), "bridge", &json!([zone[0]]));
    assert!(!member.distinct, "an expression is no distinctInstance");
    let unmatched = Asked { unmatched: placed.constraints.clone(), ..Asked::default() };
    let room = [instance(1, 4096, 2048), instance(2, 4096, 2048)];
    let trunks = room.clone().map(|it| InstanceRoom { trunk: true, ..it });
    let eni = "encountered error \"RESOURCE:ENI\"";
    let used_up = "each task takes a network interface of its instance (networkMode awsvpc), and a type has only so many: i-1 \
                   (m7g.large) runs 2 tasks, i-2 (m7g.large) runs 2 tasks";
    let cases = [
        (&awsvpc, &room, Asked::default(), "", None),
        (&awsvpc, &trunks, Asked::default(), eni, Some(used_up.to_owned())),
        (
            &awsvpc,
            &room,
            Asked::default(),
            eni,
            Some(format!(
                "{used_up}; more fit with ENI trunking, an account setting (awsvpcTrunking) that instances take up when they \
                 are launched and that is not on for them"
            )),
        ),
        (&placed, &room, unmatched, "", Some("none of 2 instances matches attribute:zone == x".to_owned())),
        (&member, &room, Asked::default(), "DistinctInstance placement constraint unsatisfied", None),
        (
            &placed,
            &room,
            Asked::default(),
            "DistinctInstance placement constraint unsatisfied",
            Some("with distinctInstance each task takes an instance of its own, and there are 2".to_owned()),
        ),
    ];
    for (needs, instances, asked, why, expected) in cases {
        assert_eq!(no_room(needs, instances, &asked, why), expected, "{why}");
    }
}

#[test]
fn instances_are_looked_at_only_while_a_task_is_missing_for_want_of_room() {
    let unplaced =
        "(service web) was unable to place a task because no container instance met all of its requirements.";
    let fargate = "(service web) was unable to place a task. Reason: Capacity is unavailable at this time.";
    let started = "(service web) has started 1 tasks: (task 1).";
    let cases = [
        (1, 0, vec![unplaced], true),
        (2, 0, vec![unplaced], false),
        (1, 1, vec![unplaced], false),
        (1, 0, vec![started, unplaced], false),
        (1, 0, vec![fargate], false),
        (1, 0, vec![], false),
    ];
    for (running, pending, messages, expected) in cases {
        let primary = Deployment { status: "PRIMARY".into(), desired: 2, running, pending, ..Deployment::default() };
        let event = |message: &&str| ServiceEvent { message: (*message).to_owned(), ..ServiceEvent::default() };
        let detail = ServiceDetail {
            deployments: vec![primary.clone()],
            events: messages.iter().map(event).collect(),
            no_room: Some("2 of 2 instances have too little memory".into()),
            ..ServiceDetail::default()
        };
        assert_eq!(detail.lacks_room().is_some(), expected, "{messages:?}");
        assert_eq!(
            outcome(&primary, &detail)
                .ends_with("met all of its requirements: 2 of 2 instances have too little memory"),
            expected
        );
    }
}

#[test]
fn who_waits_for_a_capacity_provider_is_told_from_who_starts() {
    let primary = Deployment { status: "PRIMARY".into(), desired: 6, running: 1, pending: 5, ..Deployment::default() };
    let lacking = "2 of 2 instances have too little memory";
    let cases = [
        (0, None, "1 of 6 tasks running, 5 starting"),
        (3, None, "1 of 6 tasks running, 2 starting, 3 waiting for an instance of their capacity provider"),
        (
            5,
            Some(lacking),
            "1 of 6 tasks running, 5 waiting for an instance of their capacity provider; 2 of 2 instances have too \
             little memory",
        ),
    ];
    for (waiting, no_room, expected) in cases {
        let detail = ServiceDetail {
            deployments: vec![primary.clone()],
            waiting,
            no_room: no_room.map(str::to_owned),
            ..ServiceDetail::default()
        };
        assert_eq!(outcome(&primary, &detail), expected);
        assert_eq!(detail.lacks_room().is_some(), waiting > 0, "instances are looked at for {waiting}");
    }
}
