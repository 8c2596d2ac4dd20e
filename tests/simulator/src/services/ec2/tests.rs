use serde_json::{Value, json};

use super::*;
use crate::call::Service;

fn ask(world: &mut World, operation: &str, input: Value) -> Answer {
    let (operation, region, account_id) = (operation.to_owned(), world.region.clone(), world.account_id.clone());
    let asked = Call {
        service: Service::Ec2,
        operation,
        input,
        region,
        access_key: "AKIA".to_owned(),
        account_id,
        time: world.now,
    };
    call(world, &asked)
}

fn network() -> World {
    let mut world = World::new("123456789012", "eu-west-1");
    for (vpc, cidr, default) in [("vpc-1", "10.0.0.0/16", "sg-default1"), ("vpc-2", "10.1.0.0/16", "sg-default2")] {
        add_vpc(&mut world, vpc, cidr, &Tags::new(), default).unwrap();
    }
    for (id, vpc_id, cidr, zone, tier) in [
        ("subnet-a", "vpc-1", "10.0.0.0/28", "eu-west-1a", "private"),
        ("subnet-b", "vpc-1", "10.0.1.0/24", "eu-west-1b", "private"),
        ("subnet-c", "vpc-1", "10.0.2.0/24", "eu-west-1c", "public"),
        ("subnet-d", "vpc-2", "10.1.0.0/24", "eu-west-1a", "private"),
    ] {
        let tags = Tags::from([("Tier".to_owned(), tier.to_owned())]);
        add_subnet(&mut world, &NewSubnet { id, vpc_id, cidr, zone, public: tier == "public", tags: &tags }).unwrap();
    }
    add_group(&mut world, "sg-a", "vpc-1", "a", "group a", &Tags::new());
    add_group(&mut world, "sg-b", "vpc-1", "b", "group b", &Tags::new());
    add_group(&mut world, "sg-far", "vpc-2", "far", "group far", &Tags::new());
    world
}

