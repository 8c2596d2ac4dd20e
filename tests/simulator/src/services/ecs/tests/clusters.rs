//! Clusters.

use super::*;

fn described(aws: &Aws, include: &[&str]) -> Value {
    aws.ok("DescribeClusters", &json!({"clusters": ["main"], "include": include}))["clusters"][0].clone()
}

#[test]
fn creating_a_cluster_again_answers_it() {
    let aws = Aws::new();
    aws.ok("TagResource", &json!({"resourceArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "tags": [{"key": "a", "value": "b"}]}));
    let again = aws.ok("CreateCluster", &json!({"clusterName": "main"}));
    assert_eq!(again["cluster"]["tags"], json!([{"key": "a", "value": "b"}]));
}

#[test]
fn details_are_shown_only_when_included() {
    let aws = Aws::new();
    aws.steady(2, &json!({}));
    let plain = described(&aws, &[]);
    assert_eq!((&plain["settings"], &plain["statistics"], &plain["tags"]), (&json!([]), &json!([]), &json!([])));
    assert_eq!((&plain["runningTasksCount"], &plain["activeServicesCount"]), (&json!(2), &json!(1)));
    let full = described(&aws, &["SETTINGS", "STATISTICS", "TAGS", "CONFIGURATIONS"]);
    assert_eq!(full["settings"], json!([{"name": "containerInsights", "value": "disabled"}]));
    let statistics = full["statistics"].as_array().unwrap();
    assert!(statistics.contains(&json!({"name": "runningFargateTasksCount", "value": "2"})));
}

#[test]
fn settings_and_providers_change_in_place() {
    let aws = Aws::new();
    let settings = json!([{"name": "containerInsights", "value": "enhanced"}]);
    aws.ok("UpdateClusterSettings", &json!({"cluster": "main", "settings": settings}));
    assert_eq!(described(&aws, &["SETTINGS"])["settings"], settings);
    let strategy = json!([{"capacityProvider": "FARGATE", "weight": 1}]);
    aws.ok(
        "PutClusterCapacityProviders",
        &json!({"cluster": "main", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": strategy}),
    );
    let cluster = described(&aws, &[]);
    assert_eq!(cluster["capacityProviders"], json!(["FARGATE"]));
    assert_eq!(
        cluster["defaultCapacityProviderStrategy"],
        json!([{"capacityProvider": "FARGATE", "weight": 1, "base": 0}])
    );
}

#[test]
fn a_deleted_cluster_is_inactive() {
    let aws = Aws::new();
    aws.ok("DeleteCluster", &json!({"cluster": "main"}));
    assert_eq!(described(&aws, &[])["status"], "INACTIVE");
    assert_eq!(aws.ok("ListClusters", &json!({}))["clusterArns"], json!([]));
    assert_eq!(aws.call("ListServices", &json!({"cluster": "main"})).unwrap_err().0, "ClusterNotFoundException");
    assert_eq!(aws.ok("CreateCluster", &json!({"clusterName": "main"}))["cluster"]["status"], "ACTIVE");
}

#[test]
fn account_settings_are_kept() {
    let aws = Aws::new();
    assert_eq!(aws.ok("ListAccountSettings", &json!({}))["settings"], json!([]));
    aws.ok("PutAccountSetting", &json!({"name": "containerInsights", "value": "enabled"}));
    let listed = aws.ok("ListAccountSettings", &json!({"effectiveSettings": true, "name": "containerInsights"}));
    assert_eq!(listed["settings"][0]["value"], "enabled");
}
