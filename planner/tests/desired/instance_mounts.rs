//! File systems that tasks mount by the interface of their instance.

use std::collections::BTreeSet;

use longshore_crds::ecs_cluster::Ec2CapacityStatus;
use longshore_crds::{EcsClusterSpec, EcsClusterStatus, EcsServiceSpec};
use longshore_planner::desired::{
    ClusterReference, Desired, Fact, Facts, FileSystemReference, Memory, MountAccess, Need, Obstacle, Reference,
    References, ecs_service, instance_mounts, let_instances_mount, mounts_in_aws,
};
use longshore_planner::engine::{Action, Id, Inventory, Kind, Options, Seen, Text, Thing, Unreadable, World, plan};
use longshore_planner::kinds;
use longshore_planner::kinds::ec2::security_group::SecurityGroup;
use longshore_planner::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule, SecurityGroupRuleOutput};
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::iam::role::Role;
use longshore_planner::report::fill_cluster;
use serde_json::{Value, json};

use crate::capacity;
use crate::objects::{cluster as of_arn, container, hello, node, scope, value, with_host_namespaces};

/// The mount targets' group of the file system that is mounted.
const FILES: &str = "sg-0files";

/// Two entries of instances that the cluster makes, and one of instances that it does not.
fn cluster_spec() -> EcsClusterSpec {
    let arn = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:u:autoScalingGroupName/web";
    serde_json::from_value(json!({
        "ec2Capacity": [
            {"name": "general", "instanceType": "m7g.large", "maxSize": 3},
            {"name": "large", "instanceTypes": ["m7g.4xlarge"], "maxSize": 3},
            {"name": "theirs", "autoScalingGroupArn": arn},
        ],
        "defaultCapacityProviderStrategy": [{"capacityProvider": "general", "weight": 1}],
    }))
    .unwrap()
}

/// The cluster, whose entries of these names reach the file system.
fn cluster(reaching: &[&str]) -> ClusterReference {
    let entry = |name: &&str| Ec2CapacityStatus {
        name: (*name).to_owned(),
        mount_target_security_group_ids: vec!["sg-0other".to_owned(), FILES.to_owned()],
        ..Ec2CapacityStatus::default()
    };
    let told: Vec<Ec2CapacityStatus> = reaching.iter().map(entry).collect();
    let reference = of_arn().ready().unwrap().clone();
    reference.of_spec("shop-main", &cluster_spec()).with_instances(&cluster_spec(), &told)
}

/// Example 10, with a volume of EFS, in a network mode, with more.
fn mounting(mode: &str, efs: &Value, further: &Value) -> EcsServiceSpec {
    let mounted =
        container(&json!({"memory": 512, "mountPoints": [{"sourceVolume": "shared", "containerPath": "/data"}]}));
    let mut patch = json!({
        "launchType": null, "networkConfiguration": null,
        "task": {
            "cpu": null, "memory": null, "runtimePlatform": null, "networkMode": mode, "containerDefinitions": [mounted],
            "volumes": [{"name": "shared", "efsVolumeConfiguration": efs}],
        },
    });
    for (name, value) in further.as_object().unwrap() {
        patch[name] = value.clone();
    }
    hello(&patch)
}

fn by_reference() -> Value {
    json!({"fileSystemRef": {"name": "shared"}, "authorizationConfig": {"accessPointRef": "orders"}})
}

fn on(names: &[&str]) -> Value {
    let items: Vec<Value> = names.iter().map(|name| json!({"capacityProvider": name, "weight": 1})).collect();
    json!({"capacityProviderStrategy": items})
}

fn desire(spec: &EcsServiceSpec, cluster: ClusterReference, files: Option<&str>) -> Result<Desired, Obstacle> {
    let known = FileSystemReference {
        file_system_id: "fs-1".into(),
        clients_security_group_id: "sg-0clients".into(),
        security_group_id: files.map(Into::into),
        access_points: [("orders".to_owned(), Some("fsap-1".to_owned()))].into(),
    };
    let file_systems = [(("shop".to_owned(), "shared".to_owned()), Reference::Ready(known))].into();
    let references = References { file_systems, ..References::to_cluster(Reference::Ready(cluster)) };
    let mut scope = scope(with_host_namespaces());
    scope.environment.iam.as_mut().unwrap().grants[0].file_system_arns = vec!["*".to_owned()];
    ecs_service(&scope, spec, &Facts::new(), &references, &Memory::default())
}

fn asked(spec: &EcsServiceSpec, cluster: &ClusterReference) -> Vec<String> {
    instance_mounts(spec, cluster, &[FILES.to_owned()].into()).into_iter().map(|mount| mount.entry).collect()
}

