//! Names in DNS: which hosts of a service's rules get records, and who may have them made.

use longshore_crds::application_load_balancer::IpAddressType;
use longshore_crds::aws_environment::Grant;
use longshore_crds::ecs_service::ServiceLoadBalancer;
use longshore_planner::desired::{Address, Fact, ListenerReference, Need, Obstacle, Reference, records_of_gone};
use longshore_planner::engine::{Graph, Kind};
use longshore_planner::kinds::elbv2::listener_rule::ListenerRule;
use longshore_planner::kinds::route53::record_set::RecordSet;
use serde_json::{Value, json};

use crate::balanced::{Asked, behind, entry, listener};
use crate::objects::environment;

const ZONE: &str = "Z0EXAMPLECOM";

fn address(name: &str, kind: IpAddressType) -> Address {
    Address::new(name.to_owned(), "Z32O12XQLNTSW2".to_owned(), Some(kind))
}

/// Behind a load balancer whose name is known, in a namespace that may have records made.
fn asked(patch: &Value, kind: IpAddressType) -> Asked {
    let mut asked = Asked::orders(patch).listener(|listener| {
        listener.address = Some(address("public-1.elb.amazonaws.com", kind));
        listener.hosts = None;
    });
    let zones = Grant { hosted_zone_ids: vec![ZONE.to_owned()], ..Grant::default() };
    asked.scope.environment.iam.as_mut().unwrap().grants.push(zones);
    asked
}

fn dns(more: &Value) -> Value {
    let mut dns = json!({"hostedZoneId": ZONE});
    dns.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    dns
}

fn records(graph: &Graph) -> Vec<RecordSet> {
    let nodes = graph.iter().filter(|(id, _)| id.kind == RecordSet::NAME);
    nodes.map(|(_, node)| serde_json::from_value(node.want.clone()).unwrap()).collect()
}

fn told(graph: &Graph) -> Vec<String> {
    records(graph).iter().map(|record| format!("{} {}", record.name, record.record_type.as_str())).collect()
}

#[test]
fn the_hosts_of_rules_get_records_of_the_types_that_their_load_balancer_has() {
    let rules =
        json!([{"hosts": ["Shop.example.com", "*.example.com"]}, {"paths": ["/x"], "hosts": ["shop.example.com"]}]);
    let cases = [
        (IpAddressType::Ipv4, json!({}), vec!["*.example.com A", "shop.example.com A"]),
        (
            IpAddressType::Dualstack,
            json!({"hosts": ["SHOP.example.com"]}),
            vec!["shop.example.com A", "shop.example.com AAAA"],
        ),
        (IpAddressType::DualstackWithoutPublicIpv4, json!({"hosts": ["*.example.com"]}), vec!["*.example.com AAAA"]),
    ];
    for (kind, more, expected) in cases {
        let desired = asked(&behind(&json!({"rules": rules, "dns": dns(&more)})), kind).desired();
        assert_eq!(told(&desired.graph), expected, "{more}");
        let record = records(&desired.graph).remove(0);
        assert_eq!(record.alias.unwrap().dns_name, "public-1.elb.amazonaws.com");
    }
    let without = asked(&behind(&json!({})), IpAddressType::Ipv4).desired();
    assert_eq!(told(&without.graph), [""; 0], "none where none is asked for");
}

#[test]
fn a_name_leads_to_rules_that_are_there() {
    let desired = asked(&behind(&json!({"dns": dns(&json!({}))})), IpAddressType::Ipv4).desired();
    let node = desired.graph.iter().find(|(id, _)| id.kind == RecordSet::NAME).unwrap().1;
    assert!(node.needs.iter().any(|id| id.kind == ListenerRule::NAME), "{:?}", node.needs);
}

#[test]
fn hosts_that_can_have_no_record_are_told() {
    let cases = [
        (json!({"rules": [{"paths": ["/x"]}], "dns": dns(&json!({}))}), "no rule names a host"),
        (json!({"dns": dns(&json!({"hosts": ["other.example.com"]}))}), "is no host of this entry's rules"),
        (
            json!({"rules": [{"hosts": ["a?.example.com"]}], "dns": dns(&json!({}))}),
            "DNS has no name like a?.example.com",
        ),
        (json!({"rules": [{"hosts": ["a.*.com"]}], "dns": dns(&json!({}))}), "DNS has no name like a.*.com"),
    ];
    for (more, expected) in cases {
        match asked(&behind(&more), IpAddressType::Ipv4).desire() {
            Err(Obstacle::Refused(refusals)) => {
                assert!(refusals.iter().all(|refusal| refusal.reason == "NoDnsRecord"), "{refusals:?}");
                assert!(refusals[0].message.contains(expected), "{refusals:?}");
                assert_eq!(refusals[0].at.0, "spec.loadBalancers[web].dns.hosts");
            }
            other => panic!("{more}: {other:?}"),
        }
    }
}

