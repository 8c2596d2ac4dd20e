//! What another object owns is left alone, also where it was made between our look and our call.

use aws_sdk_cloudwatchlogs::operation::create_log_group::builders::CreateLogGroupInputBuilder;
use aws_sdk_ec2::operation::create_security_group::builders::CreateSecurityGroupInputBuilder;
use aws_sdk_ecs::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_iam::operation::create_role::builders::CreateRoleInputBuilder;
use longshore_aws::Class;
use longshore_planner::desired::Desired;
use longshore_planner::engine::{Action, Kind};
use longshore_planner::kinds::ec2::security_group::SecurityGroup;
use longshore_planner::kinds::ecs::cluster::Cluster;
use longshore_planner::kinds::iam::role::Role;
use longshore_planner::kinds::logs::log_group::LogGroup;
use longshore_simulator::faults::Kind as Fault;
use serde_json::{Value, json};

use super::{object, want};
use crate::account::Account;
use crate::examples::scope;
use crate::object::Object;

/// Another object that wants the very same.
pub(super) fn rival<K: Kind>(value: &Value) -> Object {
    let mut object = Object::of(scope("EcsService", "rival"), |_, _| Desired::default());
    want::<K>(&mut object, value);
    object
}

async fn is_left_alone<K: Kind>(value: &Value, read: &str) {
    is_left_alone_in::<K>(Account::new().await, value, read).await;
}

/// `read`: the operation by which it is seen.
pub(super) async fn is_left_alone_in<K: Kind>(account: Account, value: &Value, read: &str) {
    is_left_alone_unseen::<K>(account, value, read, Fault::Stale).await;
}

/// The same where more than one call makes it: `unseen` is how that operation does not tell of it.
pub(super) async fn is_left_alone_unseen<K: Kind>(account: Account, value: &Value, read: &str, unseen: Fault) {
    // The simulator keeps what was before a write only while somebody is to be shown it.
    account.breaks("NeverCalled", 1, 1, Fault::Stale);
    let mut owner = Box::new(object::<K>(value));
    owner.converge(&account).await;
    blocks_who_sees_it::<K>(&account, value).await;
    refuses_who_did_not_see_it::<K>(&account, value, read, unseen).await;
    let (_, plan) = owner.planned(&account).await;
    assert_eq!(plan.steps, [], "{}: its owner finds it as it was", K::NAME);
}

async fn blocks_who_sees_it<K: Kind>(account: &Account, value: &Value) {
    let round = rival::<K>(value).round(account).await;
    let step = &round.plan.steps[0];
    assert_eq!(step.action, Action::Blocked, "{}: {}", K::NAME, step.reason);
    assert!(step.reason.starts_with("AlreadyExists: "), "{}: {}", K::NAME, step.reason);
}

/// As if it had come into being after our look.
async fn refuses_who_did_not_see_it<K: Kind>(account: &Account, value: &Value, read: &str, unseen: Fault) {
    account.breaks(read, 1, 1, unseen);
    let round = rival::<K>(value).round(account).await;
    assert!(matches!(round.plan.steps[0].action, Action::Create { .. }), "{}: {:?}", K::NAME, round.plan.steps);
    let Some((id, fault)) = round.faults.first() else { panic!("{}: it was made", K::NAME) };
    assert_eq!((id.kind.as_str(), fault.class, fault.code.as_str()), (K::NAME, Class::Fix, "AlreadyExists"), "{fault}");
}

/// One of each kind whose names are not ours alone, and the operation by which it is seen.
fn named() -> [(Value, &'static str); 4] {
    let group = json!({"name": "law-1f2e3d4c", "vpcId": "vpc-0a1b2c3d", "description": "Longshore"});
    [
        (json!({"name": "/longshore/law"}), "DescribeLogGroups"),
        (json!({"name": "law", "path": "/longshore/", "trust": trust()}), "GetRole"),
        (group, "DescribeSecurityGroups"),
        (json!({"name": "law"}), "DescribeClusters"),
    ]
}

fn trust() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
}

#[tokio::test(start_paused = true)]
async fn what_another_object_made_under_the_same_name_is_left_alone() {
    let [logs, role, group, cluster] = named();
    is_left_alone::<LogGroup>(&logs.0, logs.1).await;
    is_left_alone::<Role>(&role.0, role.1).await;
    is_left_alone::<SecurityGroup>(&group.0, group.1).await;
    is_left_alone::<Cluster>(&cluster.0, cluster.1).await;
}

#[tokio::test(start_paused = true)]
async fn what_somebody_made_by_hand_under_the_same_name_is_left_alone() {
    let account = Account::new().await;
    account.breaks("NeverCalled", 1, 1, Fault::Stale);
    let aws = account.session.writer();
    let [logs, role, group, cluster] = named();

    aws.write(CreateLogGroupInputBuilder::default().log_group_name("/longshore/law")).await.unwrap();
    blocks_who_sees_it::<LogGroup>(&account, &logs.0).await;
    refuses_who_did_not_see_it::<LogGroup>(&account, &logs.0, logs.1, Fault::Stale).await;

    let by_hand = CreateRoleInputBuilder::default().role_name("law").path("/longshore/");
    aws.write(by_hand.assume_role_policy_document(trust().to_string())).await.unwrap();
    blocks_who_sees_it::<Role>(&account, &role.0).await;
    refuses_who_did_not_see_it::<Role>(&account, &role.0, role.1, Fault::Stale).await;

    let by_hand = CreateSecurityGroupInputBuilder::default().group_name("law-1f2e3d4c").description("by hand");
    aws.write(by_hand.vpc_id("vpc-0a1b2c3d")).await.unwrap();
    blocks_who_sees_it::<SecurityGroup>(&account, &group.0).await;
    refuses_who_did_not_see_it::<SecurityGroup>(&account, &group.0, group.1, Fault::Stale).await;

    aws.write(CreateClusterInputBuilder::default().cluster_name("law")).await.unwrap();
    blocks_who_sees_it::<Cluster>(&account, &cluster.0).await;
    refuses_who_did_not_see_it::<Cluster>(&account, &cluster.0, cluster.1, Fault::Stale).await;
}
