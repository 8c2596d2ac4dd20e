//! Bad input gets AWS's own error code.

use super::*;

/// Calls, the codes they fail with, and a part of the message.
fn cases() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let client = "ClientException";
    let invalid = "InvalidParameterException";
    let with = |changes: Value| changed(&service(1), &changes);
    let network = |subnet: &str, group: &str| json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}});
    let both = json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]});
    let percents = json!({"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}});
    let balancer = json!({"loadBalancers": [{"targetGroupArn": "arn:x", "containerName": "web", "containerPort": 80}]});
    vec![
        ("CreateService", with(json!({"cluster": "other"})), "ClusterNotFoundException", "Cluster not found."),
        ("CreateService", with(json!({"taskDefinition": "other"})), client, "TaskDefinition not found."),
        ("CreateService", with(json!({"taskDefinition": "gone:1"})), client, "TaskDefinition is inactive"),
        ("CreateService", with(json!({"serviceName": "a b"})), invalid, "invalid characters"),
        ("CreateService", with(json!({"networkConfiguration": null})), invalid, "awsvpc"),
        ("CreateService", with(network("subnet-none", "sg-0default")), invalid, "InvalidSubnetID.NotFound"),
        ("CreateService", with(network("subnet-0aaa", "sg-none")), invalid, "InvalidGroup.NotFound"),
        (
            "CreateService",
            with(both),
            invalid,
            "Specifying both a launch type and capacity provider strategy is not supported.",
        ),
        ("CreateService", with(percents), invalid, "Both maximumPercent and minimumHealthyPercent cannot be 100"),
        ("CreateService", with(balancer), invalid, "The target group with targetGroupArn"),
        ("CreateService", with(json!({"desiredCount": -1})), invalid, "negative"),
        ("CreateService", with(json!({"desiredCount": null})), invalid, "desiredCount"),
        ("CreateService", with(json!({"schedulingStrategy": "DAEMON"})), invalid, "daemon"),
        ("CreateService", with(json!({"tags": [{"key": "aws:x", "value": ""}]})), invalid, "aws: prefixed"),
        (
            "UpdateService",
            json!({"cluster": "main", "service": "other"}),
            "ServiceNotFoundException",
            "Service not found.",
        ),
        (
            "UpdateService",
            json!({"cluster": "other", "service": "hello"}),
            "ClusterNotFoundException",
            "Cluster not found.",
        ),
        ("DeleteService", json!({"cluster": "main", "service": "other"}), "ServiceNotFoundException", ""),
        ("DescribeServices", json!({"cluster": "main", "services": vec!["x"; 11]}), invalid, "10"),
        ("DescribeServices", json!({"cluster": "other", "services": ["x"]}), "ClusterNotFoundException", ""),
        ("DescribeTasks", json!({"cluster": "main", "tasks": []}), invalid, "empty"),
        ("DescribeTaskDefinition", json!({"taskDefinition": "none"}), client, "Unable to describe task definition."),
        ("DeregisterTaskDefinition", json!({"taskDefinition": "none:1"}), client, ""),
        ("DeleteCluster", json!({"cluster": "none"}), "ClusterNotFoundException", ""),
        ("CreateCluster", json!({"clusterName": "a.b"}), invalid, ""),
        ("CreateCluster", json!({"clusterName": "b", "capacityProviders": ["none"]}), invalid, "'none' was not found"),
        ("ListServices", json!({"cluster": "main", "nextToken": "x"}), invalid, "token"),
        ("ListServices", json!({"cluster": "main", "maxResults": 101}), invalid, "100"),
        ("RunTask", json!({"cluster": "main", "taskDefinition": "hello", "count": 11}), invalid, "10"),
        (
            "RunTask",
            json!({"cluster": "main", "taskDefinition": "hello", "propagateTags": "SERVICE"}),
            invalid,
            "SERVICE",
        ),
        ("StopTask", json!({"cluster": "main", "task": "none"}), invalid, "The referenced task was not found."),
        (
            "TagResource",
            json!({"resourceArn": "arn:aws:ecs:eu-west-1:123456789012:service/main/none", "tags": []}),
            "ResourceNotFoundException",
            "",
        ),
        ("StopServiceDeployment", json!({"serviceDeploymentArn": "none"}), "ServiceDeploymentNotFoundException", ""),
        ("BrewCoffee", json!({}), "UnknownOperationException", ""),
    ]
}

/// Task definitions that are refused: changes to the good one, and a part of the message.
fn bad_definitions() -> Vec<(Value, &'static str)> {
    let containers = |containers: Value| json!({"containerDefinitions": containers});
    let web = json!({"name": "web", "image": "nginx"});
    let logs = json!({"logDriver": "awslogs", "options": {"awslogs-group": "x"}});
    let eleven: Vec<Value> = (0..11).map(|number| json!({"name": format!("c{number}"), "image": "x"})).collect();
    vec![
        (json!({"family": ""}), "Family should not be null or empty."),
        (json!({"family": "a.b"}), "Family contains invalid characters."),
        (containers(json!([])), "Container list cannot be empty."),
        (containers(json!(eleven)), "at most 10"),
        (containers(json!([web, web])), "unique"),
        (containers(json!([{"name": "web"}])), "Container.image should not be null or empty."),
        (containers(json!([{"name": "web", "image": "x", "essential": false}])), "essential"),
        (containers(json!([{"name": "web", "image": "x", "memory": 1024}])), "greater than for the task"),
        (
            containers(
                json!([{"name": "web", "image": "x", "portMappings": [{"containerPort": 80, "hostPort": 8080}]}]),
            ),
            "must match",
        ),
        (
            containers(
                json!([{"name": "web", "image": "x", "dependsOn": [{"containerName": "no", "condition": "START"}]}]),
            ),
            "depends on 'no'",
        ),
        (
            containers(json!([{"name": "web", "image": "x", "mountPoints": [{"sourceVolume": "no"}]}])),
            "Unknown volume 'no'.",
        ),
        (
            containers(json!([{"name": "web", "image": "x", "logConfiguration": logs}])),
            "execution role ARN to support log driver awslogs",
        ),
        (
            containers(json!([{"name": "web", "image": "1.dkr.ecr.eu-west-1.amazonaws.com/x"}])),
            "execution role ARN to support ECR images",
        ),
        (
            containers(json!([{"name": "web", "image": "x", "secrets": [{"name": "A", "valueFrom": "b"}]}])),
            "container secrets",
        ),
        (json!({"cpu": "256", "memory": "4096"}), "No Fargate configuration exists for given values"),
        (json!({"cpu": null}), "Fargate requires that 'cpu' be defined at the task level."),
        (
            json!({"memory": null, "containerDefinitions": [{"name": "web", "image": "x", "memory": 128}]}),
            "Fargate requires that 'memory'",
        ),
        (json!({"memory": null}), "At least one of 'memory' or 'memoryReservation' must be specified."),
        (json!({"networkMode": "bridge"}), "Fargate only supports network mode"),
        (json!({"taskRoleArn": "arn:aws:iam::123456789012:user/x"}), "Role is not valid"),
    ]
}

fn changed(input: &Value, changes: &Value) -> Value {
    let mut input = input.clone();
    for (member, value) in changes.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(input.as_object_mut().unwrap().remove(member)),
            value => input[member] = value.clone(),
        }
    }
    input
}

