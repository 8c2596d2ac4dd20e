//! Examples 10, 20 and 40, unchanged. Example 00 stands already, as every stack begins: other tests add to the environment, which
//! applying it again would take away.

use anyhow::{Result, ensure};
use longshore_e2e::{Namespace, Python, SHOP, example, text};
use serde_json::json;

use crate::stack;

#[test]
fn the_examples_unchanged_become_ready_and_boto3_shows_two_tasks_of_their_own() -> Result<()> {
    let stack = stack();
    let shop = Namespace::of(stack, SHOP);
    shop.apply(&example("10-fargate-web.yaml")?)?;

    for object in ["awsenv/default", "ecscl/main", "ecssvc/hello"] {
        shop.wait_ready(object)?;
    }

    let shown = Python::prepare()?.ask("show_tasks.py", &stack.aws, &[SHOP, "hello"])?;
    let group = shown["securityGroups"][0]["id"].clone();
    assert_eq!(shown["securityGroups"].as_array().map(Vec::len), Some(1), "one security group");
    assert_eq!(
        shown["securityGroups"][0]["tags"]["longshore.dev/object"], "EcsService/shop/hello",
        "the service's own"
    );

    let tasks = shown["tasks"].as_array().cloned().unwrap_or_default();
    assert_eq!(tasks.len(), 2, "{shown:#}");
    for task in &tasks {
        assert_eq!(task["lastStatus"], "RUNNING");
        assert_eq!(task["launchType"], "FARGATE");
        assert_eq!(task["securityGroups"], serde_json::json!([group]), "its interface is in the service's group");
        assert!(["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"].contains(&task["subnet"].as_str().unwrap()), "{task}");
        the_role_is_the_services_own(&shown, &task["executionRole"])?;
    }
    for different in ["networkInterface", "privateIp", "arn"] {
        assert_ne!(tasks[0][different], tasks[1][different], "each task has a {different} of its own");
    }
    Ok(())
}

#[test]
fn example_20_unchanged_becomes_ready_and_a_request_reaches_a_task_that_has_mounted_its_files() -> Result<()> {
    let stack = stack();
    let shop = Namespace::of(stack, SHOP);
    shop.apply(&example("10-fargate-web.yaml")?)?;
    shop.apply(&example("20-shop-orders.yaml")?)?;
    for object in ["efs/shared", "alb/public", "ecssvc/orders"] {
        shop.wait_ready(object)?;
    }
    shop.wait_for("a task to answer behind the load balancer", || {
        let host = text(&shop.get("alb/public")?, "/status/dnsName");
        let question = json!({"url": format!("https://{host}/orders/1"), "host": "shop.example.com"});
        let outcome = stack.simulator().request(&question)?;
        Ok(if outcome["status"] == 200 { Ok(()) } else { Err(outcome.to_string()) })
    })?;
    let service = shop.get("ecssvc/orders")?;
    ensure!(service["status"]["runningCount"] == 2, "the fewest tasks that it scales between: {}", service["status"]);

    let made = service["status"]["resources"].to_string();
    ensure!(made.contains("application-autoscaling/scalable-target:"), "it is scaled: {made}");

    shop.apply(&example("40-tasks.yaml")?)?;
    shop.wait_ready("ecstask/migrate-142")?;
    let task = shop.get("ecstask/migrate-142")?["status"].clone();
    ensure!(task["phase"] == "Succeeded" && task["attempt"] == 1, "{task:#}");
    ensure!(
        task["taskDefinitionArn"] == service["status"]["deployment"]["taskDefinition"],
        "the deployed one: {task:#}"
    );
    let web = &task["tasks"][0]["containers"][0];
    ensure!(web["exitCode"] == 0 && text(web, "/logStream").starts_with("web/web/"), "{task:#}");
    let runs = stack.simulator().writes(0, &["EcsTask/shop/migrate-142".to_owned()])?;
    let runs = runs.iter().filter(|call| call["operation"] == "RunTask").count();
    ensure!(runs == 1, "it was run {runs} times");
    an_upload_starts_a_task_that_knows_its_key(&shop)
}

/// Example 40's trigger on an event.
fn an_upload_starts_a_task_that_knows_its_key(shop: &Namespace<'_>) -> Result<()> {
    let simulator = stack().simulator();
    shop.wait_ready("ecstrig/on-upload")?;
    let upload = |bucket: &str, key: &str| {
        let detail = json!({"bucket": {"name": bucket}, "object": {"key": key}});
        simulator.event(&json!({"source": "aws.s3", "detailType": "Object Created", "detail": detail}))
    };
    upload("elsewhere", "not/ours.csv")?;
    upload("orders-in", "2026/11/29/orders.csv")?;
    let run = shop.wait_until("ecstrig/on-upload", "the run", |now| {
        let runs = now["status"]["lastRuns"].as_array().cloned().unwrap_or_default();
        runs.first().cloned().ok_or_else(|| now["status"].to_string())
    })?;
    let status = shop.get("ecstrig/on-upload")?["status"].clone();
    ensure!(text(&status, "/ruleArn").contains(":rule/shop-on-upload-"), "{status:#}");
    ensure!(status["lastRuns"].as_array().map(Vec::len) == Some(1), "of two uploads one is its own: {status:#}");
    let cluster = stack().aws.cluster_of(SHOP, "main")?;
    let asked = json!({"cluster": cluster.map(|cluster| cluster["clusterArn"].clone()), "tasks": [run["taskArn"]]});
    let task = stack().aws.ecs("DescribeTasks", &asked)?["tasks"][0].clone();
    let variables = &task["overrides"]["containerOverrides"][0]["environment"];
    ensure!(*variables == json!([{"name": "OBJECT_KEY", "value": "2026/11/29/orders.csv"}]), "{task:#}");
    ensure!(text(&task, "/startedBy").starts_with("events-rule/shop-on-upload-"), "{task:#}");
    Ok(())
}

fn the_role_is_the_services_own(shown: &serde_json::Value, arn: &serde_json::Value) -> Result<()> {
    let role = &shown["roles"][arn.as_str().unwrap_or_default()];
    ensure!(role["object"] == "EcsService/shop/hello", "the execution role {arn} is not this service's: {role}");
    ensure!(role["path"] == "/longshore/", "under the environment's path: {role}");
    ensure!(role["boundary"] == "arn:aws:iam::123456789012:policy/app-boundary", "within its boundary: {role}");
    ensure!(role["trust"].to_string().contains("ecs-tasks.amazonaws.com"), "for tasks to assume: {role}");
    Ok(())
}
