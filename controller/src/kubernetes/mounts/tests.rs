use super::*;
use crate::kubernetes::FINALIZER;
use crate::kubernetes::index::tests::stored;
use longshore_crds::AwsEnvironmentSpec;
use serde_json::{Value, json};

const FILES: &str = "sg-0files";

fn patched(mut object: Value, patch: &Value) -> Value {
    for (pointer, value) in patch.as_object().unwrap() {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        object.pointer_mut(parent).unwrap()[member] = value.clone();
    }
    object
}

fn volumes() -> Value {
    json!([{"name": "shared", "efsVolumeConfiguration": {"fileSystemRef": {"name": "shared"}}}])
}

/// A service that is there and where it wants to be, with a patch.
fn service(patch: &Value) -> Value {
    let object = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
        "metadata": {"namespace": "shop", "name": "uploads", "generation": 1, "finalizers": [FINALIZER]},
        "spec": {
            "cluster": {"name": "main"},
            "task": {"volumes": volumes(), "containerDefinitions": [{"name": "web", "image": "nginx"}]},
        },
        "status": {
            "serviceArn": "arn", "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Converged", "message": "",
                "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        },
    });
    patched(object, patch)
}

fn task(patch: &Value) -> Value {
    let object = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsTask",
        "metadata": {"namespace": "shop", "name": "migrate", "annotations": {}},
        "spec": {
            "cluster": {"name": "main"},
            "task": {"volumes": volumes(), "containerDefinitions": [{"name": "web", "image": "nginx"}]},
        },
    });
    patched(object, patch)
}

fn trigger() -> Value {
    let mut object = task(&json!({"/kind": "EcsTaskTrigger"}));
    object["spec"]["schedule"] = json!({"expression": "rate(1 hour)"});
    object
}

fn file_system(patch: &Value) -> Value {
    let object = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EfsFileSystem",
        "metadata": {"namespace": "shop", "name": "shared"}, "spec": {},
        "status": {"securityGroupId": FILES, "observedGeneration": 1},
    });
    patched(object, patch)
}

fn cluster(told: &[&str]) -> Value {
    let id = |group: &&str| (format!("ec2/security-group-rule:general-mounts-{group}@0123abcd"), json!({}));
    let resources = told.iter().map(id).collect::<serde_json::Map<_, _>>();
    json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsCluster",
        "metadata": {"namespace": "shop", "name": "main"},
        "spec": {
            "ec2Capacity": [{"name": "general", "instanceType": "m7g.large", "maxSize": 3}],
            "defaultCapacityProviderStrategy": [{"capacityProvider": "general", "weight": 1}],
        },
        "status": {"clusterArn": "arn:cluster/main", "resources": resources},
    })
}

fn stores(services: &[Value], tasks: &[Value], file_system: &Value, told: &[&str]) -> Stores {
    Stores {
        services: stored(services),
        tasks: stored(tasks),
        file_systems: stored(std::slice::from_ref(file_system)),
        clusters: stored(&[cluster(told)]),
        ..Stores::empty()
    }
}

/// Which groups let the instances in.
fn open(stores: &Stores) -> Vec<String> {
    let cluster = stores.cluster("shop", "main").unwrap();
    let environment: AwsEnvironmentSpec = serde_json::from_value(json!({
        "accountId": "123456789012", "region": "eu-west-1", "network": {"vpcId": "vpc-0a1b2c3d"},
    }))
    .unwrap();
    let name = stores.environment_of(cluster.as_ref());
    let scope = stores.scope(cluster.as_ref(), "installation-1", &name, &environment);
    stores.mount_access(&cluster, &scope, &BTreeSet::new()).into_iter().map(|mount| mount.security_group_id).collect()
}

#[test]
fn mount_targets_let_instances_in_while_anything_mounts_by_these_and_no_longer() {
    let moves = json!({"/metadata/generation": 2, "/spec/task/volumes": []});
    let watched = json!({"/spec/mode": "Observe"});
    let goes = json!({"/metadata/deletionTimestamp": "2026-01-01T00:00:00Z"});
    let elsewhere = json!({"/spec/cluster": {"name": "other"}});
    let own = json!({"/spec/task/networkMode": "awsvpc"});
    let closed: [&str; 0] = [];
    let told = [FILES];
    let cases: [(&str, &Value, &[&str], &[&str]); 10] = [
        ("it mounts", &json!({}), &closed, &told),
        ("it mounts no more, and is where it wants to be", &json!({"/spec/task/volumes": []}), &told, &closed),
        ("its tasks may still be those that mounted", &moves, &told, &told),
        ("what was not open is not opened for those", &moves, &closed, &closed),
        ("it is only looked at", &watched, &closed, &closed),
        ("it is only looked at, and what it uses stays", &watched, &told, &told),
        ("it goes, and what it uses stays until it is gone", &goes, &told, &told),
        ("it goes, and nothing is opened for it", &goes, &closed, &closed),
        ("it runs elsewhere", &elsewhere, &told, &closed),
        ("its tasks have interfaces of their own", &own, &told, &closed),
    ];
    for (what, patch, told, expected) in cases {
        assert_eq!(open(&stores(&[service(patch)], &[], &file_system(&json!({})), told)), expected, "{what}");
    }
    assert_eq!(open(&stores(&[], &[], &file_system(&json!({})), &told)), closed, "nothing mounts it");
}