#[test]
fn a_task_that_shares_its_instance_s_interface_mounts_by_access_point_and_role_and_joins_no_group() {
    for mode in ["bridge", "host", "none"] {
        let desired = desire(&mounting(mode, &by_reference(), &json!({})), cluster(&["general"]), Some(FILES)).unwrap();
        assert_eq!(desired.warnings, [], "{mode}");
        let task: TaskDefinition = value(&desired, "task");
        let efs = task.content.volumes[0].efs_volume_configuration.clone().unwrap();
        let authorization = efs.authorization_config.unwrap();
        assert_eq!(
            (efs.file_system_id.as_deref(), authorization.access_point_id.as_deref()),
            (Some("fs-1"), Some("fsap-1"))
        );
        let statement = value::<Role>(&desired, "task-role").inline["task-definition"]["Statement"][0].clone();
        assert_eq!(statement["Action"], json!(["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]));
        assert!(value::<Service>(&desired, "service").network.is_none(), "{mode}");
        assert!(desired.graph.iter().all(|(id, _)| id.kind != SecurityGroupRule::NAME), "{mode}: it is the cluster's");
    }
}

#[test]
fn it_waits_until_the_mount_targets_let_in_every_instance_that_its_tasks_may_run_on() {
    let spec = |further: &Value| mounting("bridge", &by_reference(), further);
    let by_launch_type = json!({"launchType": "EC2"});
    let cases: [(&Value, &[&str], &[&str]); 7] = [
        (&json!({}), &[], &["general"]),
        (&json!({}), &["general"], &[]),
        (&on(&["general", "large"]), &["general"], &["large"]),
        (&on(&["large"]), &["general"], &["large"]),
        (&by_launch_type, &["general"], &["large"]),
        (&by_launch_type, &["general", "large"], &[]),
        // Instances that somebody else made are not for Longshore to see to.
        (&on(&["theirs"]), &[], &[]),
    ];
    for (further, reaching, missing) in cases {
        match desire(&spec(further), cluster(reaching), Some(FILES)) {
            Ok(_) => assert_eq!(missing, [""; 0], "{further} {reaching:?}"),
            Err(Obstacle::Waiting { reason, message }) => {
                assert_eq!(reason, "InstancesNotLetIn");
                let instances = format!("do not let in the instances {} yet", missing.join(", "));
                assert!(!missing.is_empty() && message.contains(&instances), "{further} {reaching:?}: {message}");
                assert!(
                    message.starts_with("spec.task.volumes[shared].efsVolumeConfiguration.fileSystemRef: "),
                    "{message}"
                );
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    let untold = desire(&spec(&json!({})), cluster(&["general"]), None);
    assert!(matches!(untold, Err(Obstacle::Waiting { .. })), "its group is not known yet: {untold:?}");
    let own = desire(&mounting("awsvpc", &by_reference(), &json!({})), cluster(&[]), Some(FILES)).unwrap();
    let network = value::<Service>(&own, "service").network.unwrap();
    assert!(
        network.security_groups.contains(&"sg-0clients".into()),
        "with an interface of its own it joins the clients"
    );
    let gone = of_arn().ready().unwrap().clone().of_spec("shop-main", &cluster_spec());
    assert!(
        desire(&spec(&json!({})), gone, Some(FILES)).is_ok(),
        "who goes is told of no instances, and waits for none"
    );
}

#[test]
fn what_instances_must_reach_follows_from_where_tasks_may_run() {
    let cases: [(&str, Value, &[&str]); 6] = [
        ("bridge", json!({}), &["general"]),
        ("host", on(&["large", "theirs"]), &["large"]),
        ("none", json!({"launchType": "EC2"}), &["general", "large"]),
        ("bridge", on(&["somebody-elses"]), &[]),
        ("awsvpc", json!({"launchType": "EC2"}), &[]),
        ("awsvpc", json!({"launchType": "FARGATE"}), &[]),
    ];
    for (mode, further, expected) in cases {
        assert_eq!(asked(&mounting(mode, &by_reference(), &further), &cluster(&[])), expected, "{mode} {further}");
    }
    let by_arn = of_arn().ready().unwrap().clone();
    let unknown = asked(&mounting("bridge", &by_reference(), &json!({"launchType": "EC2"})), &by_arn);
    assert_eq!(unknown, [""; 0], "of a cluster that is only named nobody knows the instances");
}

#[test]
fn whose_group_nobody_knows_is_left_to_people_with_the_way_to_go() {
    let foreign = json!({"fileSystemId": "fs-0b"});
    let arn = || of_arn().ready().unwrap().clone();
    let cases = [
        ("bridge", by_reference(), json!({}), cluster(&["general"]), None),
        ("bridge", by_reference(), on(&["theirs"]), cluster(&[]), Some("sg-0clients")),
        ("bridge", by_reference(), on(&["general", "theirs"]), cluster(&["general"]), Some("sg-0clients")),
        ("bridge", by_reference(), json!({"launchType": "EC2"}), cluster(&["general", "large"]), Some("sg-0clients")),
        ("bridge", by_reference(), json!({"launchType": "EC2"}), arn(), Some("sg-0clients")),
        ("bridge", foreign.clone(), json!({}), cluster(&[]), Some("port 2049")),
        ("awsvpc", foreign, json!({"launchType": "EC2"}), arn(), None),
    ];
    for (mode, efs, further, cluster, expected) in cases {
        let desired = desire(&mounting(mode, &efs, &further), cluster, Some(FILES)).unwrap();
        let words: Vec<String> = desired.warnings.iter().map(|it| format!("{}: {}", it.at, it.message)).collect();
        assert_eq!(words.len(), usize::from(expected.is_some()), "{mode} {efs} {further}: {words:?}");
        if let (Some(expected), Some(words)) = (expected, words.first()) {
            assert!(
                words.starts_with("spec.task.volumes[shared].efsVolumeConfiguration: ") && words.contains(expected),
                "{words}"
            );
        }
    }
}

fn mounts(entry: &str, groups: &[&str]) -> BTreeSet<MountAccess> {
    let mount = |group: &&str| MountAccess { entry: entry.to_owned(), security_group_id: (*group).to_owned() };
    groups.iter().map(mount).collect()
}

fn reaching(groups: &[&str]) -> Desired {
    let spec = capacity::spec(&json!({}));
    let mounts = mounts("general", groups);
    let none = BTreeSet::new();
    let_instances_mount(capacity::desired(&json!({})), &capacity::cluster_scope(), &spec, &mounts, &none).unwrap()
}

fn rules(desired: &Desired) -> Vec<(Id, SecurityGroupRule)> {
    let rules = desired.graph.iter().filter(|(id, _)| MountAccess::of_id(id).is_some());
    rules.map(|(id, node)| (id.clone(), serde_json::from_value(node.want.clone()).unwrap())).collect()
}

#[test]
fn a_cluster_has_its_instances_let_in_by_the_mount_targets_on_the_port_of_nfs_alone() {
    let desired = reaching(&[FILES, "sg-0more"]);
    let group = desired.graph.iter().find(|(id, _)| id.kind == SecurityGroup::NAME).unwrap().0.clone();
    let rules = rules(&desired);
    assert_eq!(rules.len(), 2, "{rules:?}");
    for (id, rule) in &rules {
        let mount = MountAccess::of_id(id).unwrap();
        assert_eq!((mount.entry.as_str(), rule.group.known()), ("general", Some(mount.security_group_id.as_str())));
        assert_eq!(
            (rule.direction, rule.protocol.as_str(), rule.from_port, rule.to_port),
            (Direction::Ingress, "tcp", 2049, 2049)
        );
        assert_eq!(rule.peer, Peer::Group(Text::out(group.clone(), "id")));
    }
    let foreign = cluster_spec();
    let mounts = mounts("theirs", &[FILES]);
    let theirs =
        let_instances_mount(capacity::desired(&json!({})), &capacity::cluster_scope(), &foreign, &mounts, &mounts);
    assert_eq!(self::rules(&theirs.unwrap()), [], "instances of a group that is only named are its owner's to let in");
    let others = [
        "ec2/security-group-rule:general-egress-all@0123abcd",
        "ec2/security-group-rule:a-mounts-b-balancer-sg-0a-80-80@0123abcd",
        "ec2/security-group:x-mounts-sg-1@0123abcd",
    ];
    for id in others.map(|id| id.parse::<Id>().unwrap()) {
        assert_eq!(MountAccess::of_id(&id), None, "{id}");
    }
}

#[test]
fn instances_that_ecs_manages_are_let_in_for_tasks_of_their_provider_alone() {
    let mut spec = cluster_spec();
    let managed = json!({"name": "managed", "managedInstances": {}});
    spec.ec2_capacity.push(serde_json::from_value(managed).unwrap());
    let told: [Ec2CapacityStatus; 0] = [];
    let cluster = of_arn().ready().unwrap().clone().of_spec("shop-main", &spec).with_instances(&spec, &told);
    let by_provider = asked(&mounting("host", &by_reference(), &on(&["managed"])), &cluster);
    assert_eq!(by_provider, ["managed"]);
    let by_launch_type = asked(&mounting("host", &by_reference(), &json!({"launchType": "EC2"})), &cluster);
    assert_eq!(by_launch_type, ["general", "large"]);
}

/// What AWS has of a cluster's rules of this kind and of the group that they name.
fn world(desired: &Desired) -> World {
    let mut world = World::default();
    for (id, rule) in rules(desired) {
        let seen = Seen::active(rule).with_output(SecurityGroupRuleOutput::Id, format!("sgr-{}", id.key));
        world.things.insert(id, Thing::erase(seen).unwrap());
    }
    world
}

#[test]
fn a_cluster_tells_where_its_instances_are_let_in_and_goes_on_telling_it_while_a_rule_is_made_again() {
    let told = |desired: &Desired, world: &World, before: &[&str]| {
        let before = before.iter().map(|group| (*group).to_owned()).collect();
        let entry = Ec2CapacityStatus {
            name: "general".to_owned(),
            mount_target_security_group_ids: before,
            ..Ec2CapacityStatus::default()
        };
        let mut status = EcsClusterStatus { ec2_capacity: vec![entry], ..EcsClusterStatus::default() };
        fill_cluster(&mut status, &desired.graph, world);
        status.ec2_capacity[0].mount_target_security_group_ids.clone()
    };
    let two = reaching(&[FILES, "sg-0more"]);
    assert_eq!(told(&two, &World::default(), &[]), [""; 0], "what is not there yet is not told");
    assert_eq!(told(&two, &world(&reaching(&[FILES])), &[]), [FILES]);
    assert_eq!(told(&two, &World::default(), &[FILES]), [FILES], "it was taken away, and is made again");
    assert_eq!(told(&reaching(&[]), &world(&two), &[FILES]), [""; 0], "what nobody asks for any more");
    let unread = World {
        unknown: rules(&two).into_iter().map(|(id, _)| (id, Unreadable::for_now("a time-out"))).collect(),
        ..World::default()
    };
    assert_eq!(told(&two, &unread, &[FILES]), [FILES], "a group that was not told before may not be there");
}

#[test]
fn a_rule_that_nobody_needs_goes_alone_and_before_the_group_that_it_names() {
    let (before, after) = (reaching(&[FILES, "sg-0more"]), reaching(&[FILES]));
    let world = world(&before);
    let inventory: BTreeSet<Id> = rules(&before).into_iter().map(|(id, _)| id).collect();
    let planned = plan(&after.graph, &inventory, &world, &kinds::all(), &Options::default());
    let goes: Vec<&str> =
        planned.runnable().filter(|step| inventory.contains(&step.id)).map(|step| step.id.key.as_str()).collect();
    assert_eq!(goes, ["general-mounts-sg-0more"]);
    assert!(node::<SecurityGroup>(&after, "general").is_some());
}

#[test]
fn a_cluster_that_has_lost_its_status_looks_for_rules_in_groups_that_are_not_its_own() {
    let (scope, spec, none) = (capacity::cluster_scope(), capacity::spec(&json!({})), BTreeSet::new());
    let need = Need::SecurityGroupRulesOf { ownership: scope.ownership() };
    assert_eq!(mounts_in_aws(&scope, &Facts::new()), Err(Obstacle::Needs(vec![need.clone()])));
    let before = reaching(&[FILES]);
    let ids: BTreeSet<Id> = before.graph.iter().map(|(id, _)| id.clone()).collect();
    let facts: Facts = [(need, Fact::SecurityGroupRulesOf(ids))].into();
    let found = mounts_in_aws(&scope, &facts).unwrap();
    assert_eq!(found, mounts("general", &[FILES]));
    let cluster = let_instances_mount(capacity::desired(&json!({})), &scope, &spec, &none, &found).unwrap();
    assert_eq!(rules(&cluster), []);
    let look_at = cluster.look_at(&Inventory::default());
    let left: Vec<Id> = rules(&before).into_iter().map(|(id, _)| id).collect();
    assert!(left.iter().all(|id| look_at.get(id).is_some()), "what nobody asks for any more is found");
    let planned = plan(&cluster.graph, &BTreeSet::new(), &world(&before), &kinds::all(), &Options::default());
    let goes: Vec<&Id> = planned.runnable().filter(|step| step.action == Action::Delete).map(|step| &step.id).collect();
    assert_eq!(goes, left.iter().collect::<Vec<_>>());
}

#[test]
fn by_a_launch_type_tasks_run_on_no_instance_that_ecs_manages_though_the_default_is_of_those() {
    let mut cluster = cluster(&[]);
    let name = cluster.instances.keys().next().unwrap().clone();
    cluster.managed = [name.clone()].into();
    cluster.default_providers = vec![name.clone()];
    let entries = |further: Value| -> BTreeSet<String> {
        let spec = mounting("host", &by_reference(), &further);
        instance_mounts(&spec, &cluster, &[FILES.to_owned()].into()).into_iter().map(|it| it.entry).collect()
    };
    let others = cluster.instances.keys().filter(|entry| **entry != name).cloned().collect();
    assert_eq!(entries(json!({"launchType": "EC2"})), others);
}
