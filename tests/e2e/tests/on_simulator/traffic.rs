//! Services behind a load balancer: requests reach their tasks, nobody takes what is another's, and nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use longshore_e2e::{Namespace, balanced, balancer, condition, elements, hello, names_all, text};
use serde_json::{Value, json};

use crate::stack;

/// A service of the team's, behind the load balancer `public`.
fn service(name: &str, namespace: &str, rules: &Value, more: &Value) -> String {
    let mut object = json!({
        "apiVersion": "ecs.longshore.dev/v1alpha1", "kind": "EcsService",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "cluster": {"name": "main"},
            "launchType": "FARGATE",
            "desiredCount": 2,
            "task": {"cpu": 256, "memory": 512, "containerDefinitions": [
                {"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [{"containerPort": 8080}]},
            ]},
            "loadBalancers": [{
                "name": "web", "loadBalancer": {"name": "public"}, "listener": "https",
                "containerName": "web", "containerPort": 8080, "rules": rules,
                "healthCheck": {"path": "/healthz", "intervalSeconds": 10, "healthyThresholdCount": 2},
                "deregistrationDelaySeconds": 30,
            }],
        },
    });
    if let Some(reference) = more.as_object().filter(|more| !more.is_empty()) {
        object["spec"]["loadBalancers"][0]["loadBalancer"] = json!(reference);
    }
    object.to_string()
}

fn orders(namespace: &str) -> String {
    let rules = json!([{"hosts": ["shop.example.com"], "paths": ["/orders", "/orders/*"]}]);
    service("orders", namespace, &rules, &json!({}))
}

/// A namespace with example 10's cluster.
fn with_cluster<'a>(stack: &'a longshore_e2e::Stack, name: &str) -> Result<Namespace<'a>> {
    let ns = Namespace::create(stack, name)?;
    let cluster = hello(name)?.split("---\n").find(|text| text.contains("kind: EcsCluster")).map(ToOwned::to_owned);
    ns.apply(&cluster.context("example 10 has a cluster")?)?;
    ns.wait_ready("ecscl/main")?;
    Ok(ns)
}

/// The same with example 20's load balancer, ready.
fn with_balancer<'a>(stack: &'a longshore_e2e::Stack, name: &str) -> Result<Namespace<'a>> {
    let ns = with_cluster(stack, name)?;
    ns.apply(&balancer(name)?)?;
    ns.wait_ready("alb/public")?;
    Ok(ns)
}

fn ask(ns: &Namespace<'_>, url: &str) -> Result<Value> {
    let status = ns.get("alb/public")?;
    let (scheme, rest) = url.split_once("://").context("a URL")?;
    let (host, path) = rest.split_once('/').context("a path")?;
    let url = format!("{scheme}://{}/{path}", text(&status, "/status/dnsName"));
    ns.stack.simulator().request(&json!({"url": url, "host": host}))
}

fn answers(ns: &Namespace<'_>, url: &str) -> Result<()> {
    ns.wait_for(&format!("a task to answer {url}"), || {
        let outcome = ask(ns, url)?;
        let task = text(&outcome, "/task");
        Ok(if outcome["status"] == 200 && !task.is_empty() { Ok(()) } else { Err(outcome.to_string()) })
    })
}

#[test]
fn a_service_behind_a_load_balancer_is_reached_and_every_target_is_healthy() -> Result<()> {
    let stack = stack();
    let ns = with_cluster(stack, "behind")?;
    ns.apply(&balanced(&ns.name)?)?;
    ns.wait_ready("alb/public")?;
    ns.wait_ready("ecssvc/orders")?;

    let outcome = ask(&ns, "https://shop.example.com/orders/1")?;
    assert_eq!((&outcome["status"], &outcome["certificateCoversHost"]), (&json!(200), &json!(true)), "{outcome:#}");
    assert!(text(&outcome, "/task").starts_with("arn:aws:ecs:"), "a task answered: {outcome:#}");
    assert_eq!(ask(&ns, "https://shop.example.com/elsewhere")?["status"], 404);
    let redirected = ask(&ns, "http://shop.example.com/orders")?;
    assert_eq!(text(&redirected, "/location"), "https://shop.example.com:443/orders", "{redirected:#}");

    let groups = stack.aws.balancing_of("EcsService/behind/orders")?;
    let group = groups.iter().find(|arn| arn.contains(":targetgroup/")).context("it has a target group")?;
    let health = stack.aws.elb("DescribeTargetHealth", &[("TargetGroupArn", group)])?;
    assert_eq!(elements(&health, "State"), ["healthy", "healthy"]);

    let status = ns.get("alb/public")?;
    assert_eq!(status["status"]["services"], json!(["behind/orders"]));
    assert!(text(&status, "/status/dnsName").ends_with(".elb.amazonaws.com"), "{status:#}");
    let wide = ns.kubectl(&["get", "alb/public", "--output", "wide"])?;
    assert!(wide.contains("internet-facing") && wide.contains("elb.amazonaws.com"), "{wide}");

    let before = stack.simulator().last_call()?;
    ns.kubectl(&["annotate", "ecssvc/orders", "alb/public", "look=again"])?;
    ns.wait_for("both to be looked at again", || {
        let seen = stack.simulator().calls(before, std::slice::from_ref(group))?.len();
        Ok(if seen > 0 { Ok(()) } else { Err("no call yet".to_owned()) })
    })?;
    let writes = stack.simulator().writes(before, &["/behind/".to_owned(), group.clone()])?;
    assert!(writes.is_empty(), "at rest nothing is written: {writes:#?}");
    Ok(())
}

