//! Requests through a load balancer, and probes.

use super::*;

#[test]
fn a_request_reaches_a_container_or_what_the_default_says() {
    let aws = Aws::new();
    let (balancer, _, group) = aws.shop();
    let address = aws.task();
    assert_eq!(aws.get(&balancer, "/orders/1").status, Some(503), "no target yet");
    aws.register(&group, &address);
    assert_eq!(aws.get(&balancer, "/orders/1").status, Some(503), "none is checked yet");
    aws.until(60, "healthy", || aws.states(&group) == ["healthy"]);
    let answer = aws.get(&balancer, "/orders/1?a=b");
    assert_eq!((answer.status, answer.priority.as_deref()), (Some(200), Some("10")));
    assert_eq!(answer.target_group.as_deref(), Some(group.as_str()));
    assert_eq!(answer.target, Some(format!("{address}:8080")));
    assert!(answer.task.unwrap().starts_with("arn:aws:ecs:eu-west-1:123456789012:task/main/"));
    assert_eq!((answer.container.as_deref(), answer.container_port), (Some("web"), Some(8080)));
    assert!(answer.forwarded.unwrap().1 == "/orders/1?a=b");
    let other = aws.get(&balancer, "/orders");
    assert_eq!((other.status, other.priority.as_deref()), (Some(404), Some("default")));
}

#[test]
fn a_client_that_is_kept_out_gets_no_answer() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    aws.listener(&arn, 80);
    let problem = |outcome: Outcome| {
        assert_eq!(outcome.status, None, "{outcome:?}");
        outcome.problem.unwrap()
    };
    assert!(problem(aws.get(&arn, "/")).contains("provisioning"));
    aws.seconds(180);
    assert_eq!(aws.get(&arn, "/").status, Some(404));
    let https = aws.url(&arn, "/").replace("http://", "https://");
    assert!(problem(aws.send(&json!({"url": https}))).contains("no listener on port 443"));
    aws.keep_out("sg-balancer", 80, &json!({"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}));
    assert!(problem(aws.get(&arn, "/")).contains("lets 203.0.113.10 in on port 80"));
    aws.let_in("sg-balancer", 80, &json!({"IpRanges": [{"CidrIp": "198.51.100.0/24"}]}));
    let known = json!({"url": aws.url(&arn, "/"), "sourceIp": "198.51.100.7"});
    assert_eq!(aws.send(&known).status, Some(404));
    assert!(problem(aws.send(&json!({"url": "http://example.com/"}))).contains("doesn't resolve"));

    let private = with(&balancer("private"), &json!({"Subnets": ["subnet-0aaa", "subnet-0bbb"]}));
    let private = aws.ok("CreateLoadBalancer", &private)["LoadBalancers"][0]["LoadBalancerArn"].clone();
    aws.seconds(180);
    assert!(problem(aws.get(private.as_str().unwrap(), "/")).contains("no route to an Internet gateway"));
}

#[test]
fn an_internal_load_balancer_serves_its_vpc() {
    let aws = Aws::new();
    let input = with(&balancer("inside"), &json!({"Scheme": "internal", "Subnets": ["subnet-0aaa", "subnet-0bbb"]}));
    let arn = aws.ok("CreateLoadBalancer", &input)["LoadBalancers"][0]["LoadBalancerArn"].as_str().unwrap().to_owned();
    aws.listener(&arn, 80);
    aws.seconds(180);
    assert_eq!(aws.get(&arn, "/").status, Some(404));
    let outside = json!({"url": aws.url(&arn, "/"), "sourceIp": "198.51.100.7"});
    assert!(aws.send(&outside).problem.unwrap().contains("is internal"));
}

#[test]
fn http_is_redirected_to_https() {
    let aws = Aws::new();
    let arn = aws.balancer("shop");
    let redirect =
        json!({"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS", "Port": "443"}});
    let input = json!({"LoadBalancerArn": arn, "Protocol": "HTTP", "Port": "80", "DefaultActions": [redirect]});
    aws.ok("CreateListener", &input);
    let certificates = json!([{"CertificateArn": CERTIFICATE}]);
    let input = json!({"LoadBalancerArn": arn, "Protocol": "HTTPS", "Port": "443", "Certificates": certificates, "DefaultActions": [fixed(404)]});
    aws.ok("CreateListener", &input);
    aws.seconds(180);
    let answer = aws.send(&json!({"url": aws.url(&arn, "/orders/1?a=b"), "host": "shop.example.com"}));
    assert_eq!(answer.status, Some(301));
    assert_eq!(answer.location.as_deref(), Some("https://shop.example.com:443/orders/1?a=b"));
    let https = aws.url(&arn, "/").replace("http://", "https://");
    assert_eq!(aws.send(&json!({"url": https})).status, Some(404));
}

#[test]
fn the_first_rule_that_holds_decides() {
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    let listener = aws.listener(&balancer, 80);
    let rule = |priority: u32, conditions: &Value, status: u16| {
        let input = json!({"ListenerArn": listener, "Priority": priority, "Conditions": conditions, "Actions": [fixed(status)]});
        aws.ok("CreateRule", &input);
    };
    let host = json!({"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}});
    let post = json!({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}});
    rule(30, &json!([path("/orders/*")]), 203);
    rule(20, &json!([path("/orders/*"), post]), 202);
    rule(10, &json!([path("/orders/*"), host]), 201);
    aws.seconds(180);
    let url = aws.url(&balancer, "/orders/1");
    let cases = [
        (json!({"url": url, "host": "shop.example.com", "method": "POST"}), 201),
        (json!({"url": url, "method": "POST"}), 202),
        (json!({"url": url}), 203),
        (json!({"url": aws.url(&balancer, "/")}), 404),
    ];
    for (question, status) in cases {
        assert_eq!(aws.send(&question).status, Some(status), "{question}");
    }
}

#[test]
fn weights_share_requests_out() {
    let aws = Aws::new();
    let (balancer, listener, blue) = aws.shop();
    let green = aws.group("green");
    for group in [&blue, &green] {
        let address = aws.task();
        aws.register(group, &address);
    }
    let rule = aws.ok("DescribeRules", &json!({"ListenerArn": listener}))["Rules"][0]["RuleArn"].clone();
    let share = |blue_weight: u32, green_weight: u32| {
        let tuples =
            json!([{"TargetGroupArn": blue, "Weight": blue_weight}, {"TargetGroupArn": green, "Weight": green_weight}]);
        let actions = json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}]);
        aws.ok("ModifyRule", &json!({"RuleArn": rule, "Actions": actions}));
        aws.seconds(20);
        let served: Vec<String> =
            (0..10).map(|_| aws.get(&balancer, "/orders/1").target_group.unwrap_or_default()).collect();
        served.iter().filter(|group| **group == blue).count()
    };
    assert_eq!(share(9, 1), 9);
    assert_eq!(share(50, 50), 5);
    assert_eq!(share(0, 1), 0);
    aws.ok("ModifyRule", &json!({"RuleArn": rule, "Actions": [forward(&green)]}));
    assert_eq!(aws.states(&blue), ["unused"]);
}

