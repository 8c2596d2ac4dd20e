//! Load balancers in front of tasks that share their instance's interface.

use std::collections::{BTreeMap, BTreeSet};

use longshore_crds::EcsClusterSpec;
use longshore_crds::aws_environment::Grant;
use longshore_planner::desired::{
    BalancerAccess, ClusterReference, Reference, balancer_rules, instance_access, let_balancers_in,
};
use longshore_planner::engine::{Action, Graph, Id, Kind, Text};
use longshore_planner::kinds::ec2::security_group::SecurityGroup;
use longshore_planner::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule};
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::elbv2::listener_rule::ListenerRule;
use longshore_planner::kinds::elbv2::target_group::{TargetGroup, TargetType};
use serde_json::{Value, json};

use crate::balanced::{Asked, entry, listener, orders};
use crate::capacity;
use crate::cloud::Cloud;
use crate::objects::{cluster as cluster_reference, environment, scope, value};

/// Example 20's service on instances, in a network mode, with one port mapping, and with more.
fn on_instances(mode: &Value, mapping: &Value, further: &Value) -> Value {
    let web = json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [mapping]});
    let mut patch = json!({
        "launchType": "EC2", "capacityProviderStrategy": null, "networkConfiguration": null,
        "loadBalancers": [entry(&json!({}))],
        "task": {"networkMode": mode, "containerDefinitions": [web]},
    });
    for (name, value) in further.as_object().unwrap() {
        patch[name] = value.clone();
    }
    patch
}

fn in_mode(mode: &str) -> Value {
    on_instances(&json!(mode), &json!({"containerPort": 8080}), &json!({}))
}

fn groups(cloud: &Cloud) -> Vec<TargetType> {
    let groups = cloud.things.iter().filter(|(id, _)| id.kind == TargetGroup::NAME);
    groups.map(|(_, thing)| thing.typed::<TargetGroup>().unwrap().value.target_type).collect()
}

#[test]
fn targets_are_ports_of_instances_unless_tasks_have_an_interface_of_their_own() {
    for (mode, expected) in [
        (Value::Null, TargetType::Instance),
        (json!("bridge"), TargetType::Instance),
        (json!("host"), TargetType::Instance),
        (json!("awsvpc"), TargetType::Ip),
    ] {
        let asked = Asked::orders(&on_instances(&mode, &json!({"containerPort": 8080}), &json!({})));
        let desired = asked.desired();
        let group: TargetGroup = value(&desired, "web");
        assert_eq!((group.target_type, group.health_check.port.as_str()), (expected, "traffic-port"), "{mode}");
        let count = |kind: &str| desired.graph.iter().filter(|(id, _)| id.kind == kind).count();
        let own = usize::from(expected == TargetType::Ip);
        assert_eq!(count(SecurityGroup::NAME), own, "{mode}");
        assert_eq!(count(SecurityGroupRule::NAME), 2 * own, "{mode}: instances are the cluster's to open");
        assert_eq!(desired.warnings.len(), 1 - own, "{mode}: {:?}", desired.warnings);
        let service: Service = value(&desired, "service");
        assert_eq!((service.load_balancers.len(), service.network.is_some()), (1, own == 1), "{mode}");
    }
}

#[test]
fn a_target_group_that_is_given_is_used_as_it_is() {
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/theirs/1";
    let given = json!([{"name": "web", "targetGroupArn": arn, "containerName": "web", "containerPort": 8080}]);
    let mut asked = Asked::orders(&on_instances(
        &json!("bridge"),
        &json!({"containerPort": 8080}),
        &json!({"loadBalancers": given}),
    ))
    .foreign();
    let grant = Grant { target_group_arns: vec![arn.into()], ..Grant::default() };
    asked.scope.environment.iam.as_mut().unwrap().grants.push(grant);
    let service: Service = value(&asked.desired(), "service");
    assert_eq!(service.load_balancers[0].target_group_arn, arn.into());
    assert_eq!(asked.desired().graph.iter().filter(|(id, _)| id.kind == TargetGroup::NAME).count(), 0);
}

