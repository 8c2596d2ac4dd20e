//! Task definitions: registered, read back, listed, taken away.

use super::*;

#[test]
fn a_definition_reads_back_with_defaults_filled() {
    let aws = Aws::new();
    let container = json!({
        "name": "web",
        "image": "nginx",
        "portMappings": [{"containerPort": 80}],
        "healthCheck": {"command": ["CMD", "true"]},
    });
    aws.register(&json!({"cpu": ".25 vCPU", "memory": "0.5 GB", "containerDefinitions": [container]}));
    let definition = aws.ok("DescribeTaskDefinition", &json!({"taskDefinition": "hello"}))["taskDefinition"].clone();
    let expected = json!({
        "name": "web",
        "image": "nginx",
        "cpu": 0,
        "essential": true,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
        "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
    });
    assert_eq!(definition["containerDefinitions"][0], expected);
    assert_eq!((&definition["cpu"], &definition["memory"]), (&json!("256"), &json!("512")));
    assert_eq!((&definition["revision"], &definition["status"]), (&json!(2), &json!("ACTIVE")));
    assert_eq!((&definition["compatibilities"], &definition["volumes"]), (&json!(["EC2", "FARGATE"]), &json!([])));
    assert!(definition["registeredAt"].is_f64());
}

#[test]
fn a_family_alone_means_its_newest_active_revision() {
    let aws = Aws::new();
    aws.register(&json!({}));
    aws.register(&json!({}));
    let newest = |aws: &Aws| {
        aws.ok("DescribeTaskDefinition", &json!({"taskDefinition": "hello"}))["taskDefinition"]["revision"].clone()
    };
    assert_eq!(newest(&aws), 3);
    aws.ok("DeregisterTaskDefinition", &json!({"taskDefinition": "hello:3"}));
    assert_eq!(newest(&aws), 2);
    assert!(aws.register(&json!({})).ends_with("hello:4"), "numbers are never used twice");
}

#[test]
fn lists_filter_by_whole_family_and_status_in_order_of_revision() {
    let aws = Aws::new();
    for _ in 0..10 {
        aws.register(&json!({}));
    }
    aws.register(&json!({"family": "hello-2"}));
    aws.ok("DeregisterTaskDefinition", &json!({"taskDefinition": "hello:1"}));
    let list = |input: Value| -> Vec<String> {
        let answer = aws.ok("ListTaskDefinitions", &input);
        let arns = answer["taskDefinitionArns"].as_array().unwrap();
        arns.iter().map(|arn| arn.as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
    };
    let newest = list(json!({"familyPrefix": "hello", "sort": "DESC", "maxResults": 3}));
    assert_eq!(newest, ["hello:11", "hello:10", "hello:9"]);
    assert_eq!(list(json!({"familyPrefix": "hello", "status": "INACTIVE"})), ["hello:1"]);
    assert_eq!(list(json!({})).last().unwrap(), "hello-2:1");
    let families = aws.ok("ListTaskDefinitionFamilies", &json!({"familyPrefix": "hel", "status": "ACTIVE"}));
    assert_eq!(families["families"], json!(["hello", "hello-2"]));
}

#[test]
fn a_definition_is_deleted_only_after_it_was_deregistered() {
    let aws = Aws::new();
    aws.register(&json!({"tags": [{"key": "hash", "value": "1"}]}));
    let early = aws.ok("DeleteTaskDefinitions", &json!({"taskDefinitions": ["hello:2"]}));
    assert!(early["failures"][0]["reason"].as_str().unwrap().contains("still in ACTIVE status"));
    let gone = aws.ok("DeregisterTaskDefinition", &json!({"taskDefinition": "hello:2"}));
    assert_eq!(gone["taskDefinition"]["status"], "INACTIVE");
    let read = aws.ok("DescribeTaskDefinition", &json!({"taskDefinition": "hello:2", "include": ["TAGS"]}));
    assert_eq!(read["tags"], json!([{"key": "hash", "value": "1"}]));
    let deleted = aws.ok("DeleteTaskDefinitions", &json!({"taskDefinitions": ["hello:2"]}));
    assert_eq!(deleted["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
}

#[test]
fn an_inactive_definition_still_runs_and_scales() {
    let aws = Aws::new();
    aws.steady(1, &json!({}));
    aws.ok("DeregisterTaskDefinition", &json!({"taskDefinition": "hello:1"}));
    aws.update(&json!({"desiredCount": 2}));
    aws.until(30, "it scales", |service| service["runningCount"] == 2);
    let refused =
        aws.call("UpdateService", &json!({"cluster": "main", "service": "hello", "taskDefinition": "hello:1"}));
    assert_eq!(refused.unwrap_err(), ("ClientException".to_owned(), "TaskDefinition is inactive".to_owned()));
}
