//! A deployment that shifts traffic: the object tells how far it is, somebody lets it go on, and requests go over.

use anyhow::{Result, ensure};
use longshore_e2e::{Namespace, balancer, condition, hello, text};
use serde_json::{Value, json};

use crate::stack;

/// The load balancer `public`, with one more listener, for those who look at what is new.
fn with_test_listener(ns: &Namespace<'_>) -> Result<String> {
    let certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
    let test = json!({"name": "test", "port": 8443, "protocol": "HTTPS", "certificateArns": [certificate],
        "hosts": [{"pattern": "*.example.com", "namespaces": {"from": "Same"}}]});
    Ok(balancer(&ns.name)?.replacen("  ingressCidrs:", &format!("    - {test}\n  ingressCidrs:"), 1))
}

/// A service behind the load balancer `public`, with this image.
fn checkout(ns: &Namespace<'_>, image: &str, hooks: &Value) -> String {
    let object = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
        "metadata": {"name": "checkout", "namespace": ns.name},
        "spec": {
            "cluster": {"name": "main"}, "launchType": "FARGATE", "desiredCount": 2,
            "deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": hooks},
            "task": {"cpu": 256, "memory": 512, "containerDefinitions": [
                {"name": "web", "image": image, "portMappings": [{"containerPort": 8080}]}]},
            "loadBalancers": [{
                "name": "web", "loadBalancer": {"name": "public"}, "listener": "https", "containerName": "web",
                "containerPort": 8080, "rules": [{"hosts": ["checkout.example.com"]}],
                "testRule": {"hosts": ["checkout.example.com"]}, "testListener": "test",
                "healthCheck": {"intervalSeconds": 10, "healthyThresholdCount": 2}, "deregistrationDelaySeconds": 10,
            }],
        },
    });
    object.to_string()
}

/// The task that answers, by the production rule or by the test rule.
fn answers(ns: &Namespace<'_>, test: bool) -> Result<String> {
    let status = ns.get("alb/public")?;
    let port = if test { 8443 } else { 443 };
    let url = format!("https://{}:{port}/", text(&status, "/status/dnsName"));
    let outcome = ns.stack.simulator().request(&json!({"url": url, "host": "checkout.example.com"}))?;
    ensure!(outcome["status"] == 200, "{outcome:#}");
    let arn = text(&outcome, "/task");
    let tasks = ns.stack.aws.ecs("DescribeTasks", &json!({"cluster": cluster(ns)?, "tasks": [arn]}))?;
    Ok(text(&tasks, "/tasks/0/taskDefinitionArn"))
}

fn cluster(ns: &Namespace<'_>) -> Result<Value> {
    Ok(ns.get("ecscl/main")?["status"]["clusterArn"].clone())
}

#[test]
fn a_paused_deployment_tells_so_goes_on_when_it_is_named_and_takes_the_traffic_over() -> Result<()> {
    let ns = Namespace::create(stack(), "shifting")?;
    let both = hello(&ns.name)?;
    ns.apply(both.split("---\n").next().unwrap_or_default())?;
    ns.apply(&with_test_listener(&ns)?)?;
    ns.apply(&checkout(&ns, "public.ecr.aws/nginx/nginx:1.27", &json!([])))?;
    ns.wait_ready("ecssvc/checkout")?;
    let old = answers(&ns, false)?;

    let pause = json!([{"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]);
    ns.apply(&checkout(&ns, "public.ecr.aws/nginx/nginx:1.28", &pause))?;
    let told = ns.wait_until("ecssvc/checkout", "the pause to be told", |now| {
        let ready = condition(now, "Ready").message;
        let deployment = now["status"]["deployment"].clone();
        let paused = deployment["stage"] == "POST_TEST_TRAFFIC_SHIFT" && ready.contains("ecs.longshore.dev/continue=");
        if paused { Ok(deployment) } else { Err(format!("{ready}: {deployment}")) }
    })?;
    ensure!(text(&told, "/progress").contains("0 % of production"), "{told:#}");
    ensure!(told["progressDeadline"].is_null(), "nobody is late while somebody is waited for: {told:#}");
    let new = answers(&ns, true)?;
    ensure!(new != old && answers(&ns, false)? == old, "who looks at it meets the new revision, and nobody else does");

    let id = text(&told, "/serviceDeployment");
    ns.kubectl(&["annotate", "ecssvc/checkout", &format!("ecs.longshore.dev/continue={id}")])?;
    ns.wait_ready("ecssvc/checkout")?;
    ensure!(answers(&ns, false)? == new, "the traffic has gone over");
    let status = ns.get("ecssvc/checkout")?["status"].clone();
    ensure!(
        status["deployment"]["stage"].is_null() && status["deployment"]["rolloutState"] == "COMPLETED",
        "{status:#}"
    );
    ensure!(status["memory"]["liveTargetGroups"].is_null(), "and back to the first group: {status:#}");
    Ok(())
}
