//! A one-off task as resources and as the call that runs it.

use std::collections::BTreeMap;

use longshore_crds::EcsTaskSpec;
use longshore_planner::desired::{
    Desired, Facts, Memory, Obstacle, Reference, References, Scope, TaskSource, ecs_task, task_policy, tracked_by,
};
use longshore_planner::engine::World;
use longshore_planner::one_off::Order;
use serde_json::{Value, json};

use crate::objects::{cluster, environment, scope, spec};

const MIGRATIONS: &str = "arn:aws:iam::123456789012:role/app-shop-migrations";

fn here() -> Scope {
    Scope { object_kind: "EcsTask", name: "migrate-142".into(), ..scope(environment(&json!({}))) }
}

/// The service of `taskFrom`, as it stands.
fn orders() -> Reference<TaskSource> {
    let containers = json!([
        {"name": "web", "image": "orders:1", "logConfiguration": {"logDriver": "awslogs",
            "options": {"awslogs-group": "/longshore/orders", "awslogs-stream-prefix": "web"}}},
        {"name": "xray", "image": "xray:3", "essential": false},
    ]);
    Reference::Ready(TaskSource {
        task_definition_arn: "arn:aws:ecs:eu-west-1:123456789012:task-definition/orders:4".to_owned(),
        subnets: vec!["subnet-0aaa".to_owned()],
        security_groups: vec!["sg-orders".to_owned(), "sg-clients".to_owned()],
        public_ip: false,
        containers: serde_json::from_value(containers).unwrap(),
    })
}

/// Example 40's task, patched.
fn desire(patch: &Value, tracked: Option<&str>) -> Result<Desired, Obstacle> {
    desire_in(&here(), patch, tracked)
}

fn desire_in(scope: &Scope, patch: &Value, tracked: Option<&str>) -> Result<Desired, Obstacle> {
    let spec: EcsTaskSpec = spec("40-tasks.yaml", "EcsTask", patch);
    let source = spec.task_from.as_ref().map(|_| orders());
    let references = References::to_cluster(cluster());
    ecs_task(scope, &spec, &Facts::new(), &references, source.as_ref(), &Memory::default(), tracked)
}

fn order(patch: &Value) -> Order {
    desire(patch, None).unwrap().order.unwrap()
}

/// Reason and field of each refusal.
fn refused(patch: &Value, tracked: Option<&str>) -> Vec<(String, String)> {
    match desire(patch, tracked) {
        Err(Obstacle::Refused(refusals)) => refusals.into_iter().map(|r| (r.reason, r.at.0)).collect(),
        other => panic!("{patch}: {other:?}"),
    }
}

/// A template of its own in the place of a service's.
fn own() -> Value {
    let container = json!({"name": "job", "image": "public.ecr.aws/docker/library/python:3.12"});
    let sidecar = json!({"name": "proxy", "image": "public.ecr.aws/docker/library/envoy:1", "essential": false});
    json!({"taskFrom": null, "overrides": null,
        "task": {"cpu": 256, "memory": 512, "containerDefinitions": [container, sidecar]}})
}

