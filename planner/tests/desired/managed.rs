//! Instances that ECS manages, as entries of a cluster's, and the services that run on them.

use longshore_crds::EcsClusterSpec;
use longshore_crds::task_definition::{Compatibility, NetworkMode};
use longshore_planner::desired::{
    ClusterReference, Desired, Facts, Memory, Obstacle, Reference, References, ecs_cluster, ecs_service,
};
use longshore_planner::engine::{Kind, Ready, Seen};
use longshore_planner::kinds::ecs::cluster_capacity_providers::ClusterCapacityProviders;
use longshore_planner::kinds::ecs::managed_capacity_provider::{ManagedCapacityProvider, ManagedProviderDetail};
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::capacity::cluster_scope;
use crate::objects::{container, hello, merge, node, scope, value, with_host_namespaces};

fn spec(patch: &Value) -> EcsClusterSpec {
    let mut entry = json!({"name": "general", "managedInstances": {}});
    merge(&mut entry, patch);
    let general = json!({"name": "group", "instanceType": "m7g.large", "maxSize": 3, "imageId": "ami-1"});
    serde_json::from_value(json!({"ec2Capacity": [entry, general]})).unwrap()
}

fn desired(patch: &Value) -> Desired {
    ecs_cluster(&cluster_scope(), &spec(patch), &Facts::new(), &Memory::default()).unwrap()
}

fn provider(patch: &Value) -> ManagedCapacityProvider {
    value(&desired(patch), "general")
}

#[test]
fn an_entry_is_two_roles_a_profile_a_group_and_a_provider_in_an_order_that_aws_accepts() {
    let desired = desired(&json!({}));
    let own = desired.graph.iter().filter(|(id, _)| !id.key.starts_with("group"));
    let order: Vec<String> = own.map(|(id, _)| format!("{}:{}", id.kind, id.key)).collect();
    let expected = [
        "ecs/cluster:cluster",
        "ec2/security-group:general",
        "ec2/security-group-rule:general-egress-all",
        "iam/role:general-instances",
        "iam/instance-profile:general",
        "iam/role:general-infrastructure",
        "ecs/managed-capacity-provider:general",
        "ecs/cluster-capacity-providers:capacity-providers",
    ];
    assert_eq!(order, expected);
    let node = node::<ManagedCapacityProvider>(&desired, "general").unwrap();
    assert!(node.needs.iter().any(|id| id.kind == "ecs/cluster"), "it is made in a cluster that is there");
    let providers: ClusterCapacityProviders = value(&desired, "capacity-providers");
    assert_eq!(providers.capacity_providers.len(), 2);
}

fn statements(role: &Role) -> Vec<Value> {
    role.inline.values().flat_map(|policy| policy["Statement"].as_array().unwrap().clone()).collect()
}

fn many(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        many => serde_json::from_value(many.clone()).unwrap(),
    }
}

#[test]
fn the_roles_hold_what_aws_documents_and_no_more_for_this_one_cluster() {
    let desired = desired(&json!({}));
    let instances: Role = value(&desired, "general-instances");
    let mut actions: Vec<String> = statements(&instances).iter().flat_map(|it| many(&it["Action"])).collect();
    actions.sort();
    // AmazonECSInstanceRolePolicyForManagedInstances, version 3.
    let documented = [
        "ecs:DiscoverPollEndpoint",
        "ecs:Poll",
        "ecs:PutSystemLogEvents",
        "ecs:RegisterContainerInstance",
        "ecs:StartTelemetrySession",
        "ecs:SubmitAttachmentStateChanges",
        "ecs:SubmitTaskStateChange",
    ];
    assert_eq!(actions, documented);
    assert!(instances.attached.is_empty() && instances.permissions_boundary.is_some());
    for statement in statements(&instances) {
        let everywhere = many(&statement["Resource"]).contains(&"*".to_owned());
        assert_eq!(everywhere, many(&statement["Action"]) == ["ecs:DiscoverPollEndpoint"], "{statement}");
    }

    let infrastructure: Role = value(&desired, "general-infrastructure");
    let policy = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances";
    assert_eq!(infrastructure.attached, [policy.to_owned()].into());
    assert_eq!(infrastructure.permissions_boundary, instances.permissions_boundary);
    let [pass] = &statements(&infrastructure)[..] else { panic!("{infrastructure:?}") };
    assert_eq!(many(&pass["Action"]), ["iam:PassRole"]);
    assert!(pass["Resource"].to_string().contains("general-instances"), "{pass}");
    assert_eq!(pass["Condition"]["StringLike"]["iam:PassedToService"], json!(["ec2.*"]));
    let trusts = |role: &Role| role.trust["Statement"][0]["Principal"]["Service"].to_string();
    assert!(trusts(&infrastructure).contains("\"ecs.amazonaws.com\""));
    assert!(trusts(&instances).contains("\"ec2.amazonaws.com\""));
}

