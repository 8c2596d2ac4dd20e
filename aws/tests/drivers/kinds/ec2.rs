use longshore_planner::kinds::ec2::launch_template::LaunchTemplate;
use longshore_planner::kinds::ec2::security_group::SecurityGroup;
use longshore_planner::kinds::ec2::security_group_rule::SecurityGroupRule;
use serde_json::json;

use super::{becomes, reads_back};
use crate::account::Account;

#[tokio::test(start_paused = true)]
async fn security_groups() {
    let account = Account::new().await;
    let base =
        json!({"name": "law-1f2e3d4c", "vpcId": "vpc-0a1b2c3d", "description": "Longshore: EcsService/shop/law"});
    let cases = [json!({}), json!({"tags": {"a": "b"}}), json!({"tags": {"a": "c", "d e": ""}})];
    reads_back::<SecurityGroup>(&account, &base, &cases).await;
    becomes::<SecurityGroup>(&account, &base, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn security_group_rules() {
    let account = Account::new().await;
    let base = json!({
        "group": "sg-0database", "direction": "ingress", "protocol": "tcp", "fromPort": 5432, "toPort": 5432,
        "peer": {"group": "sg-0default"},
    });
    let tuples = [
        json!({}),
        json!({"direction": "egress", "toPort": 5439}),
        json!({"fromPort": 0, "toPort": 65535, "peer": {"cidrIpv4": "10.0.0.0/8"}}),
        json!({"protocol": "udp", "fromPort": 53, "toPort": 53, "peer": {"cidrIpv6": "2001:db8::/32"}}),
        json!({"protocol": "17", "peer": {"prefixList": "pl-0123"}}),
        json!({"protocol": "icmp", "fromPort": 8, "toPort": -1, "peer": {"cidrIpv4": "192.168.1.1/32"}}),
        json!({"protocol": "58", "fromPort": -1, "toPort": -1, "peer": {"cidrIpv6": "::/0"}}),
        json!({"protocol": "-1", "peer": {"group": "sg-0database"}}),
        json!({"protocol": "50", "direction": "egress", "peer": {"cidrIpv4": "0.0.0.0/0"}}),
        json!({"description": "EcsService/shop/law", "tags": {"a": "b"}}),
    ];
    reads_back::<SecurityGroupRule>(&account, &base, &tuples).await;
    let cases = [
        json!({}),
        json!({"description": "EcsService/shop/law"}),
        json!({"description": "another", "tags": {"a": "b"}}),
        json!({"tags": {"a": "c", "d e": ""}}),
    ];
    for direction in ["ingress", "egress"] {
        let base = super::with(&base, &json!({"direction": direction}));
        becomes::<SecurityGroupRule>(&account, &base, &cases).await;
    }
}

#[tokio::test(start_paused = true)]
async fn launch_templates() {
    let account = Account::new().await;
    let base = json!({
        "name": "law-1f2e3d4c", "image": {"id": "ami-0ecsarm"}, "instanceType": "m7g.large",
        "instanceProfile": "arn:aws:iam::123456789012:instance-profile/law", "securityGroups": ["sg-0default"],
        "userData": "#!/bin/bash\necho ä > /x\n", "metadata": {"tokensRequired": true, "hopLimit": 1},
        "rootVolume": {"deviceName": "/dev/xvda", "encrypted": true},
    });
    let cases = [
        json!({}),
        json!({"image": {"id": "ami-0ecsx86", "parameter": "/aws/service/x"}, "instanceType": "m7i.large"}),
        json!({"instanceType": null}),
        json!({"rootVolume": {"deviceName": "/dev/xvda", "size": 30, "encrypted": false}}),
        json!({"metadata": {"tokensRequired": false, "hopLimit": 2}, "securityGroups": ["sg-0database", "sg-0default"]}),
        json!({"instanceTags": {"Name": "law", "a b": ""}, "tags": {"a": "b"}}),
        json!({"tags": {"a": "c", "d e": ""}}),
    ];
    reads_back::<LaunchTemplate>(&account, &base, &cases).await;
    becomes::<LaunchTemplate>(&account, &base, &cases).await;
}
