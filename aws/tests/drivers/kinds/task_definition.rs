use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use serde_json::{Value, json};

use super::{becomes, merged, reads_back};
use crate::account::Account;

fn fargate() -> Value {
    json!({
        "containerDefinitions": [{"name": "web", "image": "nginx:1"}],
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": 256, "memory": 512,
    })
}

/// The members of a task definition with this container, and these members of its own.
fn content(container: &Value, more: &Value) -> Value {
    let mut content = merged(&fargate(), more);
    let web = merged(&fargate()["containerDefinitions"][0], container);
    content["containerDefinitions"] = json!([web, {"name": "log", "image": "fluent:1", "essential": false}]);
    json!({"content": content})
}

fn container(members: &Value) -> Value {
    content(members, &json!({}))
}

fn containers() -> Vec<Value> {
    let secret = |name: &str| json!({"name": name, "valueFrom": "/shop/log-level"});
    vec![
        json!({"cpu": 0, "memory": 128, "memoryReservation": 64, "essential": true}),
        json!({"portMappings": [{"containerPort": 80}, {"containerPort": 53, "protocol": "udp", "name": "dns"}]}),
        json!({"portMappings": [{"containerPort": 8080, "hostPort": 8080, "appProtocol": "http2", "name": "api"}]}),
        json!({"portMappings": [{"containerPortRange": "8000-8010"}]}),
        json!({"environment": [{"name": "B", "value": "2"}, {"name": "A", "value": ""}], "command": ["a", "b"],
               "entryPoint": ["sh", "-c"], "workingDirectory": "/", "user": "1000:1000"}),
        json!({"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/f.env"}]}),
        json!({"secrets": [secret("T"), secret("S")], "dockerLabels": {"a": "b"}, "stopTimeout": 30, "startTimeout": 5}),
        json!({"dependsOn": [{"containerName": "log", "condition": "START"}], "readonlyRootFilesystem": true,
               "privileged": false, "interactive": true, "pseudoTerminal": false}),
        json!({"healthCheck": {"command": ["CMD-SHELL", "true"]}}),
        json!({"healthCheck": {"command": ["CMD", "x"], "interval": 5, "timeout": 2, "retries": 10, "startPeriod": 300}}),
        json!({"linuxParameters": {"initProcessEnabled": true, "capabilities": {"add": ["SYS_PTRACE"]}}}),
        json!({"linuxParameters": {"capabilities": {"add": [], "drop": []}}}),
        json!({"ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}, {"name": "core", "softLimit": 0, "hardLimit": 0}]}),
        json!({"systemControls": [{"namespace": "net.core.somaxconn", "value": "1024"}]}),
        json!({"logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": "/g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web", "mode": "non-blocking"}}}),
        json!({"logConfiguration": {"logDriver": "splunk", "options": {}, "secretOptions": [secret("splunk-token")]}}),
        json!({"restartPolicy": {"enabled": true, "ignoredExitCodes": [3, 0], "restartAttemptPeriod": 60}}),
        json!({"restartPolicy": {"enabled": true}}),
        json!({"versionConsistency": "disabled"}),
        json!({"versionConsistency": "enabled", "repositoryCredentials": {"credentialsParameter": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x"}}),
        json!({"resourceRequirements": [{"type": "GPU", "value": "1"}], "hostname": "h", "dnsServers": ["10.0.0.2"]}),
        json!({"volumesFrom": [{"sourceContainer": "log", "readOnly": false}]}),
    ]
}

fn tasks() -> Vec<Value> {
    let efs = |members: Value| {
        let volume = merged(&json!({"fileSystemId": "fs-1"}), &members);
        json!({"volumes": [{"name": "data", "efsVolumeConfiguration": volume}]})
    };
    let mount = json!({"mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": true}]});
    vec![
        container(&json!({})),
        content(&json!({}), &json!({"cpu": "0.25 vCPU", "memory": "1 GB"})),
        content(&json!({}), &json!({"cpu": "1024", "memory": "2048", "ephemeralStorage": {"sizeInGiB": 50}})),
        content(&json!({}), &json!({"runtimePlatform": {"cpuArchitecture": "ARM64"}})),
        content(
            &json!({}),
            &json!({"runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"}}),
        ),
        content(&json!({}), &json!({"pidMode": "task", "enableFaultInjection": true})),
        content(&json!({}), &json!({"enableFaultInjection": false, "requiresCompatibilities": ["FARGATE", "EC2"]})),
        content(&mount, &json!({"volumes": [{"name": "data"}, {"name": "a", "host": {}}]})),
        content(&mount, &json!({"volumes": [{"name": "data", "configuredAtLaunch": true}]})),
        content(&mount, &efs(json!({}))),
        content(
            &mount,
            &efs(json!({"rootDirectory": "/", "transitEncryption": "ENABLED",
            "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"}})),
        ),
        content(
            &mount,
            &efs(json!({"rootDirectory": "/a", "transitEncryption": "ENABLED", "transitEncryptionPort": 2999})),
        ),
        content(
            &json!({}),
            &json!({"proxyConfiguration": {"type": "APPMESH", "containerName": "log",
            "properties": [{"name": "ProxyIngressPort", "value": "15000"}]}}),
        ),
        routed(&json!({})),
        routed(&json!({"options": {"enable-ecs-log-metadata": "true", "config-file-type": "file",
            "config-file-value": "/parsers.conf"}})),
    ]
}

