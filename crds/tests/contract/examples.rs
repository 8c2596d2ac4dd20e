//! The examples, as the types see them.

use crate::cases;
use longshore_crds::{
    ApplicationLoadBalancer, AwsEnvironment, DeletionPolicy, EcsCluster, EcsService, EcsTask, EcsTaskTrigger,
    EfsFileSystem, Managed, Mode, Size,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

fn parsed<K: DeserializeOwned + Serialize>(name: &str) -> (K, Value) {
    let written = cases::manifest(name);
    let object: K = serde_json::from_value(written.clone()).unwrap();
    (object, written)
}

/// The value with 60 and 60.0 alike.
fn numbers_alike(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().unwrap()),
        Value::Array(items) => items.iter().map(numbers_alike).collect(),
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), numbers_alike(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn nothing_of_an_example_is_lost_by_reading_and_writing_it() {
    fn check<K: DeserializeOwned + Serialize>(name: &str) {
        let (object, written) = parsed::<K>(name);
        let kept = serde_json::to_value(&object).unwrap();
        assert_eq!(numbers_alike(&kept["spec"]), numbers_alike(&written["spec"]), "{name}");
    }
    check::<AwsEnvironment>("default");
    check::<EcsCluster>("main");
    check::<EcsService>("hello");
    check::<EcsService>("orders");
    check::<ApplicationLoadBalancer>("public");
    check::<EfsFileSystem>("shared");
    check::<EcsService>("uploads");
    check::<EcsService>("search");
    check::<EcsService>("catalog");
    check::<EcsService>("front");
    check::<EcsService>("reports");
    check::<EcsCluster>("ec2");
    check::<ApplicationLoadBalancer>("internal");
    check::<EcsService>("api");
    check::<EcsService>("billing");
    check::<EcsTask>("migrate-142");
    check::<EcsTaskTrigger>("nightly-report");
    check::<EcsTaskTrigger>("on-upload");
}

#[test]
fn the_shortest_service_reads_as_it_was_meant() {
    let (hello, _) = parsed::<EcsService>("hello");
    assert_eq!(hello.spec.cluster.name.as_deref(), Some("main"));
    assert_eq!(hello.spec.task.cpu, Some(Size::Number(256)));
    assert_eq!(hello.spec.task.container_definitions[0].port_mappings[0].container_port, Some(80));
    assert_eq!(hello.spec.mode, None);
}

#[test]
fn the_large_service_reads_as_it_was_meant() {
    let (orders, _) = parsed::<EcsService>("orders");
    assert_eq!(orders.spec.mode, Some(Mode::Manage));
    let policy = orders.spec.task_role.unwrap().policy.unwrap();
    assert_eq!(policy.statements()[0]["Action"], "s3:GetObject");
    let volume = orders.spec.task.volumes[0].efs_volume_configuration.clone().unwrap();
    assert_eq!(volume.file_system_ref.unwrap().name, "shared");
    assert_eq!(volume.authorization_config.unwrap().access_point_ref.as_deref(), Some("orders"));
    assert_eq!(orders.spec.autoscaling.unwrap().target_tracking.len(), 3);
}

#[test]
fn a_file_system_stays_unless_it_is_said_to_go() {
    let (mut shared, _) = parsed::<EfsFileSystem>("shared");
    assert_eq!(shared.spec.access_points[0].creation_info.as_ref().unwrap().permissions, "0750");
    assert_eq!(shared.spec.deletion_policy(), Some(DeletionPolicy::Retain));
    shared.spec.deletion_policy = Some(DeletionPolicy::Delete);
    assert_eq!(shared.spec.deletion_policy(), Some(DeletionPolicy::Delete));
}

#[test]
fn the_rules_of_a_kind_can_be_asked_without_a_server() {
    let (mut orders, _) = parsed::<EcsService>("orders");
    orders.validate_cel().unwrap();
    orders.spec.task.memory = Some(Size::from("8 GB"));
    let said = orders.validate_cel().unwrap_err().to_string();
    assert!(said.contains("Fargate has no such pair"), "{said}");
}
