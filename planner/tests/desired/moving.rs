//! No change costs traffic, what is taken away comes back, and everything goes in order.

use std::collections::BTreeSet;

use longshore_planner::engine::{Action, Graph, Id, Kind};
use longshore_planner::kinds::ec2::security_group_rule::SecurityGroupRule;
use longshore_planner::kinds::elbv2::listener_rule::ListenerRule;
use longshore_planner::kinds::elbv2::target_group::TargetGroup;
use serde_json::json;

use crate::balanced::{Asked, balance, behind, vpc};
use crate::cloud::Cloud;

#[test]
fn another_container_port_costs_no_traffic() {
    let port = |port: i32| behind(&json!({"containerPort": port}));
    let mut asked = Asked::orders(&port(8080));
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    let groups: Vec<Id> = cloud.things.keys().filter(|id| id.kind == TargetGroup::NAME).cloned().collect();
    cloud.slow = true;
    for next in [9090, 8080] {
        asked.change(&port(next));
        let waits = cloud.settle_service(&mut asked);
        assert!(waits.iter().all(|step| step.action == Action::Wait), "{waits:?}");
        assert!(
            waits.iter().any(|step| step.id.key == "traffic-web" && step.reason.contains("has moved")),
            "{waits:?}"
        );
        cloud.finish();
        assert_eq!(cloud.settle_service(&mut asked), vec![]);
    }
    let now: Vec<Id> = cloud.things.keys().filter(|id| id.kind == TargetGroup::NAME).cloned().collect();
    assert_eq!(now, groups, "ECS registers tasks with their own port: the target group is the same");
}

#[test]
fn another_protocol_makes_another_target_group_and_the_old_one_stays_until_the_service_has_moved() {
    let speaks = |protocol: &str| behind(&json!({"protocol": protocol, "containerPort": 8443}));
    let mut asked = Asked::orders(&speaks("HTTP"));
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    cloud.slow = true;
    for next in ["HTTPS", "HTTP"] {
        cloud.log.clear();
        asked.change(&speaks(next));
        let waits = cloud.settle_service(&mut asked);
        assert_eq!((cloud.count::<TargetGroup>(), cloud.count::<ListenerRule>()), (2, 2), "{waits:?}");
        let rules: Vec<(bool, i64)> = cloud
            .things
            .iter()
            .filter(|(id, _)| id.kind == ListenerRule::NAME)
            .map(|(id, thing)| (asked.desired().graph.get(id).is_some(), thing.value["priority"].as_i64().unwrap()))
            .collect();
        let of = |wanted: bool| rules.iter().find(|(is, _)| *is == wanted).unwrap().1;
        assert!(of(false) < of(true), "the old rule answers first until it goes");
        cloud.finish();
        assert_eq!(cloud.settle_service(&mut asked), vec![]);
        assert_eq!((cloud.count::<TargetGroup>(), cloud.count::<ListenerRule>()), (1, 1));
        let order: Vec<&str> = cloud.log.iter().map(String::as_str).collect();
        let at = |what: &str| order.iter().position(|one| one.starts_with(what)).unwrap();
        assert!(at("create web") < at("update service") && at("update service") < at("delete web"), "{order:?}");
    }
}

#[test]
fn a_priority_that_is_given_passes_from_the_old_rule_to_the_new() {
    let rules = json!([{"hosts": ["shop.example.com"], "priority": 7}]);
    let speaks = |protocol: &str| behind(&json!({"protocol": protocol, "containerPort": 8443, "rules": rules}));
    let mut asked = Asked::orders(&speaks("HTTP"));
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    cloud.slow = true;
    asked.change(&speaks("HTTPS"));
    cloud.settle_service(&mut asked);
    let priorities = |cloud: &Cloud| -> Vec<i64> {
        let rules = cloud.things.iter().filter(|(id, _)| id.kind == ListenerRule::NAME);
        let mut found: Vec<i64> = rules.map(|(_, thing)| thing.value["priority"].as_i64().unwrap()).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(priorities(&cloud), [7, 8], "the new one comes after the old one, which has it");
    cloud.finish();
    cloud.settle_service(&mut asked);
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    assert_eq!(priorities(&cloud), [7]);
}

#[test]
fn turning_back_half_way_leaves_nothing_over() {
    let speaks = |protocol: &str| behind(&json!({"protocol": protocol, "containerPort": 8443}));
    let mut asked = Asked::orders(&speaks("HTTP"));
    let mut cloud = Cloud::default();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    let before: BTreeSet<Id> = cloud.things.keys().cloned().collect();
    cloud.slow = true;
    asked.change(&speaks("HTTPS"));
    cloud.settle_service(&mut asked);
    asked.change(&speaks("HTTP"));
    cloud.settle_service(&mut asked);
    cloud.finish();
    assert_eq!(cloud.settle_service(&mut asked), vec![]);
    assert_eq!(cloud.things.keys().cloned().collect::<BTreeSet<_>>(), before);
}

#[test]
fn what_is_taken_away_behind_our_back_is_put_right() {
    let mut asked = Asked::orders(&json!({}));
    let mut cloud = Cloud::default();
    cloud.settle_service(&mut asked);
    let lost: Vec<Id> = cloud
        .things
        .keys()
        .filter(|id| id.kind.starts_with("elbv2/") || id.kind == SecurityGroupRule::NAME)
        .cloned()
        .collect();
    assert!(lost.len() >= 4);
    for id in lost {
        cloud.things.remove(&id);
        let plan = cloud.plan(&asked.desired().graph);
        assert!(matches!(plan.step(&id).unwrap().action, Action::Create { .. }), "{id}: {:?}", plan.steps);
        assert_eq!(cloud.settle_service(&mut asked), vec![], "{id}");
        assert!(cloud.things.contains_key(&id));
    }
}

/// Each kind's first deletion is before that of the next.
fn went_in_order(cloud: &Cloud, order: &[&str]) {
    let kinds: Vec<&str> = cloud.deleted.iter().map(|id| id.kind.as_str()).collect();
    let at = |kind: &str| kinds.iter().position(|one| *one == kind).unwrap();
    for pair in order.windows(2) {
        assert!(at(pair[0]) < at(pair[1]), "{} before {}: {kinds:?}", pair[0], pair[1]);
    }
}

#[test]
fn a_service_goes_in_order_and_leaves_nothing() {
    let mut asked = Asked::orders(&json!({}));
    let mut cloud = Cloud::default();
    cloud.settle_service(&mut asked);
    cloud.options.deleting = true;
    cloud.converge(&Graph::default());
    assert!(cloud.things.is_empty());
    let network = ["ec2/security-group-rule", "ec2/security-group"];
    let order = ["ecs/service", "elbv2/listener-rule", "elbv2/target-group", "ecs/task-definition"];
    went_in_order(&cloud, &[order.as_slice(), &network, &["iam/role"]].concat());
}

#[test]
fn a_load_balancer_goes_in_order_and_leaves_nothing() {
    let mut cloud = Cloud::default();
    cloud.converge(&balance(&json!({}), &vpc()).unwrap().graph);
    cloud.options.deleting = true;
    cloud.converge(&Graph::default());
    assert!(cloud.things.is_empty());
    let order = ["elbv2/listener", "elbv2/load-balancer", "ec2/security-group-rule", "ec2/security-group"];
    went_in_order(&cloud, &order);
}
