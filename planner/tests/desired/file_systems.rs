//! What an `EfsFileSystem` asks for, and a service that mounts one.

use std::collections::BTreeMap;

use longshore_crds::task_definition::Switch;
use longshore_crds::{EfsFileSystemSpec, EfsFileSystemStatus};
use longshore_planner::desired::{
    Desired, Fact, Facts, FileSystemReference, Memory, Need, Obstacle, Reference, References, Scope, ecs_service,
    efs_file_system,
};
use longshore_planner::engine::{Kind, Options, Seen, State, Thing, Unreadable, World, plan};
use longshore_planner::kinds;
use longshore_planner::kinds::ec2::security_group::{SecurityGroup, SecurityGroupOutput};
use longshore_planner::kinds::ec2::security_group_rule::SecurityGroupRule;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::efs::access_point::AccessPoint;
use longshore_planner::kinds::efs::file_system::{FileSystem, FileSystemOutput};
use longshore_planner::kinds::efs::mount_target::{MountTarget, MountTargetOutput};
use longshore_planner::kinds::iam::role::Role;
use longshore_planner::report::fill_file_system;
use serde_json::{Value, json};

use crate::objects::{cluster, environment, hello, merge, node, scope, spec, value};

fn shared(patch: &Value) -> EfsFileSystemSpec {
    spec("20-file-system.yaml", "EfsFileSystem", patch)
}

fn shared_scope(of_environment: &Value) -> Scope {
    let mut scope = scope(environment(of_environment));
    (scope.object_kind, scope.name) = ("EfsFileSystem", "shared".into());
    scope
}

fn zones(of: &[(&str, &str)]) -> Facts {
    let ids = of.iter().map(|(id, _)| (*id).to_owned()).collect();
    let zones = of.iter().map(|(id, zone)| ((*id).to_owned(), (*zone).to_owned())).collect();
    [(Need::SubnetZones { subnet_ids: ids }, Fact::SubnetZones(zones))].into()
}

fn private() -> Facts {
    zones(&[("subnet-0aaa", "a"), ("subnet-0bbb", "b"), ("subnet-0ccc", "c")])
}

fn desire(patch: &Value, facts: &Facts) -> Result<Desired, Obstacle> {
    efs_file_system(&shared_scope(&json!({})), &shared(patch), facts, &BTreeMap::new())
}

fn reasons(outcome: Result<Desired, Obstacle>) -> Vec<(String, String)> {
    match outcome {
        Err(Obstacle::Refused(refusals)) => refusals.into_iter().map(|r| (r.reason, r.at.0)).collect(),
        other => panic!("{other:?}"),
    }
}

fn targets(desired: &Desired) -> Vec<String> {
    desired.graph.iter().filter(|(id, _)| id.kind == MountTarget::NAME).map(|(id, _)| id.key.clone()).collect()
}

#[test]
fn example_20_wants_one_file_system_reached_by_one_rule_in_every_zone() {
    let desired = desire(&json!({}), &private()).unwrap();
    let keys: Vec<&str> = desired.graph.iter().map(|(id, _)| id.key.as_str()).collect();
    let expected = [
        "clients",
        "security-group",
        "ingress-clients",
        "file-system",
        "subnet-0aaa",
        "subnet-0bbb",
        "subnet-0ccc",
        "orders",
    ];
    assert_eq!(keys, expected);
    let file_system: FileSystem = value(&desired, "file-system");
    assert!(file_system.encrypted && !file_system.backup && file_system.creation_token.len() <= 64);
    let rule: SecurityGroupRule = value(&desired, "ingress-clients");
    assert_eq!((rule.from_port, rule.to_port, rule.protocol.as_str()), (2049, 2049, "tcp"));
    assert_eq!(value::<AccessPoint>(&desired, "orders").path, "/orders");
}

