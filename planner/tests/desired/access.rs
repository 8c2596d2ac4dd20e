//! Ports of foreign groups: opened once for all services of an environment, by it alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use longshore_crds::aws_environment::AccessStatus;
use longshore_crds::task_definition::TransportProtocol;
use longshore_planner::desired::{
    Demand, GRACE, Memory, Obstacle, Opening, References, Scope, access_entries, access_graph, ecs_service, is_due,
    opened, openings,
};
use longshore_planner::engine::{Graph, Kind as _, Seen, Thing, Unreadable, World};
use longshore_planner::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use longshore_planner::kinds::ec2::security_group_rule::{Direction, Peer, SecurityGroupRule, SecurityGroupRuleOutput};
use longshore_planner::kinds::ecs::service::Service;
use serde_json::{Value, json};

use crate::objects::{cluster, desired, environment, hello, scope, value};

fn database() -> Value {
    json!({"networkConfiguration": {"access": [{"securityGroup": {"id": "sg-0database"}, "port": 5432}]}})
}

fn opening() -> Opening {
    openings(&hello(&database())).pop_first().unwrap()
}

fn own_scope() -> Scope {
    Scope {
        object_kind: "AwsEnvironment",
        namespace: String::new(),
        name: "default".into(),
        ..scope(environment(&json!({})))
    }
}

