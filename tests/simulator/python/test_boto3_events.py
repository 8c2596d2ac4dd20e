"""Rules of EventBridge as boto3 sees them: made, aimed at a task, tagged, fired by events, taken away."""

import json

import pytest

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"},
]}
START = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["ecs:RunTask", "iam:PassRole"], "Resource": "*"},
]}
PATTERN = {"source": ["shop.orders"], "detail": {"size": [{"numeric": [">", 0]}]}}


@pytest.fixture
def events(client):
    return client("events")


@pytest.fixture
def target(client, simulator):
    iam, ecs = client("iam"), client("ecs")
    role = iam.create_role(RoleName="rule-starter", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="rule-starter", PolicyName="start", PolicyDocument=json.dumps(START))
    cluster = ecs.create_cluster(clusterName="on-events")["cluster"]["clusterArn"]
    revision = ecs.register_task_definition(
        family="on-events", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        containerDefinitions=[{"name": "job", "image": "public.ecr.aws/nginx/nginx:1.27"}],
    )["taskDefinition"]["taskDefinitionArn"]
    simulator.advance(20)
    template = '{"containerOverrides":[{"name":"job","environment":[{"name":"KEY","value":"<key>"}]}]}'
    yield {
        "Id": "task", "Arn": cluster, "RoleArn": role,
        "InputTransformer": {"InputPathsMap": {"key": "$.detail.key"}, "InputTemplate": template},
        "EcsParameters": {
            "TaskDefinitionArn": revision, "LaunchType": "FARGATE",
            "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-0aaa"]}},
        },
        "RetryPolicy": {"MaximumRetryAttempts": 2},
    }
    tasks = ecs.list_tasks(cluster="on-events")["taskArns"]
    for task in tasks:
        ecs.stop_task(cluster="on-events", task=task)

    def stopped():
        shown = ecs.describe_tasks(cluster="on-events", tasks=tasks)["tasks"]
        return all(task["lastStatus"] == "STOPPED" for task in shown)

    if tasks:
        simulator.until(stopped)
    ecs.delete_cluster(cluster="on-events")
    iam.delete_role_policy(RoleName="rule-starter", PolicyName="start")
    iam.delete_role(RoleName="rule-starter")


def test_a_rule_starts_a_task_that_knows_the_event(events, target, client, simulator, refused):
    buses = [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]
    assert buses == ["default", "orders"]
    arn = events.put_rule(
        Name="uploads", EventPattern=json.dumps(PATTERN), State="DISABLED", Tags=[{"Key": "a", "Value": "1"}]
    )["RuleArn"]
    assert arn == "arn:aws:events:eu-west-1:123456789012:rule/uploads"
    assert events.put_targets(Rule="uploads", Targets=[target])["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule="uploads")["Targets"] == [target]
    assert events.describe_rule(Name="uploads")["State"] == "DISABLED"
    events.enable_rule(Name="uploads")
    events.disable_rule(Name="uploads")
    events.enable_rule(Name="uploads")
    assert events.list_rules(NamePrefix="up")["Rules"][0]["State"] == "ENABLED"

    detail = json.dumps({"key": "2026/orders.csv", "size": 5})
    entry = {"Source": "shop.orders", "DetailType": "uploaded", "Detail": detail}
    told = events.put_events(Entries=[entry, {**entry, "Source": "aws.s3"}])
    assert told["FailedEntryCount"] == 1
    assert told["Entries"][1]["ErrorCode"] == "NotAuthorizedForSourceException"
    simulator.advance(10)
    ecs = client("ecs")
    [task] = ecs.list_tasks(cluster="on-events")["taskArns"]
    [shown] = ecs.describe_tasks(cluster="on-events", tasks=[task])["tasks"]
    assert shown["overrides"]["containerOverrides"][0]["environment"] == [{"name": "KEY", "value": "2026/orders.csv"}]
    assert shown["startedBy"] == "events-rule/uploads"

    refused("ValidationException", events.delete_rule, Name="uploads")
    left = events.remove_targets(Rule="uploads", Ids=["task", "other"])
    assert [entry["TargetId"] for entry in left["FailedEntries"]] == ["other"]
    events.delete_rule(Name="uploads")
    refused("ResourceNotFoundException", events.describe_rule, Name="uploads")


def test_tags_and_another_bus(events, refused):
    pattern = json.dumps({"source": ["x"]})
    arn = events.put_rule(Name="tagged", EventBusName="orders", EventPattern=pattern)["RuleArn"]
    assert arn.endswith(":rule/orders/tagged")
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert events.list_rules()["Rules"] == []
    events.delete_rule(Name="tagged", EventBusName="orders")
    refused("InvalidEventPatternException", events.put_rule, Name="wrong", EventPattern='{"source":"x"}')
    refused("ResourceNotFoundException", events.put_rule, Name="r", EventBusName="none", EventPattern=pattern)