#[test]
fn a_zone_gets_the_first_of_its_subnets_and_one_that_is_not_there_is_told() {
    let patch = json!({"subnets": ["subnet-1", "subnet-2", "subnet-3"]});
    let facts = zones(&[("subnet-1", "a"), ("subnet-2", "a"), ("subnet-3", "b")]);
    assert_eq!(targets(&desire(&patch, &facts).unwrap()), ["subnet-1", "subnet-3"]);
    assert!(matches!(desire(&patch, &Facts::new()), Err(Obstacle::Needs(needs)) if needs.len() == 1));
    let ids = ["subnet-1", "subnet-2", "subnet-3"].map(ToOwned::to_owned).to_vec();
    let gone: Facts = [(Need::SubnetZones { subnet_ids: ids }, Fact::SubnetZones(BTreeMap::new()))].into();
    assert_eq!(reasons(desire(&patch, &gone)), [("NoSubnets".to_owned(), "spec.subnets".to_owned())]);
}

#[test]
fn what_cannot_change_has_another_token_and_a_change_of_it_is_blocked_in_words() {
    let before = desire(&json!({}), &private()).unwrap();
    let mut world = World::default();
    let (id, _) = before.graph.iter().find(|(id, _)| id.kind == FileSystem::NAME).unwrap();
    // As AWS tells it: with the account's own key.
    let seen = FileSystem { kms_key_id: Some("arn:own".into()), ..value(&before, "file-system") };
    let seen = Seen::active(seen).with_output(FileSystemOutput::Id, "fs-1");
    world.things.insert(id.clone(), Thing::erase(seen).unwrap());
    let changed = desire(&json!({"encrypted": false}), &private()).unwrap();
    let token = |desired: &Desired| value::<FileSystem>(desired, "file-system").creation_token;
    assert_ne!(token(&before), token(&changed));
    let inventory = [id.clone()].into();
    let settled = plan(&before.graph, &inventory, &world, &kinds::all(), &Options::default());
    assert_eq!(settled.step(id), None, "the account's own key is no difference");
    let planned = plan(&changed.graph, &inventory, &world, &kinds::all(), &Options::default());
    let blocked = planned.blocked().find(|step| step.id.key == "file-system").unwrap();
    assert!(blocked.reason.starts_with("ReplacementNeedsConsent: AWS cannot change encrypted in place"), "{blocked:?}");
    assert!(blocked.reason.contains("allow-replace: file-system@GENERATION"), "{blocked:?}");
    assert!(!planned.steps.iter().any(|step| step.id == *id), "the old one stays: {planned:?}");
}

#[test]
fn an_access_point_that_is_mounted_is_not_taken_away() {
    let in_use = BTreeMap::from([("orders".to_owned(), vec!["EcsService/shop/uploads".to_owned()])]);
    let ask = |patch: &Value| efs_file_system(&shared_scope(&json!({})), &shared(patch), &private(), &in_use);
    assert!(ask(&json!({})).is_ok());
    let Err(Obstacle::Refused(refusals)) = ask(&json!({"accessPoints": null})) else { panic!("it is mounted") };
    assert_eq!((refusals[0].reason.as_str(), refusals[0].at.0.as_str()), ("AccessPointInUse", "spec.accessPoints"));
    assert!(refusals[0].message.contains("orders is mounted by EcsService/shop/uploads"), "{}", refusals[0]);
}

#[test]
fn a_key_and_a_file_system_of_somebody_else_need_a_grant() {
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let cases = [(json!({"kmsKeyId": key}), "spec.kmsKeyId"), (json!({"fileSystemId": "fs-0a"}), "spec.fileSystemId")];
    for (patch, field) in &cases {
        assert_eq!(reasons(desire(patch, &private())), [("NotGranted".to_owned(), (*field).to_owned())]);
    }
    let arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a";
    let mut grants = json!(environment(&json!({})).iam.unwrap().grants);
    merge(&mut grants[0], &json!({"keyArns": [key], "fileSystemArns": [arn]}));
    let scope = shared_scope(&json!({"iam": {"grants": grants}}));
    for (patch, _) in &cases {
        assert!(efs_file_system(&scope, &shared(patch), &private(), &BTreeMap::new()).is_ok(), "{patch}");
    }
}

