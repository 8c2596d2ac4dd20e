//! What the generated roles may do, evaluated as IAM does: what their tasks need, and none of what lies beside it.

use std::collections::BTreeMap;

use longshore_planner::desired::{References, ecs_service};
use longshore_planner::engine::World;
use longshore_simulator::services::iam::{Access, add_policy, allowed, assumable};
use serde_json::{Value, json};

use crate::account::Account;
use crate::examples::{self, scope};
use crate::mounting;
use crate::object::{Object, thing};

/// A role of a service, and what it is asked for: `action resource`, or `action resource by ACCESS-POINT`, or of a key
/// `action resource by ALIAS`. `{name}` stands
/// for what AWS gave a thing: `{logs}` the ARN of the log group, `{shared}` and `{orders}` those of the mounted file system
/// and access point.
struct Case {
    what: &'static str,
    patch: Value,
    role: &'static str,
    allows: &'static [&'static str],
    denies: &'static [&'static str],
}

const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

fn container(more: &Value) -> Value {
    let mut container = json!({"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27"});
    examples::merge(&mut container, more);
    json!({"task": {"containerDefinitions": [container]}})
}

fn mounted(read_only: bool) -> Value {
    let mut patch = container(&json!({"mountPoints":
        [{"sourceVolume": "shared", "containerPath": "/data", "readOnly": read_only}]}));
    patch["task"]["volumes"] = json!([{"name": "shared", "efsVolumeConfiguration": {
        "fileSystemRef": {"name": "shared"}, "authorizationConfig": {"accessPointRef": "orders"}}}]);
    patch
}

