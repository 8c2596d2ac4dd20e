//! What is looked up outside the spec: kept as it was, or followed, by one deployment.

use longshore_planner::desired::{Reference, References, ecs_service};
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::{self, merge, scope};
use crate::object::{Object, cluster_of};

const IMAGE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:latest";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf";

/// A service that runs an image of ECR's and reads a secret.
async fn service(account: &Account, patch: &Value) -> Object {
    let cluster = Object::cluster(&json!({})).converge(account).await;
    let cluster = cluster_of(&cluster);
    let references = References::to_cluster(Reference::Ready(cluster));
    let secrets = json!([{"name": "PASSWORD", "valueFrom": SECRET}]);
    let mut whole = json!({"task": {"containerDefinitions": [{"name": "web", "image": IMAGE, "secrets": secrets}]}});
    merge(&mut whole, patch);
    let spec = examples::service(&whole);
    Object::needing(scope("EcsService", "hello"), move |scope, memory, facts| {
        ecs_service(scope, &spec, facts, &references, memory)
    })
}

#[tokio::test(start_paused = true)]
async fn a_new_image_or_value_is_deployed_once_where_the_spec_follows_it_and_not_elsewhere() {
    let cases = [
        (json!({}), "image", 0),
        (json!({"imageResolution": "Digest"}), "image", 0),
        (json!({"imageResolution": "FollowTag"}), "image", 1),
        (json!({}), "secret", 0),
        (json!({"restartOnSecretChange": true}), "secret", 1),
    ];
    for (patch, what, deployments) in cases {
        let account = Account::new().await;
        let mut object = service(&account, &patch).await;
        object.converge(&account).await;
        account.simulator.with_world(|world| match what {
            "image" => world.images.push(IMAGE),
            _ => assert!(world.foreign.store(SECRET)),
        });
        let since = account.now();
        object.converge(&account).await;
        let made = ["RegisterTaskDefinition", "UpdateService"].map(|operation| account.count(since, operation));
        assert_eq!(made, [deployments; 2], "{patch} {what}");
        let since = account.now();
        object.converge(&account).await;
        assert_eq!(account.writes(since), [].into(), "{patch} {what}: at rest");
        object.remove(&account).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_followed_is_asked_for_once() {
    let account = Account::new().await;
    let mut object = service(&account, &json!({"imageResolution": "Digest"})).await;
    object.converge(&account).await;
    object.converge(&account).await;
    assert_eq!(["DescribeImages", "DescribeSecret"].map(|operation| account.count(0, operation)), [1, 1]);
}
