//! Load balancers, listeners, target groups and rules: what AWS answers is what was asked for, and a change is seen.

use longshore_planner::engine::{Kind, Rules};
use longshore_planner::kinds::elbv2::listener::Listener;
use longshore_planner::kinds::elbv2::listener_rule::{Conditions, ListenerRule};
use longshore_planner::kinds::elbv2::load_balancer::LoadBalancer;
use longshore_planner::kinds::elbv2::target_group::TargetGroup;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::any::{Any, flag, list, nothing, number, object, one_of};
use crate::{fields, normal, with};

fn words(words: &[&str]) -> Any {
    list(words.iter().map(|word| json!(word)).collect(), &nothing())
}

fn any_load_balancer() -> Any {
    let attributes = object(
        &[("idle_timeout.timeout_seconds", one_of(&["60", "120"]))],
        &[("access_logs.s3.bucket", one_of(&["logs"])), ("access_logs.s3.prefix", one_of(&["", "a"]))],
    );
    object(
        &[
            ("name", one_of(&["a"])),
            ("scheme", one_of(&["internal", "internet-facing"])),
            ("ipAddressType", one_of(&["ipv4", "dualstack"])),
            ("subnets", words(&["subnet-a", "subnet-b", "subnet-c"])),
            ("securityGroups", words(&["sg-a", "sg-b"])),
            ("attributes", attributes),
        ],
        &[("webAclArn", one_of(&["arn:acl"]))],
    )
}

fn any_listener() -> Any {
    let redirect = object(
        &[("statusCode", one_of(&["HTTP_301"]))],
        &[("port", one_of(&["443"])), ("protocol", one_of(&["HTTPS"])), ("path", one_of(&["/x"]))],
    );
    let fixed = object(
        &[("statusCode", one_of(&["404"]))],
        &[("contentType", one_of(&["text/plain", "text/html"])), ("messageBody", one_of(&["", "gone"]))],
    );
    let action = prop_oneof![
        redirect.prop_map(|to| json!({"redirect": to})),
        fixed.prop_map(|response| json!({"fixedResponse": response})),
    ];
    let mutual = object(
        &[("mode", one_of(&["verify", "passthrough"]))],
        &[("ignoreClientCertificateExpiry", flag()), ("advertiseTrustStoreCaNames", flag())],
    );
    object(
        &[
            ("loadBalancer", one_of(&["arn:lb"])),
            ("port", number(80..=81)),
            ("protocol", one_of(&["HTTP", "HTTPS"])),
            ("defaultAction", action.boxed()),
        ],
        &[
            ("certificates", words(&["arn:a", "arn:b", "arn:c"])),
            ("sslPolicy", one_of(&["p"])),
            ("mutualAuthentication", mutual),
        ],
    )
}

fn any_target_group() -> Any {
    let check = object(
        &[
            ("protocol", one_of(&["HTTP", "HTTPS"])),
            ("port", one_of(&["traffic-port", "81"])),
            ("path", one_of(&["/", "/healthz"])),
            ("intervalSeconds", number(5..=6)),
            ("timeoutSeconds", number(2..=3)),
            ("healthyThresholdCount", number(2..=3)),
            ("unhealthyThresholdCount", number(2..=3)),
            ("codes", one_of(&["200", "200, 201", "200-299"])),
        ],
        &[],
    );
    let attributes = object(&[], &[("stickiness.enabled", one_of(&["true", "false"]))]);
    object(
        &[
            ("name", one_of(&["a"])),
            ("protocol", one_of(&["HTTP", "HTTPS"])),
            ("protocolVersion", one_of(&["HTTP1", "GRPC"])),
            ("port", one_of(&[80])),
            ("vpcId", one_of(&["vpc-1"])),
            ("targetType", one_of(&["ip", "instance"])),
            ("healthCheck", check),
            ("attributes", attributes),
        ],
        &[],
    )
}

