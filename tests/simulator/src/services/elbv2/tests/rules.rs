//! Rules of listeners.

use super::*;

fn rule(listener: &str, priority: u32, pattern: &str) -> Value {
    json!({"ListenerArn": listener, "Priority": priority, "Conditions": [path(pattern)], "Actions": [fixed(200)]})
}

fn priorities(aws: &Aws, listener: &str) -> Vec<String> {
    let rules = aws.ok("DescribeRules", &json!({"ListenerArn": listener}))["Rules"].as_array().unwrap().clone();
    rules.iter().map(|rule| rule["Priority"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn rules_are_listed_by_priority_and_the_default_rule_last() {
    let aws = Aws::new();
    let listener = aws.listener(&aws.balancer("shop"), 80);
    for priority in [50_000, 9, 10] {
        aws.ok("CreateRule", &rule(&listener, priority, "/a"));
    }
    assert_eq!(priorities(&aws, &listener), ["9", "10", "50000", "default"]);
    let first = aws.ok("DescribeRules", &json!({"ListenerArn": listener, "PageSize": "3"}));
    let second = aws.ok("DescribeRules", &json!({"ListenerArn": listener, "Marker": first["NextMarker"]}));
    assert_eq!((&second["Rules"][0]["IsDefault"], &second["NextMarker"]), (&json!(true), &Value::Null));
}

#[test]
fn a_rule_that_cannot_be_is_refused() {
    let aws = Aws::new();
    let listener = aws.listener(&aws.balancer("shop"), 80);
    aws.ok("CreateRule", &rule(&listener, 1, "/a"));
    let group = aws.group("orders");
    let tuple = |arn: &str, weight: i64| json!({"TargetGroupArn": arn, "Weight": weight});
    let weighted = |tuples: Vec<Value>| json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}]);
    let six: Vec<Value> = (0..6).map(|number| tuple(&format!("{group}{number}"), 1)).collect();
    let oidc =
        json!({"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {"Issuer": "https://example.com"}});
    let cases = [
        (json!({"Priority": 1}), "PriorityInUse"),
        (json!({"Priority": 0}), "ValidationError"),
        (json!({"Priority": 50_001}), "ValidationError"),
        (json!({"Conditions": []}), "ValidationError"),
        (json!({"Actions": []}), "ValidationError"),
        (json!({"Actions": weighted(vec![tuple(&group, 1000)])}), "ValidationError"),
        (json!({"Actions": weighted(vec![tuple(&group, 1), tuple(&group, 2)])}), "ValidationError"),
        (json!({"Actions": weighted(six)}), "TooManyTargetGroups"),
        (json!({"Actions": [oidc, with(&fixed(200), &json!({"Order": 2}))]}), "InvalidLoadBalancerAction"),
        (
            json!({"Actions": [with(&fixed(200), &json!({"Order": 1})), with(&fixed(200), &json!({"Order": 2}))]}),
            "InvalidLoadBalancerAction",
        ),
        (json!({"ListenerArn": listener.replace("/shop/", "/gone/")}), "ListenerNotFound"),
        (
            json!({"Transforms": [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "(", "Replace": ""}]}}]}),
            "ValidationError",
        ),
    ];
    for (changes, code) in cases {
        assert_eq!(aws.refused("CreateRule", &with(&rule(&listener, 2, "/b"), &changes)), code, "{changes}");
    }
    assert_eq!(priorities(&aws, &listener), ["1", "default"]);
}

#[test]
fn a_load_balancer_has_a_hundred_rules() {
    let aws = Aws::new();
    let balancer = aws.balancer("shop");
    let (first, second) = (aws.listener(&balancer, 80), aws.listener(&balancer, 81));
    for priority in 1..=100 {
        let listener = if priority % 2 == 0 { &first } else { &second };
        aws.ok("CreateRule", &rule(listener, priority, "/a"));
    }
    assert_eq!(aws.refused("CreateRule", &rule(&first, 101, "/a")), "TooManyRules");
    let other = aws.listener(&aws.balancer("other"), 80);
    aws.ok("CreateRule", &rule(&other, 101, "/a"));
}

#[test]
fn a_change_leaves_alone_what_it_does_not_name() {
    let aws = Aws::new();
    let listener = aws.listener(&aws.balancer("shop"), 80);
    let transforms =
        json!([{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a", "Replace": "/b"}]}}]);
    let made = aws.ok("CreateRule", &with(&rule(&listener, 1, "/a"), &json!({"Transforms": transforms})));
    let arn = &made["Rules"][0]["RuleArn"];
    let changed = aws.ok("ModifyRule", &json!({"RuleArn": arn, "Conditions": [path("/c")]}))["Rules"][0].clone();
    assert_eq!(changed["Conditions"][0]["Values"], json!(["/c"]));
    assert_eq!((&changed["Actions"], &changed["Transforms"]), (&made["Rules"][0]["Actions"], &transforms));
    let both = json!({"RuleArn": arn, "Transforms": transforms, "ResetTransforms": "true"});
    assert_eq!(aws.refused("ModifyRule", &both), "ValidationError");
    let reset = aws.ok("ModifyRule", &json!({"RuleArn": arn, "ResetTransforms": "true"}));
    assert_eq!(reset["Rules"][0]["Transforms"], json!([]));
}

#[test]
fn priorities_are_swapped_at_once_and_never_doubled() {
    let aws = Aws::new();
    let listener = aws.listener(&aws.balancer("shop"), 80);
    let arns: Vec<Value> = (1..=3)
        .map(|priority| aws.ok("CreateRule", &rule(&listener, priority, "/a"))["Rules"][0]["RuleArn"].clone())
        .collect();
    let set = |pairs: &[(usize, u32)]| {
        let pairs: Vec<Value> =
            pairs.iter().map(|(index, priority)| json!({"RuleArn": arns[*index], "Priority": priority})).collect();
        json!({"RulePriorities": pairs})
    };
    aws.ok("SetRulePriorities", &set(&[(0, 2), (1, 1)]));
    let rules = aws.ok("DescribeRules", &json!({"ListenerArn": listener}))["Rules"].clone();
    assert_eq!((&rules[0]["RuleArn"], &rules[1]["RuleArn"]), (&arns[1], &arns[0]));
    assert_eq!(aws.refused("SetRulePriorities", &set(&[(0, 3)])), "PriorityInUse");
    assert_eq!(aws.refused("SetRulePriorities", &set(&[(0, 7), (1, 7)])), "PriorityInUse");
    assert_eq!(priorities(&aws, &listener), ["1", "2", "3", "default"]);
}

#[test]
fn the_default_rule_is_its_listeners() {
    let aws = Aws::new();
    let listener = aws.listener(&aws.balancer("shop"), 80);
    let default = aws.ok("DescribeRules", &json!({"ListenerArn": listener}))["Rules"][0]["RuleArn"].clone();
    for operation in ["DeleteRule", "ModifyRule"] {
        assert_eq!(aws.refused(operation, &json!({"RuleArn": default})), "OperationNotPermitted", "{operation}");
    }
    let made = aws.ok("CreateRule", &rule(&listener, 1, "/a"))["Rules"][0]["RuleArn"].clone();
    aws.ok("DeleteRule", &json!({"RuleArn": made}));
    assert_eq!(aws.refused("DeleteRule", &json!({"RuleArn": made})), "RuleNotFound");
    assert_eq!(aws.refused("DescribeRules", &json!({"RuleArns": [made]})), "RuleNotFound");
}
