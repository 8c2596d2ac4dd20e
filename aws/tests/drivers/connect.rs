//! Services that find each other: what they offer answers to its names while their tasks run, and what somebody changes
//! by hand is put right.

use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_ecs::types::ServiceConnectConfiguration;
use longshore_crds::aws_environment::Grant;
use longshore_planner::desired::{
    ClusterReference, Facts, Reference, References, Scope, ServiceReference, ecs_service,
};
use longshore_planner::engine::World;
use longshore_planner::kinds::ecs::service::{Service, ServiceDetail};
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::{self, merge, scope};
use crate::object::{Object, cluster_of, thing, words};

const AUTHORITY: &str =
    "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/33333333-4444-5555-6666-777777777777";
const LEGACY: &str = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-legacy0000000";

async fn cluster(account: &Account) -> ClusterReference {
    let world = Object::cluster(&json!({})).converge(account).await;
    cluster_of(&world)
}

/// A namespace that may name what the account has.
fn granted(name: &str) -> Scope {
    let mut scope = scope("EcsService", name);
    scope.environment.iam.as_mut().unwrap().grants.push(Grant {
        cloud_map_namespaces: vec!["shop.internal".to_owned()],
        registry_arns: vec![LEGACY.to_owned()],
        certificate_authority_arns: vec![AUTHORITY.to_owned()],
        ..Grant::default()
    });
    scope
}

/// The service of the example that offers something, or the one that calls it.
fn service(name: &str, references: References, patch: &Value) -> Object {
    let spec = examples::connected(name, patch);
    Object::of(granted(name), move |scope, memory| {
        ecs_service(scope, &spec, &Facts::new(), &references, memory).unwrap()
    })
}

fn detail(world: &World) -> ServiceDetail {
    let (id, _) = world.things.iter().find(|(id, _)| id.key == "service").unwrap();
    world.seen::<Service>(id).unwrap().detail().unwrap()
}

/// The ports on which a name of Cloud Map is answered.
fn answered(account: &Account, name: &str) -> Option<Vec<Value>> {
    let world = account.simulator.with_world(|world| serde_json::to_value(&*world).unwrap());
    let services = world["servicediscovery"]["services"].as_object().unwrap();
    let found = services.values().find(|service| service["name"] == name)?;
    Some(found["instances"].as_object().unwrap().values().map(|instance| instance["port"].clone()).collect())
}

async fn nothing_at_rest(account: &Account, object: &mut Object) {
    let since = account.now();
    let (_, plan) = object.planned(account).await;
    assert_eq!(plan.steps.iter().map(words).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(account.writes(since), [].into());
}

/// Who calls is there, so that it can be let in.
async fn both(account: &Account) -> (Object, Object) {
    let cluster = cluster(account).await;
    let references = References::to_cluster(Reference::Ready(cluster));
    let mut front = service("front", references.clone(), &json!({}));
    let world = front.converge(account).await;
    let group = thing(&world, "security-group").outputs["id"].clone();
    let known = Reference::Ready(ServiceReference { security_group_id: group });
    let services = [(("shop".to_owned(), "front".to_owned()), known)].into();
    let catalog = service("catalog", References { services, ..references }, &json!({}));
    (front, catalog)
}

#[tokio::test(start_paused = true)]
async fn what_is_offered_is_answered_by_its_tasks_until_it_goes() {
    let account = Account::new().await;
    let (mut front, mut catalog) = both(&account).await;
    assert_eq!(detail(&catalog.converge(&account).await).running, 2);
    assert_eq!(answered(&account, "catalog"), Some(vec![json!(8080), json!(8080)]));
    for object in [&mut front, &mut catalog] {
        nothing_at_rest(&account, object).await;
    }
    catalog.remove(&account).await;
    assert_eq!(answered(&account, "catalog"), None);
    front.remove(&account).await;
}

#[tokio::test(start_paused = true)]
async fn service_connect_that_is_turned_off_by_hand_is_turned_on_again() {
    let account = Account::new().await;
    let (_, mut catalog) = both(&account).await;
    let world = catalog.converge(&account).await;
    let seen = thing(&world, "service");
    let (cluster, name) = (seen.value["cluster"].as_str().unwrap(), seen.value["name"].as_str().unwrap());
    let off = ServiceConnectConfiguration::builder().enabled(false).build();
    let update = UpdateServiceInputBuilder::default().cluster(cluster).service(name);
    account.session.writer().write(update.service_connect_configuration(off)).await.unwrap();
    catalog.converge(&account).await;
    assert_eq!(answered(&account, "catalog").map(|ports| ports.len()), Some(2));
    nothing_at_rest(&account, &mut catalog).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_out_of_the_spec_is_taken_out_of_the_service() {
    let account = Account::new().await;
    let (_, mut catalog) = both(&account).await;
    catalog.converge(&account).await;
    let references = {
        let cluster = cluster(&account).await;
        References::to_cluster(Reference::Ready(cluster))
    };
    let spec =
        examples::connected("catalog", &json!({"serviceConnectConfiguration": null, "networkConfiguration": null}));
    catalog.desires(move |scope, memory| ecs_service(scope, &spec, &Facts::new(), &references, memory).unwrap());
    catalog.converge(&account).await;
    nothing_at_rest(&account, &mut catalog).await;
    assert_eq!(answered(&account, "catalog"), None);
}

#[tokio::test(start_paused = true)]
async fn tasks_are_registered_where_the_spec_says_and_encrypt_by_the_role_that_was_made() {
    let account = Account::new().await;
    let cluster = cluster(&account).await;
    let tls = json!({"issuerCertificateAuthority": {"awsPcaAuthorityArn": AUTHORITY}});
    let mut patch = json!({"serviceConnectConfiguration": {"services": [{"portName": "http", "discoveryName": "catalog",
        "clientAliases": [{"port": 443, "dnsName": "catalog"}], "tls": tls}]}, "networkConfiguration": null});
    merge(&mut patch, &json!({"serviceRegistries": [{"registryArn": LEGACY}]}));
    let mut catalog = service("catalog", References::to_cluster(Reference::Ready(cluster)), &patch);
    let told = detail(&catalog.converge(&account).await);
    assert!(told.running == 2 && told.failed_tasks.is_empty(), "{told:?}");
    assert_eq!(answered(&account, "legacy").map(|ports| ports.len()), Some(2));
    nothing_at_rest(&account, &mut catalog).await;
    catalog.remove(&account).await;
    assert_eq!(answered(&account, "legacy"), Some(vec![]));
}
