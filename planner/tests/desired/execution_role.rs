//! A generated execution role allows exactly what the task definition needs.

use longshore_planner::desired::Memory;
use longshore_planner::kinds::ecs::task_definition::TaskDefinition;
use longshore_planner::kinds::iam::role::Role;
use serde_json::{Value, json};

use crate::objects::{container, desire, environment, hello, node, scope, value};

/// `action on resource` of every statement, of all inline policies.
fn allows(more: &Value, environment_patch: &Value) -> Vec<String> {
    let patch = json!({"task": {"containerDefinitions": [container(more)]}, "logs": {"retentionInDays": 7}});
    let desired = desire(&scope(environment(environment_patch)), &hello(&patch), &Memory::default()).unwrap();
    let role: Role = value(&desired, "execution-role");
    let mut said = vec![];
    for statement in role.inline.values().flat_map(|policy| policy["Statement"].as_array().unwrap().clone()) {
        for action in statement["Action"].as_array().unwrap() {
            for resource in statement["Resource"].as_array().unwrap() {
                let resource = resource.as_str().map_or_else(|| "own log group".to_owned(), ToOwned::to_owned);
                said.push(format!("{} on {resource}", action.as_str().unwrap()));
            }
        }
    }
    said.extend(role.attached.iter().cloned());
    said.sort();
    said
}

const LOGS: [&str; 2] = ["logs:CreateLogStream on own log group", "logs:PutLogEvents on own log group"];
const GRANT_ALL: &str = "arn:aws:*";

fn granted() -> Value {
    json!({"iam": {"grants": [{
        "namespaces": {}, "secretArns": [GRANT_ALL], "parameterArns": [GRANT_ALL], "actions": ["*"],
    }]}})
}

#[test]
fn it_allows_what_the_task_definition_names_and_nothing_else() {
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf";
    let parameter = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/key";
    let cases: Vec<(Value, Vec<String>)> = vec![
        (json!({}), vec![]),
        (
            json!({"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1"}),
            vec![
                "ecr:BatchCheckLayerAvailability on arn:aws:ecr:eu-west-1:123456789012:repository/orders".into(),
                "ecr:BatchGetImage on arn:aws:ecr:eu-west-1:123456789012:repository/orders".into(),
                "ecr:GetAuthorizationToken on *".into(),
                "ecr:GetDownloadUrlForLayer on arn:aws:ecr:eu-west-1:123456789012:repository/orders".into(),
            ],
        ),
        (
            json!({"secrets": [{"name": "A", "valueFrom": format!("{secret}:user::")}]}),
            vec![format!("secretsmanager:GetSecretValue on {secret}")],
        ),
        (
            json!({"secrets": [{"name": "A", "valueFrom": parameter}]}),
            vec![format!("ssm:GetParameters on {parameter}")],
        ),
        (
            json!({"secrets": [{"name": "A", "valueFrom": "/shop/key"}]}),
            vec![format!("ssm:GetParameters on {parameter}")],
        ),
        (
            json!({"repositoryCredentials": {"credentialsParameter": secret}}),
            vec![format!("secretsmanager:GetSecretValue on {secret}")],
        ),
        (
            json!({"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/dir/a.env"}]}),
            vec![
                "s3:GetBucketLocation on arn:aws:s3:::bucket".into(),
                "s3:GetObject on arn:aws:s3:::bucket/dir/a.env".into(),
            ],
        ),
    ];
    for (more, beside_logs) in cases {
        let mut expected: Vec<String> = LOGS.iter().map(ToString::to_string).chain(beside_logs).collect();
        expected.sort();
        assert_eq!(allows(&more, &granted()), expected, "{more}");
    }
}

#[test]
fn log_groups_of_the_containers_own_are_allowed_by_name() {
    let options = json!({"awslogs-group": "/mine", "awslogs-create-group": "true"});
    let more = json!({"logConfiguration": {"logDriver": "awslogs", "options": options}});
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/mine:*";
    let expected =
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"].map(|action| format!("{action} on {arn}"));
    assert_eq!(allows(&more, &json!({})), expected);
}

#[test]
fn the_environment_can_add_to_every_execution_role() {
    let policy = "arn:aws:iam::aws:policy/GuardDuty";
    let statement = json!({"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "arn:aws:ecr:::guard"});
    let role = json!({"managedPolicyArns": [policy], "policy": {"Version": "2012-10-17", "Statement": [statement]}});
    let found = allows(&json!({}), &json!({"iam": {"executionRole": role}}));
    assert!(found.contains(&policy.to_owned()));
    assert!(found.contains(&"ecr:BatchGetImage on arn:aws:ecr:::guard".to_owned()), "{found:?}");
}

#[test]
fn only_ecs_tasks_of_this_account_and_region_can_assume_it() {
    let desired = desire(&scope(environment(&json!({}))), &hello(&json!({})), &Memory::default()).unwrap();
    let role: Role = value(&desired, "execution-role");
    assert_eq!(role.path, "/longshore/");
    assert_eq!(role.permissions_boundary.as_deref(), Some("arn:aws:iam::123456789012:policy/app-boundary"));
    let statement = &role.trust["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], json!(["ecs-tasks.amazonaws.com"]));
    assert_eq!(statement["Condition"]["StringEquals"]["aws:SourceAccount"], json!(["123456789012"]));
    assert_eq!(statement["Condition"]["ArnLike"]["aws:SourceArn"], json!(["arn:aws:ecs:eu-west-1:123456789012:*"]));
}

#[test]
fn a_role_of_the_platform_team_s_stands_for_all_services_of_a_namespace() {
    let arn = "arn:aws:iam::123456789012:role/ecs/exec-${namespace}";
    let scope = || scope(environment(&json!({"iam": {"executionRole": {"roleArn": arn}}})));
    let role = |patch: &Value| {
        let desired = desire(&scope(), &hello(patch), &Memory::default()).unwrap();
        let task: TaskDefinition = value(&desired, "task");
        (task.execution_role_arn.unwrap(), node::<Role>(&desired, "execution-role").is_some())
    };
    assert_eq!(role(&json!({})), ("arn:aws:iam::123456789012:role/ecs/exec-shop".into(), false));
    // Whoever asks for more than all have gets a role of his own.
    let policy = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";
    let (_, own) = role(&json!({"executionRole": {"managedPolicyArns": [policy]}}));
    assert!(own);
    // To name it is no other thing than to leave it out; another one takes a grant.
    let named =
        |name: &str| json!({"task": {"executionRoleArn": format!("arn:aws:iam::123456789012:role/ecs/{name}")}});
    assert!(desire(&scope(), &hello(&named("exec-shop")), &Memory::default()).is_ok());
    assert!(desire(&scope(), &hello(&named("exec-other")), &Memory::default()).is_err());
}
