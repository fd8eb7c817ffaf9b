"""The subtenant's stored modules, as importing code sees them: real modules in
sys.modules, found by a finder that asks the server.

The finder comes last: a stored module hides neither a module of the standard
library nor one of the subtenant's packages.

A changed module is not changed in place. The server gives the code that imports
it a new program, whose loading begins with sync_stored: outdated modules are
removed from sys.modules, so that the import statement finds the current ones.
Calls in progress keep the objects that they have.

Locks: importlib's own of each name, and those of load.py. All of them are of
importlib's kind, which detects deadlocks. No lock of another kind is held while
one of these is waited for.
"""

import sys

import _frozen_importlib
import _maestro

_stored_contexts = {}  # name -> the context in which the module was loaded last
_stored = {}  # name -> [key, module or None], of modules that are imported, or about to be


class _StoredLoader:
    """Loads one version of a stored module."""

    def __init__(self, name, key):
        self.name = name
        self.key = key

    def create_module(self, spec):
        return None  # an ordinary one

    def exec_module(self, module):
        # Through C, so that a call that is stopped is not stopped half way.
        _maestro.load_stored(self.key, module)

    def get_source(self, name):
        lines = linecache.getlines(sys.modules[name].__file__)  # noqa: F821 (modules.py)
        return "".join(lines)

    def is_package(self, name):
        return False


class _StoredFinder:
    """Finds the subtenant's stored modules."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is not None or "." in name:
            return None
        # Noted before the server is asked: sync_stored in another thread must
        # know of a module that is about to be loaded.
        entry = _stored.setdefault(name, [0, None])
        key = _maestro.find_stored(name)
        if not key:
            if entry[1] is None and _stored.get(name) is entry:
                del _stored[name]
            return None
        if entry[1] is None:
            entry[0] = key
        return _frozen_importlib.ModuleSpec(name, _StoredLoader(name, key))


def load_stored(module, key, name, version, source, code, imports):
    """Runs the code of a stored module in its module object, and in a context of its
    own: what it sets there holds in the calls of all that import it.
    """
    module.__file__ = module.__spec__.origin = code.co_filename
    module.__spec__.has_location = True  # for its repr
    with _lock:  # noqa: F821 (load.py)
        _provide(source)  # noqa: F821
    remember_source(code.co_filename, source, module.__loader__)  # noqa: F821 (modules.py)
    module.__builtins__ = _shown  # noqa: F821 (load.py)
    # A stale module that is being loaded further up, in a cycle, cannot be removed
    # yet. This module is then removed with it; calls in progress may use it.
    _stored[name] = [key if sync_stored() else -1, module]
    expect_imports(imports.split("\n"))  # noqa: F821 (modules.py)
    drop_handlers(name)  # noqa: F821 (outlast.py)
    context = _of_no_call.copy()  # noqa: F821 (work.py)
    try:
        context.run(_maestro.run_code, code, module.__dict__)
        inherit_context(context, imports)
        _stored_contexts[name] = context
    except BaseException:
        if sys.modules.get(name) is not module or _is_loading(module):
            _stored.pop(name, None)  # a failed importlib.reload leaves the module as it is
        raise


def inherit_context(context, imports):
    """Sets in the context of a module what the stored modules that it imports have
    set in theirs, and it has not.
    """
    for name in imports.split("\n"):
        for variable, value in _stored_contexts.get(name, {}).items():
            if variable not in context:
                context.run(variable.set, value)


def sync_stored(wait=True):
    """Removes outdated modules from sys.modules, and returns whether all remaining
    ones are current.

    A module that another thread is loading is waited for, or skipped. A
    RuntimeError means that the server cannot tell which modules are current.
    """
    current = True
    for name, entry in list(_stored.items()):
        key = _maestro.find_stored(name)
        if key is None:
            break  # no call is under way here
        if key != entry[0]:
            current = (wait or not _is_loading(entry[1])) and _drop_stored(name) and current
    return current


def _is_loading(module):
    return module is not None and getattr(module.__spec__, "_initializing", False)


def _drop_stored(name):
    lock = _frozen_importlib._ModuleLockManager(name)
    try:
        lock.__enter__()
    except _frozen_importlib._DeadlockError:
        return False  # it is being loaded further up, by what waits for this
    try:
        entry = _stored.get(name)
        if entry is None:
            return True
        if _is_loading(entry[1]):
            return False  # this very thread loads it
        if entry[0] == _maestro.find_stored(name):
            return True  # loaded anew meanwhile
        del _stored[name]
        if entry[1] is not None and sys.modules.get(name) is entry[1]:
            del sys.modules[name]
        return True
    finally:
        lock.__exit__(None, None, None)


sys.meta_path.append(_StoredFinder)