#[test]
fn a_zone_that_no_grant_covers_is_refused() {
    let mut asked = asked(&behind(&json!({"dns": dns(&json!({}))})), IpAddressType::Ipv4);
    asked.scope.environment = environment(&json!({}));
    assert_eq!(asked.refused(), [("NotGranted".to_owned(), "spec.loadBalancers[web].dns.hostedZoneId".to_owned())]);
}

#[test]
fn a_load_balancer_without_a_name_yet_is_waited_for() {
    let asked = asked(&behind(&json!({"dns": dns(&json!({}))})), IpAddressType::Ipv4);
    let asked = asked.listener(|listener| listener.hosts = None);
    match asked.desire() {
        Err(Obstacle::Waiting { reason, .. }) => assert_eq!(reason, "LoadBalancerNotReady"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_host_of_two_listeners_has_one_record_and_one_of_two_load_balancers_none() {
    let entries: Vec<Value> = ["web", "plain"]
        .map(|name| entry(&json!({"name": name, "dns": dns(&json!({})), "rules": [{"hosts": ["shop.example.com"]}]})))
        .into();
    let mut asked = asked(&json!({"loadBalancers": entries}), IpAddressType::Ipv4);
    let second = |name: &str| {
        let address = Some(address(name, IpAddressType::Ipv4));
        let other =
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/public/50dc6c495c0c9188/0467ef3c8400ae65";
        Reference::Ready(ListenerReference { address, hosts: None, listener_arn: other.to_owned(), ..listener() })
    };
    let need = Need::ListenerRules { listener_arn: second("x").ready().unwrap().listener_arn.clone() };
    asked.facts.insert(need, Fact::ListenerRules(vec![]));
    asked.references.listeners.insert("plain".to_owned(), second("public-1.elb.amazonaws.com"));
    assert_eq!(told(&asked.desired().graph), ["shop.example.com A"]);
    asked.references.listeners.insert("plain".to_owned(), second("other-2.elb.amazonaws.com"));
    assert_eq!(asked.refused(), [("NoDnsRecord".to_owned(), "spec.loadBalancers[plain].dns".to_owned())]);
}

#[test]
fn of_a_load_balancer_that_is_gone_the_names_that_lead_there_stay_known() {
    let behind = behind(&json!({"rules": [{"hosts": ["Shop.example.com"]}], "dns": dns(&json!({}))}));
    let known = asked(&behind, IpAddressType::Ipv4).desired().graph;
    let entries: Vec<ServiceLoadBalancer> = serde_json::from_value(behind["loadBalancers"].clone()).unwrap();
    let mut alone = Graph::default();
    records_of_gone(&mut alone, &entries).unwrap();
    assert_eq!(told(&alone), ["shop.example.com A", "shop.example.com AAAA"], "of both types: which is not known");
    let mut with_another = known.clone();
    records_of_gone(&mut with_another, &entries).unwrap();
    for (id, node) in known.iter().filter(|(id, _)| id.kind == RecordSet::NAME) {
        assert!(alone.iter().any(|(other, _)| other == id), "{id} is the same resource");
        let kept = with_another.iter().find(|(other, _)| *other == id).unwrap().1;
        assert_eq!(kept.want, node.want, "what another entry leads to a load balancer stays as it is");
    }
}

#[test]
fn external_dns_is_told_of_hosts_in_place_of_records() {
    let patch = behind(&json!({"dns": {"dnsEndpoint": true}}));
    let desired = asked(&patch, IpAddressType::Ipv4).desired();
    assert_eq!(told(&desired.graph), [""; 0]);
    let expected = [("shop.example.com".to_owned(), "public-1.elb.amazonaws.com".to_owned())];
    assert_eq!(desired.endpoints, expected.into());
}