#[test]
fn targets_of_a_group_take_turns() {
    let aws = Aws::new();
    let (balancer, _, group) = aws.shop();
    for _ in 0..3 {
        let address = aws.task();
        aws.register(&group, &address);
    }
    aws.until(60, "healthy", || aws.states(&group) == ["healthy", "healthy", "healthy"]);
    let served: Vec<Option<String>> = (0..6).map(|_| aws.get(&balancer, "/orders/1").target).collect();
    assert_eq!(served[..3], served[3..]);
    assert!(served[0] != served[1] && served[1] != served[2] && served[0] != served[2]);
}

#[test]
fn where_no_target_is_healthy_the_unhealthy_ones_are_asked() {
    let from_balancer = json!({"Groups": [{"GroupId": "sg-balancer"}]});
    for (behaviour, shut, status) in
        [(json!({"unhealthy": true}), false, 503), (json!({"listens": [9090]}), false, 502), (json!({}), true, 504)]
    {
        let aws = Aws::new();
        let (balancer, _, group) = aws.shop();
        aws.behave(&behaviour);
        if shut {
            aws.keep_out("sg-app", 8080, &from_balancer);
        }
        let address = aws.task();
        aws.register(&group, &address);
        aws.until(60, "unhealthy", || aws.states(&group) == ["unhealthy"]);
        let answer = aws.get(&balancer, "/orders/1");
        assert_eq!((answer.status, answer.target), (Some(status), Some(format!("{address}:8080"))));
    }
}

#[test]
fn a_transform_rewrites_what_the_target_sees() {
    let aws = Aws::new();
    let (balancer, listener, group) = aws.shop();
    let address = aws.task();
    aws.register(&group, &address);
    aws.seconds(20);
    let transforms = json!([{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/orders/(.*)$", "Replace": "/$1"}]}}]);
    let rule = aws.ok("DescribeRules", &json!({"ListenerArn": listener}))["Rules"][0]["RuleArn"].clone();
    aws.ok("ModifyRule", &json!({"RuleArn": rule, "Transforms": transforms}));
    assert_eq!(aws.get(&balancer, "/orders/7").forwarded.unwrap().1, "/7");
}

#[test]
fn a_probe_counts_the_seconds_in_which_requests_fail() {
    let aws = Aws::new();
    let (balancer, _, group) = aws.shop();
    let address = aws.task();
    let question: Question = serde_json::from_value(json!({"url": aws.url(&balancer, "/orders/1")})).unwrap();
    aws.0.with_world(|world| world.probes.add("orders".to_owned(), question, world.now));
    let seen = || aws.0.with_world(|world| world.probes.view())["probes"][0].clone();
    aws.seconds(10);
    assert_eq!((&seen()["secondsOk"], &seen()["secondsFailed"]), (&json!(0), &json!(10)));
    aws.register(&group, &address);
    let until_healthy = aws.until(60, "healthy", || aws.states(&group) == ["healthy"]);
    aws.seconds(100);
    let after = seen();
    // In the second in which it turned healthy the probe looked after it had.
    assert_eq!(after["secondsFailed"], json!(10 + until_healthy - 1), "{after}");
    assert_eq!(after["secondsOk"], json!(101), "{after}");
    assert_eq!(after["longestFailure"], after["secondsFailed"]);
    assert_eq!(after["firstFailures"].as_array().unwrap().len(), 10);
    assert_eq!(after["firstFailures"][0]["outcome"]["status"], 503);
}
