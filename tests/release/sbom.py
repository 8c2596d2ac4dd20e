"""Prints an SPDX document of what the controller is made of, by `cargo metadata`: normal dependencies on Linux alone.

usage: sbom.py VERSION
"""

import json
import re
import subprocess
import sys

TARGET = "x86_64-unknown-linux-gnu"


def spdx_id(package):
    return "SPDXRef-" + re.sub("[^A-Za-z0-9.-]", "-", f"{package['name']}-{package['version']}")


def reached(metadata, root):
    """The packages that are compiled into a program: no build scripts' and no tests' dependencies."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    seen, todo = set(), [root]
    while todo:
        package = todo.pop()
        if package not in seen:
            seen.add(package)
            normal = (d["pkg"] for d in nodes[package]["deps"] if any(kind["kind"] is None for kind in d["dep_kinds"]))
            todo.extend(normal)
    return seen


def main():
    version = sys.argv[1]
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    root = next(id for id, package in packages.items() if package["name"] == "longshore")
    chosen = sorted((packages[id] for id in reached(metadata, root)), key=lambda p: (p["name"], p["version"]))
    if packages[root]["version"] != version:
        sys.exit(f"the controller is {packages[root]['version']}, not {version}")
    print(json.dumps({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"longshore-{version}",
        "documentNamespace": f"https://longshore.dev/spdx/longshore-{version}",
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: longshore-release"]},
        "packages": [{
            "SPDXID": spdx_id(package),
            "name": package["name"],
            "versionInfo": package["version"],
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": (package["license"] or "NOASSERTION").replace("/", " OR "),
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:cargo/{package['name']}@{package['version']}"}],
        } for package in chosen],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                           "relatedSpdxElement": spdx_id(packages[root])}],
    }, indent=1))


main()
