"""Readies modules of the standard library when they are first imported: most
functions never import them, and an interpreter shall start without them.
"""

import sys

_to_ready = {}  # name -> the functions that ready the module of that name


def when_imported(name):
    """Has the decorated function called with the module when it is imported."""

    def register(ready):
        _to_ready.setdefault(name, []).append(ready)
        return ready

    return register


class _Readier:
    """The first of sys.meta_path."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        functions = _to_ready.pop(name, None)
        if functions is None:
            return None
        from importlib.util import find_spec

        spec = find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            for ready in functions:
                ready(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Readier)