/// An input that lets one block in on one TCP port of sg-a.
fn block_rule(port: i64, block: &str) -> Value {
    let (from, to) = (port.to_string(), port.to_string());
    json!({"GroupId": "sg-a", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": from, "ToPort": to, "IpRanges": [{"CidrIp": block, "Description": "a"}]}]})
}

fn group_rule(group: &str, peer: &str) -> Value {
    json!({"GroupId": group, "IpPermissions": [{"IpProtocol": "tcp", "FromPort": "5432", "ToPort": "5432", "Groups": [{"GroupId": peer}]}]})
}

fn column(answer: &Value, list: &str, member: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn subnets_are_found_by_id_filter_and_page() {
    let cases = [
        (json!({}), vec!["subnet-a", "subnet-b", "subnet-c", "subnet-d"]),
        (json!({"SubnetId": ["subnet-c"]}), vec!["subnet-c"]),
        (json!({"Filter": [{"Name": "vpc-id", "Value": ["vpc-2"]}]}), vec!["subnet-d"]),
        (
            json!({"Filter": [{"Name": "tag:Tier", "Value": ["private"]}, {"Name": "vpc-id", "Value": ["vpc-1"]}]}),
            vec!["subnet-a", "subnet-b"],
        ),
        (json!({"Filter": [{"Name": "availability-zone", "Value": ["eu-west-1c"]}]}), vec!["subnet-c"]),
    ];
    let mut world = network();
    for (input, expected) in cases {
        let answer = ask(&mut world, "DescribeSubnets", input.clone()).unwrap();
        assert_eq!(column(&answer, "subnetSet", "subnetId"), expected, "{input}");
    }
    let subnet = ask(&mut world, "DescribeSubnets", json!({"SubnetId": ["subnet-a"]})).unwrap()["subnetSet"][0].clone();
    assert_eq!((&subnet["availableIpAddressCount"], &subnet["availabilityZoneId"]), (&json!(11), &json!("euw1-az1")));
    world.settings.page_size = Some(3);
    let first = ask(&mut world, "DescribeSubnets", json!({})).unwrap();
    let second = ask(&mut world, "DescribeSubnets", json!({"NextToken": first["nextToken"]})).unwrap();
    assert_eq!((column(&first, "subnetSet", "subnetId").len(), column(&second, "subnetSet", "subnetId").len()), (3, 1));
    assert_eq!(second["nextToken"], Value::Null);
}

#[test]
fn vpcs_and_zones_are_those_of_the_world() {
    let mut world = network();
    assert_eq!(
        column(&ask(&mut world, "DescribeVpcs", json!({"VpcId": ["vpc-2"]})).unwrap(), "vpcSet", "cidrBlock"),
        ["10.1.0.0/16"]
    );
    let zones =
        ask(&mut world, "DescribeAvailabilityZones", json!({"Filter": [{"Name": "state", "Value": ["available"]}]}))
            .unwrap();
    assert_eq!(column(&zones, "availabilityZoneInfo", "zoneName"), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
}

#[test]
fn a_group_is_born_letting_everything_out() {
    let mut world = network();
    let tags = json!([{"ResourceType": "security-group", "Tag": [{"Key": "Name", "Value": "new"}]}]);
    let input =
        json!({"GroupName": "new", "GroupDescription": "a new one", "VpcId": "vpc-1", "TagSpecification": tags});
    let created = ask(&mut world, "CreateSecurityGroup", input).unwrap();
    assert_eq!(created["tagSet"], json!([{"key": "Name", "value": "new"}]));
    let found =
        ask(&mut world, "DescribeSecurityGroups", json!({"Filter": [{"Name": "tag:Name", "Value": ["new"]}]})).unwrap();
    let group = &found["securityGroupInfo"][0];
    assert_eq!(
        (&group["groupId"], &group["vpcId"], &group["ipPermissions"]),
        (&created["groupId"], &json!("vpc-1"), &json!([]))
    );
    let out = json!([{"ipProtocol": "-1", "ipRanges": [{"cidrIp": "0.0.0.0/0"}], "ipv6Ranges": [], "prefixListIds": [], "groups": []}]);
    assert_eq!(group["ipPermissionsEgress"], out);
}

#[test]
fn mistakes_get_ec2s_own_codes() {
    let create = |name: &str, description: &str, vpc: &str| json!({"GroupName": name, "GroupDescription": description, "VpcId": vpc});
    let permission = |permission: Value| json!({"GroupId": "sg-a", "IpPermissions": [permission]});
    let anywhere = json!([{"CidrIp": "0.0.0.0/0"}]);
    let cases = [
        ("CreateSecurityGroup", create("a", "x", "vpc-1"), "InvalidGroup.Duplicate"),
        ("CreateSecurityGroup", create("new", "x", "vpc-9"), "InvalidVpcID.NotFound"),
        ("CreateSecurityGroup", create("sg-new", "x", "vpc-1"), "InvalidParameterValue"),
        ("CreateSecurityGroup", create("default", "x", "vpc-1"), "InvalidGroup.Reserved"),
        ("CreateSecurityGroup", create("new", "the shop's", "vpc-1"), "InvalidParameterValue"),
        ("CreateSecurityGroup", json!({"GroupName": "new", "VpcId": "vpc-1"}), "MissingParameter"),
        (
            "CreateSecurityGroup",
            json!({"GroupName": "new", "GroupDescription": "x", "VpcId": "vpc-1", "TagSpecification": [{"ResourceType": "subnet"}]}),
            "InvalidParameterValue",
        ),
        ("DescribeSecurityGroups", json!({"GroupId": ["sg-9"]}), "InvalidGroup.NotFound"),
        ("DescribeSecurityGroups", json!({"GroupId": ["x"]}), "InvalidGroupId.Malformed"),
        ("DescribeSecurityGroups", json!({"MaxResults": "2"}), "InvalidParameterValue"),
        ("DescribeSecurityGroups", json!({"NextToken": "x"}), "InvalidNextToken"),
        ("DescribeSecurityGroups", json!({"DryRun": "true"}), "DryRunOperation"),
        ("DescribeSubnets", json!({"SubnetId": ["subnet-9"]}), "InvalidSubnetID.NotFound"),
        ("DescribeVpcs", json!({"VpcId": ["vpc-9"]}), "InvalidVpcID.NotFound"),
        ("DescribeNetworkInterfaces", json!({"NetworkInterfaceId": ["eni-9"]}), "InvalidNetworkInterfaceID.NotFound"),
        (
            "DescribeSecurityGroupRules",
            json!({"SecurityGroupRuleId": ["sgr-9"]}),
            "InvalidSecurityGroupRuleId.NotFound",
        ),
        ("DeleteSecurityGroup", json!({"GroupId": "sg-9"}), "InvalidGroup.NotFound"),
        ("DeleteSecurityGroup", json!({"GroupId": "sg-default1"}), "CannotDelete"),
        ("DeleteSecurityGroup", json!({}), "MissingParameter"),
        ("AuthorizeSecurityGroupIngress", block_rule(80, "10.0.0.0"), "InvalidParameterValue"),
        ("AuthorizeSecurityGroupIngress", block_rule(70_000, "10.0.0.0/8"), "InvalidParameterValue"),
        ("AuthorizeSecurityGroupIngress", json!({"GroupId": "sg-a"}), "MissingParameter"),
        (
            "AuthorizeSecurityGroupIngress",
            permission(json!({"IpProtocol": "tcp", "IpRanges": anywhere})),
            "InvalidParameterValue",
        ),
        (
            "AuthorizeSecurityGroupIngress",
            permission(json!({"IpProtocol": "tcp", "FromPort": "9", "ToPort": "8", "IpRanges": anywhere})),
            "InvalidParameterValue",
        ),
        (
            "AuthorizeSecurityGroupIngress",
            permission(json!({"IpProtocol": "carrier-pigeon", "IpRanges": anywhere})),
            "InvalidParameterValue",
        ),
        ("AuthorizeSecurityGroupIngress", permission(json!({"IpProtocol": "-1"})), "MissingParameter"),
        (
            "AuthorizeSecurityGroupIngress",
            permission(json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "it's"}]})),
            "InvalidParameterValue",
        ),
        ("AuthorizeSecurityGroupIngress", group_rule("sg-a", "sg-9"), "InvalidGroup.NotFound"),
        ("AuthorizeSecurityGroupIngress", group_rule("sg-a", "sg-far"), "InvalidGroup.NotFound"),
        (
            "AuthorizeSecurityGroupEgress",
            permission(json!({"IpProtocol": "-1", "IpRanges": anywhere})),
            "InvalidPermission.Duplicate",
        ),
        ("RevokeSecurityGroupIngress", block_rule(80, "10.0.0.0/8"), "InvalidPermission.NotFound"),
        (
            "RevokeSecurityGroupIngress",
            json!({"GroupId": "sg-a", "SecurityGroupRuleId": ["sgr-9"]}),
            "InvalidSecurityGroupRuleId.NotFound",
        ),
        ("CreateTags", json!({"ResourceId": ["sg-9"], "Tag": [{"Key": "a", "Value": "b"}]}), "InvalidGroup.NotFound"),
        (
            "CreateTags",
            json!({"ResourceId": ["sg-a"], "Tag": [{"Key": "aws:a", "Value": "b"}]}),
            "InvalidParameterValue",
        ),
        ("CreateTags", json!({"ResourceId": ["x-1"], "Tag": [{"Key": "a", "Value": "b"}]}), "InvalidID"),
        ("RunInstances", json!({}), "InvalidAction"),
    ];
    let mut world = network();
    let before = serde_json::to_value(&world.ec2).unwrap();
    for (operation, input, code) in cases {
        let fault = ask(&mut world, operation, input.clone()).unwrap_err();
        assert_eq!(fault.code, code, "{operation} {input}: {fault}");
        assert_eq!(serde_json::to_value(&world.ec2).unwrap(), before, "{operation} {input} changed something");
    }
}

