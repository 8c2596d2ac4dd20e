//! Example 20's file system with services that mount it: whatever happens to a call, there is no second of anything;
//! what is taken away is found and put right; seventy services fill no quota; in the end nothing is left.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::operation::revoke_security_group_ingress::builders::RevokeSecurityGroupIngressInputBuilder;
use aws_sdk_efs::operation::delete_access_point::builders::DeleteAccessPointInputBuilder;
use aws_sdk_efs::operation::delete_mount_target::builders::DeleteMountTargetInputBuilder;
use aws_sdk_efs::operation::modify_mount_target_security_groups::builders::ModifyMountTargetSecurityGroupsInputBuilder;
use aws_sdk_efs::operation::put_backup_policy::builders::PutBackupPolicyInputBuilder;
use aws_sdk_efs::operation::untag_resource::builders::UntagResourceInputBuilder;
use aws_sdk_efs::types::{BackupPolicy, Status};
use futures::future::join_all;
use longshore_planner::desired::{
    ClusterReference, FileSystemReference, Obstacle, Reference, References, ecs_service, efs_file_system,
};
use longshore_planner::engine::World;
use longshore_planner::kinds::ecs::service::{Service, ServiceDetail};
use longshore_simulator::faults::Kind;
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::{self, scope};
use crate::object::{Object, cluster_of, thing, words};
use crate::survey::cost::Cost;
use crate::survey::{judged, subject, suspicion};

pub(crate) fn file_system(patch: &Value) -> Object {
    let spec = examples::file_system(patch);
    Object::needing(scope("EfsFileSystem", "shared"), move |scope, _, facts| {
        efs_file_system(scope, &spec, facts, &BTreeMap::new())
    })
}

/// The service's patch.
fn mounting() -> Value {
    json!({"task": {
        "containerDefinitions": [{"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27",
            "mountPoints": [{"sourceVolume": "shared", "containerPath": "/data"}]}],
        "volumes": [{"name": "shared", "efsVolumeConfiguration": {"fileSystemRef": {"name": "shared"},
            "authorizationConfig": {"accessPointRef": "orders"}}}],
    }})
}

fn uploads(name: &str, references: References) -> Object {
    let spec = examples::service(&mounting());
    Object::needing(scope("EcsService", name), move |scope, memory, facts| {
        ecs_service(scope, &spec, facts, &references, memory)
    })
}

fn references(file_system: &World, cluster: &World) -> References {
    let output = |world: &World, key: &str, name: &str| thing(world, key).outputs[name].clone();
    let known = FileSystemReference {
        file_system_id: output(file_system, "file-system", "id"),
        clients_security_group_id: output(file_system, "clients", "id"),
        security_group_id: Some(output(file_system, "security-group", "id")),
        access_points: [("orders".to_owned(), Some(output(file_system, "orders", "id")))].into(),
    };
    let cluster = cluster_of(cluster);
    let file_systems = [(("shop".to_owned(), "shared".to_owned()), Reference::Ready(known))].into();
    References { file_systems, ..References::to_cluster(Reference::Ready(cluster)) }
}

pub(crate) async fn both(account: &Account, patch: &Value) -> (Object, References) {
    let mut shared = file_system(patch);
    let world = shared.converge(account).await;
    let cluster = Object::cluster(&json!({})).converge(account).await;
    let references = references(&world, &cluster);
    (shared, references)
}

/// A policy that lets nobody in but by his own rights.
fn own_rights_only() -> Value {
    json!({"policy": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}})
}

#[tokio::test(start_paused = true)]
async fn each_resource_is_made_once_tasks_mount_it_and_nothing_is_written_at_rest() {
    for patch in [json!({}), own_rights_only()] {
        let account = Account::new().await;
        let (mut shared, references) = both(&account, &patch).await;
        let mut service = uploads("uploads", references);
        let world = service.converge(&account).await;
        let made = account.writes(0);
        let counts = ["CreateFileSystem", "CreateMountTarget", "CreateAccessPoint", "CreateService"]
            .map(|operation| made.get(operation).copied().unwrap_or_default());
        assert_eq!(counts, [1, 3, 1, 1], "{made:?}");
        let detail = service_detail(&world);
        assert!(detail.running > 0 && detail.failed_tasks.is_empty(), "{patch}: {detail:?}");
        let since = account.now();
        for object in [&mut shared, &mut service] {
            let (_, plan) = object.planned(&account).await;
            assert_eq!(plan.steps.iter().map(words).collect::<Vec<_>>(), [""; 0]);
        }
        assert_eq!(account.writes(since), [].into());
        service.remove(&account).await;
        shared.remove(&account).await;
    }
}

