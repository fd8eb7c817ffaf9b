"""The last part of what every subtenant's interpreter runs first; the parts
before it (convert.py, api.py, output.py, load.py, describe.py, processes.py,
packages.py) share its namespace. No code of the subtenant's has run yet.
"""

import sys
import time

import _maestro

_loops = {}  # number of the outer call -> its event loop


def run(awaitable):
    """Runs what an async function has returned to its end."""
    import asyncio

    call = _maestro.frame() >> 20
    with asyncio.Runner() as runner:
        _loops[call] = runner.get_loop()
        try:
            return runner.run(awaitable)
        finally:
            _loops.pop(call, None)


def threads(call):
    """Returns the threads that a call has started, by what they inherited from
    it, and wakes its event loop: an exception meets only code that runs.
    """
    loop = _loops.get(call)
    if loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(int)
    threading = sys.modules.get("threading")
    found = []
    for thread in list(getattr(threading, "_active", {}).values()):
        if type(thread) in _helper_threads:  # noqa: F821 (processes.py)
            continue
        context = getattr(thread, "_context", None)
        if context is not None and context.get(_maestro.frame_var, 0) >> 20 == call:
            found.append(thread.ident)
    return found


time.sleep = _maestro.sleep
time.sleep.__module__ = "time"  # another process finds its own by that name
sys.argv = [""]
if site_packages:  # noqa: F821 (set before this runs)
    use_packages(site_packages.encode("utf-8", "surrogateescape"))  # noqa: F821

_maestro.set_hooks(globals())
# What a function could import it for is only to get in the way.
del sys.modules["_maestro"]