#[test]
fn a_rule_is_made_found_described_changed_and_revoked_by_its_id() {
    let mut world = network();
    let mut input = block_rule(80, "10.1.2.3/8");
    input["TagSpecification"] =
        json!([{"ResourceType": "security-group-rule", "Tag": [{"Key": "owner", "Value": "hello"}]}]);
    let made = ask(&mut world, "AuthorizeSecurityGroupIngress", input).unwrap()["securityGroupRuleSet"][0].clone();
    assert_eq!(
        (&made["cidrIpv4"], &made["fromPort"], &made["isEgress"]),
        (&json!("10.0.0.0/8"), &json!(80), &json!(false))
    );
    assert_eq!(made["tagSet"], json!([{"key": "owner", "value": "hello"}]));
    let fault = ask(&mut world, "AuthorizeSecurityGroupIngress", block_rule(80, "10.0.0.0/8")).unwrap_err();
    assert_eq!(
        fault.message,
        "the specified rule \"peer: 10.0.0.0/8, TCP, from port: 80, to port: 80, ALLOW\" already exists"
    );

    for filter in [
        json!({"Name": "group-id", "Value": ["sg-a"]}),
        json!({"Name": "tag:owner", "Value": ["hello"]}),
        json!({"Name": "tag-key", "Value": ["owner"]}),
    ] {
        let found = ask(&mut world, "DescribeSecurityGroupRules", json!({"Filter": [filter]})).unwrap();
        assert!(
            column(&found, "securityGroupRuleSet", "securityGroupRuleId")
                .contains(&made["securityGroupRuleId"].as_str().unwrap().to_owned()),
            "{filter}"
        );
    }
    let id = made["securityGroupRuleId"].clone();
    let by_id = json!({"SecurityGroupRuleId": [id]});
    let new_words =
        json!({"GroupId": "sg-a", "SecurityGroupRuleDescription": [{"SecurityGroupRuleId": id, "Description": "b"}]});
    ask(&mut world, "UpdateSecurityGroupRuleDescriptionsIngress", new_words).unwrap();
    let change = json!({"GroupId": "sg-a", "SecurityGroupRule": [{"SecurityGroupRuleId": id, "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": "81", "ToPort": "81", "CidrIpv4": "10.0.0.0/8", "Description": "c"}}]});
    let described =
        ask(&mut world, "DescribeSecurityGroupRules", by_id.clone()).unwrap()["securityGroupRuleSet"][0].clone();
    assert_eq!(described["description"], "b");
    ask(&mut world, "ModifySecurityGroupRules", change).unwrap();
    let changed =
        ask(&mut world, "DescribeSecurityGroupRules", by_id.clone()).unwrap()["securityGroupRuleSet"][0].clone();
    assert_eq!(
        (&changed["fromPort"], &changed["description"], &changed["tagSet"]),
        (&json!(81), &json!("c"), &made["tagSet"])
    );
    let revoked =
        ask(&mut world, "RevokeSecurityGroupIngress", json!({"GroupId": "sg-a", "SecurityGroupRuleId": [id]})).unwrap();
    assert_eq!(revoked["revokedSecurityGroupRuleSet"][0]["cidrIpv4"], "10.0.0.0/8");
    assert_eq!(
        ask(&mut world, "DescribeSecurityGroupRules", by_id).unwrap_err().code,
        "InvalidSecurityGroupRuleId.NotFound"
    );
}

