#!/usr/bin/env python3
"""Writes ecs.json and elbv2.json: the members of the requests whose members Longshore's kinds take, from AWS's models.

The models are those in botocore, as published on PyPI, in the version below; to follow AWS, raise it, run this, and let
`cargo test -p longshore-crds` say what is new.

usage: crds/api-members/extract.py
"""

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

BOTOCORE = "1.44.8"
SERVICES = {
    "ecs": (
        "2014-11-13",
        [
            "AutoRepairConfiguration",
            "CreateClusterRequest",
            "CreateServiceRequest",
            "InfrastructureOptimization",
            "InstanceLaunchTemplate",
            "RegisterTaskDefinitionRequest",
            "RunTaskRequest",
        ],
    ),
    "elbv2": (
        "2015-12-01",
        ["CreateListenerInput", "CreateLoadBalancerInput", "CreateRuleInput", "CreateTargetGroupInput"],
    ),
}


def models():
    with tempfile.TemporaryDirectory() as directory:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", directory]
        subprocess.run([*pip, f"botocore=={BOTOCORE}"], check=True)
        (wheel,) = pathlib.Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for service, (version, requests) in SERVICES.items():
                path = f"botocore/data/{service}/{version}/service-2.json.gz"
                yield service, requests, json.loads(gzip.decompress(archive.read(path)))["shapes"]


def kind(shapes, name):
    """A shape in short: a word, ["list", K], ["map", K], ["enum", WORD, ...] or ["shape", NAME]."""
    shape = shapes[name]
    if shape["type"] == "structure":
        return "document" if shape.get("document") else ["shape", name]
    if shape["type"] == "list":
        return ["list", kind(shapes, shape["member"]["shape"])]
    if shape["type"] == "map":
        return ["map", kind(shapes, shape["value"]["shape"])]
    return ["enum", *shape["enum"]] if "enum" in shape else shape["type"]


def shapes_in(short):
    if isinstance(short, str) or short[0] == "enum":
        return []
    return [short[1]] if short[0] == "shape" else shapes_in(short[1])


def members(shapes, requests):
    found, wanted = {}, list(requests)
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        targets = shapes[name]["members"].items()
        found[name] = {member: kind(shapes, target["shape"]) for member, target in targets}
        for short in found[name].values():
            wanted += shapes_in(short)
    return found


def main():
    for service, requests, shapes in models():
        found = members(shapes, requests)
        lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
        text = f'{{"botocore": "{BOTOCORE}", "shapes": {{\n' + ",\n".join(lines) + "\n}}\n"
        pathlib.Path(__file__).with_name(f"{service}.json").write_text(text)


if __name__ == "__main__":
    main()
