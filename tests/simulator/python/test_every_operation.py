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


@pytest.mark.parametrize("service", ["acm", "ec2", "ecs", "elbv2", "iam", "logs", "route53", "sts", "wafv2"])
def test_every_operation_was_driven(service, request):
    modules = {item.path.name for item in request.session.items}
    all_modules = {f"test_boto3_{name}.py" for name in ("capacity", "ec2", "ecs", "edge", "elbv2", "iam", "logs")}
    if not all_modules <= modules or request.config.option.keyword:
        pytest.skip("only a part of the tests was run")
    assert offered(service), "no table of operations found"
    assert offered(service) - DRIVEN[service] == set()
