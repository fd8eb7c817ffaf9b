"""Modules: one for each version of a function, with a __builtins__ of its own
kind, in which the siblings are found.
"""

import builtins
import io
import linecache
import marshal
import sys
from _thread import RLock
from types import ModuleType

import _frozen_importlib
import _maestro

# Held for moments, never while code of the subtenant runs. Loading has a lock of
# importlib's kind for each program: a module may call a sibling or import a
# stored module while it is loaded, whose own code may do the same, in any order
# and in several threads; those locks find out when threads would wait for each
# other for ever.
_lock = RLock()
_loaded = {}  # key -> module, also while it loads
_contexts = {}  # key -> the context of its module
_loading = set()  # keys whose module-level code is running
_private = {}  # key -> (builtins dict, bound names), where it is not the shared one
_filenames = set()  # of the sources, which is how a traceback knows the author's frames
_siblings = {}  # name -> Sibling, the present ones

# What every module sees: an exact dict, for a subclass doubles the cost of each
# look-up of a builtin.
_base = dict(builtins.__dict__)
_base["__maestro_call"] = _base["__maestro_call__"] = _maestro.call
_shared = dict(_base)

# There without an import, but imported only when a source mentions them: a
# third of the time and memory of a fresh interpreter otherwise.
_conveniences = {
    "json": lambda: __import__("json"),
    "uuid": lambda: __import__("uuid"),
    "datetime": lambda: __import__("datetime").datetime,
}


def _convenient(source):
    for name in [name for name in _conveniences if name in source]:
        _base[name] = value = _conveniences.pop(name)()
        for names in (_shared, *(private for private, _ in _private.values())):
            names.setdefault(name, value)


def _builtins_for(key, name, bound):
    hidden = bound.intersection(_siblings)
    hidden.discard(name)
    if not hidden:
        return _shared
    private = _base | {sibling: value for sibling, value in _siblings.items() if sibling not in bound}
    _private[key] = private, bound
    return private


def load(key, name, version, source, code, bound):
    """Runs the code of a program in a module of its own. Returns the module,
    whether it is ready (it is not when its own code has led here), the context
    that its code has run in, and None or a (variable, value): each call gets a
    copy of them, so that what the module has set (decimal.getcontext(), a
    ContextVar) holds in all of them, and what a call sets in no other.
    """
    lock = _frozen_importlib._ModuleLockManager(f"<{key}>")
    try:
        lock.__enter__()
    except _frozen_importlib._DeadlockError:
        if key not in _loaded:
            raise
        return _loaded[key], False, _contexts[key], None
    try:
        if key in _loaded:
            return _loaded[key], key not in _loading, _contexts[key], None
        module, context = _load(key, name, version, source, code, bound)
        return module, True, context, _decimal_in(context)
    finally:
        lock.__exit__(None, None, None)


def _load(key, name, version, source, code, bound):
    code = marshal.loads(code)
    filename = code.co_filename
    module = ModuleType(f"{name}@{version}")
    module.__file__ = filename
    _ready_source(filename, source)
    with _lock:
        module.__builtins__ = _builtins_for(key, name, set(bound.split("\n")))
    sys.modules[module.__name__] = module  # dataclasses and pickle look there
    _contexts[key] = context = _of_no_call.copy()  # work.py
    _loading.add(key)
    _loaded[key] = module
    try:
        sync_stored()  # noqa: F821 (stored.py)
        context.run(_maestro.run_code, code, module.__dict__)
    except BaseException:
        _forget(key)
        raise
    finally:
        _loading.discard(key)
    return module, context


def _ready_source(filename, source):
    """Readies what a source needs before its code runs."""
    with _lock:
        _convenient(source)
    # No modification time: the entry stands for itself, no file is looked at.
    linecache.cache[filename] = len(source), None, _lines(source), filename
    _filenames.add(filename)


def _decimal_in(context):
    """Returns the variable of decimal's context and its value, if it is set: the
    value is an object that getcontext().prec = … changes.
    """
    decimal = sys.modules.get("decimal")
    kind = getattr(decimal, "Context", None)
    return next(((variable, value) for variable, value in context.items() if type(value) is kind), None) if kind else None


def _lines(source):
    """Splits a source as the compiler does: str.splitlines knows more line ends."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return [line + "\n" for line in source.removesuffix("\n").split("\n")]


def _forget(key):
    module = _loaded.pop(key, None)
    _private.pop(key, None)
    _contexts.pop(key, None)
    if module is not None and sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]


def unload(key):
    """A program is out of use. Its source stays for tracebacks still to come."""
    _forget(key)


def set_siblings(names):
    """Makes the builtins dicts show these siblings, in place: functions hold on
    to the dict that they were made with.
    """
    try:
        sync_stored(wait=False)  # noqa: F821 (stored.py)
    except RuntimeError:
        pass  # the next program that is loaded sees to it, or says so
    with _lock:
        wanted = {name: _maestro.sibling(name) for name in names.split("\n") if name}
        gone = _siblings.keys() - wanted.keys()
        new = {name: value for name, value in wanted.items() if name not in _siblings}
        _siblings.clear()
        _siblings.update(wanted)
        for names, bound in ((_shared, ()), *_private.values()):
            for name in gone:
                if name in _base:
                    names[name] = _base[name]
                else:
                    names.pop(name, None)
            for name, value in new.items():
                if name not in bound:
                    names[name] = value