pub(crate) fn service_detail(world: &World) -> ServiceDetail {
    let (id, _) = world.things.iter().find(|(id, _)| id.key == "service").unwrap();
    world.seen::<Service>(id).unwrap().detail().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_makes_no_second_of_anything() {
    for operation in ["CreateFileSystem", "CreateMountTarget", "CreateAccessPoint", "CreateSecurityGroup"] {
        for nth in 1..=2 {
            let account = Account::new().await;
            account.breaks(operation, nth, 1, Kind::LostReply);
            let mut shared = file_system(&json!({}));
            shared.converge(&account).await;
            let there: Vec<String> = account.ours();
            let count = |what: &str| there.iter().filter(|line| line.starts_with(what)).count();
            assert_eq!(
                ["file system", "access point", "security group"].map(count),
                [1, 1, 2],
                "{operation}: {there:?}"
            );
            shared.remove(&account).await;
            assert_eq!(account.ours(), [""; 0], "{operation} {nth}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_away_is_found_and_put_right() {
    for what in ["nothing", "mount target", "access point", "rule", "groups of a mount target", "backup", "tag"] {
        let account = Account::new().await;
        let mut shared = file_system(&json!({"backup": true, "tags": [{"key": "Team", "value": "shop"}]}));
        let world = shared.converge(&account).await;
        take_away(&account, &world, what).await;
        let found = judged(&account, &[subject(&shared)]).await;
        assert_eq!(suspicion(&found[0]).is_some(), what != "nothing", "{what}: {found:?}");
        shared.converge(&account).await;
        let found = judged(&account, &[subject(&shared)]).await;
        assert_eq!(suspicion(&found[0]), None, "{what} is put right");
        shared.remove(&account).await;
        assert_eq!(account.ours(), [""; 0], "{what}");
    }
}

async fn take_away(account: &Account, world: &World, what: &str) {
    let aws = account.session.writer();
    let id = |key: &str| thing(world, key).outputs["id"].clone();
    match what {
        "mount target" => {
            drop(aws.write(DeleteMountTargetInputBuilder::default().mount_target_id(id("subnet-0aaa"))).await);
        }
        "access point" => drop(aws.write(DeleteAccessPointInputBuilder::default().access_point_id(id("orders"))).await),
        "rule" => {
            let request = RevokeSecurityGroupIngressInputBuilder::default().group_id(id("security-group"));
            drop(aws.write(request.security_group_rule_ids(id("ingress-clients"))).await);
        }
        "groups of a mount target" => {
            let request = ModifyMountTargetSecurityGroupsInputBuilder::default().mount_target_id(id("subnet-0aaa"));
            drop(aws.write(request.security_groups("sg-0default")).await);
        }
        "backup" => {
            let off = BackupPolicy::builder().status(Status::Disabled).build().unwrap();
            let request = PutBackupPolicyInputBuilder::default().file_system_id(id("file-system"));
            drop(aws.write(request.backup_policy(off)).await);
        }
        "tag" => {
            let request = UntagResourceInputBuilder::default().resource_id(id("file-system")).tag_keys("Team");
            drop(aws.write(request).await);
        }
        _ => {}
    }
    tokio::time::sleep(Duration::from_mins(2)).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_cannot_reach_its_file_system_says_so_in_aws_s_words() {
    let cases = [
        ("mount target", "Failed to resolve"),
        ("rule", "Connection timed out"),
        ("access point", "access denied by server"),
    ];
    for (what, said) in cases {
        let account = Account::new().await;
        let (shared, references) = both(&account, &json!({})).await;
        let world = shared.look(&account, &shared.graph()).await;
        take_away(&account, &world, what).await;
        let mut service = uploads("uploads", references);
        let mut reasons = vec![];
        for _ in 0..20 {
            let round = service.round(&account).await;
            if round.world.things.keys().any(|id| id.key == "service") {
                reasons.extend(service_detail(&round.world).failed_tasks.into_iter().map(|task| task.stopped_reason));
            }
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        let expected =
            |reason: &String| reason.contains("failed to invoke EFS utils commands") && reason.contains(said);
        assert!(reasons.iter().any(expected), "{what}: {reasons:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retained_file_system_is_found_again_by_an_object_of_the_same_name() {
    let account = Account::new().await;
    let mut before = file_system(&json!({}));
    before.converge(&account).await;
    let since = account.now();
    // The object was deleted and is applied again: nothing is remembered.
    let mut after = file_system(&json!({}));
    after.converge(&account).await;
    assert_eq!(account.writes(since), [].into());
    assert_eq!(after.inventory.ids(), before.inventory.ids());
}

#[tokio::test(start_paused = true)]
async fn one_that_somebody_else_made_is_taken_over_by_its_id_and_never_made() {
    let account = Account::new().await;
    let request = aws_sdk_efs::operation::create_file_system::builders::CreateFileSystemInputBuilder::default()
        .creation_token("theirs")
        .encrypted(true);
    let made = account.session.writer().write(request).await.unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    let granted = json!({"fileSystemId": made.file_system_id, "throughputMode": "bursting"});
    let spec = examples::file_system(&granted);
    let mut scope = scope("EfsFileSystem", "shared");
    let grant = &mut scope.environment.iam.as_mut().unwrap().grants[0];
    grant.file_system_arns = vec!["arn:aws:elasticfilesystem:*:*:file-system/*".to_owned()];
    let mut shared =
        Object::needing(scope, move |scope, _, facts| efs_file_system(scope, &spec, facts, &BTreeMap::new()));
    let (_, plan) = shared.planned(&account).await;
    assert!(plan.blocked().any(|step| step.reason.starts_with("AlreadyExists")), "{plan:?}");
    shared.options.adopt = true;
    let world = shared.converge(&account).await;
    assert_eq!(thing(&world, "file-system").outputs["id"], made.file_system_id);
    assert_eq!(account.count(0, "CreateFileSystem"), 1, "the one that is there");
}

const SERVICES: usize = 70;
/// Calls of a sweep of them, and the hundredths of one that each further service may add (docs/performance.md).
const SWEEP: usize = 19;
const FURTHER: usize = 9;

#[tokio::test(start_paused = true)]
async fn seventy_services_mount_one_file_system_by_one_rule() {
    let account = Account::new().await;
    let (mut shared, references) = both(&account, &json!({})).await;
    let mut services: Vec<Object> =
        (0..SERVICES).map(|number| uploads(&format!("uploads-{number:02}"), references.clone())).collect();
    for some in services.chunks_mut(10) {
        join_all(some.iter_mut().map(|service| service.converge(&account))).await;
    }
    let group = thing(&shared.planned(&account).await.0, "security-group").outputs["id"].clone();
    let world = account.simulator.with_world(|world| serde_json::to_value(&*world).unwrap());
    assert_eq!(world["ec2"]["groups"][group.as_str()]["rules"].as_object().unwrap().len(), 1);
    let subjects: Vec<_> = services.iter().map(subject).collect();
    let found = judged(&account, &subjects).await;
    assert_eq!(found.iter().filter_map(suspicion).collect::<Vec<_>>(), [""; 0]);
    let cost = Cost::of(&account, &[subject(&shared)], &subjects).await;
    println!("mounting a file system: {cost:?}");
    assert!(cost.is_at_most(SWEEP, FURTHER), "{cost:?}");
}

#[test]
fn a_service_waits_for_a_file_system_that_is_not_there() {
    let references = References::to_cluster(Reference::Ready(ClusterReference {
        arn: "a".into(),
        name: "a".into(),
        ..ClusterReference::default()
    }));
    let desired = ecs_service(
        &scope("EcsService", "uploads"),
        &examples::service(&mounting()),
        &BTreeMap::new(),
        &references,
        &longshore_planner::desired::Memory::default(),
    );
    let Err(Obstacle::Waiting { reason, message }) = desired else { panic!("it cannot be made") };
    assert_eq!(reason, "FileSystemNotFound");
    assert!(message.contains("spec.task.volumes[shared]") && message.contains("EfsFileSystem shared"), "{message}");
}
