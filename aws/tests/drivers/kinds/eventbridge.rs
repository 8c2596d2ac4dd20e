use std::time::Duration;

use aws_sdk_ecs::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_eventbridge::operation::list_targets_by_rule::builders::ListTargetsByRuleInputBuilder;
use aws_sdk_eventbridge::operation::put_targets::builders::PutTargetsInputBuilder;
use aws_sdk_eventbridge::types::{EcsParameters, Target};
use aws_sdk_iam::operation::create_role::builders::CreateRoleInputBuilder;
use longshore_aws::Class;
use longshore_planner::kinds::eventbridge::rule::Rule;
use longshore_simulator::faults::Kind;
use longshore_simulator::services::eventbridge;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::strangers::is_left_alone_unseen;
use super::{becomes, merged, object, reads_back};
use crate::account::Account;

const ROLE: &str = "arn:aws:iam::123456789012:role/starter";
const REVISION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/report";
const CLUSTER: &str = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";

async fn role(account: &Account, name: &str) {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = CreateRoleInputBuilder::default().role_name(name).assume_role_policy_document(trust.to_string());
    account.session.writer().write(role).await.unwrap();
}

/// A rule needs a role that EventBridge may assume, and a cluster; both are somebody else's.
async fn with_role(account: &Account) -> Value {
    account.session.writer().write(CreateClusterInputBuilder::default().cluster_name("main")).await.unwrap();
    role(account, "starter").await;
    sleep(Duration::from_secs(20)).await;
    json!({
        "name": "shop-ingest", "eventBus": "default", "enabled": true,
        "eventPattern": {"source": ["aws.s3"], "detail": {"size": [{"numeric": [">", 0]}]}},
        "inputPaths": {"key": "$.detail.object.key"},
        "target": {
            "cluster": CLUSTER, "roleArn": ROLE,
            "input": {"containerOverrides": [{"name": "ingest", "command": ["say \"<key>\""]}]},
            "ecs": {"taskDefinitionArn": format!("{REVISION}:1"), "launchType": "FARGATE", "group": "shop-ingest",
                "network": {"subnets": ["subnet-0aaa"], "securityGroups": ["sg-0a"], "assignPublicIp": "DISABLED"}},
        },
    })
}

fn cases(base: &Value) -> Vec<Value> {
    let target = |patch: &Value| json!({"target": merged(&base["target"], patch)});
    let queue = "arn:aws:sqs:eu-west-1:123456789012:missed";
    let providers = json!([{"capacityProvider": "FARGATE", "weight": 1, "base": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3}]);
    let plain = json!({"input": {"cpu": "512"}});
    let named = json!({"input": {"containerOverrides": [{"name": "ingest", "command": ["<aws.events.rule-name>"]}]}});
    vec![
        json!({}),
        json!({"enabled": false, "eventPattern": {"source": [{"prefix": "shop."}]}}),
        json!({"tags": {"team": "shop", "cost": "1"}}),
        json!({"inputPaths": null, "target": merged(&base["target"], &plain)}),
        json!({"inputPaths": {"key": "$.detail.key", "size": "$.detail.size"}}),
        json!({"inputPaths": {}, "target": merged(&base["target"], &named)}),
        target(&json!({"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 0})),
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
async fn rules_read_back_and_any_becomes_any_other() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    let cases = cases(&base);
    reads_back::<Rule>(&account, &base, &cases).await;
    becomes::<Rule>(&account, &base, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn another_s_rule_is_left_alone() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    let gone = Kind::Error { code: "ResourceNotFoundException".into(), status: 400, message: "not yet".into() };
    is_left_alone_unseen::<Rule>(account, &base, "DescribeRule", gone).await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_a_bus_of_one_s_own_is_made_and_goes() {
    let account = Account::new().await;
    let mut base = with_role(&account).await;
    base["eventBus"] = json!("orders");
    let mut owner = object::<Rule>(&base);
    owner.converge(&account).await;
    assert_eq!(account.ours().len(), 1, "{:?}", account.ours());
    owner.remove(&account).await;
    assert_eq!(account.ours(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_is_not_there_is_a_person_s_to_make() {
    let account = Account::new().await;
    let mut base = with_role(&account).await;
    base["eventBus"] = json!("none");
    let round = object::<Rule>(&base).round(&account).await;
    let told: Vec<_> = round.faults.iter().map(|(_, fault)| (fault.class, fault.advice.as_str())).collect();
    assert!(matches!(told[..], [(Class::Fix, advice)] if advice.contains("spec.event.eventBusName")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rule_whose_making_was_not_answered_is_known_by_its_tags() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    account.breaks("PutRule", 1, 1, Kind::LostReply);
    let mut owner = object::<Rule>(&base);
    owner.converge(&account).await;
    let (_, plan) = owner.planned(&account).await;
    assert_eq!(plan.steps, []);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_fails_though_the_call_is_answered_is_tried_again() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    account.simulator.with_world(|world| eventbridge::fail_entries(world, 1));
    let mut owner = object::<Rule>(&base);
    let round = owner.round(&account).await;
    let told: Vec<_> = round.faults.iter().map(|(_, fault)| (fault.class, fault.code.as_str())).collect();
    assert_eq!(told, [(Class::Retry, "ConcurrentModificationException")]);
    owner.converge(&account).await;
    account.simulator.with_world(|world| eventbridge::fail_entries(world, 1));
    owner.remove(&account).await;
    assert_eq!(account.ours(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn another_target_that_somebody_put_goes() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    let mut owner = object::<Rule>(&base);
    owner.converge(&account).await;
    let ecs = EcsParameters::builder().task_definition_arn(format!("{REVISION}:1")).build().unwrap();
    let other = Target::builder().id("theirs").arn(CLUSTER).role_arn(ROLE).ecs_parameters(ecs).build().unwrap();
    let put = PutTargetsInputBuilder::default().rule("shop-ingest").targets(other);
    account.session.writer().write(put).await.unwrap();
    owner.converge(&account).await;
    let list = ListTargetsByRuleInputBuilder::default().rule("shop-ingest");
    let told = account.session.reader().read(list).await.unwrap();
    assert_eq!(told.targets().iter().map(Target::id).collect::<Vec<_>>(), ["task"]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_a_service_of_aws_manages_is_that_service_s() {
    let account = Account::new().await;
    let base = with_role(&account).await;
    let mut owner = object::<Rule>(&base);
    owner.converge(&account).await;
    let arn = "arn:aws:events:eu-west-1:123456789012:rule/shop-ingest";
    account.simulator.with_world(|world| eventbridge::set_managed_by(world, arn, "dax.amazonaws.com"));
    let round = object::<Rule>(&base).round(&account).await;
    assert!(round.plan.steps[0].reason.starts_with("AlreadyExists: "), "{:?}", round.plan.steps);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_was_made_a_moment_ago_is_waited_for() {
    let account = Account::new().await;
    let mut base = with_role(&account).await;
    role(&account, "younger").await;
    base["target"]["roleArn"] = json!("arn:aws:iam::123456789012:role/younger");
    let mut owner = object::<Rule>(&base);
    let round = owner.round(&account).await;
    let classes: Vec<_> = round.faults.iter().map(|(_, fault)| fault.class).collect();
    assert_eq!(classes, [Class::Wait], "{:?}", round.faults);
    owner.converge(&account).await;
}
