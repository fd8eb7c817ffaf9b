"""Unpacks wheels as pip does, each into its own folder. Reads "jobs", a list of
{"name", "wheel", "folder"}, and the permitted number of "bytes" and "files".
Scripts, headers and data are not installed: no program of a package is run
here."""

import compileall
import json
import os
import py_compile
import sys
import tempfile
import zipfile

from pip._internal.exceptions import InstallationError
from pip._internal.models.scheme import Scheme
from pip._internal.operations.install.wheel import install_wheel


def check(jobs, most_bytes, most_files):
    """Ends the program if the wheels' directories exceed the limits. A file is
    never larger unpacked than its directory states: zipfile stops there."""
    size, number = 0, 0
    for job in jobs:
        folders = set()
        try:
            with zipfile.ZipFile(job["wheel"]) as wheel:
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
check(wanted["jobs"], wanted["bytes"], wanted["files"])
for job in wanted["jobs"]:
    folder = job["folder"]
    with tempfile.TemporaryDirectory() as rest:
        scheme = Scheme(platlib=folder, purelib=folder, headers=rest, scripts=rest, data=rest)
        try:
            install_wheel(job["name"], job["wheel"], scheme, job["name"], pycompile=False, warn_script_location=False)
        except InstallationError as error:
            sys.exit(f"ERROR: {error}")
    # Hash-based files need no timestamp, so they can be copied. A module that does
    # not compile is left uncompiled.
    compileall.compile_dir(
        folder, quiet=2, maxlevels=50, stripdir=os.path.dirname(folder),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
