//! Health of targets: decided by what a check meets.

use super::*;

const BALANCER: &str = "sg-balancer";

fn from_balancer() -> Value {
    json!({"Groups": [{"GroupId": BALANCER}]})
}

fn told(state: &str, reason: &str, description: &str) -> Vec<(String, String, String)> {
    vec![(state.to_owned(), reason.to_owned(), description.to_owned())]
}

type Prepare = fn(&Aws);

/// A load balancer's target group with a task's address registered.
fn registered(aws: &Aws) -> (String, String) {
    let (_, _, group) = aws.shop();
    let address = aws.task();
    aws.register(&group, &address);
    (group, address)
}

#[test]
fn a_target_is_checked_once_and_then_healthy() {
    let aws = Aws::new();
    let (group, _) = registered(&aws);
    assert_eq!(aws.health(&group), told("initial", "Elb.RegistrationInProgress", "Target registration is in progress"));
    let passed = aws.until(60, "healthy", || aws.states(&group) == ["healthy"]);
    assert!(passed < 10, "one check is enough for a new target; it took {passed} s");
    assert_eq!(aws.health(&group), told("healthy", "", ""));
}

#[test]
fn what_keeps_a_check_from_passing_is_told_as_aws_tells_it() {
    let timeout = ("Target.Timeout", "Request timed out");
    let cases: [(&str, Prepare, (&str, &str)); 7] = [
        ("the task's group lets nobody in", |aws| aws.keep_out("sg-app", 8080, &from_balancer()), timeout),
        (
            "it lets another port in",
            |aws| {
                aws.keep_out("sg-app", 8080, &from_balancer());
                aws.let_in("sg-app", 8081, &from_balancer());
            },
            timeout,
        ),
        (
            "the load balancer's group lets nothing out",
            |aws| {
                let all = json!({"GroupId": BALANCER, "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]});
                aws.ec2("RevokeSecurityGroupEgress", &all).unwrap();
            },
            timeout,
        ),
        (
            "it lets only some of the nodes' addresses in",
            |aws| {
                aws.keep_out("sg-app", 8080, &from_balancer());
                aws.let_in("sg-app", 8080, &json!({"IpRanges": [{"CidrIp": "10.0.128.0/22"}]}));
            },
            timeout,
        ),
        (
            "the container listens on another port",
            |aws| aws.behave(&json!({"listens": [9090]})),
            ("Target.FailedHealthChecks", "Health checks failed"),
        ),
        (
            "the container answers with an error",
            |aws| aws.behave(&json!({"unhealthy": true})),
            ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]"),
        ),
        (
            "the check wants another code",
            |aws| {
                let group = aws.ok("DescribeTargetGroups", &json!({}))["TargetGroups"][0]["TargetGroupArn"].clone();
                aws.ok("ModifyTargetGroup", &json!({"TargetGroupArn": group, "Matcher": {"HttpCode": "204"}}));
            },
            ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [200]"),
        ),
    ];
    for (what, prepare, (reason, description)) in cases {
        let aws = Aws::new();
        let (group, _) = registered(&aws);
        prepare(&aws);
        aws.seconds(10);
        assert_eq!(aws.states(&group), ["initial"], "{what}: one failed check decides nothing");
        aws.seconds(20);
        assert_eq!(aws.health(&group), told("unhealthy", reason, description), "{what}");
    }
}

#[test]
fn addresses_of_all_nodes_do_as_well_as_their_group() {
    let aws = Aws::new();
    let (group, _) = registered(&aws);
    aws.keep_out("sg-app", 8080, &from_balancer());
    aws.let_in("sg-app", 8080, &json!({"IpRanges": [{"CidrIp": "10.0.128.0/19"}]}));
    aws.until(60, "healthy", || aws.states(&group) == ["healthy"]);
}

#[test]
fn thresholds_decide_when_a_target_turns() {
    let aws = Aws::new();
    let (group, _) = registered(&aws);
    aws.until(60, "healthy", || aws.states(&group) == ["healthy"]);
    aws.keep_out("sg-app", 8080, &from_balancer());
    // Two checks, ten seconds apart, of which the second waits for its timeout of five seconds.
    let failing = aws.until(60, "unhealthy", || aws.states(&group) == ["unhealthy"]);
    assert!((15..=25).contains(&failing), "unhealthy after {failing} s");
    aws.let_in("sg-app", 8080, &from_balancer());
    let recovering = aws.until(60, "healthy again", || aws.states(&group) == ["healthy"]);
    assert!((20..=30).contains(&recovering), "healthy again after {recovering} s: three checks in a row");
}

#[test]
fn a_target_without_a_load_balancer_is_not_in_use() {
    let aws = Aws::new();
    let group = aws.group("orders");
    aws.register(&group, "10.0.0.99");
    aws.seconds(60);
    let unused = "Target group is not configured to receive traffic from the load balancer";
    assert_eq!(aws.health(&group), told("unused", "Target.NotInUse", unused));
    let listener = aws.listener(&aws.balancer("shop"), 80);
    let rule = aws.rule(&listener, 10, &forward(&group));
    assert_eq!(aws.states(&group), ["initial"]);
    aws.seconds(300);
    assert_eq!(aws.states(&group), ["unhealthy"], "nobody is at the address");
    aws.ok("DeleteRule", &json!({"RuleArn": rule}));
    assert_eq!(aws.states(&group), ["unused"]);
}

#[test]
fn a_target_in_a_zone_that_is_not_enabled_is_not_in_use() {
    let aws = Aws::new();
    let (group, _) = registered(&aws);
    let balancer = aws.ok("DescribeLoadBalancers", &json!({}))["LoadBalancers"][0]["LoadBalancerArn"].clone();
    aws.until(60, "healthy", || aws.states(&group) == ["healthy"]);
    aws.ok("SetSubnets", &json!({"LoadBalancerArn": balancer, "Subnets": ["subnet-0eee", "subnet-0fff"]}));
    aws.seconds(1);
    let unused = "Target is in an Availability Zone that is not enabled for the load balancer";
    assert_eq!(aws.health(&group), told("unused", "Target.NotInUse", unused));
    let all = json!(["subnet-0ddd", "subnet-0eee", "subnet-0fff"]);
    aws.ok("SetSubnets", &json!({"LoadBalancerArn": balancer, "Subnets": all}));
    aws.until(60, "healthy again", || aws.states(&group) == ["healthy"]);
}

#[test]
fn a_deregistered_target_drains() {
    let aws = Aws::new();
    let (group, address) = registered(&aws);
    aws.until(60, "healthy", || aws.states(&group) == ["healthy"]);
    let delay = json!([{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]);
    aws.ok("ModifyTargetGroupAttributes", &json!({"TargetGroupArn": group, "Attributes": delay}));
    let targets = json!([{"Id": address, "Port": "8080"}]);
    aws.ok("DeregisterTargets", &json!({"TargetGroupArn": group, "Targets": targets}));
    aws.seconds(59);
    assert_eq!(
        aws.health(&group),
        told("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
    );
    aws.seconds(1);
    assert_eq!(aws.states(&group), Vec::<String>::new());
    let named = aws.ok("DescribeTargetHealth", &json!({"TargetGroupArn": group, "Targets": targets}));
    let health = &named["TargetHealthDescriptions"][0]["TargetHealth"];
    assert_eq!((&health["State"], &health["Reason"]), (&json!("unused"), &json!("Target.NotRegistered")));
    // What isn't registered is deregistered without an error.
    aws.ok("DeregisterTargets", &json!({"TargetGroupArn": group, "Targets": targets}));
}

#[test]
fn a_target_that_drains_may_come_back() {
    let aws = Aws::new();
    let (group, address) = registered(&aws);
    aws.until(60, "healthy", || aws.states(&group) == ["healthy"]);
    aws.ok("DeregisterTargets", &json!({"TargetGroupArn": group, "Targets": [{"Id": address, "Port": "8080"}]}));
    aws.register(&group, &address);
    assert_eq!(aws.states(&group), ["initial"]);
    aws.seconds(400);
    assert_eq!(aws.states(&group), ["healthy"], "the end of the draining that was given up changes nothing");
}

#[test]
fn a_target_that_cannot_be_is_refused() {
    let aws = Aws::new();
    let group = aws.group("orders");
    let instances = with(&super::group("instances"), &json!({"TargetType": "instance"}));
    let instances = aws.ok("CreateTargetGroup", &instances)["TargetGroups"][0]["TargetGroupArn"].clone();
    let cases = [
        (json!(group), json!([]), "ValidationError"),
        (json!(group), json!([{"Id": "i-0123"}]), "ValidationError"),
        (json!(group), json!([{"Id": "10.0.0.9", "Port": "0"}]), "ValidationError"),
        (json!(group), json!([{"Id": "8.8.8.8"}]), "InvalidTarget"),
        (json!(group), json!([{"Id": "192.168.0.1"}]), "InvalidTarget"),
        (instances, json!([{"Id": "i-0123"}]), "InvalidTarget"),
    ];
    for (group, targets, code) in cases {
        assert_eq!(
            aws.refused("RegisterTargets", &json!({"TargetGroupArn": group, "Targets": targets})),
            code,
            "{targets}"
        );
    }
    let outside = json!([{"Id": "192.168.0.1", "AvailabilityZone": "all"}]);
    aws.ok("RegisterTargets", &json!({"TargetGroupArn": group, "Targets": outside}));
}
