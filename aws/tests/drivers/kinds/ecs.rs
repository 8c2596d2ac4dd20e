use longshore_planner::engine::World;
use longshore_planner::kinds::ecs::cluster::Cluster;
use longshore_planner::kinds::ecs::service::Service;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use serde_json::{Value, json};

use super::{becomes, merged, object, reads_back};
use crate::account::Account;

#[tokio::test(start_paused = true)]
async fn clusters() {
    let account = Account::new().await;
    let base = json!({"name": "law"});
    let spot = json!({"capacityProvider": "FARGATE_SPOT", "weight": 3});
    let demand = json!({"capacityProvider": "FARGATE", "base": 1, "weight": 1});
    let exec = |configuration: Value| json!({"configuration": {"executeCommandConfiguration": configuration}});
    let namespace = |id: &str| format!("arn:aws:servicediscovery:eu-west-1:123456789012:namespace/{id}");
    let logs = json!({"cloudWatchLogGroupName": "/exec", "cloudWatchEncryptionEnabled": true, "s3BucketName": "b",
                      "s3EncryptionEnabled": false, "s3KeyPrefix": "p"});
    let cases = [
        json!({}),
        json!({"capacityProviders": ["FARGATE_SPOT", "FARGATE"]}),
        json!({"capacityProviders": ["FARGATE", "FARGATE_SPOT"], "defaultCapacityProviderStrategy": [spot, demand]}),
        json!({"settings": [{"name": "containerInsights", "value": "enhanced"}], "tags": {"a": "b", "c": ""}}),
        json!({"settings": [{"name": "containerInsights", "value": "disabled"}]}),
        exec(json!({"logging": "NONE"})),
        exec(json!({"kmsKeyId": "k"})),
        exec(json!({"logging": "OVERRIDE", "logConfiguration": logs})),
        json!({"serviceConnectNamespace": namespace("ns-shop0000000000")}),
        json!({"serviceConnectNamespace": namespace("ns-ops00000000000"), "tags": {"a": "c"}}),
    ];
    reads_back::<Cluster>(&account, &base, &cases).await;
    becomes::<Cluster>(&account, &base, &cases).await;
}

fn output(world: &World, name: &str) -> String {
    world.things.values().next().unwrap().outputs[name].clone()
}

/// A cluster and a task definition to make services of.
async fn ground(account: &Account) -> Value {
    let providers = json!({"name": "main", "capacityProviders": ["FARGATE", "FARGATE_SPOT"]});
    let cluster = object::<Cluster>(&providers).converge(account).await;
    let content = json!({
        "containerDefinitions": [{"name": "web", "image": "nginx:1", "portMappings": [{"containerPort": 80, "name": "http"}]}],
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": 256, "memory": 512,
    });
    // ECS takes commands only where there is a role for the agent.
    let role = "arn:aws:iam::123456789012:role/app-shop-migrations";
    let value = json!({"family": "law", "taskRoleArn": role, "content": content});
    let task = object::<TaskDefinition>(&value).converge(account).await;
    json!({
        "cluster": output(&cluster, "arn"),
        "name": "law",
        "taskDefinition": output(&task, "arn"),
        "launchType": "FARGATE",
        "schedulingStrategy": "REPLICA",
        "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200},
        "network": {"subnets": ["subnet-0aaa"], "securityGroups": ["sg-0default"], "assignPublicIp": "DISABLED"},
        "availabilityZoneRebalancing": "ENABLED",
    })
}

fn deployments() -> Vec<Value> {
    let deployment = |members: Value| {
        let base = json!({"minimumHealthyPercent": 100, "maximumPercent": 200});
        json!({"deploymentConfiguration": merged(&base, &members)})
    };
    vec![
        json!({}),
        deployment(json!({"minimumHealthyPercent": 50, "maximumPercent": 150})),
        deployment(json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}})),
        deployment(json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false, "resetOnHealthyTask": false,
            "thresholdConfiguration": {"type": "COUNT", "value": 7}}})),
        deployment(json!({"bakeTimeInMinutes": 5, "strategy": "ROLLING"})),
        deployment(json!({"alarms": {"alarmNames": ["b", "a"], "enable": true, "rollback": true}})),
    ]
}

fn services() -> Vec<Value> {
    let strategy =
        json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}, {"capacityProvider": "FARGATE", "base": 1}]);
    let namespace = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-shop0000000000";
    let registry = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-legacy0000000";
    let connect = |alias: &str| {
        json!({"serviceConnect": {"enabled": true, "namespace": namespace, "services": [
            {"portName": "http", "discoveryName": "law", "clientAliases": [{"port": 80, "dnsName": alias}]}]}})
    };
    let network = json!({"subnets": ["subnet-0fff", "subnet-0ddd"], "securityGroups": ["sg-0database", "sg-0default"],
                         "assignPublicIp": "ENABLED"});
    vec![
        json!({"desiredCount": 1}),
        json!({"desiredCount": 0, "tags": {"a": "b"}}),
        json!({"desiredCount": 2, "launchType": null, "capacityProviderStrategy": strategy}),
        json!({"network": network, "platformVersion": "1.4.0"}),
        json!({"platformVersion": "LATEST", "healthCheckGracePeriodSeconds": 90, "propagateTags": "TASK_DEFINITION"}),
        json!({"availabilityZoneRebalancing": "DISABLED", "propagateTags": "SERVICE", "enableExecuteCommand": true,
               "enableEcsManagedTags": true, "restartedAt": "2027-01-01T00:00:00Z"}),
        json!({"restartedAt": "2027-01-02T00:00:00Z", "tags": {"a": "c", "d e": ""}}),
        json!({"serviceRegistries": [{"registryArn": registry}]}),
        connect("law.local"),
        connect("other.local"),
    ]
}

#[tokio::test(start_paused = true)]
async fn services_are_made_as_asked() {
    let account = Account::new().await;
    let base = ground(&account).await;
    for cases in [deployments(), services()] {
        for (number, case) in cases.iter().enumerate() {
            let value = super::with(&base, &merged(&json!({"name": format!("law-{number}")}), &json!({})));
            let value = super::with(&value, case);
            let mut object = object::<Service>(&value);
            let rounds = super::reach::<Service>(&account, &mut object, &value, &format!("create {case}")).await;
            assert_eq!(rounds, 1, "{case}");
            object.remove(&account).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn deployment_configurations_change_in_place() {
    let account = Account::new().await;
    let base = ground(&account).await;
    changes(&account, &base, &deployments()).await;
}

#[tokio::test(start_paused = true)]
async fn services_change_in_place() {
    let account = Account::new().await;
    let base = ground(&account).await;
    changes(&account, &base, &services()).await;
}

async fn changes(account: &Account, base: &Value, cases: &[Value]) {
    let mut object = object::<Service>(base);
    for from in cases {
        for to in cases {
            for (value, what) in [(from, format!("{to} to {from}")), (to, format!("{from} to {to}"))] {
                let value = super::with(base, value);
                let rounds = super::reach::<Service>(account, &mut object, &value, &what).await;
                assert!(rounds <= 1, "{what} took {rounds} rounds");
            }
        }
    }
    assert_eq!(object.inventory.0.len(), 1, "it stayed the same service");
}