#[test]
fn rules_are_revoked_by_what_they_say_too() {
    let mut world = network();
    ask(&mut world, "AuthorizeSecurityGroupIngress", group_rule("sg-a", "sg-b")).unwrap();
    let mut with_protocol_number = group_rule("sg-a", "sg-b");
    with_protocol_number["IpPermissions"][0]["IpProtocol"] = json!("6");
    ask(&mut world, "RevokeSecurityGroupIngress", with_protocol_number).unwrap();
    let out =
        json!({"GroupId": "sg-a", "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]});
    ask(&mut world, "RevokeSecurityGroupEgress", out).unwrap();
    let rules =
        ask(&mut world, "DescribeSecurityGroupRules", json!({"Filter": [{"Name": "group-id", "Value": ["sg-a"]}]}))
            .unwrap();
    assert_eq!(rules["securityGroupRuleSet"], json!([]));
}

#[test]
fn sixty_rules_fit_in_each_direction_and_family() {
    let mut world = network();
    for port in 0..60 {
        ask(&mut world, "AuthorizeSecurityGroupIngress", block_rule(port, "10.0.0.0/8")).unwrap();
    }
    let fault = ask(&mut world, "AuthorizeSecurityGroupIngress", block_rule(60, "10.0.0.0/8")).unwrap_err();
    assert_eq!(fault.code, "RulesPerSecurityGroupLimitExceeded");
    assert_eq!(
        ask(&mut world, "AuthorizeSecurityGroupIngress", group_rule("sg-a", "sg-b")).unwrap_err().code,
        "RulesPerSecurityGroupLimitExceeded"
    );
    let v6 = json!({"GroupId": "sg-a", "IpPermissions": [{"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "2001:db8::1/32"}]}]});
    let made = ask(&mut world, "AuthorizeSecurityGroupIngress", v6).unwrap();
    assert_eq!(made["securityGroupRuleSet"][0]["cidrIpv6"], "2001:db8::/32");
}

#[test]
fn a_group_in_use_cannot_be_deleted() {
    let mut world = network();
    let delete = |world: &mut World| ask(world, "DeleteSecurityGroup", json!({"GroupId": "sg-b"}));
    let eni = create_eni(&mut world, "subnet-b", &["sg-b".to_owned()], "of a test").unwrap();
    let fault = delete(&mut world).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.message.as_str()),
        ("DependencyViolation", "resource sg-b has a dependent object")
    );
    delete_eni(&mut world, &eni.id);
    ask(&mut world, "AuthorizeSecurityGroupIngress", group_rule("sg-a", "sg-b")).unwrap();
    assert_eq!(delete(&mut world).unwrap_err().code, "DependencyViolation");
    ask(&mut world, "RevokeSecurityGroupIngress", group_rule("sg-a", "sg-b")).unwrap();
    // A rule of its own about itself is in nobody's way.
    ask(&mut world, "AuthorizeSecurityGroupIngress", group_rule("sg-b", "sg-b")).unwrap();
    assert_eq!(delete(&mut world).unwrap()["groupId"], "sg-b");
}

#[test]
fn an_interface_has_an_address_of_its_own() {
    let mut world = network();
    let first = create_eni(&mut world, "subnet-a", &["sg-a".to_owned()], "of a test").unwrap();
    let second = create_eni(&mut world, "subnet-a", &[], "of a test").unwrap();
    assert_eq!((first.private_ip.as_str(), second.private_ip.as_str()), ("10.0.0.4", "10.0.0.5"));
    assert_eq!(first.private_dns_name, "ip-10-0-0-4.eu-west-1.compute.internal");
    assert_eq!(second.groups, ["sg-default1"]);
    assert_eq!(subnet(&world, "subnet-a").unwrap().free_addresses, 9);
    let found =
        ask(&mut world, "DescribeNetworkInterfaces", json!({"Filter": [{"Name": "group-id", "Value": ["sg-a"]}]}))
            .unwrap();
    assert_eq!(column(&found, "networkInterfaceSet", "networkInterfaceId"), std::slice::from_ref(&first.id));
    assert_eq!(found["networkInterfaceSet"][0]["groupSet"], json!([{"groupId": "sg-a", "groupName": "a"}]));
    delete_eni(&mut world, &first.id);
    assert_eq!(create_eni(&mut world, "subnet-a", &[], "of a test").unwrap().private_ip, "10.0.0.4");
}

#[test]
fn interfaces_are_refused_with_ec2s_codes() {
    let mut world = network();
    let groups = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    for (subnet, ids, code) in [
        ("subnet-9", groups(&[]), "InvalidSubnetID.NotFound"),
        ("subnet-a", groups(&["sg-9"]), "InvalidGroup.NotFound"),
        ("subnet-a", groups(&["sg-far"]), "InvalidParameter"),
        (
            "subnet-a",
            groups(&["sg-a", "sg-a", "sg-a", "sg-a", "sg-a", "sg-a"]),
            "SecurityGroupsPerInterfaceLimitExceeded",
        ),
    ] {
        assert_eq!(create_eni(&mut world, subnet, &ids, "of a test").unwrap_err().code, code);
    }
    for _ in 0..11 {
        create_eni(&mut world, "subnet-a", &[], "of a test").unwrap();
    }
    assert_eq!(
        create_eni(&mut world, "subnet-a", &[], "of a test").unwrap_err().code,
        "InsufficientFreeAddressesInSubnet"
    );
}

#[test]
fn tags_come_change_and_go() {
    let mut world = network();
    let pair = |key: &str, value: &str| json!({"Key": key, "Value": value});
    ask(&mut world, "CreateTags", json!({"ResourceId": ["sg-a", "subnet-a"], "Tag": [pair("a", "1"), pair("b", "")]}))
        .unwrap();
    ask(&mut world, "CreateTags", json!({"ResourceId": ["sg-a"], "Tag": [pair("a", "2")]})).unwrap();
    let tags = |world: &mut World, id: &str| {
        let answer = ask(world, "DescribeTags", json!({"Filter": [{"Name": "resource-id", "Value": [id]}]})).unwrap();
        let tags = answer["tagSet"].as_array().unwrap().clone();
        tags.iter()
            .map(|tag| format!("{}={}", tag["key"].as_str().unwrap(), tag["value"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(tags(&mut world, "sg-a"), ["a=2", "b="]);
    // A value that isn't the tag's leaves it; a key alone takes it away; nothing named takes all.
    ask(&mut world, "DeleteTags", json!({"ResourceId": ["sg-a"], "Tag": [pair("a", "1"), {"Key": "b"}]})).unwrap();
    assert_eq!(tags(&mut world, "sg-a"), ["a=2"]);
    ask(&mut world, "DeleteTags", json!({"ResourceId": ["sg-a"]})).unwrap();
    assert_eq!(tags(&mut world, "sg-a"), Vec::<String>::new());
    assert_eq!(tags(&mut world, "subnet-a"), ["Tier=private", "a=1", "b="]);
    let many: Vec<Value> = (0..51).map(|number| pair(&format!("k{number}"), "")).collect();
    assert_eq!(
        ask(&mut world, "CreateTags", json!({"ResourceId": ["sg-a"], "Tag": many})).unwrap_err().code,
        "TagLimitExceeded"
    );
}
