//! Attributes and tags.

use super::*;

fn attribute(answer: &Value, key: &str) -> String {
    let attributes = answer["Attributes"].as_array().unwrap();
    attributes.iter().find(|one| one["Key"] == key).unwrap()["Value"].as_str().unwrap().to_owned()
}

/// Operations about, the member that names it, its ARN, key, value at first, a value that fits, some that don't.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, &'a [&'a str]);

#[test]
fn attributes_have_defaults_keys_and_bounds() {
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    let (group, listener) = (aws.group("orders"), aws.listener(&balancer, 80));
    let cases: [Case<'_>; 7] = [
        (
            "LoadBalancer",
            "LoadBalancerArn",
            &balancer,
            "idle_timeout.timeout_seconds",
            "60",
            "4000",
            &["0", "4001", "a"],
        ),
        ("LoadBalancer", "LoadBalancerArn", &balancer, "deletion_protection.enabled", "false", "true", &["yes", ""]),
        ("LoadBalancer", "LoadBalancerArn", &balancer, "load_balancing.cross_zone.enabled", "true", "true", &["false"]),
        ("TargetGroup", "TargetGroupArn", &group, "deregistration_delay.timeout_seconds", "300", "0", &["-1", "3601"]),
        ("TargetGroup", "TargetGroupArn", &group, "slow_start.duration_seconds", "0", "30", &["29", "901"]),
        ("TargetGroup", "TargetGroupArn", &group, "stickiness.type", "lb_cookie", "app_cookie", &["source_ip"]),
        ("Listener", "ListenerArn", &listener, "routing.http.response.server.enabled", "true", "false", &["off"]),
    ];
    for (what, member, arn, key, first, fits, misfits) in cases {
        let (describe, modify) = (format!("Describe{what}Attributes"), format!("Modify{what}Attributes"));
        let set = |value: &str| json!({member: arn, "Attributes": [{"Key": key, "Value": value}]});
        assert_eq!(attribute(&aws.ok(&describe, &json!({member: arn})), key), first, "{key}");
        for value in misfits {
            assert_eq!(aws.refused(&modify, &set(value)), "ValidationError", "{key} {value}");
        }
        assert_eq!(attribute(&aws.ok(&modify, &set(fits)), key), fits);
        assert_eq!(attribute(&aws.ok(&describe, &json!({member: arn})), key), fits);
        let unknown = json!({member: arn, "Attributes": [{"Key": "colour", "Value": "red"}]});
        assert_eq!(aws.refused(&modify, &unknown), "ValidationError");
    }
}

#[test]
fn logs_need_a_bucket() {
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    let on = json!({"Key": "access_logs.s3.enabled", "Value": "true"});
    let bucket = json!({"Key": "access_logs.s3.bucket", "Value": "logs"});
    let set = |attributes: &[&Value]| json!({"LoadBalancerArn": balancer, "Attributes": attributes});
    assert_eq!(aws.refused("ModifyLoadBalancerAttributes", &set(&[&on])), "InvalidConfigurationRequest");
    aws.ok("ModifyLoadBalancerAttributes", &set(&[&on, &bucket]));
}

#[test]
fn everything_has_tags() {
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    let listener = aws.listener(&balancer, 80);
    let rule = aws.rule(&listener, 1, &fixed(200));
    let arns = json!([balancer, listener, rule, aws.group("orders")]);
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]);
    aws.ok("AddTags", &json!({"ResourceArns": arns, "Tags": tags}));
    aws.ok("RemoveTags", &json!({"ResourceArns": arns, "TagKeys": ["a"]}));
    let described =
        aws.ok("DescribeTags", &json!({"ResourceArns": arns}))["TagDescriptions"].as_array().unwrap().clone();
    assert_eq!(described.len(), 4);
    assert!(described.iter().all(|one| one["Tags"] == json!([{"Key": "b", "Value": ""}])), "{described:?}");
}

#[test]
fn tags_have_their_errors() {
    let aws = Aws::new();
    let group = aws.group("orders");
    let balancer = aws.balancer("shop");
    let listener = aws.listener(&balancer, 80);
    let rule = aws.rule(&listener, 1, &fixed(200));
    for (arn, code) in [
        (balancer, "LoadBalancerNotFound"),
        (listener, "ListenerNotFound"),
        (rule, "RuleNotFound"),
        (group.clone(), "TargetGroupNotFound"),
    ] {
        let gone = arn.replace("/shop/", "/gone/").replace("/orders/", "/gone/");
        assert_eq!(aws.refused("DescribeTags", &json!({"ResourceArns": [gone]})), code);
    }
    let many = |count: usize| -> Vec<Value> {
        (0..count).map(|number| json!({"Key": format!("k{number}"), "Value": ""})).collect()
    };
    assert_eq!(aws.refused("AddTags", &json!({"ResourceArns": [group], "Tags": many(51)})), "TooManyTags");
    aws.ok("AddTags", &json!({"ResourceArns": [group], "Tags": many(50)}));
    let twice = json!([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]);
    assert_eq!(aws.refused("AddTags", &json!({"ResourceArns": [group], "Tags": twice})), "DuplicateTagKeys");
    let arns = vec![group; 21];
    assert_eq!(aws.refused("DescribeTags", &json!({"ResourceArns": arns})), "ValidationError");
}
