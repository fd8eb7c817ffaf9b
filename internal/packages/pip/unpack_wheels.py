"""Unpacks wheels as pip does, each into a folder of its own. Reads a list of
{"name", "wheel", "folder"}. Scripts, headers and data are left out: nothing
here runs a package's programs."""

import compileall
import json
import os
import py_compile
import sys
import tempfile

from pip._internal.exceptions import InstallationError
from pip._internal.models.scheme import Scheme
from pip._internal.operations.install.wheel import install_wheel

for job in json.load(sys.stdin):
    folder = job["folder"]
    with tempfile.TemporaryDirectory() as rest:
        scheme = Scheme(platlib=folder, purelib=folder, headers=rest, scripts=rest, data=rest)
        try:
            install_wheel(job["name"], job["wheel"], scheme, job["name"], pycompile=False, warn_script_location=False)
        except InstallationError as error:
            sys.exit(f"ERROR: {error}")
    # A hash instead of a timestamp that is not looked at: the files are copied.
    # A module that does not compile is its package's own matter.
    compileall.compile_dir(
        folder, quiet=2, maxlevels=50, stripdir=os.path.dirname(folder),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
