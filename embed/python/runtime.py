"""The last part of what every subtenant's interpreter runs first; the parts
before it (convert.py, api.py, on_import.py, output.py, work.py,
loop_shared.py, loop.py, stream.py, modules.py, load.py, stored.py, describe.py, processes.py, addresses.py, folder.py, packages.py, forked.py) share its
namespace. No code of the subtenant's has run yet.
"""

import sys
import time

import _maestro



def _register_at_fork(*, before=None, after_in_child=None, after_in_parent=None):
    """Nothing can fork here. CPython would keep the functions beyond the end of
    their module, and with them the memory of the interpreter.
    """


_audit_hooks = _contextvars.ContextVar("audit_hooks", default=())  # noqa: F821 (api.py)
_add_audit_hook = sys.addaudithook
_audited = False  # whether the interpreter has our hook


def _audit(event, args):
    for hook in _audit_hooks.get():
        hook(event, args)


def _addaudithook(hook):
    """A hook holds for the call that adds it, and one of module-level code for the calls
    of that module: nothing can take it from the interpreter again, where it would
    see, and could fail, all other calls and the server's own code.
    """
    global _audited
    if not _audited:
        _audited = True
        _add_audit_hook(_audit)
    _audit_hooks.set((*_audit_hooks.get(), hook))


_addaudithook.__name__ = _addaudithook.__qualname__ = "addaudithook"
_addaudithook.__module__ = "sys"
sys.addaudithook = _addaudithook
if not _maestro.alone:
    for _module in (sys.modules["posix"], sys.modules.get("os")):
        if _module is not None:
            _module.register_at_fork = _register_at_fork
_register_at_fork.__name__ = _register_at_fork.__qualname__ = "register_at_fork"
time.sleep = _maestro.sleep
time.sleep.__module__ = "time"  # another process finds its own by that name
sys.argv = [""]
if site_packages:  # noqa: F821 (set before this runs)
    use_packages(site_packages.encode("utf-8", "surrogateescape"))  # noqa: F821

_maestro.set_hooks(globals())
# What a function could import it for is only to get in the way.
del sys.modules["_maestro"]
