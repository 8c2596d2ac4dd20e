//! Instances that ECS manages, from the roles to the tasks that run on them.

use longshore_crds::EcsClusterSpec;
use longshore_planner::desired::ClusterReference;
use longshore_planner::engine::World;
use serde_json::{Value, json};

use crate::account::Account;
use crate::capacity::{minutes, of_spec, spec_of, world};
use crate::examples::merge;
use crate::object::{Object, cluster_of, thing};

/// A cluster with one entry, patched.
fn spec(patch: &Value) -> EcsClusterSpec {
    let requirements = json!({"vCpuCount": {"min": 2, "max": 4}, "memoryMiB": {"min": 8192}, "cpuManufacturers": ["amazon-web-services"]});
    let mut entry = json!({
        "name": "general",
        "managedInstances": {"instanceRequirements": requirements, "infrastructureOptimization": {"scaleInAfter": 120}},
    });
    merge(&mut entry, patch);
    spec_of(&entry)
}

fn cluster(patch: &Value) -> Object {
    of_spec(spec(patch))
}

/// The same object with another spec.
fn edited(object: &Object, patch: &Value) -> Object {
    let mut changed = cluster(patch);
    (changed.inventory, changed.memory) = (object.inventory.clone(), object.memory.clone());
    changed
}

/// How services see the cluster.
fn reference(object: &Object, world: &World, patch: &Value) -> ClusterReference {
    cluster_of(world).of_spec(&object.scope.base(), &spec(patch))
}

/// A service of so many tasks, each with so much memory, that leaves it to its cluster where they run.
fn service(name: &str, reference: &ClusterReference, count: i32, memory: i32) -> Object {
    Object::service(name, reference, &tasks(count, memory))
}

/// For the processors that the cluster asks for.
fn tasks(count: i32, memory: i32) -> Value {
    let container =
        json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [{"containerPort": 80}]});
    let platform = json!({"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"});
    let task = json!({"cpu": 256, "memory": memory, "runtimePlatform": platform, "containerDefinitions": [container]});
    json!({"desiredCount": count, "launchType": null, "task": task})
}

/// The types of live instances, sorted.
fn instances(account: &Account) -> Vec<String> {
    let world = world(account);
    let all = world["ec2"]["instances"].as_object().unwrap().values();
    let live = all.filter(|it| ["pending", "running"].contains(&it["state"].as_str().unwrap()));
    let mut types: Vec<String> = live.map(|it| it["instance_type"].as_str().unwrap().to_owned()).collect();
    types.sort();
    types
}

/// The capacity providers and launch types of the tasks that run, without repetition, and how many they are.
fn running(account: &Account) -> (Vec<(String, String)>, usize) {
    let world = world(account);
    let tasks = world["ecs"]["tasks"].as_object().unwrap().values();
    let text = |task: &Value, member: &str| task[member].as_str().unwrap_or_default().to_owned();
    let mut found: Vec<(String, String)> = tasks
        .filter(|task| task["phase"] == "RUNNING")
        .map(|task| (text(task, "capacity_provider"), text(task, "launch_type")))
        .collect();
    let count = found.len();
    found.sort();
    found.dedup();
    (found, count)
}