#[test]
fn with_a_service_s_task_definition_nothing_is_made_and_it_runs_where_the_service_does() {
    let desired = desire(&json!({}), None).unwrap();
    assert_eq!(desired.graph.iter().count(), 0);
    let request = desired.order.unwrap().resolved(&World::default()).unwrap().request;
    let network = &request["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["securityGroups"], json!(["sg-orders", "sg-clients"]));
    assert_eq!((&network["subnets"], &network["assignPublicIp"]), (&json!(["subnet-0aaa"]), &json!("DISABLED")));
    assert_eq!(request["overrides"]["taskRoleArn"], MIGRATIONS);
    assert_eq!(request["overrides"]["containerOverrides"][0]["command"], json!(["./migrate", "up"]));
    let tags = request["tags"].to_string();
    assert!(tags.contains("EcsTask/shop/migrate-142") && tags.contains("CostCentre"), "{tags}");
}

#[test]
fn with_a_template_of_its_own_everything_is_made_that_a_service_has_but_the_service() {
    let desired = desire(&own(), None).unwrap();
    let kinds: Vec<String> = desired.graph.iter().map(|(id, _)| format!("{}:{}", id.kind, id.key)).collect();
    let expected = [
        "logs/log-group:logs",
        "iam/role:execution-role",
        "ec2/security-group:security-group",
        "ec2/security-group-rule:egress-all",
        "ecs/task-definition:task",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(desired.order.unwrap().resolved(&World::default()), None, "it waits for its task definition");
}

#[test]
fn the_exit_codes_of_overridden_containers_count_else_those_of_essential_ones() {
    let two = json!({"overrides": {"containerOverrides": [{"name": "web"}, {"name": "xray"}]}});
    let cases = [
        (json!({}), vec!["web"]),
        (two, vec!["web", "xray"]),
        (json!({"overrides": {"containerOverrides": null}}), vec!["web"]),
        (own(), vec!["job"]),
    ];
    for (patch, expected) in cases {
        assert_eq!(order(&patch).containers, expected, "{patch}");
    }
}

#[test]
fn where_its_output_is_is_known_before_it_runs() {
    assert_eq!(order(&json!({})).logs["web"], ("/longshore/orders".to_owned(), "web".to_owned()));
    let (group, prefix) = order(&own()).logs["job"].clone();
    assert!(group.starts_with("/longshore/shop-migrate-142-") && prefix == "job", "{group} {prefix}");
}

#[test]
fn what_is_run_tells_two_tasks_of_a_name_apart_and_not_how_long_it_may_take() {
    let content = |patch: Value| order(&patch).content;
    let same = [json!({"backoffLimit": 5}), json!({"activeDeadlineSeconds": 5}), json!({"mode": "Suspend"})];
    for patch in same {
        assert_eq!(content(patch.clone()), content(json!({})), "{patch}");
    }
    for patch in [json!({"count": 2}), json!({"overrides": {"cpu": 512}}), own()] {
        assert_ne!(content(patch.clone()), content(json!({})), "{patch}");
    }
    assert_eq!(order(&json!({"overrides": {"cpu": 512}})).request["overrides"]["cpu"], "512", "a text to ECS");
}

#[test]
fn what_a_task_may_not_do_is_refused_by_field() {
    let elsewhere = "arn:aws:iam::123456789012:role/admin";
    let s3 = json!([{"name": "web", "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::other/x.env"}]}]);
    let cases: Vec<(Value, Option<&str>, &str, &str)> = vec![
        (json!({"overrides": {"taskRoleArn": elsewhere}}), None, "NotGranted", "spec.overrides.taskRoleArn"),
        (json!({"overrides": {"executionRoleArn": elsewhere}}), None, "NotGranted", "spec.overrides.executionRoleArn"),
        (json!({"enableExecuteCommand": true}), None, "NotGranted", "spec.enableExecuteCommand"),
        (
            json!({"overrides": {"containerOverrides": [{"name": "job"}]}}),
            None,
            "NoSuchContainer",
            "spec.overrides.containerOverrides",
        ),
        (
            json!({"networkConfiguration": {"access": [{"securityGroup": {"id": "sg-0"}, "port": 1}]}}),
            None,
            "NotSupportedYet",
            "spec.networkConfiguration",
        ),
        (
            json!({"networkConfiguration": {"allowFrom": [{"cidr": "10.0.0.0/8", "port": 1}]}}),
            None,
            "NotSupportedYet",
            "spec.networkConfiguration",
        ),
        (
            json!({"ttlSecondsAfterFinished": 60}),
            Some("argocd.argoproj.io/instance"),
            "TtlUnderGitOps",
            "spec.ttlSecondsAfterFinished",
        ),
        (
            json!({"cluster": {"name": null, "arn": "arn:aws:ecs:us-east-1:123456789012:cluster/x"}}),
            None,
            "OtherEnvironment",
            "spec.cluster.arn",
        ),
    ];
    for (patch, tracked, reason, field) in cases {
        assert_eq!(refused(&patch, tracked), [(reason.to_owned(), field.to_owned())], "{patch}");
    }
    // Example 00 grants S3 to the namespace, so that its files may be read.
    assert!(desire(&json!({"overrides": {"containerOverrides": s3}}), None).is_ok());
    assert!(desire(&json!({"ttlSecondsAfterFinished": 60}), None).is_ok());
}

#[test]
fn argo_cd_and_flux_are_known_by_their_marks() {
    let map = |key: &str| BTreeMap::from([(key.to_owned(), "shop".to_owned())]);
    let none = BTreeMap::new();
    assert_eq!(tracked_by(&map("app"), &map("note")), None);
    for label in ["app.kubernetes.io/instance", "kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"] {
        assert_eq!(tracked_by(&map(label), &none), Some(label));
    }
    assert!(tracked_by(&none, &map("argocd.argoproj.io/tracking-id")).is_some());
}

