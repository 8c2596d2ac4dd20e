//! What AWS fills in is no difference; what somebody changed is one, and its field is named.

use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use serde_json::{Value, json};

use crate::{fields, service, task, with};

fn task_of(container: &Value) -> Value {
    let container = with(&json!({"name": "web", "image": "nginx:1"}), container);
    json!({"family": "hello", "content": {"networkMode": "awsvpc", "containerDefinitions": [container]}})
}

/// What a service offers by Service Connect.
fn connect(more: &Value) -> Value {
    let plain = json!({"enabled": true, "services": [{"portName": "http", "clientAliases": [{"port": 80}]}]});
    json!({"serviceConnect": with(&plain, more)})
}

/// An EBS volume of a service.
fn volume(more: &Value) -> Value {
    let volume = with(&json!({"roleArn": "arn:aws:iam::123456789012:role/ebs", "filesystemType": "xfs"}), more);
    json!({"volumeConfigurations": [{"name": "data", "managedEBSVolume": volume}]})
}

#[test]
fn volumes_are_the_same_where_ecs_takes_them_for_the_same() {
    let of = |volume: &Value| json!({"family": "hello", "content": {"containerDefinitions": [], "volumes": [with(&json!({"name": "v"}), volume)]}});
    let s3 = |more: Value| json!({"s3filesVolumeConfiguration": with(&json!({"fileSystemArn": "arn:fs"}), &more)});
    let efs = |more: Value| json!({"efsVolumeConfiguration": with(&json!({"fileSystemId": "fs-1"}), &more)});
    let docker = |docker: Value| json!({"dockerVolumeConfiguration": docker});
    let cases = [
        (efs(json!({})), efs(json!({"rootDirectory": "/", "transitEncryptionPort": 0})), None),
        (efs(json!({})), efs(json!({"rootDirectory": "/a"})), Some("efsVolumeConfiguration.rootDirectory")),
        (
            efs(json!({"transitEncryptionPort": 2999})),
            efs(json!({})),
            Some("efsVolumeConfiguration.transitEncryptionPort"),
        ),
        (s3(json!({})), s3(json!({"rootDirectory": "/", "transitEncryptionPort": 0})), None),
        (s3(json!({})), s3(json!({"rootDirectory": "/a"})), Some("s3filesVolumeConfiguration.rootDirectory")),
        (docker(json!({})), docker(json!({"scope": "task", "driver": "local", "autoprovision": false})), None),
        (docker(json!({})), docker(json!({"scope": "shared"})), Some("dockerVolumeConfiguration.scope")),
        (json!({}), json!({"host": {}, "configuredAtLaunch": false}), None),
        (json!({}), json!({"host": {"sourcePath": "/data"}}), Some("host")),
        (json!({"configuredAtLaunch": true}), json!({}), Some("configuredAtLaunch")),
    ];
    for (asked, changed, field) in cases {
        let expected: Vec<String> = field.map(|field| format!("content.volumes[v].{field}")).into_iter().collect();
        assert_eq!(fields::<TaskDefinition>(&of(&asked), &of(&changed)), expected, "{asked} {changed}");
    }
}

