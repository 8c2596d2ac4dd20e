"""Runs gitops/argo-cd's scripts as Argo CD does: Lua 5.1, the object in the global `obj`, no libraries but a cut-down `os`.

usage: argo_cd.py verify              what health_test.yaml and action_test.yaml say holds; prints how many tests there were
       argo_cd.py health NAME STATUS  reads an object (JSON), prints its health and how it differs from testdata/NAME.yaml
       argo_cd.py act ACTION [HOURS]  reads an object, prints the merge patch that the action amounts to, as Argo CD sends it

With LONGSHORE_RECORD_OBJECTS=1, `health` writes testdata/NAME.yaml and what health_test.yaml expects of it.
"""

import copy
import json
import os
import sys
import time
from pathlib import Path

import yaml
from lupa import lua51

ROOT = Path(__file__).parents[3] / "gitops/argo-cd/resource_customizations/ecs.longshore.dev"
HEALTH = ROOT / "_"
# What differs from run to run and says nothing.
VOLATILE = ["managedFields", "uid", "resourceVersion", "creationTimestamp", "selfLink"]


def to_lua(lua, value):
    if isinstance(value, dict):
        return lua.table_from({key: to_lua(lua, item) for key, item in value.items() if item is not None})
    if isinstance(value, list):
        return lua.table_from([to_lua(lua, item) for item in value])
    return value


def from_lua(value):
    if lua51.lua_type(value) != "table":
        return int(value) if isinstance(value, float) and value.is_integer() else value
    keys = list(value.keys())
    if keys and all(isinstance(key, int) for key in keys):
        return [from_lua(value[index]) for index in sorted(keys)]
    return {key: from_lua(value[key]) for key in keys}


def run(script, obj, parameters=None, now=None):
    lua = lua51.LuaRuntime(unpack_returned_tuples=True)
    for library in ("io", "debug", "package", "dofile", "loadfile", "python"):
        lua.globals()[library] = None
    at = time.time() if now is None else now

    def date(form, when=None):
        assert form.startswith("!"), "local time is nobody's time"
        return time.strftime(form[1:], time.gmtime(at if when is None else when))

    system = lua.table_from({"date": date, "time": lambda: int(at)})
    lua.globals()["require"] = lambda name: system if name == "os" else None
    lua.globals()["os"] = system
    lua.globals()["obj"] = to_lua(lua, obj)
    lua.globals()["actionParams"] = to_lua(lua, parameters or {})
    return from_lua(lua.execute(script.read_text()))


def health(obj):
    return run(HEALTH / "health.lua", obj)


def without_what_differs(obj):
    obj = copy.deepcopy(obj)
    for member in VOLATILE:
        obj["metadata"].pop(member, None)
    obj["metadata"].get("annotations", {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return obj


def essence(obj):
    """What the scripts go by."""
    status = obj.get("status", {})
    told = [(c["type"], c["status"], c["reason"]) for c in status.get("conditions", [])]
    current = status.get("observedGeneration") == obj["metadata"].get("generation")
    return {"kind": obj["kind"], "api": obj["apiVersion"], "conditions": sorted(told), "current": current,
            "spec": sorted(obj["spec"]), "deleted": "deletionTimestamp" in obj["metadata"]}


def record(name, obj, verdict):
    path = HEALTH / "testdata" / f"{name}.yaml"
    path.write_text(yaml.safe_dump(without_what_differs(obj), width=120))
    tests = HEALTH / "health_test.yaml"
    known = yaml.safe_load(tests.read_text())["tests"] if tests.exists() else []
    known = [test for test in known if test["inputPath"] != f"testdata/{name}.yaml"]
    known.append({"inputPath": f"testdata/{name}.yaml", "healthStatus": verdict})
    known.sort(key=lambda test: test["inputPath"])
    tests.write_text("# Written with testdata, from objects of an end-to-end run.\n" + yaml.safe_dump({"tests": known}, width=120))


def check_health(name, expected):
    obj = json.load(sys.stdin)
    verdict = health(obj)
    if verdict["status"] != expected:
        sys.exit(f"health is {verdict}, not {expected}, of {json.dumps(without_what_differs(obj), indent=1)}")
    if os.environ.get("LONGSHORE_RECORD_OBJECTS"):
        record(name, obj, verdict)
    path = HEALTH / "testdata" / f"{name}.yaml"
    recorded = yaml.safe_load(path.read_text())
    if essence(recorded) != essence(obj):
        sys.exit(f"{path} is stale: run this test with LONGSHORE_RECORD_OBJECTS=1\n{essence(recorded)}\n{essence(obj)}")
    return verdict


def verify():
    count = 0
    for test in yaml.safe_load((HEALTH / "health_test.yaml").read_text())["tests"]:
        found = health(yaml.safe_load((HEALTH / test["inputPath"]).read_text()))
        assert found == test["healthStatus"], f"{test['inputPath']}: {found}"
        count += 1
    recorded = {f"testdata/{path.name}" for path in (HEALTH / "testdata").iterdir()}
    named = {test["inputPath"] for test in yaml.safe_load((HEALTH / "health_test.yaml").read_text())["tests"]}
    assert recorded == named, f"testdata and health_test.yaml differ: {recorded ^ named}"
    for tests in ROOT.glob("*/actions/action_test.yaml"):
        count += verify_actions(tests)
    return {"passed": count}


def verify_actions(tests):
    actions, count = tests.parent, 0
    content = yaml.safe_load(tests.read_text())
    for test in content["discoveryTests"]:
        found = run(actions / "discovery.lua", yaml.safe_load((actions / test["inputPath"]).read_text()))
        expected = {action["name"]: {k: v for k, v in action.items() if k != "name"} for action in test["result"]}
        found = {name: {"disabled": False, **action} for name, action in found.items()}
        assert found == expected, f"{test['inputPath']}: {found}"
        count += 1
    now = 1767323045  # 2026-01-02T03:04:05Z, which the expected outputs name
    for test in content["actionTests"]:
        obj = yaml.safe_load((actions / test["inputPath"]).read_text())
        script = actions / test["action"] / "action.lua"
        wrong = test.get("expectedErrorMessage")
        try:
            found = run(script, obj, test.get("parameters"), now)
        except lua51.LuaError as error:
            assert wrong is not None and wrong in str(error), f"{test}: {error}"
        else:
            expected = yaml.safe_load((actions / test["expectedOutputPath"]).read_text())
            assert wrong is None and pruned(found) == pruned(expected), f"{test}: {json.dumps(found, indent=1)}"
        count += 1
    return count


def pruned(value):
    """Lua has one empty table; whether that was a list or nothing, nobody can tell."""
    if isinstance(value, dict):
        items = {key: pruned(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in ({}, [], None)}
    return [pruned(item) for item in value] if isinstance(value, list) else value


def act(action, hours=None):
    parameters = {} if hours is None else {"hours": hours}
    before = json.load(sys.stdin)
    return difference(pruned(before), pruned(run(ROOT / "EcsService/actions" / action / "action.lua", before, parameters)))


def difference(before, after):
    """RFC 7386."""
    patch = {key: None for key in before if key not in after}
    for key, value in after.items():
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            changed = difference(before[key], value)
            if changed:
                patch[key] = changed
        elif value != before.get(key):
            patch[key] = value
    return patch


COMMANDS = {"verify": verify, "health": check_health, "act": act}

print(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])))
