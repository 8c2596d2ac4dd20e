"""Clients of the simulator that LONGSHORE_ENDPOINT names, and a hand on its clock."""

import collections
import json
import os
import urllib.request

import boto3
import pytest
from botocore.config import Config

REGION = "eu-west-1"
ACCOUNT = "123456789012"
DRIVEN = collections.defaultdict(set)


def pytest_addoption(parser):
    parser.addoption("--recording-to", help="a file to write the simulator's recording to at the end")


def pytest_collection_modifyitems(items):
    """What counts the operations that were driven comes last."""
    items.sort(key=lambda item: item.path.name == "test_every_operation.py")


def pytest_sessionfinish(session):
    path = session.config.getoption("--recording-to")
    if path and "LONGSHORE_ENDPOINT" in os.environ:
        calls = Simulator(os.environ["LONGSHORE_ENDPOINT"]).get("calls")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(calls, file)


class Simulator:
    """The endpoints that are the simulator's own, not AWS's."""

    def __init__(self, url):
        self.url = url

    def get(self, path):
        return self._ask("GET", path)

    def post(self, path, **body):
        return self._ask("POST", path, json.dumps(body).encode())

    def advance(self, seconds):
        self.post("clock/advance", seconds=seconds)

    def until(self, condition, seconds=600, step=5):
        """Moves simulated time on until the condition holds; it is told as missed after so many seconds of it."""
        for _ in range(0, seconds, step):
            if condition():
                return
            self.advance(step)
        assert condition(), f"not within {seconds} simulated seconds"

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(f"{self.url}/_simulator/{path}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)


@pytest.fixture(scope="session")
def simulator():
    if "LONGSHORE_ENDPOINT" not in os.environ:
        pytest.skip("LONGSHORE_ENDPOINT names no simulator: use the script run beside this file")
    return Simulator(os.environ["LONGSHORE_ENDPOINT"])


def make_client(simulator, service, key="AKIAEXAMPLE", token=None):
    client = boto3.client(
        service,
        endpoint_url=simulator.url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key="example",
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.meta.events.register("before-call", lambda model, **_: DRIVEN[service].add(model.name))
    return client


@pytest.fixture(scope="session")
def client(simulator):
    """A client for a service, by its name."""
    made = {}

    def of(service):
        if service not in made:
            made[service] = make_client(simulator, service)
        return made[service]

    return of


@pytest.fixture
def refused():
    """Asserts that a call is refused with a code, and gives the error."""

    def check(code, call, **arguments):
        with pytest.raises(call.__self__.exceptions.ClientError) as error:
            call(**arguments)
        assert error.value.response["Error"]["Code"] == code, error.value
        return error.value

    return check
