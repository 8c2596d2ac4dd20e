"""That every operation which the simulator has was asked by boto3; runs last."""

import pathlib
import re

import pytest

from conftest import DRIVEN

SERVICES = pathlib.Path(__file__).parent.parent / "src" / "services"
# An arm of a service's table of operations, such as `"GetRole" => ...` or `"A" | "B" => ...`.
ARM = re.compile(r'^\s+((?:"[A-Z]\w+"(?: \| )?)+) =>', re.MULTILINE)


def offered(service):
    arms = ARM.findall((SERVICES / f"{service}.rs").read_text(encoding="utf-8"))
    return {name for arm in arms for name in re.findall(r'"(\w+)"', arm)}


# Where boto3's name is another than the file's.
NAMES = {"eventbridge": "events"}
SERVICE_FILES = [
    "acm", "ec2", "ecs", "elbv2", "eventbridge", "iam", "logs", "route53", "servicediscovery", "sts", "wafv2",
]
MODULES = ["capacity", "cloud_map", "ec2", "ecs", "edge", "elbv2", "events", "iam", "logs"]


@pytest.mark.parametrize("service", SERVICE_FILES)
def test_every_operation_was_driven(service, request):
    modules = {item.path.name for item in request.session.items}
    all_modules = {f"test_boto3_{name}.py" for name in MODULES}
    if not all_modules <= modules or request.config.option.keyword:
        pytest.skip("only a part of the tests was run")
    assert offered(service), "no table of operations found"
    assert offered(service) - DRIVEN[NAMES.get(service, service)] == set()
