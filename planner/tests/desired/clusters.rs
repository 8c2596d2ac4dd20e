//! What an `EcsCluster` asks for, and what it cannot.

use longshore_crds::EcsClusterSpec;
use longshore_planner::desired::{Obstacle, ecs_cluster};
use serde_json::{Value, json};

use crate::objects::{environment, scope};

/// The fields for which a cluster is refused.
fn refused(spec: Value) -> Vec<(String, String)> {
    let spec: EcsClusterSpec = serde_json::from_value(spec).unwrap();
    match ecs_cluster(&scope(environment(&json!({}))), &spec) {
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
    let namespace = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1";
    let cases = [
        (json!({}), None),
        (json!({"capacityProviders": ["FARGATE", "FARGATE_SPOT"]}), None),
        (json!({"capacityProviders": ["FARGATE", "mine"]}), Some("spec.capacityProviders")),
        (json!({"serviceConnectDefaults": {"namespace": namespace}}), None),
        (json!({"serviceConnectDefaults": {"namespace": "shop"}}), Some("spec.serviceConnectDefaults.namespace")),
    ];
    for (spec, field) in cases {
        let expected: Vec<_> = field.into_iter().map(|at| ("NotSupportedYet".to_owned(), at.to_owned())).collect();
        assert_eq!(refused(spec.clone()), expected, "{spec}");
    }
}
