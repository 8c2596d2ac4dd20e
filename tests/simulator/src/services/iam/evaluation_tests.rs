use serde_json::{Value, json};

use super::*;
use crate::services::iam::{add_policy, add_role};

const ROLE: &str = "arn:aws:iam::123456789012:role/app";
const THING: &str = "arn:aws:s3:::in/key";

/// A world with one role, its own policy, and its boundary.
fn world(own: Option<Value>, boundary: Option<Value>) -> World {
    let mut world = World::new("123456789012", "eu-west-1");
    let trust =
        statement("Allow", &json!({"Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}));
    let inline = own.map(|own| ("own".to_owned(), own.to_string())).into_iter().collect();
    add_role(&mut world, ROLE, &trust.to_string(), &[], &inline).unwrap();
    if let Some(boundary) = boundary {
        let arn = "arn:aws:iam::123456789012:policy/boundary";
        add_policy(&mut world, arn, &boundary.to_string()).unwrap();
        world.iam.roles.get_mut("app").unwrap().boundary = Some(arn.to_owned());
    }
    world
}

fn statement(effect: &str, more: &Value) -> Value {
    let mut statement = json!({"Effect": effect});
    statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn all(effect: &str) -> Value {
    statement(effect, &json!({"Action": "*", "Resource": "*"}))
}

fn s3(effect: &str) -> Value {
    statement(effect, &json!({"Action": "s3:*", "Resource": "*"}))
}

fn by(principal: &str) -> Value {
    statement("Allow", &json!({"Action": "s3:*", "Resource": "*", "Principal": {"AWS": principal}}))
}

fn get(world: &World, resource_policy: Option<&Value>) -> bool {
    let access = Access { role: Some(ROLE), action: "s3:GetObject", resource: THING, context: BTreeMap::new() };
    allowed(world, &access, resource_policy.map(Value::to_string).as_deref())
}

#[test]
fn a_role_s_own_policy_is_bounded() {
    let sqs = statement("Allow", &json!({"Action": "sqs:*", "Resource": "*"}));
    let cases = [
        ("nothing", None, None, false),
        ("its own", Some(s3("Allow")), None, true),
        ("a boundary gives nothing", None, Some(s3("Allow")), false),
        ("within its boundary", Some(all("Allow")), Some(s3("Allow")), true),
        ("beyond its boundary", Some(s3("Allow")), Some(sqs), false),
        ("what a boundary denies", Some(s3("Allow")), Some(s3("Deny")), false),
    ];
    for (what, own, boundary, expected) in cases {
        assert_eq!(get(&world(own, boundary), None), expected, "{what}");
    }
}

#[test]
fn a_resource_s_policy_gives_to_whom_it_names() {
    let sqs = || statement("Allow", &json!({"Action": "sqs:*", "Resource": "*"}));
    let account = "arn:aws:iam::123456789012:root";
    let cases = [
        ("by ARN", None, None, by(ROLE), true),
        ("by ARN, beyond its boundary", None, Some(sqs()), by(ROLE), false),
        ("by anyone", None, Some(sqs()), by("*"), true),
        ("another role", None, None, by("arn:aws:iam::123456789012:role/other"), false),
        ("the account leaves it to the role's own", None, None, by(account), false),
        ("the account, and its own", Some(s3("Allow")), None, by(account), true),
        ("what its own denies", Some(s3("Deny")), None, by("*"), false),
        (
            "what the resource denies the account",
            Some(s3("Allow")),
            None,
            statement("Deny", &json!({"Action": "s3:*", "Resource": "*", "Principal": {"AWS": account}})),
            false,
        ),
    ];
    for (what, own, boundary, policy, expected) in cases {
        assert_eq!(get(&world(own, boundary), Some(&policy)), expected, "{what}");
    }
}

#[test]
fn every_request_says_who_asks_from_where_and_when() {
    let cases = [
        (json!({"StringEquals": {"aws:PrincipalTag/Team": "shop"}}), true),
        (json!({"StringEquals": {"aws:PrincipalTag/Team": "other"}}), false),
        (json!({"ArnEquals": {"aws:PrincipalArn": ROLE}}), true),
        (json!({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}), false),
        (json!({"StringEquals": {"aws:ResourceAccount": "123456789012"}}), true),
        (json!({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}), false),
        (json!({"Bool": {"aws:SecureTransport": "true"}}), true),
    ];
    for (condition, expected) in cases {
        let own = statement("Allow", &json!({"Action": "s3:*", "Resource": "*", "Condition": condition}));
        let mut world = world(Some(own), None);
        world.iam.roles.get_mut("app").unwrap().tags.insert("team".to_owned(), "shop".to_owned());
        assert_eq!(get(&world, None), expected, "{condition}");
    }
}

#[test]
fn a_resource_with_a_variable_is_whose_the_variable_says() {
    for (version, team, expected) in
        [("2012-10-17", "in", true), ("2012-10-17", "out", false), ("2008-10-17", "in", false)]
    {
        let mut own =
            statement("Allow", &json!({"Action": "s3:*", "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}/*"}));
        own["Version"] = json!(version);
        let mut world = world(Some(own), None);
        world.iam.roles.get_mut("app").unwrap().tags.insert("team".to_owned(), team.to_owned());
        assert_eq!(get(&world, None), expected, "{version} {team}");
    }
}