#[test]
fn what_somebody_takes_away_in_front_of_a_service_comes_again() -> Result<()> {
    let stack = stack();
    let ns = with_balancer(stack, "front-drift")?;
    ns.apply(&orders(&ns.name))?;
    ns.wait_ready("ecssvc/orders")?;
    let ours = |part: &str| -> Result<String> {
        let all = stack.aws.balancing_of("EcsService/front-drift/orders")?;
        all.into_iter().find(|arn| arn.contains(part)).with_context(|| format!("it has a {part}"))
    };

    let rule = ours(":listener-rule/")?;
    stack.aws.elb("DeleteRule", &[("RuleArn", &rule)])?;
    answers(&ns, "https://shop.example.com/orders")?;
    assert_ne!(ours(":listener-rule/")?, rule, "another one");

    let group = ours(":targetgroup/")?;
    stack.aws.elb("ModifyTargetGroup", &[("TargetGroupArn", &group), ("HealthCheckPath", "/wrong")])?;
    ns.wait_for("the path of the health check", || {
        let described = stack.aws.elb("DescribeTargetGroups", &[("TargetGroupArns.member.1", &group)])?;
        let path = elements(&described, "HealthCheckPath");
        Ok(if path == ["/healthz"] { Ok(()) } else { Err(format!("{path:?}")) })
    })?;

    let tasks = stack.aws.security_groups_of("EcsService/front-drift/orders")?.remove(0);
    let rules =
        stack.aws.ec2("DescribeSecurityGroupRules", &[("Filter.1.Name", "group-id"), ("Filter.1.Value.1", &tasks)])?;
    let ingress = rules.split("<item>").find(|rule| rule.contains("<fromPort>8080</fromPort>"));
    let id = elements(ingress.context("the port is open")?, "securityGroupRuleId").remove(0);
    stack.aws.ec2("RevokeSecurityGroupIngress", &[("GroupId", &tasks), ("SecurityGroupRuleId.1", &id)])?;
    answers(&ns, "https://shop.example.com/orders")?;
    let events = ns.kubectl(&["get", "events"])?;
    names_all(&events, &["does not exist", "differs in healthCheck"]).map_err(anyhow::Error::msg)
}

#[test]
fn four_services_at_once_get_priorities_of_their_own_and_the_specific_goes_first() -> Result<()> {
    let stack = stack();
    let ns = with_balancer(stack, "at-once")?;
    let before = stack.simulator().last_call()?;
    let of = |name: &str, host: &str, paths: &Value| {
        service(name, &ns.name, &json!([{"hosts": [host], "paths": paths}]), &json!({}))
    };
    let all = [
        of("any", "*.example.com", &json!(["/*"])),
        of("shop", "shop.example.com", &json!(["/*"])),
        of("cart", "shop.example.com", &json!(["/cart/*"])),
        of("pay", "shop.example.com", &json!(["/cart/pay"])),
    ];
    ns.apply(
        &json!({"apiVersion": "v1", "kind": "List", "items":
        all.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<Value>, _>>()?})
        .to_string(),
    )?;
    let names = ["any", "shop", "cart", "pay"];
    for name in names {
        ns.wait_ready(&format!("ecssvc/{name}"))?;
    }

    let mut priorities = BTreeMap::new();
    for name in names {
        let ours = stack.aws.balancing_of(&format!("EcsService/at-once/{name}"))?;
        let rule = ours.iter().find(|arn| arn.contains(":listener-rule/")).context("it has a rule")?;
        let described = stack.aws.elb("DescribeRules", &[("RuleArns.member.1", rule)])?;
        priorities.insert(name, elements(&described, "Priority").remove(0).parse::<u32>()?);
    }
    let order: Vec<u32> = ["pay", "cart", "shop", "any"].iter().map(|name| priorities[name]).collect();
    assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{priorities:?}");
    let made = stack.simulator().writes(before, &["/at-once/".to_owned()])?;
    let made = made.iter().filter(|call| call["operation"] == "CreateRule").count();
    assert_eq!(made, 4, "no retry storm");
    Ok(())
}

