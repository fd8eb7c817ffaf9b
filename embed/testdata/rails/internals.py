import importlib.machinery


def way_both_interpreters(): import _interpreters
def way_both_queues(): import _interpqueues
def way_both_channels(): import _interpchannels
def way_both_tests(): import _testinternalcapi
def way_both_debugging(): import _remote_debugging
def way_both_again():
    spec = importlib.machinery.ModuleSpec("_interpreters", importlib.machinery.BuiltinImporter)
    import _imp
    _imp.exec_builtin(_imp.create_builtin(spec))
def way_faults(): import faulthandler
def way_extensions():
    import _imp
    _imp._override_multi_interp_extensions_check(-1)


def fine_objects():
    import gc
    import types
    modules = [o.__name__ for o in gc.get_objects() if isinstance(o, types.ModuleType)]
    assert modules and "_maestro" not in modules
def fine_referrers():
    import gc
    import json
    assert gc.get_referrers(json)
def fine_frames():
    import sys
    assert all(t for t in sys._current_frames())
