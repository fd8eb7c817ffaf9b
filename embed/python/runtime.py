"""The last part of what every subtenant's interpreter runs first; the parts
before it (convert.py, api.py, on_import.py, output.py, work.py,
loop_shared.py, loop.py, stream.py, modules.py, load.py, stored.py, describe.py, processes.py, addresses.py, folder.py, packages.py, forked.py) share its
namespace. No code of the subtenant's has run yet.
"""

import sys
import time

import _maestro
import _weakref



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

_tools = _contextvars.ContextVar("monitoring_tools", default=())  # noqa: F821 (api.py)
_uses = {}  # of tools by their ids, weakly: they end with the contexts that have them
_use_tool_id, _free_tool_id = sys.monitoring.use_tool_id, sys.monitoring.free_tool_id
_register_callback = sys.monitoring.register_callback


class _Use:
    __slots__ = ("tool_id", "__weakref__")


def _begin_use(tool_id, name, /):
    """A tool belongs to the call that takes it, and one of module-level code to the
    calls of that module: else the next call finds it in use, and what it counts,
    or raises, reaches all other calls.
    """
    _use_tool_id(tool_id, name)
    use = _Use()
    use.tool_id = tool_id
    _uses[tool_id] = _weakref.ref(use, lambda ended: _end_use(tool_id, ended))
    _tools.set((*_tools.get(), use))


def _end_use(tool_id, ended):
    if _uses.get(tool_id) is ended:
        del _uses[tool_id]
        _free_tool_id(tool_id)


def _give_back(tool_id, /):
    _uses.pop(tool_id, None)
    _free_tool_id(tool_id)


def _set_callback(tool_id, event, func, /):
    if func is not None:

        def call(code, *args, of=func):
            if code.co_filename == _own_file:
                return None
            for use in _tools.get():
                if use.tool_id == tool_id:
                    return of(code, *args)

    else:
        call = None
    last = _register_callback(tool_id, event, call)
    return last.__kwdefaults__["of"] if last is not None else None


_own_file = _set_callback.__code__.co_filename
for _made, _name in ((_begin_use, "use_tool_id"), (_give_back, "free_tool_id"), (_set_callback, "register_callback")):
    _made.__name__ = _made.__qualname__ = _name
    _made.__module__ = "sys.monitoring"
    setattr(sys.monitoring, _name, _made)
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
