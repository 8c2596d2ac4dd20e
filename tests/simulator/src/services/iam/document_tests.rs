use serde_json::json;

use super::*;

fn ask<'a>(action: &'a str, resource: &'a str) -> Request<'a> {
    Request { action, resource: Some(resource), requester: None, context: BTreeMap::new() }
}

#[test]
fn a_permissions_document_decides() {
    let statement = |effect: &str, action: serde_json::Value, resource: &str| json!({"Effect": effect, "Action": action, "Resource": resource});
    let cases = [
        ("exact", json!([statement("Allow", json!("s3:GetObject"), "arn:aws:s3:::in/*")]), Decision::Allow),
        ("case of actions", json!([statement("Allow", json!("S3:getobject"), "*")]), Decision::Allow),
        ("wildcard", json!([statement("Allow", json!(["ec2:*", "s3:Get*"]), "*")]), Decision::Allow),
        ("another action", json!([statement("Allow", json!("s3:PutObject"), "*")]), Decision::Silent),
        ("another resource", json!([statement("Allow", json!("*"), "arn:aws:s3:::out/*")]), Decision::Silent),
        (
            "a deny wins",
            json!([statement("Allow", json!("*"), "*"), statement("Deny", json!("s3:*"), "*")]),
            Decision::Deny,
        ),
        ("not action", json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]), Decision::Allow),
        ("not this action", json!([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]), Decision::Silent),
        (
            "not resource",
            json!([{"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::in/*"}]),
            Decision::Silent,
        ),
        (
            "condition unmet",
            json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:a": "b"}}}]),
            Decision::Silent,
        ),
    ];
    for (name, statements, expected) in cases {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let document = Document::parse(&text, Purpose::Permissions).unwrap();
        assert_eq!(document.decide(&ask("s3:GetObject", "arn:aws:s3:::in/key")), expected, "{name}");
    }
}

#[test]
fn a_trust_document_lets_in_whom_it_names() {
    let service = Requester::Service("ecs-tasks.amazonaws.com");
    let user = Requester::Aws { arn: "arn:aws:iam::123456789012:user/a", account: "123456789012" };
    let cases = [
        ("a service", json!({"Service": "ecs-tasks.amazonaws.com"}), &service, Decision::Allow),
        (
            "one of services",
            json!({"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}),
            &service,
            Decision::Allow,
        ),
        ("another service", json!({"Service": "ecs.amazonaws.com"}), &service, Decision::Silent),
        ("anyone is no service", json!("*"), &service, Decision::Silent),
        ("a user", json!({"AWS": "arn:aws:iam::123456789012:user/a"}), &user, Decision::Allow),
        ("an account", json!({"AWS": "arn:aws:iam::123456789012:root"}), &user, Decision::Allow),
        ("an account's number", json!({"AWS": "123456789012"}), &user, Decision::Allow),
        ("another user", json!({"AWS": "arn:aws:iam::123456789012:user/b"}), &user, Decision::Silent),
    ];
    for (name, principal, requester, expected) in cases {
        let text = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}}).to_string();
        let document = Document::parse(&text, Purpose::Trust).unwrap();
        let request = Request {
            action: "sts:AssumeRole",
            resource: None,
            requester: Some(requester.clone()),
            context: BTreeMap::new(),
        };
        assert_eq!(document.decide(&request), expected, "{name}");
    }
}

#[test]
fn malformed_documents_are_told_in_iams_words() {
    let allow = |rest: serde_json::Value| {
        let mut statement = json!({"Effect": "Allow"});
        statement.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let (permissions, trust) = (Purpose::Permissions, Purpose::Trust);
    let ecs = json!({"Service": "ecs-tasks.amazonaws.com"});
    let cases = [
        (permissions, "{".to_owned(), "invalid Json"),
        (permissions, "[]".to_owned(), "Syntax errors"),
        (permissions, json!({"Version": "2024-01-01", "Statement": []}).to_string(), "Syntax errors"),
        (permissions, json!({"Version": "2012-10-17", "Statement": []}).to_string(), "Syntax errors"),
        (permissions, allow(json!({"Action": "s3:*", "Resource": "*", "Resources": "*"})), "Syntax errors"),
        (permissions, allow(json!({"Resource": "*"})), "must contain actions"),
        (permissions, allow(json!({"Action": "s3:*"})), "must contain resources"),
        (permissions, allow(json!({"Action": "everything", "Resource": "*"})), "prefaced by a vendor"),
        (
            permissions,
            allow(json!({"Action": "s3:*", "Resource": "orders-in"})),
            "Resource orders-in must be in ARN format or \"*\".",
        ),
        (
            permissions,
            allow(json!({"Action": "s3:*", "Resource": "*", "Principal": "*"})),
            "should not specify a principal",
        ),
        (permissions, allow(json!({"Action": "s3:*", "Resource": "*", "Sid": "a b"})), "must be alpha-numeric"),
        (
            trust,
            allow(json!({"Action": "sts:AssumeRole", "Principal": ecs, "Resource": "*"})),
            "prohibited field Resource",
        ),
        (trust, allow(json!({"Action": "sts:AssumeRole"})), "field Principal"),
        (trust, allow(json!({"Action": "s3:*", "Principal": ecs})), "STS AssumeRole actions"),
        (
            trust,
            allow(json!({"Action": "sts:AssumeRole", "Principal": {"Service": "ecs"}})),
            "Invalid principal in policy: \"SERVICE\":\"ecs\"",
        ),
    ];
    for (purpose, text, expected) in cases {
        let message = Document::parse(&text, purpose).unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
    }
}
