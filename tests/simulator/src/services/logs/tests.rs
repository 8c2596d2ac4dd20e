use serde_json::{Value, json};

use super::*;
use crate::call::Service;

fn ask(world: &mut World, operation: &str, input: Value) -> Answer {
    let (operation, region, account_id) = (operation.to_owned(), world.region.clone(), world.account_id.clone());
    let asked = Call {
        service: Service::Logs,
        operation,
        input,
        region,
        access_key: "AKIA".to_owned(),
        account_id,
        time: world.now,
    };
    call(world, &asked)
}

fn with_groups(names: &[&str]) -> World {
    let mut world = World::new("123456789012", "eu-west-1");
    for name in names {
        ask(&mut world, "CreateLogGroup", json!({"logGroupName": name, "tags": {"a": "1"}})).unwrap();
    }
    world
}

fn names(answer: &Value) -> Vec<&str> {
    answer["logGroups"].as_array().unwrap().iter().map(|group| group["logGroupName"].as_str().unwrap()).collect()
}

#[test]
fn a_group_reads_back_with_both_its_arns() {
    let mut world = with_groups(&["/longshore/shop/hello"]);
    let name = json!({"logGroupName": "/longshore/shop/hello"});
    ask(&mut world, "PutRetentionPolicy", json!({"logGroupName": "/longshore/shop/hello", "retentionInDays": 30}))
        .unwrap();
    let group = ask(&mut world, "DescribeLogGroups", json!({})).unwrap()["logGroups"][0].clone();
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/longshore/shop/hello";
    assert_eq!((&group["arn"], &group["logGroupArn"]), (&json!(format!("{arn}:*")), &json!(arn)));
    assert_eq!((&group["retentionInDays"], &group["creationTime"]), (&json!(30), &json!(world.now)));
    ask(&mut world, "DeleteRetentionPolicy", name.clone()).unwrap();
    assert!(ask(&mut world, "DescribeLogGroups", json!({})).unwrap()["logGroups"][0].get("retentionInDays").is_none());
    let keyed = json!({"logGroupName": "/longshore/shop/hello", "kmsKeyId": "key-arn"});
    ask(&mut world, "AssociateKmsKey", keyed).unwrap();
    assert_eq!(ask(&mut world, "DescribeLogGroups", json!({})).unwrap()["logGroups"][0]["kmsKeyId"], "key-arn");
    ask(&mut world, "DisassociateKmsKey", name.clone()).unwrap();
    assert!(ask(&mut world, "DescribeLogGroups", json!({})).unwrap()["logGroups"][0].get("kmsKeyId").is_none());
    ask(&mut world, "DeleteLogGroup", name.clone()).unwrap();
    assert!(!group_exists(&world, "/longshore/shop/hello"));
    assert_eq!(ask(&mut world, "DeleteLogGroup", name).unwrap_err().code, "ResourceNotFoundException");
}

#[test]
fn groups_are_found_by_prefix_pattern_and_identifier() {
    let cases = [
        (json!({}), vec!["/a/one", "/a/two", "/b/one"]),
        (json!({"logGroupNamePrefix": "/a/"}), vec!["/a/one", "/a/two"]),
        (json!({"logGroupNamePattern": "ONE"}), vec!["/a/one", "/b/one"]),
        (
            json!({"logGroupIdentifiers": ["/a/two", "arn:aws:logs:eu-west-1:123456789012:log-group:/b/one"]}),
            vec!["/a/two", "/b/one"],
        ),
        (json!({"logGroupIdentifiers": ["/none"]}), vec![]),
        (json!({"logGroupClass": "INFREQUENT_ACCESS"}), vec![]),
    ];
    let mut world = with_groups(&["/b/one", "/a/two", "/a/one"]);
    for (input, expected) in cases {
        assert_eq!(names(&ask(&mut world, "DescribeLogGroups", input.clone()).unwrap()), expected, "{input}");
    }
}