fn cases() -> Vec<Case> {
    let statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders-in/*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    let creating = json!({"awslogs-group": "/shop/own", "awslogs-region": "eu-west-1",
        "awslogs-stream-prefix": "ecs", "awslogs-create-group": "true"});
    vec![
        Case {
            what: "logs",
            patch: json!({}),
            role: "execution-role",
            allows: &[
                "logs:CreateLogStream {logs}:log-stream:web/web/1",
                "logs:PutLogEvents {logs}:log-stream:web/web/1",
            ],
            denies: &[
                "logs:PutLogEvents {logs}x:log-stream:web/web/1",
                "logs:PutLogEvents arn:aws:logs:eu-west-1:123456789012:log-group:/longshore/other:log-stream:a",
                "logs:PutLogEvents arn:aws:logs:eu-west-1:123456789012:log-group:/aws/ecs/other:log-stream:a",
                "logs:CreateLogGroup {logs}",
                "logs:CreateLogGroup {logs}:*",
                "logs:DeleteLogGroup {logs}:*",
                "logs:GetLogEvents {logs}:log-stream:web/web/1",
                "ecr:GetAuthorizationToken *",
            ],
        },
        Case {
            what: "a log group of the container's own",
            patch: container(&json!({"logConfiguration": {"logDriver": "awslogs", "options": creating}})),
            role: "execution-role",
            allows: &[
                "logs:CreateLogGroup arn:aws:logs:eu-west-1:123456789012:log-group:/shop/own:*",
                "logs:PutLogEvents arn:aws:logs:eu-west-1:123456789012:log-group:/shop/own:log-stream:ecs/web/1",
            ],
            denies: &[
                "logs:CreateLogGroup arn:aws:logs:eu-west-1:123456789012:log-group:/shop/own2:*",
                "logs:PutLogEvents arn:aws:logs:eu-west-1:123456789012:log-group:/shop/own/more:log-stream:ecs/web/1",
                "logs:PutLogEvents arn:aws:logs:us-east-1:123456789012:log-group:/shop/own:log-stream:ecs/web/1",
            ],
        },
        Case {
            what: "an image of ECR",
            patch: container(&json!({"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1.4.2"})),
            role: "execution-role",
            allows: &[
                "ecr:GetAuthorizationToken *",
                "ecr:BatchCheckLayerAvailability arn:aws:ecr:eu-west-1:123456789012:repository/orders",
                "ecr:BatchGetImage arn:aws:ecr:eu-west-1:123456789012:repository/orders",
                "ecr:GetDownloadUrlForLayer arn:aws:ecr:eu-west-1:123456789012:repository/orders",
            ],
            denies: &[
                "ecr:BatchGetImage arn:aws:ecr:eu-west-1:123456789012:repository/orders2",
                "ecr:BatchGetImage arn:aws:ecr:eu-west-1:123456789012:repository/team/orders",
                "ecr:BatchGetImage arn:aws:ecr:us-east-1:123456789012:repository/orders",
                "ecr:BatchGetImage arn:aws:ecr:eu-west-1:210987654321:repository/orders",
                "ecr:PutImage arn:aws:ecr:eu-west-1:123456789012:repository/orders",
                "ecr:DescribeImages arn:aws:ecr:eu-west-1:123456789012:repository/orders",
            ],
        },
        Case {
            what: "a secret and a parameter",
            patch: container(&json!({"secrets": [
                {"name": "PASSWORD",
                 "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf:password::"},
                {"name": "LEVEL", "valueFrom": "/shop/log-level"}]})),
            role: "execution-role",
            allows: &[
                "secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf",
                "ssm:GetParameters arn:aws:ssm:eu-west-1:123456789012:parameter/shop/log-level",
            ],
            denies: &[
                "secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEg",
                "secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEfG",
                "secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret:other/orders-db-AbCdEf",
                "secretsmanager:PutSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf",
                "secretsmanager:DescribeSecret arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/orders-db-AbCdEf",
                "ssm:GetParameters arn:aws:ssm:eu-west-1:123456789012:parameter/shop/log-level2",
                "ssm:GetParameters arn:aws:ssm:eu-west-1:123456789012:parameter/shop/log-level/more",
                "ssm:GetParameters arn:aws:ssm:eu-west-1:123456789012:parameter/shop",
                "ssm:GetParametersByPath arn:aws:ssm:eu-west-1:123456789012:parameter/shop/log-level",
                "kms:Decrypt arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
            ],
        },
        Case {
            what: "a secret without the six characters of AWS's, and its key by an alias",
            patch: container(&json!({"secrets": [{"name": "TOKEN",
                "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/payments"}]})),
            role: "execution-role",
            allows: &[
                "secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/payments-GhIjKl",
                "kms:Decrypt arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777 by alias/shop",
            ],
            denies: &[
                "secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/payments-other-GhIjKl",
                "kms:Decrypt arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777",
                "kms:Decrypt arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777 by alias/shop2",
                "kms:Decrypt arn:aws:kms:eu-west-1:210987654321:key/33333333-4444-5555-6666-777777777777 by alias/shop",
                "kms:Encrypt arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777 by alias/shop",
            ],
        },
        Case {
            what: "a parameter and its key",
            patch: container(&json!({"secrets": [{"name": "TOKEN", "valueFrom": "/shop/token"}]})),
            role: "execution-role",
            allows: &[
                "ssm:GetParameters arn:aws:ssm:eu-west-1:123456789012:parameter/shop/token",
                "kms:Decrypt arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777",
            ],
            denies: &[
                "kms:Decrypt arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777778",
                "kms:GenerateDataKey arn:aws:kms:eu-west-1:123456789012:key/33333333-4444-5555-6666-777777777777",
            ],
        },
        Case {
            what: "a file of variables",
            patch: container(
                &json!({"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::shop-config/orders/a.env"}]}),
            ),
            role: "execution-role",
            allows: &[
                "s3:GetObject arn:aws:s3:::shop-config/orders/a.env",
                "s3:GetBucketLocation arn:aws:s3:::shop-config",
            ],
            denies: &[
                "s3:GetObject arn:aws:s3:::shop-config/orders/b.env",
                "s3:GetObject arn:aws:s3:::shop-config-2/orders/a.env",
                "s3:PutObject arn:aws:s3:::shop-config/orders/a.env",
                "s3:ListBucket arn:aws:s3:::shop-config",
            ],
        },
        Case {
            what: "a policy of the spec's",
            patch: json!({"taskRole": {"policy": policy}}),
            role: "task-role",
            allows: &["s3:GetObject arn:aws:s3:::orders-in/a/b"],
            denies: &[
                "s3:GetObject arn:aws:s3:::orders-in-2/a",
                "s3:GetObject arn:aws:s3:::orders-out/a",
                "s3:PutObject arn:aws:s3:::orders-in/a",
                "logs:PutLogEvents {logs}:log-stream:web/web/1",
                "ssmmessages:OpenDataChannel *",
            ],
        },
        Case {
            what: "more than the boundary",
            patch: json!({"taskRole": {"managedPolicyArns": [ADMINISTRATOR]}}),
            role: "task-role",
            allows: &["s3:GetObject arn:aws:s3:::anything/a"],
            denies: &["iam:CreateRole arn:aws:iam::123456789012:role/x", "ec2:TerminateInstances *"],
        },
        Case {
            what: "a file system that is written to",
            patch: mounted(false),
            role: "task-role",
            allows: &[
                "elasticfilesystem:ClientMount {shared} by {orders}",
                "elasticfilesystem:ClientWrite {shared} by {orders}",
            ],
            denies: &[
                "elasticfilesystem:ClientMount {shared}",
                "elasticfilesystem:ClientMount {shared} by {orders}0",
                "elasticfilesystem:ClientMount {shared}0 by {orders}",
                "elasticfilesystem:ClientMount arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0 by {orders}",
                "elasticfilesystem:ClientRootAccess {shared} by {orders}",
                "elasticfilesystem:DeleteFileSystem {shared} by {orders}",
                "s3:GetObject arn:aws:s3:::orders-in/a",
            ],
        },
        Case {
            what: "a file system that is read",
            patch: mounted(true),
            role: "task-role",
            allows: &["elasticfilesystem:ClientMount {shared} by {orders}"],
            denies: &["elasticfilesystem:ClientWrite {shared} by {orders}"],
        },
        Case {
            what: "commands",
            patch: json!({"enableExecuteCommand": true}),
            role: "task-role",
            allows: &[
                "ssmmessages:CreateControlChannel *",
                "ssmmessages:CreateDataChannel *",
                "ssmmessages:OpenControlChannel *",
                "ssmmessages:OpenDataChannel *",
            ],
            denies: &[
                "ssm:StartSession *",
                "ssmmessages:AcknowledgeMessage *",
                "ecs:ExecuteCommand arn:aws:ecs:eu-west-1:123456789012:cluster/main",
                "logs:PutLogEvents {logs}:log-stream:web/web/1",
                "elasticfilesystem:ClientMount {shared} by {orders}",
            ],
        },
    ]
}

/// What the platform team lets the namespace have in these cases.
fn granted(patch: &Value, references: &References) -> Object {
    let (spec, references) = (examples::service(patch), references.clone());
    let mut scope = scope("EcsService", "judged");
    let grant = &mut scope.environment.iam.as_mut().unwrap().grants[0];
    grant.actions.push("ecs:ExecuteCommand".to_owned());
    grant.key_arns.push("arn:aws:kms:eu-west-1:123456789012:*".to_owned());
    grant.managed_policy_arns.push(ADMINISTRATOR.to_owned());
    Object::needing(scope, move |scope, memory, facts| ecs_service(scope, &spec, facts, &references, memory))
}

fn named(text: &str, known: &BTreeMap<&str, String>) -> String {
    known.iter().fold(text.to_owned(), |text, (name, arn)| text.replace(&format!("{{{name}}}"), arn))
}

/// What AWS gave what is named in the cases.
fn known<'a>(world: &World, file_system: &World) -> BTreeMap<&'a str, String> {
    let output = |world: &World, key: &str, name: &str| {
        let found = world.things.iter().find(|(id, _)| id.key == key);
        found.and_then(|(_, thing)| thing.outputs.get(name).cloned()).unwrap_or_default()
    };
    let efs = |what: &str, key: &str| {
        format!("arn:aws:elasticfilesystem:eu-west-1:123456789012:{what}/{}", output(file_system, key, "id"))
    };
    BTreeMap::from([
        ("logs", output(world, "logs", "arn")),
        ("shared", efs("file-system", "file-system")),
        ("orders", efs("access-point", "orders")),
    ])
}

fn may(account: &Account, role: &str, asked: &str) -> bool {
    let (asked, by) = asked.split_once(" by ").map_or((asked, None), |(asked, by)| (asked, Some(by)));
    let (action, resource) = asked.split_once(' ').unwrap();
    let key = if action.starts_with("kms:") { "kms:resourcealiases" } else { "elasticfilesystem:accesspointarn" };
    let by = by.map(|by| (key.to_owned(), by.to_owned()));
    let access = Access { role: Some(role), action, resource, context: by.into_iter().collect() };
    account.simulator.with_world(|world| allowed(world, &access, None))
}

#[tokio::test(start_paused = true)]
async fn each_role_may_do_what_its_tasks_need_and_nothing_that_lies_beside_it() {
    for case in cases() {
        let account = Account::new().await;
        let everything =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        account.simulator.with_world(|world| add_policy(world, ADMINISTRATOR, &everything.to_string())).unwrap();
        let (shared, references) = mounting::both(&account, &json!({})).await;
        let file_system = shared.look(&account, &shared.graph()).await;
        let mut service = granted(&case.patch, &references);
        let world = service.converge(&account).await;
        let (role, known) = (thing(&world, case.role).outputs["arn"].clone(), known(&world, &file_system));
        for (asked, expected) in
            case.allows.iter().map(|asked| (asked, true)).chain(case.denies.iter().map(|asked| (asked, false)))
        {
            let asked = named(asked, &known);
            assert_eq!(may(&account, &role, &asked), expected, "{} ({}): {asked}", case.what, case.role);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ecs_tasks_alone_can_assume_what_is_made_for_them() {
    let account = Account::new().await;
    let (_, references) = mounting::both(&account, &json!({})).await;
    let mut service = granted(&mounted(false), &references);
    let world = service.converge(&account).await;
    for role in ["execution-role", "task-role"] {
        let arn = thing(&world, role).outputs["arn"].clone();
        for (principal, expected) in
            [("ecs-tasks.amazonaws.com", true), ("ecs.amazonaws.com", false), ("ec2.amazonaws.com", false)]
        {
            let can = account.simulator.with_world(|world| assumable(world, &arn, principal, world.now).is_ok());
            assert_eq!(can, expected, "{role} {principal}");
        }
    }
}
