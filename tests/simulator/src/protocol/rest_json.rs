//! The rest-json protocol of EFS and of EventBridge Scheduler: the operation in method and path, JSON both ways.

use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Fault};

/// Takes the protocol off a request: the operation and its input, with what stands in path and query (botocore's models
/// `efs/2015-02-01` and `scheduler/2021-06-30`).
pub fn parse(method: &Method, uri: &Uri, body: &[u8]) -> Result<(String, Value), Fault> {
    let invalid = || Fault::bad_request("BadRequest", "The request body isn't a JSON object.");
    let mut input = match body {
        [] => Map::new(),
        body => match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => members,
            _ => return Err(invalid()),
        },
    };
    query(uri, &mut input);
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let path: Vec<String> = uri.path().trim_matches('/').split('/').map(decoded).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut with = |member: &str, text: &str| drop(input.insert(member.to_owned(), json!(text)));
    let operation = match (method.as_str(), path.as_slice()) {
        ("POST", ["2015-02-01", "file-systems"]) => "CreateFileSystem",
        ("GET", ["2015-02-01", "file-systems"]) => "DescribeFileSystems",
        ("POST", ["2015-02-01", "mount-targets"]) => "CreateMountTarget",
        ("GET", ["2015-02-01", "mount-targets"]) => "DescribeMountTargets",
        ("POST", ["2015-02-01", "access-points"]) => "CreateAccessPoint",
        ("GET", ["2015-02-01", "access-points"]) => "DescribeAccessPoints",
        (verb, ["2015-02-01", "file-systems", id, rest @ ..]) => {
            with("FileSystemId", id);
            match (verb, rest) {
                ("PUT", []) => "UpdateFileSystem",
                ("DELETE", []) => "DeleteFileSystem",
                ("PUT", ["lifecycle-configuration"]) => "PutLifecycleConfiguration",
                ("GET", ["lifecycle-configuration"]) => "DescribeLifecycleConfiguration",
                ("PUT", ["backup-policy"]) => "PutBackupPolicy",
                ("GET", ["backup-policy"]) => "DescribeBackupPolicy",
                ("PUT", ["policy"]) => "PutFileSystemPolicy",
                ("GET", ["policy"]) => "DescribeFileSystemPolicy",
                ("DELETE", ["policy"]) => "DeleteFileSystemPolicy",
                _ => return Err(unknown(method, uri)),
            }
        }
        (verb, ["2015-02-01", "mount-targets", id, rest @ ..]) => {
            with("MountTargetId", id);
            match (verb, rest) {
                ("DELETE", []) => "DeleteMountTarget",
                ("GET", ["security-groups"]) => "DescribeMountTargetSecurityGroups",
                ("PUT", ["security-groups"]) => "ModifyMountTargetSecurityGroups",
                _ => return Err(unknown(method, uri)),
            }
        }
        ("DELETE", ["2015-02-01", "access-points", id]) => {
            with("AccessPointId", id);
            "DeleteAccessPoint"
        }
        (verb @ ("POST" | "DELETE" | "GET"), ["2015-02-01", "resource-tags", id]) => {
            with("ResourceId", id);
            match verb {
                "POST" => "TagResource",
                "DELETE" => "UntagResource",
                _ => "ListTagsForResource",
            }
        }
        ("GET", ["schedules"]) => "ListSchedules",
        (verb @ ("POST" | "PUT" | "GET" | "DELETE"), ["schedules", name]) => {
            with("Name", name);
            match verb {
                "POST" => "CreateSchedule",
                "PUT" => "UpdateSchedule",
                "GET" => "GetSchedule",
                _ => "DeleteSchedule",
            }
        }
        _ => return Err(unknown(method, uri)),
    };
    Ok((operation.to_owned(), Value::Object(input)))
}

fn unknown(method: &Method, uri: &Uri) -> Fault {
    Fault::not_found("UnknownOperationException", format!("The simulator has no {method} {}.", uri.path()))
}

/// Members of inputs that stand in a URL's query: `tagKeys` may stand there often.
fn query(uri: &Uri, input: &mut Map<String, Value>) {
    for (name, text) in uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
        let text = percent_decode_str(text).decode_utf8_lossy();
        let name = match name {
            "groupName" | "ScheduleGroup" => "GroupName",
            "clientToken" => "ClientToken",
            name => name,
        };
        if name == "tagKeys" {
            if let Value::Array(keys) = input.entry("TagKeys").or_insert_with(|| json!([])) {
                keys.push(json!(text));
            }
        } else if matches!(name, "MaxItems" | "MaxResults") {
            input.insert(name.to_owned(), json!(text.parse::<usize>().unwrap_or_default()));
        } else {
            input.insert(name.to_owned(), json!(text));
        }
    }
}

/// Puts the protocol on an answer: the HTTP status and the body. The error's code stands in a header, too.
pub fn render(answer: &Answer) -> (u16, String) {
    match answer {
        Ok(output) => (200, output.to_string()),
        Err(fault) => (fault.status, json!({"ErrorCode": fault.code, "Message": fault.message}).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_path_say_what_is_asked() {
        let cases = [
            (
                "GET",
                "/2015-02-01/file-systems?CreationToken=a%20b",
                "DescribeFileSystems",
                json!({"CreationToken": "a b"}),
            ),
            ("PUT", "/2015-02-01/file-systems/fs-1/policy", "PutFileSystemPolicy", json!({"FileSystemId": "fs-1"})),
            (
                "DELETE",
                "/schedules/nightly?groupName=default",
                "DeleteSchedule",
                json!({"GroupName": "default", "Name": "nightly"}),
            ),
            (
                "DELETE",
                "/2015-02-01/resource-tags/fs-1?tagKeys=a&tagKeys=b",
                "UntagResource",
                json!({"ResourceId": "fs-1", "TagKeys": ["a", "b"]}),
            ),
        ];
        for (method, uri, operation, input) in cases {
            let parsed = parse(&method.parse().unwrap(), &uri.parse().unwrap(), b"").unwrap();
            assert_eq!(parsed, (operation.to_owned(), input), "{uri}");
        }
        assert!(parse(&Method::GET, &"/other".parse().unwrap(), b"").is_err());
    }
}