#[test]
fn what_it_says_itself_of_its_network_goes_before_the_service_s() {
    let network = |patch: Value| {
        let network = json!({"networkConfiguration": {"awsvpcConfiguration": patch}});
        order(&network).resolved(&World::default()).unwrap().request["networkConfiguration"]["awsvpcConfiguration"]
            .clone()
    };
    let own = network(json!({"subnets": ["subnet-0bbb"]}));
    assert_eq!(
        (&own["subnets"], &own["securityGroups"]),
        (&json!(["subnet-0bbb"]), &json!(["sg-orders", "sg-clients"]))
    );
    let groups = network(json!({"securityGroups": ["sg-own"]}));
    assert_eq!((&groups["subnets"], &groups["securityGroups"]), (&json!(["subnet-0aaa"]), &json!(["sg-own"])));
    for (switch, subnets) in
        [("DISABLED", json!(["subnet-0aaa"])), ("ENABLED", json!(["subnet-0ddd", "subnet-0eee", "subnet-0fff"]))]
    {
        let public = network(json!({"assignPublicIp": switch}));
        assert_eq!((&public["subnets"], &public["assignPublicIp"]), (&subnets, &json!(switch)));
    }
}

#[test]
fn of_a_service_whose_tasks_have_no_interfaces_it_takes_no_network() {
    let spec: EcsTaskSpec = spec("40-tasks.yaml", "EcsTask", &json!({}));
    let Reference::Ready(source) = orders() else { panic!("it is ready") };
    let shared = Reference::Ready(TaskSource { subnets: vec![], security_groups: vec![], ..source });
    let references = References::to_cluster(cluster());
    let desired =
        ecs_task(&here(), &spec, &Facts::new(), &references, Some(&shared), &Memory::default(), None).unwrap();
    let request = desired.order.unwrap().resolved(&World::default()).unwrap().request;
    assert!(request.get("networkConfiguration").is_none(), "{request:#}");
}

#[test]
fn nothing_is_asked_of_ecs_that_the_spec_does_not_say() {
    let request = order(&json!({"overrides": null})).resolved(&World::default()).unwrap().request;
    let members: Vec<&String> = request.as_object().unwrap().keys().collect();
    let expected = ["cluster", "count", "launchType", "networkConfiguration", "startedBy", "tags", "taskDefinition"];
    assert_eq!(members, expected);
}

#[test]
fn it_is_judged_by_what_its_spec_says_and_else_runs_once() {
    let policy = |patch: Value| {
        let spec: EcsTaskSpec = spec("40-tasks.yaml", "EcsTask", &patch);
        let policy = task_policy(&spec);
        (policy.count, policy.backoff_limit, policy.active_deadline_seconds)
    };
    assert_eq!(policy(json!({"count": null, "backoffLimit": null, "activeDeadlineSeconds": null})), (1, 0, None));
    assert_eq!(policy(json!({"count": 3, "backoffLimit": 2, "activeDeadlineSeconds": 60})), (3, 2, Some(60)));
}

#[test]
fn what_is_the_service_s_is_lent_and_what_is_not_needs_a_grant() {
    let mut tight = here();
    tight.environment.iam.as_mut().unwrap().grants =
        serde_json::from_value(json!([{"namespaces": {}, "roleArns": ["*"], "securityGroupIds": []}])).unwrap();
    let file = json!([{"type": "s3", "value": "arn:aws:s3:::other/x.env"}]);
    let groups = |groups: Value| json!({"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": groups}}});
    let containers =
        |files: Value| json!({"overrides": {"containerOverrides": [{"name": "web", "environmentFiles": files}]}});
    let cases = [
        (groups(json!(["sg-orders"])), None),
        (groups(json!(["sg-elsewhere"])), Some("spec.networkConfiguration.awsvpcConfiguration.securityGroups")),
        (containers(json!([])), None),
        (containers(file), Some("spec.overrides.containerOverrides[web].environmentFiles")),
    ];
    for (patch, expected) in cases {
        let refused = match desire_in(&tight, &patch, None) {
            Ok(_) => None,
            Err(Obstacle::Refused(refusals)) => Some(refusals[0].at.0.clone()),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(refused.as_deref(), expected, "{patch}");
    }
}
