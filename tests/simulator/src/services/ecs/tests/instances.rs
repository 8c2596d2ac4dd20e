//! Tasks on container instances.

use super::*;

/// A cluster with instances of a type, one in each zone that is named, each with so much memory.
fn with_instances(zones: &[&str], memory: i64) -> (Aws, Vec<String>) {
    let aws = Aws::new();
    let arns = zones.iter().enumerate().map(|(index, zone)| add(&aws, index, zone, memory)).collect();
    (aws, arns)
}

fn add(aws: &Aws, index: usize, zone: &str, memory: i64) -> String {
    let document = json!({"instanceId": format!("i-{index}"), "instanceType": "m7g.large", "availabilityZone": zone});
    let input = json!({
        "cluster": "main",
        "instanceIdentityDocument": document.to_string(),
        "totalResources": [
            {"name": "CPU", "type": "INTEGER", "integerValue": 2048},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": memory},
            {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22", "2375", "2376", "51678", "51679"]},
        ],
        "attributes": [{"name": "stack", "value": if index == 0 { "first" } else { "other" }}],
    });
    let answer = aws.ok("RegisterContainerInstance", &input);
    answer["containerInstance"]["containerInstanceArn"].as_str().unwrap().to_owned()
}

/// One container of so much memory, in bridge mode, on a port of the host.
fn on_bridge(aws: &Aws, memory: u32, host_port: u32) {
    let container = json!([{"name": "web", "image": "nginx", "memory": memory, "portMappings": [{"containerPort": 80, "hostPort": host_port}]}]);
    let changes = json!({"networkMode": "bridge", "requiresCompatibilities": ["EC2"], "cpu": null, "memory": null, "containerDefinitions": container});
    aws.register(&changes);
}

fn on_ec2(changes: &Value) -> Value {
    let mut all = json!({"launchType": "EC2", "networkConfiguration": null, "availabilityZoneRebalancing": "DISABLED"});
    all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    all
}

/// How many tasks each instance has, in the order of the instances.
fn spread(aws: &Aws, instances: &[String]) -> Vec<usize> {
    let tasks = aws.tasks("RUNNING");
    let count = |arn: &String| tasks.iter().filter(|task| task["containerInstanceArn"] == arn.as_str()).count();
    instances.iter().map(count).collect()
}

fn remaining(aws: &Aws, arn: &str, name: &str) -> i64 {
    let answer = aws.ok("DescribeContainerInstances", &json!({"cluster": "main", "containerInstances": [arn]}));
    let left = answer["containerInstances"][0]["remainingResources"].as_array().unwrap().clone();
    left.iter().find(|one| one["name"] == name).unwrap()["integerValue"].as_i64().unwrap()
}

#[test]
fn strategies_decide_which_instance_a_task_goes_to() {
    let zones = ["eu-west-1a", "eu-west-1a", "eu-west-1b"];
    let by_zone = json!({"type": "spread", "field": "attribute:ecs.availability-zone"});
    let pack = json!({"type": "binpack", "field": "memory"});
    // Of the two instances in the first zone the fuller, then the other; then the one in the second zone.
    let cases = [
        ("spread over zones where nothing is said", json!([]), 4, vec![vec![2, 0, 2]]),
        ("packed by memory", json!([pack]), 4, vec![vec![3, 1, 0], vec![3, 0, 1], vec![1, 0, 3]]),
        ("over zones, then packed", json!([by_zone, pack]), 4, vec![vec![2, 0, 2]]),
        ("over instances", json!([{"type": "spread", "field": "instanceId"}]), 3, vec![vec![1, 1, 1]]),
    ];
    for (what, strategy, count, expected) in cases {
        let (aws, instances) = with_instances(&zones, 1536);
        on_bridge(&aws, 512, 0);
        aws.create(count, &on_ec2(&json!({"placementStrategy": strategy})));
        aws.seconds(60);
        let mut spread = spread(&aws, &instances);
        spread[..2].sort_by_key(|count| std::cmp::Reverse(*count));
        assert!(expected.contains(&spread), "{what}: {spread:?}");
    }
}

#[test]
fn a_task_with_gpus_goes_where_they_are_free() {
    let aws = Aws::new();
    for (index, instance_type, gpus) in [(0, "m5.large", json!([])), (1, "g5.12xlarge", json!(["GPU-1", "GPU-2"]))] {
        let document = json!({"instanceId": format!("i-{index}"), "instanceType": instance_type, "availabilityZone": "eu-west-1a"});
        let resources = json!([
            {"name": "CPU", "type": "INTEGER", "integerValue": 4096},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 4096},
            {"name": "GPU", "type": "STRINGSET", "stringSetValue": gpus},
        ]);
        let input =
            json!({"cluster": "main", "instanceIdentityDocument": document.to_string(), "totalResources": resources});
        aws.ok("RegisterContainerInstance", &input);
    }
    let requirements = json!([{"type": "GPU", "value": "1"}]);
    let container = json!([{"name": "web", "image": "nginx", "memory": 128, "resourceRequirements": requirements}]);
    let changes = json!({"networkMode": "bridge", "requiresCompatibilities": ["EC2"], "cpu": null, "memory": null, "containerDefinitions": container});
    aws.register(&changes);
    aws.create(3, &on_ec2(&json!({})));
    aws.seconds(60);
    let all = aws.ok("ListContainerInstances", &json!({"cluster": "main"}))["containerInstanceArns"].clone();
    let described = aws.ok("DescribeContainerInstances", &json!({"cluster": "main", "containerInstances": all}));
    let of_type = |name: &str| {
        let instances = described["containerInstances"].as_array().unwrap();
        let is = |it: &&Value| it["attributes"].as_array().unwrap().iter().any(|attribute| attribute["value"] == name);
        instances.iter().find(is).unwrap().clone()
    };
    let gpus = |instance: &Value, member: &str| {
        let all = instance[member].as_array().unwrap().clone();
        all.iter().find(|it| it["name"] == "GPU").map(|it| it["stringSetValue"].as_array().unwrap().len())
    };
    let (plain, with_gpus) = (of_type("m5.large"), of_type("g5.12xlarge"));
    assert_eq!((plain["runningTasksCount"].clone(), gpus(&plain, "registeredResources")), (json!(0), None));
    assert_eq!(with_gpus["runningTasksCount"], 2);
    let counted = (gpus(&with_gpus, "registeredResources"), gpus(&with_gpus, "remainingResources"));
    assert_eq!(counted, (Some(2), Some(0)));
    let events = aws.service()["events"].to_string();
    assert!(events.contains("RESOURCE:GPU"), "{events}");
}

