use std::time::Duration;

use aws_sdk_ecs::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_iam::operation::create_role::builders::CreateRoleInputBuilder;
use aws_sdk_scheduler::operation::get_schedule::builders::GetScheduleInputBuilder;
use longshore_planner::kinds::scheduler::schedule::Schedule;
use longshore_simulator::faults::Kind;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::strangers::is_left_alone_in;
use super::{becomes, merged, object, reads_back};
use crate::account::Account;

const ROLE: &str = "arn:aws:iam::123456789012:role/starter";
const REVISION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/report";

/// A schedule needs a role that Scheduler may assume, and a cluster; both are somebody else's.
async fn with_role(account: &Account) -> Value {
    let aws = account.session.writer();
    aws.write(CreateClusterInputBuilder::default().cluster_name("main")).await.unwrap();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = CreateRoleInputBuilder::default().role_name("starter").assume_role_policy_document(trust.to_string());
    aws.write(role).await.unwrap();
    sleep(Duration::from_secs(20)).await;
    json!({
        "name": "shop-report", "expression": "cron(15 4 * * ? *)", "enabled": true,
        "target": {
            "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "roleArn": ROLE,
            "ecs": {"taskDefinitionArn": format!("{REVISION}:1"), "launchType": "FARGATE", "group": "shop-report",
                "network": {"subnets": ["subnet-0aaa"], "securityGroups": ["sg-0a"], "assignPublicIp": "DISABLED"}},
        },
    })
}

fn cases(base: &Value) -> Vec<Value> {
    let target = |patch: &Value| json!({"target": merged(&base["target"], patch)});
    let overrides = json!({"containerOverrides": [{"name": "report", "command": ["now"]}], "cpu": "512"});
    let queue = "arn:aws:sqs:eu-west-1:123456789012:missed";
    let providers = json!([{"capacityProvider": "FARGATE", "weight": 1, "base": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3}]);
    vec![
        json!({}),
        json!({"enabled": false, "timezone": "Europe/Stockholm", "flexibleWindowMinutes": 15}),
        json!({"expression": "rate(2 hours)", "startDate": "2030-01-01T00:30:00Z"}),
        json!({"expression": "at(2030-12-24T18:00:00)"}),
        target(&json!({"input": overrides, "maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 0})),
        target(&json!({"deadLetterArn": queue, "ecs": {"taskCount": 3, "propagateTags": "TASK_DEFINITION"}})),
        target(&json!({"ecs": {"taskDefinitionArn": format!("{REVISION}:2"), "platformVersion": "1.4.0",
            "referenceId": "r", "enableEcsManagedTags": true, "enableExecuteCommand": true}})),
        target(&json!({"ecs": {"launchType": null, "capacityProviderStrategy": providers}})),
        target(
            &json!({"ecs": {"network": {"subnets": ["subnet-0bbb", "subnet-0aaa"], "securityGroups": ["sg-0b", "sg-0a"],
            "assignPublicIp": "ENABLED"}}}),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn schedules_read_back_and_any_becomes_any_other() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    reads_back::<Schedule>(&account, &base, &cases(&base)).await;
    becomes::<Schedule>(&account, &base, &cases(&base)).await;
}

#[tokio::test(start_paused = true)]
async fn another_s_schedule_is_left_alone() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    is_left_alone_in::<Schedule>(account, &base, "GetSchedule").await;
}

#[tokio::test(start_paused = true)]
async fn a_schedule_whose_making_was_not_answered_is_known_by_its_description() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    account.breaks("CreateSchedule", 1, 1, Kind::LostReply);
    let mut owner = object::<Schedule>(&base);
    owner.converge(&account).await;
    let (_, plan) = owner.planned(&account).await;
    assert_eq!(plan.steps, []);
    let request = GetScheduleInputBuilder::default().name("shop-report");
    let told = account.session.reader().read(request).await.unwrap();
    let description = told.description().unwrap_or_default();
    assert!(description.contains("longshore.dev/object=EcsService/shop/law"), "{description}");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_was_made_a_moment_ago_is_waited_for() {
    let account = Account::new().await;
    let mut base = with_role(&account).await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = CreateRoleInputBuilder::default().role_name("younger").assume_role_policy_document(trust.to_string());
    account.session.writer().write(role).await.unwrap();
    base["target"]["roleArn"] = json!("arn:aws:iam::123456789012:role/younger");
    let mut owner = object::<Schedule>(&base);
    let round = owner.round(&account).await;
    let classes: Vec<_> = round.faults.iter().map(|(_, fault)| fault.class).collect();
    assert_eq!(classes, [longshore_aws::Class::Wait], "{:?}", round.faults);
    owner.converge(&account).await;
}
