//! The other kinds, case by case: what is wanted, what AWS says, and the fields that differ.

use longshore_planner::engine::Kind;
use longshore_planner::kinds::ec2::security_group_rule::SecurityGroupRule;
use longshore_planner::kinds::ecs::cluster::Cluster;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::{fields, with};

fn check<K: Kind>(base: &Value, cases: &[(Value, Value, &[&str])]) {
    for (want, seen, expected) in cases {
        assert_eq!(fields::<K>(&with(base, want), &with(base, seen)), *expected, "want {want}, seen {seen}");
    }
}

#[test]
fn a_cluster_is_compared_in_what_the_spec_names() {
    let exec = |configuration: Value| json!({"configuration": {"executeCommandConfiguration": configuration}});
    let insights = |value: &str| json!({"settings": [{"name": "containerInsights", "value": value}]});
    let providers = |names: [&str; 2]| json!({"capacityProviders": names});
    check::<Cluster>(
        &json!({"name": "main"}),
        &[
            (json!({}), insights("disabled"), &[]),
            (insights("enabled"), insights("disabled"), &["settings[containerInsights].value"]),
            (json!({}), exec(json!({"logging": "DEFAULT"})), &[]),
            (exec(json!({})), exec(json!({"logging": "DEFAULT"})), &[]),
            (
                exec(json!({"logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": "/g"}})),
                exec(json!({"logging": "OVERRIDE", "logConfiguration": {
                    "cloudWatchLogGroupName": "/g", "cloudWatchEncryptionEnabled": false, "s3EncryptionEnabled": false}})),
                &[],
            ),
            (exec(json!({})), exec(json!({"logging": "NONE"})), &["configuration.executeCommandConfiguration.logging"]),
            (providers(["FARGATE", "FARGATE_SPOT"]), providers(["FARGATE_SPOT", "FARGATE"]), &[]),
            (providers(["FARGATE", "FARGATE_SPOT"]), json!({}), &["capacityProviders"]),
        ],
    );
}

#[test]
fn rules_are_the_same_where_ec2_takes_them_for_the_same() {
    let rule = json!({"group": "sg-a", "direction": "ingress", "protocol": "tcp", "fromPort": 80, "toPort": 80,
                      "peer": {"group": "sg-b"}});
    check::<SecurityGroupRule>(
        &rule,
        &[
            (json!({"protocol": "6"}), json!({}), &[]),
            (json!({"protocol": "TCP"}), json!({}), &[]),
            (json!({"protocol": "17"}), json!({"protocol": "udp"}), &[]),
            (json!({"protocol": "-1"}), json!({"protocol": "-1", "fromPort": -1, "toPort": -1}), &[]),
            (json!({"protocol": "50"}), json!({"protocol": "50", "fromPort": -1, "toPort": -1}), &[]),
            (json!({"peer": {"cidrIpv4": "10.1.2.3/8"}}), json!({"peer": {"cidrIpv4": "10.0.0.0/8"}}), &[]),
            (json!({"peer": {"cidrIpv4": "1.2.3.4/0"}}), json!({"peer": {"cidrIpv4": "0.0.0.0/0"}}), &[]),
            (json!({"peer": {"cidrIpv6": "2001:DB8:0::1/32"}}), json!({"peer": {"cidrIpv6": "2001:db8::/32"}}), &[]),
            (json!({}), json!({"protocol": "udp"}), &["protocol"]),
            (json!({}), json!({"toPort": 81}), &["toPort"]),
            (json!({}), json!({"peer": {"group": "sg-c"}}), &["peer.group"]),
            (json!({}), json!({"description": "by hand"}), &["description"]),
        ],
    );
}

#[test]
fn policies_are_compared_as_policies() {
    let statement = |more: Value| {
        let plain = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"});
        json!({"Version": "2012-10-17", "Statement": [with(&plain, &more)]})
    };
    let inline = |policy: Value| json!({"inline": {"spec": policy}});
    let plain = || inline(statement(json!({})));
    check::<Role>(
        &json!({"name": "r", "path": "/", "trust": {}}),
        &[
            (inline(json!({"Statement": statement(json!({}))["Statement"][0]})), plain(), &[]),
            (inline(statement(json!({"Action": ["s3:GetObject"]}))), plain(), &[]),
            (inline(statement(json!({"Effect": "allow"}))), plain(), &[]),
            (
                inline(statement(json!({"Action": ["a:B", "a:A"]}))),
                inline(statement(json!({"Action": ["a:A", "a:B"]}))),
                &[],
            ),
            (plain(), inline(statement(json!({"Effect": "Deny"}))), &["inline.spec.Statement"]),
            (plain(), inline(statement(json!({"Resource": "*"}))), &["inline.spec.Statement"]),
            (plain(), json!({}), &["inline"]),
            (json!({"maxSessionDuration": 3600}), json!({}), &[]),
            (json!({}), json!({"maxSessionDuration": 7200}), &["maxSessionDuration"]),
            (json!({}), json!({"attached": ["arn:by-hand"]}), &["attached"]),
            (json!({}), json!({"permissionsBoundary": "arn:b"}), &["permissionsBoundary"]),
        ],
    );
}