fn graph() -> Graph {
    access_graph(&own_scope(), &[opening()].into()).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn told(clients: Option<&str>) -> AccessStatus {
    AccessStatus { clients_security_group_id: clients.map(Into::into), ..opening().entry() }
}

#[test]
fn tasks_join_the_group_that_is_let_in_and_the_service_has_no_rule_of_its_own() {
    let desired = desired(&database());
    let network = value::<Service>(&desired, "service").network.unwrap();
    assert!(network.security_groups.contains(&"sg-0clients5432".into()), "{network:?}");
    assert_eq!(network.security_groups.len(), 2);
    let rules = desired.graph.iter().filter(|(id, _)| id.kind == SecurityGroupRule::NAME);
    assert_eq!(rules.map(|(id, _)| id.key.as_str()).collect::<Vec<_>>(), ["egress-all"]);
}

#[test]
fn an_environment_has_one_group_and_one_rule_for_all_who_ask_for_a_port() {
    let range = json!({"networkConfiguration": {"access": [
        {"securityGroup": {"id": "sg-0database"}, "port": 5432},
        {"securityGroup": {"id": "sg-0cache"}, "port": 7000, "toPort": 7005, "protocol": "udp"}]}});
    let all: BTreeSet<Opening> = openings(&hello(&database())).into_iter().chain(openings(&hello(&range))).collect();
    let graph = access_graph(&own_scope(), &all).unwrap();
    let keys: Vec<&str> = graph.iter().map(|(id, _)| id.key.as_str()).collect();
    let (cache, database) = ("access-sg-0cache-udp-7000-7005", "access-sg-0database-tcp-5432-5432");
    assert_eq!(keys, [cache, cache, database, database]);
    let rules: Vec<SecurityGroupRule> = graph
        .iter()
        .filter(|(id, _)| id.kind == SecurityGroupRule::NAME)
        .map(|(_, node)| serde_json::from_value(node.want.clone()).unwrap())
        .collect();
    let [udp, tcp] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!((udp.from_port, udp.to_port, udp.protocol.as_str()), (7000, 7005, "udp"));
    assert_eq!((&tcp.group, tcp.direction, tcp.from_port), (&"sg-0database".into(), Direction::Ingress, 5432));
    assert!(matches!(&tcp.peer, Peer::Group(group) if group.known().is_none()));
    assert!(tcp.description.starts_with("Longshore: AwsEnvironment/default"), "{}", tcp.description);
}

#[test]
fn a_key_tells_what_was_opened() {
    let cases = [("sg-0database", TransportProtocol::Tcp, 5432, 5432), ("sg-0-1", TransportProtocol::Udp, 1, 65535)];
    for (group, protocol, from_port, to_port) in cases {
        let opening = Opening { security_group_id: group.into(), protocol, from_port, to_port };
        assert_eq!(Opening::of_key(&opening.key()), Some(opening));
    }
    for key in ["clients", "access-", "access-sg-1-icmp-1-1", "access-sg-1-tcp-1-x"] {
        assert_eq!(Opening::of_key(key), None, "{key}");
    }
}

#[test]
fn a_service_waits_for_what_is_not_open_and_says_why_where_aws_refuses() {
    let unused = AccessStatus { unused_since: Some(Time(at(0))), ..told(Some("sg-1")) };
    let refused = AccessStatus { refused: Some("the group is full".into()), ..told(None) };
    let cases = [
        (vec![], Some("AccessNotReady")),
        (vec![told(None)], Some("AccessNotReady")),
        // It may be taken away this moment.
        (vec![unused], Some("AccessNotReady")),
        (vec![refused], Some("AccessRefused")),
        (vec![told(Some("sg-1"))], None),
    ];
    for (access, expected) in cases {
        let references = References { access: access.clone(), ..References::to_cluster(cluster()) };
        let spec = hello(&database());
        let found =
            ecs_service(&scope(environment(&json!({}))), &spec, &BTreeMap::new(), &references, &Memory::default());
        let reason = match found {
            Ok(_) => None,
            Err(Obstacle::Waiting { reason, .. }) => Some(reason),
            Err(Obstacle::Refused(refusals)) => {
                assert!(refusals[0].message.contains("the group is full"), "{refusals:?}");
                Some(refusals[0].reason.clone())
            }
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(reason.as_deref(), expected, "{access:?}");
    }
}

#[test]
fn what_no_service_asks_for_or_uses_is_kept_for_a_while_and_then_due() {
    let wanted = Demand { wanted: [opening()].into(), ..Demand::default() };
    let kept = Demand { kept: [opening()].into(), ..Demand::default() };
    let used = Demand { used: ["sg-1".to_owned()].into(), ..Demand::default() };
    let elsewhere = Demand { used: ["sg-2".to_owned()].into(), ..Demand::default() };
    for (demand, unused) in
        [(wanted, false), (kept, false), (used, false), (elsewhere, true), (Demand::default(), true)]
    {
        let entries = access_entries(&[told(Some("sg-1"))], &demand, at(0));
        assert_eq!(entries[0].unused_since.is_some(), unused, "{demand:?}");
        let later = access_entries(&entries, &demand, at(50));
        assert_eq!(later, entries, "the time stays that of the first look");
        let grace = SignedDuration::from_secs(1);
        assert!(!is_due(&later[0], at(0) + GRACE - grace));
        assert_eq!(is_due(&later[0], at(0) + GRACE), unused, "{demand:?}");
    }
}

#[test]
fn what_is_asked_for_again_is_unused_no_longer_and_only_what_is_wanted_is_opened() {
    let unused = access_entries(&[told(Some("sg-1"))], &Demand::default(), at(0));
    let wanted = Demand { wanted: [opening()].into(), ..Demand::default() };
    assert_eq!(access_entries(&unused, &wanted, at(100)), [told(Some("sg-1"))]);
    assert_eq!(access_entries(&[], &wanted, at(0)), [told(None)]);
    let observed = Demand { kept: [opening()].into(), ..Demand::default() };
    assert_eq!(access_entries(&[], &observed, at(0)), []);
}

/// A world with the group, the rule, or both.
fn world(group: bool, rule: bool) -> World {
    let mut world = World::default();
    for (id, node) in graph().iter() {
        let thing = if id.kind == SecurityGroup::NAME {
            let value: SecurityGroup = serde_json::from_value(node.want.clone()).unwrap();
            group.then(|| Thing::erase(Seen::active(value).with_output(SecurityGroupOutput::Id, "sg-1")).unwrap())
        } else {
            let value: SecurityGroupRule = serde_json::from_value(node.want.clone()).unwrap();
            rule.then(|| Thing::erase(Seen::active(value).with_output(SecurityGroupRuleOutput::Id, "sgr-1")).unwrap())
        };
        world.things.extend(thing.map(|thing| (id.clone(), thing)));
    }
    world
}

#[test]
fn a_group_is_told_once_its_rule_is_there_and_stays_told_while_that_is_made_again() {
    let none = BTreeMap::new();
    let unread = |kind: &str| {
        let graph = graph();
        let id = graph.iter().map(|(id, _)| id.clone()).find(|id| id.kind == kind).unwrap();
        World { unknown: [(id, Unreadable::for_now("a time-out"))].into(), ..World::default() }
    };
    let cases = [
        (None, world(true, false), None),
        (None, world(true, true), Some("sg-1")),
        (Some("sg-1"), world(true, false), Some("sg-1")),
        (Some("sg-0old"), world(true, false), None),
        (Some("sg-1"), world(false, false), None),
        (Some("sg-1"), unread(SecurityGroup::NAME), Some("sg-1")),
        (Some("sg-1"), unread(SecurityGroupRule::NAME), Some("sg-1")),
    ];
    for (before, world, expected) in cases {
        let entry = opened(&told(before), &graph(), &world, &none);
        assert_eq!(entry.clients_security_group_id.as_deref(), expected, "{before:?} {world:?}");
    }
    let refused = [(opening().key(), "full".to_owned())].into();
    let entry = opened(&told(None), &graph(), &World::default(), &refused);
    assert_eq!(entry.refused.as_deref(), Some("full"));
    assert_eq!(opened(&entry, &graph(), &world(true, true), &none).refused, None);
}

#[test]
fn an_opening_is_told_by_its_ports() {
    let of = |more: Value| {
        let mut access = json!({"securityGroup": {"id": "sg-0database"}, "port": 5432});
        crate::objects::merge(&mut access, &more);
        let spec = hello(&json!({"networkConfiguration": {"access": [access]}}));
        openings(&spec).pop_first().unwrap().to_string()
    };
    assert_eq!(of(json!({})), "port 5432 (tcp) of sg-0database");
    assert_eq!(of(json!({"toPort": 5435, "protocol": "udp"})), "ports 5432 to 5435 (udp) of sg-0database");
}
