//! What a task takes of its instance: only what the environment allows, and then all the way into the task definition.

use longshore_crds::aws_environment::Grant;
use longshore_planner::desired::{Desired, Memory, Obstacle, Scope};
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::objects::{container, desire, environment, hello, merge, scope, value};

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/fsx-AbCdEf";

/// Example 10 on instances: a task with members, and its container with more.
fn on_instance(task: &Value, of_container: &Value) -> Value {
    let mut one = container(&json!({"memory": 64}));
    merge(&mut one, of_container);
    let mut all = json!({"cpu": null, "memory": null, "runtimePlatform": null, "containerDefinitions": [one]});
    for (member, value) in task.as_object().unwrap() {
        all[member] = value.clone();
    }
    json!({"launchType": "EC2", "networkConfiguration": null, "task": all})
}

fn with(volume: &Value) -> Value {
    let mut volume = volume.clone();
    volume["name"] = json!("v");
    on_instance(&json!({"volumes": [volume]}), &json!({}))
}

fn granted(change: impl FnOnce(&mut Grant)) -> Scope {
    let mut scope = scope(environment(&json!({})));
    change(&mut scope.environment.iam.as_mut().unwrap().grants[0]);
    scope
}

/// The fields that are refused, and whether what is said of each names the field of the environment.
fn refused(scope: &Scope, patch: &Value) -> Vec<(String, String)> {
    match desire(scope, &hello(patch), &Memory::default()) {
        Ok(_) => vec![],
        Err(Obstacle::Refused(refusals)) => refusals
            .into_iter()
            .map(|refusal| {
                assert_eq!(refusal.reason, "NotGranted");
                (refusal.at.0, refusal.message)
            })
            .collect(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_reaches_the_instance_is_refused_unless_the_environment_allows_it() {
    let of_container = |more: Value| on_instance(&json!({}), &more);
    let of_web = |member: &str| format!("spec.task.containerDefinitions[web].{member}");
    let linux = |more: Value| of_container(json!({"linuxParameters": more}));
    let privileged = [
        (of_container(json!({"privileged": true})), "privileged"),
        (linux(json!({"devices": [{"hostPath": "/dev/fuse"}]})), "linuxParameters.devices"),
        (linux(json!({"capabilities": {"add": ["NET_ADMIN"]}})), "linuxParameters.capabilities.add"),
        (of_container(json!({"dockerSecurityOptions": ["apparmor=unconfined"]})), "dockerSecurityOptions"),
    ];
    let mut cases: Vec<(Value, String, &str)> =
        privileged.into_iter().map(|(patch, member)| (patch, of_web(member), "allowPrivileged")).collect();
    for member in ["networkMode", "pidMode", "ipcMode"] {
        let patch = on_instance(&json!({member: "host"}), &json!({}));
        cases.push((patch, format!("spec.task.{member}"), "allowHostNamespaces"));
    }
    cases.push((
        with(&json!({"host": {"sourcePath": "/var/run/docker.sock"}})),
        "spec.task.volumes[v].host.sourcePath".into(),
        "hostPaths",
    ));
    for (patch, field, grant) in cases {
        let refusals = refused(&granted(|_| {}), &patch);
        assert_eq!(refusals.len(), 1, "{patch}: {refusals:?}");
        let (at, message) = &refusals[0];
        assert_eq!(at, &field, "{patch}");
        assert!(message.contains(&format!("spec.iam.grants[].{grant}")), "{message}");
        let allowed = granted(|of| match grant {
            "allowPrivileged" => of.allow_privileged = Some(true),
            "allowHostNamespaces" => of.allow_host_namespaces = Some(true),
            _ => of.host_paths = vec!["/var/run/*".into()],
        });
        assert_eq!(refused(&allowed, &patch), [], "{patch}");
        assert!(!refused(&granted(|of| of.allow_privileged = Some(false)), &patch).is_empty(), "{patch}");
    }
}

#[test]
fn what_stays_in_the_container_needs_no_grant() {
    for more in [
        json!({"privileged": false}),
        json!({"linuxParameters": {"capabilities": {"add": ["SYS_PTRACE", "NET_RAW"], "drop": ["ALL"]}}}),
        json!({"dockerSecurityOptions": ["no-new-privileges", "apparmor:shop"]}),
    ] {
        assert_eq!(refused(&granted(|_| {}), &on_instance(&json!({}), &more)), [], "{more}");
    }
    let task = json!({"networkMode": "bridge", "pidMode": "task", "ipcMode": "task", "volumes": [{"name": "scratch"}]});
    assert_eq!(refused(&granted(|_| {}), &on_instance(&task, &json!({}))), []);
}

#[test]
fn a_directory_of_the_instance_is_one_whichever_way_it_is_named() {
    let docker = |options: Value| json!({"dockerVolumeConfiguration": {"driver": "local", "driverOpts": options}});
    let bind = |device: &str| docker(json!({"type": "none", "o": "bind", "device": device}));
    let cases = [
        (json!({"host": {"sourcePath": "/data/shop"}}), true),
        (json!({"host": {"sourcePath": "/data/../etc"}}), false),
        (json!({"host": {"sourcePath": "/etc"}}), false),
        (bind("/data/shop"), true),
        (bind("/etc"), false),
        (bind("etc"), false),
        (docker(json!({"type": "overlay", "device": "/data/x", "o": "lowerdir=/etc,upperdir=/data/u"})), false),
        (docker(json!({"type": "overlay", "device": "/data/x", "o": "lowerdir=/data/a:/data/b"})), true),
        (docker(json!({"type": "nfs", "device": ":/export", "o": "addr=10.0.0.1"})), true),
        (docker(json!({"type": "tmpfs", "device": "tmpfs"})), true),
        (json!({"dockerVolumeConfiguration": {"scope": "shared", "autoprovision": true}}), true),
    ];
    let scope = granted(|of| of.host_paths = vec!["/data/*".into()]);
    for (volume, allowed) in cases {
        assert_eq!(refused(&scope, &with(&volume)).is_empty(), allowed, "{volume}");
    }
}

fn windows() -> Value {
    json!({"fsxWindowsFileServerVolumeConfiguration": {"fileSystemId": "fs-0windows", "rootDirectory": "share",
        "authorizationConfig": {"credentialsParameter": SECRET, "domain": "corp.example.com"}}})
}

#[test]
fn fsx_for_windows_takes_two_grants_and_its_secret_is_read_by_the_execution_role() {
    let at = "spec.task.volumes[v].fsxWindowsFileServerVolumeConfiguration";
    let stranger = granted(|of| of.secret_arns.clear());
    let fields: Vec<String> = refused(&stranger, &with(&windows())).into_iter().map(|(at, _)| at).collect();
    let expected = [format!("{at}.fileSystemId"), format!("{at}.authorizationConfig.credentialsParameter")];
    assert_eq!(fields, expected);
    let scope = granted(|of| of.file_system_arns = vec!["arn:aws:fsx:*:*:file-system/fs-0windows".into()]);
    let desired = desire(&scope, &hello(&with(&windows())), &Memory::default());
    let desired = answered(&scope, desired);
    let role: Role = value(&desired, "execution-role");
    let statements = role.inline["task-definition"]["Statement"].as_array().unwrap();
    let reads = statements.iter().find(|one| one["Action"] == json!(["secretsmanager:GetSecretValue"]));
    assert_eq!(reads.unwrap()["Resource"], json!([SECRET]), "{statements:#?}");
}

/// A graph that waits for what is known of the secret, which the role can do without.
fn answered(scope: &Scope, outcome: Result<Desired, Obstacle>) -> Desired {
    match outcome {
        Ok(desired) => desired,
        Err(Obstacle::Needs(needs)) => {
            let facts = needs.into_iter().map(|need| (need, longshore_planner::desired::Fact::Stored(None))).collect();
            let references = longshore_planner::desired::References::to_cluster(crate::objects::cluster());
            let spec = hello(&with(&windows()));
            longshore_planner::desired::ecs_service(scope, &spec, &facts, &references, &Memory::default()).unwrap()
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn volumes_of_an_instance_get_into_the_task_definition_as_they_are() {
    let docker = json!({"dockerVolumeConfiguration": {"scope": "shared", "autoprovision": true, "driver": "local",
        "labels": {"a": "b"}}});
    let scope = granted(|of| of.host_paths = vec!["/data".into()]);
    for volume in [json!({"host": {"sourcePath": "/data"}}), docker] {
        let desired = desire(&scope, &hello(&with(&volume)), &Memory::default()).unwrap();
        let task: TaskDefinition = value(&desired, "task");
        let mut told = volume.clone();
        told["name"] = json!("v");
        assert_eq!(json!(task.content.volumes[0]), told);
    }
}
