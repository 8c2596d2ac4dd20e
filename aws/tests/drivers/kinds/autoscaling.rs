use longshore_planner::kinds::autoscaling::auto_scaling_group::AutoScalingGroup;
use longshore_planner::kinds::ecs::capacity_provider::CapacityProvider;
use serde_json::{Value, json};

use super::{becomes, reads_back};
use crate::account::Account;

/// Somebody's launch template, by its id.
fn template(account: &Account) -> Value {
    let data = json!({"ImageId": "ami-0ecsarm", "InstanceType": "m7g.large"});
    let made = account.asks_of(
        "ec2",
        "CreateLaunchTemplate",
        &json!({"LaunchTemplateName": "theirs", "LaunchTemplateData": data}),
    );
    made["launchTemplate"]["launchTemplateId"].clone()
}

#[tokio::test(start_paused = true)]
async fn auto_scaling_groups() {
    let account = Account::new().await;
    let base = json!({
        "name": "law", "launchTemplate": template(&account), "version": "1", "instancesFrom": "1", "minSize": 0,
        "maxSize": 2, "subnets": ["subnet-0aaa"], "protectsNewInstances": true,
    });
    let cases = [
        json!({}),
        json!({"maxSize": 5, "protectsNewInstances": false}),
        json!({"subnets": ["subnet-0bbb", "subnet-0aaa"], "tags": {"a": "b"}}),
        json!({"tags": {"a": "c", "d e": ""}}),
        json!({"mixed": mixed(&["m7g.large", "c7g.large"], 100, "lowest-price", None)}),
        json!({"mixed": mixed(&["c7g.large"], 0, "price-capacity-optimized", Some("0.05"))}),
        json!({"mixed": mixed(&["c7g.large"], 50, "lowest-price", None)}),
    ];
    reads_back::<AutoScalingGroup>(&account, &base, &cases).await;
    becomes::<AutoScalingGroup>(&account, &base, &cases).await;
}

fn mixed(types: &[&str], on_demand: i32, strategy: &str, price: Option<&str>) -> Value {
    json!({
        "instanceTypes": types, "onDemandBaseCapacity": 1, "onDemandPercentageAboveBaseCapacity": on_demand,
        "spotAllocationStrategy": strategy, "spotMaxPrice": price,
    })
}

#[tokio::test(start_paused = true)]
async fn capacity_providers() {
    let account = Account::new().await;
    let group = json!({
        "AutoScalingGroupName": "theirs", "MinSize": "0", "MaxSize": "2", "VPCZoneIdentifier": "subnet-0aaa",
        "LaunchTemplate": {"LaunchTemplateId": template(&account)}, "NewInstancesProtectedFromScaleIn": "true",
    });
    account.asks_of("autoscaling", "CreateAutoScalingGroup", &group);
    let groups = account.asks_of("autoscaling", "DescribeAutoScalingGroups", &json!({}));
    let base = json!({
        "name": "law", "autoScalingGroup": groups["AutoScalingGroups"][0]["AutoScalingGroupARN"],
        "managedTerminationProtection": "DISABLED", "managedDraining": "ENABLED", "scaling": scaling("ENABLED", 100),
    });
    let cases = [
        json!({}),
        json!({"scaling": scaling("ENABLED", 80), "managedTerminationProtection": "ENABLED"}),
        json!({"scaling": scaling("DISABLED", 80), "managedDraining": "DISABLED", "tags": {"a": "b"}}),
        json!({"tags": {"a": "c", "d e": ""}}),
    ];
    reads_back::<CapacityProvider>(&account, &base, &cases).await;
    becomes::<CapacityProvider>(&account, &base, &cases).await;
}

fn scaling(status: &str, target: i32) -> Value {
    json!({
        "status": status, "targetCapacity": target, "minimumScalingStepSize": 1, "maximumScalingStepSize": 100,
        "instanceWarmupPeriod": 60,
    })
}
