//! Volumes that only instances have: directories of theirs, volumes of Docker, shares of `FSx` for Windows File Server.
//!
//! The simulator judges of these what it knows: that ECS takes them and tells them again, and that the execution role may read the
//! credentials of a share. It knows neither directories nor drivers of an instance, and no `FSx`.

use std::time::Duration;

use longshore_planner::desired::{ClusterReference, Reference, References, ecs_service};
use longshore_planner::engine::World;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::account::Account;
use crate::examples::{self, scope};
use crate::instances::{add_instance, on_instances};
use crate::mounting::service_detail;
use crate::object::{Object, cluster_of, thing};

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf";

/// A service that mounts one volume, where an environment allows that.
fn mounting(cluster: &ClusterReference, volume: &Value) -> Object {
    let mut volume = volume.clone();
    volume["name"] = json!("data");
    let mut patch = on_instances(&json!({"desiredCount": 2}));
    patch["task"]["volumes"] = json!([volume]);
    patch["task"]["containerDefinitions"][0]["mountPoints"] =
        json!([{"sourceVolume": "data", "containerPath": "/data"}]);
    let (spec, references) = (examples::service(&patch), References::to_cluster(Reference::Ready(cluster.clone())));
    let mut scope = scope("EcsService", "hello");
    let grant = &mut scope.environment.iam.as_mut().unwrap().grants[0];
    grant.host_paths = vec!["/srv/*".to_owned()];
    grant.file_system_arns = vec!["arn:aws:fsx:*:*:file-system/fs-0windows".to_owned()];
    Object::needing(scope, move |scope, memory, facts| ecs_service(scope, &spec, facts, &references, memory))
}

/// A cluster with an instance.
async fn cluster(account: &Account) -> ClusterReference {
    let cluster = cluster_of(&Object::cluster(&json!({})).converge(account).await);
    add_instance(account, &cluster.name, "i-1", "eu-west-1a");
    cluster
}

/// The volume of the revision that a service runs, as ECS tells it.
fn told(account: &Account, seen: &World) -> Value {
    let revision = thing(seen, "service").value["taskDefinition"].clone();
    let described = account.asks("DescribeTaskDefinition", &json!({"taskDefinition": revision}));
    described["taskDefinition"]["volumes"][0].clone()
}

fn host(path: &str) -> Value {
    json!({"host": {"sourcePath": path}})
}

fn docker(scope: &str) -> Value {
    json!({"dockerVolumeConfiguration": {"scope": scope, "driver": "local", "driverOpts": {"type": "tmpfs", "device": "tmpfs"},
        "labels": {"team": "shop"}}})
}

fn windows(root: &str) -> Value {
    json!({"fsxWindowsFileServerVolumeConfiguration": {"fileSystemId": "fs-0windows", "rootDirectory": root,
        "authorizationConfig": {"credentialsParameter": SECRET, "domain": "corp.example.com"}}})
}

#[tokio::test(start_paused = true)]
async fn a_volume_of_an_instance_is_as_the_spec_says_and_nothing_is_written_at_rest() {
    for (before, after) in
        [(host("/srv/a"), host("/srv/b")), (docker("task"), docker("shared")), (windows("\\a"), windows("\\b"))]
    {
        let account = Account::new().await;
        let cluster = cluster(&account).await;
        let mut service = mounting(&cluster, &before);
        let seen = service.converge(&account).await;
        let detail = service_detail(&seen);
        assert!(detail.running == 2 && detail.failed_tasks.is_empty(), "{before}: {detail:?}");
        let is = told(&account, &seen);
        let (kind, shall) = before.as_object().unwrap().iter().next().unwrap();
        assert_eq!((&is["name"], &is[kind]), (&json!("data"), shall));
        let since = account.now();
        service.converge(&account).await;
        assert_eq!(account.writes(since), [].into(), "{before}");

        let changed = mounting(&cluster, &after);
        let before = std::mem::replace(&mut service, changed);
        (service.inventory, service.memory) = (before.inventory, before.memory);
        let since = account.now();
        let seen = service.converge(&account).await;
        assert_eq!(account.count(since, "RegisterTaskDefinition"), 1, "{after}");
        assert_eq!(told(&account, &seen)[kind], after[kind]);
        service.remove(&account).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_credentials_of_a_share_are_read_by_the_role_that_is_made_and_without_it_no_task_starts() {
    let account = Account::new().await;
    let cluster = cluster(&account).await;
    let mut service = mounting(&cluster, &windows("\\share"));
    let seen = service.converge(&account).await;
    let role = thing(&seen, "execution-role").value["name"].clone();
    account.asks_of("iam", "DeleteRolePolicy", &json!({"RoleName": role, "PolicyName": "task-definition"}));
    account.asks(
        "UpdateService",
        &json!({"cluster": cluster.arn, "service": thing(&seen, "service").value["name"], "forceNewDeployment": true}),
    );
    sleep(Duration::from_mins(1)).await;
    let (seen, _) = service.planned(&account).await;
    let failed = service_detail(&seen).failed_tasks;
    let says =
        |reason: &str| reason.contains("unable to retrieve secret from asm") && reason.contains("is not authorized");
    assert!(failed.iter().any(|task| says(&task.stopped_reason)), "{failed:?}");
    let detail = service_detail(&service.converge(&account).await);
    assert_eq!(detail.running, 2, "put right: {detail:?}");
}
