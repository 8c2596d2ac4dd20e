//! What no grant covers is refused, with the field, the thing and whom to ask.

use longshore_crds::AwsEnvironmentSpec;
use longshore_planner::desired::environment::admits;
use longshore_planner::desired::{Memory, Obstacle};
use serde_json::{Value, json};

use crate::objects::{container, desire, environment, hello, refused, scope};

fn task(more: &Value) -> Value {
    json!({"task": {"containerDefinitions": [container(more)]}})
}

fn policy(statement: &Value) -> Value {
    json!({"taskRole": {"policy": {"Version": "2012-10-17", "Statement": statement}}})
}

#[test]
fn what_is_granted_is_allowed_and_the_rest_refused_by_field() {
    let allow = |action: &str| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    let secret = |name: &str| json!({"secrets": [{"name": "A", "valueFrom": name}]});
    let cases: Vec<(Value, Option<&str>)> = vec![
        (json!({"task": {"taskRoleArn": "arn:aws:iam::123456789012:role/app-shop-x"}}), None),
        (json!({"task": {"taskRoleArn": "arn:aws:iam::123456789012:role/admin"}}), Some("spec.task.taskRoleArn")),
        (
            json!({"task": {"executionRoleArn": "arn:aws:iam::123456789012:role/admin"}}),
            Some("spec.task.executionRoleArn"),
        ),
        (json!({"taskRole": {"managedPolicyArns": ["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]}}), None),
        (
            json!({"taskRole": {"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}}),
            Some("spec.taskRole.managedPolicyArns"),
        ),
        (policy(&allow("s3:GetObject")), None),
        (policy(&allow("iam:PassRole")), Some("spec.taskRole.policy")),
        (policy(&allow("*")), Some("spec.taskRole.policy")),
        (policy(&json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})), Some("spec.taskRole.policy")),
        (policy(&json!({"Effect": "Deny", "Action": "iam:*", "Resource": "*"})), None),
        (task(&secret("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf")), None),
        (
            task(&secret("arn:aws:secretsmanager:eu-west-1:123456789012:secret:other/db-AbCdEf")),
            Some("spec.task.containerDefinitions[web].secrets"),
        ),
        (task(&secret("/shop/key")), None),
        (task(&secret("/other/key")), Some("spec.task.containerDefinitions[web].secrets")),
        (json!({"enableExecuteCommand": true}), Some("spec.enableExecuteCommand")),
        (json!({"enableExecuteCommand": false}), None),
        (json!({"logs": {"kmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1"}}), Some("spec.logs.kmsKeyId")),
    ];
    for (patch, field) in cases {
        let refusals = refused(&patch);
        assert_eq!(refusals.first().map(|(_, at, _)| at.as_str()), field, "{patch}: {refusals:?}");
        for (reason, _, message) in refusals {
            assert_eq!(reason, "NotGranted");
            let names_the_way_out = message.contains("spec.iam.grants[]") || message.contains("list the actions");
            assert!(names_the_way_out, "{message}");
        }
    }
}

#[test]
fn a_namespace_without_grants_may_name_nothing_foreign() {
    let mut stranger = scope(environment(&json!({})));
    stranger.namespace_labels.clear();
    let patches = [
        json!({"networkConfiguration": {"access": [{"securityGroup": {"id": "sg-0database"}, "port": 5432}]}}),
        json!({"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": ["sg-0database"]}}}),
        policy(&json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})),
    ];
    for patch in patches {
        let outcome = desire(&stranger, &hello(&patch), &Memory::default());
        assert!(matches!(outcome, Err(Obstacle::Refused(_))), "{patch}");
    }
    assert!(
        desire(&stranger, &hello(&json!({})), &Memory::default()).is_ok(),
        "what names nothing foreign needs no grant"
    );
}

#[test]
fn security_groups_can_be_listed_to_be_tighter() {
    let access = json!({"networkConfiguration": {"access": [{"securityGroup": {"id": "sg-0database"}, "port": 5432}]}});
    for (listed, allowed) in [(json!(["sg-0database"]), true), (json!(["sg-other"]), false), (json!([]), false)] {
        let grants = json!({"iam": {"grants": [{"namespaces": {}, "securityGroupIds": listed}]}});
        let outcome = desire(&scope(environment(&grants)), &hello(&access), &Memory::default());
        assert_eq!(outcome.is_ok(), allowed, "{listed}");
    }
}

#[test]
fn no_role_with_a_policy_of_its_own_without_a_boundary() {
    let unbounded = environment(&json!({"iam": {"permissionsBoundaryArn": null}}));
    let patch = policy(&json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}));
    match desire(&scope(unbounded), &hello(&patch), &Memory::default()) {
        Err(Obstacle::Refused(refusals)) => assert_eq!(refusals[0].reason, "NoPermissionsBoundary"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_environment_admits_the_namespaces_that_it_names_and_else_none() {
    let selector = json!({"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}});
    let labels = [("team".to_owned(), "shop".to_owned())].into();
    for (allowed, expected) in [
        (Value::Null, false),
        (json!({"from": "All"}), true),
        (json!({"from": "Same"}), false),
        (json!({"from": "Selector"}), false),
        (selector, true),
        (json!({"from": "Selector", "selector": {"matchLabels": {"team": "apps"}}}), false),
    ] {
        let spec = environment(&json!({"allowedNamespaces": null}));
        let spec = AwsEnvironmentSpec { allowed_namespaces: serde_json::from_value(allowed.clone()).unwrap(), ..spec };
        let admitted = admits("default", &spec, "shop", &labels);
        assert_eq!(admitted.is_ok(), expected, "{allowed}");
        assert!(admitted.err().is_none_or(|no| no.message.contains("does not admit the namespace shop")));
    }
}
