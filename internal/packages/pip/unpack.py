"""Runs pip, which fetches or builds wheels, and unpacks them as pip does, each
into a folder of its own. Both in one process, because most of the time that
this takes goes into importing pip. Scripts, headers and data are left out:
unpacking runs none of a package's programs.

Arguments: pip's own. Reads {"wheels", "folders", "bytes", "files"}: the folder
with the wheels, the folder of each package by its normalised name, and the size
and number of files that all of them may come to."""

import compileall
import json
import os
import py_compile
import sys
import tempfile
import zipfile

from pip._internal.cli.main import main
from pip._internal.exceptions import InstallationError
from pip._internal.models.scheme import Scheme
from pip._internal.operations.install.wheel import install_wheel
from pip._vendor.packaging.utils import canonicalize_name


def check(wheels, most_bytes, most_files):
    """Ends the program when the wheels' directories tell of too much. A file is
    never larger unpacked than its directory says: zipfile stops there."""
    size, number = 0, 0
    for file in wheels:
        folders = set()
        try:
            with zipfile.ZipFile(file) as wheel:
                entries = wheel.infolist()
        except zipfile.BadZipFile:
            continue  # pip reports it better
        for entry in entries:
            size += entry.file_size
            folder = os.path.dirname(entry.filename[:4096])
            while folder and folder not in folders and number + len(folders) <= most_files:
                folders.add(folder)
                folder = os.path.dirname(folder.rstrip("/"))
        number += len(entries) + len(folders)
        if size > most_bytes or number > most_files:
            sys.exit(f"ERROR: The unpacked packages exceed the limits of {most_bytes >> 20} MB and {most_files} files.")


wanted = json.load(sys.stdin)
status = main(sys.argv[1:])
if status:
    sys.exit(status)
wheels = {}
for entry in os.scandir(wanted["wheels"]):
    if entry.name.endswith(".whl"):
        wheels[canonicalize_name(entry.name.split("-")[0])] = entry.path
missing = wanted["folders"].keys() - wheels.keys()
if missing:
    raise FileNotFoundError(f"no wheel of {', '.join(sorted(missing))}")
check(wheels.values(), wanted["bytes"], wanted["files"])
for name, folder in wanted["folders"].items():
    with tempfile.TemporaryDirectory() as rest:
        scheme = Scheme(platlib=folder, purelib=folder, headers=rest, scripts=rest, data=rest)
        try:
            install_wheel(name, wheels[name], scheme, name, pycompile=False, warn_script_location=False)
        except InstallationError as error:
            sys.exit(f"ERROR: {error}")
    # Hash-based files need no timestamp, so they can be copied. A module that does
    # not compile is left uncompiled.
    compileall.compile_dir(
        folder, quiet=2, maxlevels=50, stripdir=os.path.dirname(folder),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
