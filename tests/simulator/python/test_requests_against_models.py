"""Every recorded request, held against botocore's models of the services.

LONGSHORE_RECORDING names a file with what the simulator's GET /_simulator/calls answered.
"""

import json
import os
import re

import botocore.session
import pytest
from botocore.validate import ParamValidator

SESSION = botocore.session.get_session()

# The examples shorten the ids of what they find in AWS, for people to read: subnet-0aaa.
SHORTENED = re.compile(r"(?P<kind>subnet|vpc|sg)-0(?P<rest>[0-9a-z]{1,15})")


def wire_name(service, name, shape):
    """How a recorded member is called; EC2 writes its names with a capital, those of Route 53 and what stands in Scheduler's
    URLs are recorded by the model's names."""
    if service in ("route53", "scheduler"):
        return name
    located = shape.serialization.get("name", name)
    if service == "ec2":
        located = shape.serialization.get("queryName", located)
        return located[:1].upper() + located[1:]
    return located


def adapt(service, shape, value):
    """A recorded value by the model's names and types: the query protocols carry text only, and EC2 its own names."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = {wire_name(service, name, member): (name, member) for name, member in shape.members.items()}
        adapted = {}
        for name, inner in value.items():
            member = known.get(name)
            if member:
                adapted[member[0]] = adapt(service, member[1], inner)
            else:
                # Marked, lest a name that only the model knows pass for one of the wire.
                adapted[f"{name} (on the wire)"] = inner
        return adapted
    if shape.type_name == "list":
        if value == "":
            return []
        return [adapt(service, shape.member, inner) for inner in value] if isinstance(value, list) else value
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: adapt(service, shape.value, inner) for key, inner in value.items()}
    return scalar(shape.type_name, value) if service in ("autoscaling", "ec2", "elbv2", "iam", "sts") else value


def lengthened(value):
    """A value with the ids of the examples as long as AWS's are: 17 digits ("Resource IDs", Amazon EC2 User Guide)."""
    if isinstance(value, dict):
        return {name: lengthened(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [lengthened(inner) for inner in value]
    short = SHORTENED.fullmatch(value) if isinstance(value, str) else None
    return f"{short['kind']}-0{short['rest']:0<16}" if short else value


def scalar(type_name, text):
    try:
        if type_name in ("integer", "long"):
            return int(text)
        if type_name in ("float", "double"):
            return float(text)
    except (TypeError, ValueError):
        return text
    return {"true": True, "false": False}.get(text, text) if type_name == "boolean" else text


def beyond(shape, value, place=""):
    """What botocore's validator leaves out: enumerations and upper bounds."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.members:
                yield from beyond(shape.members[name], inner, f"{place}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        yield from too_large(shape, len(value), f"{place}: number of items")
        for index, inner in enumerate(value):
            yield from beyond(shape.member, inner, f"{place}[{index}]")
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, inner in value.items():
            yield from beyond(shape.value, inner, f"{place}.{key}")
    elif isinstance(value, str):
        allowed = getattr(shape, "enum", None)
        if allowed and value not in allowed:
            yield f"{place}: {value!r} is none of {allowed}"
        yield from too_large(shape, len(value), f"{place}: length")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from too_large(shape, value, place)


def too_large(shape, size, what):
    if size > shape.metadata.get("max", size):
        yield f"{what}: {size} is more than {shape.metadata['max']}"


def complaints(call):
    """What is wrong with one recorded call, by the model of its service."""
    model = SESSION.get_service_model(call["service"])
    if call["operation"] not in model.operation_names:
        return [f"{call['service']} has no operation {call['operation']}"]
    shape = model.operation_model(call["operation"]).input_shape
    if shape is None:
        return [f"unknown member {name}" for name in call["input"]]
    adapted = lengthened(adapt(call["service"], shape, call["input"]))
    report = ParamValidator().validate(adapted, shape)
    told = report.generate_report().splitlines() if report.has_errors() else []
    return told + list(beyond(shape, adapted))


def recorded():
    path = os.environ.get("LONGSHORE_RECORDING")
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)["calls"]


def test_every_recorded_request_fits_its_model():
    calls = recorded()
    if calls is None:
        pytest.skip("LONGSHORE_RECORDING names no recording")
    assert calls, "the recording is empty"
    # Calls that AWS refuses may be wrong: refusing them is what they were made for, or is told elsewhere.
    accepted = [call for call in calls if call["outcome"] == "OK"]
    found = {f"{call['service']} {call['operation']}: {told}" for call in accepted for told in complaints(call)}
    print(f"{len(accepted)} of {len(calls)} recorded requests were accepted and are checked")
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize(
    ("service", "operation", "given", "expected"),
    [
        ("iam", "GetRole", {"RoleName": "a"}, None),
        ("iam", "ListRoles", {"MaxItems": "7"}, None),
        ("iam", "TagRole", {"RoleName": "a", "Tags": [{"Key": "a", "Value": ""}]}, None),
        ("iam", "GetRole", {"RoleName": "a", "Colour": "red"}, "Colour"),
        ("iam", "GetRole", {}, "RoleName"),
        ("iam", "ListRoles", {"MaxItems": "many"}, "MaxItems"),
        ("iam", "ListRoles", {"MaxItems": "1001"}, "more than 1000"),
        ("ec2", "DescribeSubnets", {"Filter": [{"Name": "vpc-id", "Value": ["vpc-1"]}], "SubnetId": ["a"]}, None),
        ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "a", "IpPermissions": [{"Groups": [{"GroupId": "b"}], "FromPort": "1"}]}, None),
        ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "a", "IpPermissions": [{"UserIdGroupPairs": []}]}, "UserIdGroupPairs"),
        ("ec2", "DescribeSubnets", {"Filters": []}, "Filters"),
        ("ecs", "CreateService", {"serviceName": "a", "desiredCount": 2}, None),
        ("ecs", "CreateService", {"serviceName": "a", "desiredCount": "2"}, "desiredCount"),
        ("ecs", "CreateService", {"serviceName": "a", "launchType": "MOON"}, "MOON"),
        ("ecs", "CreateService", {"serviceName": "a", "networkConfiguration": {"awsvpcConfiguration": {"subnets": [], "vpc": "a"}}}, "vpc"),
        ("logs", "CreateLogGroup", {"logGroupName": "a", "tags": {"a": "b"}}, None),
        ("logs", "MakeLogGroup", {}, "no operation"),
        ("elbv2", "CreateTargetGroup", {"Name": "a", "Port": "80", "HealthCheckIntervalSeconds": "5"}, None),
        ("elbv2", "CreateTargetGroup", {"Name": "a", "Port": "80", "HealthCheckInterval": "5"}, "HealthCheckInterval"),
        ("elbv2", "CreateRule", {"ListenerArn": "a", "Priority": "50001", "Conditions": [], "Actions": []}, "more than 50000"),
        ("efs", "CreateMountTarget", {"FileSystemId": "fs-0123456789abcdef0", "SubnetId": "subnet-0aaa"}, None),
        ("efs", "CreateMountTarget", {"FileSystemId": "fs-0123456789abcdef0", "SubnetId": "aaa"}, "SubnetId"),
        ("application-autoscaling", "RegisterScalableTarget", {"ServiceNamespace": "moon"}, "ScalableDimension"),
        ("route53", "ListResourceRecordSets", {"HostedZoneId": "Z1", "StartRecordName": "a"}, None),
        ("route53", "ListResourceRecordSets", {"StartRecordName": "a"}, "HostedZoneId"),
        ("sts", "GetCallerIdentity", {}, None),
    ],
)
def test_the_check_itself_finds_what_is_wrong(service, operation, given, expected):
    told = complaints({"service": service, "operation": operation, "input": given})
    if expected is None:
        assert told == []
    else:
        assert any(expected in line for line in told), told
