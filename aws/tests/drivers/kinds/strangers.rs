//! What another object owns is left alone, also where it was made between our look and our call.

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
    // The simulator keeps what was before a write only while somebody is to be shown it.
    account.breaks("NeverCalled", 1, 1, Fault::Stale);
    let mut owner = Box::new(object::<K>(value));
    owner.converge(&account).await;
    blocks_who_sees_it::<K>(&account, value).await;
    // As if it had come into being after our look.
    account.breaks(read, 1, 1, Fault::Stale);
    refuses_who_did_not_see_it::<K>(&account, value).await;
    let (_, plan) = owner.planned(&account).await;
    assert_eq!(plan.steps, [], "{}: its owner finds it as it was", K::NAME);
}

async fn blocks_who_sees_it<K: Kind>(account: &Account, value: &Value) {
    let round = rival::<K>(value).round(account).await;
    let step = &round.plan.steps[0];
    assert_eq!(step.action, Action::Blocked, "{}: {}", K::NAME, step.reason);
    assert!(step.reason.starts_with("AlreadyExists: "), "{}: {}", K::NAME, step.reason);
}

async fn refuses_who_did_not_see_it<K: Kind>(account: &Account, value: &Value) {
    let round = rival::<K>(value).round(account).await;
    assert!(matches!(round.plan.steps[0].action, Action::Create { .. }), "{}: {:?}", K::NAME, round.plan.steps);
    let Some((id, fault)) = round.faults.first() else { panic!("{}: it was made", K::NAME) };
    assert_eq!((id.kind.as_str(), fault.class, fault.code.as_str()), (K::NAME, Class::Fix, "AlreadyExists"), "{fault}");
}

#[tokio::test(start_paused = true)]
async fn what_another_object_made_under_the_same_name_is_left_alone() {
    is_left_alone::<LogGroup>(&json!({"name": "/longshore/law"}), "DescribeLogGroups").await;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    is_left_alone::<Role>(&json!({"name": "law", "path": "/longshore/", "trust": trust}), "GetRole").await;
    let group = json!({"name": "law-1f2e3d4c", "vpcId": "vpc-0a1b2c3d", "description": "Longshore"});
    is_left_alone::<SecurityGroup>(&group, "DescribeSecurityGroups").await;
    is_left_alone::<Cluster>(&json!({"name": "law"}), "DescribeClusters").await;
}
