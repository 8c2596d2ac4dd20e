//! Target groups, and which load balancer uses them.

use super::*;

#[test]
fn a_target_group_reads_back_with_its_defaults() {
    let aws = Aws::new();
    let input = json!({"Name": "plain", "Protocol": "HTTP", "Port": "80", "VpcId": "vpc-0a1b2c3d"});
    let made = aws.ok("CreateTargetGroup", &input)["TargetGroups"][0].clone();
    let expected = json!({
        "TargetType": "instance", "ProtocolVersion": "HTTP1", "Port": 80, "HealthCheckPath": "/",
        "HealthCheckPort": "traffic-port", "HealthCheckProtocol": "HTTP", "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"}, "LoadBalancerArns": [], "HealthCheckEnabled": true,
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&made[member], value, "{member}");
    }
    let changes = json!({"TargetGroupArn": made["TargetGroupArn"], "HealthCheckPath": "/health", "Matcher": {"HttpCode": "200-204"}});
    let after = aws.ok("ModifyTargetGroup", &changes)["TargetGroups"][0].clone();
    assert_eq!((&after["HealthCheckPath"], &after["HealthCheckIntervalSeconds"]), (&json!("/health"), &json!(30)));
}

#[test]
fn a_target_group_that_cannot_be_is_refused() {
    let cases = [
        (json!({"Name": "a".repeat(33)}), "ValidationError"),
        (json!({"Name": "a_b"}), "ValidationError"),
        (json!({"Port": "65536"}), "ValidationError"),
        (json!({"Protocol": ""}), "ValidationError"),
        (json!({"VpcId": "vpc-0none"}), "ValidationError"),
        (json!({"TargetType": "lambda"}), "ValidationError"),
        (json!({"ProtocolVersion": "HTTP3"}), "ValidationError"),
        (json!({"HealthCheckTimeoutSeconds": "10"}), "ValidationError"),
    ];
    let aws = Aws::new();
    for (changes, code) in cases {
        assert_eq!(aws.refused("CreateTargetGroup", &with(&group("orders"), &changes)), code, "{changes}");
    }
}

#[test]
fn a_name_belongs_to_one_target_group() {
    let aws = Aws::new();
    let arn = aws.group("orders");
    assert_eq!(aws.group("orders"), arn, "the same settings answer the same group");
    for changes in [json!({"Port": "8081"}), json!({"TargetType": "instance"}), json!({"HealthCheckPath": "/health"})] {
        assert_eq!(aws.refused("CreateTargetGroup", &with(&group("orders"), &changes)), "DuplicateTargetGroupName");
    }
}

#[test]
fn target_groups_are_found_by_name_arn_and_load_balancer() {
    let aws = Aws::new();
    let (balancer, _, orders) = aws.shop();
    aws.group("other");
    let names = |input: &Value| -> Vec<String> {
        let found = aws.ok("DescribeTargetGroups", input)["TargetGroups"].as_array().unwrap().clone();
        found.iter().map(|one| one["TargetGroupName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&json!({})), ["orders", "other"]);
    assert_eq!(names(&json!({"Names": ["other"]})), ["other"]);
    assert_eq!(names(&json!({"TargetGroupArns": [orders]})), ["orders"]);
    assert_eq!(names(&json!({"LoadBalancerArn": balancer})), ["orders"]);
    assert_eq!(aws.refused("DescribeTargetGroups", &json!({"Names": ["none"]})), "TargetGroupNotFound");
}

#[test]
fn a_target_group_goes_once_no_action_names_it() {
    let aws = Aws::new();
    let (balancer, listener, orders) = aws.shop();
    let delete = json!({"TargetGroupArn": orders});
    let of =
        || aws.ok("DescribeTargetGroups", &json!({"Names": ["orders"]}))["TargetGroups"][0]["LoadBalancerArns"].clone();
    assert_eq!(of(), json!([balancer]));
    assert_eq!(aws.refused("DeleteTargetGroup", &delete), "ResourceInUse");
    let rule = aws.ok("DescribeRules", &json!({"ListenerArn": listener}))["Rules"][0]["RuleArn"].clone();
    aws.ok("ModifyRule", &json!({"RuleArn": rule, "Actions": [fixed(503)]}));
    assert_eq!(of(), json!([]));
    aws.ok("ModifyListener", &json!({"ListenerArn": listener, "DefaultActions": [forward(&orders)]}));
    assert_eq!(aws.refused("DeleteTargetGroup", &delete), "ResourceInUse");
    aws.ok("DeleteLoadBalancer", &json!({"LoadBalancerArn": balancer}));
    aws.ok("DeleteTargetGroup", &delete);
    assert_eq!(aws.refused("DescribeTargetHealth", &delete), "TargetGroupNotFound");
}

#[test]
fn a_target_group_serves_one_load_balancer() {
    let aws = Aws::new();
    let (_, listener, orders) = aws.shop();
    // Another rule of the same load balancer is no other association.
    aws.rule(&listener, 11, &forward(&orders));
    let other = aws.listener(&aws.balancer("other"), 80);
    let input = json!({"ListenerArn": other, "Priority": 1, "Conditions": [path("/a")], "Actions": [forward(&orders)]});
    assert_eq!(aws.refused("CreateRule", &input), "TargetGroupAssociationLimit");
    let tcp =
        aws.ok("CreateTargetGroup", &json!({"Name": "tcp", "Protocol": "TCP", "Port": "80", "VpcId": "vpc-0a1b2c3d"}));
    let arn = tcp["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap();
    assert_eq!(aws.refused("CreateRule", &with(&input, &json!({"Actions": [forward(arn)]}))), "IncompatibleProtocols");
}

#[test]
fn a_load_balancer_uses_a_hundred_target_groups() {
    let aws = Aws::new();
    let listener = aws.listener(&aws.balancer("shop"), 80);
    for priority in 0..=20 {
        let tuples: Vec<Value> =
            (0..5).map(|number| json!({"TargetGroupArn": aws.group(&format!("g{priority}-{number}"))})).collect();
        let actions = json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}]);
        let input =
            json!({"ListenerArn": listener, "Priority": priority + 1, "Conditions": [path("/a")], "Actions": actions});
        if priority < 20 {
            aws.ok("CreateRule", &input);
        } else {
            assert_eq!(aws.refused("CreateRule", &input), "TooManyUniqueTargetGroupsPerLoadBalancer");
        }
    }
}
