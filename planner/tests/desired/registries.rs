//! A Cloud Map service of a service's own: what is made in which namespace, what ECS is told, and what is refused.

use longshore_crds::ecs_service::RegistryRecordType::{A, Aaaa, Srv};
use longshore_planner::desired::{CloudMapNamespace, Desired, Fact, Memory, Need, Obstacle, Scope};
use longshore_planner::engine::Kind;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::service_discovery::service::DiscoveryService;
use serde_json::{Value, json};

use crate::objects::{desire_where, environment, hello, merge, node, scope, value, with_host_namespaces};

const DNS: &str = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-dns";
const HTTP: &str = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-http";
const SHARED: &str = "arn:aws:servicediscovery:eu-west-1:999999999999:namespace/ns-theirs";

fn granted() -> Scope {
    let grant = json!({"namespaces": {}, "cloudMapNamespaces": ["*.internal", DNS]});
    scope(environment(&json!({"iam": {"grants": [grant]}})))
}

/// What an account has that has two namespaces of the name `two.internal`, and another account's `theirs.internal`.
fn answer(need: &Need) -> Option<Fact> {
    let Need::CloudMapNamespaces { named } = need else { return None };
    let one = |arn: &str| CloudMapNamespace { arn: arn.to_owned(), http: arn == HTTP };
    let found = match named.as_str() {
        "shop.internal" | DNS => vec![one(DNS), one(SHARED)],
        "http.internal" => vec![one(HTTP)],
        "two.internal" => vec![one(DNS), one(HTTP)],
        "theirs.internal" => vec![one(SHARED)],
        _ => vec![],
    };
    Some(Fact::CloudMapNamespaces(found))
}

/// Example 10 with one entry in serviceRegistries, of which the registry is `shop.internal`'s `hello` but for the patch.
fn registered(registry: &Value, entry: &Value) -> Value {
    let mut whole = json!({"registry": {"namespace": "shop.internal", "name": "hello"}});
    merge(&mut whole["registry"], registry);
    merge(&mut whole, entry);
    json!({"serviceRegistries": [whole]})
}

fn desire(patch: &Value) -> Result<Desired, Obstacle> {
    desire_where(&granted(), &hello(patch), &Memory::default(), answer)
}

/// The same in bridge mode, whose tasks share their instance's interface.
fn on_instances(registry: &Value, entry: &Value) -> Result<Desired, Obstacle> {
    let mut patch = registered(registry, entry);
    let more = json!({"launchType": "EC2", "task": {"networkMode": "bridge"}, "networkConfiguration": null});
    merge(&mut patch, &more);
    let mut environment = with_host_namespaces();
    environment.iam.as_mut().unwrap().grants[0].cloud_map_namespaces = vec!["shop.internal".to_owned()];
    desire_where(&scope(environment), &hello(&patch), &Memory::default(), answer)
}

fn refusal(outcome: Result<Desired, Obstacle>) -> (String, String, String) {
    let Err(Obstacle::Refused(refusals)) = outcome else { panic!("{outcome:?}") };
    let [refusal] = refusals.as_slice() else { panic!("{refusals:?}") };
    (refusal.reason.clone(), refusal.at.0.clone(), refusal.message.clone())
}

#[test]
fn a_namespace_and_a_name_are_enough() {
    let desired = desire(&registered(&json!({}), &json!({}))).unwrap();
    let made: DiscoveryService = value(&desired, "registry");
    assert_eq!((made.namespace.as_str(), made.name.as_str()), ("ns-dns", "hello"));
    assert_eq!((made.record_types, made.ttl_seconds), ([A].into(), Some(60)));
    assert_eq!(made.description, "Longshore: EcsService/shop/hello");
    let service: Service = value(&desired, "service");
    let [registration] = service.service_registries.as_slice() else { panic!("{service:?}") };
    assert!(registration.registry_arn.known().is_none(), "it is known once it is made");
    let before = node::<Service>(&desired, "service").unwrap();
    assert!(before.needs.iter().any(|id| id.kind == DiscoveryService::NAME), "{:?}", before.needs);
}

#[test]
fn records_are_those_that_are_asked_for_or_that_tell_what_is_asked_for() {
    let web = json!({"containerName": "web", "containerPort": 80});
    let cases = [
        (json!({"ttlSeconds": 5}), json!({}), vec![A], Some(5)),
        (json!({}), json!({"port": 80}), vec![Srv], Some(60)),
        (json!({}), web.clone(), vec![Srv], Some(60)),
        (json!({"recordTypes": ["A"]}), json!({"port": 80}), vec![A], Some(60)),
        (json!({"recordTypes": ["AAAA", "A"]}), json!({}), vec![A, Aaaa], Some(60)),
        (json!({"namespace": DNS}), json!({}), vec![A], Some(60)),
        (json!({"namespace": "http.internal"}), json!({"port": 80}), vec![], None),
    ];
    for (registry, entry, types, ttl) in cases {
        let desired = desire(&registered(&registry, &entry)).unwrap();
        let made: DiscoveryService = value(&desired, "registry");
        assert_eq!(
            (made.record_types.into_iter().collect::<Vec<_>>(), made.ttl_seconds),
            (types, ttl),
            "{registry} {entry}"
        );
    }
    let made: DiscoveryService = value(&on_instances(&json!({}), &web).unwrap(), "registry");
    assert_eq!(made.record_types, [Srv].into());
}