fn any_rule() -> Any {
    let header = object(&[("values", words(&["x", "y"]))], &[]);
    let conditions = object(
        &[],
        &[
            ("hosts", words(&["a.example.com", "B.example.com", "*.Example.com"])),
            ("paths", words(&["/a", "/A", "/a/*"])),
            ("methods", words(&["GET", "HEAD"])),
            ("headers", list(vec![json!({"name": "X-A"}), json!({"name": "x-b"})], &header)),
            ("queryStrings", list(vec![json!({"value": "1"}), json!({"key": "a", "value": "1"})], &nothing())),
            ("sourceIps", words(&["10.0.0.0/8", "::/0"])),
        ],
    );
    let session = || -> Vec<(&'static str, Any)> {
        vec![
            ("scope", one_of(&["openid", "openid email"])),
            ("sessionTimeout", one_of(&[604_800, 60])),
            ("onUnauthenticatedRequest", one_of(&["deny", "authenticate"])),
        ]
    };
    let oidc: Vec<(&'static str, Any)> =
        ["issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint", "clientId", "clientSecretArn"]
            .into_iter()
            .map(|member| (member, one_of(&["x"])))
            .collect();
    let cognito: Vec<(&'static str, Any)> = ["userPoolArn", "userPoolClientId", "userPoolDomain"]
        .into_iter()
        .map(|member| (member, one_of(&["x"])))
        .collect();
    let weight = object(&[("weight", number(0..=100))], &[]);
    object(
        &[
            ("listener", one_of(&["arn:listener"])),
            ("priority", number(1..=3)),
            ("conditions", conditions),
            ("targetGroups", words(&["arn:blue", "arn:green"])),
        ],
        &[
            ("weights", list(vec![json!({"targetGroup": "arn:blue"}), json!({"targetGroup": "arn:green"})], &weight)),
            ("authenticateOidc", object(&oidc, &session())),
            ("authenticateCognito", object(&cognito, &session())),
            ("rewrite", one_of(&[json!({}), json!({"url": {"regex": "a", "replace": "b"}})])),
        ],
    )
}

fn fill(object: &mut Value, defaults: &Value) {
    if object.is_null() {
        *object = json!({});
    }
    let object = object.as_object_mut().unwrap();
    for (name, value) in defaults.as_object().unwrap() {
        object.entry(name).or_insert_with(|| value.clone());
    }
}

fn turn_round(value: &mut Value, pointer: &str) {
    if let Some(list) = value.pointer_mut(pointer).and_then(Value::as_array_mut) {
        list.reverse();
    }
}

/// `DescribeLoadBalancers`, and `DescribeLoadBalancerAttributes`, which tells all there are.
fn load_balancer_described(made: &Value) -> Value {
    let mut seen = made.clone();
    turn_round(&mut seen, "/subnets");
    turn_round(&mut seen, "/securityGroups");
    let defaults = json!({"routing.http2.enabled": "true", "deletion_protection.enabled": "false"});
    fill(&mut seen["attributes"], &defaults);
    // An attribute that was made empty is not told.
    seen["attributes"].as_object_mut().unwrap().retain(|_, value| value != "");
    seen
}

/// `DescribeListeners` and `DescribeListenerCertificates`: the default first, the others in any order.
fn listener_described(made: &Value) -> Value {
    let mut seen = made.clone();
    if let Some(certificates) = seen.get_mut("certificates").and_then(Value::as_array_mut)
        && certificates.len() > 1
    {
        certificates[1..].reverse();
        // The default one is among the others too (API reference, DescribeListenerCertificates).
        let default = certificates[0].clone();
        certificates.push(default);
    }
    if let Some(redirect) = seen.pointer_mut("/defaultAction/redirect") {
        let kept = json!({"protocol": "#{protocol}", "port": "#{port}", "host": "#{host}", "path": "/#{path}",
                          "query": "#{query}"});
        fill(redirect, &kept);
    }
    if let Some(fixed) = seen.pointer_mut("/defaultAction/fixedResponse") {
        fill(fixed, &json!({"contentType": "text/plain"}));
    }
    seen
}

/// `DescribeTargetGroups` and `DescribeTargetGroupAttributes`.
fn target_group_described(made: &Value) -> Value {
    let mut seen = made.clone();
    fill(&mut seen["attributes"], &json!({"load_balancing.algorithm.type": "round_robin"}));
    seen
}

/// `DescribeRules`: defaults of log-ins filled in, their secrets kept back, and ECS at the weights.
fn rule_described(made: &Value) -> Value {
    let mut seen = made.clone();
    for list in ["hosts", "paths", "methods", "headers", "queryStrings", "sourceIps"] {
        turn_round(&mut seen, &format!("/conditions/{list}"));
    }
    turn_round(&mut seen, "/targetGroups");
    for login in ["authenticateOidc", "authenticateCognito"] {
        if let Some(login) = seen.get_mut(login) {
            let filled = json!({"sessionCookieName": "AWSELBAuthSessionCookie", "scope": "openid",
                                "sessionTimeout": 604_800, "onUnauthenticatedRequest": "authenticate"});
            fill(login, &filled);
        }
    }
    if let Some(oidc) = seen.get_mut("authenticateOidc") {
        oidc["clientSecretArn"] = json!("");
    }
    let groups = seen["targetGroups"].as_array().unwrap().clone();
    let share = |group: &Value| json!({"targetGroup": group, "weight": 7});
    seen["weights"] = groups.iter().map(share).collect();
    seen
}

fn settles<K: Kind>(value: &Value, described: fn(&Value) -> Value) -> Result<(), TestCaseError> {
    let once = normal::<K>(value);
    prop_assert_eq!(&normal::<K>(&once), &once, "{}", value);
    prop_assert_eq!(fields::<K>(value, &described(value)), Vec::<String>::new(), "{}", value);
    prop_assert_eq!(fields::<K>(value, &described(&once)), Vec::<String>::new(), "{}", value);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_back_is_what_was_made(
        load_balancer in any_load_balancer(), listener in any_listener(), group in any_target_group(), rule in any_rule(),
    ) {
        settles::<LoadBalancer>(&load_balancer, load_balancer_described)?;
        settles::<Listener>(&listener, listener_described)?;
        settles::<TargetGroup>(&group, target_group_described)?;
        settles::<ListenerRule>(&rule, rule_described)?;
    }
}

fn check<K: Kind>(base: &Value, cases: &[(Value, Value, &[&str])]) {
    for (want, seen, expected) in cases {
        assert_eq!(fields::<K>(&with(base, want), &with(base, seen)), *expected, "want {want}, seen {seen}");
    }
}

#[test]
fn a_change_of_a_load_balancer_is_seen_where_the_spec_speaks_of_it() {
    let base = json!({"name": "a", "scheme": "internal", "ipAddressType": "ipv4", "subnets": ["a", "b"],
                      "securityGroups": ["sg-a"], "attributes": {"idle_timeout.timeout_seconds": "60"}});
    let attributes = |attributes: Value| json!({"attributes": attributes});
    let logs = |prefix: &str| attributes(json!({"access_logs.s3.prefix": prefix}));
    check::<LoadBalancer>(
        &base,
        &[
            (json!({}), json!({"subnets": ["b", "a"]}), &[]),
            (json!({}), json!({"subnets": ["a", "c"]}), &["subnets"]),
            (json!({}), json!({"securityGroups": []}), &["securityGroups"]),
            (json!({}), json!({"webAclArn": "arn:by-hand"}), &["webAclArn"]),
            (json!({}), json!({"ipAddressType": "dualstack"}), &["ipAddressType"]),
            (
                json!({}),
                attributes(json!({"idle_timeout.timeout_seconds": "61", "x": "y"})),
                &["attributes.idle_timeout.timeout_seconds"],
            ),
            (logs(""), logs("left-over"), &["attributes.access_logs.s3.prefix"]),
            (logs(""), json!({}), &[]),
        ],
    );
}

#[test]
fn a_change_of_a_listener_is_seen() {
    let base = json!({"loadBalancer": "arn:lb", "port": 443, "protocol": "HTTPS", "certificates": ["a", "b", "c"],
                      "defaultAction": {"fixedResponse": {"statusCode": "404"}}, "sslPolicy": "p"});
    check::<Listener>(
        &base,
        &[
            (json!({}), json!({"certificates": ["a", "c", "b"]}), &[]),
            (json!({}), json!({"certificates": ["b", "a", "c"]}), &["certificates"]),
            (json!({}), json!({"port": 444}), &["port"]),
            (json!({}), json!({"sslPolicy": "older"}), &["sslPolicy"]),
            (
                json!({}),
                json!({"defaultAction": {"fixedResponse": {"statusCode": "404", "messageBody": "gone"}}}),
                &["defaultAction.fixedResponse.messageBody"],
            ),
            (json!({}), json!({"mutualAuthentication": {"mode": "passthrough"}}), &["mutualAuthentication"]),
            (
                json!({}),
                json!({"defaultAction": {"other": {"type": "forward"}}}),
                &["defaultAction.fixedResponse", "defaultAction.other"],
            ),
        ],
    );
}

#[test]
fn a_change_of_a_rule_is_seen_and_weights_are_ecs_own() {
    let base = json!({"listener": "arn:l", "priority": 1, "conditions": {"paths": ["/a"]}, "targetGroups": ["arn:a"]});
    let two = json!({"targetGroups": ["arn:a", "arn:b"]});
    let weights = json!([{"targetGroup": "arn:a", "weight": 0}, {"targetGroup": "arn:b", "weight": 100}]);
    check::<ListenerRule>(
        &base,
        &[
            (json!({}), json!({"priority": 2}), &["priority"]),
            (json!({}), json!({"conditions": {"paths": ["/b"]}}), &["conditions.paths"]),
            (json!({}), json!({"conditions": {"paths": ["/a"], "methods": ["GET"]}}), &["conditions.methods"]),
            (json!({}), json!({"targetGroups": ["arn:by-hand"]}), &["targetGroups"]),
            (json!({}), json!({"other": [{"type": "jwt-validation"}]}), &["other"]),
            (json!({}), json!({"rewrite": {"url": {"regex": "a", "replace": "b"}}}), &["rewrite"]),
            (json!({}), json!({"weights": weights}), &[]),
            (two.clone(), with(&two, &json!({"weights": weights})), &[]),
            (json!({"alternate": "arn:b", "weights": weights}), with(&two, &json!({"weights": weights})), &[]),
            (json!({"alternate": "arn:b", "weights": weights}), json!({}), &["alternate", "weights"]),
            (
                json!({"alternate": "arn:b"}),
                json!({"targetGroups": ["arn:a", "arn:c"]}),
                &["alternate", "targetGroups"],
            ),
        ],
    );
}

#[test]
fn shares_of_several_groups_are_asked_for_and_of_one_there_is_none() {
    let weights = json!([{"targetGroup": "arn:a", "weight": 10}, {"targetGroup": "arn:b", "weight": 90}]);
    let base = json!({"listener": "arn:l", "priority": 1, "conditions": {"paths": ["/a"]}, "weights": weights});
    for (groups, asked) in [(json!(["arn:a", "arn:b"]), true), (json!(["arn:a"]), false)] {
        let rule = normal::<ListenerRule>(&with(&base, &json!({"targetGroups": groups})));
        assert_eq!(rule.get("weights").is_some(), asked, "{rule}");
    }
}

#[test]
fn every_value_of_a_rule_counts() {
    let conditions: Conditions = serde_json::from_value(json!({
        "hosts": ["a.example.com", "b.example.com"], "paths": ["/a"], "methods": ["GET"], "sourceIps": ["10.0.0.0/8"],
        "headers": [{"name": "x-a", "values": ["1", "2"]}, {"name": "x-b", "values": ["1"]}],
        "queryStrings": [{"value": "1"}, {"key": "a", "value": "1"}],
    }))
    .unwrap();
    assert_eq!(conditions.values(), 10);
}

#[test]
fn what_cannot_change_makes_another_one() {
    fn another<K: Kind>(base: &Value, cases: &[(Value, bool)]) {
        let rules = Rules::of::<K>();
        for (change, other) in cases {
            let changed = with(base, change);
            let (before, after) = (normal::<K>(base), normal::<K>(&changed));
            assert_eq!(rules.fixed_members(&before) != rules.fixed_members(&after), *other, "{change}");
        }
    }
    let check = json!({"protocol": "HTTP", "port": "traffic-port", "path": "/", "intervalSeconds": 30,
                       "timeoutSeconds": 5, "healthyThresholdCount": 5, "unhealthyThresholdCount": 2, "codes": "200"});
    let group = json!({"name": "a", "protocol": "HTTP", "protocolVersion": "HTTP1", "port": 80, "vpcId": "vpc-1",
                       "targetType": "ip", "healthCheck": check});
    another::<TargetGroup>(
        &group,
        &[
            (json!({"port": 81}), true),
            (json!({"protocol": "HTTPS"}), true),
            (json!({"protocolVersion": "GRPC"}), true),
            (json!({"vpcId": "vpc-2"}), true),
            (json!({"targetType": "instance"}), true),
            (json!({"healthCheck": with(&check, &json!({"path": "/x"}))}), false),
            (json!({"attributes": {"stickiness.enabled": "true"}}), false),
        ],
    );
    let rule = json!({"listener": "arn:l", "priority": 1, "conditions": {"paths": ["/a"]}, "targetGroups": ["arn:a"]});
    another::<ListenerRule>(
        &rule,
        &[
            (json!({"targetGroups": ["arn:b"]}), true),
            (json!({"listener": "arn:m"}), true),
            (json!({"priority": 2}), false),
            (json!({"rewrite": {"url": {"regex": "a", "replace": "b"}}}), false),
        ],
    );
}