/// With a router of this FireLens configuration, to which the other container writes.
fn routed(firelens: &Value) -> Value {
    let router = merged(&json!({"type": "fluentbit"}), firelens);
    let containers = json!([
        {"name": "web", "image": "nginx:1", "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "stdout"}}},
        {"name": "router", "image": "fluent:1", "firelensConfiguration": router},
    ]);
    json!({"content": merged(&fargate(), &json!({"containerDefinitions": containers}))})
}

/// What runs on instances of one's own.
fn on_instances() -> Vec<Value> {
    let bridge = |container: Value, more: Value| {
        let container = merged(&json!({"name": "web", "image": "nginx:1", "memory": 128}), &container);
        json!({"content": merged(&json!({"containerDefinitions": [container]}), &more)})
    };
    vec![
        bridge(json!({}), json!({})),
        bridge(json!({"portMappings": [{"containerPort": 80, "hostPort": 0}]}), json!({"networkMode": "bridge"})),
        bridge(
            json!({"portMappings": [{"containerPort": 80}]}),
            json!({"networkMode": "host", "requiresCompatibilities": ["EC2"]}),
        ),
        bridge(
            json!({"privileged": true, "links": ["a:b"]}),
            json!({"ipcMode": "host", "cpu": "128",
            "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}]}),
        ),
        bridge(
            json!({"mountPoints": [{"sourceVolume": "d", "containerPath": "/d"}]}),
            json!({"volumes": [{"name": "d", "host": {"sourcePath": "/srv"}}]}),
        ),
        bridge(
            json!({"mountPoints": [{"sourceVolume": "d", "containerPath": "/d"}]}),
            json!({"volumes": [{"name": "d",
            "dockerVolumeConfiguration": {"scope": "shared", "autoprovision": true, "driver": "local", "labels": {"a": "b"}}}]}),
        ),
    ]
}

fn base() -> Value {
    json!({
        "family": "law",
        "taskRoleArn": "arn:aws:iam::123456789012:role/app-shop-migrations",
        "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
    })
}

#[tokio::test(start_paused = true)]
async fn containers_read_back() {
    let account = Account::new().await;
    let cases: Vec<Value> = containers().iter().map(container).collect();
    reads_back::<TaskDefinition>(&account, &base(), &cases).await;
}

#[tokio::test(start_paused = true)]
async fn task_definitions_read_back() {
    let account = Account::new().await;
    reads_back::<TaskDefinition>(&account, &base(), &tasks()).await;
    reads_back::<TaskDefinition>(&account, &base(), &on_instances()).await;
}

#[tokio::test(start_paused = true)]
async fn tags_and_rejection_change_on_the_same_revision() {
    let account = Account::new().await;
    let base = super::with(&base(), &container(&json!({})));
    let cases = [
        json!({}),
        json!({"rejected": true}),
        json!({"tags": {"a": "b"}}),
        json!({"rejected": true, "tags": {"a": "c", "d e": ""}}),
    ];
    becomes::<TaskDefinition>(&account, &base, &cases).await;
    assert_eq!(account.count(0, "RegisterTaskDefinition"), 1);
}
