"""Adds the Python kit to the list of a program's Go modules.

    python3 -I sbom.py MODULES.json HOME ARCHITECTURE > sbom.cdx.json

It is run by the Python of the kit in HOME, which is what knows its parts: the
interpreter, the libraries that are linked into it, and pip with what pip carries. A
library that does not tell its version is listed without one.
"""

import json
import pathlib
import re
import sys


def linked(home):
    """The libraries in libpython: name, version, supplier for the CPE, licence."""
    import compression.zstd
    import decimal
    import pyexpat
    import sqlite3
    import ssl
    import zlib

    library = (home / "lib/libpython3.14.so.1.0").read_bytes()

    def within(pattern):
        found = re.search(pattern, library)
        return found[1].decode() if found else None

    yield "openssl", ssl.OPENSSL_VERSION.split()[1], "openssl", "Apache-2.0"
    yield "sqlite", sqlite3.sqlite_version, "sqlite", "blessing"
    yield "zlib", zlib.ZLIB_VERSION, "zlib", "Zlib"
    yield "expat", pyexpat.EXPAT_VERSION.removeprefix("expat_"), "libexpat_project", "MIT"
    yield "zstd", compression.zstd.zstd_version, "facebook", "BSD-3-Clause"
    yield "libmpdec", decimal.__libmpdec_version__, None, "BSD-2-Clause"
    yield "bzip2", within(rb"\x00(1\.\d+\.\d+), \d+-\w{3}-20\d\d\x00"), "bzip", "bzip2-1.0.6"
    yield "xz", within(rb"\x00(5\.\d+\.\d+)\x00"), "tukaani", "0BSD"
    yield "ncurses", within(rb"\x00ncurses (\d+\.\d+)\.\d+\x00"), "gnu", "X11"
    yield "libffi", None, None, "MIT"
    yield "libedit", None, None, "BSD-3-Clause"
    yield "libuuid", None, None, "BSD-3-Clause"


def component(name, version, purl, licence, cpe=None):
    made = {"bom-ref": purl, "type": "library", "name": name}
    if version:
        made["version"] = version
    if licence:
        made["licenses"] = [{"license": {"id": licence}}]
    if cpe and version:
        made["cpe"] = f"cpe:2.3:a:{cpe}:{version}:*:*:*:*:*:*:*"
    made["purl"] = purl
    return made


def python_parts(home):
    version = sys.version.split()[0]
    yield component("cpython", version, f"pkg:generic/cpython@{version}", "Python-2.0", "python:python")
    for name, found, supplier, licence in linked(home):
        purl = f"pkg:generic/{name}" + (f"@{found}" if found else "")
        yield component(name, found, purl, licence, supplier and f"{supplier}:{name.replace('expat', 'libexpat')}")
    pip = home / "pip/pip"
    found = re.search(r'__version__ = "(.+)"', (pip / "__init__.py").read_text())[1]
    yield component("pip", found, f"pkg:pypi/pip@{found}", "MIT", "pypa:pip")
    for name, found in re.findall(r"^\s*([\w.-]+)==([\w.]+)", (pip / "_vendor/vendor.txt").read_text(), re.M):
        yield component(name, found, f"pkg:pypi/{name.lower()}@{found}", None)


def main(modules, home, architecture):
    home = pathlib.Path(home)
    bom = json.loads(pathlib.Path(modules).read_text())
    # The hash of the tool depends on the machine that built it.
    for tool in bom["metadata"]["tools"]:
        tool.pop("hashes", None)
    bom["metadata"]["properties"].append({"name": "maestro:architecture", "value": architecture})
    parts = list(python_parts(home))
    bom["components"] = sorted(bom["components"] + parts, key=lambda c: c["bom-ref"])
    root = bom["metadata"]["component"]["bom-ref"]
    python, rest = parts[0]["bom-ref"], [p["bom-ref"] for p in parts[1:]]
    for dependency in bom["dependencies"]:
        if dependency["ref"] == root:
            dependency["dependsOn"] = sorted(dependency.get("dependsOn", []) + [python])
    bom["dependencies"].append({"ref": python, "dependsOn": sorted(rest)})
    bom["dependencies"] += [{"ref": ref} for ref in rest]
    json.dump(bom, sys.stdout, indent=2, sort_keys=True)
    print()


main(*sys.argv[1:])
