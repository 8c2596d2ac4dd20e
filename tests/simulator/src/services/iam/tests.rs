use serde_json::{Value, json};

use super::*;
use crate::call::Service;

const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/app-boundary";
const XRAY: &str = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";
const HELLO: &str = "arn:aws:iam::123456789012:role/longshore/hello";

fn ask(world: &mut World, operation: &str, input: Value) -> Answer {
    let (operation, region, account_id) = (operation.to_owned(), world.region.clone(), world.account_id.clone());
    let asked = Call {
        service: Service::Iam,
        operation,
        input,
        region,
        access_key: "AKIA".to_owned(),
        account_id,
        time: world.now,
    };
    call(world, &asked)
}

fn allow(action: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})
        .to_string()
}

fn trust(service: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}).to_string()
}

fn account() -> World {
    let mut world = World::new("123456789012", "eu-west-1");
    add_policy(&mut world, BOUNDARY, &allow("s3:*", "*")).unwrap();
    add_policy(&mut world, XRAY, &allow("xray:Put*", "*")).unwrap();
    world
}

/// An account with a role `/longshore/hello`, made by a call.
fn with_role() -> World {
    let mut world = account();
    let input = json!({"RoleName": "hello", "Path": "/longshore/", "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com")});
    ask(&mut world, "CreateRole", input).unwrap();
    world
}

#[test]
fn a_role_reads_back_as_it_was_made() {
    let mut world = account();
    let input = json!({
        "RoleName": "hello",
        "Path": "/longshore/",
        "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"),
        "Description": "says hello",
        "MaxSessionDuration": "7200",
        "PermissionsBoundary": BOUNDARY,
        "Tags": [{"Key": "a", "Value": "1"}],
    });
    let created = ask(&mut world, "CreateRole", input).unwrap()["Role"].clone();
    let mut read = ask(&mut world, "GetRole", json!({"RoleName": "HELLO"})).unwrap()["Role"].clone();
    assert_eq!(read.as_object_mut().unwrap().remove("RoleLastUsed"), Some(json!({})));
    assert_eq!(read, created);
    assert_eq!(read["Arn"], HELLO);
    assert_eq!(read["CreateDate"], "2027-01-01T00:00:00Z");
    assert_eq!(read["MaxSessionDuration"], 7200);
    assert_eq!(read["PermissionsBoundary"]["PermissionsBoundaryArn"], BOUNDARY);
    assert_eq!(read["Tags"], json!([{"Key": "a", "Value": "1"}]));
    assert!(read["RoleId"].as_str().unwrap().starts_with("AROA"));
    let document = read["AssumeRolePolicyDocument"].as_str().unwrap();
    assert!(document.starts_with("%7B%22Statement%22%3A"), "{document}");
    assert_eq!(percent_encoding::percent_decode_str(document).decode_utf8().unwrap(), trust("ecs-tasks.amazonaws.com"));
}

#[test]
fn lists_leave_out_tags_and_boundary_and_know_paths_and_pages() {
    let mut world = account();
    for (name, path) in [("c", "/longshore/"), ("a", "/longshore/shop/"), ("b", "/"), ("d", "/longshore/")] {
        let tags = json!([{"Key": "k", "Value": "v"}]);
        let input = json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"), "Tags": tags, "PermissionsBoundary": BOUNDARY});
        ask(&mut world, "CreateRole", input).unwrap();
    }
    let (mut names, mut marker) = (Vec::new(), Value::Null);
    loop {
        let page =
            ask(&mut world, "ListRoles", json!({"PathPrefix": "/longshore/", "MaxItems": "2", "Marker": marker}))
                .unwrap();
        for role in page["Roles"].as_array().unwrap() {
            assert!(role.get("Tags").is_none() && role.get("PermissionsBoundary").is_none());
            names.push(role["RoleName"].as_str().unwrap().to_owned());
        }
        if page["IsTruncated"] == json!(false) {
            break;
        }
        marker = page["Marker"].clone();
    }
    assert_eq!(names, ["a", "c", "d"]);
}

