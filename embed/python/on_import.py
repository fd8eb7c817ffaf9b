"""Readies modules of the standard library when they are first imported: most
functions never do, and importing them at the start would cost every interpreter.
"""

import sys

_when_imported = {}  # name -> functions(module), called once after its code has run


_looking = set()  # names whose spec is being asked for, of all finders but this


def _find_to_ready(name, path=None, target=None):
    functions = _when_imported.get(name)
    if functions is None or name in _looking:
        return None
    from importlib.util import find_spec

    try:
        _looking.add(name)
        spec = find_spec(name)
    finally:
        _looking.discard(name)
    if spec is None:
        return None
    execute = spec.loader.exec_module

    def exec_module(module):
        execute(module)
        for ready in functions:
            ready(module)
        # Only now: an import that was stopped, or failed, is made again.
        _when_imported.pop(name, None)

    spec.loader.exec_module = exec_module
    return spec


def finder(**methods):
    """Makes a finder or loader: an object with these functions. A class takes ten
    times as long to make, in each interpreter.
    """
    return type(sys.implementation)(**methods)


def when_imported(name):
    """Has the decorated function called with the module as soon as it has been
    imported.
    """

    def register(ready):
        if name in sys.modules:
            ready(sys.modules[name])
        else:
            _when_imported.setdefault(name, []).append(ready)
        return ready

    return register


sys.meta_path.insert(0, finder(find_spec=_find_to_ready))
