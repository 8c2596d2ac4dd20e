use longshore_planner::kinds::iam::instance_profile::InstanceProfile;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use super::{becomes, reads_back};
use crate::account::Account;

fn policy(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statement})
}

#[tokio::test(start_paused = true)]
async fn roles() {
    let account = Account::new().await;
    let trusts = |service: &str| {
        let principal = json!({"Service": service});
        policy(&json!([{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]))
    };
    let allow = |action: Value| policy(&json!({"Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::b/*"}));
    let (xray, execution) = (
        "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
        "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    );
    let base = json!({"name": "law", "path": "/longshore/", "trust": trusts("ecs-tasks.amazonaws.com")});
    let cases = [
        json!({}),
        json!({"description": "for people: a, b & c", "maxSessionDuration": 3600}),
        json!({"trust": trusts("ecs.amazonaws.com"), "maxSessionDuration": 43200}),
        json!({"inline": {"one": allow(json!("s3:GetObject"))}}),
        json!({"inline": {"one": allow(json!(["s3:PutObject", "s3:GetObject"])), "two": allow(json!("s3:*"))}}),
        json!({"attached": [xray], "permissionsBoundary": "arn:aws:iam::123456789012:policy/app-boundary"}),
        json!({"attached": [execution, xray], "inline": {"two": allow(json!("s3:*"))}, "tags": {"a": "b", "c d": ""}}),
    ];
    reads_back::<Role>(&account, &base, &cases).await;
    becomes::<Role>(&account, &base, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn instance_profiles() {
    let account = Account::new().await;
    let base = json!({"name": "law", "path": "/longshore/", "role": "ecsInstanceRole"});
    let cases = [
        json!({}),
        json!({"role": ""}),
        json!({"role": "app-shop-migrations"}),
        json!({"tags": {"a": "b"}}),
        json!({"tags": {"a": "c", "d e": ""}}),
    ];
    reads_back::<InstanceProfile>(&account, &base, &cases).await;
    becomes::<InstanceProfile>(&account, &base, &cases).await;
}
