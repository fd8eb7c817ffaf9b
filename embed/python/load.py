"""Modules: one for each version of a function, with the siblings among its
builtins.

A name that a module has not bound when it is used means the sibling, as it would
mean a builtin of that name: bound on some paths only, deleted, or bound later.
What a module has bound comes first by Python's own rules, so that all modules can
see the same builtins.
"""

import builtins
import sys
from _thread import RLock

import _frozen_importlib
import _maestro

# Held for moments, never while code of the subtenant runs. Loading has a lock of
# importlib's kind for each function: a module may call a sibling or import a
# stored module while it is loaded, whose own code may do the same, in any order
# and in several threads; those locks find out when threads would wait for each
# other for ever.
_lock = RLock()
_loaded = {}  # key -> name of the function and module, also while it loads
_contexts = {}  # key -> the context of its module
_loading = set()  # keys whose module-level code is running

# What stands among the builtins for stored code only: its names are not carried
# over from the interpreter's own builtins, nor to them.
_ours = {"__maestro_call": _maestro.call, "__maestro_call__": _maestro.call}
_siblings = {}  # name -> Sibling, the present ones

# There without an import, but imported only when a source mentions them: a
# third of the time and memory of a fresh interpreter otherwise.
_conveniences = {
    "json": lambda: __import__("json"),
    "uuid": lambda: __import__("uuid"),
    "datetime": lambda: __import__("datetime").datetime,
}
_convenient = {}  # those that are there


class _Site:
    """What the module site adds to the builtins for people at a prompt, and programs
    use. Its own classes import os, which takes longer than all the rest of this file,
    and its exit closes sys.stdin, which is not the call's own.
    """

    def __init__(self, text, call):
        self._text = text
        self._call = call

    def __repr__(self):
        return self._text

    def __call__(self, *args, **options):
        return (self._call or self._print)(*args, **options)

    def _print(self):
        print(self._text)


def _exit(code=None):
    raise SystemExit(code)


def _help(*args, **options):
    import pydoc

    return pydoc.help(*args, **options)


builtins.exit = _Site("Use exit() to end the call", _exit)
builtins.quit = _Site("Use quit() to end the call", _exit)
builtins.help = _Site("Type help(object) for help about object.", _help)
builtins.copyright = _Site(sys.copyright, None)
builtins.credits = _Site("See www.python.org for more information about the authors of Python.", None)
builtins.license = _Site("See https://www.python.org/psf/license/", None)
_shown = builtins.__dict__ | _ours
# Python and the server's part of it do without those for people at a prompt.
_needed = {
    name: value
    for name, value in builtins.__dict__.items()
    if callable(value) and type(value) is not _Site and name not in ("breakpoint", "input")
}
_maestro.follow_builtins(builtins.__dict__, _shown, _ours, _needed)


def _show_builtin(name):
    """Makes a name mean what it must: the sibling, the convenience, or what it is
    in the interpreter's own builtins.
    """
    value = _siblings.get(name) or _convenient.get(name)
    if value is not None:
        _ours[name] = _shown[name] = value
    elif name in _ours:
        if name in builtins.__dict__:
            _shown[name] = builtins.__dict__[name]
        else:
            _shown.pop(name, None)
        del _ours[name]


def _provide(source):
    for name in [name for name in _conveniences if name in source]:
        _convenient[name] = _conveniences.pop(name)()
        _show_builtin(name)


def load(key, name, version, source, code, imports):
    """Runs the code of a program in a module of its own. Returns the module,
    whether it is ready (it is not when its own code has led here), the context
    that its code has run in, and None or a (variable, value): each call gets a
    copy of them, so that what the module has set (decimal.getcontext(), a
    ContextVar) holds in all of them, and what a call sets in no other. imports
    are the names of the modules that the source imports, one a line.
    """
    lock = _frozen_importlib._ModuleLockManager(full_name(name))  # noqa: F821 (modules.py)
    try:
        lock.__enter__()
    except _frozen_importlib._DeadlockError:
        if key not in _loaded:
            raise
        return _loaded[key][1], False, _contexts[key], None
    try:
        if key in _loaded:
            return _loaded[key][1], key not in _loading, _contexts[key], None
        module, context = _load(key, name, source, code, imports)
        return module, True, context, _decimal_in(context)
    finally:
        lock.__exit__(None, None, None)


def _load(key, name, source, code, imports):
    with _lock:
        _provide(source)
    module = new_module(name, code.co_filename, source)  # noqa: F821 (modules.py)
    module.__builtins__ = _shown
    _contexts[key] = context = _of_no_call.copy()  # noqa: F821 (work.py)
    _loading.add(key)
    _loaded[key] = name, module
    enter_module(name, key, module)  # noqa: F821
    try:
        sync_stored()  # noqa: F821 (stored.py)
        expect_imports(imports.split("\n"))  # noqa: F821 (modules.py)
        context.run(_maestro.run_code, code, module.__dict__)
        inherit_context(context, imports)  # noqa: F821 (stored.py)
        if _taken:  # noqa: F821 (output.py)
            settle_buffers()  # noqa: F821
    except BaseException:
        unload(key)
        raise
    finally:
        _loading.discard(key)
        module.__spec__._initializing = False
    return module, context


def _decimal_in(context):
    """Returns the variable of decimal's context and its value, if it is set: the
    value is an object that getcontext().prec = … changes.
    """
    decimal = sys.modules.get("decimal")
    kind = getattr(decimal, "Context", None)
    return next(((variable, value) for variable, value in context.items() if type(value) is kind), None) if kind else None


def unload(key):
    """A program is out of use. Its source stays for tracebacks still to come."""
    entry = _loaded.pop(key, None)
    _contexts.pop(key, None)
    if entry is not None:
        leave_module(entry[0], key)  # noqa: F821
        note_threads(entry[1])  # noqa: F821 (outlast.py)


def set_siblings(names):
    """Makes the builtins show these siblings, in place: functions hold on to the
    dict that they were made with.
    """
    try:
        sync_stored(wait=False)  # noqa: F821 (stored.py)
    except RuntimeError:
        pass  # the next program that is loaded sees to it, or says so
    with _lock:
        wanted = {name: _maestro.sibling(name) for name in names.split("\n") if name}
        changed = wanted.keys() ^ _siblings.keys()
        _siblings.clear()
        _siblings.update(wanted)
        for name in changed:
            _show_builtin(name)
