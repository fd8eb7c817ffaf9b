"""The names of stored functions' modules in Python, and the place of their source.

The module of the function `keeps` is `functions.keeps`, in each of its versions:
an object that version 1 has pickled is loaded by version 5 as its own class. The
package separates functions from modules: a function `json` hides no module,
`import keeps` does not mean the function keeps, and logging.getLogger(__name__)
remains readable. Stored modules, which functions import by plain name, have
their plain name.

sys.modules holds the loaded version, as for any module. Several are loaded while
a run that began with an older one is in progress; sys.modules then holds an
object that stands for the version of the calling code, or else the newest.

Other functions may import such a module for its classes and constants. The
function itself is for them what its plain name means, whose calls are steps:
its own code alone sees the def.

Older servers named the modules `keeps@3`: such names, in pickles, mean the same.
"""

import linecache
import sys
from _frozen_importlib import ModuleSpec
from _weakref import ref
from sys import _getframe
from types import ModuleType

import _maestro

_PACKAGE = "functions"
_AnyVersion = None  # a class that is made when it is first needed
_FunctionModule = None  # likewise: the class of the modules, once a source imports one
_versions = {}  # name of a function -> {key: module}, the loaded ones
_old_names = {}  # name of a function -> names of older servers that were asked for
_sources = {}  # file name -> reference to its _Source, which is how a traceback knows the author's frames


class _Source:
    """The __loader__ of a module: what asks a module for its source asks this.

    It lives as long as the module's globals, and so as long as a function, a
    frame or a traceback of that module does. Its end takes the source away.
    """

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text):
        self._text = text

    def get_source(self, fullname=None):
        return self._text

    def is_package(self, fullname=None):
        return False


def remember_source(filename, source, loader):
    """Lets tracebacks and inspect find a source for as long as the loader lives. The
    module's globals hold it, and so does all that can show a line of the source.
    """
    # No modification time: the entry stands for itself, no file is looked at.
    entry = linecache.cache[filename] = len(source), None, _lines(source), filename

    def forget(gone):
        if _sources.get(filename) is gone:
            del _sources[filename]
            if linecache.cache.get(filename) is entry:
                del linecache.cache[filename]

    _sources[filename] = ref(loader, forget)


