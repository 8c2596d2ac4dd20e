//! Any task definition, and what `DescribeTaskDefinition` makes of one.

use serde_json::{Value, json};

use crate::any::{Any, flag, list, nothing, number, object, one_of};

/// Any Fargate task definition of members that AWS fills in, drops or has no order for.
pub(crate) fn any_task() -> Any {
    let containers = list(vec![json!({"name": "web"}), json!({"name": "log"}), json!({"name": "job"})], &container());
    let platform = object(&[], &[("cpuArchitecture", one_of(&["X86_64", "ARM64"]))]);
    let volumes = list(
        vec![json!({"name": "a"}), json!({"name": "b"})],
        &object(&[], &[("host", one_of(&[json!({})])), ("configuredAtLaunch", flag())]),
    );
    let content = object(
        &[("containerDefinitions", containers), ("networkMode", one_of(&["awsvpc"]))],
        &[
            ("cpu", one_of(&[json!(256), json!("256"), json!("0.25 vCPU")])),
            ("memory", one_of(&[json!(1024), json!("1024"), json!("1 GB")])),
            ("volumes", volumes),
            ("runtimePlatform", platform),
            ("enableFaultInjection", flag()),
            ("requiresCompatibilities", list(vec![json!("FARGATE"), json!("EC2")], &nothing())),
        ],
    );
    object(&[("family", one_of(&["hello"])), ("content", content)], &[("rejected", flag())])
}

fn container() -> Any {
    let names = |names: &[&str], key: &str| names.iter().map(|name| json!({key: name})).collect::<Vec<_>>();
    let ports = vec![
        json!({"containerPort": 80}),
        json!({"containerPort": 80, "protocol": "udp"}),
        json!({"containerPort": 443, "hostPort": 443, "protocol": "tcp"}),
        json!({"containerPortRange": "8000-8010"}),
        json!({"containerPortRange": "9000-9010"}),
    ];
    let read_only = object(&[], &[("readOnly", flag())]);
    let secret = object(&[("valueFrom", one_of(&["/a", "/b"]))], &[]);
    let limits = object(&[("softLimit", number(1..=2)), ("hardLimit", number(3..=4))], &[]);
    let mount = object(&[("sourceVolume", one_of(&["a", "b"]))], &[("readOnly", flag())]);
    object(
        &[("image", one_of(&["nginx:1", "nginx:2"]))],
        &[
            ("cpu", number(0..=2)),
            ("memory", number(0..=2)),
            ("memoryReservation", number(0..=2)),
            ("startTimeout", number(0..=2)),
            ("essential", flag()),
            ("privileged", flag()),
            ("readonlyRootFilesystem", flag()),
            ("interactive", flag()),
            ("pseudoTerminal", flag()),
            ("disableNetworking", flag()),
            ("versionConsistency", one_of(&["enabled", "disabled"])),
            ("command", one_of(&[json!(["a", "b"]), json!(["b", "a"]), json!([])])),
            ("portMappings", list(ports, &object(&[], &[("name", one_of(&["http"]))]))),
            ("environment", list(names(&["A", "B", "C"], "name"), &object(&[], &[("value", one_of(&["", "1", "2"]))]))),
            ("secrets", list(names(&["S", "T"], "name"), &secret)),
            (
                "dependsOn",
                list(names(&["x", "y"], "containerName"), &object(&[("condition", one_of(&["START"]))], &[])),
            ),
            ("mountPoints", list(names(&["/a", "/b"], "containerPath"), &mount)),
            ("volumesFrom", list(names(&["x", "y"], "sourceContainer"), &read_only)),
            ("ulimits", list(names(&["nofile", "core"], "name"), &limits)),
            (
                "systemControls",
                list(names(&["net.a", "net.b"], "namespace"), &object(&[("value", one_of(&["1"]))], &[])),
            ),
            ("healthCheck", health_check()),
            ("linuxParameters", linux()),
            ("logConfiguration", log_configuration(&secret)),
            ("firelensConfiguration", router()),
            ("restartPolicy", restart_policy()),
        ],
    )
}

fn router() -> Any {
    let metadata = object(&[], &[("enable-ecs-log-metadata", one_of(&["true", "false"]))]);
    object(&[("type", one_of(&["fluentd", "fluentbit"]))], &[("options", metadata)])
}

fn health_check() -> Any {
    let optional = [
        ("interval", number(29..=31)),
        ("timeout", number(4..=6)),
        ("retries", number(2..=4)),
        ("startPeriod", number(0..=1)),
    ];
    object(&[("command", one_of(&[json!(["CMD", "true"])]))], &optional)
}

fn linux() -> Any {
    let names = || list(vec![json!("SYS_PTRACE"), json!("KILL")], &nothing());
    let capabilities = object(&[], &[("add", names()), ("drop", names())]);
    object(&[], &[("initProcessEnabled", flag()), ("capabilities", capabilities)])
}

