//! Services and one-off tasks on container instances.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use longshore_crds::aws_environment::Grant;
use longshore_planner::desired::{Facts, ecs_cluster};
use longshore_planner::engine::World;
use longshore_planner::kinds::ecs::service::{Service as EcsService, ServiceDetail, outcome};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::account::Account;
use crate::examples::{self, merge};
use crate::object::{Object, cluster_of, thing};
use crate::stack::Stack;

pub(crate) fn add_instance(account: &Account, cluster: &str, id: &str, zone: &str) -> String {
    let document = json!({"instanceId": id, "instanceType": "m7g.large", "availabilityZone": zone});
    let input = json!({
        "cluster": cluster,
        "instanceIdentityDocument": document.to_string(),
        "totalResources": [{"name": "CPU", "integerValue": 2048}, {"name": "MEMORY", "integerValue": 2048}],
    });
    let answer = account.asks("RegisterContainerInstance", &input);
    answer["containerInstance"]["containerInstanceArn"].as_str().unwrap().to_owned()
}

/// Example 10's service on instances, in bridge mode.
pub(crate) fn on_instances(patch: &Value) -> Value {
    let container = json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 256, "portMappings": [{"containerPort": 80}]});
    let mut all = json!({
        "launchType": "EC2",
        "task": {"networkMode": "bridge", "containerDefinitions": [container]},
    });
    for (member, value) in patch.as_object().unwrap() {
        match member.as_str() {
            "task" => merge(&mut all["task"], value),
            _ => all[member] = value.clone(),
        }
    }
    // What a merge patch takes out of a patch it does not take out of the spec.
    for gone in ["cpu", "memory", "runtimePlatform"] {
        all["task"][gone] = Value::Null;
    }
    all["networkConfiguration"] = Value::Null;
    all
}

/// A cluster with two instances, and the service in it, converged.
async fn running(account: &Account, patch: &Value) -> (Stack, World) {
    let mut stack = Stack::new(patch);
    let cluster = stack.cluster.converge(account).await;
    for (id, zone) in [("i-1", "eu-west-1a"), ("i-2", "eu-west-1b")] {
        add_instance(account, &thing(&cluster, "cluster").outputs["name"], id, zone);
    }
    let world = stack.converge(account).await;
    (stack, world)
}

fn seen(world: &World) -> EcsService {
    serde_json::from_value(thing(world, "service").value.clone()).unwrap()
}

/// How many tasks each instance has, by EC2's id.
fn spread(account: &Account) -> Vec<usize> {
    let world = account.simulator.with_world(|world| serde_json::to_value(&world.ecs).unwrap());
    let tasks = world["tasks"].as_object().unwrap().values().filter(|task| task["phase"] == "RUNNING");
    let of: Vec<&str> = tasks.map(|task| task["host"]["instance"].as_str().unwrap()).collect();
    let instances =
        world["instances"].as_object().unwrap().iter().filter(|(_, instance)| instance["inactive"] == false);
    let mut counts: Vec<usize> = instances.map(|(id, _)| of.iter().filter(|it| *it == id).count()).collect();
    counts.sort_unstable();
    counts
}

