use serde_json::{Value, json};

use super::call;
use crate::call::{Answer, Call, Service};
use crate::world::World;
use crate::world_file::seed;

fn ask(world: &mut World, operation: &str, input: Value) -> Answer {
    let call_ = Call {
        service: Service::Efs,
        operation: operation.to_owned(),
        input,
        region: world.region.clone(),
        access_key: "AKIAEXAMPLE".into(),
        account_id: world.account_id.clone(),
        time: world.now,
    };
    call(world, &call_)
}

fn made(world: &mut World, input: Value) -> String {
    let id = ask(world, "CreateFileSystem", input).unwrap()["FileSystemId"].as_str().unwrap().to_owned();
    world.advance_to(world.now + super::SHORT);
    id
}

fn code(answer: Answer) -> String {
    answer.unwrap_err().code
}

#[test]
fn a_file_system_is_known_by_its_token_and_can_be_used_once_it_is_available() {
    let mut world = seed();
    let input = json!({"CreationToken": "a", "Encrypted": true, "Tags": [{"Key": "Name", "Value": "x"}]});
    let first = ask(&mut world, "CreateFileSystem", input.clone()).unwrap();
    assert_eq!((first["LifeCycleState"].as_str(), first["Name"].as_str()), (Some("creating"), Some("x")));
    assert_eq!(code(ask(&mut world, "CreateFileSystem", input)), "FileSystemAlreadyExists");
    let target = json!({"FileSystemId": first["FileSystemId"], "SubnetId": "subnet-0aaa"});
    assert_eq!(code(ask(&mut world, "CreateMountTarget", target.clone())), "IncorrectFileSystemLifeCycleState");
    world.advance_to(world.now + super::SHORT);
    ask(&mut world, "CreateMountTarget", target).unwrap();
}

#[test]
fn a_zone_has_one_mount_target_whose_interface_goes_with_it_and_the_file_system_after_it() {
    let mut world = seed();
    let id = made(&mut world, json!({"CreationToken": "a"}));
    let target = json!({"FileSystemId": id, "SubnetId": "subnet-0aaa"});
    let made = ask(&mut world, "CreateMountTarget", target.clone()).unwrap();
    assert_eq!(code(ask(&mut world, "CreateMountTarget", target)), "MountTargetConflict");
    assert_eq!(code(ask(&mut world, "DeleteFileSystem", json!({"FileSystemId": id}))), "FileSystemInUse");
    ask(&mut world, "DeleteMountTarget", json!({"MountTargetId": made["MountTargetId"]})).unwrap();
    let interface = made["NetworkInterfaceId"].as_str().unwrap();
    assert!(crate::services::ec2::interface(&world, interface).is_some(), "it is still going");
    world.advance_to(world.now + super::LONG);
    assert!(crate::services::ec2::interface(&world, interface).is_none());
    ask(&mut world, "DeleteFileSystem", json!({"FileSystemId": id})).unwrap();
    world.advance_to(world.now + super::LONG);
    assert_eq!(code(ask(&mut world, "DescribeFileSystems", json!({"FileSystemId": id}))), "FileSystemNotFound");
}

#[test]
fn another_throughput_mode_is_taken_once_a_day() {
    let mut world = seed();
    let id = made(&mut world, json!({"CreationToken": "a"}));
    ask(&mut world, "UpdateFileSystem", json!({"FileSystemId": id, "ThroughputMode": "elastic"})).unwrap();
    let back = json!({"FileSystemId": id, "ThroughputMode": "bursting"});
    assert_eq!(code(ask(&mut world, "UpdateFileSystem", back.clone())), "TooManyRequests");
    world.advance_to(world.now + 24 * 3_600_000);
    ask(&mut world, "UpdateFileSystem", back).unwrap();
}

#[test]
fn lifecycle_backups_policy_and_tags_read_back() {
    let mut world = seed();
    let id = made(&mut world, json!({"CreationToken": "a"}));
    let with = |mut members: Value| {
        members["FileSystemId"] = json!(id);
        members
    };
    let archive = with(json!({"LifecyclePolicies": [{"TransitionToArchive": "AFTER_90_DAYS"}]}));
    assert_eq!(
        code(ask(&mut world, "PutLifecycleConfiguration", archive)),
        "BadRequest",
        "it is for elastic throughput"
    );
    let ia = with(json!({"LifecyclePolicies": [{"TransitionToIA": "AFTER_30_DAYS"}]}));
    ask(&mut world, "PutLifecycleConfiguration", ia.clone()).unwrap();
    let read = ask(&mut world, "DescribeLifecycleConfiguration", with(json!({}))).unwrap();
    assert_eq!(read["LifecyclePolicies"], ia["LifecyclePolicies"]);
    ask(&mut world, "PutBackupPolicy", with(json!({"BackupPolicy": {"Status": "ENABLED"}}))).unwrap();
    let read = ask(&mut world, "DescribeBackupPolicy", with(json!({}))).unwrap();
    assert_eq!(read["BackupPolicy"]["Status"], "ENABLED");
    assert_eq!(code(ask(&mut world, "DescribeFileSystemPolicy", with(json!({})))), "PolicyNotFound");
    assert_eq!(code(ask(&mut world, "PutFileSystemPolicy", with(json!({"Policy": "{}"})))), "InvalidPolicyException");
    ask(&mut world, "TagResource", json!({"ResourceId": id, "Tags": [{"Key": "a", "Value": "b"}]})).unwrap();
    ask(&mut world, "UntagResource", json!({"ResourceId": id, "TagKeys": ["a"]})).unwrap();
    assert_eq!(ask(&mut world, "ListTagsForResource", json!({"ResourceId": id})).unwrap()["Tags"], json!([]));
}
