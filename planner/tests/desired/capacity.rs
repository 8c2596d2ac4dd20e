//! Instances that a cluster has of its own.

use longshore_crds::EcsClusterSpec;
use longshore_crds::aws_environment::Grant;
use longshore_crds::ecs_cluster::SpotAllocationStrategy;
use longshore_planner::desired::{
    ClusterReference, Desired, Fact, Facts, Memory, Need, Obstacle, Reference, References, Scope, ecs_cluster,
    ecs_service,
};
use longshore_planner::engine::{Kind, Node, Text};
use longshore_planner::kinds::autoscaling::auto_scaling_group::{AutoScalingGroup, InstanceRefresh, MixedInstances};
use longshore_planner::kinds::ec2::launch_template::LaunchTemplate;
use longshore_planner::kinds::ecs::capacity_provider::CapacityProvider;
use longshore_planner::kinds::ecs::cluster::Cluster;
use longshore_planner::kinds::ecs::cluster_capacity_providers::ClusterCapacityProviders;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::objects::{environment, hello, merge, node, scope, value};

const PARAMETER: &str = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id";

/// Example 30's cluster, its entry patched.
pub(crate) fn spec(patch: &Value) -> EcsClusterSpec {
    let mut entry = json!({"name": "general", "instanceType": "m7g.large", "minSize": 3, "maxSize": 12});
    merge(&mut entry, patch);
    serde_json::from_value(json!({
        "ec2Capacity": [entry],
        "defaultCapacityProviderStrategy": [{"capacityProvider": "general", "weight": 1}],
    }))
    .unwrap()
}

pub(crate) fn cluster_scope() -> Scope {
    Scope { object_kind: "EcsCluster", name: "ec2".into(), ..scope(environment(&json!({}))) }
}

fn image(id: &str) -> Facts {
    [(Need::MachineImage { parameter: PARAMETER.to_owned() }, Fact::MachineImage(Some(id.to_owned())))].into()
}

fn remembering(id: &str) -> Memory {
    Memory { pins: [(PARAMETER.to_owned(), id.to_owned())].into(), ..Memory::default() }
}

pub(crate) fn desired(patch: &Value) -> Desired {
    ecs_cluster(&cluster_scope(), &spec(patch), &image("ami-1"), &Memory::default()).unwrap()
}

