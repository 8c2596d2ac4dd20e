//! Secrets and parameters that keys of customers encrypt.

use longshore_planner::desired::{Desired, Fact, Memory, Need, Obstacle, StoredFact};
use longshore_planner::kinds::iam::policy::{statements, strings};
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::objects::{container, desire_where, environment, hello, scope, value};

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db";
const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1";

/// Example 10 with one secret, in an environment that grants these keys, where the secret has this key.
fn desire(secret: &str, granted: &[&str], key: Option<&str>, memory: &Memory) -> Result<Desired, Obstacle> {
    let grant = json!({"namespaces": {}, "secretArns": ["*"], "parameterArns": ["*"], "keyArns": granted});
    let scope = scope(environment(&json!({"iam": {"grants": [grant]}})));
    let secrets = json!({"secrets": [{"name": "A", "valueFrom": secret}]});
    let spec = hello(&json!({"task": {"containerDefinitions": [container(&secrets)]}}));
    let stored = |arn: &str| StoredFact { arn: arn.to_owned(), key: key.map(str::to_owned), version: "1".to_owned() };
    desire_where(&scope, &spec, memory, |need| match need {
        // AWS added the last six characters.
        Need::Secret { .. } => Some(Fact::Stored(Some(stored(&format!("{SECRET}-AbCdEf"))))),
        Need::Parameter { arn } => Some(Fact::Stored(Some(stored(arn)))),
        _ => None,
    })
}

/// Of each statement that is not about logs: action, resources, and the aliases that it is bound to.
fn said(desired: &Desired) -> Vec<Value> {
    let role: Role = value(desired, "execution-role");
    let all: Vec<Value> = role.inline.values().flat_map(statements).collect();
    let beside_logs = all.iter().filter(|one| !strings(one, "Action").contains(&json!("logs:PutLogEvents")));
    let aliases = |one: &Value| one["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"].clone();
    beside_logs.map(|one| json!([one["Action"], one["Resource"], aliases(one)])).collect()
}

fn decrypts(desired: &Desired) -> Vec<Value> {
    said(desired).into_iter().filter(|one| one[0] == json!(["kms:Decrypt"])).collect()
}

#[test]
fn a_customer_s_key_may_be_used_and_no_other() {
    let any = "arn:aws:kms:eu-west-1:123456789012:key/*";
    let alias = "arn:aws:kms:eu-west-1:123456789012:alias/shop";
    let by_key = vec![json!([["kms:Decrypt"], [KEY], null])];
    let by_alias = vec![json!([["kms:Decrypt"], [any], ["alias/shop"]])];
    let cases = [
        (None, vec![]),
        (Some("alias/aws/secretsmanager"), vec![]),
        (Some("arn:aws:kms:eu-west-1:123456789012:alias/aws/ssm"), vec![]),
        (Some("1"), by_key.clone()),
        (Some(KEY), by_key),
        (Some("alias/shop"), by_alias.clone()),
        (Some(alias), by_alias),
    ];
    for (key, expected) in cases {
        for secret in [SECRET, "/shop/key"] {
            let desired = desire(secret, &[KEY, alias], key, &Memory::default()).unwrap();
            assert_eq!(decrypts(&desired), expected, "{secret} {key:?}");
        }
    }
}

#[test]
fn a_key_needs_a_grant_of_its_own() {
    for (key, asked) in [("1", KEY), ("alias/shop", "arn:aws:kms:eu-west-1:123456789012:alias/shop")] {
        let Err(Obstacle::Refused(refusals)) = desire(SECRET, &[], Some(key), &Memory::default()) else {
            panic!("{key} is not granted")
        };
        let [refusal] = &refusals[..] else { panic!("{refusals:?}") };
        assert_eq!((refusal.reason.as_str(), refusal.at.0.as_str()), ("NotGranted", "spec.task.containerDefinitions"));
        assert!(refusal.message.contains(asked) && refusal.message.contains("keyArns"), "{}", refusal.message);
    }
}

#[test]
fn a_secret_is_read_by_its_whole_arn() {
    let desired = desire(SECRET, &[], None, &Memory::default()).unwrap();
    let whole = format!("{SECRET}-AbCdEf");
    assert_eq!(said(&desired), [json!([["secretsmanager:GetSecretValue"], [whole], null])]);
}

#[test]
fn what_was_looked_up_is_remembered_and_not_asked_again_until_a_restart() {
    let desired = desire(SECRET, &[KEY], Some("1"), &Memory::default()).unwrap();
    assert_eq!(desired.pins, [(SECRET.to_owned(), format!("{SECRET}-AbCdEf 1"))].into());
    let memory = Memory { pins: desired.pins, ..Memory::default() };
    // AWS would say otherwise now.
    let again = desire(SECRET, &[KEY], Some("2"), &memory).unwrap();
    assert_eq!(decrypts(&again), [json!([["kms:Decrypt"], [KEY], null])]);
}

#[test]
fn what_another_account_or_region_holds_is_not_asked_about() {
    for foreign in [SECRET.replace("eu-west-1", "us-east-1"), SECRET.replace("123456789012", "210987654321")] {
        let desired = desire(&foreign, &[], Some("1"), &Memory::default()).unwrap();
        assert_eq!(said(&desired), [json!([["secretsmanager:GetSecretValue"], [foreign], null])]);
        assert_eq!(desired.pins, [].into());
    }
}

#[test]
fn what_may_not_be_named_is_not_asked_about() {
    let scope = scope(environment(&json!({})));
    let secrets = json!({"secrets": [{"name": "A", "valueFrom": SECRET.replace("shop", "other")}]});
    let spec = hello(&json!({"task": {"containerDefinitions": [container(&secrets)]}}));
    let facts = longshore_planner::desired::Facts::new();
    let references = longshore_planner::desired::References::to_cluster(crate::objects::cluster());
    let desired = longshore_planner::desired::ecs_service(&scope, &spec, &facts, &references, &Memory::default());
    assert!(matches!(desired, Err(Obstacle::Refused(_))), "{desired:?}");
}