#[test]
fn what_is_anothers_is_refused_and_no_call_is_made_for_it() -> Result<()> {
    let stack = stack();
    let ns = with_balancer(stack, "owner")?;
    ns.apply(&orders(&ns.name))?;
    ns.wait_ready("ecssvc/orders")?;
    let stranger = with_cluster(stack, "stranger")?;
    let rules = json!([{"hosts": ["shop.example.com"], "paths": ["/orders"]}]);
    let listener = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/theirs/1/2";
    let cases = [
        (
            &stranger,
            "unadmitted",
            json!({"name": "public", "namespace": "owner"}),
            rules.clone(),
            "Reconciling",
            vec!["owner/public", "stranger", "allowedNamespaces"],
        ),
        (
            &ns,
            "ungranted",
            json!({"listenerArn": listener, "securityGroupId": "sg-0database"}),
            rules.clone(),
            "Stalled",
            vec![listener, "grant"],
        ),
        (
            &ns,
            "elsewhere",
            json!({"name": "public"}),
            json!([{"hosts": ["shop.example.net"]}]),
            "Stalled",
            vec!["shop.example.net", "*.example.com"],
        ),
        (&ns, "later", json!({"name": "public"}), rules, "Stalled", vec!["EcsService/owner/orders"]),
    ];
    for (home, name, reference, rules, kind, words) in cases {
        let before = stack.simulator().last_call()?;
        let text = service(name, &home.name, &rules, &reference);
        let listens =
            if reference.get("listenerArn").is_some() { text.replace("\"listener\":\"https\",", "") } else { text };
        home.apply(&listens)?;
        home.wait_until(&format!("ecssvc/{name}"), "the refusal", |object| {
            let told = condition(object, kind);
            if told.status == "True" { names_all(&told.message, &words) } else { Err(format!("{kind} is {told}")) }
        })?;
        let about = [format!("EcsService/{}/{name}", home.name), listener.to_owned()];
        let calls = stack.simulator().calls(before, &about)?;
        assert!(calls.is_empty(), "no AWS call is made for {name}, but {calls:#?}");
    }
    // What was claimed is free once it is given up, and whoever waits for it goes on.
    ns.kubectl(&["delete", "ecssvc/orders", "--timeout=180s"])?;
    ns.wait_ready("ecssvc/later")?;
    Ok(())
}

#[test]
fn deleted_in_any_order_nothing_is_left_and_it_is_said_what_is_waited_for() -> Result<()> {
    let stack = stack();
    let ns = with_balancer(stack, "balancer-first")?;
    ns.apply(&orders(&ns.name))?;
    ns.wait_ready("ecssvc/orders")?;
    ns.kubectl(&["delete", "alb/public", "--wait=false"])?;
    ns.wait_until("alb/public", "what it waits for", |object| {
        names_all(&condition(object, "Ready").message, &["is being deleted", "EcsService/balancer-first/orders"])
    })?;
    ns.kubectl(&["delete", "ecssvc/orders", "--timeout=180s"])?;
    ns.kubectl(&["wait", "--for=delete", "alb/public", "--timeout=180s"])?;
    nothing_is_left(&ns)?;

    let ns = with_balancer(stack, "all-at-once")?;
    ns.apply(&orders(&ns.name))?;
    ns.wait_ready("ecssvc/orders")?;
    ns.kubectl(&["delete", "namespace", &ns.name, "--timeout=180s"])
        .map_err(|error| anyhow::anyhow!("{error:#}\n{}\n{}", ns.report("ecssvc/orders"), ns.report("alb/public")))?;
    nothing_is_left(&ns)
}

fn nothing_is_left(ns: &Namespace<'_>) -> Result<()> {
    let aws = &ns.stack.aws;
    let mut held: BTreeSet<String> = BTreeSet::new();
    held.extend(aws.balancing_of(&format!("ApplicationLoadBalancer/{}/public", ns.name))?);
    held.extend(aws.balancing_of(&format!("EcsService/{}/orders", ns.name))?);
    held.extend(aws.security_groups_of(&format!("ApplicationLoadBalancer/{}/public", ns.name))?);
    held.extend(aws.holdings("EcsService", &ns.name, "orders")?.into_values().flatten());
    assert_eq!(held, BTreeSet::new(), "left in AWS");
    Ok(())
}
