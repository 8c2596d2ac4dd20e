//! Instances that a cluster has of its own, from the role to the tasks that run on them.

use std::time::Duration;

use longshore_crds::EcsClusterSpec;
use longshore_planner::desired::{ClusterReference, ecs_cluster};
use longshore_planner::engine::{Inventory, World};
use longshore_simulator::services::ec2;
use longshore_simulator::services::ec2_auto_scaling::lose_zone;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::account::Account;
use crate::examples::{self, merge};
use crate::object::{Object, cluster_of};

const PARAMETER: &str = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id";

/// Example 30's cluster, its entry patched.
fn spec(patch: &Value) -> EcsClusterSpec {
    let mut entry = json!({
        "name": "general", "instanceType": "m7g.large", "minSize": 3, "maxSize": 12, "rootVolumeGiB": 30,
        "managedScaling": {"status": "ENABLED", "targetCapacity": 90},
    });
    merge(&mut entry, patch);
    spec_of(&entry)
}

/// A cluster with one entry, `general`, on which tasks run unless they say something else.
pub(crate) fn spec_of(entry: &Value) -> EcsClusterSpec {
    serde_json::from_value(json!({
        "ec2Capacity": [entry],
        "defaultCapacityProviderStrategy": [{"capacityProvider": "general", "weight": 1}],
    }))
    .unwrap()
}

fn cluster(patch: &Value) -> Object {
    of_spec(spec(patch))
}

pub(crate) fn of_spec(spec: EcsClusterSpec) -> Object {
    Object::needing(examples::scope("EcsCluster", "ec2"), move |scope, memory, facts| {
        ecs_cluster(scope, &spec, facts, memory)
    })
}

/// How services see the cluster.
fn reference(object: &Object, world: &World) -> ClusterReference {
    cluster_of(world).of_spec(&object.scope.base(), &spec(&json!({})))
}

/// A service of so many tasks, each with so much memory, on the cluster's instances.
fn service(name: &str, reference: &ClusterReference, count: i32, memory: i32) -> Object {
    Object::service(name, reference, &tasks(count, memory, "1.27"))
}

