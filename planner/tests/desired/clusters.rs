//! What an `EcsCluster` asks for, and what it cannot.

use longshore_crds::EcsClusterSpec;
use longshore_crds::aws_environment::Grant;
use longshore_planner::desired::{ClusterReference, Facts, Memory, Obstacle, Scope, ecs_cluster};
use longshore_planner::kinds::ecs::cluster::Cluster;
use serde_json::{Value, json};

use crate::objects::{environment, scope};

/// The fields for which a cluster is refused.
fn refused(spec: Value) -> Vec<(String, String)> {
    refused_in(&scope(environment(&json!({}))), spec)
}

fn refused_in(scope: &Scope, spec: Value) -> Vec<(String, String)> {
    let spec: EcsClusterSpec = serde_json::from_value(spec).unwrap();
    match ecs_cluster(scope, &spec, &Facts::new(), &Memory::default()) {
        Ok(desired) => {
            assert_eq!(desired.graph.len(), 1);
            vec![]
        }
        Err(Obstacle::Refused(refusals)) => refusals.into_iter().map(|r| (r.reason, r.at.0)).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_a_cluster_cannot_have_yet_is_refused_by_field() {
    let cases = [
        (json!({}), None),
        (json!({"capacityProviders": ["FARGATE", "FARGATE_SPOT"]}), None),
        (json!({"serviceConnectDefaults": {"namespace": "shop"}}), Some("spec.serviceConnectDefaults.namespace")),
    ];
    for (spec, field) in cases {
        let expected: Vec<_> = field.into_iter().map(|at| ("NotSupportedYet".to_owned(), at.to_owned())).collect();
        assert_eq!(refused(spec.clone()), expected, "{spec}");
    }
}

#[test]
fn a_provider_of_an_auto_scaling_group_needs_a_grant() {
    let spec = json!({"capacityProviders": ["FARGATE", "general"]});
    assert_eq!(refused(spec.clone()), [("NotGranted".to_owned(), "spec.capacityProviders".to_owned())]);
    let mut granted = environment(&json!({}));
    let grant = Grant { capacity_providers: vec!["gen*".to_owned()], ..Grant::default() };
    granted.iam.as_mut().unwrap().grants.push(grant);
    assert_eq!(refused_in(&scope(granted), spec), []);
}

#[test]
fn a_cluster_without_a_status_is_known_by_its_object() {
    let service = scope(environment(&json!({})));
    let own = Scope { object_kind: "EcsCluster", name: "main".into(), ..service.clone() };
    for (base, cluster_name) in [(None, None), (Some("shop-main-1"), None), (None, Some("production"))] {
        let spec = json!({"clusterName": cluster_name});
        let scope = Scope { base: base.map(str::to_owned), ..own.clone() };
        let desired =
            ecs_cluster(&scope, &serde_json::from_value(spec).unwrap(), &Facts::new(), &Memory::default()).unwrap();
        let made: Cluster = serde_json::from_value(desired.graph.iter().next().unwrap().1.want.clone()).unwrap();
        let (base, cluster_name) = (scope.base.clone(), cluster_name.map(str::to_owned));
        let found = ClusterReference::of_object(&service, &own.namespace, "main", base, cluster_name);
        assert_eq!(found.name, made.name);
        assert_eq!(found.arn, format!("arn:aws:ecs:eu-west-1:123456789012:cluster/{}", made.name));
    }
}

#[test]
fn a_default_strategy_is_of_managed_instances_or_of_groups_and_not_of_both() {
    let entries = json!([
        {"name": "managed", "managedInstances": {}},
        {"name": "other", "managedInstances": {}},
        {"name": "group", "instanceType": "m7g.large", "maxSize": 3, "imageId": "ami-1"},
    ]);
    for (named, expected) in [
        (vec!["managed"], false),
        (vec!["managed", "other"], false),
        (vec!["group"], false),
        (vec!["managed", "group"], true),
    ] {
        let strategy: Vec<Value> = named.iter().map(|it| json!({"capacityProvider": it, "weight": 1})).collect();
        let spec = json!({"ec2Capacity": entries, "defaultCapacityProviderStrategy": strategy});
        let spec: EcsClusterSpec = serde_json::from_value(spec).unwrap();
        let outcome = ecs_cluster(&scope(environment(&json!({}))), &spec, &Facts::new(), &Memory::default());
        let refused = match outcome {
            Err(Obstacle::Refused(refusals)) => {
                refusals.iter().any(|it| it.at.0 == "spec.defaultCapacityProviderStrategy")
            }
            _ => false,
        };
        assert_eq!(refused, expected, "{named:?}");
    }
}
