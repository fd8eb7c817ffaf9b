"""Turns pip's report into a lock: the packages to install, by name, and the
dependencies between them. Reads the file, prints the lock."""

import json
import sys
from urllib.parse import unquote, urlsplit

from pip._vendor.packaging.markers import default_environment
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

with open(sys.argv[1], "rb") as file:
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
json.dump(lock, sys.stdout)