def _lines(source):
    """Splits a source as the compiler does: str.splitlines knows more line ends."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return [line + "\n" for line in source.removesuffix("\n").split("\n")]


def full_name(name):
    """Returns the name of the module of a function."""
    return f"{_PACKAGE}.{name}"


def new_module(name, filename, source):
    """Makes the module of a version, whose code has not run yet."""
    module = (_FunctionModule or ModuleType)(f"{_PACKAGE}.{name}")
    module.__file__ = filename
    module.__package__ = ""  # nothing to import relatively from
    module.__loader__ = loader = _Source(source)
    module.__spec__ = ModuleSpec(module.__name__, loader, origin=filename)
    module.__spec__._initializing = True  # another thread that imports it waits until load() has it ready
    remember_source(filename, source, loader)
    return module


def enter_module(name, key, module):
    """Makes a version findable, before its code runs: dataclasses looks there."""
    versions = _versions.setdefault(name, {})
    if not versions or key > max(versions):
        _reset_loggers(module.__name__)
        drop_handlers(module.__name__)  # noqa: F821 (outlast.py)
    versions[key] = module
    _show(name)


def _reset_loggers(full):
    """Makes logging.getLogger(__name__) as new for a new version: the handlers that
    the last one has added would write each line once more after each change.
    """
    logging = sys.modules.get("logging")
    manager = getattr(getattr(logging, "root", None), "manager", None)
    if manager is None:  # not imported, or another thread is just importing it
        return
    for name, logger in list(manager.loggerDict.items()):
        if (name == full or name.startswith(full + ".")) and isinstance(logger, logging.Logger):
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
            logger.filters.clear()
            logger.setLevel(logging.NOTSET)
            logger.propagate, logger.disabled = True, False


def leave_module(name, key):
    versions = _versions.get(name)
    if versions is not None and versions.pop(key, None) is not None:
        if not versions:
            del _versions[name]
        _show(name)


def _show(name):
    full = f"{_PACKAGE}.{name}"
    versions = _versions.get(name)
    if versions is None:
        sys.modules.pop(full, None)
        vars(_package).pop(name, None)
        for old in _old_names.pop(name, ()):
            sys.modules.pop(old, None)
        return
    if len(versions) == 1:
        (sys.modules[full],) = versions.values()
    elif _AnyVersion is None or type(sys.modules.get(full)) is not _AnyVersion:
        sys.modules[full] = _any_version(name)
    setattr(_package, name, sys.modules[full])


def expect_imports(imports):
    """Readies the modules of functions for a source that imports them, or that
    imports by names which only a run can tell. The import of a named one finds the
    current version, although an older one may still be loaded.
    """
    global _FunctionModule
    named = [module.partition(".")[2] for module in imports if module.startswith(f"{_PACKAGE}.")]
    if not named and "*" not in imports:
        return
    if _FunctionModule is None:
        _FunctionModule = _function_module_class()
        for versions in list(_versions.values()):
            for module in list(versions.values()):
                module.__class__ = _FunctionModule
    for name in named:
        sys.modules.pop(f"{_PACKAGE}.{name}", None)
        vars(_package).pop(name, None)


def _function_module_class():
    class _FunctionModule(ModuleType):
        """The module of a function that other functions may import. A call of the
        module is a call of the function: `from functions import clean` reads as if
        it named the function.
        """

        def __getattribute__(self, attribute):
            if ModuleType.__getattribute__(self, "__name__") == f"{_PACKAGE}.{attribute}" and _is_foreign(self):
                return _maestro.sibling(attribute)
            return ModuleType.__getattribute__(self, attribute)

        def __call__(self, *args, **options):
            return _call_module(self, *args, **options)

    return _FunctionModule


def _is_foreign(module):
    """Whether the code that asks is that of another function than the module's. Of
    library code and stored modules it is the function that has called them.
    """
    frame = _getframe(2)
    while frame is not None:
        if type(frame.f_globals.get("__loader__")) is _Source:
            return frame.f_globals.get("__name__") != ModuleType.__getattribute__(module, "__name__")
        frame = frame.f_back
    return False


def _call_module(module, *args, **options):
    name = ModuleType.__getattribute__(module, "__name__").removeprefix(f"{_PACKAGE}.")
    return _maestro.sibling(name)(*args, **options)


def _version(name):
    """Returns the version that the code which asks is part of, or that its run calls:
    one that has imported an older version goes on with that. Where no call is under
    way it is the newest.
    """
    versions = _versions.get(name)
    if not versions:
        raise AttributeError(f"the function {name} is not loaded any more")
    if len(versions) == 1:
        (module,) = versions.values()
        return module
    by_globals = {id(module.__dict__): module for module in versions.values()}
    frame = _getframe(2)
    while frame is not None:
        module = by_globals.get(id(frame.f_globals))
        if module is not None:
            return module
        frame = frame.f_back
    try:
        key = _maestro.load_function(name)
    except (NameError, RuntimeError):  # it is gone, or the code has outlived its call
        key = None
    return versions.get(key) or versions[max(versions)]


def _is_current(name):
    """Whether the loaded versions of a function suffice: its code is what imports, in
    a cycle, or no call is under way here that could load another version.
    """
    versions = _versions.get(name)
    if not versions:
        return False
    return versions[max(versions)].__spec__._initializing or _maestro.find_stored(name) is None


def _load_function(name, full):
    try:
        _maestro.load_function(name)
    except NameError as error:
        if error.name != name:
            raise
        raise ModuleNotFoundError(f"No module named {full!r}: there is no function {name}", name=full) from None


def _any_version(name):
    """Makes what stands in sys.modules for several versions of a function."""
    global _AnyVersion
    if _AnyVersion is None:
        _AnyVersion = _any_version_class()
    return _AnyVersion(name)


def _any_version_class():
    class _AnyVersion(ModuleType):
        """Stands in sys.modules for several versions of a function."""

        def __getattribute__(self, attribute):
            return getattr(_version(ModuleType.__getattribute__(self, "__name__")), attribute)

        def __setattr__(self, attribute, value):
            setattr(_version(ModuleType.__getattribute__(self, "__name__")), attribute, value)

        def __delattr__(self, attribute):
            delattr(_version(ModuleType.__getattribute__(self, "__name__")), attribute)

        def __dir__(self):
            return dir(_version(ModuleType.__getattribute__(self, "__name__")))

        def __repr__(self):
            return repr(_version(ModuleType.__getattribute__(self, "__name__")))

        def __call__(self, *args, **options):
            return _call_module(self, *args, **options)

    return _AnyVersion


def _find_function(full, path=None, target=None):
    """Finds functions' modules that have not been loaded, or whose name is an old
    one. It is asked last, when nothing else has such a name.
    """
    package, dot, name = full.partition(".")
    old, at, number = full.partition("@")
    if full == _PACKAGE:
        # A stored module of that name comes first, regardless of the order of the finders.
        others = (other.find_spec(full, None) for other in sys.meta_path if other is not _finder)
        return next((spec for spec in others if spec), None) or ModuleSpec(full, _loader, is_package=True)
    if at and old.isidentifier() and number.isdecimal():
        return ModuleSpec(full, _loader)
    if package == _PACKAGE and dot and name.isidentifier() and path is _package.__path__:
        return ModuleSpec(full, _loader)
    return None


def _create_module(spec):
    return _package if spec.name == _PACKAGE else None


def _exec_module(module):
    full = module.__spec__.name
    name, at, _ = full.removeprefix(f"{_PACKAGE}.").partition("@")
    if full == _PACKAGE:
        return
    if not _is_current(name):
        _load_function(name, full)
    if at:
        sys.modules[full] = _any_version(name)
        _old_names.setdefault(name, set()).add(full)
    else:
        _show(name)


_package = ModuleType(_PACKAGE, "The modules of the stored functions that are loaded.")
_package.__path__ = []
_loader = finder(create_module=_create_module, exec_module=_exec_module)  # noqa: F821 (on_import.py)
_finder = finder(find_spec=_find_function)  # noqa: F821
sys.meta_path.append(_finder)
