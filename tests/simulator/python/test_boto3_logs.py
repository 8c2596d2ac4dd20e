"""CloudWatch Logs, as boto3 sees it."""

import pytest

from conftest import ACCOUNT, REGION


@pytest.fixture
def logs(client):
    return client("logs")


@pytest.fixture
def group(logs, request):
    """A log group of the test's own, gone afterwards."""
    name = f"/boto3/{request.node.name}"
    logs.create_log_group(logGroupName=name, tags={"a": "1"})
    yield name
    logs.delete_log_group(logGroupName=name)


def described(logs, name):
    return logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]


def test_a_group_reads_back(logs, group, refused):
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    found = described(logs, group)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    assert (found["arn"], found["logGroupArn"], found["retentionInDays"]) == (f"{arn}:*", arn, 30)
    assert found["storedBytes"] == 0 and found["logGroupClass"] == "STANDARD"
    logs.delete_retention_policy(logGroupName=group)
    assert "retentionInDays" not in described(logs, group)
    key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    logs.associate_kms_key(logGroupName=group, kmsKeyId=key)
    assert described(logs, group)["kmsKeyId"] == key
    logs.disassociate_kms_key(logGroupName=group)
    assert "kmsKeyId" not in described(logs, group)
    refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=group)
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName=group, retentionInDays=31)
    refused("ResourceNotFoundException", logs.put_retention_policy, logGroupName="/none", retentionInDays=30)


def test_a_protected_group_stays(logs, group, refused):
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=True)
    refused("ValidationException", logs.delete_log_group, logGroupName=group)
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=False)


def test_tags(logs, group):
    arn = described(logs, group)["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"b": "2"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    logs.tag_log_group(logGroupName=group, tags={"c": "3"})
    logs.untag_log_group(logGroupName=group, tags=["b"])
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"c": "3"}


def test_streams_and_events(logs, group, refused):
    stream = {"logGroupName": group, "logStreamName": "web/1"}
    logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=[{"timestamp": 1000, "message": "hello"}, {"timestamp": 2000, "message": "bye"}])
    found = logs.describe_log_streams(logGroupName=group)["logStreams"][0]
    assert (found["logStreamName"], found["firstEventTimestamp"], found["lastEventTimestamp"]) == ("web/1", 1000, 2000)
    events = logs.get_log_events(**stream, startFromHead=True)["events"]
    assert [event["message"] for event in events] == ["hello", "bye"]
    logs.delete_log_stream(**stream)
    refused("ResourceNotFoundException", logs.get_log_events, **stream)


def test_groups_are_listed_page_by_page(logs):
    names = [f"/pages/{number}" for number in range(5)]
    for name in names:
        logs.create_log_group(logGroupName=name)
    pages = list(logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/pages/", PaginationConfig={"PageSize": 2}))
    assert [len(page["logGroups"]) for page in pages] == [2, 2, 1]
    by_identifier = logs.describe_log_groups(logGroupIdentifiers=names[:2])["logGroups"]
    assert [group["logGroupName"] for group in by_identifier] == names[:2]
    for name in names:
        logs.delete_log_group(logGroupName=name)