#[test]
fn a_page_holds_fifty_groups() {
    let all: Vec<String> = (0..60).map(|number| format!("/g/{number:02}")).collect();
    let mut world = with_groups(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let first = ask(&mut world, "DescribeLogGroups", json!({})).unwrap();
    let second = ask(&mut world, "DescribeLogGroups", json!({"nextToken": first["nextToken"]})).unwrap();
    assert_eq!((names(&first).len(), names(&second).len()), (50, 10));
    assert!(second.get("nextToken").is_none());
}

#[test]
fn tags_are_kept_by_arn_and_by_name() {
    let mut world = with_groups(&["/a"]);
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/a";
    ask(&mut world, "TagResource", json!({"resourceArn": arn, "tags": {"b": "2"}})).unwrap();
    ask(&mut world, "TagLogGroup", json!({"logGroupName": "/a", "tags": {"c": "3"}})).unwrap();
    ask(&mut world, "UntagResource", json!({"resourceArn": arn, "tagKeys": ["a"]})).unwrap();
    assert_eq!(
        ask(&mut world, "ListTagsForResource", json!({"resourceArn": arn})).unwrap()["tags"],
        json!({"b": "2", "c": "3"})
    );
    ask(&mut world, "UntagLogGroup", json!({"logGroupName": "/a", "tags": ["b"]})).unwrap();
    assert_eq!(ask(&mut world, "ListTagsLogGroup", json!({"logGroupName": "/a"})).unwrap()["tags"], json!({"c": "3"}));
}

#[test]
fn events_are_kept_in_streams() {
    let mut world = with_groups(&["/a"]);
    let stream = json!({"logGroupName": "/a", "logStreamName": "web/1"});
    ask(&mut world, "CreateLogStream", stream.clone()).unwrap();
    let put = |first: i64, second: i64| json!({"logGroupName": "/a", "logStreamName": "web/1", "logEvents": [{"timestamp": first, "message": "hello"}, {"timestamp": second, "message": "bye"}]});
    ask(&mut world, "PutLogEvents", put(1, 2)).unwrap();
    assert_eq!(ask(&mut world, "PutLogEvents", put(2, 1)).unwrap_err().code, "InvalidParameterException");
    let streams =
        ask(&mut world, "DescribeLogStreams", json!({"logGroupName": "/a", "logStreamNamePrefix": "web/"})).unwrap();
    assert_eq!(
        (&streams["logStreams"][0]["firstEventTimestamp"], &streams["logStreams"][0]["lastEventTimestamp"]),
        (&json!(1), &json!(2))
    );
    let mut page = json!({"logGroupName": "/a", "logStreamName": "web/1", "limit": 1, "startFromHead": true});
    let mut messages = Vec::new();
    loop {
        let answer = ask(&mut world, "GetLogEvents", page.clone()).unwrap();
        messages.extend(answer["events"].as_array().unwrap().iter().map(|event| event["message"].clone()));
        // The end is told by the same token again.
        if page["nextToken"] == answer["nextForwardToken"] {
            break;
        }
        page["nextToken"] = answer["nextForwardToken"].clone();
    }
    assert_eq!(messages, [json!("hello"), json!("bye")]);
    write(&mut world, "/b", "web/2", "made when missing");
    assert!(group_exists(&world, "/b"));
    ask(&mut world, "DeleteLogStream", stream).unwrap();
}

#[test]
fn mistakes_get_the_services_own_codes() {
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/a";
    let cases = [
        ("CreateLogGroup", json!({"logGroupName": "/a"}), "ResourceAlreadyExistsException"),
        ("CreateLogGroup", json!({"logGroupName": "/a b"}), "InvalidParameterException"),
        ("CreateLogGroup", json!({}), "InvalidParameterException"),
        ("CreateLogGroup", json!({"logGroupName": "/b", "logGroupClass": "FIRST"}), "InvalidParameterException"),
        ("PutRetentionPolicy", json!({"logGroupName": "/a", "retentionInDays": 31}), "InvalidParameterException"),
        ("PutRetentionPolicy", json!({"logGroupName": "/b", "retentionInDays": 30}), "ResourceNotFoundException"),
        ("DescribeLogGroups", json!({"limit": 51}), "InvalidParameterException"),
        ("DescribeLogGroups", json!({"nextToken": "x"}), "InvalidParameterException"),
        (
            "DescribeLogGroups",
            json!({"logGroupNamePrefix": "/a", "logGroupNamePattern": "a"}),
            "InvalidParameterException",
        ),
        ("TagResource", json!({"resourceArn": format!("{arn}:*"), "tags": {"a": "b"}}), "InvalidParameterException"),
        ("TagResource", json!({"resourceArn": format!("{arn}b"), "tags": {"a": "b"}}), "ResourceNotFoundException"),
        ("TagResource", json!({"resourceArn": arn, "tags": {"a": "b!"}}), "InvalidParameterException"),
        ("DescribeLogStreams", json!({"logGroupName": "/b"}), "ResourceNotFoundException"),
        (
            "PutLogEvents",
            json!({"logGroupName": "/a", "logStreamName": "x", "logEvents": [{"timestamp": 1, "message": "a"}]}),
            "ResourceNotFoundException",
        ),
        ("StartQuery", json!({}), "UnknownOperationException"),
    ];
    let mut world = with_groups(&["/a"]);
    for (operation, input, code) in cases {
        let fault = ask(&mut world, operation, input.clone()).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.status), (code, 400), "{operation} {input}: {fault}");
    }
    let many: Value = (0..51).map(|number| (format!("k{number}"), json!(""))).collect::<serde_json::Map<_, _>>().into();
    let fault = ask(&mut world, "TagResource", json!({"resourceArn": arn, "tags": many})).unwrap_err();
    assert_eq!(fault.code, "TooManyTagsException");
}