#[test]
fn a_task_takes_memory_and_a_port_of_its_instance() {
    let (aws, instances) = with_instances(&["eu-west-1a"], 2048);
    on_bridge(&aws, 512, 0);
    aws.create(2, &on_ec2(&json!({})));
    aws.seconds(60);
    assert_eq!(remaining(&aws, &instances[0], "MEMORY"), 1024);
    let tasks = aws.tasks("RUNNING");
    let port = |task: &Value| task["containers"][0]["networkBindings"][0]["hostPort"].as_i64().unwrap();
    let mut ports: Vec<i64> = tasks.iter().map(port).collect();
    ports.sort_unstable();
    assert_eq!(ports, [32_768, 32_769], "each has a free port of the range that Docker takes from");
    assert!(tasks.iter().all(|task| task["attachments"] == json!([]) && task["launchType"] == "EC2"), "{tasks:#?}");
}

#[test]
fn what_cannot_be_placed_is_told_in_ecs_words() {
    let constraint = |expression: &str| json!([{"type": "memberOf", "expression": expression}]);
    let cases = [
        ("memory", 4096, 0, json!([]), "has insufficient memory available", "RESOURCE:MEMORY"),
        ("a port", 64, 8080, json!([]), "is already using a port required by your task", "RESOURCE:PORTS"),
        (
            "a constraint",
            64,
            0,
            constraint("attribute:stack == none"),
            "MemberOf placement constraint unsatisfied",
            "MemberOf placement constraint unsatisfied.",
        ),
        (
            "another each",
            64,
            0,
            json!([{"type": "distinctInstance"}]),
            "DistinctInstance placement constraint",
            "DistinctInstance placement constraint unsatisfied.",
        ),
    ];
    for (what, memory, port, constraints, event, failure) in cases {
        let (aws, _) = with_instances(&["eu-west-1a"], 2048);
        on_bridge(&aws, memory, port);
        aws.create(2, &on_ec2(&json!({"placementConstraints": constraints})));
        aws.seconds(40);
        assert!(aws.has_event(event), "{what}: {:?}", aws.events());
        let run = json!({"cluster": "main", "taskDefinition": "hello", "count": 3, "launchType": "EC2", "group": "service:hello",
                         "placementConstraints": constraints});
        let answer = aws.ok("RunTask", &run);
        let reasons: Vec<&str> =
            answer["failures"].as_array().unwrap().iter().map(|it| it["reason"].as_str().unwrap()).collect();
        assert!(reasons.contains(&failure), "{what}: {answer:#}");
    }
    let aws = Aws::new();
    on_bridge(&aws, 64, 0);
    aws.create(1, &on_ec2(&json!({})));
    aws.seconds(10);
    assert!(aws.has_event("No Container Instances were found in your cluster"), "{:?}", aws.events());
}

#[test]
fn tasks_with_an_interface_of_their_own_are_as_many_as_the_type_has_interfaces() {
    let (aws, instances) = with_instances(&["eu-west-1a"], 8192);
    aws.register(&json!({"requiresCompatibilities": ["EC2"]}));
    aws.create(3, &json!({"launchType": "EC2"}));
    aws.seconds(60);
    assert_eq!(spread(&aws, &instances), [2], "three interfaces, one of them the instance's own");
    assert!(aws.has_event("RESOURCE:ENI"), "{:?}", aws.events());
    let zones: Vec<Value> =
        aws.tasks("RUNNING").iter().map(|task| task["attachments"][0]["details"][0]["value"].clone()).collect();
    assert_eq!(zones, ["subnet-0aaa", "subnet-0aaa"], "in the subnet of the instance's zone");
}