#[test]
fn what_nobody_could_be_found_by_is_refused() {
    let web = json!({"containerName": "web", "containerPort": 80});
    let of = |registry: &Value, entry: &Value| desire(&registered(registry, entry));
    let cases = [
        (of(&json!({"namespace": "none.internal"}), &json!({})), "NoNamespace", "no Cloud Map namespace none.internal"),
        (
            of(&json!({"namespace": "two.internal"}), &json!({})),
            "NoNamespace",
            "2 namespaces have the name two.internal",
        ),
        (of(&json!({"namespace": "theirs.internal"}), &json!({})), "NoNamespace", "no Cloud Map namespace"),
        (of(&json!({"namespace": "http.internal", "ttlSeconds": 5}), &json!({})), "RegistrationNotPossible", "HTTP"),
        (
            of(&json!({"namespace": "http.internal", "recordTypes": ["A"]}), &json!({})),
            "RegistrationNotPossible",
            "HTTP",
        ),
        (on_instances(&json!({}), &json!({})), "RegistrationNotPossible", "containerName and containerPort"),
        (on_instances(&json!({}), &json!({"port": 80})), "RegistrationNotPossible", "containerName and containerPort"),
        (on_instances(&json!({"recordTypes": ["A"]}), &web), "RegistrationNotPossible", "SRV records alone"),
    ];
    for (outcome, reason, words) in cases {
        let (told, at, message) = refusal(outcome);
        assert_eq!(told, reason, "{message}");
        assert!(message.contains(words) && at.starts_with("spec.serviceRegistries"), "{at}: {message}");
    }
}

#[test]
fn a_namespace_needs_a_grant_and_is_not_asked_about_without_one() {
    let (reason, at, message) = refusal(desire_where(
        &granted(),
        &hello(&registered(&json!({"namespace": "ops"}), &json!({}))),
        &Memory::default(),
        |need| panic!("{need} is asked about"),
    ));
    assert_eq!((reason.as_str(), at.as_str()), ("NotGranted", "spec.serviceRegistries.registry.namespace"));
    assert!(message.contains("spec.iam.grants[].cloudMapNamespaces"), "{message}");
    let (reason, ..) = refusal(desire(&registered(&json!({"namespace": HTTP}), &json!({}))));
    assert_eq!(reason, "NotGranted", "a name that is granted is no ARN");
}

#[test]
fn a_namespace_of_another_account_is_told_to_be_one() {
    let grant = json!({"namespaces": {}, "cloudMapNamespaces": [SHARED]});
    let scope = scope(environment(&json!({"iam": {"grants": [grant]}})));
    let spec = hello(&registered(&json!({"namespace": SHARED}), &json!({})));
    let (reason, at, _) = refusal(desire_where(&scope, &spec, &Memory::default(), answer));
    assert_eq!((reason.as_str(), at.as_str()), ("OtherEnvironment", "spec.serviceRegistries.registry.namespace"));
}

#[test]
fn a_namespace_is_looked_up_once() {
    let spec = hello(&registered(&json!({}), &json!({})));
    let pins = desire_where(&granted(), &spec, &Memory::default(), answer).unwrap().pins;
    assert_eq!(pins.get("namespace shop.internal"), Some(&format!("{DNS} DNS")));
    let memory = Memory { pins, ..Memory::default() };
    let none = |need: &Need| panic!("{need} is asked about");
    let made: DiscoveryService = value(&desire_where(&granted(), &spec, &memory, none).unwrap(), "registry");
    assert_eq!(made.namespace, "ns-dns");
}

/// Names, namespaces and the types of records make another service; the rest is changed in place.
#[test]
fn only_what_cloud_map_cannot_change_is_replaced() {
    let id = |registry: &Value| {
        let desired = desire(&registered(registry, &json!({}))).unwrap();
        node::<DiscoveryService>(&desired, "registry").map(|_| ()).unwrap();
        desired.graph.iter().find(|(id, _)| id.kind == DiscoveryService::NAME).unwrap().0.clone()
    };
    let base = id(&json!({}));
    assert_eq!(id(&json!({"ttlSeconds": 5})), base);
    for other in [json!({"name": "other"}), json!({"namespace": "http.internal"}), json!({"recordTypes": ["AAAA"]})] {
        assert_ne!(id(&other), base, "{other}");
    }
}
