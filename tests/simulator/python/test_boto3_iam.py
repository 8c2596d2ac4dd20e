"""IAM and STS, as boto3 sees them."""

import datetime
import json

import pytest

from conftest import ACCOUNT, make_client

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/app-boundary"
XRAY = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::in/*"}]}


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture
def role(iam, request):
    """A role of the test's own, gone afterwards unless the test deletes it."""
    name = request.node.name[:64]
    iam.create_role(RoleName=name, Path="/boto3/", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=[{"Key": "a", "Value": "1"}])
    yield name
    try:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        iam.delete_role(RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        pass


def test_a_role_reads_back(iam, role):
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=BOUNDARY)
    found = iam.get_role(RoleName=role)["Role"]
    assert found["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/boto3/{role}"
    assert found["AssumeRolePolicyDocument"] == TRUST  # decoded by botocore
    assert isinstance(found["CreateDate"], datetime.datetime)
    assert found["MaxSessionDuration"] == 3600
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert found["Tags"] == [{"Key": "a", "Value": "1"}]
    assert found["RoleId"].startswith("AROA") and found["RoleLastUsed"] == {}
    iam.delete_role_permissions_boundary(RoleName=role)
    assert "PermissionsBoundary" not in iam.get_role(RoleName=role)["Role"]


def test_a_role_is_updated(iam, role):
    iam.update_role(RoleName=role, Description="a", MaxSessionDuration=7200)
    iam.update_role_description(RoleName=role, Description="b")
    trust = json.loads(json.dumps(TRUST).replace("ecs-tasks", "scheduler"))
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    iam.tag_role(RoleName=role, Tags=[{"Key": "b", "Value": ""}])
    iam.untag_role(RoleName=role, TagKeys=["a"])
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("b", 7200)
    assert found["AssumeRolePolicyDocument"] == trust
    assert iam.list_role_tags(RoleName=role)["Tags"] == [{"Key": "b", "Value": ""}]


def test_inline_policies(iam, role, refused):
    iam.put_role_policy(RoleName=role, PolicyName="read", PolicyDocument=json.dumps(READ))
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["read"]
    found = iam.get_role_policy(RoleName=role, PolicyName="read")
    assert (found["RoleName"], found["PolicyName"], found["PolicyDocument"]) == (role, "read", READ)
    refused("DeleteConflict", iam.delete_role, RoleName=role)
    iam.delete_role_policy(RoleName=role, PolicyName="read")
    refused("NoSuchEntity", iam.get_role_policy, RoleName=role, PolicyName="read")


def test_managed_policies(iam, role):
    iam.attach_role_policy(RoleName=role, PolicyArn=XRAY)
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AWSXRayDaemonWriteAccess", "PolicyArn": XRAY}]
    policy = iam.get_policy(PolicyArn=XRAY)["Policy"]
    assert policy["AttachmentCount"] == 1 and policy["IsAttachable"] is True
    version = iam.get_policy_version(PolicyArn=XRAY, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert "xray:PutTraceSegments" in version["Document"]["Statement"][0]["Action"]
    assert iam.list_policy_versions(PolicyArn=XRAY)["Versions"][0]["IsDefaultVersion"] is True
    local = iam.list_policies(Scope="Local")["Policies"]
    assert [policy["Arn"] for policy in local] == [BOUNDARY]
    iam.detach_role_policy(RoleName=role, PolicyArn=XRAY)
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


def test_all_that_roles_allow_is_listed_at_once(iam, role):
    iam.put_role_policy(RoleName=role, PolicyName="read", PolicyDocument=json.dumps(READ))
    iam.attach_role_policy(RoleName=role, PolicyArn=XRAY)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=BOUNDARY)
    pages = iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"], PaginationConfig={"PageSize": 1})
    pages = list(pages)
    assert all(len(page["RoleDetailList"]) == 1 for page in pages)
    (found,) = [found for page in pages for found in page["RoleDetailList"] if found["RoleName"] == role]
    assert found["AssumeRolePolicyDocument"] == TRUST  # decoded by botocore
    assert found["RolePolicyList"] == [{"PolicyName": "read", "PolicyDocument": READ}]
    assert found["AttachedManagedPolicies"] == [{"PolicyName": "AWSXRayDaemonWriteAccess", "PolicyArn": XRAY}]
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert found["Tags"] == [{"Key": "a", "Value": "1"}]
    assert "MaxSessionDuration" not in found
    policies = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"]
    assert [policy["Arn"] for policy in policies] == [BOUNDARY]
    assert policies[0]["PolicyVersionList"][0]["Document"]["Statement"]


def test_roles_are_listed_page_by_page(iam):
    names = [f"page-{number}" for number in range(5)]
    for name in names:
        iam.create_role(RoleName=name, Path="/pages/", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=[{"Key": "a", "Value": "1"}])
    pages = list(iam.get_paginator("list_roles").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 2}))
    assert [len(page["Roles"]) for page in pages] == [2, 2, 1]
    roles = [role for page in pages for role in page["Roles"]]
    assert [role["RoleName"] for role in roles] == names
    assert all("Tags" not in role for role in roles)
    for name in names:
        iam.delete_role(RoleName=name)


def test_iam_refuses_with_modelled_errors(iam, role, refused):
    document = json.dumps(TRUST)
    refused("EntityAlreadyExists", iam.create_role, RoleName=role.upper(), AssumeRolePolicyDocument=document)
    refused("MalformedPolicyDocument", iam.create_role, RoleName="x", AssumeRolePolicyDocument="{}")
    refused("ValidationError", iam.create_role, RoleName="x" * 65, AssumeRolePolicyDocument=document)
    refused("NoSuchEntity", iam.attach_role_policy, RoleName=role, PolicyArn="arn:aws:iam::aws:policy/None")
    error = refused("NoSuchEntity", iam.get_role, RoleName="none")
    assert isinstance(error, iam.exceptions.NoSuchEntityException)
    assert error.response["Error"]["Message"] == "The role with name none cannot be found."
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert error.response["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("account", [ACCOUNT, "210987654321"])
def test_an_assumed_role_has_an_identity_of_its_own(simulator, client, account, refused):
    sts = client("sts")
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    asked = {"RoleArn": f"arn:aws:iam::{account}:role/longshore", "RoleSessionName": "boto3"}
    refused("AccessDenied", sts.assume_role, **asked)
    session = sts.assume_role(**asked, ExternalId="k8s-prod")
    assert session["Credentials"]["Expiration"] > datetime.datetime.now(datetime.timezone.utc)
    assumed = make_client(simulator, "sts", session["Credentials"]["AccessKeyId"], session["Credentials"]["SessionToken"])
    identity = assumed.get_caller_identity()
    assert identity["Account"] == account
    assert identity["Arn"] == session["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/longshore/boto3"
    assert identity["UserId"] == session["AssumedRoleUser"]["AssumedRoleId"]
