"""What module-level code leaves in the interpreter at large, and that outlasts the
version whose code it was: handlers of loggers, and threads. In a program of its own it
would end with the process when the code changes.

The handlers of a version go before a newer one's code runs, which adds them anew: each
line would be written once more after each change. Threads that wait cannot be ended one
by one, so an interpreter with threads of versions that are out of use is replaced after
the call (embed/left_watch.go); their number would grow until no thread can be started.

What files have buffered is written at the end of the interpreter.
"""

import atexit
import sys
from _thread import get_ident
from _weakref import ref
from sys import _getframe

import _maestro

_added_handlers = {}  # name of a module -> [(reference to a logger, handler)] that its module-level code has added
_started_threads = {}  # id of the globals of a function's module -> references to threads that its module-level code has started


def _owner(frame):
    """Returns the globals of the stored code whose module-level code runs here, or
    None: code of a package adds its own once, at the first import of any function.
    """
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            kind = type(frame.f_globals.get("__loader__"))
            return frame.f_globals if kind is _Source or kind is _StoredLoader else None  # noqa: F821 (modules.py, stored.py)
        frame = frame.f_back
    return None


@when_imported("logging")  # noqa: F821 (on_import.py)
def _ready_handlers(logging):
    add = logging.Logger.addHandler

    def addHandler(self, hdlr):
        """Add the specified handler to this logger."""
        add(self, hdlr)
        owner = _owner(_getframe(1))
        if owner is not None:
            _added_handlers.setdefault(owner["__name__"], []).append((ref(self), hdlr))

    addHandler.__qualname__ = "Logger.addHandler"
    logging.Logger.addHandler = addHandler


def drop_handlers(name):
    """Removes the handlers that the last version of this module has added."""
    for logger, handler in _added_handlers.pop(name, ()):
        logger = logger()
        if logger is not None:
            logger.removeHandler(handler)


@when_imported("threading")  # noqa: F821
def _ready_starts(threading):
    start = threading.Thread.start

    def start_noted(self):
        start(self)
        owner = _owner(_getframe(1))
        # Workers of a pool end with the pool, which ends with its module.
        if owner is not None and getattr(getattr(self, "_target", None), "__module__", None) != "concurrent.futures.thread":
            _started_threads.setdefault(id(owner), []).append(ref(self))

    start_noted.__name__, start_noted.__qualname__, start_noted.__doc__ = "start", "Thread.start", start.__doc__
    threading.Thread.start = start_noted


def note_threads(module):
    """Has the interpreter replaced if threads of a version that is out of use go on."""
    started = [thread() for thread in _started_threads.pop(id(module.__dict__), ())]
    if any(thread is not None and thread.is_alive() for thread in started) or _is_running(module):
        _maestro.outlived()


def _is_running(module):
    for function in list(_raw_threads.values()):  # noqa: F821 (work.py)
        if getattr(function, "__globals__", None) is module.__dict__:
            return True
    current = get_ident()
    for thread, frame in sys._current_frames().items():
        while frame is not None and thread != current:
            if frame.f_globals is module.__dict__:
                return True
            frame = frame.f_back
    return False


def _write_buffers():
    """Has the files that are open write what they hold, as the objects of a program's
    modules do when Python ends. Here they stay: the process of a subtenant ends without
    that, and so does an interpreter that a daemon thread is left in. Files only: what
    reads the other end of a pipe or a socket may never do so.
    """
    from _io import BufferedRandom, BufferedWriter, TextIOWrapper
    from gc import get_objects
    from posix import fstat

    for file in get_objects():
        if type(file) in (TextIOWrapper, BufferedWriter, BufferedRandom):
            try:
                if fstat(file.fileno()).st_mode & 0o170000 == 0o100000:
                    file.flush()
            except (OSError, ValueError):  # the disk is full; it is closed
                pass


atexit.register(_write_buffers)  # the first one, which runs last
