//! A service whose tasks have EBS volumes and a log router, and one that mounts S3 Files: tasks run by exactly the rights
//! that were made, what is taken away is put right, and no volume is left when they are gone.

use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_ecs::types::{ServiceManagedEbsVolumeConfiguration, ServiceVolumeConfiguration};
use aws_sdk_iam::operation::detach_role_policy::builders::DetachRolePolicyInputBuilder;
use longshore_crds::EcsServiceSpec;
use longshore_crds::aws_environment::Grant;
use longshore_planner::desired::{ClusterReference, Facts, Reference, References, Scope, ecs_service};
use longshore_planner::engine::World;
use longshore_planner::kinds::ecs::service::{Service, ServiceDetail};
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::{self, scope};
use crate::object::{Object, cluster_of, thing, words};

const POLICY: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes";
const S3: &str = "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718";

async fn cluster(account: &Account) -> ClusterReference {
    let world = Object::cluster(&json!({})).converge(account).await;
    cluster_of(&world)
}

/// What a service's object wants that has this spec.
fn wants(object: &mut Object, cluster: &ClusterReference, spec: EcsServiceSpec) {
    let references = References::to_cluster(Reference::Ready(cluster.clone()));
    object.desires(move |scope, memory| ecs_service(scope, &spec, &Facts::new(), &references, memory).unwrap());
}

fn service(scope: Scope, cluster: &ClusterReference, spec: EcsServiceSpec) -> Object {
    let mut object = Object::of(scope, |_, _| longshore_planner::desired::Desired::default());
    wants(&mut object, cluster, spec);
    object
}

fn detail(world: &World) -> ServiceDetail {
    let (id, _) = world.things.iter().find(|(id, _)| id.key == "service").unwrap();
    world.seen::<Service>(id).unwrap().detail().unwrap()
}

/// How many EBS volumes there are.
fn volumes(account: &Account) -> usize {
    let world = account.simulator.with_world(|world| serde_json::to_value(&*world).unwrap());
    world["ecs"]["volumes"].as_object().unwrap().len()
}