#[test]
fn a_service_that_goes_from_awsvpc_to_bridge_leaves_no_interface() {
    let (aws, _) = with_instances(&["eu-west-1a"], 8192);
    aws.register(&json!({"requiresCompatibilities": ["EC2"]}));
    aws.create(2, &json!({"launchType": "EC2"}));
    aws.seconds(60);
    let interfaces = || {
        let tasks = aws.tasks("RUNNING");
        tasks.iter().map(|task| task["attachments"].as_array().map_or(0, Vec::len)).collect::<Vec<_>>()
    };
    assert_eq!(interfaces(), [1, 1]);
    on_bridge(&aws, 64, 0);
    let refused = aws.call(
        "UpdateService",
        &json!({"cluster": "main", "service": "hello", "taskDefinition": "hello", "networkConfiguration": service(0)["networkConfiguration"]}),
    );
    let (_, refused) = refused.unwrap_err();
    assert!(refused.contains("not valid for the given networkMode"), "{refused}");
    aws.update(&json!({"taskDefinition": "hello"}));
    aws.seconds(300);
    assert_eq!(interfaces(), [0, 0], "though ECS still tells the configuration");
    assert!(aws.service()["networkConfiguration"].is_object());
}

#[test]
fn daemons_have_one_task_on_each_instance_that_the_constraints_allow() {
    let (aws, mut instances) = with_instances(&["eu-west-1a", "eu-west-1b"], 2048);
    on_bridge(&aws, 64, 0);
    aws.ok(
        "CreateService",
        &changed(service(0), &on_ec2(&json!({"schedulingStrategy": "DAEMON", "desiredCount": null}))),
    );
    aws.seconds(60);
    assert_eq!(spread(&aws, &instances), [1, 1]);
    instances.push(add(&aws, 2, "eu-west-1c", 2048));
    aws.seconds(60);
    assert_eq!((spread(&aws, &instances), &aws.service()["desiredCount"]), (vec![1, 1, 1], &json!(3)));
    aws.update(
        &json!({"placementConstraints": [{"type": "memberOf", "expression": "attribute:stack in [first, last]"}]}),
    );
    aws.seconds(60);
    assert_eq!(aws.service()["desiredCount"], 1);
}

#[test]
fn an_instance_that_is_gone_takes_its_tasks_with_it_and_they_come_back_elsewhere() {
    let (aws, instances) = with_instances(&["eu-west-1a", "eu-west-1b"], 2048);
    on_bridge(&aws, 64, 0);
    aws.create(2, &on_ec2(&json!({})));
    aws.seconds(60);
    let gone = json!({"cluster": "main", "containerInstance": instances[0]});
    let refused = aws.call("DeregisterContainerInstance", &gone).unwrap_err();
    assert_eq!(refused.1, "Found running tasks on the instance.");
    let mut by_force = gone;
    by_force["force"] = json!(true);
    aws.ok("DeregisterContainerInstance", &by_force);
    let stopped = aws.tasks("STOPPED");
    assert_eq!(stopped[0]["stoppedReason"], "Host EC2 (instance i-0) terminated.");
    aws.seconds(60);
    assert_eq!(spread(&aws, &instances), [0, 2]);
    let cluster = aws.ok("DescribeClusters", &json!({"clusters": ["main"]}));
    assert_eq!(cluster["clusters"][0]["registeredContainerInstancesCount"], 1);
}

#[test]
fn instances_are_found_by_the_cluster_query_language() {
    let (aws, instances) = with_instances(&["eu-west-1a", "eu-west-1b"], 2048);
    let cases = [
        ("attribute:stack == first", vec![0]),
        ("attribute:ecs.availability-zone != eu-west-1a", vec![1]),
        ("attribute:ecs.instance-type =~ m7g.* and attribute:stack in [first, second]", vec![0]),
        ("not (attribute:stack == first) or attribute:nothing exists", vec![1]),
        ("attribute:nothing !exists", vec![0, 1]),
        ("runningTasksCount < 1", vec![0, 1]),
        ("ec2InstanceId == i-1", vec![1]),
    ];
    for (filter, expected) in cases {
        let answer = aws.ok("ListContainerInstances", &json!({"cluster": "main", "filter": filter}));
        let mut found: Vec<&str> =
            answer["containerInstanceArns"].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap()).collect();
        let mut expected: Vec<&str> = expected.iter().map(|index| instances[*index].as_str()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{filter}");
    }
    for wrong in ["attribute:stack", "attribute:stack ==", "(attribute:stack exists", "attribute:stack in first"] {
        let refused = aws.call("ListContainerInstances", &json!({"cluster": "main", "filter": wrong}));
        assert!(wrong.ends_with("==") || refused.is_err(), "{wrong}");
    }
}