#[test]
fn a_status_tells_what_services_need_and_keeps_it_while_aws_cannot_be_read() {
    let desired = desire(&json!({}), &private()).unwrap();
    let mut world = World::default();
    for (id, node) in desired.graph.iter() {
        let thing = if id.kind == MountTarget::NAME {
            let target: MountTarget = serde_json::from_value(node.want.clone()).unwrap();
            let state = if id.key == "subnet-0aaa" { State::Pending("creating".into()) } else { State::Active };
            let seen = Seen { state, ..Seen::active(target) }.with_output(MountTargetOutput::Id, "fsmt-1");
            Thing::erase(seen).unwrap()
        } else if id.kind == SecurityGroup::NAME {
            let group: SecurityGroup = serde_json::from_value(node.want.clone()).unwrap();
            Thing::erase(Seen::active(group).with_output(SecurityGroupOutput::Id, format!("sg-{}", id.key))).unwrap()
        } else {
            continue;
        };
        world.things.insert(id.clone(), thing);
    }
    let mut status = EfsFileSystemStatus::default();
    fill_file_system(&mut status, &desired.graph, &world, &["shop/b".into(), "shop/a".into()]);
    assert_eq!(status.clients_security_group_id.as_deref(), Some("sg-clients"));
    assert_eq!(status.security_group_id.as_deref(), Some("sg-security-group"));
    assert_eq!(status.mount_targets.iter().map(|target| target.available).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(status.mounted_by, ["shop/a", "shop/b"]);
    let id = desired.graph.iter().next().unwrap().0.clone();
    let unread = World { unknown: [(id, Unreadable::for_now("a time-out"))].into(), ..World::default() };
    let before = status.clone();
    fill_file_system(&mut status, &desired.graph, &unread, &before.mounted_by);
    assert_eq!(status, before);
}

fn known() -> FileSystemReference {
    FileSystemReference {
        file_system_id: "fs-1".into(),
        clients_security_group_id: "sg-0clients".into(),
        security_group_id: Some("sg-0files".into()),
        access_points: [("orders".to_owned(), Some("fsap-1".to_owned())), ("new".to_owned(), None)].into(),
    }
}

fn mounting(
    efs: &Value,
    mount: &Value,
    reference: Option<Reference<FileSystemReference>>,
) -> Result<Desired, Obstacle> {
    let mut mounted = json!({"sourceVolume": "shared", "containerPath": "/data"});
    merge(&mut mounted, mount);
    let service = hello(&json!({"task": {
        "containerDefinitions": [{"name": "web", "image": "nginx", "mountPoints": [mounted]}],
        "volumes": [{"name": "shared", "efsVolumeConfiguration": efs}],
    }}));
    let mut references = References::to_cluster(cluster());
    references.file_systems =
        reference.into_iter().map(|reference| (("shop".to_owned(), "shared".to_owned()), reference)).collect();
    ecs_service(&scope(environment(&json!({}))), &service, &Facts::new(), &references, &Memory::default())
}

fn ready() -> Reference<FileSystemReference> {
    Reference::Ready(known())
}

#[test]
fn a_mount_is_encrypted_and_by_a_role_that_may_mount_that_file_system_alone() {
    let arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1";
    let by_point = json!({"StringEquals": {"elasticfilesystem:AccessPointArn":
        ["arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-1"]}});
    let (mount, write) = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite");
    let cases = [
        (json!({}), json!({}), vec![mount, write], None),
        (json!({}), json!({"readOnly": true}), vec![mount], None),
        (json!({"authorizationConfig": {"accessPointRef": "orders"}}), json!({}), vec![mount, write], Some(by_point)),
    ];
    for (efs, point, actions, condition) in cases {
        let mut configuration = json!({"fileSystemRef": {"name": "shared"}});
        merge(&mut configuration, &efs);
        let desired = mounting(&configuration, &point, Some(ready())).unwrap();
        let task: TaskDefinition = value(&desired, "task");
        let resolved = task.content.volumes[0].efs_volume_configuration.clone().unwrap();
        assert_eq!((resolved.file_system_id.as_deref(), resolved.file_system_ref), (Some("fs-1"), None));
        assert_eq!(resolved.transit_encryption, Some(Switch::Enabled));
        assert_eq!(resolved.authorization_config.unwrap().iam, Some(Switch::Enabled));
        let role: Role = value(&desired, "task-role");
        let statement = role.inline["task-definition"]["Statement"][0].clone();
        assert_eq!(statement["Action"], json!(actions));
        assert_eq!(statement["Resource"], json!([arn]));
        assert_eq!(statement.get("Condition"), condition.as_ref());
        let network = value::<Service>(&desired, "service").network.unwrap();
        assert!(network.security_groups.contains(&"sg-0clients".into()), "{network:?}");
    }
}

#[test]
fn a_mount_without_the_role_needs_none() {
    for off in [json!({"transitEncryption": "DISABLED"}), json!({"authorizationConfig": {"iam": "DISABLED"}})] {
        let mut configuration = json!({"fileSystemRef": {"name": "shared"}});
        merge(&mut configuration, &off);
        let desired = mounting(&configuration, &json!({}), Some(ready())).unwrap();
        assert!(node::<Role>(&desired, "task-role").is_none(), "{off}");
    }
}

#[test]
fn a_file_system_of_somebody_else_is_mounted_only_with_a_grant() {
    let outcome = mounting(&json!({"fileSystemId": "fs-0b"}), &json!({}), None);
    let field = "spec.task.volumes[shared].efsVolumeConfiguration.fileSystemId";
    assert_eq!(reasons(outcome), [("NotGranted".to_owned(), field.to_owned())]);
}

#[test]
fn what_is_not_there_yet_is_waited_for_in_words() {
    let waiting = Reference::Waiting { reason: "FileSystemNotReady".into(), message: "is not in AWS yet".into() };
    let by =
        |point: &str| json!({"fileSystemRef": {"name": "shared"}, "authorizationConfig": {"accessPointRef": point}});
    let cases = [
        (by("orders"), None, "FileSystemNotFound"),
        (by("orders"), Some(waiting), "FileSystemNotReady"),
        (by("new"), Some(ready()), "FileSystemNotReady"),
        (by("wrong"), Some(ready()), "AccessPointNotFound"),
    ];
    for (efs, reference, expected) in cases {
        match mounting(&efs, &json!({}), reference) {
            Err(Obstacle::Waiting { reason, message }) => {
                assert_eq!(reason, expected);
                assert!(message.contains("spec.task.volumes[shared]"), "{message}");
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn a_task_in_more_groups_than_it_can_be_is_refused() {
    let mut service = hello(&json!({
        "networkConfiguration": {"awsvpcConfiguration": {"securityGroups": ["sg-1", "sg-2", "sg-3", "sg-4"]}},
        "task": {"volumes": [{"name": "shared", "efsVolumeConfiguration": {"fileSystemRef": {"name": "shared"}}}]},
    }));
    let mut references = References::to_cluster(cluster());
    references.file_systems = [(("shop".to_owned(), "shared".to_owned()), Reference::Ready(known()))].into();
    let scope = scope(environment(&json!({})));
    let ask = |service: &_| ecs_service(&scope, service, &Facts::new(), &references, &Memory::default());
    assert_eq!(reasons(ask(&service))[0].0, "TooManySecurityGroups");
    service.network_configuration.as_mut().unwrap().awsvpc_configuration.as_mut().unwrap().security_groups.pop();
    assert!(ask(&service).is_ok());
}

#[test]
fn a_token_is_as_long_as_efs_takes_it_and_begins_with_its_object() {
    let mut scope = shared_scope(&json!({}));
    scope.base = Some("shop-shared-with-a-name-that-is-longer-than-any-token-of-efs-0a1b2c3d".into());
    let desired = efs_file_system(&scope, &shared(&json!({})), &private(), &std::collections::BTreeMap::new()).unwrap();
    let token = value::<FileSystem>(&desired, "file-system").creation_token;
    assert_eq!(token.len(), 64, "{token}");
    assert!(token.starts_with("shop-shared-with-a-name-"), "{token}");
}