#[test]
fn another_network_mode_is_another_target_group_and_the_old_one_stays_until_the_service_has_moved() {
    let (mut asked, mut cloud) = (Asked::orders(&in_mode("awsvpc")), Cloud::default());
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    cloud.slow = true;
    for (next, is) in [("bridge", TargetType::Instance), ("awsvpc", TargetType::Ip)] {
        cloud.log.clear();
        asked.change(&in_mode(next));
        let waits = cloud.settle_service(&mut asked);
        assert!(waits.iter().all(|step| step.action == Action::Wait), "{next}: {waits:?}");
        assert_eq!((groups(&cloud).len(), cloud.count::<ListenerRule>()), (2, 2), "{next}: {waits:?}");
        cloud.finish();
        assert_eq!(cloud.settle_service(&mut asked), vec![], "{next}");
        assert_eq!((groups(&cloud), cloud.count::<ListenerRule>()), (vec![is], 1), "{next}");
        assert_eq!(cloud.count::<SecurityGroup>(), usize::from(is == TargetType::Ip), "{next}");
        let at = |what: &str| cloud.log.iter().position(|one| one.starts_with(what)).unwrap();
        assert!(at("create web") < at("update service") && at("update service") < at("delete web"), "{:?}", cloud.log);
    }
    // Of two modes that share the instance's interface each may take the other's place.
    asked.change(&in_mode("host"));
    cloud.settle_service(&mut asked);
    cloud.finish();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    let before: Vec<Id> = cloud.things.keys().filter(|id| id.kind == TargetGroup::NAME).cloned().collect();
    asked.change(&in_mode("bridge"));
    cloud.settle_service(&mut asked);
    cloud.finish();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    assert!(cloud.things.keys().filter(|id| id.kind == TargetGroup::NAME).eq(&before));
}

#[test]
fn traffic_shifts_between_two_groups_of_one_type() {
    for strategy in ["BLUE_GREEN", "LINEAR", "CANARY"] {
        for (mode, expected) in
            [("bridge", TargetType::Instance), ("host", TargetType::Instance), ("awsvpc", TargetType::Ip)]
        {
            let more = json!({"deploymentConfiguration": {"strategy": strategy}});
            let (mut asked, mut cloud) =
                (Asked::orders(&on_instances(&json!(mode), &json!({"containerPort": 8080}), &more)), Cloud::default());
            assert_eq!(cloud.settle_service(&mut asked), vec![], "{strategy} {mode}");
            assert_eq!(groups(&cloud), [expected; 2], "{strategy} {mode}");
        }
    }
}

fn access(security_group_id: &str, from_port: i32, to_port: i32) -> BalancerAccess {
    BalancerAccess { security_group_id: security_group_id.into(), from_port, to_port }
}

fn accesses(patch: &Value, on_instances: bool) -> BTreeSet<BalancerAccess> {
    let cluster = ClusterReference { on_instances, ..cluster_reference().ready().unwrap().clone() };
    let listeners = BTreeMap::from([("web".to_owned(), Reference::Ready(listener()))]);
    instance_access(&orders(patch), &cluster, &listeners)
}

#[test]
fn what_a_load_balancer_reaches_of_an_instance_follows_from_mode_and_mapping() {
    let dynamic = (32_768, 65_535);
    let checked = json!({"loadBalancers": [entry(&json!({"healthCheck": {"port": "9000"}}))]});
    let unbalanced = json!({"loadBalancers": null});
    let unknown = json!({"loadBalancers": [entry(&json!({"name": "other"}))]});
    let by_cluster = json!({"launchType": null});
    let none = json!({});
    let plain = json!({"containerPort": 8080});
    let fixed = json!({"containerPort": 8080, "hostPort": 80});
    let cases = [
        ("bridge", &plain, &none, vec![dynamic]),
        ("bridge", &json!({"containerPort": 8080, "hostPort": 0}), &none, vec![dynamic]),
        ("bridge", &fixed, &none, vec![(80, 80)]),
        ("bridge", &json!({"containerPort": 8080, "hostPort": 80, "protocol": "udp"}), &none, vec![dynamic]),
        ("host", &plain, &none, vec![(8080, 8080)]),
        ("host", &json!({"containerPort": 8080, "hostPort": 8080}), &none, vec![(8080, 8080)]),
        ("bridge", &fixed, &checked, vec![(80, 80), (9000, 9000)]),
        ("bridge", &plain, &checked, vec![(9000, 9000), dynamic]),
        ("bridge", &plain, &by_cluster, vec![dynamic]),
        ("bridge", &plain, &unbalanced, vec![]),
        ("bridge", &plain, &unknown, vec![]),
        ("awsvpc", &plain, &none, vec![]),
    ];
    for (mode, mapping, more, expected) in cases {
        let patch = on_instances(&json!(mode), mapping, more);
        let expected = expected.into_iter().map(|(from, to)| access("sg-0public", from, to)).collect();
        assert_eq!(accesses(&patch, true), expected, "{mode} {mapping} {more}");
    }
    let fargate = json!({"loadBalancers": [entry(&json!({}))]});
    assert_eq!(accesses(&fargate, true), [].into(), "on Fargate");
    let left_out = on_instances(&Value::Null, &plain, &by_cluster);
    assert_eq!(accesses(&left_out, true).len(), 1, "bridge where nothing is said, and the cluster has instances");
    assert_eq!(accesses(&left_out, false), [].into(), "the cluster has none");
}

