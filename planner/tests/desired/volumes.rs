//! EBS volumes, S3 Files, and log routers: what is asked of ECS, and which rights come of it.

use longshore_planner::desired::{LastGood, Memory, Obstacle, Rejected, Scope};
use longshore_planner::engine::Kind;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::objects::{container, desire, desired, environment, hello, node, refused, scope, spec, value};

const S3: &str = "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d";

/// Example 10 with an EBS volume.
fn ebs(more: &Value) -> Value {
    let mut volume = json!({"sizeInGiB": 20});
    crate::objects::merge(&mut volume, more);
    json!({
        "task": {"volumes": [{"name": "index", "configuredAtLaunch": true}]},
        "volumeConfigurations": [{"name": "index", "managedEBSVolume": volume}],
    })
}

/// Example 10 with an S3 Files volume.
fn s3(more: &Value, read_only: bool) -> Value {
    let mut volume = json!({"fileSystemArn": S3});
    crate::objects::merge(&mut volume, more);
    let mounts = json!({"mountPoints": [{"sourceVolume": "in", "containerPath": "/in", "readOnly": read_only}]});
    json!({"task": {
        "containerDefinitions": [container(&mounts)],
        "volumes": [{"name": "in", "s3filesVolumeConfiguration": volume}],
    }})
}

/// The environment's grants, all of one list covering this.
fn granting(list: &str, what: &str) -> Scope {
    scope(environment(&json!({"iam": {"grants": [{"namespaces": {}, list: [what]}]}})))
}

#[test]
fn the_example_wants_volumes_by_a_role_of_ecs_and_a_router_that_logs_to_the_service_s_group() {
    let search = spec("20-volumes-and-logs.yaml", "EcsService", &json!({}));
    let desired = desire(&scope(environment(&json!({}))), &search, &Memory::default()).unwrap();
    let keys: Vec<&str> = desired.graph.iter().map(|(id, _)| id.key.as_str()).collect();
    let expected = [
        "logs",
        "execution-role",
        "task-role",
        "infrastructure-role",
        "security-group",
        "egress-all",
        "task",
        "service",
    ];
    assert_eq!(keys, expected);
    let role: Role = value(&desired, "infrastructure-role");
    let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes";
    assert_eq!((role.attached, role.inline), ([policy.to_owned()].into(), [].into()));
    assert_eq!(role.trust["Statement"][0]["Principal"], json!({"Service": ["ecs.amazonaws.com"]}));
    assert!(role.permissions_boundary.is_some() && role.name.len() <= 64 && role.name.ends_with("-infra"));
    let service: Service = value(&desired, "service");
    let volume = &service.volume_configurations[0].managed_ebs_volume;
    assert_eq!(volume.role_arn.known(), None, "it is not made yet");
    let told = serde_json::to_value(&volume.volume).unwrap();
    let expected = json!({"encrypted": true, "filesystemType": "xfs", "sizeInGiB": 20, "volumeType": "gp3"});
    assert_eq!(told, expected);
    let task: TaskDefinition = value(&desired, "task");
    assert_eq!(task.infrastructure_role_arn.as_ref(), Some(&volume.role_arn), "it stays as long as its revision");
    let [router, web] = task.content.container_definitions.as_slice() else { panic!("{task:?}") };
    assert_eq!(router.log_configuration.as_ref().unwrap().log_driver.as_str(), "awslogs");
    assert_eq!(web.log_configuration.as_ref().unwrap().log_driver.as_str(), "awsfirelens");
    assert_eq!(router.user.as_deref(), Some("0"));
}

#[test]
fn a_service_without_volumes_has_no_such_role_and_one_that_names_its_own_neither() {
    assert!(node::<Role>(&desired(&json!({})), "infrastructure-role").is_none());
    let role = "arn:aws:iam::123456789012:role/app-shop-volumes";
    let desired = desired(&ebs(&json!({"roleArn": role})));
    assert!(node::<Role>(&desired, "infrastructure-role").is_none());
    let service: Service = value(&desired, "service");
    assert_eq!(service.volume_configurations[0].managed_ebs_volume.role_arn.known(), Some(role));
}

#[test]
fn windows_gets_the_file_system_that_it_reads() {
    let mut patch = ebs(&json!({}));
    patch["task"]["runtimePlatform"] = json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"});
    let service: Service = value(&desired(&patch), "service");
    let told = serde_json::to_value(&service.volume_configurations[0].managed_ebs_volume.volume).unwrap();
    assert_eq!(told["filesystemType"], "ntfs");
}

#[test]
fn what_a_volume_is_made_with_and_of_needs_a_grant() {
    let at = |member: &str| format!("spec.volumeConfigurations[index].managedEBSVolume.{member}");
    let role = "arn:aws:iam::123456789012:role/admin";
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let cases = [
        (ebs(&json!({"roleArn": role})), "roleArns", role, at("roleArn")),
        (ebs(&json!({"kmsKeyId": key})), "keyArns", key, at("kmsKeyId")),
        (ebs(&json!({"snapshotId": "snap-1"})), "snapshotIds", "snap-1", at("snapshotId")),
        (
            s3(&json!({}), false),
            "fileSystemArns",
            S3,
            "spec.task.volumes[in].s3filesVolumeConfiguration.fileSystemArn".into(),
        ),
    ];
    for (patch, list, what, field) in cases {
        let refusals = refused(&patch);
        let [(reason, at, message)] = refusals.as_slice() else { panic!("{patch}: {refusals:?}") };
        assert_eq!((reason.as_str(), at), ("NotGranted", &field));
        assert!(message.contains(what) && message.contains(list), "{message}");
        assert!(desire(&granting(list, what), &hello(&patch), &Memory::default()).is_ok(), "{list} covers {what}");
    }
}

