"""The last part of what every subtenant's interpreter runs first; the parts
before it (convert.py, api.py, first_import.py, output.py, work.py, loop.py,
load.py, describe.py, packages.py)
share its namespace. No code of the subtenant's has run yet.
"""

import sys
import time

import _maestro

time.sleep = _maestro.sleep
sys.argv = [""]
if site_packages:  # noqa: F821 (set before this runs)
    use_packages(site_packages.encode("utf-8", "surrogateescape"))  # noqa: F821

_maestro.set_hooks(globals())
# What a function could import it for is only to get in the way.
del sys.modules["_maestro"]