fn provider(world: &World) -> String {
    thing(world, "general-infrastructure");
    let is = |id: &longshore_planner::engine::Id| id.kind == "ecs/managed-capacity-provider";
    world.things.iter().find(|(id, _)| is(id)).map(|(_, thing)| thing.outputs["name"].clone()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_made_without_an_instance_and_nothing_is_written_at_rest() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    let seen = object.converge(&account).await;
    assert!(
        provider(&seen).starts_with("apps-ec2-") || provider(&seen).starts_with("shop-ec2-"),
        "{}",
        provider(&seen)
    );
    let since = account.now();
    object.converge(&account).await;
    minutes(60).await;
    object.converge(&account).await;
    assert_eq!((account.writes(since), instances(&account)), ([].into(), vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_service_gets_the_instances_that_its_tasks_need_and_they_go_with_it() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    let seen = object.converge(&account).await;
    let reference = reference(&object, &seen, &json!({}));
    let mut web = service("web", &reference, 3, 1024);
    web.converge(&account).await;
    let expected = vec![(provider(&seen), "MANAGED_INSTANCES".to_owned())];
    assert_eq!(running(&account), (expected.clone(), 3));
    assert_eq!(instances(&account), ["m7g.large"], "three of them fit on one");
    let mut large = service("large", &reference, 2, 12_288);
    large.converge(&account).await;
    assert_eq!((running(&account), instances(&account).len()), ((expected.clone(), 5), 3));
    large.remove(&account).await;
    minutes(5).await;
    assert_eq!((running(&account), instances(&account).len()), ((expected, 3), 1));
    let since = account.now();
    object.converge(&account).await;
    web.converge(&account).await;
    assert_eq!(account.writes(since), [].into(), "ECS does that by itself");
    web.remove(&account).await;
    minutes(5).await;
    assert_eq!(instances(&account), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_whole_of_it_comes_and_goes_ten_times_and_leaves_nothing() {
    let account = Account::new().await;
    for time in 0..10 {
        let mut object = cluster(&json!({}));
        let seen = object.converge(&account).await;
        let mut web = service("web", &reference(&object, &seen, &json!({})), 2, 1024);
        web.converge(&account).await;
        assert_eq!(running(&account).1, 2, "{time}");
        web.remove(&account).await;
        object.remove(&account).await;
        assert_eq!((account.ours(), instances(&account)), (vec![], vec![]), "{time}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_ecs_can_change_of_a_provider_is_changed_in_place_and_read_back() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    let before = provider(&object.converge(&account).await);
    let cases = [
        json!({"managedInstances": {"storageConfiguration": {"storageSizeGiB": 100}}}),
        json!({"managedInstances": {"monitoring": "DETAILED", "propagateTags": "NONE"}}),
        json!({"managedInstances": {"infrastructureOptimization": {"scaleInAfter": -1}, "instanceRequirements": {"burstablePerformance": "included", "memoryMiB": {"max": 65536}}}}),
        json!({"managedInstances": {"localStorageConfiguration": {"useLocalStorage": true}, "autoRepairConfiguration": {"actionsStatus": "ENABLED"}}}),
        json!({"subnets": ["subnet-0aaa"]}),
        json!({}),
    ];
    for patch in cases {
        object = edited(&object, &patch);
        let since = account.now();
        let seen = object.converge(&account).await;
        let expected = [("UpdateCapacityProvider".to_owned(), 1)].into();
        assert_eq!((provider(&seen), account.writes(since)), (before.clone(), expected), "{patch}");
    }
    object = edited(&object, &json!({"tags": [{"key": "a", "value": "b"}]}));
    let since = account.now();
    object.converge(&account).await;
    assert_eq!(account.count(since, "UpdateCapacityProvider"), 0, "{:?}", account.writes(since));
}

#[tokio::test(start_paused = true)]
async fn what_ecs_cannot_change_makes_another_provider_to_which_services_move_before_the_old_one_goes() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    let seen = object.converge(&account).await;
    let mut web = service("web", &reference(&object, &seen, &json!({})), 2, 1024);
    web.converge(&account).await;
    let before = running(&account);
    let spot = json!({"managedInstances": {"capacityOptionType": "SPOT"}});
    object = edited(&object, &spot);
    for _ in 0..10 {
        object.round(&account).await;
        minutes(1).await;
    }
    assert_eq!(running(&account), before, "it waits for the service");
    let mut moved = service("web", &reference(&object, &seen, &spot), 2, 1024);
    // A service that names a provider says itself that it moves; one that leaves it to its cluster keeps what it began with.
    let mut named = tasks(2, 1024);
    named["capacityProviderStrategy"] = json!([{"capacityProvider": "general", "weight": 1}]);
    moved.change(&named);
    (moved.inventory, moved.memory) = (web.inventory.clone(), web.memory.clone());
    moved.converge(&account).await;
    let seen = object.converge(&account).await;
    assert_eq!(running(&account), (vec![(provider(&seen), "MANAGED_INSTANCES".to_owned())], 2));
    let there = account.ours().into_iter().filter(|it| it.starts_with("capacity provider")).count();
    assert_eq!(there, 1, "{:?}", account.ours());
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_changes_is_put_right() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    let seen = object.converge(&account).await;
    let (name, cluster) = (provider(&seen), cluster_of(&seen).name);
    let role = "arn:aws:iam::123456789012:role/app-shop-migrations";
    let update = json!({"name": name, "cluster": cluster, "managedInstancesProvider": {
        "infrastructureRoleArn": role, "instanceLaunchTemplate": {"monitoring": "DETAILED"}, "propagateTags": "NONE",
    }});
    account.asks("UpdateCapacityProvider", &update);
    let since = account.now();
    object.converge(&account).await;
    assert_eq!(account.writes(since), [("UpdateCapacityProvider".to_owned(), 1)].into());
    minutes(2).await;
    account.asks(
        "PutClusterCapacityProviders",
        &json!({"cluster": cluster, "capacityProviders": [], "defaultCapacityProviderStrategy": []}),
    );
    minutes(2).await;
    let since = account.now();
    object.converge(&account).await;
    assert_eq!(account.writes(since), [("PutClusterCapacityProviders".to_owned(), 1)].into());
    minutes(2).await;
    account.asks(
        "PutClusterCapacityProviders",
        &json!({"cluster": cluster, "capacityProviders": [], "defaultCapacityProviderStrategy": []}),
    );
    account.asks("DeleteCapacityProvider", &json!({"capacityProvider": name, "cluster": cluster}));
    minutes(2).await;
    let seen = object.converge(&account).await;
    assert_eq!(provider(&seen), name, "it is made anew");
}