#[test]
fn the_policy_for_ecs_itself_is_not_to_be_had_for_tasks() {
    let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes";
    let refusals = refused(&json!({"taskRole": {"managedPolicyArns": [policy]}}));
    assert_eq!(refusals.first().map(|(reason, ..)| reason.as_str()), Some("NotGranted"), "{refusals:?}");
}

#[test]
fn who_mounts_s3_files_may_mount_that_file_system_alone() {
    let point = format!("{S3}/access-point/fsap-1");
    let by_point = json!({"StringEquals": {"s3files:AccessPointArn": [point]}});
    let cases = [
        (s3(&json!({}), false), json!(["s3files:ClientMount", "s3files:ClientWrite"]), Value::Null),
        (s3(&json!({}), true), json!(["s3files:ClientMount"]), Value::Null),
        (s3(&json!({"accessPointArn": point}), true), json!(["s3files:ClientMount"]), by_point),
    ];
    for (patch, actions, condition) in cases {
        let desired = desire(&granting("fileSystemArns", S3), &hello(&patch), &Memory::default()).unwrap();
        let role: Role = value(&desired, "task-role");
        let statement = &role.inline["task-definition"]["Statement"][0];
        assert_eq!((&statement["Action"], &statement["Resource"]), (&actions, &json!([S3])), "{patch}");
        assert_eq!(statement["Condition"], condition, "{patch}");
    }
}

#[test]
fn what_fargate_cannot_do_is_refused_also_where_the_cluster_decides() {
    let of_cluster = |task: Value| json!({"launchType": null, "task": task});
    let volume = |volume: Value| of_cluster(json!({"volumes": [volume]}));
    let fsx = json!({"fileSystemId": "fs-1", "rootDirectory": "share", "authorizationConfig": {"credentialsParameter": "a", "domain": "d"}});
    let router = json!({"firelensConfiguration": {"type": "fluentbit", "options": {
        "config-file-type": "s3", "config-file-value": "arn:aws:s3:::shop/fluent.conf"}}});
    let cases = [
        (volume(json!({"name": "v", "host": {"sourcePath": "/data"}})), "spec.task.volumes[v]"),
        (volume(json!({"name": "v", "dockerVolumeConfiguration": {}})), "spec.task.volumes[v]"),
        (volume(json!({"name": "v", "fsxWindowsFileServerVolumeConfiguration": fsx})), "spec.task.volumes[v]"),
        (
            of_cluster(json!({"containerDefinitions": [container(&router)]})),
            "spec.task.containerDefinitions[web].firelensConfiguration.options",
        ),
    ];
    for (patch, field) in cases {
        let refusals = refused(&patch);
        let told: Vec<_> = refusals.iter().map(|(reason, at, _)| (reason.as_str(), at.as_str())).collect();
        assert_eq!(told, [("NotOnFargate", field)], "{patch}");
    }
    assert_eq!(refused(&volume(json!({"name": "scratch", "host": {}}))), vec![], "a task's own scratch space is");
}

#[test]
fn a_revision_that_ecs_went_back_to_keeps_what_was_attached_to_it() {
    let plain = desired(&json!({}));
    let (id, _) = plain.graph.iter().find(|(id, _)| id.key == "task").unwrap();
    let revision = |number: u32| format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:{number}");
    let rejected = Rejected {
        content_hash: id.fixed.clone(),
        arn: revision(2),
        reason: "tasks failed".into(),
        restarted_at: None,
    };
    let good = LastGood { content_hash: "before".into(), arn: revision(1), roleless: false };
    let memory = Memory { rejected: Some(rejected), last_good: Some(good), ..Memory::default() };
    let desired = desire(&scope(environment(&json!({}))), &hello(&json!({})), &memory).unwrap();
    let want: Service = value(&desired, "service");
    assert!(want.reverted);
    let mut seen: Service = value(&plain, "service");
    let volume = json!({"name": "index", "managedEBSVolume": {"roleArn": "arn:r", "sizeInGiB": 5}});
    seen.volume_configurations = vec![serde_json::from_value(volume).unwrap()];
    want.disown(&mut seen);
    assert_eq!(seen.volume_configurations, want.volume_configurations, "it is not Longshore's to change now");
}

#[test]
fn secrets_of_a_routed_log_are_read_by_the_execution_role_and_the_rest_is_the_task_role_s() {
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/api-key-AbCdEf";
    let secretive = json!({"logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "http"},
        "secretOptions": [{"name": "apikey", "valueFrom": secret}]}});
    let router = json!({"name": "router", "firelensConfiguration": {"type": "fluentbit"}});
    let patch = json!({"task": {"containerDefinitions": [container(&secretive), container(&router)]}});
    let outcome = desire(&scope(environment(&json!({}))), &hello(&patch), &Memory::default());
    let desired = outcome.unwrap_or_else(|obstacle: Obstacle| panic!("{obstacle:?}"));
    let role: Role = value(&desired, "execution-role");
    let allowed = role.inline["task-definition"].to_string();
    assert!(allowed.contains(secret) && allowed.contains("logs:PutLogEvents"), "{allowed}");
    assert!(node::<Role>(&desired, "task-role").is_none(), "destinations are named by the spec's own policy");
}
