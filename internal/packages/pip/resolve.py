"""Runs pip and turns its report into a lock: the packages to install, by name,
and the dependencies between them. Both in one process, because pip spends most
of its time on being imported.

Arguments: the report's file, its largest permitted size, then pip's own.
Prints the lock; pip's output goes to the standard error."""

import json
import os
import sys
from urllib.parse import unquote, urlsplit

from pip._internal.cli.main import main
from pip._vendor.packaging.markers import default_environment
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
report_file, most, *arguments = sys.argv[1:]
status = main([*arguments, "--report", report_file])
if status:
    sys.exit(status)
if os.path.getsize(report_file) > int(most):
    sys.exit(f"ERROR: The packages' metadata exceeds the limit of {int(most) >> 20} MB.")
with open(report_file, "rb") as file:
    report = json.load(file)
items = {canonicalize_name(item["metadata"]["name"]): item for item in report["install"]}
environment = default_environment()
extras = {name: {canonicalize_name(e) for e in item.get("requested_extras") or ()} for name, item in items.items()}
needs = {name: set() for name in items}

# An extra that one package requires of another adds to the requirements of the
# latter, which may require further extras: repeated until nothing is added.
changed = True
while changed:
    changed = False
    for name, item in items.items():
        for text in item["metadata"].get("requires_dist") or ():
            wanted = Requirement(text)
            other = canonicalize_name(wanted.name)
            if other not in items:
                continue
            if wanted.marker and not any(wanted.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras[name])):
                continue
            asked = {canonicalize_name(e) for e in wanted.extras}
            if other not in needs[name] or not asked <= extras[other]:
                needs[name].add(other)
                extras[other] |= asked
                changed = True

lock = []
for name, item in sorted(items.items()):
    download = item["download_info"]
    lock.append({
        "name": name,
        "version": item["metadata"]["version"],
        "file": unquote(urlsplit(download["url"]).path.rsplit("/", 1)[-1]),
        "sha256": (download.get("archive_info") or {}).get("hashes", {}).get("sha256", ""),
        "needs": sorted(needs[name] - {name}),
    })
with answer:
    json.dump(lock, answer)
