use longshore_planner::kinds::autoscaling::auto_scaling_group::AutoScalingGroup;
use longshore_planner::kinds::ecs::capacity_provider::CapacityProvider;
use longshore_planner::kinds::ecs::managed_capacity_provider::ManagedCapacityProvider;
use serde_json::{Value, json};

use super::{becomes, merged, reads_back};
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

#[tokio::test(start_paused = true)]
async fn managed_capacity_providers() {
    let account = Account::new().await;
    account.asks("CreateCluster", &json!({"clusterName": "theirs"}));
    let launch = |more: Value| {
        let base = json!({
            "instanceProfile": "arn:aws:iam::123456789012:instance-profile/theirs", "subnets": ["subnet-0bbb", "subnet-0aaa"],
            "securityGroups": ["sg-0default"], "capacityOptionType": "ON_DEMAND", "monitoring": "BASIC",
            "metadataTags": false,
        });
        merged(&base, &more)
    };
    let base = json!({
        "name": "law", "cluster": "theirs", "infrastructureRole": "arn:aws:iam::123456789012:role/theirs",
        "launch": launch(json!({})), "propagateTags": "CAPACITY_PROVIDER",
    });
    let all = json!({
        "vCpuCount": {"min": 2, "max": 8}, "memoryMiB": {"min": 4096}, "allowedInstanceTypes": ["m7g.*", "g5.*"],
        "cpuManufacturers": ["amazon-web-services", "intel"], "memoryGiBPerVCpu": {"min": 0.5, "max": 8.0},
        "instanceGenerations": ["current"], "maxSpotPriceAsPercentageOfOptimalOnDemandPrice": 60,
        "onDemandMaxPricePercentageOverLowestPrice": 30, "bareMetal": "excluded", "burstablePerformance": "included",
        "requireHibernateSupport": false, "networkInterfaceCount": {"min": 1}, "networkBandwidthGbps": {"min": 0.5},
        "baselineEbsBandwidthMbps": {"max": 10_000}, "localStorage": "included", "localStorageTypes": ["ssd"],
        "totalLocalStorageGB": {"max": 100.5}, "acceleratorManufacturers": ["nvidia"], "acceleratorNames": ["t4"],
        "acceleratorTotalMemoryMiB": {"min": 1},
    });
    let few = json!({
        "vCpuCount": {"min": 1}, "memoryMiB": {"min": 0}, "excludedInstanceTypes": ["c5.large"],
        "spotMaxPricePercentageOverLowestPrice": 100, "acceleratorCount": {"min": 1}, "acceleratorTypes": ["gpu"],
    });
    let cases = [
        json!({}),
        json!({"launch": launch(json!({"requirements": all}))}),
        json!({"launch": launch(json!({"requirements": few, "storageSize": 100, "monitoring": "DETAILED"}))}),
        json!({"scaleInAfter": -1, "autoRepair": "DISABLED", "propagateTags": "NONE", "tags": {"a": "b"}}),
        json!({"launch": launch(json!({"localStorage": true, "storageSize": 80, "subnets": ["subnet-0ccc"]}))}),
        json!({"scaleInAfter": 0, "autoRepair": "ENABLED", "tags": {"a": "c", "d e": ""}}),
    ];
    reads_back::<ManagedCapacityProvider>(&account, &base, &cases).await;
    becomes::<ManagedCapacityProvider>(&account, &base, &cases).await;
}

fn scaling(status: &str, target: i32) -> Value {
    json!({
        "status": status, "targetCapacity": target, "minimumScalingStepSize": 1, "maximumScalingStepSize": 100,
        "instanceWarmupPeriod": 60,
    })
}