#[test]
fn a_change_that_ecs_cannot_make_is_another_provider_and_any_other_is_not() {
    let before = provider(&json!({}));
    let same = [
        json!({"managedInstances": {"monitoring": "DETAILED", "storageConfiguration": {"storageSizeGiB": 100}}}),
        json!({"managedInstances": {"capacityOptionType": "ON_DEMAND"}}),
        json!({"subnets": ["subnet-0aaa"]}),
    ];
    for patch in same {
        assert_eq!(provider(&patch).name, before.name, "{patch}");
    }
    let group: EcsClusterSpec = serde_json::from_value(
        json!({"ec2Capacity": [{"name": "general", "instanceType": "m7g.large", "maxSize": 3}]}),
    )
    .unwrap();
    let of_group = ClusterReference::default().of_spec(&cluster_scope().base(), &group);
    let others = [
        provider(&json!({"managedInstances": {"capacityOptionType": "SPOT"}})).name,
        provider(&json!({"managedInstances": {"fipsEnabled": true}})).name,
        of_group.providers["general"].clone(),
    ];
    for (n, name) in others.iter().enumerate() {
        assert!(*name != before.name && !others[..n].contains(name), "{others:?}");
    }
}

#[test]
fn what_is_left_out_is_as_ecs_takes_it() {
    let seen = |launch: Value| {
        let mut all = serde_json::to_value(provider(&json!({}))).unwrap();
        merge(&mut all, &launch);
        serde_json::from_value::<ManagedCapacityProvider>(all).unwrap()
    };
    let told = json!({"launch": {
        "storageSize": 80, "fipsEnabled": false, "requirements": {"vCpuCount": {"min": 1}, "memoryMiB": {"min": 0}},
    }, "autoRepair": "ENABLED"});
    let mut told = seen(told).normalise();
    let wanted = provider(&json!({})).normalise();
    wanted.disown(&mut told);
    assert_eq!(told, wanted);
    let requirements = |more: Value| {
        let mut asked = json!({"vCpuCount": {"min": 1}, "memoryMiB": {"min": 0}});
        merge(&mut asked, &more);
        provider(&json!({"managedInstances": {"instanceRequirements": asked}})).normalise()
    };
    let filled = json!({
        "bareMetal": "excluded", "burstablePerformance": "excluded", "localStorage": "included",
        "requireHibernateSupport": false, "onDemandMaxPricePercentageOverLowestPrice": 20,
        "spotMaxPricePercentageOverLowestPrice": 100, "instanceGenerations": ["previous", "current"],
    });
    assert_eq!(requirements(filled), requirements(json!({})));
    assert_ne!(requirements(json!({"burstablePerformance": "included"})), requirements(json!({})));
}

#[test]
fn longshores_tags_are_not_put_where_ec2_takes_none_with_a_slash() {
    assert!(!provider(&json!({})).launch.metadata_tags);
}

#[test]
fn a_provider_that_ecs_could_not_make_is_broken_in_its_words() {
    let wanted = provider(&json!({}));
    let detail = |failed: Option<&str>| {
        let detail = ManagedProviderDetail { failed: failed.map(str::to_owned) };
        Seen { detail: json!(detail), ..Seen::active(wanted.clone()) }
    };
    assert_eq!(wanted.ready(&detail(None)), Ready::Ready);
    let Ready::Broken(why) = wanted.ready(&detail(Some("no such profile"))) else { panic!() };
    assert!(why.starts_with("CapacityProviderFailed: ") && why.contains("no such profile"), "{why}");
}

/// A service on the cluster of `spec`, its patch on top of what such a service needs.
fn on(strategy: &[&str], patch: &Value) -> Result<Desired, Obstacle> {
    let strategy: Vec<Value> = strategy.iter().map(|it| json!({"capacityProvider": it, "weight": 1})).collect();
    let mut all = json!({
        "launchType": null, "loadBalancers": null, "capacityProviderStrategy": strategy,
        "task": {"containerDefinitions": [container(&json!({"memory": 512}))]},
    });
    for (name, value) in patch.as_object().unwrap() {
        all[name] = value.clone();
    }
    let reference = ClusterReference { arn: "arn:cluster".to_owned(), ..ClusterReference::default() };
    let reference = reference.of_spec(&cluster_scope().base(), &spec(&json!({})));
    let references = References::to_cluster(Reference::Ready(reference));
    ecs_service(&scope(with_host_namespaces()), &hello(&all), &Facts::new(), &references, &Memory::default())
}

