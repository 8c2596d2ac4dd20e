#!/usr/bin/env python3
"""Writes ecs.json: the members of the ECS requests whose members Longshore's kinds take, from AWS's API model.

The model is the one in botocore, as published on PyPI, in the version below; to follow AWS, raise it, run this, and let
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
REQUESTS = ["CreateClusterRequest", "CreateServiceRequest", "RegisterTaskDefinitionRequest"]
MODEL = "botocore/data/ecs/2014-11-13/service-2.json.gz"


def model():
    with tempfile.TemporaryDirectory() as directory:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", directory]
        subprocess.run([*pip, f"botocore=={BOTOCORE}"], check=True)
        (wheel,) = pathlib.Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return json.loads(gzip.decompress(archive.read(MODEL)))["shapes"]


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


def main():
    shapes = model()
    found, wanted = {}, list(REQUESTS)
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        members = shapes[name]["members"].items()
        found[name] = {member: kind(shapes, target["shape"]) for member, target in members}
        for short in found[name].values():
            wanted += shapes_in(short)
    lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
    text = f'{{"botocore": "{BOTOCORE}", "shapes": {{\n' + ",\n".join(lines) + "\n}}\n"
    pathlib.Path(__file__).with_name("ecs.json").write_text(text)


if __name__ == "__main__":
    main()