fn log_configuration(secret: &Any) -> Any {
    let secrets = list(vec![json!({"name": "x"}), json!({"name": "y"})], secret);
    object(
        &[("logDriver", one_of(&["awslogs", "splunk"]))],
        &[("options", one_of(&[json!({}), json!({"awslogs-group": "/g"})])), ("secretOptions", secrets)],
    )
}

fn restart_policy() -> Any {
    let codes = list(vec![json!(0), json!(3)], &nothing());
    object(&[("enabled", flag())], &[("ignoredExitCodes", codes), ("restartAttemptPeriod", one_of(&[60, 300]))])
}

/// What `DescribeTaskDefinition` answers about a task definition that was registered so: defaults filled in, lists
/// that were left out empty, sizes as strings, members that nobody asked for; and lists without order turned round.
pub(crate) fn described(registered: &Value) -> Value {
    let mut task = registered.clone();
    let content = task["content"].as_object_mut().unwrap();
    for container in content["containerDefinitions"].as_array_mut().unwrap() {
        describe_container(container);
    }
    for size in [("cpu", "256"), ("memory", "1024")] {
        if let Some(value) = content.get_mut(size.0) {
            *value = size.1.into();
        }
    }
    if let Some(platform) = content.get_mut("runtimePlatform") {
        default(platform, "cpuArchitecture", &json!("X86_64"));
        default(platform, "operatingSystemFamily", &json!("LINUX"));
    }
    if let Some(list) = content.get_mut("requiresCompatibilities") {
        turn_round(list);
    }
    for volume in content.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        default(volume, "host", &json!({}));
    }
    let filled = json!({
        "volumes": [], "placementConstraints": [], "enableFaultInjection": false, "status": "ACTIVE", "revision": 3,
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/hello:3", "family": "hello",
        "registeredAt": 1_790_000_000.5, "registeredBy": "arn:aws:sts::123456789012:assumed-role/a/b",
        "compatibilities": ["EC2", "FARGATE"], "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
        "taskRoleArn": "arn:aws:iam::123456789012:role/a", "executionRoleArn": "arn:aws:iam::123456789012:role/b",
    });
    for (name, value) in filled.as_object().unwrap() {
        content.entry(name).or_insert_with(|| value.clone());
    }
    task
}

fn describe_container(container: &mut Value) {
    let filled = json!({
        "cpu": 0, "essential": true, "portMappings": [], "environment": [], "mountPoints": [], "volumesFrom": [],
        "systemControls": [], "secrets": [], "dependsOn": [], "ulimits": [], "command": [], "entryPoint": [],
        "dnsServers": [], "links": [], "dockerLabels": {}, "versionConsistency": "enabled",
    });
    for (name, value) in filled.as_object().unwrap() {
        default(container, name, value);
    }
    if container.get("firelensConfiguration").is_some() {
        default(container, "user", &json!("0"));
        default(&mut container["firelensConfiguration"], "options", &json!({}));
        default(&mut container["firelensConfiguration"]["options"], "enable-ecs-log-metadata", &json!("true"));
    }
    for list in [
        "portMappings",
        "environment",
        "mountPoints",
        "volumesFrom",
        "systemControls",
        "secrets",
        "dependsOn",
        "ulimits",
    ] {
        turn_round(&mut container[list]);
    }
    for port in container["portMappings"].as_array_mut().unwrap() {
        default(port, "protocol", &json!("tcp"));
        if let Some(number) = port.get("containerPort").cloned() {
            default(port, "hostPort", &number);
        }
    }
    if let Some(check) = container.get_mut("healthCheck") {
        for (member, value) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            default(check, member, &json!(value));
        }
    }
    if let Some(linux) = container.get_mut("linuxParameters") {
        default(linux, "capabilities", &json!({}));
        for list in ["add", "drop"] {
            default(&mut linux["capabilities"], list, &json!([]));
            turn_round(&mut linux["capabilities"][list]);
        }
        default(linux, "devices", &json!([]));
        default(linux, "tmpfs", &json!([]));
    }
    if let Some(logs) = container.get_mut("logConfiguration") {
        default(logs, "secretOptions", &json!([]));
        turn_round(&mut logs["secretOptions"]);
    }
    if let Some(policy) = container.get_mut("restartPolicy") {
        default(policy, "restartAttemptPeriod", &json!(300));
        default(policy, "ignoredExitCodes", &json!([]));
        turn_round(&mut policy["ignoredExitCodes"]);
    }
}

fn default(object: &mut Value, member: &str, value: &Value) {
    object.as_object_mut().unwrap().entry(member).or_insert_with(|| value.clone());
}

fn turn_round(list: &mut Value) {
    list.as_array_mut().unwrap().reverse();
}