#[test]
fn a_service_names_the_entry_and_its_task_definition_is_for_it() {
    for (mode, expected) in [(Value::Null, NetworkMode::Awsvpc), (json!("host"), NetworkMode::Host)] {
        let own = mode.is_null();
        let task = json!({"networkMode": mode, "containerDefinitions": [container(&json!({"memory": 512}))]});
        let network = if own { json!({"awsvpcConfiguration": {}}) } else { Value::Null };
        let desired = on(&["general"], &json!({"task": task, "networkConfiguration": network})).unwrap();
        let definition: TaskDefinition = value(&desired, "task");
        assert_eq!(definition.content.requires_compatibilities, [Compatibility::ManagedInstances]);
        assert_eq!(definition.content.network_mode, Some(expected));
        let service: Service = value(&desired, "service");
        assert_eq!((service.launch_type, service.network.is_some()), (None, own));
        assert_eq!(service.capacity_provider_strategy[0].capacity_provider, provider(&json!({})).name);
    }
    let both = json!({"task": {
        "cpu": 256, "memory": 512, "requiresCompatibilities": ["FARGATE", "MANAGED_INSTANCES"], "networkMode": "awsvpc",
        "containerDefinitions": [container(&json!({}))],
    }});
    let definition: TaskDefinition = value(&on(&["general"], &both).unwrap(), "task");
    assert_eq!(definition.content.requires_compatibilities.len(), 2, "what the spec says stays");
}

#[test]
fn a_provider_that_is_not_the_clusters_own_is_known_by_what_the_task_says() {
    for (says, expected) in [("MANAGED_INSTANCES", NetworkMode::Awsvpc), ("EC2", NetworkMode::Bridge)] {
        let task =
            json!({"requiresCompatibilities": [says], "containerDefinitions": [container(&json!({"memory": 512}))]});
        let network = if expected == NetworkMode::Awsvpc { json!({"awsvpcConfiguration": {}}) } else { Value::Null };
        let desired = on(&["theirs"], &json!({"task": task, "networkConfiguration": network})).unwrap();
        let definition: TaskDefinition = value(&desired, "task");
        assert_eq!(definition.content.network_mode, Some(expected), "{says}");
    }
}

fn refused(obstacle: Result<Desired, Obstacle>) -> Vec<(String, String)> {
    match obstacle {
        Err(Obstacle::Refused(refusals)) => refusals.into_iter().map(|it| (it.reason, it.at.0)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_such_instances_do_not_have_is_refused_by_field() {
    let task = |mode: &str| json!({"networkMode": mode, "containerDefinitions": [container(&json!({"memory": 512}))]});
    let daemon = json!({"schedulingStrategy": "DAEMON", "desiredCount": null});
    let balanced = json!({"networkConfiguration": null, "task": task("host"), "loadBalancers": [
        {"name": "web", "containerName": "web", "containerPort": 80, "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/1"},
    ]});
    let cases = [
        (json!({"networkConfiguration": null, "task": task("bridge")}), "spec.task.networkMode"),
        (daemon, "spec.schedulingStrategy"),
        (balanced, "spec.loadBalancers[web]"),
    ];
    for (patch, field) in cases {
        let refusals = refused(on(&["general"], &patch));
        let expected = ("NotOnManagedInstances".to_owned(), field.to_owned());
        assert!(refusals.contains(&expected), "{patch}: {refusals:?}");
    }
}

#[test]
fn a_strategy_has_providers_of_one_kind() {
    let expected = ("MixedCapacity".to_owned(), "spec.capacityProviderStrategy".to_owned());
    assert!(refused(on(&["general", "group"], &json!({}))).contains(&expected));
    let mut spec = spec(&json!({}));
    let item = |name: &str| json!({"capacityProvider": name, "weight": 1});
    spec.default_capacity_provider_strategy = serde_json::from_value(json!([item("general"), item("group")])).unwrap();
    let desired = ecs_cluster(&cluster_scope(), &spec, &Facts::new(), &Memory::default());
    assert_eq!(refused(desired), [("MixedCapacity".to_owned(), "spec.defaultCapacityProviderStrategy".to_owned())]);
}

#[test]
fn people_know_in_iam_what_a_role_is_for() {
    let desired = desired(&json!({}));
    for (key, what) in
        [("general-instances", "what"), ("general-infrastructure", "what ECS may do to launch the instances")]
    {
        let role: Role = value(&desired, key);
        assert!(
            role.description.starts_with("EcsCluster/shop/ec2: ") && role.description.contains(what),
            "{}",
            role.description
        );
        assert!(role.description.ends_with(" general"), "{}", role.description);
    }
}
