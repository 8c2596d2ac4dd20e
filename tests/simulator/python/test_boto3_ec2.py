"""EC2's network part, as boto3 sees it."""

import pytest

VPC = "vpc-0a1b2c3d"
PRIVATE = ["subnet-0aaa", "subnet-0bbb", "subnet-0ccc"]


@pytest.fixture
def ec2(client):
    return client("ec2")


@pytest.fixture
def group(ec2, request):
    """A security group of the test's own, gone afterwards."""
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "test", "Value": request.node.name}]}]
    made = ec2.create_security_group(GroupName=request.node.name, Description="of a test", VpcId=VPC, TagSpecifications=tags)
    assert made["Tags"] == tags[0]["Tags"] and made["SecurityGroupArn"].endswith(made["GroupId"])
    yield made["GroupId"]
    assert ec2.delete_security_group(GroupId=made["GroupId"])["GroupId"] == made["GroupId"]


def tcp(port, **peer):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}]


def rules_of(ec2, group, egress=False):
    filters = [{"Name": "group-id", "Values": [group]}]
    rules = ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    return [rule for rule in rules if rule["IsEgress"] is egress]


def test_the_network_of_the_world(ec2, refused):
    assert ec2.describe_vpcs(VpcIds=[VPC])["Vpcs"][0]["CidrBlock"] == "10.0.0.0/16"
    by_tag = [{"Name": "tag:Tier", "Values": ["private"]}, {"Name": "vpc-id", "Values": [VPC]}]
    subnets = ec2.describe_subnets(Filters=by_tag)["Subnets"]
    assert [subnet["SubnetId"] for subnet in subnets] == PRIVATE
    assert {subnet["AvailabilityZone"] for subnet in subnets} == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}
    assert all(subnet["AvailableIpAddressCount"] > 8000 for subnet in subnets)
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [(zone["ZoneName"], zone["State"]) for zone in zones][0] == ("eu-west-1a", "available")
    refused("InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=["subnet-0none"])
    refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=["vpc-0none"])


def test_a_group_reads_back(ec2, group, request, refused):
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert (found["GroupName"], found["Description"], found["VpcId"]) == (request.node.name, "of a test", VPC)
    assert found["IpPermissions"] == []
    assert found["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    refused("InvalidGroup.Duplicate", ec2.create_security_group, GroupName=request.node.name, Description="x", VpcId=VPC)
    refused("InvalidGroup.NotFound", ec2.describe_security_groups, GroupIds=["sg-0none"])


def test_ingress_rules(ec2, group, refused):
    ranges = tcp(80, IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "inside"}])
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "rule", "Value": "a"}]}]
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ranges, TagSpecifications=tags)
    rule = made["SecurityGroupRules"][0]
    assert made["Return"] is True and rule["Tags"] == tags[0]["Tags"]
    assert (rule["CidrIpv4"], rule["FromPort"], rule["IpProtocol"]) == ("10.0.0.0/8", 80, "tcp")
    refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=ranges)
    by_tag = ec2.describe_security_group_rules(Filters=[{"Name": "tag:rule", "Values": ["a"]}])["SecurityGroupRules"]
    assert by_tag == [rule]

    described = [{"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "Description": "anew"}]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, SecurityGroupRuleDescriptions=described)
    assert rules_of(ec2, group)[0]["Description"] == "anew"
    request = {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 82, "CidrIpv4": "10.0.0.0/8"}
    changed = [{"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": request}]
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=changed)
    assert (rules_of(ec2, group)[0]["FromPort"], rules_of(ec2, group)[0]["ToPort"]) == (81, 82)

    revoked = ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    assert revoked["RevokedSecurityGroupRules"][0]["CidrIpv4"] == "10.0.0.0/8"
    assert rules_of(ec2, group) == []
    refused("InvalidPermission.NotFound", ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=ranges)


def test_egress_rules(ec2, group):
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.update_security_group_rule_descriptions_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "out"}]}]
    )
    assert rules_of(ec2, group, egress=True)[0]["Description"] == "out"
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    assert rules_of(ec2, group, egress=True) == []
    database = [{"UserIdGroupPairs": [{"GroupId": "sg-0database"}], "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}]
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=database)
    assert rules_of(ec2, group, egress=True)[0]["ReferencedGroupInfo"]["GroupId"] == "sg-0database"
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert found["IpPermissionsEgress"][0]["UserIdGroupPairs"][0]["GroupId"] == "sg-0database"


def test_a_group_in_use_stays(ec2, group, refused):
    peer = tcp(5432, UserIdGroupPairs=[{"GroupId": group}])
    ec2.authorize_security_group_ingress(GroupId="sg-0database", IpPermissions=peer)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    ec2.revoke_security_group_ingress(GroupId="sg-0database", IpPermissions=peer)


def test_pages_of_rules(ec2, group):
    for port in range(12):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=tcp(port, IpRanges=[{"CidrIp": "10.0.0.0/8"}]))
    paginator = ec2.get_paginator("describe_security_group_rules")
    pages = paginator.paginate(Filters=[{"Name": "group-id", "Values": [group]}], PaginationConfig={"PageSize": 5})
    # Twelve, and the one that lets everything out.
    assert [len(page["SecurityGroupRules"]) for page in pages] == [5, 5, 3]


def test_tags(ec2, group):
    ec2.create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    ec2.delete_tags(Resources=[group], Tags=[{"Key": "a"}])
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [group]}])["Tags"]
    assert {"ResourceId": group, "ResourceType": "security-group", "Key": "b", "Value": ""} in tags
    assert all(tag["Key"] != "a" for tag in tags)
    found = ec2.describe_security_groups(Filters=[{"Name": "tag-key", "Values": ["b"]}])["SecurityGroups"]
    assert [one["GroupId"] for one in found] == [group]


def test_interfaces_of_nobody(ec2, group, refused):
    in_group = [{"Name": "group-id", "Values": [group]}]
    assert ec2.describe_network_interfaces(Filters=in_group)["NetworkInterfaces"] == []
    refused("InvalidNetworkInterfaceID.NotFound", ec2.describe_network_interfaces, NetworkInterfaceIds=["eni-0none"])