#[test]
fn a_cluster_lets_each_load_balancer_in_once_on_what_the_services_behind_it_need() {
    let mut cluster = scope(environment(&json!({})));
    (cluster.object_kind, cluster.name) = ("EcsCluster", "main".into());
    let wide = access("sg-0public", 32_768, 65_535);
    let all = [
        wide.clone(),
        // One that the first covers.
        access("sg-0public", 40_000, 40_000),
        access("sg-0public", 80, 80),
        access("sg-0inner", 40_000, 40_000),
    ];
    let all: BTreeSet<BalancerAccess> = all.into();
    let mut graph = Graph::default();
    for entry in ["general", "a-balancer-b"] {
        balancer_rules(&mut graph, &cluster, entry, &Text::from(format!("sg-0{entry}")), &all).unwrap();
    }
    let told: Vec<(Id, SecurityGroupRule)> =
        graph.iter().map(|(id, node)| (id.clone(), serde_json::from_value(node.want.clone()).unwrap())).collect();
    assert_eq!(told.len(), 6, "{told:?}");
    for (id, rule) in &told {
        let Peer::Group(peer) = &rule.peer else { panic!("{rule:?}") };
        let known = access(peer.known().unwrap(), rule.from_port, rule.to_port);
        assert_eq!(BalancerAccess::of_id(id), Some(known), "{id}: read back from its key");
        assert_eq!((rule.direction, rule.protocol.as_str()), (Direction::Ingress, "tcp"));
        assert!(rule.description.contains("EcsCluster/shop/main"), "{}", rule.description);
    }
    assert!(told.iter().any(|(id, _)| BalancerAccess::of_id(id) == Some(wide.clone())));
    let others =
        ["ec2/security-group-rule:general-egress-all@0123abcd", "ec2/security-group:x-balancer-sg-1-1-2@0123abcd"];
    for id in others.map(|id| id.parse::<Id>().unwrap()) {
        assert_eq!(BalancerAccess::of_id(&id), None, "{id}");
    }
}

#[test]
fn the_rules_are_in_the_group_of_the_instances_that_the_cluster_makes_and_the_service_warns_of_others() {
    let all = BTreeSet::from([access("sg-0public", 80, 80), access("sg-0inner", 32_768, 65_535)]);
    let spec = capacity::spec(&json!({}));
    let cluster = let_balancers_in(capacity::desired(&json!({})), &capacity::cluster_scope(), &spec, &all).unwrap();
    let group = cluster.graph.iter().find(|(id, _)| id.kind == SecurityGroup::NAME).unwrap().0.clone();
    let rules = cluster.graph.iter().filter(|(id, _)| BalancerAccess::of_id(id).is_some());
    let rules: Vec<SecurityGroupRule> =
        rules.map(|(_, node)| serde_json::from_value(node.want.clone()).unwrap()).collect();
    assert_eq!(rules.len(), 2);
    assert!(rules.iter().all(|rule| rule.group == Text::out(group.clone(), "id")), "{rules:?}");

    let warned = |patch: &Value| {
        let mut asked = Asked::orders(&on_instances(&json!("bridge"), &json!({"containerPort": 8080}), patch));
        let providers = BTreeMap::from([("general".to_owned(), "shop-main-general".to_owned())]);
        let own = ClusterReference { on_instances: true, providers, ..cluster_reference().ready().unwrap().clone() };
        asked.references.cluster = Reference::Ready(own);
        !asked.desired().warnings.is_empty()
    };
    let by =
        |name: &str| json!({"launchType": null, "capacityProviderStrategy": [{"capacityProvider": name, "weight": 1}]});
    assert!(!warned(&json!({"launchType": null})) && !warned(&by("general")));
    assert!(warned(&by("theirs")) && warned(&json!({})), "on instances that somebody else may have made");
}