fn refused(scope: &Scope, spec: &EcsClusterSpec) -> Vec<(String, String)> {
    match ecs_cluster(scope, spec, &image("ami-1"), &Memory::default()) {
        Err(Obstacle::Refused(refusals)) => refusals.into_iter().map(|r| (r.reason, r.at.0)).collect(),
        Ok(_) => vec![],
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn an_entry_is_all_that_instances_take_in_an_order_that_aws_accepts() {
    let desired = desired(&json!({}));
    let order: Vec<String> = desired.graph.iter().map(|(id, _)| format!("{}:{}", id.kind, id.key)).collect();
    let expected = [
        "ecs/cluster:cluster",
        "ec2/security-group:general",
        "ec2/security-group-rule:general-egress-all",
        "iam/role:general-instances",
        "iam/instance-profile:general",
        "ec2/launch-template:general",
        "autoscaling/auto-scaling-group:general",
        "ecs/capacity-provider:general",
        "ecs/cluster-capacity-providers:capacity-providers",
    ];
    assert_eq!(order, expected);
    // Instances register with a cluster that is there.
    let needs = |node: &Node| node.needs.iter().map(|id| id.kind.clone()).collect::<Vec<_>>();
    let group = node::<AutoScalingGroup>(&desired, "general").unwrap();
    assert_eq!(needs(group), ["ec2/launch-template", "ecs/cluster"]);
}

#[test]
fn instances_are_safe_and_their_group_is_as_large_as_ecs_says() {
    let template: LaunchTemplate = value(&desired(&json!({"rootVolumeGiB": 30})), "general");
    assert!(template.metadata.tokens_required && template.root_volume.encrypted);
    assert_eq!((template.metadata.hop_limit, template.root_volume.size), (1, Some(30)));
    assert!(template.user_data.contains("\nECS_AWSVPC_BLOCK_IMDS=true\n"));
    let cluster: Cluster = value(&desired(&json!({})), "cluster");
    assert!(template.user_data.contains(&format!("\nECS_CLUSTER={}\n", cluster.name)));
    let group: AutoScalingGroup = value(&desired(&json!({})), "general");
    assert_eq!((group.min_size, group.max_size, group.protects_new_instances), (3, 12, true));
    assert_eq!(group.subnets, ["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"]);
}

fn launched(patch: &Value) -> (Option<String>, Option<MixedInstances>, String) {
    let desired = desired(patch);
    let template: LaunchTemplate = value(&desired, "general");
    let group: AutoScalingGroup = value(&desired, "general");
    (template.instance_type, group.mixed, template.user_data)
}

#[test]
fn several_types_and_spot_are_the_groups_to_say_with_what_aws_fills_in() {
    let types = ["m7g.large".to_owned(), "c7g.xlarge".to_owned()];
    let several = json!({"instanceType": null, "instanceTypes": types});
    let spot = json!({"instancesDistribution": {
        "onDemandBaseCapacity": 1, "onDemandPercentageAboveBaseCapacity": 25,
        "spotAllocationStrategy": "price-capacity-optimized", "spotMaxPrice": "0.05",
    }});
    let told = MixedInstances {
        instance_types: types[..1].to_vec(),
        on_demand_base_capacity: 1,
        on_demand_percentage_above_base_capacity: 25,
        spot_allocation_strategy: SpotAllocationStrategy::PriceCapacityOptimized,
        spot_max_price: Some("0.05".to_owned()),
    };
    let of_all = MixedInstances {
        instance_types: types.to_vec(),
        on_demand_base_capacity: 0,
        on_demand_percentage_above_base_capacity: 100,
        spot_allocation_strategy: SpotAllocationStrategy::LowestPrice,
        spot_max_price: None,
    };
    let cases =
        [(json!({}), Some("m7g.large".to_owned()), None), (several, None, Some(of_all)), (spot, None, Some(told))];
    for (patch, of_template, of_group) in cases {
        let (instance_type, mixed, user_data) = launched(&patch);
        assert_eq!((instance_type, mixed), (of_template, of_group), "{patch}");
        assert!(user_data.contains("\nECS_ENABLE_SPOT_INSTANCE_DRAINING=true\n"), "{patch}");
    }
}

#[test]
fn what_says_which_spot_instances_means_nothing_where_there_are_none() {
    let group = |percentage: i32| {
        let distribution = json!({
            "onDemandPercentageAboveBaseCapacity": percentage, "spotAllocationStrategy": "capacity-optimized",
            "spotMaxPrice": "0.05",
        });
        let group: AutoScalingGroup = value(&desired(&json!({"instancesDistribution": distribution})), "general");
        group.mixed.unwrap()
    };
    let without =
        MixedInstances { on_demand_base_capacity: 0, ..MixedInstances::unless_told(vec!["m7g.large".to_owned()]) };
    assert_eq!(group(100), without);
    assert_eq!(group(99).spot_max_price.as_deref(), Some("0.05"));
}

#[test]
fn a_template_is_as_good_whatever_type_it_names_where_the_group_says_the_types() {
    let seen: LaunchTemplate = value(&desired(&json!({})), "general");
    let several = json!({"instanceType": null, "instanceTypes": ["c7g.xlarge", "m7g.large"]});
    for (patch, expected) in [(several, None), (json!({"instanceType": "c7g.xlarge"}), Some("m7g.large"))] {
        let mut seen = seen.clone();
        value::<LaunchTemplate>(&desired(&patch), "general").disown(&mut seen);
        assert_eq!(seen.instance_type.as_deref(), expected, "{patch}");
    }
}

#[test]
fn a_refresh_is_of_what_is_launched_by_its_version_and_its_types_in_any_order() {
    let group = AutoScalingGroup {
        version: "2".into(),
        mixed: Some(MixedInstances::unless_told(vec!["m7g.large".to_owned(), "c7g.large".to_owned()])),
        ..AutoScalingGroup::default()
    };
    let cases = [
        ("2", vec!["c7g.large", "m7g.large"], true),
        ("2", vec!["m7g.large"], false),
        ("1", vec!["c7g.large", "m7g.large"], false),
    ];
    for (version, types, expected) in cases {
        let refresh = InstanceRefresh {
            status: "Failed".to_owned(),
            version: Some(version.to_owned()),
            instance_types: types.iter().map(ToString::to_string).collect(),
            ..InstanceRefresh::default()
        };
        assert_eq!(group.is_of(&refresh), expected, "{version} {types:?}");
    }
}

#[test]
fn protection_is_on_where_ecs_scales() {
    let cases = [
        (json!({}), "ENABLED"),
        (json!({"managedScaling": {"status": "DISABLED"}}), "DISABLED"),
        (json!({"managedTerminationProtection": "DISABLED"}), "DISABLED"),
    ];
    for (patch, expected) in cases {
        let desired = desired(&patch);
        let provider: CapacityProvider = value(&desired, "general");
        let group: AutoScalingGroup = value(&desired, "general");
        assert_eq!(provider.managed_termination_protection.as_str(), expected, "{patch}");
        assert_eq!(group.protects_new_instances, expected == "ENABLED", "{patch}");
    }
}

#[test]
fn the_role_of_instances_is_the_agents_in_this_cluster_and_holds_nothing_that_a_task_may() {
    let desired = desired(&json!({"instanceRole": {"sessionManager": true}}));
    let role: Role = value(&desired, "general-instances");
    let statements = role.inline["agent"]["Statement"].as_array().unwrap().clone();
    let actions = |statement: &Value| match &statement["Action"] {
        Value::String(one) => vec![one.clone()],
        many => serde_json::from_value::<Vec<String>>(many.clone()).unwrap(),
    };
    let mut all: Vec<String> = statements.iter().flat_map(actions).collect();
    all.sort();
    let agent = [
        "ec2:DescribeTags",
        "ecs:DeregisterContainerInstance",
        "ecs:DiscoverPollEndpoint",
        "ecs:Poll",
        "ecs:RegisterContainerInstance",
        "ecs:StartTelemetrySession",
        "ecs:Submit*",
        "ecs:TagResource",
        "ecs:UpdateContainerInstancesState",
    ];
    assert_eq!(all, agent);
    let cluster: Cluster = value(&desired, "cluster");
    let arn = format!("arn:aws:ecs:eu-west-1:123456789012:cluster/{}", cluster.name);
    let registers = statements.iter().find(|it| actions(it).contains(&"ecs:RegisterContainerInstance".to_owned()));
    assert_eq!(registers.unwrap()["Resource"], json!([arn]));
    assert_eq!(role.attached, ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore".to_owned()].into());
}

#[test]
fn an_image_stays_unless_the_newest_is_asked_for() {
    let newest = json!({"amiUpdatePolicy": "Latest"});
    let cases = [
        ("nothing is remembered", json!({}), Memory::default(), "ami-2"),
        ("pinned", json!({}), remembering("ami-1"), "ami-1"),
        ("the newest", newest, remembering("ami-1"), "ami-2"),
        ("one image", json!({"imageId": "ami-3"}), remembering("ami-1"), "ami-3"),
    ];
    for (case, patch, memory, expected) in cases {
        let desired = ecs_cluster(&cluster_scope(), &spec(&patch), &image("ami-2"), &memory).unwrap();
        let template: LaunchTemplate = value(&desired, "general");
        assert_eq!(template.image.id, expected, "{case}");
        let pinned = desired.pins.get(PARAMETER).map(String::as_str);
        assert_eq!(pinned, (expected != "ami-3").then_some(expected), "{case}");
    }
}

#[test]
fn an_image_that_is_forgotten_is_known_by_its_parameter() {
    let seen = LaunchTemplate { ..value(&desired(&json!({})), "general") };
    let wanted = |patch: &Value| -> LaunchTemplate {
        value(&ecs_cluster(&cluster_scope(), &spec(patch), &image("ami-2"), &Memory::default()).unwrap(), "general")
    };
    for (patch, expected) in [(json!({}), "ami-2"), (json!({"amiUpdatePolicy": "Latest"}), "ami-1")] {
        let mut seen = seen.clone();
        wanted(&patch).disown(&mut seen);
        assert_eq!(seen.image.id, expected, "{patch}");
    }
}

#[test]
fn what_cannot_be_told_is_asked_all_at_once() {
    let tagged = json!({"network": {"privateSubnets": {"ids": null, "tags": {"Tier": "private"}}}});
    let scope = Scope { environment: environment(&tagged), ..cluster_scope() };
    let Err(Obstacle::Needs(needs)) = ecs_cluster(&scope, &spec(&json!({})), &Facts::new(), &Memory::default()) else {
        panic!("nothing is asked")
    };
    let asked: Vec<String> = needs.iter().map(ToString::to_string).collect();
    assert_eq!(
        asked,
        [
            "the subnets of vpc-0a1b2c3d with the tags Tier=private".to_owned(),
            format!("the image that {PARAMETER} names")
        ]
    );
}

#[test]
fn what_has_no_image_is_refused_by_its_field() {
    let no_parameter: Facts =
        [(Need::MachineImage { parameter: PARAMETER.to_owned() }, Fact::MachineImage(None))].into();
    let Err(Obstacle::Refused(refusals)) =
        ecs_cluster(&cluster_scope(), &spec(&json!({})), &no_parameter, &Memory::default())
    else {
        panic!("it is not refused")
    };
    assert_eq!(refusals[0].at.0, "spec.ec2Capacity[general].amiParameter");
    let arm_gpu = spec(&json!({"instanceType": "g5g.xlarge"}));
    let expected = [("NoImage".to_owned(), "spec.ec2Capacity[general].instanceType".to_owned())];
    assert_eq!(refused(&cluster_scope(), &arm_gpu), expected);
    let two_images = spec(&json!({"instanceType": null, "instanceTypes": ["m7i.large", "g5.xlarge"]}));
    let expected = [("NoImage".to_owned(), "spec.ec2Capacity[general].instanceTypes".to_owned())];
    assert_eq!(refused(&cluster_scope(), &two_images), expected);
    let named = spec(&json!({"instanceType": null, "instanceTypes": ["m7i.large", "g5.xlarge"], "imageId": "ami-1"}));
    assert_eq!(refused(&cluster_scope(), &named), []);
}

#[test]
fn a_group_that_is_there_needs_a_grant_and_nothing_is_made_for_it_but_a_provider() {
    let arn = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:u:autoScalingGroupName/web";
    let theirs = spec(&json!({
        "instanceType": null, "minSize": null, "maxSize": null, "autoScalingGroupArn": arn,
    }));
    let expected = [("NotGranted".to_owned(), "spec.ec2Capacity[general].autoScalingGroupArn".to_owned())];
    assert_eq!(refused(&cluster_scope(), &theirs), expected);
    let mut granted = cluster_scope();
    let grant = Grant { auto_scaling_group_arns: vec!["*/web".to_owned()], ..Grant::default() };
    granted.environment.iam.as_mut().unwrap().grants.push(grant);
    let desired = ecs_cluster(&granted, &theirs, &Facts::new(), &Memory::default()).unwrap();
    let provider: CapacityProvider = value(&desired, "general");
    assert_eq!(provider.auto_scaling_group, Text::from(arn));
    assert_eq!(desired.graph.len(), 3);
}

#[test]
fn a_name_means_the_clusters_own_entry_first() {
    let mut spec = spec(&json!({}));
    spec.capacity_providers = vec!["FARGATE".to_owned(), "general".to_owned()];
    let desired = ecs_cluster(&cluster_scope(), &spec, &image("ami-1"), &Memory::default()).unwrap();
    let cluster: Cluster = value(&desired, "cluster");
    assert_eq!((cluster.capacity_providers.as_slice(), cluster.providers_apart), (&["FARGATE".to_owned()][..], true));
    let providers: ClusterCapacityProviders = value(&desired, "capacity-providers");
    assert_eq!(providers.capacity_providers.len(), 2);
    assert!(providers.capacity_providers.contains(&"FARGATE".into()));
    assert!(providers.default_strategy[0].capacity_provider.known().is_none());

    let provider: CapacityProvider = value(&desired, "general");
    let reference = ClusterReference { arn: "arn:cluster".to_owned(), ..ClusterReference::default() };
    let reference = reference.of_spec(&cluster_scope().base(), &spec);
    assert!(reference.on_instances);
    let references = References::to_cluster(Reference::Ready(reference));
    let service = hello(&json!({
        "launchType": null, "loadBalancers": null,
        "capacityProviderStrategy": [{"capacityProvider": "general", "weight": 1}],
        "task": {"cpu": null, "memory": null, "networkMode": "bridge", "containerDefinitions": [
            {"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 256},
        ]},
    }));
    let scope = scope(environment(&json!({})));
    let desired = ecs_service(&scope, &service, &Facts::new(), &references, &Memory::default()).unwrap();
    let service: Service = value(&desired, "service");
    assert_eq!(service.capacity_provider_strategy[0].capacity_provider, provider.name);
}

#[test]
fn what_an_entry_makes_is_called_after_its_cluster_and_itself_and_so_are_its_instances() {
    let desired = desired(&json!({"tags": [{"key": "team", "value": "shop"}]}));
    let template: LaunchTemplate = value(&desired, "general");
    let group: AutoScalingGroup = value(&desired, "general");
    let provider: CapacityProvider = value(&desired, "general");
    for name in [&template.name, &group.name, &provider.name] {
        assert!(name.starts_with("shop-ec2-") && name.ends_with("-general"), "{name}");
    }
    assert_eq!(template.instance_tags["Name"], group.name);
    assert_eq!(template.instance_tags["team"], "shop");
    let named = json!({"tags": [{"key": "Name", "value": "workers"}]});
    assert_eq!(value::<LaunchTemplate>(&self::desired(&named), "general").instance_tags["Name"], "workers");
}