#[test]
fn bad_calls_get_the_codes_of_aws() {
    for (operation, input, code, part) in cases() {
        let aws = Aws::new();
        aws.register(&json!({"family": "gone"}));
        aws.ok("DeregisterTaskDefinition", &json!({"taskDefinition": "gone:1"}));
        let Err((got, message)) = aws.call(operation, &input) else { panic!("{operation} {input} is accepted") };
        assert_eq!(got, code, "{operation} {input}: {message}");
        assert!(message.contains(part), "{operation} {input}: {message}");
    }
}

#[test]
fn bad_task_definitions_are_refused() {
    for (changes, part) in bad_definitions() {
        let aws = Aws::new();
        let input = changed(&task_definition("nginx"), &changes);
        let Err((code, message)) = aws.call("RegisterTaskDefinition", &input) else { panic!("{changes} is accepted") };
        assert_eq!(code, "ClientException", "{changes}: {message}");
        assert!(message.contains(part), "{changes}: {message}");
    }
}

#[test]
fn a_missing_service_is_a_failure_in_the_answer() {
    let aws = Aws::new();
    let answer = aws.ok("DescribeServices", &json!({"cluster": "main", "services": ["none"]}));
    let arn = "arn:aws:ecs:eu-west-1:123456789012:service/main/none";
    assert_eq!(answer, json!({"services": [], "failures": [{"arn": arn, "reason": "MISSING"}]}));
}

#[test]
fn an_inactive_service_cannot_be_updated() {
    let aws = Aws::new();
    aws.create(0, &json!({}));
    aws.ok("DeleteService", &json!({"cluster": "main", "service": "hello"}));
    aws.seconds(5);
    assert_eq!(aws.service()["status"], "INACTIVE");
    let refused = aws.call("UpdateService", &json!({"cluster": "main", "service": "hello"})).unwrap_err();
    assert_eq!(refused, ("ServiceNotActiveException".to_owned(), "Service was not ACTIVE.".to_owned()));
}