#[test]
fn instances_of_a_group_that_is_only_named_are_somebody_elses_to_open() {
    let arn = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:u:autoScalingGroupName/web";
    let spec = |default: &str| -> EcsClusterSpec {
        serde_json::from_value(json!({
            "ec2Capacity": [
                {"name": "general", "instanceType": "m7g.large", "maxSize": 3},
                {"name": "theirs", "autoScalingGroupArn": arn},
            ],
            "defaultCapacityProviderStrategy": [{"capacityProvider": default, "weight": 1}],
        }))
        .unwrap()
    };
    let by = |names: &[&str]| {
        let items: Vec<Value> = names.iter().map(|name| json!({"capacityProvider": name, "weight": 1})).collect();
        json!({"launchType": null, "capacityProviderStrategy": items})
    };
    let cases = [
        ("general", by(&["general"]), false),
        ("general", by(&["theirs"]), true),
        ("general", by(&["general", "theirs"]), true),
        ("general", json!({"launchType": null}), false),
        ("theirs", json!({"launchType": null}), true),
    ];
    for (default, patch, expected) in cases {
        let mut asked = Asked::orders(&on_instances(&json!("bridge"), &json!({"containerPort": 8080}), &patch));
        let cluster = cluster_reference().ready().unwrap().clone().of_spec("shop-main", &spec(default));
        asked.references.cluster = Reference::Ready(cluster);
        assert_eq!(!asked.desired().warnings.is_empty(), expected, "{default} {patch}");
    }
}

#[test]
fn what_no_load_balancer_would_reach_is_refused_by_field() {
    let checks = |mode: &str, mapping: &Value, port: &str| {
        let more = json!({"loadBalancers": [entry(&json!({"healthCheck": {"port": port}}))]});
        Asked::orders(&on_instances(&json!(mode), mapping, &more)).refused()
    };
    let plain = json!({"containerPort": 8080});
    let refused = vec![("PortNotMapped".to_owned(), "spec.loadBalancers[web].healthCheck.port".to_owned())];
    assert_eq!(checks("bridge", &plain, "8080"), refused, "no container has that port of the instance");
    assert_eq!(checks("bridge", &json!({"containerPort": 8080, "hostPort": 9000}), "9000"), []);
    assert_eq!(checks("bridge", &plain, "traffic-port"), []);
    assert_eq!(checks("host", &plain, "9000"), [], "a container may open it without a mapping");
    assert_eq!(checks("awsvpc", &plain, "9000"), []);
    let refused = Asked::orders(&in_mode("none")).refused();
    assert!(
        refused.contains(&("PortNotMapped".to_owned(), "spec.loadBalancers[web].containerPort".to_owned())),
        "{refused:?}"
    );
}

#[test]
fn a_wider_rule_of_the_same_load_balancer_covers_a_narrower_one() {
    let access =
        |group: &str, from_port, to_port| BalancerAccess { security_group_id: group.into(), from_port, to_port };
    let wide = access("sg-1", 80, 90);
    for (narrow, expected) in [
        (access("sg-1", 80, 90), true),
        (access("sg-1", 80, 80), true),
        (access("sg-1", 90, 90), true),
        (access("sg-1", 79, 85), false),
        (access("sg-1", 85, 91), false),
        (access("sg-2", 85, 85), false),
    ] {
        assert_eq!(wide.covers(&narrow), expected, "{narrow:?}");
    }
}

#[test]
fn what_must_be_let_in_on_somebody_else_s_instances_is_told_by_its_ports() {
    for (mapping, check, expected) in [
        (json!({"containerPort": 8080}), Value::Null, "on ports 32768 to 65535 of their instances"),
        (json!({"containerPort": 8080, "hostPort": 80}), Value::Null, "on port 80 of their instances"),
    ] {
        let more = json!({"loadBalancers": [entry(&json!({"healthCheck": check}))]});
        let desired = Asked::orders(&on_instances(&json!("bridge"), &mapping, &more)).desired();
        assert!(desired.warnings[0].message.contains(expected), "{:?}", desired.warnings);
    }
}

#[test]
fn a_load_balancer_of_somebody_else_is_let_in_on_instances_only_by_a_grant() {
    let theirs = json!({"loadBalancer": {"name": null, "listenerArn": crate::balanced::OTHER_LISTENER, "securityGroupId": "sg-0theirs"}, "listener": null});
    let more = json!({"loadBalancers": [entry(&theirs)]});
    let mut asked = Asked::orders(&on_instances(&json!("bridge"), &json!({"containerPort": 8080}), &more)).foreign();
    let at = "spec.loadBalancers[web].loadBalancer.securityGroupId".to_owned();
    for (granted, expected) in [(vec![], true), (vec!["sg-0theirs".to_owned()], false)] {
        let listener_arns = vec![crate::balanced::OTHER_LISTENER.into()];
        let grant = Grant { listener_arns, security_group_ids: Some(granted), ..Grant::default() };
        asked.scope.environment.iam.as_mut().unwrap().grants = vec![grant];
        assert_eq!(asked.refused().iter().any(|(_, field)| *field == at), expected, "{:?}", asked.refused());
    }
}
