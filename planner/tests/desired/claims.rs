//! Who may claim what of a listener, and who has it.

use std::collections::BTreeMap;

use longshore_crds::application_load_balancer::Listener;
use longshore_crds::{ApplicationLoadBalancerSpec, EcsServiceSpec};
use longshore_planner::desired::{Claim, ListenerName, claimable, claims, counting, load_balancer_admits};
use serde_json::{Value, json};

use crate::objects::hello;

fn labels(team: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("team".to_owned(), team.to_owned())])
}

fn load_balancer(allowed: &Value, hosts: &Value) -> ApplicationLoadBalancerSpec {
    let listener = json!({"name": "http", "port": 80, "protocol": "HTTP", "hosts": hosts});
    let mut spec = json!({"scheme": "internal", "listeners": [listener]});
    if !allowed.is_null() {
        spec["allowedNamespaces"] = allowed.clone();
    }
    serde_json::from_value(spec).unwrap()
}

#[test]
fn a_load_balancer_admits_its_own_namespace_and_those_that_it_names() {
    let selector = json!({"from": "Selector", "selector": {"matchLabels": {"team": "apps"}}});
    let cases = [
        (Value::Null, "shop", true),
        (Value::Null, "apps", false),
        (json!({"from": "Same"}), "apps", false),
        (json!({"from": "All"}), "apps", true),
        (selector.clone(), "apps", true),
        (selector, "other", false),
    ];
    for (allowed, namespace, expected) in cases {
        let spec = load_balancer(&allowed, &json!([]));
        assert_eq!(
            load_balancer_admits("shop", &spec, namespace, &labels(namespace)),
            expected,
            "{allowed} {namespace}"
        );
    }
}

#[test]
fn a_listener_says_which_namespace_may_claim_which_hosts() {
    let hosts = json!([
        {"pattern": "*.Example.com", "namespaces": {"from": "Same"}},
        {"pattern": "apps.example.com", "namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "apps"}}}},
        {"pattern": "open.example.com"},
    ]);
    let listener = |hosts: &Value| -> Listener { load_balancer(&Value::Null, hosts).listeners[0].clone() };
    let may = |namespace: &str| claimable("shop", &listener(&hosts), namespace, &labels(namespace)).unwrap();
    assert_eq!(may("shop"), ["*.example.com", "open.example.com"]);
    assert_eq!(may("apps"), ["apps.example.com", "open.example.com"]);
    assert_eq!(claimable("shop", &listener(&json!([])), "apps", &labels("apps")), None, "any");
}

fn service(load_balancers: &Value) -> EcsServiceSpec {
    hello(&json!({"loadBalancers": load_balancers}))
}

#[test]
fn what_a_service_claims_is_told_by_listener() {
    let entry = |name: &str, reference: Value, rules: Value| {
        let listener = if reference.get("name").is_some() { json!("http") } else { Value::Null };
        json!({"name": name, "loadBalancer": reference, "listener": listener, "containerName": "web",
               "containerPort": 80, "rules": rules})
    };
    let spec = service(&json!([
        entry("a", json!({"name": "public"}), json!([{"hosts": ["A.example.com"], "paths": ["/x", "/y"]}])),
        {"name": "d", "loadBalancer": {"name": "public"}, "listener": "http", "containerName": "web", "containerPort": 80,
         "rules": [{"hosts": ["b.example.com"]}], "testRule": {"hosts": ["c.example.com"]}},
        {"name": "e", "loadBalancer": {"name": "public"}, "listener": "http", "containerName": "web", "containerPort": 80,
         "rules": [], "testRule": {"hosts": ["d.example.com"]}, "testListener": "test"},
        entry("b", json!({"listenerArn": "arn:l", "securityGroupId": "sg-1"}), json!([{"paths": ["/z"]}])),
        {"name": "c", "targetGroupArn": "arn:t", "containerName": "web", "containerPort": 80},
    ]));
    let found = claims("EcsService/shop/hello", "shop", "2026-01-01T00:00:00Z", &spec);
    let ours = |listener: &str| ListenerName::Ours {
        namespace: "shop".into(),
        load_balancer: "public".into(),
        listener: listener.into(),
    };
    let hosts = |name: &ListenerName| found[name].iter().map(|claim| claim.host.as_str()).collect::<Vec<_>>();
    assert_eq!(hosts(&ours("http")), ["a.example.com", "a.example.com", "b.example.com", "c.example.com"]);
    assert_eq!(hosts(&ours("test")), ["d.example.com"]);
    assert_eq!(hosts(&ListenerName::Foreign("arn:l".into())), ["*"]);
    assert_eq!(found.len(), 3);
}

#[test]
fn a_claim_without_a_right_to_it_does_not_count() {
    let hosts = json!([{"pattern": "*.example.com", "namespaces": {"from": "Same"}}]);
    let spec = load_balancer(&json!({"from": "All"}), &hosts);
    let claim = |namespace: &str| Claim {
        since: "2026-01-01T00:00:00Z".into(),
        object: format!("EcsService/{namespace}/a"),
        namespace: namespace.into(),
        host: "shop.example.com".into(),
        rest: "*".into(),
    };
    let both = vec![claim("shop"), claim("thief")];
    let counted = counting("shop", &spec, &spec.listeners[0], both, labels);
    assert_eq!(counted.iter().map(|claim| claim.namespace.as_str()).collect::<Vec<_>>(), ["shop"]);
}