#[test]
fn a_change_of_a_container_is_seen() {
    let cases = [
        (json!({}), json!({"image": "nginx:2"}), "image"),
        (json!({}), json!({"cpu": 1}), "cpu"),
        (json!({}), json!({"memory": 512}), "memory"),
        (json!({}), json!({"essential": false}), "essential"),
        (json!({}), json!({"environment": [{"name": "A", "value": "1"}]}), "environment"),
        (
            json!({"environment": [{"name": "A"}, {"name": "B"}]}),
            json!({"environment": [{"name": "B"}, {"name": "A", "value": "1"}]}),
            "environment[A].value",
        ),
        (json!({"command": ["a", "b"]}), json!({"command": ["b", "a"]}), "command"),
        (json!({}), json!({"versionConsistency": "disabled"}), "versionConsistency"),
        (
            json!({"firelensConfiguration": {"type": "fluentbit"}}),
            json!({"firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "false"}}}),
            "firelensConfiguration.options",
        ),
        (
            json!({"healthCheck": {"command": ["x"]}}),
            json!({"healthCheck": {"command": ["x"], "retries": 4}}),
            "healthCheck.retries",
        ),
        (
            json!({"healthCheck": {"command": ["x"]}}),
            json!({"healthCheck": {"command": ["x"], "startPeriod": 10}}),
            "healthCheck.startPeriod",
        ),
        (
            json!({"restartPolicy": {"enabled": true}}),
            json!({"restartPolicy": {"enabled": false}}),
            "restartPolicy.enabled",
        ),
    ];
    for (asked, changed, field) in cases {
        let (want, seen) = (task_of(&asked), task::described(&task_of(&changed)));
        let expected = format!("content.containerDefinitions[web].{field}");
        assert_eq!(fields::<TaskDefinition>(&want, &seen), [expected], "{changed}");
    }
}

#[test]
fn parameters_that_say_nothing_are_none() {
    let task = |more: &Value| with(&task_of(&json!({})), more);
    let saying_nothing = json!({"linuxParameters": {"capabilities": {"add": []}, "initProcessEnabled": false}});
    assert_eq!(fields::<TaskDefinition>(&task_of(&json!({})), &task_of(&saying_nothing)), Vec::<String>::new());
    let deployed = task(&json!({"deployed": "hello:3"}));
    assert_eq!(fields::<TaskDefinition>(&deployed, &task(&json!({}))), Vec::<String>::new(), "AWS does not tell");
}

#[test]
fn a_port_of_the_instance_is_asked_for_where_tasks_share_its_interface() {
    let task = |mode: &str, port: &Value| {
        let mut task = task_of(&json!({"portMappings": [with(&json!({"containerPort": 80}), port)]}));
        task["content"]["networkMode"] = json!(mode);
        task
    };
    let cases = [
        ("bridge", json!({}), json!({"hostPort": 0}), vec![]),
        (
            "bridge",
            json!({"hostPort": 8080}),
            json!({}),
            vec!["content.containerDefinitions[web].portMappings".to_owned()],
        ),
        ("awsvpc", json!({}), json!({"hostPort": 80}), vec![]),
    ];
    for (mode, asked, seen, expected) in cases {
        let (asked, seen) = (task(mode, &asked), task(mode, &seen));
        assert_eq!(fields::<TaskDefinition>(&asked, &seen), expected, "{mode}");
    }
}

/// A service that shifts traffic with a strategy, and with hooks whose role is the service's where they name none.
fn shifting(strategy: &str, more: &Value) -> Value {
    let deployment = with(&json!({"strategy": strategy, "minimumHealthyPercent": 100, "maximumPercent": 200}), more);
    json!({"hookRole": "arn:hooks", "deploymentConfiguration": deployment})
}

/// The two target groups of a container, the one that ECS calls the first before the other.
fn groups(first: &str, alternate: &str) -> Value {
    let shift =
        json!({"alternateTargetGroupArn": alternate, "productionListenerRule": "arn:rule", "roleArn": "arn:role"});
    json!({"loadBalancers": [{"targetGroupArn": first, "containerName": "web", "containerPort": 80,
        "advancedConfiguration": shift}]})
}

#[test]
fn what_ecs_fills_in_of_a_strategy_is_no_difference_and_another_one_is() {
    let hook = |more: Value| {
        let hook = with(&json!({"hookTargetArn": "arn:hook", "lifecycleStages": ["PRE_SCALE_UP"]}), &more);
        shifting("BLUE_GREEN", &json!({"lifecycleHooks": [hook]}))
    };
    let linear = |more: Value| shifting("LINEAR", &json!({"linearConfiguration": more}));
    let canary = |more: Value| shifting("CANARY", &json!({"canaryConfiguration": more}));
    let waits = |minutes: i32| json!({"timeoutConfiguration": {"timeoutInMinutes": minutes, "action": "ROLLBACK"}});
    let cases = [
        (linear(json!({})), linear(json!({"stepPercent": 10.0, "stepBakeTimeInMinutes": 6})), None),
        (linear(json!({})), linear(json!({"stepPercent": 20.0})), Some("linearConfiguration.stepPercent")),
        (canary(json!({})), canary(json!({"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10})), None),
        (canary(json!({})), canary(json!({"canaryPercent": 6.0})), Some("canaryConfiguration.canaryPercent")),
        (hook(json!({})), hook(json!({"targetType": "AWS_LAMBDA", "roleArn": "arn:hooks"})), None),
        (hook(json!({})), hook(waits(60)), None),
        (hook(json!({})), hook(json!({"roleArn": "arn:by-hand"})), Some("lifecycleHooks")),
        (hook(json!({"roleArn": "arn:own"})), hook(json!({})), Some("lifecycleHooks")),
        (hook(waits(30)), hook(waits(60)), Some("lifecycleHooks")),
    ];
    for (asked, changed, field) in cases {
        let plain = service::plain();
        let seen = service::described(&with(&plain, &changed));
        let expected: Vec<String> = field.map(|field| format!("deploymentConfiguration.{field}")).into_iter().collect();
        assert_eq!(fields::<Service>(&with(&plain, &asked), &seen), expected, "{asked} {changed}");
    }
}

#[test]
fn which_of_two_groups_is_the_first_is_ecs_own() {
    let cases = [
        (groups("arn:blue", "arn:green"), true),
        (groups("arn:green", "arn:blue"), true),
        (groups("arn:by-hand", "arn:blue"), false),
        (groups("arn:green", "arn:by-hand"), false),
    ];
    for (changed, same) in cases {
        let plain = service::plain();
        let seen = service::described(&with(&plain, &changed));
        let found = fields::<Service>(&with(&plain, &groups("arn:blue", "arn:green")), &seen);
        assert_eq!(found.is_empty(), same, "{changed}: {found:?}");
    }
}

#[test]
fn what_the_spec_leaves_to_aws_is_not_compared() {
    let spot = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let cases = [
        ("a count that an autoscaler set", json!({}), json!({"desiredCount": 7})),
        ("a number for LATEST", json!({"platformVersion": "LATEST"}), json!({"platformVersion": "1.4.0"})),
        ("LATEST itself", json!({}), json!({"platformVersion": "LATEST"})),
        (
            "the cluster's strategy",
            json!({"launchType": null}),
            json!({"launchType": null, "capacityProviderStrategy": spot}),
        ),
        ("the launch type of a cluster without one", json!({"launchType": null}), json!({"launchType": "FARGATE"})),
        ("Service Connect that is off", json!({}), json!({"serviceConnect": {"enabled": false}})),
        ("the cluster's namespace", connect(&json!({})), connect(&json!({"namespace": "arn:aws:servicediscovery:ns"}))),
        (
            "the ARN of a namespace that is named",
            connect(&json!({"namespace": "shop"})),
            connect(&json!({"namespace": "arn:aws:servicediscovery:ns"})),
        ),
        (
            "what Service Connect has by default",
            connect(&json!({"accessLogConfiguration": {"format": "JSON"}})),
            connect(&json!({"accessLogConfiguration": {"format": "JSON", "includeQueryParameters": "DISABLED"},
                "services": [{"portName": "http", "discoveryName": "http", "clientAliases": [{"port": 80}]}]})),
        ),
        (
            "what a volume has by default",
            volume(&json!({"sizeInGiB": 5})),
            volume(&json!({
            "sizeInGiB": 5, "encrypted": true, "volumeType": "gp3", "iops": 3000, "throughput": 125})),
        ),
        (
            "the size of a snapshot",
            volume(&json!({"snapshotId": "s"})),
            volume(&json!({"snapshotId": "s", "sizeInGiB": 5})),
        ),
    ];
    for (what, asked, changed) in cases {
        let plain = service::plain();
        let seen = service::described(&with(&plain, &changed));
        assert_eq!(fields::<Service>(&with(&plain, &asked), &seen), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_change_of_a_service_is_seen() {
    let breaker = |enable: bool| {
        json!({"minimumHealthyPercent": 100, "maximumPercent": 200,
               "deploymentCircuitBreaker": {"enable": enable, "rollback": true}})
    };
    let network = |public: &str| json!({"subnets": ["subnet-a"], "securityGroups": ["sg-a"], "assignPublicIp": public});
    let alarms = |enable: bool| {
        let alarms = json!({"alarmNames": ["alarm-a"], "enable": enable, "rollback": true});
        json!({"deploymentConfiguration": with(&breaker(true), &json!({"alarms": alarms}))})
    };
    let cases = [
        (alarms(true), alarms(false), "deploymentConfiguration.alarms.enable"),
        (json!({"desiredCount": 2}), json!({"desiredCount": 3}), "desiredCount"),
        (json!({"platformVersion": "1.4.0"}), json!({"platformVersion": "1.3.0"}), "platformVersion"),
        (json!({}), json!({"taskDefinition": "arn:other"}), "taskDefinition"),
        (
            json!({"deploymentConfiguration": breaker(true)}),
            json!({"deploymentConfiguration": breaker(false)}),
            "deploymentConfiguration.deploymentCircuitBreaker",
        ),
        (json!({"network": network("DISABLED")}), json!({"network": network("ENABLED")}), "network.assignPublicIp"),
        (json!({}), json!({"propagateTags": "NONE"}), "propagateTags"),
        (json!({}), json!({"availabilityZoneRebalancing": "DISABLED"}), "availabilityZoneRebalancing"),
        (json!({"tags": {"a": "1"}}), json!({"tags": {"a": "2"}}), "tags.a"),
        (
            volume(&json!({"sizeInGiB": 5})),
            volume(&json!({"sizeInGiB": 6})),
            "volumeConfigurations[data].managedEBSVolume.sizeInGiB",
        ),
        (
            volume(&json!({"sizeInGiB": 5})),
            volume(&json!({"sizeInGiB": 5, "iops": 4000})),
            "volumeConfigurations[data].managedEBSVolume.iops",
        ),
        (
            volume(&json!({"sizeInGiB": 5})),
            volume(&json!({"sizeInGiB": 5, "roleArn": "arn:other"})),
            "volumeConfigurations[data].managedEBSVolume.roleArn",
        ),
        (json!({}), volume(&json!({"sizeInGiB": 5})), "volumeConfigurations"),
        (json!({}), connect(&json!({})), "serviceConnect"),
        (connect(&json!({"namespace": "arn:a"})), connect(&json!({"namespace": "arn:b"})), "serviceConnect.namespace"),
        (connect(&json!({})), connect(&json!({"services": []})), "serviceConnect.services"),
        (
            json!({"serviceRegistries": [{"registryArn": "arn:a"}]}),
            json!({"serviceRegistries": [{"registryArn": "arn:b"}]}),
            "serviceRegistries",
        ),
        (
            json!({}),
            json!({"launchType": null, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}),
            "capacityProviderStrategy",
        ),
    ];
    for (asked, changed, field) in cases {
        let plain = service::plain();
        let seen = service::described(&with(&plain, &changed));
        let found = fields::<Service>(&with(&plain, &asked), &seen);
        assert!(found.iter().any(|path| path == field), "{changed}: {field} in {found:?}");
    }
}