#[tokio::test(start_paused = true)]
async fn tasks_are_placed_as_the_spec_says_and_nothing_is_written_at_rest() {
    let cases = [
        (json!([]), vec![2, 2]),
        (
            json!([{"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "binpack", "field": "memory"}]),
            vec![2, 2],
        ),
        (json!([{"type": "binpack", "field": "memory"}]), vec![0, 4]),
    ];
    for (strategy, expected) in cases {
        let account = Account::new().await;
        let (mut stack, world) =
            running(&account, &on_instances(&json!({"desiredCount": 4, "placementStrategy": strategy}))).await;
        assert_eq!(spread(&account), expected, "{strategy}");
        assert_eq!(json!(seen(&world).placement_strategy), strategy);
        let since = account.now();
        stack.converge(&account).await;
        assert_eq!(account.writes(since), [].into(), "{strategy}");
        account.asks(
            "DeleteService",
            &json!({"cluster": seen(&world).cluster, "service": seen(&world).name, "force": true}),
        );
        stack.converge(&account).await;
        assert_eq!(spread(&account), expected, "{strategy}: made again");
    }
}

#[tokio::test(start_paused = true)]
async fn another_placement_moves_no_task_and_another_network_mode_starts_a_deployment() {
    let account = Account::new().await;
    let (mut stack, _) = running(&account, &on_instances(&json!({"placementStrategy": [{"type": "random"}]}))).await;
    let cases = [
        (json!({"placementStrategy": [{"type": "spread", "field": "instanceId"}]}), 0),
        (json!({"placementConstraints": [{"type": "distinctInstance"}]}), 0),
        (json!({"task": {"networkMode": "host"}}), 1),
        // That revision is still there.
        (json!({}), 0),
    ];
    for (patch, definitions) in cases {
        let since = account.now();
        stack.change(&on_instances(&patch));
        stack.converge(&account).await;
        assert_eq!(account.count(since, "RegisterTaskDefinition"), definitions, "{patch}");
        assert_eq!(account.count(since, "UpdateService"), 1, "{patch}");
        let since = account.now();
        stack.converge(&account).await;
        assert_eq!(account.writes(since), [].into(), "{patch}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_runs_on_each_instance_and_its_count_is_nobody_s_business() {
    let account = Account::new().await;
    let daemon = json!({"schedulingStrategy": "DAEMON", "desiredCount": null, "availabilityZoneRebalancing": null});
    let (mut stack, world) = running(&account, &on_instances(&daemon)).await;
    assert_eq!(spread(&account), [1, 1]);
    let cluster = seen(&world).cluster.to_string();
    add_instance(&account, &cluster, "i-3", "eu-west-1a");
    let since = account.now();
    sleep(Duration::from_mins(1)).await;
    stack.converge(&account).await;
    assert_eq!((spread(&account), account.writes(since)), (vec![1, 1, 1], [].into()));
    stack.service().remove(&account).await;
    assert_eq!(spread(&account), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_room_says_what_is_missing() {
    let account = Account::new().await;
    let mut stack = Stack::new(&on_instances(&json!({"desiredCount": 1, "task": {"containerDefinitions": [
        {"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 4096},
    ]}})));
    let cluster = stack.cluster.converge(&account).await;
    add_instance(&account, &thing(&cluster, "cluster").outputs["name"], "i-1", "eu-west-1a");
    stack.begin(&account).await;
    for _ in 0..6 {
        stack.service().round(&account).await;
        sleep(Duration::from_secs(20)).await;
    }
    let (world, _) = stack.service().planned(&account).await;
    let told = json!(thing(&world, "service").detail).to_string();
    assert!(told.contains("has insufficient memory available"), "{told}");
    let lacks = "1 of 1 instances have too little memory: a task asks for 4096 MiB, and the most that is free is 2048 MiB, on \
                 i-1 (m7g.large)";
    assert!(told.contains(lacks), "{told}");
}

/// A service that finds no room on two instances, where `api` has port 8080 on both: what is told of it, and how often
/// instances were read.
async fn without_room(patch: &Value) -> (String, usize) {
    let account = Account::new().await;
    let port = json!([{"containerPort": 80, "hostPort": 8080}]);
    let small = |ports: &Value| json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 128, "portMappings": ports});
    let api = on_instances(&json!({"desiredCount": 2, "task": {"containerDefinitions": [small(&port)]}}));
    let (mut stack, _) = running(&account, &api).await;
    let cluster = cluster_of(&stack.cluster.converge(&account).await);
    let since = account.now();
    let mut other = Object::service("other", &cluster, &on_instances(patch));
    for _ in 0..6 {
        other.round(&account).await;
        sleep(Duration::from_secs(20)).await;
    }
    let (seen_of_other, _) = other.planned(&account).await;
    let told = thing(&seen_of_other, "service").detail["noRoom"].as_str().unwrap_or_default().to_owned();
    (told, account.count(since, "DescribeContainerInstances"))
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_is_told_by_what_is_there() {
    let container = |more: &Value| {
        let mut one = json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 128});
        merge(&mut one, more);
        json!({"containerDefinitions": [one]})
    };
    let port = json!({"portMappings": [{"containerPort": 80, "hostPort": 8080}]});
    let gpu = json!({"resourceRequirements": [{"type": "GPU", "value": "1"}]});
    let nowhere = json!([{"type": "memberOf", "expression": "attribute:ecs.availability-zone == mars-1a"}]);
    let cases = [
        (json!({"task": container(&port)}), "on 2 of 2 instances port 8080 of the host is taken"),
        (json!({"task": container(&port)}), "8080 is service "),
        (json!({"task": container(&gpu)}), "no instance has a GPU, and a task asks for 1"),
        (
            json!({"task": container(&json!({"memory": 3000}))}),
            "a task asks for 3000 MiB, and the most that is free is 1920 MiB",
        ),
        (
            json!({"task": container(&json!({})), "placementConstraints": nowhere}),
            "none of 2 instances matches attribute:ecs.availability-zone == mars-1a",
        ),
    ];
    for (mut patch, expected) in cases {
        patch["desiredCount"] = json!(1);
        let (told, _) = Box::pin(without_room(&patch)).await;
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let roomy = json!({"desiredCount": 1, "task": container(&json!({}))});
    let (told, reads) = Box::pin(without_room(&roomy)).await;
    assert_eq!((told.as_str(), reads), ("", 0), "what has room reads no instances");
}

/// What somebody else has made: an Auto Scaling group of up to six instances of a cluster, and its capacity provider.
fn add_provider(account: &Account, cluster: &str) {
    account.asks_of("iam", "CreateInstanceProfile", &json!({"InstanceProfileName": "agent"}));
    account.asks_of(
        "iam",
        "AddRoleToInstanceProfile",
        &json!({"InstanceProfileName": "agent", "RoleName": "ecsInstanceRole"}),
    );
    let data = json!({
        "ImageId": "ami-0ecsarm", "InstanceType": "m7g.large", "IamInstanceProfile": {"Name": "agent"},
        "SecurityGroupId": ["sg-0default"], "UserData": BASE64_STANDARD.encode(format!("ECS_CLUSTER={cluster}\n")),
    });
    account.asks_of(
        "ec2",
        "CreateLaunchTemplate",
        &json!({"LaunchTemplateName": "general", "LaunchTemplateData": data}),
    );
    let group = json!({
        "AutoScalingGroupName": "general", "MinSize": "0", "MaxSize": "6", "VPCZoneIdentifier": "subnet-0aaa,subnet-0bbb",
        "LaunchTemplate": {"LaunchTemplateName": "general"},
    });
    account.asks_of("autoscaling", "CreateAutoScalingGroup", &group);
    let provider = json!({"autoScalingGroupArn": "general", "managedScaling": {"status": "ENABLED"}});
    account.asks("CreateCapacityProvider", &json!({"name": "general", "autoScalingGroupProvider": provider}));
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_capacity_provider_run_once_its_group_has_grown_and_its_count_is_nobody_s_business() {
    let account = Account::new().await;
    let mut stack = Stack::new(&json!({}));
    let cluster = stack.cluster.converge(&account).await;
    add_provider(&account, &thing(&cluster, "cluster").outputs["name"]);
    let spec = examples::cluster(&json!({
        "capacityProviders": ["general"], "defaultCapacityProviderStrategy": [{"capacityProvider": "general", "weight": 1}],
    }));
    let mut granted = examples::scope("EcsCluster", "main");
    let grant = Grant { capacity_providers: vec!["general".to_owned()], ..Grant::default() };
    granted.environment.iam.as_mut().unwrap().grants.push(grant);
    stack.cluster.scope = granted;
    stack.cluster.desires(move |scope, memory| ecs_cluster(scope, &spec, &Facts::new(), memory).unwrap());
    let strategy = json!([{"capacityProvider": "general", "weight": 1}]);
    let mut patch = on_instances(&json!({"desiredCount": 12, "task": {"containerDefinitions": [
        {"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 1024},
    ]}}));
    (patch["launchType"], patch["capacityProviderStrategy"]) = (Value::Null, strategy);
    let mut stack = Stack::of(stack.cluster, &patch);
    stack.begin(&account).await;
    let mut told = vec![];
    for _ in 0..15 {
        stack.service().round(&account).await;
        sleep(Duration::from_secs(5)).await;
        let (world, _) = stack.service().planned(&account).await;
        let service = world.things.iter().find(|(id, _)| id.key == "service");
        let detail: Option<ServiceDetail> = service.map(|(_, it)| serde_json::from_value(it.detail.clone()).unwrap());
        told.extend(detail.and_then(|detail| Some(outcome(detail.primary()?, &detail))));
    }
    let expected = "0 of 12 tasks running, 12 waiting for an instance of their capacity provider; of the instances \
                    that the task may be on, there are none";
    assert!(told.iter().any(|told| told == expected), "{told:#?}");
    stack.converge(&account).await;
    assert_eq!(spread(&account), [5, 7], "packed onto two by ECS, one in each zone first");
    sleep(Duration::from_mins(1)).await;
    let since = account.now();
    stack.converge(&account).await;
    assert_eq!(account.writes(since), [].into());
    stack.service().remove(&account).await;
    sleep(Duration::from_mins(30)).await;
    assert_eq!(spread(&account), [] as [usize; 0], "the group has shrunk");
    stack.cluster.remove(&account).await;
}