#[test]
fn a_file_system_says_who_may_have_it_let_instances_in() {
    let far = json!({"/metadata/namespace": "far", "/spec/cluster/namespace": "shop",
        "/spec/task/volumes/0/efsVolumeConfiguration/fileSystemRef/namespace": "shop"});
    let admits = json!({"/spec/allowedNamespaces": {"from": "All"}});
    let admitting = |told: &[&str], files: &Value, cluster_admits: bool| {
        let mut cluster = cluster(told);
        if cluster_admits {
            cluster["spec"]["allowedNamespaces"] = json!({"from": "All"});
        }
        let stores = stores(&[service(&far)], &[], &file_system(files), told);
        open(&Stores { clusters: stored(&[cluster]), ..stores })
    };
    assert_eq!(admitting(&[], &admits, true), [FILES]);
    assert_eq!(admitting(&[], &json!({}), true), [""; 0], "the file system does not admit it");
    assert_eq!(admitting(&[], &admits, false), [""; 0], "the cluster does not admit it");
    assert_eq!(admitting(&[FILES], &json!({}), true), [FILES], "what is withdrawn later tears nothing down");
    let other = json!({"/metadata/annotations": {crate::kubernetes::ANNOTATION_ENVIRONMENT: "other"}});
    assert_eq!(open(&stores(&[service(&json!({}))], &[], &file_system(&other), &[])), [""; 0], "across environments");
}

#[test]
fn a_file_system_that_goes_is_not_held_on_to_by_who_mounts_it_no_more() {
    let moves = json!({"/metadata/generation": 2, "/spec/task/volumes": []});
    let going = file_system(&json!({"/metadata/deletionTimestamp": "2026-01-01T00:00:00Z"}));
    assert_eq!(open(&stores(&[service(&moves)], &[], &going, &[FILES])), [""; 0]);
}

#[test]
fn one_off_tasks_and_triggers_mount_too_by_their_own_template_or_a_service_s() {
    let shared = file_system(&json!({}));
    assert_eq!(open(&stores(&[], &[task(&json!({}))], &shared, &[])), [FILES]);
    let ended =
        json!({"/status": {"phase": "Succeeded"}, "/metadata/annotations": {longshore_planner::one_off::ATTEMPT: "1"}});
    assert_eq!(open(&stores(&[], &[task(&ended)], &shared, &[FILES])), [""; 0], "it has ended");
    let from = json!({"/spec/task": null, "/spec/taskFrom": {"service": {"name": "uploads"}}});
    let elsewhere = service(&json!({"/spec/cluster": {"name": "other"}}));
    assert_eq!(open(&stores(&[elsewhere], &[task(&from)], &shared, &[])), [FILES], "a service's, in this cluster");
    let stores = Stores { triggers: stored(&[trigger()]), ..stores(&[], &[], &shared, &[]) };
    assert_eq!(open(&stores), [FILES]);
}

#[test]
fn a_cluster_looks_again_when_what_its_instances_mount_changes_or_what_mounts_it_is_gone() {
    let keys = |keys: Vec<Key>| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    let key = |kind: ObjectKind, name: &str| Key { kind, namespace: "shop".into(), name: name.into() };
    let (shared, files) = (key(ObjectKind::EfsFileSystem, "shared"), file_system(&json!({})));
    let mounted = stores(&[service(&json!({}))], &[task(&json!({}))], &files, &[]);
    let users = ["EcsService/shop/uploads", "EcsTask/shop/migrate", "EcsCluster/shop/main"];
    assert_eq!(keys(mounted.dependants(&shared)), users);
    let left = stores(&[], &[], &files, &[FILES]);
    assert_eq!(keys(left.dependants(&shared)), ["EcsCluster/shop/main"]);
    assert_eq!(keys(left.dependants_of_gone_service(&key(ObjectKind::EcsService, "gone"))), ["EcsCluster/shop/main"]);
    for kind in [ObjectKind::EcsTask, ObjectKind::EcsTaskTrigger] {
        assert_eq!(keys(left.dependants(&key(kind, "gone"))), ["EcsCluster/shop/main"], "{kind:?}");
    }
    let closed = stores(&[], &[], &files, &[]);
    assert_eq!(keys(closed.dependants(&shared)), [""; 0]);
}
