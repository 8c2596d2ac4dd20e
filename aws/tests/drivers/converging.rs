//! Examples 00 and 10: from nothing to running, changed, put right, and gone.

use aws_sdk_cloudwatchlogs::operation::delete_retention_policy::builders::DeleteRetentionPolicyInputBuilder;
use aws_sdk_ecs::operation::tag_resource::builders::TagResourceInputBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_ecs::types::Tag;
use aws_sdk_iam::operation::attach_role_policy::builders::AttachRolePolicyInputBuilder;
use longshore_planner::desired::retained_by;
use longshore_planner::kinds::ecs::service::Service;
use serde_json::json;

use crate::account::Account;
use crate::examples::{image, service as service_of};
use crate::object::thing;
use crate::stack::Stack;

fn writes<const N: usize>(expected: [(&str, u32); N]) -> std::collections::BTreeMap<String, u32> {
    expected.into_iter().map(|(operation, times)| (operation.to_owned(), times)).collect()
}

#[tokio::test(start_paused = true)]
async fn each_resource_is_made_by_one_call_of_each_kind() {
    let account = Account::new().await;
    let mut stack = Stack::converged(&account).await;
    let made = [
        ("CreateCluster", 1),
        ("CreateLogGroup", 1),
        ("PutRetentionPolicy", 1),
        ("CreateRole", 1),
        ("PutRolePolicy", 1),
        ("CreateSecurityGroup", 1),
        ("RegisterTaskDefinition", 1),
        ("CreateService", 1),
    ];
    assert_eq!(account.writes(0), writes(made));
    let since = account.now();
    assert_eq!(stack.steps(&account).await, [""; 0]);
    assert_eq!(stack.converge(&account).await.unknown, [].into());
    assert_eq!(account.writes(since), writes([]));
}