async fn nothing_at_rest(account: &Account, object: &mut Object) {
    let since = account.now();
    let (_, plan) = object.planned(account).await;
    assert_eq!(plan.steps.iter().map(words).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(account.writes(since), [].into());
}

#[tokio::test(start_paused = true)]
async fn each_task_has_a_volume_and_none_is_left() {
    let account = Account::new().await;
    let cluster = cluster(&account).await;
    let mut search = service(scope("EcsService", "search"), &cluster, examples::search(&json!({})));
    let told = detail(&search.converge(&account).await);
    assert_eq!((told.running, volumes(&account)), (2, 2), "{told:?}");
    assert_eq!(account.writes(0).get("CreateService"), Some(&1));
    nothing_at_rest(&account, &mut search).await;
    search.remove(&account).await;
    tokio::time::sleep(std::time::Duration::from_mins(2)).await;
    assert_eq!((volumes(&account), account.ours().len()), (0, 1), "the cluster alone is left: {:?}", account.ours());
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_is_no_longer_wanted_goes_with_its_task_before_the_role_that_deletes_it() {
    let account = Account::new().await;
    let cluster = cluster(&account).await;
    let mut search = service(scope("EcsService", "search"), &cluster, examples::search(&json!({})));
    search.converge(&account).await;
    let plain = json!({"volumeConfigurations": null, "task": {"volumes": null, "containerDefinitions": [
        {"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27"}]}});
    wants(&mut search, &cluster, examples::search(&plain));
    let told = detail(&search.converge(&account).await);
    assert_eq!(told.running, 2, "{told:?}");
    tokio::time::sleep(std::time::Duration::from_mins(2)).await;
    assert_eq!(volumes(&account), 0);
    nothing_at_rest(&account, &mut search).await;
    assert!(account.ours().iter().any(|line| line.contains("-infra")), "it stays with the revision to go back to");
    search.remove(&account).await;
}

#[tokio::test(start_paused = true)]
async fn a_volume_is_put_right_and_so_are_the_rights_to_make_it() {
    for what in ["policy", "size"] {
        let account = Account::new().await;
        let cluster = cluster(&account).await;
        let mut search = service(scope("EcsService", "search"), &cluster, examples::search(&json!({})));
        let world = search.converge(&account).await;
        take_away(&account, &world, &cluster, what).await;
        let (_, plan) = search.planned(&account).await;
        assert!(!plan.converged(), "{what} is seen");
        search.converge(&account).await;
        nothing_at_rest(&account, &mut search).await;
        let told = detail(&search.converge(&account).await);
        assert_eq!((told.running, told.deployments.len()), (2, 1), "{what}: {told:?}");
    }
}

async fn take_away(account: &Account, world: &World, cluster: &ClusterReference, what: &str) {
    let writer = account.session.writer();
    let output = |key: &str, name: &str| thing(world, key).outputs[name].clone();
    if what == "policy" {
        let role = output("infrastructure-role", "name");
        writer.write(DetachRolePolicyInputBuilder::default().role_name(role).policy_arn(POLICY)).await.unwrap();
        return;
    }
    let role = output("infrastructure-role", "arn");
    let volume = ServiceManagedEbsVolumeConfiguration::builder().size_in_gib(50).role_arn(role).build().unwrap();
    let volume = ServiceVolumeConfiguration::builder().name("index").managed_ebs_volume(volume).build().unwrap();
    let update = UpdateServiceInputBuilder::default().cluster(&cluster.name).service(output("service", "name"));
    writer.write(update.volume_configurations(volume)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tasks_without_the_rights_for_their_volume_say_so_in_ecs_words() {
    let account = Account::new().await;
    let cluster = cluster(&account).await;
    let mut scope = scope("EcsService", "search");
    let named = "arn:aws:iam::123456789012:role/app-shop-migrations";
    scope
        .environment
        .iam
        .as_mut()
        .unwrap()
        .grants
        .push(Grant { role_arns: vec![named.to_owned()], ..Grant::default() });
    let volume =
        json!({"volumeConfigurations": [{"name": "index", "managedEBSVolume": {"sizeInGiB": 20, "roleArn": named}}]});
    let mut search = service(scope, &cluster, examples::search(&volume));
    let mut words = String::new();
    for _ in 0..60 {
        let round = search.round(&account).await;
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        let seen = round.world.things.iter().any(|(id, _)| id.key == "service").then(|| detail(&round.world));
        if let Some(failed) = seen.and_then(|told| told.failed_tasks.first().cloned()) {
            words = failed.words();
            break;
        }
    }
    assert!(
        words.contains(&format!("ECS was unable to assume the configured ECS Infrastructure Role '{named}'")),
        "{words}"
    );
}

#[tokio::test(start_paused = true)]
async fn s3_files_are_mounted_by_the_rights_that_were_made_for_them() {
    let mounting = |arn: &str| -> Value {
        let point = format!("{arn}/access-point/fsap-01");
        json!({"task": {
            "containerDefinitions": [{"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27",
                "mountPoints": [{"sourceVolume": "in", "containerPath": "/in", "readOnly": true}]}],
            "volumes": [{"name": "in", "s3filesVolumeConfiguration": {"fileSystemArn": arn, "accessPointArn": point}}],
        }})
    };
    let account = Account::new().await;
    let cluster = cluster(&account).await;
    let mut scope = scope("EcsService", "hello");
    scope
        .environment
        .iam
        .as_mut()
        .unwrap()
        .grants
        .push(Grant { file_system_arns: vec![S3.to_owned()], ..Grant::default() });
    let mut hello = service(scope, &cluster, examples::service(&mounting(S3)));
    let told = detail(&hello.converge(&account).await);
    assert!(told.running == 2 && told.failed_tasks.is_empty(), "{told:?}");
    nothing_at_rest(&account, &mut hello).await;
    hello.remove(&account).await;
}
