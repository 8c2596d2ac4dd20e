//! The other kinds, case by case: what is wanted, what AWS says, and the fields that differ.

use longshore_planner::engine::{Kind, Ready, Seen};
use longshore_planner::kinds::autoscaling::auto_scaling_group::{
    AutoScalingGroup, AutoScalingGroupDetail, InstanceRefresh,
};
use longshore_planner::kinds::ec2::security_group_rule::SecurityGroupRule;
use longshore_planner::kinds::ecs::capacity_provider::CapacityProvider;
use longshore_planner::kinds::ecs::cluster::Cluster;
use longshore_planner::kinds::ecs::cluster_capacity_providers::ClusterCapacityProviders;
use longshore_planner::kinds::efs::access_point::AccessPoint;
use longshore_planner::kinds::iam::instance_profile::InstanceProfile;
use longshore_planner::kinds::iam::role::Role;
use longshore_planner::kinds::scheduler::schedule::Schedule;
use longshore_planner::kinds::service_discovery::service::DiscoveryService;
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
            (json!({"protocol": "1"}), json!({"protocol": "icmp"}), &[]),
            (json!({"protocol": "58"}), json!({"protocol": "icmpv6"}), &[]),
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
            (inline(statement(json!({"Effect": "DENY"}))), inline(statement(json!({"Effect": "Deny"}))), &[]),
            (
                inline(statement(json!({"Effect": "Perhaps"}))),
                inline(statement(json!({"Effect": "Deny"}))),
                &["inline.spec.Statement"],
            ),
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

#[test]
fn the_rule_that_a_new_group_has_is_known_by_what_it_lets_through() {
    let made = SecurityGroupRule::everything_out("sg-a".into());
    let cases = [
        (SecurityGroupRule { description: "by hand".to_owned(), ..made.clone() }, true),
        (SecurityGroupRule { group: "sg-b".into(), ..made.clone() }, false),
        (SecurityGroupRule { protocol: "tcp".to_owned(), ..made.clone() }, false),
    ];
    for (other, same) in cases {
        assert_eq!(made.same_tuple(&other), same, "{other:?}");
    }
}

#[test]
fn providers_are_compared_in_what_means_something() {
    let scaling = |status: &str, target: i32| {
        json!({"scaling": {"status": status, "targetCapacity": target,
        "minimumScalingStepSize": 1, "maximumScalingStepSize": 10_000, "instanceWarmupPeriod": 300}})
    };
    check::<CapacityProvider>(
        &json!({"name": "p", "autoScalingGroup": "arn:group", "managedDraining": "ENABLED",
                "managedTerminationProtection": "DISABLED"}),
        &[
            (scaling("DISABLED", 100), scaling("DISABLED", 80), &[]),
            (scaling("ENABLED", 100), scaling("ENABLED", 80), &["scaling.targetCapacity"]),
        ],
    );
    let strategy = |more: Value| json!({"defaultStrategy": [with(&json!({"capacityProvider": "p"}), &more)]});
    check::<ClusterCapacityProviders>(
        &json!({"cluster": "main", "capacityProviders": ["p", "q"]}),
        &[
            (json!({}), json!({"capacityProviders": ["q", "p"]}), &[]),
            (strategy(json!({})), strategy(json!({"base": 0, "weight": 0})), &[]),
            (strategy(json!({"base": 1})), strategy(json!({})), &["defaultStrategy"]),
            (strategy(json!({"weight": 1})), strategy(json!({"weight": 2})), &["defaultStrategy"]),
        ],
    );
}

#[test]
fn what_only_finds_a_thing_or_cannot_be_changed_there_is_no_difference() {
    check::<AccessPoint>(
        &json!({"fileSystem": "fs-1", "clientToken": "new", "path": "/data"}),
        &[(json!({}), json!({"clientToken": "old"}), &[]), (json!({}), json!({"path": "/other"}), &["path"])],
    );
    let records = json!({"recordTypes": ["A"], "ttlSeconds": 60});
    check::<DiscoveryService>(
        &json!({"namespace": "ns-1", "name": "hello", "description": "Longshore: hello"}),
        &[
            (json!({}), json!({"description": "by hand"}), &[]),
            (records.clone(), with(&records, &json!({"description": "by hand"})), &["description"]),
        ],
    );
    check::<InstanceProfile>(
        &json!({"name": "p", "path": "/ecs/", "role": "instances"}),
        &[(json!({}), json!({}), &[]), (json!({}), json!({"role": "by-hand"}), &["role"])],
    );
}

#[test]
fn a_rate_is_the_same_from_any_time_at_which_it_is_due() {
    let begins = |expression: &str, date: &str| json!({"expression": expression, "startDate": date});
    let ecs = |more: Value| {
        let ecs = with(&json!({"taskDefinitionArn": "report:3"}), &more);
        json!({"expression": "rate(1 day)", "target": {"cluster": "arn:main", "roleArn": "arn:role", "ecs": ecs}})
    };
    let provider =
        |more: Value| ecs(json!({"capacityProviderStrategy": [with(&json!({"capacityProvider": "p"}), &more)]}));
    let first = "2026-11-01T00:30:00Z";
    check::<Schedule>(
        &with(&ecs(json!({})), &json!({"name": "report", "enabled": true})),
        &[
            (begins("rate(2 hours)", "2026-11-03T12:30:00Z"), begins("rate(2 hours)", first), &[]),
            (begins("rate(2 hours)", "2026-11-03T11:30:00Z"), begins("rate(2 hours)", first), &["startDate"]),
            (begins("cron(0 8 * * ? *)", "2026-11-03T12:30:00Z"), begins("cron(0 8 * * ? *)", first), &["startDate"]),
            (begins("rate(2 hours)", first), json!({"expression": "rate(2 hours)"}), &["startDate"]),
            (ecs(json!({})), ecs(json!({"taskCount": 1, "propagateTags": "NONE"})), &[]),
            (ecs(json!({"propagateTags": "TASK_DEFINITION"})), ecs(json!({})), &["target.ecs.propagateTags"]),
            (provider(json!({})), provider(json!({"base": 0, "weight": 0})), &[]),
            (provider(json!({"base": 1})), provider(json!({})), &["target.ecs.capacityProviderStrategy"]),
            (provider(json!({"weight": 1})), provider(json!({})), &["target.ecs.capacityProviderStrategy"]),
        ],
    );
}

#[test]
fn a_refresh_of_what_the_group_launches_now_that_failed_needs_a_person() {
    let group = AutoScalingGroup { name: "g".into(), version: "2".into(), ..AutoScalingGroup::default() };
    let cases = [
        ("Pending", "2", true, false),
        ("InProgress", "2", true, false),
        ("Successful", "2", false, false),
        ("Failed", "2", false, true),
        ("RollbackSuccessful", "2", false, true),
        ("Failed", "1", false, false),
    ];
    for (status, version, active, broken) in cases {
        let refresh = InstanceRefresh {
            status: status.to_owned(),
            version: Some(version.to_owned()),
            reason: Some("no such image".to_owned()),
            ..InstanceRefresh::default()
        };
        assert_eq!(refresh.is_active(), active, "{status}");
        let detail = AutoScalingGroupDetail { refresh: Some(refresh), ..AutoScalingGroupDetail::default() };
        let ready = group.ready(&Seen { detail: json!(detail), ..Seen::active(group.clone()) });
        let told = matches!(&ready, Ready::Broken(words) if words.contains(&format!("is {status}: no such image")));
        assert_eq!(told, broken, "{status} of {version}: {ready:?}");
        assert_eq!(ready == Ready::Ready, !broken, "{status} of {version}: {ready:?}");
    }
}