#[tokio::test(start_paused = true)]
async fn a_change_costs_the_calls_that_it_needs_and_no_more() {
    let policy = |action: &str| {
        json!({"taskRole": {"policy": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": "*"}]}}})
    };
    let cases = [
        ("another image", json!({}), image("1.28"), vec![("RegisterTaskDefinition", 1), ("UpdateService", 1)]),
        ("another count", json!({}), json!({"desiredCount": 5}), vec![("UpdateService", 1)]),
        ("no count any more", json!({}), json!({"desiredCount": null}), vec![]),
        (
            "a restart",
            json!({}),
            json!({"restartedAt": "2027-01-01T00:00:00Z"}),
            vec![("UpdateService", 1), ("TagResource", 1)],
        ),
        (
            "one more tag",
            json!({}),
            json!({"tags": [{"key": "a", "value": "b"}]}),
            vec![("TagResource", 3), ("TagRole", 1), ("CreateTags", 1)],
        ),
        (
            "a tag less",
            json!({"tags": [{"key": "a", "value": "b"}]}),
            json!({}),
            vec![
                ("TagResource", 3),
                ("UntagResource", 3),
                ("TagRole", 1),
                ("UntagRole", 1),
                ("CreateTags", 1),
                ("DeleteTags", 1),
            ],
        ),
        ("other days of logs", json!({}), json!({"logs": {"retentionInDays": 7}}), vec![("PutRetentionPolicy", 1)]),
        ("another policy", policy("s3:GetObject"), policy("s3:PutObject"), vec![("PutRolePolicy", 1)]),
        (
            "a task role",
            json!({}),
            policy("s3:GetObject"),
            vec![("CreateRole", 1), ("PutRolePolicy", 1), ("RegisterTaskDefinition", 1), ("UpdateService", 1)],
        ),
    ];
    for (what, before, after, expected) in cases {
        let account = Account::new().await;
        let mut stack = Stack::converged_with(&account, &before).await;
        let since = account.now();
        stack.change(&after);
        stack.converge(&account).await;
        let expected = expected.into_iter().map(|(operation, times)| (operation.to_owned(), times)).collect();
        assert_eq!(account.writes(since), expected, "{what}");
        assert_eq!(stack.steps(&account).await, [""; 0], "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn going_back_finds_the_old_revision_again() {
    let account = Account::new().await;
    let mut stack = Stack::converged(&account).await;
    for patch in [image("1.28"), json!({}), image("1.28")] {
        stack.change(&patch);
        stack.converge(&account).await;
    }
    assert_eq!(account.count(0, "RegisterTaskDefinition"), 2);
    assert_eq!(account.count(0, "UpdateService"), 3);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_old_revisions_stay() {
    let account = Account::new().await;
    let mut stack = Stack::converged(&account).await;
    for tag in ["1.28", "1.29", "1.30", "1.31"] {
        stack.change(&image(tag));
        stack.converge(&account).await;
    }
    let revisions = account.ours().into_iter().filter(|thing| thing.starts_with("task definition")).count();
    assert_eq!((revisions, account.count(0, "DeregisterTaskDefinition")), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changes_behind_our_back_is_put_right() {
    let account = Account::new().await;
    let mut stack = Stack::converged(&account).await;
    let world = stack.converge(&account).await;
    let service: Service = thing(&world, "service").typed().unwrap().value;
    let aws = account.session.writer();
    let change = UpdateServiceInputBuilder::default()
        .cluster(service.cluster.to_string())
        .service(&service.name)
        .desired_count(7)
        .enable_ecs_managed_tags(true);
    aws.write(change).await.unwrap();
    let role = format!("{}-execution", service.name);
    let policy = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";
    aws.write(AttachRolePolicyInputBuilder::default().role_name(role).policy_arn(policy)).await.unwrap();
    let logs = format!("/longshore/{}", service.name);
    aws.write(DeleteRetentionPolicyInputBuilder::default().log_group_name(logs)).await.unwrap();
    let tag = Tag::builder().key("CostCentre").value("nobody").build();
    let arn = &thing(&world, "service").outputs["arn"];
    aws.write(TagResourceInputBuilder::default().resource_arn(arn).tags(tag)).await.unwrap();

    let since = account.now();
    stack.converge(&account).await;
    let expected = [("UpdateService", 1), ("TagResource", 1), ("DetachRolePolicy", 1), ("PutRetentionPolicy", 1)];
    assert_eq!(account.writes(since), writes(expected));
}

#[tokio::test(start_paused = true)]
async fn tags_of_others_are_not_our_business() {
    let account = Account::new().await;
    let mut stack = Stack::converged(&account).await;
    let world = stack.converge(&account).await;
    let arn = thing(&world, "service").outputs["arn"].clone();
    let tag = Tag::builder().key("billing").value("finance").build();
    let by_hand = TagResourceInputBuilder::default().resource_arn(&arn).tags(tag);
    account.session.writer().write(by_hand).await.unwrap();
    assert_eq!(stack.steps(&account).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn logs_that_are_retained_outlive_their_service_and_are_found_again() {
    let account = Account::new().await;
    let retain = json!({"logs": {"deletionPolicy": "Retain"}});
    let mut stack = Stack::converged_with(&account, &retain).await;
    let service = stack.service();
    service.options.retain = retained_by(&service_of(&retain));
    service.delete();
    service.converge(&account).await;
    let left: Vec<String> = account.ours().into_iter().filter(|thing| !thing.starts_with("cluster")).collect();
    assert!(left.len() == 1 && left[0].starts_with("log group"), "{left:?}");
    stack.service = None;
    stack.converge(&account).await;
    assert_eq!((account.count(0, "CreateService"), account.count(0, "CreateLogGroup")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_object_leaves_nothing() {
    let account = Account::new().await;
    let mut stack = Stack::converged(&account).await;
    stack.change(&image("1.28"));
    stack.converge(&account).await;
    assert_eq!(account.ours().len(), 7, "{:#?}", account.ours());
    stack.remove(&account).await;
    assert_eq!(account.ours(), [""; 0]);
}