/// Which leave it to their cluster where they run.
fn tasks(count: i32, memory: i32, tag: &str) -> Value {
    let container = json!({
        "name": "web", "image": format!("public.ecr.aws/nginx/nginx:{tag}"), "memory": memory,
        "portMappings": [{"containerPort": 80}],
    });
    json!({
        "desiredCount": count, "launchType": null, "networkConfiguration": null,
        "placementStrategy": [{"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "binpack", "field": "memory"}],
        "task": {
            "cpu": null, "memory": null, "runtimePlatform": null, "networkMode": "bridge",
            "containerDefinitions": [container],
        },
    })
}

pub(crate) async fn minutes(count: u64) {
    sleep(Duration::from_mins(count)).await;
}

pub(crate) fn world(account: &Account) -> Value {
    account.simulator.with_world(|world| serde_json::to_value(&*world).unwrap())
}

/// The zones of the instances that are registered with the cluster, sorted.
fn zones(account: &Account) -> Vec<String> {
    let world = world(account);
    let instances = world["ecs"]["instances"].as_object().unwrap().values();
    let registered = instances.filter(|instance| instance["inactive"] == false);
    let zone = |instance: &Value| instance["attributes"]["ecs.availability-zone"].as_str().unwrap().to_owned();
    let mut zones: Vec<String> = registered.map(zone).collect();
    zones.sort();
    zones
}

/// The ids of the tasks that run.
fn running(account: &Account) -> Vec<String> {
    let world = world(account);
    let all = world["ecs"]["tasks"].as_object().unwrap().iter();
    all.filter(|(_, task)| task["phase"] == "RUNNING").map(|(id, _)| id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn instances_come_in_all_zones_and_nothing_is_written_at_rest() {
    let account = Account::new().await;
    let mut cluster = cluster(&json!({}));
    cluster.converge(&account).await;
    minutes(3).await;
    assert_eq!(zones(&account), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
    let since = account.now();
    cluster.converge(&account).await;
    minutes(30).await;
    cluster.converge(&account).await;
    assert_eq!(account.writes(since), [].into());
}

#[tokio::test(start_paused = true)]
async fn the_whole_of_it_comes_and_goes_ten_times_and_leaves_nothing() {
    let account = Account::new().await;
    for time in 0..10 {
        let mut object = cluster(&json!({}));
        let seen = object.converge(&account).await;
        let mut web = service("web", &reference(&object, &seen), 4, 512);
        web.converge(&account).await;
        assert_eq!(running(&account).len(), 4, "{time}");
        web.remove(&account).await;
        object.remove(&account).await;
        assert_eq!(account.ours(), [""; 0], "{time}");
        assert_eq!(zones(&account), [""; 0], "{time}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_too_large_makes_the_cluster_grow_and_its_end_makes_it_shrink_and_no_task_is_lost() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    let seen = object.converge(&account).await;
    let reference = reference(&object, &seen);
    // Once all are registered, one task goes to each zone.
    minutes(3).await;
    let mut small = service("small", &reference, 3, 1024);
    small.converge(&account).await;
    let before = running(&account);
    // An instance of 8 GiB has no room for one of these beside one of those.
    let mut large = service("large", &reference, 3, 7168);
    large.converge(&account).await;
    assert!(zones(&account).len() >= 6, "{:?}", zones(&account));
    large.remove(&account).await;
    minutes(60).await;
    assert!(zones(&account).len() <= 4, "{:?}", zones(&account));
    assert_eq!(running(&account), before);
    object.converge(&account).await;
}

/// AWS has a new image.
fn publishes(account: &Account, image: &str) {
    account.simulator.with_world(|world| {
        world.foreign.images.insert(image.to_owned(), "arm64".to_owned());
        world.foreign.public_parameters.insert(PARAMETER.to_owned(), image.to_owned());
    });
}

/// The images of live instances.
fn images(account: &Account) -> Vec<String> {
    let world = world(account);
    let instances = world["ec2"]["instances"].as_object().unwrap().values();
    let live = instances.filter(|it| ["pending", "running"].contains(&it["state"].as_str().unwrap()));
    let mut images: Vec<String> = live.map(|it| it["image"].as_str().unwrap().to_owned()).collect();
    images.sort();
    images.dedup();
    images
}

#[tokio::test(start_paused = true)]
async fn a_new_image_replaces_instances_only_where_it_is_asked_for() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    object.converge(&account).await;
    minutes(3).await;
    publishes(&account, "ami-0new");
    let since = account.now();
    object.converge(&account).await;
    assert_eq!((account.writes(since), images(&account)), ([].into(), vec!["ami-0ecsarm".to_owned()]));
    object.memory.pins.clear();
    object.inventory = Inventory::default();
    object.converge(&account).await;
    assert_eq!((account.writes(since), images(&account)), ([].into(), vec!["ami-0ecsarm".to_owned()]), "a lost status");
    let mut latest = cluster(&json!({"amiUpdatePolicy": "Latest"}));
    latest.inventory = object.inventory.clone();
    latest.converge(&account).await;
    assert_eq!(images(&account), ["ami-0new"]);
}

#[tokio::test(start_paused = true)]
async fn while_instances_are_replaced_twenty_tasks_are_never_below_their_minimum() {
    let account = Account::new().await;
    let mut object = cluster(&json!({"amiUpdatePolicy": "Latest"}));
    let seen = object.converge(&account).await;
    let mut web = service("web", &reference(&object, &seen), 20, 768);
    web.converge(&account).await;
    minutes(10).await;
    assert_eq!(running(&account).len(), 20);
    publishes(&account, "ami-0new");
    let (mut least, mut rounds) = (20, 0);
    // An instance that waits until its tasks have moved is none of its group's any more, and still there.
    while !object.round(&account).await.plan.converged() || images(&account) != ["ami-0new"] {
        for _ in 0..60 {
            sleep(Duration::from_secs(1)).await;
            least = least.min(running(&account).len());
        }
        rounds += 1;
        assert!(rounds < 180, "the instances are not replaced within three hours: {:?}", images(&account));
    }
    assert_eq!(least, 20);
}

#[tokio::test(start_paused = true)]
async fn what_was_in_a_zone_that_is_lost_comes_back_in_the_others() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    let seen = object.converge(&account).await;
    let mut web = service("web", &reference(&object, &seen), 6, 768);
    web.converge(&account).await;
    let before = running(&account);
    account.simulator.with_world(|world| lose_zone(world, Some("eu-west-1a")));
    sleep(Duration::from_secs(1)).await;
    let left = running(&account).into_iter().filter(|id| before.contains(id)).count();
    assert!(left < 6, "no task was in that zone");
    let since = account.now();
    web.converge(&account).await;
    assert_eq!(running(&account).len(), 6);
    assert!(!zones(&account).contains(&"eu-west-1a".to_owned()));
    object.converge(&account).await;
    assert_eq!(account.writes(since), [].into(), "ECS and Auto Scaling do that by themselves");
}

/// ECS decides once, at creation; an empty strategy would be asked for as another, and the tasks would leave what scales for
/// them.
#[tokio::test(start_paused = true)]
async fn a_service_that_leaves_it_to_its_cluster_stays_with_its_providers_whatever_changes() {
    let account = Account::new().await;
    let mut object = cluster(&json!({}));
    let seen = object.converge(&account).await;
    let mut web = service("web", &reference(&object, &seen), 2, 256);
    web.converge(&account).await;
    let providers = || {
        let world = world(&account);
        let services = world["ecs"]["services"].as_object().unwrap().values();
        let of = services.map(|it| (it["revision"]["strategy"].clone(), it["revision"]["launch_type"].clone()));
        of.collect::<Vec<_>>()
    };
    let before = providers();
    assert!(
        before.iter().all(|(strategy, launch_type)| strategy.as_array().unwrap().len() == 1 && launch_type.is_null())
    );
    for patch in [tasks(3, 256, "1.27"), tasks(3, 512, "1.27"), tasks(3, 512, "1.28")] {
        let since = account.now();
        web.change(&patch);
        web.converge(&account).await;
        assert_eq!((account.count(since, "UpdateService"), providers()), (1, before.clone()), "{patch}");
    }
}

/// The types and life cycles of live instances, sorted.
fn launched(account: &Account) -> Vec<(String, bool)> {
    let world = world(account);
    let instances = world["ec2"]["instances"].as_object().unwrap().values();
    let live = instances.filter(|it| ["pending", "running"].contains(&it["state"].as_str().unwrap()));
    let mut found: Vec<(String, bool)> =
        live.map(|it| (it["instance_type"].as_str().unwrap().to_owned(), it["spot"] == true)).collect();
    found.sort();
    found
}

/// The Spot instance with the most tasks, by its id.
fn busy_spot_instance(account: &Account) -> String {
    let world = world(account);
    let tasks: Vec<&Value> = world["ecs"]["tasks"].as_object().unwrap().values().collect();
    let on = |id: &str| tasks.iter().filter(|it| it["phase"] == "RUNNING" && it["host"]["ec2_instance"] == id).count();
    let instances = world["ec2"]["instances"].as_object().unwrap().iter();
    let spot = instances.filter(|(_, it)| it["spot"] == true && it["state"] == "running");
    spot.map(|(id, _)| id.clone()).max_by_key(|id| on(id)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_spot_instance_that_is_taken_back_is_drained_and_its_service_comes_back() {
    let account = Account::new().await;
    let mut object = cluster(&json!({
        "instanceType": null, "instanceTypes": ["m7g.large", "m7g.xlarge"], "managedScaling": {"targetCapacity": 100},
        "instancesDistribution": {
            "onDemandBaseCapacity": 1, "onDemandPercentageAboveBaseCapacity": 0,
            "spotAllocationStrategy": "price-capacity-optimized",
        },
    }));
    let seen = object.converge(&account).await;
    let mut web = service("web", &reference(&object, &seen), 6, 768);
    web.converge(&account).await;
    minutes(3).await;
    let expected = [("m7g.large", false), ("m7g.large", true), ("m7g.xlarge", true)];
    assert_eq!(launched(&account), expected.map(|(name, spot)| (name.to_owned(), spot)));

    let since = account.now();
    object.converge(&account).await;
    web.converge(&account).await;
    assert_eq!(account.writes(since), [].into());

    let lost = busy_spot_instance(&account);
    let before = running(&account).len();
    assert!(account.simulator.with_world(|world| ec2::interrupt(world, &lost)));
    let mut gone_after = None;
    for second in 0..900 {
        sleep(Duration::from_secs(1)).await;
        let state = world(&account)["ec2"]["instances"][&lost]["state"].clone();
        if gone_after.is_none() && state != "running" {
            gone_after = Some(second);
        }
    }
    let gone_after = gone_after.expect("it ends");
    assert!((118..=122).contains(&gone_after) && before == 6, "two minutes later: {gone_after} s, {before} tasks");
    assert_eq!(running(&account).len(), 6);
    assert_eq!(launched(&account).len(), 3, "the group has another in its place");
    object.converge(&account).await;
    web.converge(&account).await;
    assert_eq!(account.writes(since), [].into(), "ECS and Auto Scaling do that by themselves");
}

#[tokio::test(start_paused = true)]
async fn instances_of_a_type_that_is_not_asked_for_any_more_are_replaced_and_others_stay() {
    let account = Account::new().await;
    let of = |types: &[&str]| json!({"instanceType": null, "instanceTypes": types});
    let mut object = cluster(&of(&["m7g.large", "m7g.xlarge"]));
    object.converge(&account).await;
    minutes(3).await;
    let cases = [
        ("another order", of(&["m7g.xlarge", "m7g.large"]), "m7g.large"),
        ("one more", of(&["m7g.xlarge", "m7g.large", "m7g.2xlarge"]), "m7g.large"),
        ("without theirs", of(&["m7g.xlarge", "m7g.2xlarge"]), "m7g.xlarge"),
    ];
    for (what, patch, expected) in cases {
        let mut changed = cluster(&patch);
        changed.inventory = object.inventory.clone();
        changed.memory = object.memory.clone();
        object = changed;
        object.converge(&account).await;
        assert_eq!(launched(&account), vec![(expected.to_owned(), false); 3], "{what}");
        let since = account.now();
        minutes(5).await;
        object.converge(&account).await;
        assert_eq!(account.writes(since), [].into(), "{what}");
    }
}

/// Two kinds of instances, or one of them.
fn two_entries(names: &[&str]) -> EcsClusterSpec {
    let entry = |name: &&str| {
        let instance_type = if *name == "general" { "m7g.large" } else { "m7g.medium" };
        json!({"name": name, "instanceType": instance_type, "minSize": 1, "maxSize": 2})
    };
    let entries: Vec<Value> = names.iter().map(entry).collect();
    let strategy = json!([{"capacityProvider": "general", "weight": 1}]);
    serde_json::from_value(json!({"ec2Capacity": entries, "defaultCapacityProviderStrategy": strategy})).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_entry_goes_once_no_task_but_daemons_runs_on_its_instances() {
    let daemon = json!({"schedulingStrategy": "DAEMON", "desiredCount": null, "availabilityZoneRebalancing": null});
    for (more, stays) in [(json!({"desiredCount": 2}), true), (daemon, false)] {
        let account = Account::new().await;
        let both = two_entries(&["general", "small"]);
        let mut object = Object::needing(examples::scope("EcsCluster", "ec2"), move |scope, memory, facts| {
            ecs_cluster(scope, &both, facts, memory)
        });
        let seen = object.converge(&account).await;
        minutes(3).await;
        let there = json!([{"type": "memberOf", "expression": "attribute:ecs.instance-type == m7g.medium"}]);
        let mut patch = json!({
            "launchType": "EC2", "networkConfiguration": null, "placementConstraints": there,
            "task": {
                "cpu": null, "memory": null, "runtimePlatform": null, "networkMode": "bridge",
                "containerDefinitions": [{"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 128}],
            },
        });
        for (member, value) in more.as_object().unwrap() {
            patch[member] = value.clone();
        }
        let mut web = Object::service("web", &cluster_of(&seen), &patch);
        web.converge(&account).await;
        let tasks = running(&account).len();
        assert!(tasks > 0, "{more}");

        let mut one = Object::needing(examples::scope("EcsCluster", "ec2"), move |scope, memory, facts| {
            ecs_cluster(scope, &two_entries(&["general"]), facts, memory)
        });
        (one.inventory, one.memory) = (object.inventory.clone(), object.memory.clone());
        if stays {
            let mut told = String::new();
            for _ in 0..20 {
                for (_, fault) in one.round(&account).await.faults {
                    told = fault.to_string();
                }
                sleep(Duration::from_secs(20)).await;
            }
            assert!(told.contains("service ") && told.contains("(2 tasks)"), "{told}");
            assert_eq!((running(&account).len(), zones(&account).len()), (2, 2), "nothing has gone");
            web.remove(&account).await;
        }
        one.converge(&account).await;
        minutes(2).await;
        assert_eq!(zones(&account).len(), 1, "{more}");
    }
}
