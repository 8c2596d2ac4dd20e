//! What a Fargate task needs to start.

use super::*;
use crate::services::{ec2, logs};

/// A task definition whose container logs, under an execution role.
fn with_role(role: &str, container: &Value) -> Value {
    json!({"executionRoleArn": role, "containerDefinitions": [container]})
}

fn logging() -> Value {
    let options =
        json!({"awslogs-group": "/shop/hello", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"});
    json!({"name": "web", "image": "nginx", "logConfiguration": {"logDriver": "awslogs", "options": options}})
}

fn private() -> Value {
    json!({"name": "web", "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1.4.2"})
}

fn secret(source: &str) -> Value {
    json!({"name": "web", "image": "nginx", "secrets": [{"name": "PASSWORD", "valueFrom": source}]})
}

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf";

const ENCRYPTED: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/payments-GhIjKl";

#[test]
fn a_task_that_lacks_something_stops_with_ecs_words() {
    let logs = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ";
    let auth =
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: ";
    let ecr = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    let unknown = json!({"name": "web", "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:9"});
    let cases: Vec<(&str, Vec<&str>, Value, String)> = vec![
        ("no log group", vec!["logs:CreateLogStream"], logging(), format!("{logs}ResourceNotFoundException: The specified log group does not exist.")),
        ("may not write logs", vec!["s3:GetObject"], logging(), format!("{logs}AccessDeniedException")),
        ("no registry token", vec!["s3:GetObject"], private(), format!("{auth}unable to retrieve ecr registry auth")),
        ("may not pull", vec!["ecr:GetAuthorizationToken"], private(), "CannotPullContainerError: ".to_owned()),
        ("no such ECR image", ecr.to_vec(), unknown, "CannotPullContainerError: ".to_owned()),
        ("may not read the secret", vec!["s3:GetObject"], secret(SECRET), format!("{auth}unable to retrieve secret from asm")),
        ("may not read the parameter", vec!["s3:GetObject"], secret("/shop/log-level"), format!("{auth}unable to retrieve secrets from ssm")),
        (
            "no such secret",
            vec!["secretsmanager:*"],
            secret(&SECRET.replace("orders", "none")),
            format!("{auth}unable to retrieve secret from asm"),
        ),
        (
            "may not use the secret's key",
            vec!["secretsmanager:*"],
            secret(ENCRYPTED),
            format!("{auth}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {ENCRYPTED} from secrets manager: AccessDeniedException: Access to KMS is not allowed"),
        ),
        (
            "may not use the parameter's key",
            vec!["ssm:*"],
            secret("/shop/token"),
            format!("{auth}unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: The ciphertext refers to a customer master key"),
        ),
        ("no such image", vec!["s3:GetObject"], json!({"name": "web", "image": "nginx:missing"}), "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref docker.io/library/nginx:missing".to_owned()),
    ];
    for (what, actions, container, reason) in cases {
        let aws = Aws::new();
        let role = aws.role("execution", &actions);
        aws.register(&with_role(&role, &container));
        aws.create(1, &json!({}));
        aws.seconds(16);
        let task = aws.tasks("STOPPED").first().cloned().unwrap_or_default();
        assert_eq!(task["stopCode"], "TaskFailedToStart", "{what}");
        assert!(task["stoppedReason"].as_str().unwrap().starts_with(&reason), "{what}: {}", task["stoppedReason"]);
        assert_eq!(aws.service()["deployments"][0]["failedTasks"], 1, "{what}");
    }
}

#[test]
fn a_task_that_has_all_it_needs_runs() {
    let logs = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup"];
    let ecr = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    let mut creating = logging();
    creating["logConfiguration"]["options"]["awslogs-create-group"] = json!("true");
    let keyed = format!("{SECRET}:password::");
    let cases: Vec<(&str, Vec<&str>, Value)> = vec![
        ("creates its log group", logs.to_vec(), creating),
        ("pulls from ECR", ecr.to_vec(), private()),
        ("reads one key of a secret", vec!["secretsmanager:GetSecretValue"], secret(&keyed)),
        ("reads a parameter", vec!["ssm:GetParameters"], secret("/shop/log-level")),
        ("uses a secret's key", vec!["secretsmanager:GetSecretValue", "kms:Decrypt"], secret(ENCRYPTED)),
        ("uses a parameter's key", vec!["ssm:GetParameters", "kms:Decrypt"], secret("/shop/token")),
    ];
    for (what, actions, container) in cases {
        let aws = Aws::new();
        let role = aws.role("execution", &actions);
        aws.register(&with_role(&role, &container));
        aws.create(1, &json!({}));
        aws.until(30, what, |service| service["runningCount"] == 1);
    }
}

#[test]
fn a_role_that_cannot_be_assumed_is_told_in_an_event_and_tried_again() {
    for member in ["executionRoleArn", "taskRoleArn"] {
        let aws = Aws::new();
        aws.register(&json!({member: "arn:aws:iam::123456789012:role/later"}));
        aws.create(2, &json!({}));
        aws.seconds(5);
        let words = "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::123456789012:role/later' that was provided for this task.";
        assert!(aws.has_event(words), "{:?}", aws.events());
        assert_eq!(
            (aws.service()["pendingCount"].clone(), aws.service()["deployments"][0]["failedTasks"].clone()),
            (json!(0), json!(1))
        );
        aws.role("later", &["s3:GetObject"]);
        aws.until(120, "it starts once the role is there", |service| rollout(service) == "COMPLETED");
    }
}

#[test]
fn a_security_group_that_is_gone_keeps_tasks_from_starting() {
    let aws = Aws::new();
    aws.steady(1, &json!({}));
    aws.0.with_world(|world| {
        if let Some(service) = world.ecs.services.get_mut("main/hello") {
            let gone = json!({"awsvpcConfiguration": {"subnets": ["subnet-0aaa"], "securityGroups": ["sg-0gone"], "assignPublicIp": "DISABLED"}});
            service.deployments[0].revision.network = Some(gone);
        }
    });
    aws.update(&json!({"desiredCount": 2}));
    aws.seconds(10);
    let reason = aws.tasks("STOPPED")[0]["stoppedReason"].clone();
    assert_eq!(
        reason,
        "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0aaa': InvalidGroup.NotFound"
    );
}

#[test]
fn tasks_spread_over_a_capacity_provider_strategy() {
    let aws = Aws::new();
    let strategy =
        json!([{"capacityProvider": "FARGATE", "base": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let mut input = service(4);
    input.as_object_mut().unwrap().remove("launchType");
    input["capacityProviderStrategy"] = strategy;
    let created = aws.ok("CreateService", &input)["service"].clone();
    assert_eq!((created.get("launchType"), &created["capacityProviderStrategy"][0]["weight"]), (None, &json!(0)));
    aws.until(30, "running", |service| service["runningCount"] == 4);
    let spot = aws.tasks("RUNNING").iter().filter(|task| task["capacityProviderName"] == "FARGATE_SPOT").count();
    assert_eq!(spot, 3);
}

#[test]
fn a_task_that_cannot_get_out_cannot_pull() {
    let configuration = |subnet: &str, group: &str, public: &str| json!({"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group], "assignPublicIp": public}});
    let cases = [
        ("a private subnet has a NAT gateway", configuration("subnet-0aaa", "sg-0default", "DISABLED"), true),
        ("a public subnet serves public addresses", configuration("subnet-0ddd", "sg-0default", "ENABLED"), true),
        ("and no others", configuration("subnet-0ddd", "sg-0default", "DISABLED"), false),
        ("a group that lets nothing out", configuration("subnet-0aaa", "sg-0shut", "DISABLED"), false),
    ];
    for (what, network, gets_out) in cases {
        let aws = Aws::new();
        aws.0.with_world(|world| {
            let group = ec2::group(world, "sg-0default").unwrap().clone();
            ec2::add_group(world, "sg-0shut", &group.vpc_id, "shut", "lets nothing out", &[].into());
        });
        aws.revoke_egress("sg-0shut");
        aws.create(1, &json!({"networkConfiguration": network}));
        aws.seconds(16);
        assert_eq!(aws.service()["runningCount"] == 1, gets_out, "{what}");
        if !gets_out {
            let reason = aws.tasks("STOPPED")[0]["stoppedReason"].as_str().unwrap().to_owned();
            assert!(reason.starts_with("CannotPullContainerError: ") && reason.ends_with("i/o timeout"), "{reason}");
        }
    }
}

#[test]
fn a_container_that_logs_has_a_stream_of_its_own() {
    let aws = Aws::new();
    let role = aws.role("execution", &["logs:*"]);
    aws.0.with_world(|world| logs::create_group(world, "/shop/hello"));
    aws.register(&with_role(&role, &logging()));
    aws.create(1, &json!({}));
    aws.seconds(16);
    let task = aws.tasks("RUNNING")[0]["taskArn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let dump = aws.0.with_world(|world| serde_json::to_value(&world.logs)).unwrap().to_string();
    assert!(dump.contains(&format!("ecs/web/{task}")), "{dump}");
}
