"""Checks whether installed packages meet requirements unchanged, and reports
the dependencies between them. Reads {"folder", "names", "wanted"}, prints
{"needs", "unmet"}. No index is contacted."""

import json
import sys
from importlib.metadata import distributions

from pip._vendor.packaging.markers import default_environment
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

request = json.load(sys.stdin)
names = set(request["names"])
installed = {}
for distribution in distributions(path=[request["folder"]]):
    name = canonicalize_name(distribution.metadata["Name"] or "")
    if name in names:
        installed[name] = distribution
requires = {name: [Requirement(text) for text in d.requires or ()] for name, d in installed.items()}
environment = default_environment()
extras = {name: set() for name in installed}
needs = {name: set() for name in installed}
unmet = []


def applies(wanted, extras=()):
    return wanted.marker is None or any(wanted.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def is_met(wanted):
    name = canonicalize_name(wanted.name)
    # Installed pre-releases count, as they do for pip.
    return name in installed and wanted.specifier.contains(installed[name].version, prereleases=True)


reached = []
for text in request["wanted"]:
    wanted = Requirement(text)
    if not applies(wanted):
        continue
    if not is_met(wanted):
        unmet.append(text)
        continue
    name = canonicalize_name(wanted.name)
    extras[name] |= {canonicalize_name(extra) for extra in wanted.extras}
    reached.append(name)

# As in resolve.py: extras add requirements, which may add extras.
changed = True
while changed:
    changed = False
    for name, all_wanted in requires.items():
        for wanted in all_wanted:
            other = canonicalize_name(wanted.name)
            if other not in installed or not applies(wanted, extras[name]):
                continue
            asked = {canonicalize_name(extra) for extra in wanted.extras}
            if other not in needs[name] or not asked <= extras[other]:
                needs[name].add(other)
                extras[other] |= asked
                changed = True

seen = set()
while reached:
    name = reached.pop()
    if name in seen:
        continue
    seen.add(name)
    reached.extend(needs[name])
    for wanted in requires[name]:
        if applies(wanted, extras[name]) and not is_met(wanted):
            wanted.marker = None
            unmet.append(f"{wanted} (for {name})")

json.dump({"needs": {name: sorted(needs[name] - {name}) for name in needs}, "unmet": sorted(set(unmet))}, sys.stdout)