#[test]
fn mistakes_get_iams_own_codes() {
    let document = trust("ecs-tasks.amazonaws.com");
    let create = |changes: Value| {
        let mut input = json!({"RoleName": "new", "AssumeRolePolicyDocument": document});
        input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        input
    };
    let many_tags: Vec<Value> = (0..51).map(|number| json!({"Key": format!("k{number}"), "Value": ""})).collect();
    let unknown_role = trust("ecs-tasks.amazonaws.com")
        .replace("\"Service\":\"ecs-tasks.amazonaws.com\"", "\"AWS\":\"arn:aws:iam::123456789012:role/nobody\"");
    let long = "x".repeat(65);
    let cases = [
        ("CreateRole", create(json!({"RoleName": "Hello"})), "EntityAlreadyExists", 409),
        ("CreateRole", create(json!({"RoleName": long})), "ValidationError", 400),
        ("CreateRole", create(json!({"RoleName": "a/b"})), "ValidationError", 400),
        ("CreateRole", create(json!({"RoleName": null})), "ValidationError", 400),
        ("CreateRole", create(json!({"Path": "longshore"})), "ValidationError", 400),
        ("CreateRole", create(json!({"Description": "say “hello”"})), "ValidationError", 400),
        ("CreateRole", create(json!({"MaxSessionDuration": "60"})), "ValidationError", 400),
        ("CreateRole", create(json!({"AssumeRolePolicyDocument": "{}"})), "MalformedPolicyDocument", 400),
        ("CreateRole", create(json!({"AssumeRolePolicyDocument": trust("nobody")})), "MalformedPolicyDocument", 400),
        ("CreateRole", create(json!({"AssumeRolePolicyDocument": unknown_role})), "MalformedPolicyDocument", 400),
        (
            "CreateRole",
            create(json!({"PermissionsBoundary": "arn:aws:iam::123456789012:policy/none"})),
            "NoSuchEntity",
            404,
        ),
        ("CreateRole", create(json!({"Tags": many_tags})), "LimitExceeded", 409),
        (
            "CreateRole",
            create(json!({"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]})),
            "InvalidInput",
            400,
        ),
        ("CreateRole", create(json!({"Tags": [{"Key": "a", "Value": "x*"}]})), "ValidationError", 400),
        ("GetRole", json!({"RoleName": "none"}), "NoSuchEntity", 404),
        ("UpdateRole", json!({"RoleName": "none"}), "NoSuchEntity", 404),
        ("UpdateAssumeRolePolicy", json!({"RoleName": "hello", "PolicyDocument": "{"}), "MalformedPolicyDocument", 400),
        ("DeleteRole", json!({"RoleName": "none"}), "NoSuchEntity", 404),
        (
            "PutRolePolicy",
            json!({"RoleName": "none", "PolicyName": "p", "PolicyDocument": allow("s3:*", "*")}),
            "NoSuchEntity",
            404,
        ),
        (
            "PutRolePolicy",
            json!({"RoleName": "hello", "PolicyName": "p", "PolicyDocument": allow("s3", "*")}),
            "MalformedPolicyDocument",
            400,
        ),
        ("GetRolePolicy", json!({"RoleName": "hello", "PolicyName": "none"}), "NoSuchEntity", 404),
        ("DeleteRolePolicy", json!({"RoleName": "hello", "PolicyName": "none"}), "NoSuchEntity", 404),
        (
            "AttachRolePolicy",
            json!({"RoleName": "hello", "PolicyArn": "arn:aws:iam::aws:policy/None"}),
            "NoSuchEntity",
            404,
        ),
        ("AttachRolePolicy", json!({"RoleName": "hello", "PolicyArn": "None"}), "InvalidInput", 400),
        ("DetachRolePolicy", json!({"RoleName": "hello", "PolicyArn": XRAY}), "NoSuchEntity", 404),
        ("DeleteRolePermissionsBoundary", json!({"RoleName": "hello"}), "NoSuchEntity", 404),
        ("GetPolicy", json!({"PolicyArn": "arn:aws:iam::aws:policy/None"}), "NoSuchEntity", 404),
        ("GetPolicyVersion", json!({"PolicyArn": XRAY, "VersionId": "v9"}), "NoSuchEntity", 404),
        ("ListRoles", json!({"MaxItems": "0"}), "ValidationError", 400),
        ("ListRoles", json!({"Marker": "nonsense"}), "ValidationError", 400),
        ("CreateUser", json!({}), "InvalidAction", 400),
    ];
    let mut world = with_role();
    for (operation, input, code, status) in cases {
        let fault = ask(&mut world, operation, input.clone()).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.status), (code, status), "{operation} {input}: {fault}");
    }
}

#[test]
fn the_quotas_hold() {
    let mut world = with_role();
    let sized = |length: usize| allow("s3:GetObject", &format!("arn:aws:s3:::{}", "x".repeat(length)));
    let put =
        |name: &str, length: usize| json!({"RoleName": "hello", "PolicyName": name, "PolicyDocument": sized(length)});
    ask(&mut world, "PutRolePolicy", put("a", 5000)).unwrap();
    ask(&mut world, "PutRolePolicy", put("b", 4900)).unwrap();
    assert_eq!(ask(&mut world, "PutRolePolicy", put("c", 500)).unwrap_err().code, "LimitExceeded");
    ask(&mut world, "PutRolePolicy", put("b", 4000)).unwrap();
    for number in 0..11 {
        let arn = format!("arn:aws:iam::aws:policy/P{number}");
        add_policy(&mut world, &arn, &allow("s3:*", "*")).unwrap();
        let attached = ask(&mut world, "AttachRolePolicy", json!({"RoleName": "hello", "PolicyArn": arn}));
        assert_eq!(attached.is_ok(), number < 10, "policy {number}");
    }
    let principals: Vec<String> =
        (0..80).map(|number| format!("service{number:02}.of.some.length.amazonaws.com")).collect();
    let long = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": principals}, "Action": "sts:AssumeRole"}]});
    let fault =
        ask(&mut world, "UpdateAssumeRolePolicy", json!({"RoleName": "hello", "PolicyDocument": long.to_string()}))
            .unwrap_err();
    assert_eq!(fault.message, "Cannot exceed quota for ACLSizePerRole: 2048");
}

#[test]
fn a_role_is_deleted_only_once_its_policies_are_gone() {
    let mut world = with_role();
    let name = json!({"RoleName": "hello"});
    ask(
        &mut world,
        "PutRolePolicy",
        json!({"RoleName": "hello", "PolicyName": "p", "PolicyDocument": allow("s3:*", "*")}),
    )
    .unwrap();
    ask(&mut world, "AttachRolePolicy", json!({"RoleName": "hello", "PolicyArn": XRAY})).unwrap();
    assert_eq!(ask(&mut world, "ListRolePolicies", name.clone()).unwrap()["PolicyNames"], json!(["p"]));
    let attached = json!([{"PolicyName": "AWSXRayDaemonWriteAccess", "PolicyArn": XRAY}]);
    assert_eq!(ask(&mut world, "ListAttachedRolePolicies", name.clone()).unwrap()["AttachedPolicies"], attached);
    assert_eq!(ask(&mut world, "DeleteRole", name.clone()).unwrap_err().code, "DeleteConflict");
    ask(&mut world, "DetachRolePolicy", json!({"RoleName": "hello", "PolicyArn": XRAY})).unwrap();
    assert_eq!(ask(&mut world, "DeleteRole", name.clone()).unwrap_err().code, "DeleteConflict");
    ask(&mut world, "DeleteRolePolicy", json!({"RoleName": "hello", "PolicyName": "p"})).unwrap();
    ask(&mut world, "DeleteRole", name.clone()).unwrap();
    assert_eq!(ask(&mut world, "GetRole", name).unwrap_err().message, "The role with name hello cannot be found.");
}

#[test]
fn updates_change_what_they_name_and_nothing_else() {
    let mut world = with_role();
    ask(&mut world, "UpdateRole", json!({"RoleName": "hello", "Description": "first", "MaxSessionDuration": "7200"}))
        .unwrap();
    ask(&mut world, "UpdateRole", json!({"RoleName": "hello"})).unwrap();
    ask(
        &mut world,
        "TagRole",
        json!({"RoleName": "hello", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}),
    )
    .unwrap();
    ask(&mut world, "TagRole", json!({"RoleName": "hello", "Tags": [{"Key": "A", "Value": "3"}]})).unwrap();
    ask(&mut world, "UntagRole", json!({"RoleName": "hello", "TagKeys": ["b"]})).unwrap();
    ask(&mut world, "PutRolePermissionsBoundary", json!({"RoleName": "hello", "PermissionsBoundary": BOUNDARY}))
        .unwrap();
    let role = ask(&mut world, "GetRole", json!({"RoleName": "hello"})).unwrap()["Role"].clone();
    assert_eq!((&role["Description"], &role["MaxSessionDuration"]), (&json!("first"), &json!(7200)));
    assert_eq!(role["Tags"], json!([{"Key": "A", "Value": "3"}]));
    assert_eq!(role["PermissionsBoundary"]["PermissionsBoundaryType"], "Policy");
    assert_eq!(ask(&mut world, "ListRoleTags", json!({"RoleName": "hello"})).unwrap()["Tags"], role["Tags"]);
    ask(&mut world, "UpdateRole", json!({"RoleName": "hello", "Description": ""})).unwrap();
    ask(&mut world, "DeleteRolePermissionsBoundary", json!({"RoleName": "hello"})).unwrap();
    let role = ask(&mut world, "GetRole", json!({"RoleName": "hello"})).unwrap()["Role"].clone();
    assert!(role.get("Description").is_none() && role.get("PermissionsBoundary").is_none(), "{role}");
}

#[test]
fn one_list_tells_all_that_roles_and_policies_allow() {
    let mut world = with_role();
    ask(
        &mut world,
        "PutRolePolicy",
        json!({"RoleName": "hello", "PolicyName": "p", "PolicyDocument": allow("s3:*", "*")}),
    )
    .unwrap();
    ask(&mut world, "AttachRolePolicy", json!({"RoleName": "hello", "PolicyArn": XRAY})).unwrap();
    ask(&mut world, "PutRolePermissionsBoundary", json!({"RoleName": "hello", "PermissionsBoundary": BOUNDARY}))
        .unwrap();
    ask(&mut world, "TagRole", json!({"RoleName": "hello", "Tags": [{"Key": "a", "Value": "1"}]})).unwrap();
    let details = ask(&mut world, "GetAccountAuthorizationDetails", json!({"Filter": ["Role"]})).unwrap();
    let role = &details["RoleDetailList"][0];
    assert_eq!(role["Tags"], json!([{"Key": "a", "Value": "1"}]));
    assert_eq!(role["PermissionsBoundary"]["PermissionsBoundaryArn"], BOUNDARY);
    assert_eq!(role["AttachedManagedPolicies"][0]["PolicyArn"], XRAY);
    let document = role["RolePolicyList"][0]["PolicyDocument"].as_str().unwrap();
    assert!(document.starts_with("%7B"), "{document}");
    assert!(role.get("MaxSessionDuration").is_none(), "the list does not tell it");
    assert_eq!((&details["Policies"], &details["UserDetailList"]), (&json!([]), &json!([])));
    // Pages are of all kinds together.
    let mut seen = vec![];
    let mut marker = Value::Null;
    loop {
        let page =
            ask(&mut world, "GetAccountAuthorizationDetails", json!({"MaxItems": "1", "Marker": marker})).unwrap();
        let count = |list: &str| page[list].as_array().unwrap().len();
        seen.push((count("RoleDetailList"), count("Policies")));
        marker = page["Marker"].clone();
        if page["IsTruncated"] == false {
            break;
        }
    }
    assert_eq!(seen, [(1, 0), (0, 1), (0, 1)]);
    let refused = ask(&mut world, "GetAccountAuthorizationDetails", json!({"Filter": ["Roles"]}));
    assert_eq!(refused.unwrap_err().code, "ValidationError");
}

#[test]
fn managed_policies_tell_who_uses_them() {
    let mut world = with_role();
    ask(&mut world, "AttachRolePolicy", json!({"RoleName": "hello", "PolicyArn": XRAY})).unwrap();
    ask(&mut world, "PutRolePermissionsBoundary", json!({"RoleName": "hello", "PermissionsBoundary": BOUNDARY}))
        .unwrap();
    let xray = ask(&mut world, "GetPolicy", json!({"PolicyArn": XRAY})).unwrap()["Policy"].clone();
    assert_eq!(
        (&xray["AttachmentCount"], &xray["Path"], &xray["PolicyName"]),
        (&json!(1), &json!("/"), &json!("AWSXRayDaemonWriteAccess"))
    );
    let version =
        ask(&mut world, "GetPolicyVersion", json!({"PolicyArn": XRAY, "VersionId": xray["DefaultVersionId"]})).unwrap();
    assert!(version["PolicyVersion"]["Document"].as_str().unwrap().starts_with("%7B"));
    for (input, expected) in [
        (json!({}), vec![BOUNDARY, XRAY]),
        (json!({"Scope": "Local"}), vec![BOUNDARY]),
        (json!({"Scope": "AWS"}), vec![XRAY]),
        (json!({"OnlyAttached": "true"}), vec![XRAY]),
    ] {
        let listed = ask(&mut world, "ListPolicies", input.clone()).unwrap();
        let arns: Vec<&str> =
            listed["Policies"].as_array().unwrap().iter().map(|policy| policy["Arn"].as_str().unwrap()).collect();
        assert_eq!(arns, expected, "{input}");
    }
}

#[test]
fn a_role_can_be_assumed_by_whom_it_trusts_once_it_is_known_everywhere() {
    let mut world = with_role();
    let (created, later) = (world.now, world.now + 10_000);
    let why = |role: &str, service: &str, now: i64, world: &World| assumable(world, role, service, now).unwrap_err();
    assert_eq!(assumable(&world, HELLO, "ecs-tasks.amazonaws.com", later), Ok(()));
    assert!(why(HELLO, "ecs-tasks.amazonaws.com", created + 9999, &world).contains("created a moment ago"));
    assert!(why(HELLO, "ecs.amazonaws.com", later, &world).contains("trust policy"));
    // A role of the same name under another path is another ARN.
    assert!(
        why("arn:aws:iam::123456789012:role/hello", "ecs-tasks.amazonaws.com", later, &world)
            .contains("does not exist")
    );
    let conditions = [
        (json!({"StringEquals": {"aws:SourceAccount": "123456789012"}}), true),
        (json!({"StringEquals": {"aws:SourceAccount": "210987654321"}}), false),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:*"}}), true),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main"}}), false),
    ];
    for (condition, expected) in conditions {
        let mut document: Value = serde_json::from_str(&trust("ecs-tasks.amazonaws.com")).unwrap();
        document["Statement"][0]["Condition"] = condition.clone();
        ask(&mut world, "UpdateAssumeRolePolicy", json!({"RoleName": "hello", "PolicyDocument": document.to_string()}))
            .unwrap();
        assert_eq!(assumable(&world, HELLO, "ecs-tasks.amazonaws.com", later).is_ok(), expected, "{condition}");
    }
}

