//! The harness asks AWS what it holds for an object, and "nothing is left" must not be true only because it looks in
//! the wrong place. So here each kind of thing is made by hand, seen, taken away, and seen to be gone.

#![cfg(test)]

use anyhow::Result;
use longshore_control_plane::Leash;
use longshore_e2e::{Aws, Emulator, Python, elements, scratch, start_simulator};
use serde_json::json;

/// What example 00 names.
const VPC: &str = "vpc-0a1b2c3d";
const SUBNET: &str = "subnet-0aaa";
const CLUSTER: &str = "EcsCluster/judged/main";
const SERVICE: &str = "EcsService/judged/hello";

#[test]
fn the_simulators_holdings_are_seen() -> Result<()> {
    let (_process, aws) = start_simulator(20, &scratch()?, &Leash::new()?)?;
    each_kind_is_seen_and_seen_to_go(&aws, VPC, SUBNET)
}

#[test]
fn the_emulators_holdings_are_seen() -> Result<()> {
    let (python, dir, leash) = (Python::prepare()?, scratch()?, Leash::new()?);
    for emulator in [Emulator::Moto, Emulator::Ministack] {
        let (_process, aws) = emulator.start(&python, &dir, &leash)?;
        let real = python.ask("furnish.py", &aws, &[])?;
        each_kind_is_seen_and_seen_to_go(&aws, real[VPC].as_str().unwrap(), real[SUBNET].as_str().unwrap())?;
    }
    Ok(())
}

fn each_kind_is_seen_and_seen_to_go(aws: &Aws, vpc: &str, subnet: &str) -> Result<()> {
    let held = |aws: &Aws| -> Result<Vec<&'static str>> {
        let mut all: Vec<_> = aws.holdings("EcsCluster", "judged", "main")?.into_keys().collect();
        all.extend(aws.holdings("EcsService", "judged", "hello")?.into_keys());
        Ok(all)
    };
    let group = make(aws, vpc, subnet)?;
    assert_eq!(
        held(aws)?,
        ["ECS cluster", "ECS service", "IAM role", "log group", "security group", "task definition"]
    );
    assert_eq!(aws.holdings("EcsService", "judged", "other")?.len(), 0, "another object's are not counted");
    take_away(aws, &group)?;
    assert_eq!(held(aws)?, Vec::<&str>::new());
    Ok(())
}

/// One of each, tagged as Longshore tags them; returns the security group's id.
fn make(aws: &Aws, vpc: &str, subnet: &str) -> Result<String> {
    let tags = |object: &str| json!([{"key": "longshore.dev/object", "value": object}]);
    aws.ecs("CreateCluster", &json!({"clusterName": "judged", "tags": tags(CLUSTER)}))?;
    aws.ecs(
        "RegisterTaskDefinition",
        &json!({
            "family": "judged", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
            "memory": "512", "tags": tags(SERVICE), "containerDefinitions": [{"name": "web", "image": "nginx:1.27"}],
        }),
    )?;
    let group = aws.ec2(
        "CreateSecurityGroup",
        &[
            ("GroupName", "judged"),
            ("GroupDescription", "made by hand"),
            ("VpcId", vpc),
            ("TagSpecification.1.ResourceType", "security-group"),
            ("TagSpecification.1.Tag.1.Key", "longshore.dev/object"),
            ("TagSpecification.1.Tag.1.Value", SERVICE),
        ],
    )?;
    let group = elements(&group, "groupId").remove(0);
    aws.ecs(
        "CreateService",
        &json!({
            "cluster": "judged", "serviceName": "judged", "taskDefinition": "judged", "desiredCount": 1,
            "launchType": "FARGATE", "tags": tags(SERVICE),
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}},
        }),
    )?;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    aws.iam(
        "CreateRole",
        &[
            ("RoleName", "judged"),
            ("Path", "/longshore/"),
            ("AssumeRolePolicyDocument", trust),
            ("Tags.member.1.Key", "longshore.dev/object"),
            ("Tags.member.1.Value", SERVICE),
        ],
    )?;
    aws.logs("CreateLogGroup", &json!({"logGroupName": "judged", "tags": {"longshore.dev/object": SERVICE}}))?;
    Ok(group)
}

fn take_away(aws: &Aws, group: &str) -> Result<()> {
    aws.ecs("DeleteService", &json!({"cluster": "judged", "service": "judged", "force": true}))?;
    longshore_control_plane::wait_for("the service to be gone", std::time::Duration::from_mins(1), || {
        let left = aws.service_of("judged", "hello")?;
        Ok(if left.is_none() { Ok(()) } else { Err(format!("{left:?}")) })
    })?;
    longshore_control_plane::wait_for("its interfaces to be gone", std::time::Duration::from_mins(1), || {
        Ok(aws.ec2("DeleteSecurityGroup", &[("GroupId", group)]).map(drop).map_err(|error| format!("{error:#}")))
    })?;
    aws.ecs("DeregisterTaskDefinition", &json!({"taskDefinition": "judged:1"}))?;
    aws.iam("DeleteRole", &[("RoleName", "judged")])?;
    aws.logs("DeleteLogGroup", &json!({"logGroupName": "judged"}))?;
    // A task ends a moment after its interface (Amazon ECS Developer Guide, "Task lifecycle").
    longshore_control_plane::wait_for("its tasks to be gone", std::time::Duration::from_mins(1), || {
        let deleted = aws.ecs("DeleteCluster", &json!({"cluster": "judged"}));
        Ok(deleted.map(drop).map_err(|error| format!("{error:#}")))
    })
}