#[test]
fn a_role_allows_what_its_policies_and_its_boundary_allow() {
    let mut world = with_role();
    let object = "arn:aws:s3:::orders-in/a";
    assert!(!allows(&world, HELLO, "s3:GetObject", object));
    ask(&mut world, "PutRolePolicy", json!({"RoleName": "hello", "PolicyName": "p", "PolicyDocument": allow("s3:GetObject", "arn:aws:s3:::orders-in/*")})).unwrap();
    ask(&mut world, "AttachRolePolicy", json!({"RoleName": "hello", "PolicyArn": XRAY})).unwrap();
    let allowed = |world: &World| {
        [("s3:GetObject", object), ("s3:PutObject", object), ("xray:PutTraceSegments", "*")]
            .map(|(action, resource)| allows(world, HELLO, action, resource))
    };
    assert_eq!(allowed(&world), [true, false, true]);
    ask(&mut world, "PutRolePermissionsBoundary", json!({"RoleName": "hello", "PermissionsBoundary": BOUNDARY}))
        .unwrap();
    assert_eq!(allowed(&world), [true, false, false]);
    let deny = allow("s3:*", "*").replace("Allow", "Deny");
    ask(&mut world, "PutRolePolicy", json!({"RoleName": "hello", "PolicyName": "q", "PolicyDocument": deny})).unwrap();
    assert_eq!(allowed(&world), [false, false, false]);
    assert!(!allows(&world, "arn:aws:iam::210987654321:role/longshore/hello", "xray:PutTraceSegments", "*"));
}
